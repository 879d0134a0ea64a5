include { didYouMean; quoted } from '../samplesheet'

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
            .collect { name, rule -> [name: name, problem: problemOf(given[name].toString(), rule)] }
            .findAll { one -> one.problem }
            .collect { one -> "--${one.name} ${quoted(given[one.name])}: ${one.problem}" }
}

def camelCase(name) {
    return name.replaceAll(/-([a-zA-Z0-9])/) { match -> match[1].toUpperCase() }
}

// What is wrong with a value, or null. Values are taken as text: from the command line they come as such.
def problemOf(text, rule) {
    def types = [rule.type].flatten()
    if( 'boolean' in types )
        return text in ['true', 'false'] ? null : 'give true or false'
    if( rule['enum'] )
        return text in rule['enum'].collect { value -> value.toString() } ? null : "give ${rule['enum'].findAll { value -> value != null }.join(', ')}"
    if( 'integer' in types && !(text ==~ /-?[0-9]{1,12}/) )
        return 'give a whole number'
    if( 'number' in types && !text.isBigDecimal() )
        return 'give a number'
    if( ('integer' in types || 'number' in types) && rule.minimum != null && text.toBigDecimal() < rule.minimum )
        return "give ${rule.minimum} or more"
    if( ('integer' in types || 'number' in types) && rule.maximum != null && text.toBigDecimal() > rule.maximum )
        return "give ${rule.maximum} or less"
    if( 'string' in types && rule.pattern && !(text =~ rule.pattern) )
        return rule.errorMessage ?: "it must match ${rule.pattern}"
    return null
}
