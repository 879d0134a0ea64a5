// Prints the faults of each of --sheets (names, separated by commas) as one JSON text after a marker.
include { readSamplesheet } from '../../subworkflows/samplesheet'

workflow {
    def faults = params.sheets.tokenize(',').collectEntries { sheet -> [sheet, readSamplesheet(sheet, [folder: 'none', models: [:]]).faults] }
    println "FAULTS ${groovy.json.JsonOutput.toJson(faults)}"
}
