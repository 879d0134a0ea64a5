"""Sets of measured activities: lentiMPRA, and the effects of saturation mutagenesis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satmut import ADAPTOR, FEWEST_BARCODES, allele_codes, measured_variants

from .kinds import VALUES, Labelled, QualitySet, Scores, View, whole_view
from .recipe import with_splits, without_shared

_MOST_JOINT = 6_000
"""Training rows of the joint library for a baseline: about as many as each of the two other sets has."""
_MOST_TESTED = 1_500
"""Test rows of it that are scored, drawn at random."""
STRONG = 0.5
"""Absolute log2 effect from which a measured effect is strong."""
_BASES = np.frombuffer(b"ACGTN", dtype=np.uint8)


def lentimpra(data: Path) -> Iterator[QualitySet]:
    """Yield the two cells of lentiMPRA."""
    for cell in ("HepG2", "WTC11"):
        oligos = _oligos(data, cell)
        elements = with_splits(oligos.groupby("element", sort=False).first().reset_index())
        test = elements[elements["split"] == "test"].reset_index(drop=True)
        train = without_shared(elements[elements["split"] == "train"], test["sequence"].tolist())
        place = {name: row for row, name in enumerate(test["element"])}
        single = oligos[oligos["element"].isin(place)]
        rows = single["element"].map(place).to_numpy(dtype=np.int64)
        yield QualitySet(
            f"lentimpra_{cell.lower()}",
            f"lentiMPRA {cell}, held-out elements",
            "200 bp, log2(RNA / DNA), mean of both orientations of an element, which stay on one side of the "
            "split (by a hash, as in the model's training). Top quartile against bottom quartile: of the "
            "test elements.",
            VALUES,
            f"lentimpra_{cell.lower()}",
            test["sequence"].tolist(),
            (
                whole_view(test["activity"].to_numpy(), "elements"),
                View("oligos", "single orientations", rows, single["mean_value"].to_numpy(float)),
            ),
            Labelled(train["sequence"].tolist(), train["activity"].to_numpy(dtype=np.float64)),
            quartiles=True,
            shown=("pearson", "spearman", "top_bottom_auroc"),
        )


def _oligos(data: Path, cell: str) -> pd.DataFrame:
    """Return the oligos without adaptors, with their element's mean activity."""
    table = pd.read_csv(data / f"enhancers/lentimpra/val_{cell}.tsv.gz", sep="\t")
    table["element"] = table["seq_id"].str.replace(r"(_Reversed:|_F|_R)$", "", regex=True)
    table["sequence"] = table["seq"].str.upper().str.slice(ADAPTOR, -ADAPTOR)
    table["activity"] = table.groupby("element")["mean_value"].transform("mean")
    return table.assign(chrom="", start=-1)


def joint_lentimpra(data: Path) -> Iterator[QualitySet]:
    """Yield the three cells of the joint lentiMPRA library, rows that the model's training holds out."""
    path = data / "enhancers/lentimpra/joint_measured.tsv.gz"
    if not path.is_file():
        return
    table = pd.read_csv(path, sep="\t").assign(chrom="", start=-1)
    rows = with_splits(table)
    test = rows[rows["split"] == "test"].reset_index(drop=True)
    test = without_shared(test, [*_training_oligos(data), *rows.loc[rows["split"] == "train", "sequence"]])
    test = test.sample(min(len(test), _MOST_TESTED), random_state=0)
    known = rows[rows["split"] == "train"].sample(_MOST_JOINT, random_state=0)
    for cell in ("K562", "HepG2", "WTC11"):
        yield QualitySet(
            f"joint_{cell.lower()}",
            f"lentiMPRA, joint library, {cell}, held-out rows",
            "200 bp, log2(RNA / DNA), measured in three cells; test rows of the model's split (by a hash) "
            "that share no 40-mer with rows of the other splits or of the two other lentiMPRA sets, "
            f"{_MOST_TESTED:,} of them drawn at random. The "
            f"baselines are fitted on {_MOST_JOINT:,} of its training rows.",
            VALUES,
            f"lentimpra_{cell.lower()}",
            test["sequence"].tolist(),
            (whole_view(test[cell].to_numpy(float)),),
            Labelled(known["sequence"].tolist(), known[cell].to_numpy(dtype=np.float64)),
            quartiles=True,
            shown=("pearson", "spearman", "top_bottom_auroc"),
        )


def _training_oligos(data: Path) -> list[str]:
    """Return the oligos of both cells that are not in the test split."""
    parts = [with_splits(_oligos(data, cell)) for cell in ("HepG2", "WTC11")]
    return [text for part in parts for text in part.loc[part["split"] != "test", "sequence"]]


def satmut(data: Path) -> QualitySet:
    """Return the single-base changes of eight regulatory elements."""
    variants = measured_variants(data / "variants/satmut_dev.vcf.gz")
    variants = variants[variants["barcodes"] >= FEWEST_BARCODES].reset_index(drop=True)
    codes = allele_codes(data / "variants/satmut_dev.fa", variants)
    offsets = codes.shape[2]

    def effects(scores: Scores) -> Scores:
        """Return the mean over the windows of ALT - REF."""
        alleles = scores.reshape(-1, 2, offsets)
        return (alleles[:, 1] - alleles[:, 0]).mean(axis=1)

    oligos = _oligos(data, "HepG2").drop_duplicates("element")
    effect = variants["lfc"].to_numpy(float)
    strong = np.abs(effect) >= STRONG
    groups = np.unique(variants["chrom"], return_inverse=True)[1].astype(np.int64)
    views = [
        View(str(name), str(name), rows.index.to_numpy(), rows["lfc"].to_numpy(float))
        for name, rows in variants.groupby("chrom", sort=True)
    ]
    return QualitySet(
        "satmut",
        "Saturation mutagenesis, effects of single bases",
        f"{len(variants):,} changes with at least {FEWEST_BARCODES} barcodes in 8 elements; the measured "
        f"log2 effect against the difference ALT - REF, mean of {offsets} windows. The baselines are fitted "
        "on the activities of all lentiMPRA elements of HepG2.",
        VALUES,
        "lentimpra_hepg2",
        _letters(codes.reshape(-1, codes.shape[-1])),
        (
            View("mean", "mean over the elements", np.arange(len(variants)), effect, groups=groups),
            *views,
            whole_view(effect, "all elements as one"),
            View(
                "strong",
                f"effects of {STRONG} and more, all elements",
                np.flatnonzero(strong),
                effect[strong],
                signs=True,
            ),
        ),
        Labelled(oligos["sequence"].tolist(), oligos["activity"].to_numpy(dtype=np.float64)),
        per_row=2 * offsets,
        combine=effects,
        shown=("spearman", "pearson", "signs"),
    )


def _letters(codes: NDArray[np.uint8]) -> list[str]:
    return [row.tobytes().decode() for row in _BASES[np.minimum(codes, 4)]]
