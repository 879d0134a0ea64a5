#!/usr/bin/env nextflow

include { SCAN } from './subworkflows/scan'

// A file that the samplesheet names: [] where the cell is empty; relative paths count from the samplesheet's folder.
def located(text, folder) {
    if( !text?.trim() )
        return []
    def path = text.trim()
    return file(path.startsWith('/') || path.contains('://') ? path : "${folder}/${path}", checkIfExists: true)
}

// One line of the samplesheet as the tuple that SCAN takes.
def scanOf(row, folder) {
    if( !(row.sample ==~ /[A-Za-z0-9][A-Za-z0-9._-]*/) )
        error("--input ${params.input}: sample '${row.sample}': letters, digits, '.', '_' and '-' only, and not empty")
    if( !row.genome?.trim() )
        error("--input ${params.input}: sample '${row.sample}': the column genome is empty; give a FASTA file")
    return tuple([id: row.sample], located(row.genome, folder), located(row.regions, folder), located(row.model, folder))
}

workflow {
    main:
    if( !params.input )
        error "Missing --input: a CSV with the columns sample,genome and, if wanted, regions,model"
    def shards = params.shards as Integer
    if( shards < 1 )
        error "--shards ${params.shards}: at least 1"
    def sheet = file(params.input, checkIfExists: true)

    ch_scans = channel.fromPath(sheet)
        .splitCsv(header: true, strip: true)
        .map { row -> scanOf(row, sheet.parent) }

    SCAN(ch_scans, shards)

    channel.topic('versions')
        .map { process, tool, version -> "${process.tokenize(':').last()}\t${tool}\t${version}" }
        .unique()
        .collectFile(name: 'software_versions.tsv', newLine: true, sort: true, storeDir: "${params.outdir}/pipeline_info")

    workflow.onComplete = {
        println(workflow.success ? "Done: results are in ${params.outdir}" : "Failed: ${workflow.errorMessage ?: 'see .nextflow.log'}; mend it and add -resume")
    }
}
