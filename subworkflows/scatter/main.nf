// Into how many tasks a file is cut, and their results together again.

// Tasks for a file by its size.
def shardsFor(path, megabytes, options) {
    return shardsOf(uncompressedSize(path), megabytes, options)
}

// Tasks for a genome by the bases in its index (.fai), or by the size of the file where the index has none.
def shardsForGenome(genome, index, megabytes, options) {
    def fai = [index].flatten().find { one -> one.name.endsWith('.fai') }
    def bases = fai ? fai.readLines().sum(0L) { line -> line.tokenize('\t')[1] as Long } : 0L
    return shardsOf(bases ?: uncompressedSize(genome), megabytes, options)
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

// The models of a panel for each task, so many networks a task; outputs of one network stay together, since one pass gives them all.
def panelGroups(panel, size) {
    return panel.groupBy { one -> one.path.toUriString() }.values().toList()
        .collate(size as Integer)
        .collect { networks -> networks.collectMany { members -> members } }
}

// tuple(meta, all files) as soon as what meta.shards tasks wrote is there; their order is that of their names, so that a resumed run finds its cache.
def allShards(channel) {
    return channel
        .map { meta, file -> tuple(groupKey(meta, meta.shards as Integer), file) }
        .groupTuple()
        .map { key, files -> tuple(key.target.findAll { name, _value -> name != 'shards' }, files.collectMany { one -> one instanceof List ? one : [one] }.toSorted { file -> file.name }) }
}
