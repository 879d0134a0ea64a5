// Tasks in groups, and the results of a scatter together again.

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
