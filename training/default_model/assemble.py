"""From the sources to the data sets: contigs held out, leaks removed, genome negatives chosen by GC."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from genome_windows import genome_windows
from numpy.typing import NDArray
from reserved import FORBIDDEN_CONTIGS, TEST_CONTIGS, reserved_sequences
from sources import binding_of, sequences_of

from dnabert_enhancer.dataset import (
    COLUMNS,
    SPLIT_NAMES,
    LeakRule,
    digest_of,
    leaks_between,
    shared_kmers,
    table_lines,
)
from dnabert_enhancer.files import OutputSet

LABEL_NAMES = ("other", "enhancer")
RULE = LeakRule(k=40, ignore_repeats=False)
GC_BINS = 50
GC_MATCHED = 0.5
"""Genome windows with the same GC for each positive of a source without negatives (DNase sites, genome)."""
GENOME_LIKE = 2.0
"""Genome windows with the GC of the whole human genome for each such positive."""
GENOME_GC = (0.41, 0.085)
"""Mean and deviation of the GC of 200-bp windows of the human genome that `GENOME_LIKE` aims at."""
BINDING_SHARE = 6_000
"""Training rows of the first stage that the second keeps, so that it does not forget them."""
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def assemble(data: Path, output: Path, seed: int) -> dict[str, Path]:
    """Write the data sets of both stages and return their folders by stage: ``binding`` and ``enhancer``.

    Parameters
    ----------
    data : Path
        The folder with the shared data.
    output : Path
        Gets a folder a stage.
    seed : int
        Of the choice of negatives.
    """
    rows = pd.concat([sequences_of(data), genome_windows(data), binding_of(data)], ignore_index=True)
    counts: dict[str, Any] = {"read": _counts(rows)}
    rows["split"] = [
        split_of(chrom, start, text, source == "genome")
        for chrom, start, text, source in zip(
            rows["chrom"], rows["start"], rows["sequence"], rows["source"], strict=True
        )
    ]
    rows = rows[(rows["split"] != "") & ~rows["sequence"].str.contains("[^ACGT]")]
    rows = rows[~canonical(rows["sequence"]).duplicated()]
    counts["permitted_contigs_and_distinct"] = _counts(rows)
    rows, counts["sharing_a_40mer_with"] = without_reserved(rows, data)
    splits = {name: rows[rows["split"] == name] for name in SPLIT_NAMES}
    report = leaks_between({name: part["sequence"].tolist() for name, part in splits.items()}, RULE)
    splits = {name: part[~report.offenders[name]] for name, part in splits.items()}
    counts["sharing_a_40mer_with_a_later_split"] = {
        name: int(flags.sum()) for name, flags in report.offenders.items()
    }
    rng = np.random.default_rng(seed)
    is_binding = {name: part["source"].str.startswith("gue_tf") for name, part in splits.items()}
    binding = {name: _shuffled(part[is_binding[name]], rng) for name, part in splits.items()}
    enhancer = {
        name: _shuffled(_balanced(part[~is_binding[name]], rng), rng) for name, part in splits.items()
    }
    kept = binding["train"].head(BINDING_SHARE)
    enhancer["train"] = _shuffled(pd.concat([enhancer["train"], kept]), rng)
    note = {"seed": seed, "leak_rule": RULE.describe(), "counts": counts}
    return {
        "binding": write_dataset(output / "binding", binding, ("unbound", "bound"), note),
        "enhancer": write_dataset(output / "enhancer", enhancer, LABEL_NAMES, note),
    }


def split_of(chrom: str, start: int, sequence: str, in_genome: bool) -> str:
    """Return the split of a row, or an empty string where it must not be used.

    Notes
    -----
    Test: contigs 11 and 17. Validation: contig 7, contig 10 before 20 Mb, and of the genome windows chr2
    before 0.6 Mb. Rows without a place are dealt by a hash of their sequence, the same for both strands:
    12 % test, 8 % validation. A place that can be read in several ways must come
    to the same split in all of them.
    """
    if not chrom:
        part = zlib.crc32(min(sequence, sequence.translate(_COMPLEMENT)[::-1]).encode()) % 100
        return "test" if part >= 88 else "validation" if part >= 80 else "train"
    found = {_split_of_place(name, start, in_genome) for name in chrom.split(",")}
    return found.pop() if len(found) == 1 else ""


def _split_of_place(chrom: str, start: int, in_genome: bool) -> str:
    if chrom in FORBIDDEN_CONTIGS or chrom == "unknown":
        return ""
    if chrom in TEST_CONTIGS:
        return "test"
    held = (
        chrom == "chr7"
        or (chrom == "chr10" and start < 20e6)
        or (in_genome and chrom == "chr2" and start < 6e5)
    )
    return "validation" if held else "train"


def without_reserved(rows: pd.DataFrame, data: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that share no 40-mer with a set kept for evaluation, and how many each set removed."""
    removed = {}
    for name, sequences in reserved_sequences(data).items():
        shared = shared_kmers(rows["sequence"].tolist(), sequences, RULE).sequences
        removed[name] = int(shared.sum())
        rows = rows[~shared]
    return rows, removed


