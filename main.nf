#!/usr/bin/env nextflow

include { CHECK                                                         } from './modules/local/check'
include { INDEX_GENOME                                                  } from './modules/local/index_genome'
include { INTERPRET                                                     } from './modules/local/interpret'
include { INTERPRET as INTERPRET_VARIANTS                               } from './modules/local/interpret'
include { MODELS_GET                                                    } from './modules/local/models_get'
include { askedHere; newFaults; plannedCommands                         } from './functions/check'
include { COMPARE                                                       } from './subworkflows/local/compare'
include { helpText; parameterFaults; profileFaults                      } from './functions/parameters'
include { REPORTS; filesOf; runsOf                                      } from './subworkflows/local/report'
include { faultOfStart; folderOfName; located; modelAt; readSamplesheet } from './functions/samplesheet'
include { SCAN                                                          } from './subworkflows/local/scan'
include { basesOfRegions; costOf; cutFor; shardsForScan; trialsOf       } from './functions/scatter'
include { faultOfPlace; openStore; stored                               } from './functions/store'
include { failureText; methodsText; skippedAlleles; skippedText         } from './functions/summary'
include { TRAIN                                                         } from './subworkflows/local/train'
include { VARIANTS                                                      } from './subworkflows/local/variants'

// What training starts from where the row names no model, as [name, path, output, fault].
def baseModel(text, store) {
    if( text ==~ /new:.+|default/ )
        return [name: text, path: [], output: '']
    def found = modelAt(text, file('.'), store, [:])
    return [name: ''] + found + (found.fault ? [:] : [fault: faultOfStart(text, found.path)])
}

// The title line and the rows of a table, in one file; none where there are no rows.
def writeTable(channel, titles, folder, name) {
    return channel
        .map { row -> row.join('\t') }
        .toSortedList()
        .filter { rows -> rows }
        .map { rows -> ([titles.join('\t')] + rows).join('\n') + '\n' }
        .collectFile(name: name, sort: false, storeDir: folder)
}

