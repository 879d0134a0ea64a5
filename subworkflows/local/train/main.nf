include { MAKE_DATASET } from '../../../modules/local/make_dataset'
include { FINETUNE     } from '../../../modules/local/finetune'
include { EVALUATE     } from '../../../modules/local/evaluate'

// From regions to a model and what it is worth: windows with matched negatives, training, metrics on the test split.
workflow TRAIN {
    take:
    ch_regions // tuple(meta, genome, index, report or [], regions, exclude or [], name of the regions' class or '', names of further negatives, their regions, their keys)
    ch_genes   // tuple(meta, genes or []), for performance by the distance to their starts
    ch_base    // tuple(meta, name, directory or [], its output or ''): what training starts from

    main:
    MAKE_DATASET(ch_regions)
    FINETUNE(MAKE_DATASET.out.dataset.join(ch_base))
    EVALUATE(MAKE_DATASET.out.dataset.join(FINETUNE.out.model).join(ch_genes))

    emit:
    dataset  = MAKE_DATASET.out.dataset
    model    = FINETUNE.out.model
    metrics  = EVALUATE.out.metrics
    strata   = EVALUATE.out.strata
    pictures = EVALUATE.out.pictures
    record   = EVALUATE.out.record
}
