// Reads the samplesheet and checks it: every fault of it in one list, with its row and column. Of other files it reads only cards of models.
include { contentOf; isFolder } from '../files'
include { didYouMean; quoted  } from '../words'

// The columns: what a cell holds, and the columns without one of which it means nothing.
def samplesheetColumns() {
    def bed = regionsEnding()
    return [
        sample         : [holds: 'name', required: true],
        genome         : [holds: 'file', ending: /fa|fasta|fna|fa\.gz|fasta\.gz|fna\.gz|fa\.bgz|fasta\.bgz/, required: true],
        assembly       : [holds: 'word', pattern: /[A-Za-z0-9][A-Za-z0-9._-]{0,49}/, says: "the name of an assembly, such as hg38, hg19 or mm39"],
        assembly_report: [holds: 'file'],
        train_regions  : [holds: 'file', ending: bed],
        exclude        : [holds: 'file', ending: bed, needs: 'train_regions'],
        positive_label : [holds: 'word', pattern: /[\p{L}\p{N}][\p{L}\p{N} ._+-]{0,99}/, says: "a name of letters, digits, blanks, '.', '_', '+' and '-'", needs: 'train_regions'],
        negatives      : [holds: 'word', pattern: /matched|shuffled|bedtools-shuffle/, says: 'matched, shuffled or bedtools-shuffle', needs: 'train_regions'],
        negatives_from : [holds: 'named files', ending: bed, needs: 'train_regions'],
        tune           : [holds: 'word', pattern: /grid|optuna/, says: 'grid or optuna', needs: 'train_regions'],
        model          : [holds: 'model'],
        scan_regions   : [holds: 'file', ending: bed, words: ['all']],
        threshold      : [holds: 'word', pattern: /[A-Za-z0-9._-]+|top:[0-9.]+%/, says: "a probability, the name of a threshold in the model's card, or a share of its background such as top:1%", needs: 'scan_regions'],
        null_exclude   : [holds: 'files', ending: bed, needs: 'scan_regions'],
        vcf            : [holds: 'file', ending: /vcf|vcf\.gz|vcf\.bgz|bcf|bed|bed\.gz|bed\.bgz|tsv|tsv\.gz|tsv\.bgz|txt|txt\.gz|txt\.bgz|hgvs|hgvs\.gz|hgvs\.bgz|spdi|spdi\.gz|spdi\.bgz/],
        vcf_format     : [holds: 'word', pattern: /vcf|bed|chrombpnet|vep|hgvs-g|spdi|candidates|names/, says: 'vcf, bed, chrombpnet, vep, hgvs-g, spdi, candidates or names', needs: 'vcf'],
        dbsnp          : [holds: 'file', ending: /vcf|vcf\.gz|vcf\.bgz/, needs: 'vcf'],
        tf_models      : [holds: 'named models', needs: 'vcf'],
        tf_panel       : [holds: 'panel', needs: 'vcf'],
        motifs         : [holds: 'file', needs: 'vcf or interpret_variants or interpret_regions'],
        genes          : [holds: 'file'],
        annotate       : [holds: 'named regions', ending: bed, needs: 'vcf or interpret_variants'],
        clinical       : [holds: 'named files', names: ['clinvar', 'gwas', 'eqtl'], needs: 'vcf'],
        interpret_regions: [holds: 'file', ending: bed],
        interpret_variants: [holds: 'file', ending: /vcf|vcf\.gz|vcf\.bgz|bcf/, words: ['all']],
        databases      : [holds: 'named files', needs: 'scan_regions'],
        chains         : [holds: 'files', needs: 'databases'],
    ]
}

def regionsEnding() {
    return /bed|bed\.gz|narrowPeak|narrowPeak\.gz|broadPeak|broadPeak\.gz|gff|gff\.gz|gff3|gff3\.gz|gtf|gtf\.gz|interval_list|saf|xls|tsv|csv|txt/
}

