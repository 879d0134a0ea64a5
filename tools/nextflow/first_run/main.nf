// A run of everything that a start loads, for the classes that tools/nextflow/nextflow keeps.
include { SAY } from './module'

workflow {
    main:
    def read = new groovy.json.JsonSlurper().parseText(groovy.json.JsonOutput.toJson([[id: 'a', file: 'nextflow.config'], [id: 'b', file: 'main.nf']]))
    ch_rows = channel.fromList(read.collect { row -> tuple([id: row.id], file("${projectDir}/${row.file}")) })
    SAY(ch_rows)
    SAY.out.said
        .join(ch_rows)
        .combine(channel.of(1))
        .map { meta, said, given, _one -> tuple(groupKey(meta, 1), [said, given]) }
        .groupTuple()
        .mix(channel.of([]))
        .filter { row -> row }
        .flatMap { meta, files -> files.flatten().collect { one -> "${meta.id} ${one.name}".toString() } }
        .unique()
        .toSortedList()
        .map { lines -> lines.join('\n') }
        .collectFile(name: 'said.txt', sort: false, storeDir: params.outdir)
        .view()
    channel.topic('versions').map { _process, tool, version -> [tool, version] }.view()

    workflow.onComplete = { println(workflow.success) }
}
