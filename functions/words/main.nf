// Values and names in messages.

// A value for a message: in quotes, not longer than a line, control characters visible.
def quoted(text) {
    def shown = text.toString().replaceAll(/\p{Cntrl}/, '?')
    return "'${shown.size() > 80 ? shown.take(80) + '…' : shown}'"
}

def didYouMean(word, known) {
    if( word.toString().size() > 100 )
        return ''
    def best = known.min { name -> editDistance(word.toString().toLowerCase(), name) }
    return best && editDistance(word.toString().toLowerCase(), best) <= Math.max(2, best.size().intdiv(3)) ? " (did you mean ${best}?)" : ''
}

// Letters to insert, delete or replace between two words (Levenshtein).
def editDistance(one, other) {
    def first = (0..other.size()).toList()
    return one.toList().withIndex(1).inject(first) { before, letter ->
        other.toList().withIndex(1).inject([letter[1]]) { now, wanted ->
            def column = wanted[1]
            now + [[now[column - 1] + 1, before[column] + 1, before[column - 1] + (letter[0] == wanted[0] ? 0 : 1)].min()]
        }
    }.last()
}