// The samplesheet as [rows: list of maps, faults: list of texts]; models by name are those of the store (openStore), genomes those of a map as nf-core's params.genomes. Files become paths, models [path, output]; an empty cell becomes [], '' where it is a word.
def readSamplesheet(text, store, genomes) {
    def sheet = existing(text.toString())
    if( !sheet )
        return [rows: [], faults: ["--input ${text}: ${whyMissing(text.toString())}"]]
    if( sheet.isDirectory() || sheet.size() > 10_000_000 )
        return [rows: [], faults: ["--input ${text}: this is no samplesheet (${sheet.isDirectory() ? 'a folder' : 'more than 10 MB'})"]]
    def table = tableOf(sheet)
    def titleFaults = table.faults ?: faultsOfTitles(table.titles)
    if( titleFaults )
        return [rows: [], faults: titleFaults]
    def named = table.entries.collect { entry -> genomes[entry.cells.genome]?.fasta ? entry + [cells: entry.cells + [genome: genomes[entry.cells.genome].fasta]] : entry }
    def asked = [:]
    def read = named.collect { entry -> checkedRow(entry, sheet.parent, store, asked) }
    def faults = read.collectMany { row -> row.faults } + repeatedSamples(read)
    if( !read )
        faults = ["--input ${text}: there is no row"]
    return [rows: read.collect { row -> row.values }, faults: faults]
}

// [titles, entries: [where, cells], faults] of a samplesheet in any of the formats.
def tableOf(sheet) {
    def content = new String(sheet.bytes, 'UTF-8')
    def name = sheet.name.toLowerCase()
    if( content.contains('\u0000') )
        return [faults: ["--input ${sheet.name}: this is a binary file, no samplesheet"]]
    def odd = content.indexOf('\uFFFD')
    if( odd >= 0 )
        return [faults: ["--input ${sheet.name}, line ${content.take(odd).split(/\r\n|\n|\r/, -1).size()}: the text is not UTF-8; save it as 'CSV UTF-8' in Excel, or as UTF-8 in an editor"]]
    if( name ==~ /.*\.(csv|tsv)/ )
        return delimited(content, name.endsWith('.tsv') ? '\t' : ',')
    if( name ==~ /.*\.(ya?ml|json)/ )
        return structured(content, name.endsWith('.json'))
    return [faults: ["--input ${sheet.name}: give a samplesheet whose name ends in .csv, .tsv, .yaml, .yml or .json"]]
}

// Lines of cells; a cell in double quotes may hold the separator, and "" for a quote. Lines of empty cells and empty columns, as spreadsheets leave them, are left out.
def delimited(content, separator) {
    def rows = content.replaceFirst(/^\uFEFF/, '').split(/\r\n|\n|\r/, -1).toList().withIndex(1)
    def tooLong = rows.findAll { line, _number -> line.size() > longestLine() }
    if( tooLong )
        return [faults: tooLong.collect { line, number -> "row ${number} has ${line.size()} characters (at most ${longestLine()}); is this a samplesheet, with one analysis a line?" }]
    def lines = rows
        .findAll { line, _number -> line.replace(separator, '').trim() }
        .collect { line, number -> [where: "row ${number}", texts: cellsOf(line, separator)] }
    def broken = lines.findAll { line -> line.texts == null }
    if( broken )
        return [faults: broken.collect { line -> "${line.where}: a double quote is not closed, or stands within a cell; write \"\" for one in a quoted cell" }]
    if( !lines )
        return [titles: [], entries: [], faults: []]
    def used = lines.collect { line -> line.texts.findLastIndexOf { cell -> cell } + 1 }.max()
    def unused = lines.head().texts.size() - used
    lines = lines.collect { line -> unused > 0 && line.texts.size() == lines.head().texts.size() ? line + [texts: line.texts.take(used)] : line }
    def titles = lines.head().texts
    def uneven = lines.tail().findAll { line -> line.texts.size() != titles.size() }
    return [
        titles : titles,
        entries: lines.tail().collect { line -> [where: line.where, cells: [titles, line.texts].transpose().collectEntries { title, cell -> [(title): cell] }] },
        faults : uneven.collect { line -> "${line.where}: ${line.texts.size()} cells, but ${titles.size()} columns; quote a cell that holds a separator" },
    ]
}

