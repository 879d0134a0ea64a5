// The store of models that were brought by name before the run (dnabert-enhancer models get): what is in it. Tasks get its folders as files, and need no network.

// [folder, models: name to path, fault] of the cache folder that is given, or else that of the commands: the same variables tell it.
def openStore(given) {
    def folder = given ?: cacheFolder()
    def place = folder ? folderAt(folder.toString()) : null
    if( given && !place )
        return [folder: folder, models: [:], fault: "--store '${given}': there is no such folder"]
    // the cache folder, or the folder models in it
    def models = place ? [place.resolve('models'), place].find { one -> one.resolve('store.json').exists() } : null
    if( !models )
        return [folder: folder, models: [:], fault: given ? "--store '${given}': no model was ever stored there; DNABERT_ENHANCER_CACHE=DIR dnabert-enhancer models get NAME does it" : null]
    def format = contentOf(models.resolve('store.json'))?.format
    if( format != 1 )
        return [folder: folder, models: [:], fault: given ? "--store '${given}': another version has written it" : null]
    def records = models.listFiles()
        .findAll { entry -> !entry.name.startsWith('.') }
        .collect { entry -> [path: entry, record: contentOf(entry.resolve('stored.json'))] }
        .findAll { one -> one.record?.format == 1 && one.record.name }
    return [folder: folder, models: records.collectEntries { one -> [(one.record.name.toString()): one.path] }, fault: null]
}

// The path of a folder when it exists, else null.
def folderAt(place) {
    try {
        def path = file(place, glob: false)
        return path.isDirectory() ? path : null
    }
    catch( Exception _problem ) {
        return null
    }
}

// Where the commands keep what was brought: as files/cache.py has it.
def cacheFolder() {
    if( env('DNABERT_ENHANCER_CACHE') )
        return env('DNABERT_ENHANCER_CACHE')
    def caches = env('XDG_CACHE_HOME') ?: (env('HOME') ? "${env('HOME')}/.cache" : null)
    return caches ? "${caches}/dnabert-enhancer" : null
}

// A JSON object, null where it cannot be read.
def contentOf(path) {
    try {
        return new groovy.json.JsonSlurper().parseText(path.getText('UTF-8'))
    }
    catch( Exception _problem ) {
        return null
    }
}
