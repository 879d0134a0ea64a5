"""Files of the motifs that were found in the regions themselves: MEME, a table, one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dnabert_enhancer.evaluation import drawing, write_figure
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.interpret.discovery import FoundMotif, meme_text, numbered
from dnabert_enhancer.interpret.logos import motif_figure
from dnabert_enhancer.interpret.tomtom import SimilarMotif

FOUND_COLUMNS = ("motif", "effect", "width", "sites", "p", "q", "words")
BEST_MATCH_COLUMNS = ("match", "match_p", "match_q", "match_offset", "match_overlap", "match_orientation")
NO_VALUE = "NA"


def table_text(value: object) -> str:
    """Return a value as the tables have it: numbers to six digits, ``NA`` for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NO_VALUE
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class FoundMotifFiles:
    """The files of found motifs, opened at once.

    ``PREFIX.motifs.meme``: MEME's minimal format, E being the q of the first word. ``PREFIX.motifs.tsv``:
    `FOUND_COLUMNS`, with a database `BEST_MATCH_COLUMNS`, too. ``PREFIX.motifs.png`` (150 dpi) and
    ``PREFIX.motifs.svg``, where there are motifs: their logos.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    """

    def __init__(self, out: OutputSet, prefix: str) -> None:
        self._out, self._prefix = out, prefix
        self._meme, self._table = (out.open_text(f"{prefix}.motifs.{ending}") for ending in ("meme", "tsv"))

    def write(self, motifs: Sequence[FoundMotif], best: Sequence[SimilarMotif] | None = None) -> None:
        """Write everything.

        Parameters
        ----------
        motifs : sequence of FoundMotif
        best : sequence of SimilarMotif, optional
            The motif of a database that resembles each most; none without a database.
        """
        self._meme.write(meme_text(motifs))
        columns = [*FOUND_COLUMNS, *(() if best is None else BEST_MATCH_COLUMNS)]
        self._table.write("\t".join(columns) + "\n")
        for number, (name, motif) in enumerate(numbered(motifs)):
            row = [name, motif.effect, len(motif.shares), motif.n_sites, motif.p, motif.q]
            row.append(",".join(motif.words) or None)
            row += [] if best is None else best[number][1:]
            self._table.write("\t".join(map(table_text, row)) + "\n")
        if motifs:
            with drawing():
                figure = motif_figure(motifs, best)
                for kind in ("png", "svg"):
                    write_figure(figure, self._out.path(f"{self._prefix}.motifs.{kind}"))
