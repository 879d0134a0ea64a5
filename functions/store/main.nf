// The store of models that were brought by name (dnabert-enhancer models get): what is in it, and what MODELS_GET brings into it. Tasks get its folders as files, and need no network.
include { contentOf } from '../files'

// [folder, models: name to path, catalogue: name to type, place: where models that are brought in this run come to lie, null where none may be, fault] of the
// cache folder that is given, or else that of the commands: the same variables tell it. A stub's models lie in its work folder.
def openStore(given, brings) {
    def folder = given ?: cacheFolder()
    def store = [folder: folder, models: [:], catalogue: catalogueTypes(), place: null, fault: null]
    def found = folder ? folderAt(folder.toString()) : null
    if( given && !found )
        return store + [fault: "--store '${given}': there is no such folder"]
    // the cache folder, or the folder models in it
    def models = found ? [found.resolve('models'), found].find { one -> one.resolve('store.json').exists() } : null
    def place = !brings || !folder ? null : workflow.stubRun ? workflow.workDir.resolve('stub-store') : models ?: file(folder.toString(), glob: false).resolve('models')
    if( !models )
        return store + [place: place, fault: given && !place ? "--store '${given}': no model was ever stored there; DNABERT_ENHANCER_CACHE=DIR dnabert-enhancer models get NAME does it" : null]
    if( contentOf(models.resolve('store.json'))?.format != 1 )
        return store + [fault: given ? "--store '${given}': another version has written it" : null]
    def records = models.listFiles()
        .findAll { entry -> !entry.name.startsWith('.') }
        .collect { entry -> [path: entry, record: contentOf(entry.resolve('stored.json'))] }
        .findAll { one -> one.record?.format == 1 && one.record.name }
    return store + [place: place, models: records.collectEntries { one -> [(one.record.name.toString()): one.path] }]
}

// Why nothing can be written where models that are brought come to lie, null where it can be.
def faultOfPlace(place) {
    return isWritable(place) ? null : "the store (${place}) cannot be written: name another folder by --store, or bring the models before the run where it can be: dnabert-enhancer models get"
}

// Whether a folder can be written, or made; of storage that does not tell it is taken to be so.
def isWritable(place) {
    if( place.fileSystem != java.nio.file.FileSystems.default )
        return true
    return place.exists() || !place.parent ? java.nio.file.Files.isWritable(place) : isWritable(place.parent)
}

// Puts a folder of a model that was brought into the store, whole or not at all; returns its path there.
def stored(folder, store) {
    def target = store.place.resolve(folder.name)
    if( !target.exists() ) {
        store.place.mkdirs()
        def format = store.place.resolve('store.json')
        if( !format.exists() )
            format.text = '{"format": 1}\n'
        def beside = store.place.resolve(".${folder.name}.new")
        if( beside.exists() )
            beside.deleteDir()
        folder.copyTo(beside)
        beside.renameTo(target)
    }
    return target
}

// The models of the suite's catalogue, name to type.
def catalogueTypes() {
    def catalogue = contentOf(file("${moduleDir}/../../src/dnabert_enhancer/catalogue/models.json"))
    return catalogue.models
        .collect { entry -> (catalogue.groups[entry.group] ?: [:]) + entry }
        .collectEntries { entry -> [(entry.name.replace('{member}', entry.member ?: '').toString()): entry.type] }
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
