"""The labelled sequences that the default model learns from, one function a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.sequence import join_kmers

WINDOW = 200
"""Length in bp of the model's windows: longer sequences are cropped around their centre."""
BINDING_WINDOW = 101
"""Length in bp of the transcription-factor sequences of the first stage."""
COLUMNS = ("source", "name", "chrom", "start", "label", "sequence")
HG19_CHR1_LENGTH = 249_250_621
_ADAPTOR = 15
_THIRD = 1 / 3
_LEAST_SAMPLES = 2


class Source(NamedTuple):
    """How a source is read, what its positives and negatives are, and its licence as stated."""

    read: Callable[[Path], pd.DataFrame]
    labels: str
    licence: str


def sequences_of(data: Path) -> pd.DataFrame:
    """Return the rows of all sources of 200-bp windows; columns `COLUMNS`, ``chrom`` empty if not known.

    Parameters
    ----------
    data : Path
        The folder with the shared data.
    """
    return pd.concat(
        [source.read(data).assign(source=name) for name, source in SOURCES.items()], ignore_index=True
    )


def binding_of(data: Path) -> pd.DataFrame:
    """Return the rows of the transcription-factor sets (101 bp, bound or not), for the first stage."""
    return pd.concat(
        [_gue(data, number).assign(source=f"gue_tf{number}") for number in range(5)], ignore_index=True
    )


def joint_library(data: Path) -> pd.DataFrame:
    """Return the joint lentiMPRA library: columns sequence (200 bp) and HepG2, K562, WTC11, log2(RNA/DNA)."""
    return pd.read_csv(data / "enhancers/lentimpra/joint_measured.tsv.gz", sep="\t").drop(columns="seq_id")


def designed_library(data: Path) -> pd.DataFrame:
    """Return DeepTFBU's reporter assay: columns sequence (168 bp) and activity in HepG2, as published."""
    path = data / "enhancers/deeptfbu/MPRA_exp_mean.tsv.gz"
    table = pd.read_csv(path, sep="\t", header=None, names=["sequence", "activity"])
    return table.groupby("sequence", sort=False, as_index=False).mean()


def promoters_of(data: Path) -> pd.DataFrame:
    """Return GUE's core promoters: columns sequence (70 bp around the start of transcription) and label."""
    return pd.read_csv(data / "enhancers/gue/prom/prom_core_all/train.csv.gz")


def davuluri_dev(data: Path) -> tuple[list[str], list[int]]:
    """Return the windows and labels of DNABERT-Enhancer's development sample; for evaluation only."""
    table = pd.read_csv(data / "enhancers/davuluri/dev.tsv", sep="\t")
    table.columns = [name.lower() for name in table.columns]
    return [centred(join_kmers(text)) for text in table["sequence"]], table["label"].tolist()


def centred(sequence: str, length: int = WINDOW) -> str:
    """Return the middle of a sequence, in upper case."""
    left = (len(sequence) - length) // 2
    return sequence[left : left + length].upper()


def _frame(
    names: Iterable[object],
    sequences: Iterable[str],
    labels: Iterable[int] | int,
    chroms: Iterable[str] | str = "",
    starts: Iterable[int] | int = -1,
    length: int = WINDOW,
) -> pd.DataFrame:
    """Return rows cropped to `length` bp around the centre; shorter sequences are left out."""
    frame = pd.DataFrame(
        {"name": [str(name) for name in names], "sequence": [text.upper() for text in sequences]}
    )
    frame["label"], frame["chrom"], frame["start"] = labels, chroms, starts
    lengths = frame["sequence"].str.len()
    frame = frame[lengths >= length].copy()
    left = (frame["sequence"].str.len() - length) // 2
    frame["sequence"] = [
        text[first : first + length] for text, first in zip(frame["sequence"], left, strict=True)
    ]
    frame.loc[frame["start"] >= 0, "start"] += left
    return frame


def _ienhancer(data: Path) -> pd.DataFrame:
    folder = data / "enhancers/ienhancer2L"
    parts = []
    for kind, label in (("enhancer", 1), ("non_enhancer", 0)):
        records = list(read_fasta(folder / f"original_{kind}_train.txt", unique_names=False))
        places = [_ienhancer_place(record.name) for record in records]
        parts.append(
            _frame(
                (f"{kind}_{number}" for number in range(len(records))),
                (record.sequence for record in records),
                label,
                [chrom for chrom, _ in places],
                [start for _, start in places],
            )
        )
    return pd.concat(parts)


def _ienhancer_place(header: str) -> tuple[str, int]:
    """Return contig and start of a header; all contigs, joined by commas, where it is ambiguous.

    Notes
    -----
    Some headers have lost their punctuation: ``rangechr1278319870-783938695pad0`` was
    ``range=chr12:78319870-78393869 5'pad=0``.
    """
    plain = re.fullmatch(r"chr(\w{1,2})_(\d+)_(\d+)", header, re.IGNORECASE)
    if plain:
        return f"chr{plain[1].upper()}", int(plain[2])
    broken = re.search(r"rangechr(\w+?)-(\d+)5pad", header, re.IGNORECASE)
    if not broken:
        return "unknown", -1
    digits, end = broken[1].upper(), int(broken[2])
    found = [
        (f"chr{digits[:cut]}", int(digits[cut:]))
        for cut in (1, 2)
        if digits[:cut] in {*map(str, range(1, 23)), "X", "Y"} and digits[cut:].isdigit()
    ]
    found = [(chrom, start) for chrom, start in found if start < min(end, HG19_CHR1_LENGTH)]
    if not found:
        return "unknown", -1
    return ",".join(chrom for chrom, _ in found), found[0][1] if len(found) == 1 else -1


