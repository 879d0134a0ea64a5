"""Windows of the permitted reference pieces: enhancers by annotation, and windows that nothing marks."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.sequence import encode_bases, unknown_fraction, windows_at

STRIDE = 100
HALF = 0.5
DEMO_END = 300_000
"""hg38 chr16 before this place is the demo's locus and is left out."""
_BOTH_DNASE = ("dnase_gm12878", "dnase_k562")
_ENHANCER_STATES = range(9, 19)
_REGULATORY_STATES = (*range(1, 5), *range(9, 20), 22, 23)
_HG19 = "annotation/hg19"


class Piece(NamedTuple):
    """A stretch of a reference: file, record, contig, assembly and the place from which it is used."""

    path: str
    record: str
    chrom: str
    assembly: str
    first: int


PIECES = (
    Piece("reference/hg38_4chr_prefixes.fa.gz", "chr2", "chr2", "hg38", 0),
    Piece("reference/hg38_4chr_prefixes.fa.gz", "chr16", "chr16", "hg38", DEMO_END),
    Piece("reference/GRCh37_chr17_1-1000000.fa.gz", "17", "chr17", "hg19", 0),
)
TRACKS: dict[str, tuple[str, str]] = {
    "dnase_gm12878": ("hg19", f"{_HG19}/wgEncodeAwgDnaseUwdukeGm12878UniPk.narrowPeak.gz"),
    "dnase_k562": ("hg19", f"{_HG19}/wgEncodeAwgDnaseUwdukeK562UniPk.narrowPeak.gz"),
    "h3k27ac_gm12878": ("hg19", f"{_HG19}/wgEncodeBroadHistoneGm12878H3k27acStdPk.broadPeak.gz"),
    "p300_gm12878": ("hg19", f"{_HG19}/wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz"),
    "p300_k562": ("hg19", f"{_HG19}/wgEncodeAwgTfbsBroadK562P300UniPk.narrowPeak.gz"),
    "blacklist": ("hg19", "annotation/hg19-blacklist.v2.bed.gz"),
    "fantom5": ("hg38", "annotation/F5.hg38.enhancers.bed.gz"),
    "promoter_like": ("hg38", "annotation/cCREv4_PLS.hg38.bed.gz"),
    "ctcf": ("hg38", "annotation/cCREv4_CA-CTCF.hg38.bed.gz"),
    "proximal_enhancer_like": ("hg38", "databases/cCRE_pELS_nearest_gene.bed.gz"),
    "cpg_island": ("hg19", "databases/CpG_islands_hg19.bed.gz"),
}
"""Annotation by name: assembly and file. ChromHMM states and Ensembl's enhancers are read apart."""
EVALUATION_TRACKS = ("p300_gm12878", "p300_k562")
"""Tracks that take no part in the labels."""
_NO_MARKS = ("chrom", "start", "sequence", "cpg_island")
"""Columns of a table of windows that do not say whether a window is marked."""
_CHAINS = {"hg38": "reference/GRCh38_to_GRCh37.chain.gz", "hg19": "reference/GRCh37_to_GRCh38.chain.gz"}
_CHROMHMM = f"{_HG19}/E116_GM12878_25state_imputed12marks.bed.gz"
_ENSEMBL = "enhancers/genomic_benchmarks/human_enhancers_ensembl/{}/positive.csv.gz"


def genome_windows(data: Path) -> pd.DataFrame:
    """Return labelled windows of all pieces: columns source, name, chrom, start, label, sequence.

    Notes
    -----
    Positive: half of the window lies in a FANTOM5 or Ensembl enhancer; or in a GM12878 ChromHMM enhancer
    state and a DNase peak of GM12878; or in a proximal enhancer-like cCRE and a DNase peak of GM12878 or
    K562; or in a K562 DNase peak away from promoter-like and CTCF elements. Negative: not one base of the
    window in any of the tracks, nor in a regulatory ChromHMM state. Everything else, and the ENCODE
    blacklist, is left out.
    """
    parts = []
    for piece in PIECES:
        table = window_shares(data, piece, STRIDE)
        in_dnase = table[list(_BOTH_DNASE)].max(axis=1) >= HALF
        positive = (
            (table[["fantom5", "ensembl"]].max(axis=1) >= HALF)
            | ((table["chromhmm_enhancer"] >= HALF) & (table["dnase_gm12878"] >= HALF))
            | ((table["proximal_enhancer_like"] >= HALF) & in_dnase)
            | ((table["dnase_k562"] >= HALF) & (table[["promoter_like", "ctcf"]].max(axis=1) < 0.1))
        ) & (table["blacklist"] == 0)
        negative = unmarked(table.drop(columns=list(EVALUATION_TRACKS)))
        table = table[positive | negative].assign(label=positive[positive | negative].astype(int))
        parts.append(table[["chrom", "start", "label", "sequence"]])
    windows = pd.concat(parts, ignore_index=True).assign(source="genome")
    windows["name"] = windows["chrom"] + ":" + windows["start"].astype(str)
    return windows