def _balanced(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows with only as many negative genome windows as needed, chosen by GC."""
    gc = gc_share(rows["sequence"])
    in_genome = (rows["source"] == "genome").to_numpy()
    is_positive = (rows["label"] == 1).to_numpy()
    is_site = (rows["source"] == "dhs_index").to_numpy()
    pool = np.flatnonzero(in_genome & ~is_positive)
    alone = gc[is_site | (in_genome & is_positive)]
    histogram = np.round(GC_MATCHED * np.bincount(_bins(alone), minlength=GC_BINS + 1)).astype(np.int64)
    matched = _like_histogram(pool, gc, histogram, rng)
    rest = np.setdiff1d(pool, matched)
    spread = like_genome(rest, gc, min(len(rest), round(GENOME_LIKE * len(alone))), rng)
    chosen = np.concatenate([np.flatnonzero(~in_genome | is_positive), matched, spread])
    return rows.iloc[np.sort(chosen)]


def gc_share(sequences: pd.Series) -> NDArray[np.float64]:
    """Return the share of G and C of each sequence."""
    return (sequences.str.count("[GC]") / sequences.str.len()).to_numpy(dtype=np.float64)


def gc_matched(labels: NDArray[np.int64], gc: NDArray[np.float64], seed: int = 0) -> NDArray[np.bool_]:
    """Return which rows to keep so that both classes have equally many in each bin of GC, ``bool[n]``."""
    rng = np.random.default_rng(seed)
    bins = _bins(gc)
    kept = np.zeros(len(labels), dtype=bool)
    for number in np.unique(bins):
        classes = [np.flatnonzero((bins == number) & (labels == label)) for label in (0, 1)]
        size = min(map(len, classes))
        for rows in classes:
            kept[rng.choice(rows, size, replace=False)] = True
    return kept


def _bins(gc: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(gc * GC_BINS + 1e-9).astype(np.int64)


def _like_histogram(
    pool: NDArray[np.int64], gc: NDArray[np.float64], histogram: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return rows of the pool with the given number in each bin of GC, or all there are."""
    bins = _bins(gc[pool])
    parts = []
    for number, wanted in enumerate(histogram):
        there = pool[bins == number]
        parts.append(rng.choice(there, min(int(wanted), len(there)), replace=False))
    return np.concatenate(parts)


def like_genome(
    pool: NDArray[np.int64], gc: NDArray[np.float64], number: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return rows of the pool whose GC is spread as that of the genome, as far as the pool has them."""
    mean, deviation = GENOME_GC
    bins = _bins(gc[pool])
    there = np.bincount(bins, minlength=GC_BINS + 1)
    density = np.exp(-0.5 * (((np.arange(GC_BINS + 1) + 0.5) / GC_BINS - mean) / deviation) ** 2)
    weight = density[bins] / there[bins]
    return rng.choice(pool, number, replace=False, p=weight / weight.sum())


def canonical(sequences: pd.Series) -> pd.Series:
    """Return of each sequence and its reverse complement the one that comes first."""
    return sequences.map(lambda text: min(text, text.translate(_COMPLEMENT)[::-1]))


def _shuffled(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)


def _counts(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return the rows of each source by label."""
    table = rows.groupby(["source", "label"]).size()
    result: dict[str, dict[str, int]] = {}
    for (source, label), number in table.items():
        result.setdefault(str(source), {})[str(label)] = int(number)
    return result


def write_dataset(
    folder: Path, splits: Mapping[str, pd.DataFrame], label_names: tuple[str, ...], note: dict[str, Any]
) -> Path:
    """Write rows (source, name, chrom, start, label, sequence) by split as a data set; return its folder."""
    frames = {}
    for name, rows in splits.items():
        frame = rows.copy()
        known = (frame["start"] >= 0) & (frame["chrom"] != "") & ~frame["chrom"].str.contains(",")
        starts = frame["start"].where(known).astype("Int64")
        frame = frame.assign(
            chrom=frame["chrom"].where(known),
            start=starts,
            end=starts + frame["sequence"].str.len(),
            strand=".",
            name=frame["source"] + ":" + frame["name"],
        )
        frames[name] = frame[list(COLUMNS)]
    described = {
        "task": "binary",
        "label_names": list(label_names),
        "digest": digest_of(frames),
        "splits": {
            name: {
                "rows": len(rows),
                "by_source_and_label": _counts(rows),
                "gc_by_label": {
                    str(label): round(float(gc_share(part["sequence"]).mean()), 4)
                    for label, part in rows.groupby("label")
                },
            }
            for name, rows in splits.items()
        },
        **note,
    }
    with OutputSet() as outputs:
        for name, frame in frames.items():
            with outputs.open_text(folder / f"{name}.tsv.gz") as text:
                text.writelines(table_lines(frame))
        outputs.path(folder / "dataset.json").write_text(json.dumps(described, indent=2) + "\n")
    return folder
