"""Reads genes: BED, and GTF or GFF3 of Ensembl, GENCODE, NCBI and others."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_text_lines
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.regions import read_regions, region_frame

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)
_COLUMNS: Final = 9
_STRANDS: Final = ("+", "-", ".", "?")
# possessive, so that the time grows with the length of a line and not with its square
_ATTRIBUTE = re.compile(r'\s*+([^\s=;"]++)(?:\s*+=\s*+|\s++)(?:"((?:[^"\\]|\\.)*+)"|([^;"]*+))\s*+(?:;|$)')
_NAMES: Final = ("gene_name", "Name", "gene", "gene_id", "ID")
_GENES: Final = frozenset({"gene", "pseudogene"})
_REMEDY: Final = (
    "give BED with names and strands, or GTF or GFF3 with lines of genes (type gene, pseudogene, ..._gene, "
    "or ID=gene:...), as Ensembl, GENCODE and NCBI have them"
)


class _Feature(NamedTuple):
    """A line of GTF or GFF3."""

    contig: str
    start: int
    end: int
    kind: str
    strand: str
    attributes: Mapping[str, str]

    @property
    def is_gene(self) -> bool:
        """Whether this is a gene, and not a part or product of one."""
        if self.kind in _GENES or self.attributes.get("ID", "").startswith("gene:"):
            return True
        return self.kind.endswith(("_gene", "_pseudogene")) and "Parent" not in self.attributes

    @property
    def name(self) -> str:
        """The gene's symbol, else its identifier, ``.`` for none."""
        found = next((self.attributes[key] for key in _NAMES if self.attributes.get(key)), ".")
        return found.removeprefix("gene:").removeprefix("gene-")


def read_genes(
    path: str | os.PathLike[str], names: ContigNames | None = None, *, holder: str = ""
) -> pd.DataFrame:
    """Return the genes of a file, in its order.

    Parameters
    ----------
    path : str or path
        BED (4 columns or more; also with the strand in column 5), GTF or GFF3, told apart by the first line;
        plain or gzip. Of GTF and GFF3 the features of type ``gene``, ``pseudogene`` and ``..._gene``
        (Ensembl's ``ncRNA_gene``) are genes, and those whose identifier says so (``ID=gene:``). How many of
        which type were kept and left out is logged.
    names : ContigNames, optional
        Of the genome: contigs get its names, and genes on others are left out, with a warning.
    holder : str
        What else the names are of, such as a data set: it need not have all contigs, so nothing is said.

    Returns
    -------
    DataFrame
        ``chrom`` (categories of str), ``start`` and ``end`` (int64, 0-based, half-open), ``name`` (``.`` for
        none) and ``strand`` (``+``, ``-`` or ``.``).

    Raises
    ------
    InputError
        No gene; none on a contig of the genome; a line that cannot be read.
    """
    source = describe_source(path)
    lines = read_text_lines(path)
    first = next((line for _, line in lines if line and not line.startswith(("#", "track", "browser"))), "")
    frame = _of_gff(path, source) if _is_gff(first) else _of_bed(path, source)
    if not len(frame):
        raise InputError("no gene was found", source=source, remedy=_REMEDY)
    if names is None:
        return frame
    return _on_contigs(frame, names, source, holder)


def transcription_starts(genes: pd.DataFrame) -> NDArray[np.int64]:
    """Return where genes start to be transcribed, 0-based: the last base on ``-``, else the first."""
    start, end = genes["start"].to_numpy(), genes["end"].to_numpy()
    return np.where(genes["strand"] == "-", np.maximum(end - 1, start), start)


def _is_gff(line: str) -> bool:
    columns = line.split("\t")
    return len(columns) >= _COLUMNS and columns[3].isdigit() and columns[6] in _STRANDS


def _of_gff(path: str | os.PathLike[str], source: str) -> pd.DataFrame:
    kept: Counter[str] = Counter()
    left: Counter[str] = Counter()
    rows: list[tuple[str, int, int, str, str]] = []
    for feature in _features(path, source):
        if feature.is_gene:
            kept[feature.kind] += 1
            strand = feature.strand if feature.strand in "+-" else "."
            rows.append((feature.contig, feature.start, feature.end, feature.name, strand))
        else:
            left[feature.kind] += 1
    if not rows:
        raise InputError(
            f"no gene was found: the types are {_counted(left) or 'none'}", source=source, remedy=_REMEDY
        )
    _log.info(
        "%s: %d genes (%s); features of other types left out: %s",
        source,
        len(rows),
        _counted(kept),
        _counted(left) or "none",
    )
    chrom, start, end, name, strands = zip(*rows, strict=True)
    return region_frame(chrom, start, end, name=name, strand=strands)


def _features(path: str | os.PathLike[str], source: str) -> Iterator[_Feature]:
    for number, line in read_text_lines(path):
        if line.startswith("##FASTA"):
            return
        if line.startswith("#") or not line.strip():
            continue
        columns = line.split("\t")
        place = f"line {number}"
        if len(columns) < _COLUMNS:
            raise InputError(
                f"{len(columns)} columns where GTF and GFF3 have {_COLUMNS}",
                source=source,
                location=place,
                remedy="separate the columns by tabs",
            )
        start, end = columns[3], columns[4]
        is_place = all(text.isascii() and text.isdigit() and len(text) <= 18 for text in (start, end))
        if not is_place or not 1 <= int(start) <= int(end):
            raise InputError(
                f"start {start[:20]!r} and end {end[:20]!r} are not positions",
                source=source,
                location=place,
                remedy="GTF and GFF3 have 1-based starts and ends",
            )
        yield _Feature(columns[0], int(start) - 1, int(end), columns[2], columns[6], _attributes(columns[8]))


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of a GTF line, or of a GFF3 line with its escapes undone."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if match := _ATTRIBUTE.match(text, at):
            key, quoted, plain = match.groups(default="")
            found[key] = quoted or unquote(plain).strip()
            at = match.end()
        else:
            at = text.find(";", at) + 1 or len(text)
    return found


def _of_bed(path: str | os.PathLike[str], source: str) -> pd.DataFrame:
    frame = read_regions(path, further={"fifth": 4}).frame
    if not len(frame):
        return frame
    fifth = frame.pop("fifth")
    if (frame["strand"] == ".").all() and fifth.isin(["+", "-"]).all():
        frame["strand"] = fifth.to_numpy(dtype=object)
    unknown = int((frame["strand"] == ".").sum())
    _log.info(
        "%s: %d genes%s",
        source,
        len(frame),
        f", {unknown} without a strand: they start at their first base" if unknown else "",
    )
    return frame[["chrom", "start", "end", "name", "strand"]]


def _on_contigs(frame: pd.DataFrame, names: ContigNames, source: str, holder: str) -> pd.DataFrame:
    counts = {str(name): int(count) for name, count in frame["chrom"].value_counts(sort=False).items()}
    held = holder or "the genome"
    names.check_shared(counts, source, "genes", "are left out", holder=held, is_part=bool(holder))
    own = {name: names.resolve(name) for name in counts}
    contigs = [own[name] for name in frame["chrom"].tolist()]
    is_there = np.array([contig is not None for contig in contigs], dtype=bool)
    kept = frame[is_there].reset_index(drop=True)
    chrom = [contig for contig in contigs if contig is not None]
    return region_frame(chrom, kept["start"], kept["end"], name=kept["name"], strand=kept["strand"])


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(8))
