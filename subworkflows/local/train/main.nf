include { MAKE_DATASET } from '../../../modules/local/make_dataset'
include { FINETUNE     } from '../../../modules/local/finetune'
include { TUNE         } from '../../../modules/local/tune'
include { TUNE_MERGE   } from '../../../modules/local/tune_merge'
include { TUNE_TRIAL   } from '../../../modules/local/tune_trial'
include { allShards    } from '../../../functions/gather'
include { EVALUATE     } from '../../../modules/local/evaluate'

// From regions to a model and what it is worth: windows with matched negatives, a training or a search over many, metrics on the test split.
// Trials of a grid are tasks of their own; those of Optuna's sampler learn from each other, and its pruner compares them, so that they share one.
workflow TRAIN {
    take:
    ch_regions // tuple(meta, genome, index, report or [], regions, exclude or [], name of the regions' class or '', how negatives are found or '' for as the options say, names of further negatives, their regions, their keys)
    ch_genes   // tuple(meta, genes or []), for performance by the distance to their starts
    ch_base    // tuple(meta, name, directory or [], its output or ''): what training starts from
    ch_search  // tuple(meta, 'grid', 'optuna' or '' for one training, how many trials or '' for as many as the command has)

    main:
    MAKE_DATASET(ch_regions)
    ch_trainings = MAKE_DATASET.out.dataset.join(ch_base).join(ch_search).map { row -> [row[0..-3], row[-2], row[-1]] }
    FINETUNE(ch_trainings.filter { _training, search, _trials -> !search }.map { training, _search, _trials -> training })
    TUNE(ch_trainings.filter { _training, search, _trials -> search == 'optuna' }.map { training, _search, trials -> training + [trials] })
    TUNE_TRIAL(
        ch_trainings.filter { _training, search, _trials -> search == 'grid' }.flatMap { training, _search, trials ->
            (1..trials).collect { trial -> [training.first() + [shards: trials]] + training.tail() + [trial, trials] }
        }
    )
    TUNE_MERGE(allShards(TUNE_TRIAL.out.trial))
    ch_models = FINETUNE.out.model.mix(TUNE.out.model, TUNE_MERGE.out.model)
    EVALUATE(MAKE_DATASET.out.dataset.join(ch_models).join(ch_genes))

    emit:
    dataset         = MAKE_DATASET.out.dataset
    dataset_record  = MAKE_DATASET.out.record
    model           = ch_models
    history         = FINETUNE.out.history
    training_record = FINETUNE.out.record
    trials          = TUNE.out.trials.mix(TUNE_MERGE.out.trials)
    search_record   = TUNE.out.record.mix(TUNE_MERGE.out.record)
    metrics         = EVALUATE.out.metrics
    strata          = EVALUATE.out.strata
    differences     = EVALUATE.out.differences
    pictures        = EVALUATE.out.pictures
    record          = EVALUATE.out.record
}
