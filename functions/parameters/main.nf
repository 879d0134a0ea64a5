include { didYouMean; quoted } from '../words'

// Faults of the parameters by the schema: unknown names, and values of the wrong kind. One text each.
def parameterFaults(given, schemaPath) {
    def schema = new groovy.json.JsonSlurper().parseText(schemaPath.getText('UTF-8'))
    def known = schema['$defs'].values().collectEntries { group -> group.properties }
    def required = schema['$defs'].values().collectMany { group -> group.required ?: [] }
    // Nextflow offers --some-name as some-name and someName too: one fault is enough
    def unknown = given.keySet().findAll { name -> !(name in known) && !given.keySet().any { other -> other != name && camelCase(other) == name } }
    return unknown.collect { name -> "--${name}: there is no such parameter${didYouMean(name.replace('-', '_'), known.keySet().toList())}" } +
        required.findAll { name -> given[name] == null || given[name].toString() == '' }.collect { name -> "--${name} is missing: ${known[name].description}" } +
        known.findAll { name, _rule -> given[name] != null }
            .collect { name, rule -> [name: name, problem: problemOf(given[name], rule)] }
            .findAll { one -> one.problem }
            .collect { one -> "--${one.name} ${quoted(given[one.name])}: ${one.problem}" } +
        contradictions(given)
}

// Values that are right alone, and do not go together.
def contradictions(given) {
    def faults = []
    def torch = given.backend ? given.backend == 'torch' : given.use_gpu.toString() == 'true'
    if( given.precision == 'bfloat16' && !torch )
        faults << "--precision bfloat16 is torch's: add --backend torch, or -profile gpu"
    if( given.precision == 'int8' && torch )
        faults << "--precision int8 is that of onnx on a CPU: leave ${given.backend ? '--backend torch' : '-profile gpu'} out"
    if( given.interpret_method == 'gradients' && !torch )
        faults << "--interpret_method gradients is torch's: add --backend torch, or -profile gpu"
    if( given.interpret_discover.toString() == 'true' && (given.interpret_null ?: 0).toString() == '0' )
        faults << "--interpret_discover takes runs of high importance: add --interpret_null 100"
    return faults
}

// What the profiles that were named cannot do; what a configuration of the user's sets for all processes counts as the user's word.
def profileFaults(profiles, given, settings) {
    def faults = []
    if( 'awsbatch' in profiles && !given.queue && !(settings.queue instanceof CharSequence) )
        faults << "-profile awsbatch: AWS Batch has no queue of its own; give --queue"
    if( given.job_array && (settings.executor ?: env('NXF_EXECUTOR') ?: 'local').toString() == 'local' )
        faults << "--job_array: without a scheduler there are no jobs; name one (-profile slurm, awsbatch, google-batch), or leave it out"
    if( 'conda' in profiles && !settings.conda )
        faults << "-profile conda: bioconda has no package dnabert-enhancer yet; take docker, podman or apptainer (docs/containers.md), or name an environment that has it: process.conda in a file given by -c"
    return faults
}

// The parameters with their meaning and default, group by group, as --help prints them.
def helpText(manifest, schemaPath) {
    def schema = new groovy.json.JsonSlurper().parseText(schemaPath.getText('UTF-8'))
    def groups = schema['allOf'].collect { entry -> schema['$defs'][entry['$ref'].tokenize('/').last()] }
    def parts = groups.collect { group ->
        def shown = group.properties.findAll { _name, rule -> !rule.hidden }
        def lines = shown.collect { name, rule -> "  --${name.padRight(20)} ${rule.description}${rule['default'] == null || rule['default'] == '' ? '' : " (default: ${rule['default']})"}" }
        "${group.title}: ${group.description}\n${lines.join('\n')}"
    }
    return "${manifest.name} ${manifest.version}: ${manifest.description}\n\n  nextflow run main.nf -profile docker --input samplesheet.csv --outdir results\n\n${parts.join('\n\n')}\n\nThe columns of the samplesheet, outputs, clusters: the pages docs/pipeline-*.md"
}

def camelCase(name) {
    return name.replaceAll(/-([a-zA-Z0-9])/) { match -> match[1].toUpperCase() }
}

// What is wrong with a value, or null. Values are taken as text: from the command line they come as such.
def problemOf(given, rule) {
    def types = [rule.type].flatten()
    // what has no value on the command line comes as true
    if( given.toString() == 'true' && !('boolean' in types) )
        return 'it has no value'
    def text = given.toString()
    if( 'boolean' in types )
        return text in ['true', 'false'] ? null : 'give true or false'
    if( rule['enum'] )
        return text in rule['enum'].collect { value -> value.toString() } ? null : "give ${rule['enum'].findAll { value -> value != null }.join(', ')}"
    // a number or a word is told by its pattern
    if( 'string' in types && 'integer' in types )
        return text =~ rule.pattern ? null : rule.errorMessage
    if( 'integer' in types && !(text ==~ /-?[0-9]{1,12}/) )
        return 'give a whole number'
    if( 'number' in types && !text.isBigDecimal() )
        return 'give a number'
    if( ('integer' in types || 'number' in types) && rule.minimum != null && text.toBigDecimal() < rule.minimum )
        return "give ${rule.minimum} or more"
    if( ('integer' in types || 'number' in types) && rule.maximum != null && text.toBigDecimal() > rule.maximum )
        return "give ${rule.maximum} or less"
    if( ('integer' in types || 'number' in types) && rule.exclusiveMinimum != null && text.toBigDecimal() <= rule.exclusiveMinimum )
        return "give more than ${rule.exclusiveMinimum}"
    if( 'string' in types && rule.pattern && !(text =~ rule.pattern) )
        return rule.errorMessage ?: "it must match ${rule.pattern}"
    return null
}
