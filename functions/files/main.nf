// What a file or folder is.

// A JSON object, null where it cannot be read.
def contentOf(path) {
    try {
        return new groovy.json.JsonSlurper().parseText(path.getText('UTF-8'))
    }
    catch( Exception _problem ) {
        return null
    }
}

// Whether a path is a folder; files of web servers are not, and these are not asked.
def isFolder(path) {
    return !(path.toUri().scheme in ['http', 'https', 'ftp']) && path.isDirectory()
}