def longestLine() {
    return 100_000
}

// The cells of a line without blanks around them; null where its quotes do not close.
def cellsOf(line, separator) {
    def cell = java.util.regex.Pattern.compile("\\G *(?:\"((?:[^\"]++|\"\")*+)\" *|([^\"${separator}]*+))${separator}")
    def found = (line + separator) =~ cell
    def cells = found.collect { match -> [length: match[0].size(), text: (match[1] == null ? match[2] : match[1].replace('""', '"')).trim()] }
    return cells.sum(0) { part -> part.length } == line.size() + 1 ? cells.collect { part -> part.text } : null
}

// A list of maps, as YAML and JSON have it.
def structured(content, isJson) {
    def data = null
    try {
        data = isJson
            ? new groovy.json.JsonSlurper().parseText(content)
            : new org.yaml.snakeyaml.Yaml(new org.yaml.snakeyaml.constructor.SafeConstructor(new org.yaml.snakeyaml.LoaderOptions())).load(content)
    }
    catch( StackOverflowError _problem ) {
        return [faults: ["--input: the samplesheet is nested too deeply; it is a list of rows, each with column names and values"]]
    }
    catch( Exception problem ) {
        return [faults: ["--input: the samplesheet is no ${isJson ? 'JSON' : 'YAML'}: ${problem.message.readLines().findAll { line -> line.trim() }.take(3).join(' ')}"]]
    }
    if( !(data instanceof List) || data.any { entry -> !(entry instanceof Map) } )
        return [faults: ["--input: a samplesheet in ${isJson ? 'JSON' : 'YAML'} is a list of rows, each with column names and values"]]
    return [
        titles : data.collectMany { entry -> entry.keySet().collect { key -> key.toString() } }.unique(),
        entries: data.withIndex(1).collect { entry, number -> [where: "row ${number}", cells: entry.collectEntries { key, value -> [(key.toString()): value] }] },
        faults : [],
    ]
}

def faultsOfTitles(titles) {
    def known = samplesheetColumns().keySet().toList()
    if( titles.size() > 10 * known.size() )
        return ["${titles.size()} columns; a samplesheet has ${known.size()}: ${known.join(', ')}"]
    if( titles.size() == 1 && titles[0].contains(';') )
        return ["the columns are separated by ';': separate them by commas (in Excel: 'CSV UTF-8' under an English locale), or by tabs in a file whose name ends in .tsv"]
    def unknown = titles.findAll { title -> !(title in known) }
        .collect { title -> "the column ${quoted(title)} is not known${didYouMean(title, known)}; the columns are ${known.join(', ')}" }
    def twice = titles.findAll { title -> titles.count(title) > 1 }.unique()
        .collect { title -> "the column ${title} comes twice" }
    def missing = samplesheetColumns().findAll { name, column -> column.required && !(name in titles) }.keySet()
        .collect { name -> "the column ${name} is missing" }
    return unknown + twice + missing
}

