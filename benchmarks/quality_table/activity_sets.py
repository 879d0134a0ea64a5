"""Sets of measured activities: lentiMPRA, Sharpr-MPRA, and the effects of saturation mutagenesis."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satmut import ADAPTOR, FEWEST_BARCODES, allele_codes, measured_variants

from .kinds import VALUES, Labelled, QualitySet, Scores, View, whole_view
from .recipe import with_splits, without_shared

_SHARPR_LEFT = 147
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


def sharpr(data: Path) -> Iterator[QualitySet]:
    """Yield the two cells of Sharpr-MPRA."""
    table = pd.read_csv(data / "enhancers/sharpr_mpra/sharpr_regions.tsv.gz", sep="\t", na_values=".")
    table = table.rename(columns={"sequence_295bp": "sequence"})
    table["sequence"] = table["sequence"].str.upper()
    table["start"] = table["center_hg19"] - _SHARPR_LEFT
    for cell in ("HepG2", "K562"):
        replicates = [table[f"mRNA_counts_31tiles_{cell}_minP_r{number}"] for number in (1, 2)]
        activity = np.nanmean([_centred_logs(column, table["design"]) for column in replicates], axis=0)
        frame = with_splits(table.assign(activity=activity))
        test = frame[frame["split"] == "test"]
        train = without_shared(frame[frame["split"] == "train"], test["sequence"].tolist())
        yield QualitySet(
            f"sharpr_{cell.lower()}",
            f"Sharpr-MPRA {cell}, contigs 11 and 17",
            "295 bp, log2 of 1 + the mean RNA count of 31 tiles, centred per design, mean of the replicates "
            "that there are (minimal promoter). RNA without plasmid counts follows GC. The model reads "
            "overlapping windows of each region and their mean counts; the baselines read it whole.",
            VALUES,
            f"sharpr_{cell.lower()}",
            test["sequence"].tolist(),
            (whole_view(test["activity"].to_numpy()),),
            Labelled(train["sequence"].tolist(), train["activity"].to_numpy(dtype=np.float64)),
            quartiles=True,
            shown=("pearson", "spearman", "top_bottom_auroc"),
        )


def _centred_logs(column: pd.Series, design: pd.Series) -> NDArray[np.float64]:
    """Return log2(1 + mean count) of each region, the design's mean taken off; NaN without counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # regions without a single count
        means = [np.nanmean(_counts(text)) for text in column]
    logs = pd.Series(np.log2(1 + np.array(means)), index=column.index)
    centred: NDArray[np.float64] = (logs - logs.groupby(design).transform("mean")).to_numpy()
    return centred


def _counts(text: object) -> NDArray[np.float64]:
    if not isinstance(text, str):
        return np.array([np.nan])
    return np.array([float(part) if part[:1].isdigit() else np.nan for part in text.split(",")])


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
        ),
        Labelled(oligos["sequence"].tolist(), oligos["activity"].to_numpy(dtype=np.float64)),
        per_row=2 * offsets,
        combine=effects,
        shown=("spearman", "pearson"),
    )


def _letters(codes: NDArray[np.uint8]) -> list[str]:
    return [row.tobytes().decode() for row in _BASES[np.minimum(codes, 4)]]
