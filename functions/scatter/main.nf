// Into how many tasks a file is cut.
include { contentOf; isFolder } from '../files'

// [variants a task, most tasks] by what a model costs; as many tasks as were asked for have as few variants as they can.
def cutFor(variants, options, cost) {
    return options.shards ? [1, options.shards as Integer] : [Math.max(1, (variants as Integer).intdiv(costHere(cost, 35, options))), options.max_shards as Integer]
}

// Tasks of a scan, by the bases of its regions (0 where they are not told), or where it has none (null) those of the genome's index (.fai) but for its gaps (.gaps.bed); by the size of the genome where neither tells.
def shardsForScan(genome, index, regions, megabytes, options, cost) {
    def fai = [index].flatten().find { one -> one.name.endsWith('.fai') }
    def gaps = [index].flatten().find { one -> one.name.endsWith('.gaps.bed') }
    def bases = regions != null ? regions : fai ? fai.readLines().sum(0L) { line -> line.tokenize('\t')[1] as Long } - (gaps ? basesOfRegions(gaps) : 0L) : 0L
    return shardsOf((bases ?: uncompressedSize(genome)) * costHere(cost, 119, options), megabytes, options)
}

// The bases of a BED, those of overlaps twice; 0 where they are not easily told.
def basesOfRegions(path) {
    if( path.size() > 100_000_000 || !(path.name ==~ /(?i).*\.(bed|narrowpeak|broadpeak)(\.gz)?/) )
        return 0L
    def lines = path.name.toLowerCase().endsWith('.gz') ? new java.util.zip.GZIPInputStream(path.newInputStream()).readLines() : path.readLines()
    return lines.collect { line -> line.split('[\\t ]+') }
        .findAll { fields -> fields.size() > 2 && fields[1].isLong() && fields[2].isLong() }
        .sum(0L) { fields -> Math.max(0L, fields[2].toLong() - fields[1].toLong()) }
}

// What a window costs with a model, in times of what it costs with the packaged one, at least 1: by the multiplications of a token that its
// config.json tells; with a folder of models that of all together; 1 with an archive.
def costOf(model) {
    if( !model || !isFolder(model) )
        return 1
    def config = contentOf(model.resolve('config.json'))
    if( !config )
        return Math.max(1, model.listFiles().findAll { one -> one.isDirectory() && one.resolve('config.json').exists() }.sum(0) { one -> costOf(one) })
    def (layers, width, inner) = ['num_hidden_layers', 'hidden_size', 'intermediate_size'].collect { name -> (config[name] ?: 0) as Long }
    return Math.max(1, Math.ceil(layers * (4 * width * width + 2 * width * inner) / 393_216d) as Integer)
}

// What it costs where it is computed: on a GPU so many times less, which are those of a BERT-base on an A100 beside the two cores that tasks are cut for, scans in bfloat16 (119)
// and variants in float32 (35), by the table of hours in docs/pipeline-quickstart.md.
def costHere(cost, faster, options) {
    return (options.use_gpu ?: false).toString().toBoolean() ? Math.max(1, Math.ceil(cost / (faster as Double)) as Integer) : cost
}

// DNA and VCF are about four times as large uncompressed; a server that does not tell a size gives -1.
def uncompressedSize(path) {
    return Math.max(path.size(), 0L) * (path.name ==~ /(?i).*\.(gz|bgz|bcf)/ ? 4 : 1)
}

def shardsOf(bytes, megabytes, options) {
    if( options.shards )
        return options.shards as Integer
    def wanted = Math.ceil((bytes / ((megabytes as BigDecimal) * 1_000_000)) as Double) as Integer
    return Math.max(1, Math.min(wanted, options.max_shards as Integer))
}

// How many trials a search has: as many as are asked for, else all combinations of a grid.
def trialsOf(search, options) {
    def values = [options.tune_learning_rates, options.tune_weight_decays, options.tune_warmups].collect { list -> list.toString().tokenize(',').size() }
    return options.tune_trials ? options.tune_trials as Integer : search == 'grid' ? values.inject(1) { product, number -> product * number } : ''
}