// [where, values, faults] of one row; what was asked of files goes into a map, so that a URL in many rows is asked once.
def checkedRow(entry, folder, store, asked) {
    def columns = samplesheetColumns()
    def cells = columns.collectEntries { name, column -> [(name): cellOf(entry.cells[name], column, folder, store, asked)] }
    def faults = cells.findAll { _name, cell -> cell.fault }
        .collect { name, cell -> "${entry.where}, column ${name}: ${cell.fault}" }
    def given = cells.findAll { _name, cell -> !cell.empty }.keySet()
    faults += columns.findAll { name, column -> column.required && !(name in given) }
        .collect { name, _column -> "${entry.where}, column ${name}: it is empty" }
    faults += columns.findAll { name, column -> column.needs && name in given && !column.needs.split(' or ').any { other -> other in given } }
        .collect { name, column -> "${entry.where}, column ${name}: it means nothing without ${column.needs}, which is empty" }
    if( cells.interpret_variants.value == 'all' && !('vcf' in given) )
        faults << "${entry.where}, column interpret_variants: 'all' is the variants of vcf, which is empty"
    if( 'databases' in given && !('assembly' in given) )
        faults << "${entry.where}, column assembly: databases are compared by place: give the assembly, such as hg38"
    if( 'vcf' in given && !cells.vcf.fault && !('vcf_format' in given) && !(cells.vcf.value.name ==~ /(?i).*\.(vcf|vcf\.gz|vcf\.bgz|bcf)/) )
        faults << "${entry.where}, column vcf_format: ${cells.vcf.value.name} is no VCF by its name: say how it is written (${columns.vcf_format.says})"
    if( 'model' in given && !cells.model.fault )
        faults += [('train_regions' in given ? faultOfStart(entry.cells.model, cells.model.value.path) : faultOfBase(entry.cells.model, cells.model.value, store))]
            .findAll { fault -> fault }
            .collect { fault -> "${entry.where}, column model: ${fault}" }
    if( !['train_regions', 'scan_regions', 'vcf', 'interpret_regions', 'interpret_variants'].any { name -> name in given } )
        faults << "${entry.where}: there is nothing to do; give train_regions, scan_regions (a BED file, or all), vcf, interpret_regions or interpret_variants"
    return [where: entry.where, values: cells.collectEntries { name, cell -> [(name): cell.value] }, faults: faults]
}

// [value, empty, fault] of a cell.
def cellOf(content, column, folder, store, asked) {
    def holdsSeveral = column.holds in ['files', 'named files', 'named regions', 'named models']
    if( content instanceof Map || (content instanceof List && !holdsSeveral) )
        return [value: [], fault: "give one value, not a ${content instanceof Map ? 'map' : 'list'}"]
    def texts = (content instanceof List ? content : holdsSeveral ? (content ?: '').toString().tokenize(';') : [content == null ? '' : content])
        .collect { part -> part.toString().trim() }
    def parts = holdsSeveral ? texts.findAll { part -> part } : texts
    if( parts.every { part -> part == '' } )
        return [value: column.holds == 'model' ? [path: [], output: ''] : column.holds in ['name', 'word'] ? '' : [], empty: true]
    def odd = parts.find { part -> part =~ /\p{Cntrl}/ }
    if( odd != null )
        return [value: [], fault: "${quoted(odd)} holds a control character"]
    if( column.holds == 'name' )
        return [value: parts[0], fault: parts[0] ==~ namePattern() ? null : "${quoted(parts[0])}: a name is made of letters, digits, '.', '_' and '-', begins with a letter or digit, and has at most 100"]
    if( column.holds == 'word' )
        return [value: parts[0], fault: parts[0] ==~ column.pattern ? null : "${quoted(parts[0])}: give ${column.says}"]
    if( parts[0] in (column.words ?: []) )
        return [value: parts[0]]
    if( column.holds == 'model' )
        return modelAt(parts[0], folder, store, asked).with { model -> [value: model.subMap(['path', 'output', 'brought']), fault: model.fault] }
    if( column.holds == 'panel' )
        return panelCell(parts[0], folder, store, asked)
    return column.holds.startsWith('named') ? namedCell(parts, column, folder, store, asked) : pathsCell(parts, column, folder, asked)
}

def pathsCell(parts, column, folder, asked) {
    def found = parts.collect { part -> located(part, column, folder, asked) }
    def fault = found.findAll { one -> one.fault }.collect { one -> one.fault }.join('; ')
    def paths = found.collect { one -> one.path }
    return [value: column.holds == 'files' ? paths : paths[0] ?: [], fault: fault ?: null]
}

