include { PREDICT       } from '../../modules/predict'
include { PREDICT_MERGE } from '../../modules/predict_merge'

// Scatter each scan over shards, score them, and put the shards together again.
workflow SCAN {
    take:
    ch_scans // tuple(meta, genome, regions or [], model or [])
    shards   // number of shards a scan

    main:
    ch_jobs = ch_scans.flatMap { meta, genome, regions, model ->
        (1..shards).collect { shard -> tuple(meta, genome, regions, model, shard, shards) }
    }
    PREDICT(ch_jobs)

    ch_complete = PREDICT.out.scores
        .map { meta, scores -> tuple(groupKey(meta, shards), scores) }
        .groupTuple()
        .map { key, scores -> tuple(key.target, scores) }
    PREDICT_MERGE(ch_complete)

    emit:
    track   = PREDICT_MERGE.out.track
    calls   = PREDICT_MERGE.out.calls
    scanned = PREDICT_MERGE.out.scanned
    record  = PREDICT_MERGE.out.record
}