def unmarked(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which windows of a table of shares no track touches; islands of CpG are no mark."""
    marks = table.columns.difference(list(_NO_MARKS))
    return (table[list(marks)].max(axis=1) == 0).to_numpy()


def window_shares(data: Path, piece: Piece, stride: int) -> pd.DataFrame:
    """Return the windows of a piece (chrom, start, sequence), and how much of each every track covers."""
    record = next(item for item in read_fasta(data / piece.path) if item.name == piece.record)
    codes = encode_bases(record.sequence)
    from_other = _from_other(data, piece, len(codes))
    starts = np.arange(piece.first, len(codes) - 200, stride)
    starts = starts[unknown_fraction(codes, starts, 200) == 0]

    def share(assembly: str, regions: pd.DataFrame) -> NDArray[np.float64]:
        return _share(starts, regions, from_other, same_assembly=assembly == piece.assembly)

    windows = windows_at(codes, starts, 200)
    table = pd.DataFrame({"chrom": piece.chrom, "start": starts, "sequence": _letters(windows)})
    for name, (assembly, path) in TRACKS.items():
        table[name] = share(assembly, _bed(data / path, piece.chrom))
    states = _bed(data / _CHROMHMM, piece.chrom, 4)
    number = states[3].str.split("_").str[0].astype(int)
    for name, wanted in (
        ("chromhmm_enhancer", _ENHANCER_STATES),
        ("chromhmm_regulatory", _REGULATORY_STATES),
    ):
        table[name] = share("hg19", states[number.isin(list(wanted))])
    ensembl = pd.concat([pd.read_csv(data / _ENSEMBL.format(part)) for part in ("train", "test")])
    ensembl = ensembl[ensembl["region"] == piece.chrom].rename(columns={"start": 1, "end": 2})
    table["ensembl"] = share("hg38", ensembl)
    return table


def share_in_regions(
    data: Path, piece: Piece, starts: NDArray[np.int64], regions: pd.DataFrame
) -> NDArray[np.float64]:
    """Return how much of each window of 200 bp of a piece lies in regions of hg38.

    Parameters
    ----------
    data : Path
    piece : Piece
    starts : int64[n]
        Where the windows begin, 0-based.
    regions : DataFrame
        Of the piece's contig: columns 1 and 2 are start (0-based) and end.
    """
    record = next(item for item in read_fasta(data / piece.path) if item.name == piece.record)
    from_other = _from_other(data, piece, len(record.sequence))
    return _share(starts, regions, from_other, same_assembly=piece.assembly == "hg38")


def _from_other(data: Path, piece: Piece, length: int) -> NDArray[np.int64]:
    return positions_in_other_assembly(data / _CHAINS[piece.assembly], piece.chrom, length)


def _share(
    starts: NDArray[np.int64],
    regions: pd.DataFrame,
    from_other: NDArray[np.int64],
    *,
    same_assembly: bool,
) -> NDArray[np.float64]:
    """Return how much of each window of 200 bp lies in regions."""
    if same_assembly:
        flags = _covered(regions, len(from_other))
    else:
        covered = _covered(regions, int(from_other.max()) + 1)
        flags = np.where(from_other >= 0, covered[np.maximum(from_other, 0)], False)
    sums = np.concatenate([[0], np.cumsum(flags)])
    return (sums[starts + 200] - sums[starts]) / 200


def positions_in_other_assembly(chain: Path, chrom: str, length: int) -> NDArray[np.int64]:
    """Return for each of the first `length` bases of a contig its 0-based place in the other assembly, or -1.

    Only chains of the same contig on the forward strand are followed; the first (best) that covers a base
    counts.
    """
    contig = chrom.removeprefix("chr")
    places = np.full(length, -1, dtype=np.int64)
    here = there = -1
    with gzip.open(chain, "rt") as lines:
        for line in lines:
            fields = line.split()
            if fields and fields[0] == "chain":
                same = fields[2] == contig and fields[7] == contig and fields[4] == fields[9] == "+"
                here, there = (int(fields[5]), int(fields[10])) if same else (-1, -1)
            elif fields and 0 <= here < length:
                size = int(fields[0])
                block = places[here : here + size]
                block[block < 0] = np.arange(there, there + len(block))[block < 0]
                if len(fields) == 3:
                    here, there = here + size + int(fields[1]), there + size + int(fields[2])
                else:
                    here = -1
    return places


def _bed(path: Path, chrom: str, columns: int = 3) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", header=None, comment="#", usecols=range(columns))
    return table[table[0] == chrom]


def _covered(regions: pd.DataFrame, length: int) -> NDArray[np.bool_]:
    """Return which of the first `length` bases lie in a region."""
    steps = np.zeros(length + 1, dtype=np.int32)
    np.add.at(steps, np.minimum(regions[1].to_numpy(), length), 1)
    np.add.at(steps, np.minimum(regions[2].to_numpy(), length), -1)
    return np.cumsum(steps)[:length] > 0


def _letters(windows: NDArray[np.uint8]) -> list[str]:
    text = np.frombuffer(b"ACGTN", dtype=np.uint8)[windows].tobytes().decode()
    length = windows.shape[1]
    return [text[first : first + length] for first in range(0, len(text), length)]