// NAME=FILE, NAME=FILE,key=value…, NAME=BED or NAME=MODEL as [name, path, keys, output].
def namedCell(parts, column, folder, store, asked) {
    def read = parts.collect { part ->
        def name = part.contains('=') ? part.substring(0, part.indexOf('=')).trim() : ''
        def rest = part.substring(part.indexOf('=') + 1).trim()
        def comma = column.holds == 'named files' ? rest.indexOf(',') : -1
        def keys = comma < 0 ? '' : rest.substring(comma)
        if( !(name ==~ namePattern()) )
            return [fault: "${quoted(part)}: give NAME=${['named files': 'FILE or NAME=FILE,key=value', 'named regions': 'BED', 'named models': 'MODEL'][column.holds]}, the name of letters, digits, '.', '_' and '-'"]
        if( column.names && !(name in column.names) )
            return [fault: "${quoted(name)}: the names are ${column.names.join(', ')}"]
        if( !(keys ==~ /(,[a-z_]+=[A-Za-z0-9 ._+:|()\/-]+)*/) )
            return [fault: "${quoted(part)}: after the file come key=value pairs, separated by commas"]
        def place = column.holds == 'named models' ? predictingModelAt(rest, folder, store, asked) : located(comma < 0 ? rest : rest.substring(0, comma).trim(), column, folder, asked)
        return place.subMap(['brought']) + [name: name, path: place.path, keys: keys, output: place.output ?: '', fault: place.fault]
    }
    def names = read.collect { one -> one.name }
    def twice = column.names ? [] : names.findAll { name -> name && names.count(name) > 1 }.unique()
    def faults = read.findAll { one -> one.fault }.collect { one -> one.fault } + twice.collect { name -> "the name ${name} comes twice" }
    return [value: read.collect { one -> one.subMap(['name', 'path', 'keys', 'output', 'brought']) }, fault: faults.join('; ') ?: null]
}

// The models of a panel as [name, model (as it is named there), path, output, regions or null], in its order: a table of models, or models of a collection of the catalogue, as catalogue/panel.py reads them.
def panelCell(text, folder, store, asked) {
    def table = factsOf(text, folder, asked)
    def read = table.path ? panelTable(text, table, store, asked) : panelCollection(text, folder, store, asked)
    if( read.fault )
        return [value: [], fault: read.fault]
    def faults = read.members.findAll { one -> one.fault }.collect { one -> "${one.where}${one.fault}" }
    def names = read.members.collect { one -> one.name }
    faults += names.findAll { name -> names.count(name) > 1 }.unique().collect { name -> "the name ${name} comes twice" }
    if( !read.members )
        faults << "${quoted(text)}: the panel has no model"
    def more = faults.size() > 5 ? "; and ${faults.size() - 5} more" : ''
    return [value: read.members.collect { one -> one.subMap(['name', 'model', 'path', 'output', 'regions', 'brought']) }, fault: faults ? faults.take(5).join('; ') + more : null]
}

def panelTable(text, table, store, asked) {
    if( table.folder || table.size > 10_000_000 )
        return [fault: "${quoted(text)} is no panel: give a table with the columns name, model and maybe regions, or a collection of the catalogue"]
    table.text = table.text ?: new String(table.path.bytes, 'UTF-8')
    def lines = table.text.split(/\r\n|\n|\r/, -1).toList().withIndex(1)
        .findAll { line, _number -> line.trim() && !line.startsWith('#') }
    def titles = lines ? lines.head()[0].split('\t', -1).toList() : []
    if( !(titles in [['name', 'model'], ['name', 'model', 'regions']]) )
        return [fault: "${quoted(text)}: the titles of a panel are name, model and maybe regions, separated by tabs"]
    return [members: lines.tail().collect { line, number -> panelMember(line.split('\t', -1).collect { field -> field.trim() }, "${quoted(text)}, line ${number}: ", table.path.parent, store, asked) }]
}

