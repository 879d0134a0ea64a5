include { SCORE_VARIANTS       } from '../../modules/score_variants'
include { SCORE_VARIANTS_MERGE } from '../../modules/score_variants_merge'
include { allShards            } from '../scatter'

// Scatter the records of each VCF over its shards, score them, and put the shards together again.
workflow VARIANTS {
    take:
    ch_variants // tuple(meta, genome, index, report or [], vcf, its format or '', model or [], its output or '', TF names, TF models, their outputs or '', motifs or [], genes or [], number of shards)

    main:
    ch_jobs = ch_variants.flatMap { row ->
        def (meta, shards) = [row.first(), row.last()]
        (1..shards).collect { shard -> [meta + [shards: shards]] + row[1..-2] + [shard, shards] }
    }
    SCORE_VARIANTS(ch_jobs)
    SCORE_VARIANTS_MERGE(allShards(SCORE_VARIANTS.out.scores))

    emit:
    vcf        = SCORE_VARIANTS_MERGE.out.vcf
    table      = SCORE_VARIANTS_MERGE.out.table
    candidates = SCORE_VARIANTS_MERGE.out.candidates
    record     = SCORE_VARIANTS_MERGE.out.record
}
