// Prints the faults of each of --sheets (names, separated by commas) as one JSON text after a marker, the rows of those without, and the tasks of a genome with an index and without.
include { readSamplesheet                       } from '../../functions/samplesheet'
include { basesOfRegions; costOf; shardsForScan } from '../../functions/scatter'

// values as JSON has them, a file by its name
def plain(value) {
    if( value instanceof Map )
        return value.collectEntries { key, part -> [(key): plain(part)] }
    if( value instanceof List )
        return value.collect { part -> plain(part) }
    return value instanceof java.nio.file.Path ? value.name : value.toString()
}

workflow {
    def read = params.sheets.tokenize(',').collectEntries { sheet -> [sheet, readSamplesheet(sheet, [folder: 'none', models: [:], catalogue: [:]], [named: [fasta: 'g.fa']])] }
    println "FAULTS ${groovy.json.JsonOutput.toJson(read.collectEntries { sheet, found -> [sheet, found.faults] })}"
    def index = [[file('g.fa.fai')], []]
    println "SHARDS ${groovy.json.JsonOutput.toJson(index.collect { one -> shardsForScan(file('g.fa.gz'), one, null, 0.001, [max_shards: 1000], 1) } + [shardsForScan(file('g.fa.gz'), index[0], basesOfRegions(file('regions.bed')), 0.001, [max_shards: 1000], 2)] + ['packaged', 'base', 'several', 'none.tar.gz'].collect { name -> costOf(file(name)) })}"
    println "ROWS ${groovy.json.JsonOutput.toJson(read.findAll { _sheet, found -> !found.faults }.collectEntries { sheet, found -> [sheet, plain(found.rows)] })}"
}