def panelMember(fields, where, folder, store, asked) {
    def (name, model, regions) = [fields[0], fields[1], fields[2]]
    if( !(name ==~ namePattern()) || !model || fields.size() > 3 || fields.any { field -> field =~ /\p{Cntrl}/ } )
        return [where: where, name: name, fault: "give a name of letters, digits, '.', '_' and '-', a tab, and a model"]
    def found = predictingModelAt(model, folder, store, asked)
    def area = regions ? located(regions, [ending: regionsEnding()], folder, asked) : [:]
    return found.subMap(['brought']) + [where: where, name: name, model: model, path: found.path, output: found.output ?: '', regions: area.path, fault: found.fault ?: area.fault]
}

// COLLECTION (all its transcription factors), COLLECTION:NAME,NAME… or COLLECTION:FILE with a name a line; every model must be in the store.
def panelCollection(text, folder, store, asked) {
    def (collection, chosen) = text.contains(':') ? [text.substring(0, text.indexOf(':')), text.substring(text.indexOf(':') + 1)] : [text, null]
    def listed = chosen ? factsOf(chosen, folder, asked).path : null
    def names = chosen == null ? store.catalogue.findAll { name, type -> type == 'tf' && name.startsWith("${collection}/") }.keySet().collect { name -> name.substring(collection.size() + 1) } : (listed ? listed.readLines().findAll { line -> !line.startsWith('#') } : chosen.tokenize(','))
        .collect { name -> name.trim() }
        .findAll { name -> name }
    if( chosen == null && !names )
        return [fault: "${quoted(text)}: there is no such file, and no such collection in the catalogue; a panel is a table with the columns name, model and maybe regions, or such as deepvregulome or deepvregulome:CTCFL,SP7"]
    def missing = names.findAll { name -> "${collection}/${name}".toString().with { model -> !store.models[model] && !placeInStore(model, store) } }
    if( missing )
        return [fault: "${missing.size()} of ${names.size()} models of ${quoted(text)} are not in the store (${store.folder}), and this run brings nothing; before the run: dnabert-enhancer models get ${missing.take(3).collect { name -> "${collection}/${name}" }.join(' ')}${missing.size() > 3 ? ' …' : ''}"]
    return [members: names.collect { name -> panelMember([name, "${collection}/${name}".toString()], '', folder, store, asked) }]
}

// [path, fault] of a file.
def located(text, column, folder, asked) {
    def found = factsOf(text, folder, asked)
    if( !found.path ) {
        found.why = found.why ?: whyMissing(text)
        return [fault: "${quoted(text)}: ${found.why}"]
    }
    if( found.folder )
        return [fault: "${quoted(text)} is a folder; give a file"]
    if( column.ending && !(found.path.name ==~ "(?i).*\\.(${column.ending})") )
        return [fault: "${quoted(text)}: the name must end in .${column.ending.replace('\\', '').replace('|', ', .')}"]
    if( found.size == 0 )
        return [fault: "${quoted(text)} is empty"]
    return [path: found.path]
}

// [path, folder: whether it is one, size] of a file or folder, [:] where it cannot be had. A server is asked once, whatever the number of cells that name it: what was found goes into a map.
def factsOf(text, folder, asked) {
    def place = placeOf(text, folder)
    def key = (place instanceof java.nio.file.Path ? place.toUriString() : place).toString()
    if( !asked.containsKey(key) )
        asked[key] = factsAt(place)
    return asked[key]
}

// Relative places count from the samplesheet's folder.
def placeOf(text, folder) {
    return text.startsWith('/') || text.contains('://') ? text : folder.resolve(text)
}

// * and ? are letters like others.
def factsAt(place) {
    try {
        def path = file(place, glob: false)
        def attributes = java.nio.file.Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes)
        return [path: path, folder: attributes.isDirectory(), size: attributes.size()]
    }
    catch( Exception _problem ) {
        return [:]
    }
}

