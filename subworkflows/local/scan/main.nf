include { PREDICT       } from '../../../modules/local/predict'
include { PREDICT_MERGE } from '../../../modules/local/predict_merge'
include { allShards     } from '../../../functions/gather'

// Scatter each scan over its shards, score them, and put the shards together again.
workflow SCAN {
    take:
    ch_scans // tuple(meta, genome, index, report or [], regions or [], model or [], its output or '', threshold or '', what a null of the genome leaves out, number of shards)

    main:
    ch_jobs = ch_scans.flatMap { meta, genome, index, report, regions, model, output, threshold, excluded, shards ->
        (1..shards).collect { shard -> tuple(meta + [shards: shards], genome, index, report, regions, model, output, threshold, excluded, shard, shards) }
    }
    PREDICT(ch_jobs)
    PREDICT_MERGE(allShards(PREDICT.out.scores))

    emit:
    track   = PREDICT_MERGE.out.track
    calls   = PREDICT_MERGE.out.calls
    scanned = PREDICT_MERGE.out.scanned
    regions = PREDICT_MERGE.out.regions
    record  = PREDICT_MERGE.out.record
}