workflow {
    main:
    if( params.help.toString().toBoolean() || params.version.toString().toBoolean() ) {
        println(params.help.toString().toBoolean() ? helpText(workflow.manifest, file("${projectDir}/nextflow_schema.json")) : "${workflow.manifest.name} ${workflow.manifest.version}")
        System.exit(0)
    }
    def faults = parameterFaults(params, file("${projectDir}/nextflow_schema.json"))
    def store = openStore(params.store, params.bring_models.toString().toBoolean())
    if( store.fault )
        faults << store.fault
    def base = baseModel(params.base_model.toString(), store)
    if( base.fault )
        faults << "--base_model ${base.fault}${base.output ? '' : '; models by name are new:tiny, new:small, new:base, default and hub:NAME@REVISION'}"
    def sheet = params.input ? readSamplesheet(params.input, store, params.genomes ?: [:]) : [rows: [], faults: []]
    faults += sheet.faults
    if( params.folds && sheet.rows.any { row -> row.tune } )
        faults << "--folds: a search (column tune) gives one model; leave one of the two out"
    def trained = sheet.rows.findAll { row -> row.train_regions }
    if( params.learning_rate && trained && trained.every { row -> row.tune } )
        faults << "--learning_rate: a search (column tune) tries those of --tune_learning_rates; leave it out"
    def published = params.published ? located(params.published.toString(), [ending: 'tsv'], workflow.launchDir, [:]) : [:]
    if( published.fault )
        faults << "--published ${published.fault}"
    else if( published.path && sheet.rows && !trained )
        faults << "--published: no row trains a model (train_regions), so there are no figures to put beside them; leave it out"
    def asBase = sheet.rows.any { row -> row.train_regions && !row.model.path } ? [base] : []
    if( params.int8.toString().toBoolean() && trained && trained.every { row -> row.tune } )
        faults << "--int8: the model of a search (column tune) is not rounded; leave it out"
    // of regions only seqlets have motifs
    def namesMotifs = (params.interpret_null ?: 0).toString() != '0'
    faults += sheet.rows.findAll { row -> row.motifs && !row.vcf && !row.interpret_variants && !namesMotifs }
        .collect { row -> "sample ${row.sample}: motifs of interpret_regions are those of runs of high importance; give --interpret_null 100 too" }
    def brought = (sheet.rows.collectMany { row -> [row.model] + row.tf_models + row.tf_panel } + asBase).collect { one -> one.brought }.findAll { name -> name }.unique()
    if( brought && faultOfPlace(store.place) )
        faults << faultOfPlace(store.place)
    // the command itself judges the options: here where it runs, else in a task on which the others wait
    def planned = plannedCommands(sheet.faults ? [] : sheet.rows, params, published.path)
    def elsewhere = workflow.containerEngine || 'conda' in workflow.profile.tokenize(',')
    def asked = askedHere(planned, file("${projectDir}/bin/check"))
    if( asked.absent && !elsewhere && !workflow.stubRun )
        faults << "the commands do not run here: name an engine (-profile docker, podman, apptainer …), or in a clone: make .venv/core.stamp; . .venv/bin/activate"
    faults += profileFaults(workflow.profile.tokenize(','), params, nextflow.Global.session.config.process) + newFaults(asked.faults ?: [], faults)
    if( faults )
        error("${faults.size() == 1 ? 'One fault' : "${faults.size()} faults"} in what was given; nothing was started:\n  ${faults.join('\n  ')}")

    // each file of regions is measured once, and each genome indexed once, whatever the number of rows that name it
    def basesOf = sheet.rows.collect { row -> row.scan_regions }.findAll { regions -> regions && regions != 'all' }.unique().collectEntries { regions -> [(regions.toUriString()): basesOfRegions(regions)] }
    ch_genomes = channel.fromList(
        sheet.rows.collect { row -> row.genome }.unique().collect { genome ->
            tuple([id: genome.name.replaceAll(/[^A-Za-z0-9._-]/, '_'), uri: genome.toUriString()], genome)
        }
    )
    CHECK(channel.fromList(asked.absent && elsewhere ? [tuple([id: 'options'], groovy.json.JsonOutput.toJson(planned))] : []))
    ch_checked = asked.absent && elsewhere ? CHECK.out.checked : channel.of([[id: 'options'], []])
    // models that the store lacks, each once; nothing else starts before they are there
    MODELS_GET(channel.fromList(brought.collect { name -> [[id: name], folderOfName(name)] }).combine(ch_checked).map { meta, folder, _checked, _file -> tuple(meta, folder) })
    ch_stored = MODELS_GET.out.model.map { _meta, folder -> stored(folder, store) }.toList().map { _folders -> true }
    INDEX_GENOME(ch_genomes.combine(ch_checked).combine(ch_stored).map { meta, genome, _checked, _file, _stored -> tuple(meta, genome) })

    ch_rows = channel.fromList(sheet.rows.collect { row -> tuple(row.genome.toUriString(), row) })
        .combine(INDEX_GENOME.out.genome.map { meta, genome, index -> tuple(meta.uri, genome, index) }, by: 0)
        .map { _uri, row, genome, index -> tuple([id: row.sample], row, genome, index) }

    ch_training = ch_rows.filter { _meta, row, _genome, _index -> row.train_regions }
    TRAIN(
        ch_training.map { meta, row, genome, index -> [meta, genome, index, row.assembly_report, row.train_regions, row.exclude, row.positive_label, row.negatives] + ['name', 'path', 'keys'].collect { part -> row.negatives_from.collect { one -> one[part] } } },
        ch_training.map { meta, row, _genome, _index -> tuple(meta, params.evaluate_by.toString().tokenize(',').contains('tss') ? row.genes : []) },
        ch_training.map { meta, row, _genome, _index -> row.model.path ? tuple(meta, '', row.model.path, row.model.output) : tuple(meta, base.name, base.path, base.output) },
        ch_training.map { meta, row, _genome, _index -> tuple(meta, row.tune, row.tune ? trialsOf(row.tune, params) : '') }
    )

    // a model trained in this run serves the scan, the variants and the interpretation of its row
    ch_ready = ch_rows.join(
        ch_rows.filter { _meta, row, _genome, _index -> !row.train_regions }
            .map { meta, row, _genome, _index -> tuple(meta, row.model.path, row.model.output) }
            .mix(TRAIN.out.model.map { meta, model -> tuple(meta, model, '') })
    )

    SCAN(
        ch_ready.filter { _meta, row, _genome, _index, _model, _output -> row.scan_regions }
            .map { meta, row, genome, index, model, output ->
                tuple(meta, genome, index, row.assembly_report, row.scan_regions == 'all' ? [] : row.scan_regions, model, output, row.threshold ?: params.threshold ?: '', row.null_exclude, shardsForScan(row.genome, index, row.scan_regions == 'all' ? null : basesOf[row.scan_regions.toUriString()], params.scan_shard_mb, params, costOf(model)))
            }
    )

    VARIANTS(
        ch_ready.filter { _meta, row, _genome, _index, _model, _output -> row.vcf }
            .map { meta, row, genome, index, model, output ->
                def tf = ['name', 'path', 'output'].collect { part -> row.tf_models.collect { one -> one[part] } }
                def cost = [costOf(model) + row.tf_models.sum(0) { one -> costOf(one.path) }, row.tf_panel.collect { one -> costOf(one.path) }.max() ?: 1].max()
                def tables = [row.annotate, row.clinical].collectMany { given -> ['name', 'path'].collect { part -> given.collect { one -> one[part] } } }
                tuple(meta, genome, index, row.assembly_report, [row.vcf, row.vcf_format, row.dbsnp], [model, output] + tf + [row.motifs, row.genes] + tables, [row.tf_panel, params.panel_group_size], cutFor(params.variants_per_task, params, cost))
            }
    )

    INTERPRET(
        ch_ready.filter { _meta, row, _genome, _index, _model, _output -> row.interpret_regions }
            .map { meta, row, genome, index, model, output ->
                tuple(meta, genome, index, row.assembly_report, row.interpret_regions, [], '', model, output, namesMotifs ? row.motifs : [], [], [], [])
            }
    )

    INTERPRET_VARIANTS(
        ch_ready.filter { _meta, row, _genome, _index, _model, _output -> row.interpret_variants }
            .map { meta, row, genome, index, model, output ->
                def (variants, format) = row.interpret_variants == 'all' ? [row.vcf, row.vcf_format] : [row.interpret_variants, '']
                tuple(meta, genome, index, row.assembly_report, [], variants, format, model, output, row.motifs, row.genes, row.annotate.collect { one -> one.name }, row.annotate.collect { one -> one.path })
            }
    )

    COMPARE(
        SCAN.out.calls.map { meta, calls, _tbi -> tuple(meta, calls) }.join(SCAN.out.scanned),
        ch_rows.filter { _meta, row, _genome, _index -> row.databases }
            .map { meta, row, genome, index ->
                def parts = ['name', 'keys', 'path'].collect { part -> row.databases.collect { database -> database[part] } }
                tuple(meta, row.assembly, genome, index, row.assembly_report, parts[0], parts[1], parts[2], row.chains, row.genes)
            }
    )

    def reported = params.skip_report.toString().toBoolean() ? [] : sheet.rows
    REPORTS(
        channel.fromList(reported.collect { row -> tuple([id: row.sample], runsOf(row, published.path)) }),
        filesOf('scan', SCAN.out.record, [SCAN.out.track, SCAN.out.calls, SCAN.out.regions])
            .mix(filesOf('variants', VARIANTS.out.record, [VARIANTS.out.vcf, VARIANTS.out.table, VARIANTS.out.candidates]))
            .mix(filesOf('interpret', INTERPRET.out.record, [INTERPRET.out.table, INTERPRET.out.track, INTERPRET.out.seqlets, INTERPRET.out.motif_enrichment, INTERPRET.out.motif_matches, INTERPRET.out.found_motifs, INTERPRET.out.pictures]))
            .mix(filesOf('interpret_variants', INTERPRET_VARIANTS.out.record, [INTERPRET_VARIANTS.out.table, INTERPRET_VARIANTS.out.pictures]))
            .mix(filesOf('compare', COMPARE.out.record, [COMPARE.out.summary, COMPARE.out.novel, COMPARE.out.controls, COMPARE.out.sweep, COMPARE.out.pictures]))
            .mix(filesOf('dataset', TRAIN.out.dataset_record, []))
            .mix(filesOf('finetune', TRAIN.out.training_record, [TRAIN.out.history]))
            .mix(filesOf('tune', TRAIN.out.search_record, [TRAIN.out.trials]))
            .mix(filesOf('evaluate', TRAIN.out.record, [TRAIN.out.metrics, TRAIN.out.strata, TRAIN.out.differences, TRAIN.out.pictures]))
            .mix(channel.fromList(published.path ? trained.collect { row -> tuple([id: row.sample], 'published', [published.path]) } : []))
    )

    writeTable(
        TRAIN.out.dataset.join(TRAIN.out.model).join(TRAIN.out.metrics)
            .map { meta, dataset, model, metrics, _json -> [meta.id, dataset.name, model.name, metrics.name] },
        ['sample', 'dataset', 'model', 'metrics'], "${params.outdir}/train", 'index.tsv'
    )
    writeTable(
        SCAN.out.track.join(SCAN.out.calls).join(SCAN.out.scanned).join(SCAN.out.record).join(SCAN.out.regions, remainder: true)
            .map { meta, track, calls, _tbi, scanned, record, regions ->
                [meta.id, track.name, calls.name, scanned.name, regions ? regions.name : 'NA', record.name]
            },
        ['sample', 'track', 'calls', 'scanned', 'regions', 'record'], "${params.outdir}/scan", 'index.tsv'
    )
    writeTable(
        VARIANTS.out.vcf.join(VARIANTS.out.table).join(VARIANTS.out.candidates).join(VARIANTS.out.record)
            .map { meta, vcf, table, candidates, record -> [meta.id, vcf.name, table.name, candidates.name, record.name] },
        ['sample', 'vcf', 'table', 'candidates', 'record'], "${params.outdir}/variants", 'index.tsv'
    )
    ch_skipped = VARIANTS.out.record.map { meta, record -> tuple(meta, skippedAlleles(record)) }
    ch_skipped.map { meta, skipped -> skippedText(meta.id, skipped) }.filter { text -> text }.view()
    writeTable(
        ch_skipped.flatMap { meta, skipped -> skipped.collect { reason, number, share -> [meta.id, reason, number, share] } },
        ['sample', 'reason', 'alleles', 'share'], params.tracedir, 'skipped_variants.tsv'
    )
    writeTable(
        VARIANTS.out.panel.join(VARIANTS.out.matrix).join(VARIANTS.out.parquet, remainder: true)
            .map { meta, panel, matrix, parquet -> [meta.id, panel.name, matrix.name, parquet ? parquet.name : 'NA'] },
        ['sample', 'panel', 'matrix', 'parquet'], "${params.outdir}/variants", 'panels.tsv'
    )
    writeTable(
        INTERPRET.out.table.join(INTERPRET.out.attributions).join(INTERPRET.out.track).join(INTERPRET.out.record)
            .map { meta, table, attributions, track, record -> [meta.id, table.name, attributions.name, track.name, record.name] },
        ['sample', 'table', 'attributions', 'track', 'record'], "${params.outdir}/interpret", 'index.tsv'
    )
    writeTable(
        INTERPRET_VARIANTS.out.table.join(INTERPRET_VARIANTS.out.record).map { meta, table, record -> [meta.id, table.name, record.name] },
        ['sample', 'table', 'record'], "${params.outdir}/interpret_variants", 'index.tsv'
    )
    writeTable(
        COMPARE.out.summary.join(COMPARE.out.per_call).join(COMPARE.out.novel).join(COMPARE.out.record)
            .map { meta, summary, perCall, _tbi, novel, record -> [meta.id, summary.name, perCall.name, novel.name, record.name] },
        ['sample', 'summary', 'per_call', 'novel', 'record'], "${params.outdir}/compare", 'index.tsv'
    )
    writeTable(
        REPORTS.out.page.map { meta, page -> [meta.id, page.name] },
        ['sample', 'page'], "${params.outdir}/report", 'index.tsv'
    )

    ch_versions = channel.topic('versions')
        .map { process, tool, version -> [process.tokenize(':').last(), tool, version] }
        .unique()
    // of a clone that Nextflow keeps, the revision too
    def pipeline = workflow.commitId ? "${workflow.manifest.version} (${workflow.revision ?: 'commit'} ${workflow.commitId.take(10)})" : workflow.manifest.version
    writeTable(
        ch_versions.mix(channel.of(['WORKFLOW', workflow.manifest.name, pipeline], ['WORKFLOW', 'Nextflow', workflow.nextflow.version])),
        ['process', 'tool', 'version'], params.tracedir, 'software_versions.tsv'
    )
    ch_versions.map { _process, _tool, version -> version }
        .unique()
        .toSortedList()
        .map { versions ->
            methodsText(sheet.rows, params, [pipeline: pipeline, nextflow: workflow.nextflow.version, engine: workflow.containerEngine], versions)
        }
        .collectFile(name: 'methods.md', sort: false, storeDir: params.tracedir)
    channel.of(groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson(params)))
        .collectFile(name: 'params.json', sort: false, storeDir: params.tracedir)

    workflow.onComplete = {
        if( !workflow.preview )
            println(workflow.success ? "Done: results are in ${params.outdir}, what was done in ${params.tracedir}/methods.md" : failureText(workflow.errorReport, workflow.commandLine, sheet.rows.collect { row -> row.sample }))
    }
}