// [path, output, fault] of a model as the commands' --model names it: default, a folder (of a model, or of models) or an archive, or a model of the store, with :OUTPUT where one of its further outputs is meant;
// with [brought: name] where it is to be brought first, and is not there yet.
def modelAt(text, folder, store, asked) {
    // what exists as it is written has no output: a colon may be part of a name, of C:/ or of s3://
    def split = modelNamed(text, folder, store, asked) ? [] : (text =~ /^(.+):([A-Za-z0-9._-]+)$/).collect { match -> match }.flatten()
    def (name, output) = split ? [split[1], split[2]] : [text, '']
    def path = modelNamed(name, folder, store, asked)
    if( !path )
        return [fault: faultOfName(text, store)]
    if( !(name in store.models) && path == placeInStore(name, store) )
        return [path: path, output: output, brought: name, fault: path.exists() ? "${path} is no whole model of the store: remove it" : null]
    if( !isFolder(path) && !path.name.endsWith('.tar.gz') )
        return [fault: "${quoted(name)} is a file; give a folder, or an archive (.tar.gz)"]
    return [path: path, output: output, fault: isFolder(path) ? faultOfFolder(name, path) ?: (output ? faultOfOutput(name, output, path) : null) : null]
}

// Why a folder is neither a model (or an adapter to one) nor holds models, or not yet all of its folds; null where it is or does.
def faultOfFolder(name, path) {
    if( ['config.json', 'adapter_config.json'].any { file -> path.resolve(file).exists() } )
        return null
    def models = modelFolders(path)
    def folds = contentOf(path.resolve('folds.json'))?.folds
    if( folds instanceof Integer && models.size() < folds )
        return "${quoted(name)} holds ${models == [path] ? 'not all' : models.size()} of ${folds} folds: its training is not finished"
    return models == [path] ? "${quoted(name)} is no model: there is no config.json in it, nor in two of its sub-folders or more" : null
}

// The same of a model that is to predict: one that was only pre-trained is a fault.
def predictingModelAt(text, folder, store, asked) {
    def model = modelAt(text, folder, store, asked)
    return model.fault ? model : model + [fault: faultOfBase(text, model, store)]
}

// Why a model can't predict, by its card, or by the catalogue where it is yet to be brought; null where it can. What is an archive is told when a task opens it.
def faultOfBase(text, model, store) {
    def base = store.catalogue[model.brought] == 'base' || modelFolders(model.path).any { folder -> contentOf(folder.resolve('enhancer_model.json'))?.origin?.type == 'base' }
    return base ? "${quoted(text)} is pre-trained only: it predicts nothing before a training, which train_regions asks for" : null
}

// Why training can't start from a model; null where it can.
def faultOfStart(text, path) {
    def models = modelFolders(path)
    return models.size() > 1 ? "${quoted(text)} holds ${models.size()} models (${models.take(3).collect { folder -> folder.name }.join(', ')}${models.size() > 3 ? ' …' : ''}), and training starts from one: name it" : null
}

// The folders of the models that a path is: itself, or its sub-folders where it is none and they are (an ensemble), as model/ensemble.py has it; none of an archive.
def modelFolders(path) {
    if( !path || !isFolder(path) )
        return []
    def within = path.resolve('config.json').exists() ? [] : path.listFiles().findAll { folder -> !folder.name.startsWith('.') && folder.resolve('config.json').exists() }
    return within.size() > 1 ? within.toSorted { folder -> folder.name } : [path]
}

// The path when it exists, else null; the packaged model is the one of this repository.
def modelNamed(name, folder, store, asked) {
    if( name == 'default' )
        return file("${moduleDir}/../../src/dnabert_enhancer/model/default")
    // an address with its digest is for the store alone: a server is asked without what follows #, and has the file
    def path = name ==~ /https?:.+#(sha256|md5)=.+/ ? null : factsOf(name, folder, asked).path
    return path ?: store.models[name] ?: placeInStore(name, store)
}

