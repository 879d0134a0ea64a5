include { REPORT } from '../../../modules/local/report'

// What a row of the samplesheet has on its page, in the order of the input of REPORT; published figures stand beside an evaluation.
def runsOf(row, published) {
    return [scan: row.scan_regions, variants: row.vcf, interpret: row.interpret_regions, interpret_variants: row.interpret_variants, compare: row.databases, dataset: row.train_regions, finetune: row.train_regions && !row.tune, tune: row.train_regions && row.tune, evaluate: row.train_regions, published: row.train_regions && published]
        .findAll { _kind, given -> given }
        .keySet()
        .toList()
}

// tuple(meta, kind, files) of runs, of their records and of other files, which not every run has written. PNG pictures are on the page as SVG.
def filesOf(kind, records, others) {
    return others
        .inject(records.map { meta, record -> tuple(meta, [record]) }) { found, channel ->
            found
                .join(channel.map { output -> tuple(output.first(), output.tail().collectMany { one -> one instanceof List ? one : [one] }) }, remainder: true)
                .map { meta, files, more -> tuple(meta, files + (more ?: [])) }
        }
        .map { meta, files -> tuple(meta, kind, files.findAll { file -> !file.name.endsWith('.png') }.toSorted { file -> file.name }) }
}

// One page a sample, of the runs that it has.
workflow REPORTS {
    take:
    ch_samples // tuple(meta, kinds of its runs)
    ch_runs    // tuple(meta, kind, files)

    main:
    REPORT(
        ch_runs.combine(ch_samples, by: 0)
            .map { meta, kind, files, kinds -> tuple(groupKey(meta, kinds.size()), kind, files) }
            .groupTuple()
            .map { key, kinds, files ->
                def found = [kinds, files].transpose().collectEntries { kind, of -> [(kind): of] }
                // a history a fold, which their folders tell apart
                def (folds, training) = (found.finetune ?: []).split { file -> file.parent.name ==~ /fold\d+/ }
                found += [finetune: training, fold_histories: folds.toSorted { file -> file.parent.name.drop(4) as Integer }]
                [key.target] + ['scan', 'variants', 'interpret', 'interpret_variants', 'compare', 'dataset', 'finetune', 'fold_histories', 'tune', 'evaluate', 'published'].collect { kind -> found[kind] ?: [] }
            }
    )

    emit:
    page = REPORT.out.page
    multiqc = REPORT.out.multiqc
}
