// Prints the faults of each of --sheets (names, separated by commas) as one JSON text after a marker, and the rows of those without.
include { readSamplesheet } from '../../subworkflows/samplesheet'

// values as JSON has them, a file by its name
def plain(value) {
    if( value instanceof Map )
        return value.collectEntries { key, part -> [(key): plain(part)] }
    if( value instanceof List )
        return value.collect { part -> plain(part) }
    return value instanceof java.nio.file.Path ? value.name : value.toString()
}

workflow {
    def read = params.sheets.tokenize(',').collectEntries { sheet -> [sheet, readSamplesheet(sheet, [folder: 'none', models: [:]])] }
    println "FAULTS ${groovy.json.JsonOutput.toJson(read.collectEntries { sheet, found -> [sheet, found.faults] })}"
    println "ROWS ${groovy.json.JsonOutput.toJson(read.findAll { _sheet, found -> !found.faults }.collectEntries { sheet, found -> [sheet, plain(found.rows)] })}"
}