// Where a model comes to lie that is not in the store and can be brought: of the catalogue, the hub, Zenodo, or an address with its digest. Null for others.
def placeInStore(name, store) {
    def known = (name in store.catalogue && name != 'default') || name ==~ /hub:[A-Za-z0-9._\/-]+@[A-Za-z0-9._\/-]+|zenodo:10\.[A-Za-z0-9._;()\/-]+|https?:[^\s'"\\]+#(sha256|md5)=[0-9a-fA-F]+/
    return store.place && known ? store.place.resolve(folderOfName(name)) : null
}

// The folder of a name, as catalogue/store.py has it.
def folderOfName(name) {
    def digest = java.security.MessageDigest.getInstance('SHA-256').digest(name.getBytes('UTF-8')).encodeHex().toString()
    return "${name.replaceAll(/[^A-Za-z0-9._-]+/, '--').replaceAll(/^[.-]+|[.-]+$/, '').take(100)}-${digest.take(8)}".toString()
}

// Why a name means nothing: there is neither a folder nor a stored model of it.
def faultOfName(text, store) {
    if( text ==~ /(hub|zenodo):.+|https?:\/\/.+#.+/ )
        return "${quoted(text)} is not in the store (${store.folder}), and this run brings nothing; before the run: dnabert-enhancer models get ${quoted(text)}"
    if( !(text ==~ /[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9._-]+)?/) )
        return "${quoted(text)}: there is no such folder"
    return "${quoted(text)}: there is no such folder, and no such model in the store (${store.folder})${didYouMean(text, store.models.keySet().toList())}; dnabert-enhancer models get NAME brings one"
}

// What is wrong with an output that is asked for, by the model's card; null where it is there.
def faultOfOutput(name, output, path) {
    def folders = modelFolders(path)
    if( folders.size() > 1 )
        return folders.collect { folder -> faultOfOutput("${name}/${folder.name}", output, folder) }.find { fault -> fault }
    def card = contentOf(path.resolve('enhancer_model.json'))
    if( !card )
        return "${quoted(name)} has no card (enhancer_model.json) that names its outputs; leave :${output} out"
    // the first output has the name of the last label, as ModelCard.select has it
    def outputs = card.further_outputs ? [card.labels.last()] + card.further_outputs.keySet() : []
    if( output in outputs )
        return null
    if( card.withdrawn?.containsKey(output) )
        return "output ${quoted(output)} of ${quoted(name)} was withdrawn: ${card.withdrawn[output]}"
    return "${quoted(name)} has no output ${quoted(output)}${didYouMean(output, outputs)}; it has ${outputs.join(', ') ?: 'one output, which needs no name'}"
}

// The path when it exists, else null (also where the path or its kind of storage cannot be read).
def existing(place) {
    try {
        def path = file(place, glob: false)
        return path.exists() ? path : null
    }
    catch( Exception _problem ) {
        return null
    }
}

// Why a file can't be had: what its server answers, or that there is none.
def whyMissing(text) {
    if( !text.contains('://') )
        return 'there is no such file'
    try {
        if( !(text ==~ /https?:.*/) )
            return file(text, glob: false).exists() ? 'it could not be read' : 'there is no such file'
        def answer = new URL(text).openConnection()
        answer.requestMethod = 'HEAD'
        return "the server answers ${answer.responseCode} ${answer.responseMessage ?: ''}".trim()
    }
    catch( UnknownHostException problem ) {
        return "the host ${problem.message} is not known"
    }
    catch( Exception problem ) {
        return problem.message?.readLines()?.find { line -> line.trim() } ?: problem.class.simpleName
    }
}

def repeatedSamples(rows) {
    def named = rows.findAll { row -> row.values.sample }
    return named.groupBy { row -> row.values.sample }
        .findAll { _sample, same -> same.size() > 1 }
        .collect { sample, same -> "${same.collect { row -> row.where }.join(' and ')}, column sample: ${quoted(sample)} comes more than once" }
}

def namePattern() {
    return /[A-Za-z0-9][A-Za-z0-9._-]{0,99}/
}
