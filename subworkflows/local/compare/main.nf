include { COMPARE_DB } from '../../../modules/local/compare_db'

// The calls of each scan against the databases that its row of the samplesheet names.
workflow COMPARE {
    take:
    ch_calls     // tuple(meta, calls, scanned)
    ch_databases // tuple(meta, assembly, genome, index, report or [], names, keys, files, chain files, genes or [])

    main:
    COMPARE_DB(
        ch_databases.join(ch_calls).map { meta, assembly, genome, index, report, names, keys, files, chains, genes, calls, scanned ->
            tuple(meta, assembly, genome, index, report, calls, scanned, names, keys, files, chains, genes)
        }
    )

    emit:
    summary  = COMPARE_DB.out.summary
    per_call = COMPARE_DB.out.per_call
    novel    = COMPARE_DB.out.novel
    controls = COMPARE_DB.out.controls
    sweep    = COMPARE_DB.out.sweep
    pictures = COMPARE_DB.out.pictures
    record   = COMPARE_DB.out.record
}