def _davuluri(data: Path) -> pd.DataFrame:
    table = pd.read_csv(data / "enhancers/davuluri/Train.tsv", sep="\t")
    table.columns = [name.lower() for name in table.columns]
    return _frame(table.index, [join_kmers(text) for text in table["sequence"]], table["label"].tolist())


def _davuluri_sample(data: Path) -> pd.DataFrame:
    table = pd.read_csv(data / "enhancers/davuluri/Sample_Fine-tune_data_entries.csv")
    place = table["coordinate"].str.extract(r"(\w+):(\d+)-(\d+)")
    return _frame(
        table["coordinate"],
        table["sequence"],
        (table["class"] == "enhancer").astype(int).tolist(),
        place[0].tolist(),
        (place[1].astype(int) - 1).tolist(),
    )


def _nhlf(data: Path) -> pd.DataFrame:
    records = list(read_fasta(data / "enhancers/nhlf/NHLF_train.fa.gz"))
    return _frame(
        (record.name for record in records),
        (record.sequence for record in records),
        [int(record.name.startswith("Positive")) for record in records],
    )


def _dhs(data: Path) -> pd.DataFrame:
    parts = [
        pd.read_csv(data / f"enhancers/dhs/dhs_index_{kind}.tsv.gz", sep="\t")
        for kind in ("cancer", "cell_specifity")
    ]
    table = pd.concat(parts).drop_duplicates("dhs_id")
    table = table[table["numsamples"] >= _LEAST_SAMPLES]
    return _frame(table["dhs_id"], table["sequence"], 1, table["chr"].tolist(), table["start"].tolist())


def _lentimpra(data: Path, cell: str) -> pd.DataFrame:
    """Return the most and the least active third; the orientations are averaged, one is kept."""
    table = pd.read_csv(data / f"enhancers/lentimpra/val_{cell}.tsv.gz", sep="\t")
    table["element"] = table["seq_id"].str.replace(r"(_Reversed:|_F|_R)$", "", regex=True)
    activity = table.groupby("element")["mean_value"].transform("mean")
    table = table.assign(activity=activity).drop_duplicates("element")
    low, high = np.quantile(table["activity"], [_THIRD, 1 - _THIRD])
    table = table[(table["activity"] <= low) | (table["activity"] >= high)]
    inner = table["seq"].str.slice(_ADAPTOR, -_ADAPTOR)
    return _frame(table["element"], inner, (table["activity"] >= high).astype(int).tolist())


def _open_chromatin(data: Path) -> pd.DataFrame:
    table = pd.read_csv(data / "enhancers/genomic_benchmarks_seq/open_chromatin_train.tsv.gz", sep="\t")
    return _frame(table.index, table["seq"], table["label"].tolist())


def _regulatory(data: Path) -> pd.DataFrame:
    """Return Ensembl's enhancers (1) and open chromatin (2); promoters (0) are left out."""
    table = pd.read_csv(data / "enhancers/genomic_benchmarks_seq/regulatory_ensembl_train.tsv.gz", sep="\t")
    table = table[table["label"].isin((1, 2))]
    return _frame(table.index, table["seq"], 1)


def _gue(data: Path, number: int) -> pd.DataFrame:
    table = pd.read_csv(data / f"enhancers/gue/tf/{number}/train.csv.gz")
    return _frame(table.index, table["sequence"], table["label"].tolist(), length=BINDING_WINDOW)


SOURCES: dict[str, Source] = {
    "ienhancer": Source(_ienhancer, "ChromHMM enhancers of nine cell lines; other DNA", "MIT copy"),
    "davuluri": Source(_davuluri, "DNABERT-Enhancer's sample: enhancers; other DNA", "Apache-2.0"),
    "davuluri_sample": Source(
        _davuluri_sample, "DNABERT-Enhancer's sample: enhancers; other DNA", "none stated"
    ),
    "nhlf": Source(_nhlf, "NHLF enhancers; other DNA", "none stated"),
    "dhs_index": Source(_dhs, "DNase sites seen in two or more biosamples; no negatives", "ENCODE open data"),
    "lentimpra_hepg2": Source(
        lambda data: _lentimpra(data, "HepG2"),
        "most active third in a lentiviral reporter assay; least active third",
        "none stated (Agarwal 2025)",
    ),
    "lentimpra_wtc11": Source(
        lambda data: _lentimpra(data, "WTC11"),
        "most active third in a lentiviral reporter assay; least active third",
        "none stated (Agarwal 2025)",
    ),
    "open_chromatin": Source(_open_chromatin, "open chromatin; other DNA", "MIT"),
    "ensembl_regulatory": Source(_regulatory, "Ensembl enhancers and open chromatin; no negatives", "MIT"),
}
"""The sources with sequences of their own; the windows of the genome are in `genome_windows`."""
