// The options of every task as the command itself judges them, before the first task starts.

// The commands of a run as the command check takes them: the options of conf/modules.config (or of -c) and what rows say, without files but for published figures. Without rows, those of all processes.
def plannedCommands(rows, options, published) {
    def used = [
        'MAKE_DATASET'        : 'train_regions',
        'FINETUNE'            : 'train_regions',
        'PREDICT'             : 'scan_regions',
        'SCORE_VARIANTS'      : 'vcf',
        'SCORE_VARIANTS_MERGE': 'vcf',
        'INTERPRET'           : 'interpret_regions',
        'INTERPRET_VARIANTS'  : 'interpret_variants',
    ].findAll { _process, column -> !rows || rows.any { row -> row[column] } }
    def commands = [MAKE_DATASET: 'make-dataset', FINETUNE: 'finetune', PREDICT: 'predict', INTERPRET: 'interpret', INTERPRET_VARIANTS: 'interpret']
    return used.keySet().collect { process -> planned(commands[process] ?: 'score-variants', commands[process] ?: 'score-variants', optionsOf(process)) } +
        rows.collectMany { row -> plannedOfRow(row, options) } +
        (published ? [planned('--published', 'report', ['--published', published.toString(), 'run'])] : [])
}

// What rows add to the options; of a model that is trained or brought in the run its task tells the thresholds.
def plannedOfRow(row, options) {
    def threshold = row.threshold ?: options.threshold
    def found = []
    if( row.scan_regions ) {
        def isThere = !row.train_regions && !row.model.brought
        def model = row.model.path && isThere ? "${row.model.path}${row.model.output ? ":${row.model.output}" : ''}" : 'default'
        def told = (threshold ? ['--threshold', threshold.toString()] : []) + (isThere ? ['--model', model.toString()] : [])
        def excluded = row.null_exclude.collectMany { one -> ['--null-exclude', one.name] }
        def kind = options.scan_null ? ['--null', options.scan_null.toString()] : []
        def places = options.screen.toString().toBoolean() && row.scan_regions != 'all' ? ['--screen', '--regions', row.scan_regions.name] : []
        found << planned("sample ${row.sample}, predict", 'predict', told + excluded + (excluded ? kind : []) + places)
    }
    if( row.train_regions ) {
        found << planned("sample ${row.sample}, evaluate", 'evaluate', optionsOf('EVALUATE') + (row.genes && options.evaluate_by?.toString()?.contains('tss') ? ['--genes', row.genes.name] : []))
        found << planned("sample ${row.sample}, make-dataset", 'make-dataset', row.negatives_from.collectMany { one -> ['--negatives-from', "${one.name}=${one.path.name}${one.keys}".toString()] } + (row.positive_label ? ['--positive-label', row.positive_label] : []) + (row.negatives ? ['--negatives', row.negatives] : []))
    }
    if( row.tune )
        found << planned("sample ${row.sample}, tune", 'tune', optionsOf('TUNE_TRIAL') + ['--sampler', row.tune == 'grid' ? 'grid' : 'tpe'] + (options.tune_trials ? ['--trials', options.tune_trials.toString()] : []))
    if( row.dbsnp && row.vcf_format != 'names' )
        found << planned("sample ${row.sample}, score-variants", 'score-variants', ['--vcf', row.vcf.name, '--dbsnp', row.dbsnp.name])
    def databases = row.databases.collect { one -> planned("sample ${row.sample}, compare-db", 'compare-db', ['--database', "${one.name}=${one.path.name}${one.keys}".toString()]) }
    return found + (databases ? [planned('compare-db', 'compare-db', optionsOf('COMPARE_DB') + ['--assembly', row.assembly])] : []) + databases
}

def planned(where, command, arguments) {
    return [where: where.toString(), command: command, arguments: arguments]
}

// The options of a process as the configuration has them, in words; none where they hang on a task.
def optionsOf(process) {
    def configured = nextflow.Global.session.config.process.find { selector, one -> selector.startsWith('withName:') && process in selector.substring(9).split('\\|') && one instanceof Map && one.ext?.args }
    try {
        def args = configured?.value?.ext?.args
        def text = (args instanceof Closure ? args.call() : args ?: '').toString()
        // what the shell of the task will make of it is not known
        return text.contains('$') || text.contains('`') ? [] : wordsOf(text)
    }
    catch( Exception _problem ) {
        return []
    }
}

// The words of a line, as a shell splits it.
def wordsOf(text) {
    return text.findAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/).collect { word -> word.replaceAll(/["']/, '') }
}

// [faults: list of texts] of the planned commands by the command on this machine, [absent: true] where it does not run here.
def askedHere(planned, program) {
    try {
        def asked = [program.toString(), '-', '--json'].execute()
        def said = new StringBuilder()
        def errors = new StringBuilder()
        def reading = asked.consumeProcessOutputStream(said)
        asked.consumeProcessErrorStream(errors)
        asked.outputStream.withWriter('UTF-8') { writer -> writer.write(groovy.json.JsonOutput.toJson(planned)) }
        if( asked.waitFor() )
            return [absent: true]
        reading.join()
        return [faults: new groovy.json.JsonSlurper().parseText(said.toString()).collect { one -> "${one.where}: ${one.fault}".toString() }]
    }
    catch( IOException _problem ) {
        return [absent: true]
    }
}

// Those faults that no other one tells already: of options by their names, which the pipeline writes with an underscore, and maybe more before it.
def newFaults(found, known) {
    def told = known.collect { fault -> fault.split('[ :]')[0] }
    return found
        .unique { fault -> fault.split(': ', 2)[1] }
        .findAll { fault ->
            def name = fault.split(': ', 2)[1].split('[ :]')[0].replaceAll(/(?<=\w)-/, '_')
            !told.any { option -> option == name || (name.startsWith('--') && option.endsWith("_${name.substring(2)}")) }
        }
}
