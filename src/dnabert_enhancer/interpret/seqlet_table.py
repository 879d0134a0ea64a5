"""Seqlets of all regions, with q-values over them and their motifs, as tables and as files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.interpret.discovery import Discovered, FoundMotif, discover_motifs, numbered
from dnabert_enhancer.interpret.found_motif_files import NO_VALUE, FoundMotifFiles, table_text
from dnabert_enhancer.interpret.modisco import check_modisco, modisco_motifs
from dnabert_enhancer.interpret.motif_words import (
    ENRICHMENT_COLUMNS,
    MotifEnrichment,
    SeqletMotif,
    best_motifs,
)
from dnabert_enhancer.interpret.seqlets import Seqlet
from dnabert_enhancer.interpret.settings import Discovery
from dnabert_enhancer.interpret.tomtom import MATCH_COLUMNS, SimilarMotif, Tomtom
from dnabert_enhancer.variants import FalseDiscovery, MotifLibrary, run_matches

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.interpret.attributions import Attributions, Explained

SEQLET_COLUMNS = ("name", "chrom", "start", "end", "sum", "p", "q")
MOTIF_COLUMNS = ("motif", "motif_start", "motif_end", "motif_strand", "motif_p", "motif_q")
_HIGHEST_SCORE = 1000


class RegionSeqlets(NamedTuple):
    """The seqlets of a region.

    Attributes
    ----------
    region : Explained
    seqlets : list of Seqlet
        By start.
    q : list of float
        Of each, over all seqlets of all regions.
    motifs : list of (SeqletMotif or None)
        Of each; none where no motif fits, and without motifs.
    """

    region: Explained
    seqlets: list[Seqlet]
    q: list[float]
    motifs: list[SeqletMotif | None]

    def rows(self) -> Iterator[tuple[str, str, int, int, float, float, float]]:
        """Yield the values of `SEQLET_COLUMNS`."""
        region = self.region
        for one, q in zip(self.seqlets, self.q, strict=True):
            place = (region.name, region.contig, region.start + one.start, region.start + one.end)
            yield (*place, one.sum, one.p, q)

    def similar_motifs(self, tomtom: Tomtom) -> Iterator[list[SimilarMotif]]:
        """Yield the motifs that resemble the letters of each seqlet; see `Tomtom.matches`."""
        region = self.region
        for one in self.seqlets:
            name = f"{region.name}:{region.start + one.start}-{region.start + one.end}"
            yield tomtom.matches(name, np.eye(4)[region.codes[one.start : one.end]])

    def motif_rows(self) -> Iterator[tuple[str, int, int, str, float, float] | None]:
        """Yield the values of `MOTIF_COLUMNS`, or nothing."""
        for one in self.motifs:
            if one is None:
                yield None
            else:
                start, end = self.region.start + one.start, self.region.start + one.end
                yield (one.name, start, end, one.strand, one.p, one.q)


def seqlets_of_regions(
    found: Attributions, library: MotifLibrary | None = None, enrichment: MotifEnrichment | None = None
) -> Iterator[RegionSeqlets]:
    """Yield each region with its seqlets, in order.

    Memory does not grow with the number of regions: they are read twice, first for the p-values alone.

    Parameters
    ----------
    found : Attributions
    library : MotifLibrary, optional
        For the motifs of the seqlets.
    enrichment : MotifEnrichment, optional
        Of the same library; counts every region.
    """
    test, discovery = found.seqlet_test, FalseDiscovery()
    for region in found:
        discovery.add(np.array([seqlet.p for seqlet in test.seqlets(region.importance)]))
    discovery.finish()
    for region in found:
        seqlets = test.seqlets(region.importance)
        q = discovery.q_values(np.array([seqlet.p for seqlet in seqlets]))
        motifs: list[SeqletMotif | None] = [None] * len(seqlets)
        if library is not None and seqlets:
            matches = run_matches(library, region.codes, [(one.start, one.end) for one in seqlets])
            motifs = best_motifs(matches)
            if enrichment is not None:
                enrichment.add(region.importance, region.codes, seqlets, matches)
        yield RegionSeqlets(region, seqlets, q.tolist(), motifs)


def seqlet_frame(found: Attributions, library: MotifLibrary | None = None) -> pd.DataFrame:
    """Return one row per seqlet: `SEQLET_COLUMNS`, with motifs `MOTIF_COLUMNS`, too."""
    import pandas as pd

    columns = [*SEQLET_COLUMNS, *(MOTIF_COLUMNS if library is not None else ())]
    rows = []
    for of_region in seqlets_of_regions(found, library):
        for row, motif in zip(of_region.rows(), of_region.motif_rows(), strict=True):
            more = motif or (None, None, None, None, np.nan, np.nan)
            rows.append((*row, *(more if library is not None else ())))
    kinds: dict[str, Any] = {"name": str, "chrom": str, "start": np.int64, "end": np.int64}
    kinds |= {"sum": np.float64, "p": np.float64, "q": np.float64}
    if library is not None:
        kinds |= {"motif": "string", "motif_start": "Int64", "motif_end": "Int64", "motif_strand": "string"}
        kinds |= {"motif_p": np.float64, "motif_q": np.float64}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def enrichment_frame(found: Attributions, library: MotifLibrary) -> pd.DataFrame:
    """Return one row per motif: `ENRICHMENT_COLUMNS`."""
    import pandas as pd

    enrichment = MotifEnrichment(library)
    for _ in seqlets_of_regions(found, library, enrichment):
        pass
    return pd.DataFrame(enrichment.rows(), columns=list(ENRICHMENT_COLUMNS))


def match_frame(
    found: Attributions, library: MotifLibrary, motifs: Sequence[FoundMotif] | None = None
) -> pd.DataFrame:
    """Return one row per motif of a database that resembles a seqlet, or a found motif: `MATCH_COLUMNS`."""
    import pandas as pd

    tomtom = Tomtom(library.content)
    if motifs is None:
        matches = (one for of in seqlets_of_regions(found) for one in of.similar_motifs(tomtom))
    else:
        matches = (tomtom.matches(name, motif.shares) for name, motif in numbered(motifs))
    frame = pd.DataFrame([row for rows in matches for row in rows], columns=list(MATCH_COLUMNS))
    kinds = (str, str, np.float64, np.float64, np.int64, np.int64, str)
    return frame.astype(dict(zip(MATCH_COLUMNS, kinds, strict=True)))


def found_motifs(found: Attributions, way: Discovery, threads: int = 1) -> Discovered:
    """Return the motifs of the regions; see `discover_motifs` and `modisco_motifs`."""
    if way is Discovery.MODISCO:
        return modisco_motifs(*found.arrays(), threads)
    test = found.seqlet_test

    def regions() -> Iterator[tuple[NDArray[np.uint8], list[Seqlet]]]:
        for region in found:
            yield region.codes, test.seqlets(region.importance)

    motifs = discover_motifs(regions(), regions(), int(found.settings.get("seed", 0)))
    return Discovered(motifs)


class SeqletFiles:
    """The files of seqlets and of motifs found, opened at once.

    ``PREFIX.seqlets.bed.gz``, bgzip: contig, start, end (0-based, half-open), name of the region, ``-100
    log10 p`` up to 1000, ``.``, sum of the importance, p, q; with motifs `MOTIF_COLUMNS`, too.
    ``PREFIX.motif_enrichment.tsv``, with motifs: `ENRICHMENT_COLUMNS`. ``PREFIX.motif_matches.tsv``, with
    motifs: `MATCH_COLUMNS`, of the seqlets and then of the motifs that are found without a database, whose
    files `FoundMotifFiles` writes where asked for. Without seqlets the first two are left out.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    library : MotifLibrary, optional
    discover : {"kmers", "modisco"}, optional
        How to find motifs without a database; default: not.
    seqlets : bool
        Whether there are any: shuffled sequence was explained.
    threads : int
        Of TF-MoDISco.

    Raises
    ------
    InputError
        modisco-lite is asked for and not installed.
    """

    def __init__(
        self,
        out: OutputSet,
        prefix: str,
        library: MotifLibrary | None = None,
        *,
        discover: Discovery | None = None,
        seqlets: bool = True,
        threads: int = 1,
    ) -> None:
        if discover is Discovery.MODISCO:
            check_modisco()
        self._discover, self._threads = discover, threads
        self._found = FoundMotifFiles(out, prefix) if discover else None
        self._library = library
        self._bed = out.open_text(f"{prefix}.seqlets.bed.gz") if seqlets else None
        if library is not None:
            self._tomtom = Tomtom(library.content)
            self._matches = out.open_text(f"{prefix}.motif_matches.tsv")
            if seqlets:
                self._table = out.open_text(f"{prefix}.motif_enrichment.tsv")

    def write(self, found: Attributions) -> dict[str, int]:
        """Write everything; return how many seqlets there are, how many in shuffled sequence, and motifs."""
        if self._library is not None:
            self._matches.write("\t".join(MATCH_COLUMNS) + "\n")
        counts = {} if self._bed is None else self._write_seqlets(found, self._bed)
        if self._found is not None and self._discover is not None:
            motifs, enough = found_motifs(found, self._discover, self._threads)
            counts |= {"motifs_found": len(motifs), **({} if enough else {"too_few_seqlets_for_modisco": 1})}
            best = None
            if self._library is not None:
                similar = [self._tomtom.matches(name, motif.shares) for name, motif in numbered(motifs)]
                for matches in similar:
                    self._write_matches(matches)
                best = [matches[0] for matches in similar]
            self._found.write(motifs, best)
        return counts

    def _write_seqlets(self, found: Attributions, bed: IO[str]) -> dict[str, int]:
        library = self._library
        enrichment = None if library is None else MotifEnrichment(library)
        number = 0
        for of_region in seqlets_of_regions(found, library, enrichment):
            number += len(of_region.seqlets)
            for row, motif in zip(of_region.rows(), of_region.motif_rows(), strict=True):
                name, contig, start, end, total, p, q = row
                score = min(_HIGHEST_SCORE, round(-100 * math.log10(p)))
                fields = [contig, start, end, name, score, ".", total, p, q]
                if library is not None:
                    fields += motif or [NO_VALUE] * len(MOTIF_COLUMNS)
                bed.write("\t".join(map(table_text, fields)) + "\n")
            if library is not None:
                for matches in of_region.similar_motifs(self._tomtom):
                    self._write_matches(matches)
        if enrichment is not None:
            self._table.write("\t".join(ENRICHMENT_COLUMNS) + "\n")
            self._table.writelines("\t".join(map(table_text, row)) + "\n" for row in enrichment.rows())
        return {"seqlets": number, "seqlets_of_shuffles": found.seqlet_test.null_seqlets}

    def _write_matches(self, matches: Sequence[SimilarMotif]) -> None:
        self._matches.writelines("\t".join(map(table_text, row)) + "\n" for row in matches)
