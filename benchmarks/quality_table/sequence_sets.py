"""Sets of sequences with classes: iEnhancer-2L, Davuluri, NHLF, GUE transcription factors, DHS by organ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from dnabert_enhancer.evaluation import known_rows
from dnabert_enhancer.genome import read_fasta

from .kinds import CLASSES, Labelled, QualitySet, View, of_both, whole_view
from .published import IENHANCER
from .recipe import SOURCES, TEST_CONTIGS, centred, davuluri_dev, with_splits, without_shared

GUE_SETS = 5
FEWEST_SITES = 15
"""Held-out sites that an organ must have."""


def ienhancer(data: Path) -> QualitySet:
    """Return the iEnhancer-2L benchmark with its independent set."""
    folder = data / "enhancers/ienhancer2L"

    def read(name: str) -> list[str]:
        return [centred(item.sequence) for item in read_fasta(folder / f"{name}.fa", unique_names=False)]

    positives, negatives = read("layer1_test_enhancers"), read("layer1_test_nonenhancers")
    train = of_both(read("layer1_train_enhancers"), read("layer1_train_nonenhancers"))
    test = of_both(positives, negatives)
    fresh = np.flatnonzero(~known_rows(test.sequences, train.sequences))
    duplicates = len(test.sequences) - len(fresh)
    return QualitySet(
        "ienhancer2l",
        "iEnhancer-2L, independent set",
        "200 bp, ChromHMM enhancers against other DNA; the published split. The baselines are fitted on the "
        f"published training rows, of which {duplicates} come again in the independent set (all of its "
        "strong enhancers): the baselines know them. The model has seen no sequence that shares a 40-mer "
        "with the independent set.",
        CLASSES,
        "ienhancer",
        test.sequences,
        (
            View("unique", f"without the {duplicates} duplicates", fresh, test.labels[fresh]),
            whole_view(test.labels, "as published"),
        ),
        train,
        IENHANCER,
        shown=("auroc", "accuracy", "mcc"),
    )


def davuluri(data: Path) -> QualitySet:
    """Return DNABERT-Enhancer's sample with its development rows."""
    frame = SOURCES["davuluri"].read(data)
    sequences, labels = davuluri_dev(data)
    known = int(known_rows(sequences, frame["sequence"]).sum())
    return QualitySet(
        "davuluri",
        "DNABERT-Enhancer's sample, dev",
        "The centre 200 of 201 bp; the published split. The baselines are fitted on its Train.tsv "
        f"({known} dev rows are in it).",
        CLASSES,
        "davuluri",
        sequences,
        (whole_view(labels),),
        Labelled(frame["sequence"].tolist(), frame["label"].to_numpy(dtype=np.float64)),
    )


def nhlf(data: Path) -> QualitySet:
    """Return NHLF with the rows that the model's training holds out."""
    frame = with_splits(SOURCES["nhlf"].read(data))
    test = frame[frame["split"] == "test"]
    train = without_shared(frame[frame["split"] == "train"], test["sequence"].tolist())
    return QualitySet(
        "nhlf",
        "NHLF, held-out rows",
        "The centre 200 bp of sequences of 406 to 996 bp (positives are longer: whole, their length alone "
        "would tell). No places are known: the rows are split by a hash, as in the model's training.",
        CLASSES,
        "nhlf",
        test["sequence"].tolist(),
        (whole_view(test["label"].to_numpy()),),
        Labelled(train["sequence"].tolist(), train["label"].to_numpy(dtype=np.float64)),
    )


def gue(data: Path) -> Iterator[QualitySet]:
    """Yield the five GUE transcription-factor sets with their development rows."""
    for number in range(GUE_SETS):
        folder = data / f"enhancers/gue/tf/{number}"
        train, dev = (pd.read_csv(folder / f"{part}.csv.gz") for part in ("train", "dev"))
        known = known_rows(dev["sequence"], train["sequence"])
        fresh = dev[~known]
        yield QualitySet(
            f"gue_tf{number}",
            f"GUE transcription factor {number}, dev",
            f"101 bp, bound or not. {int(known.sum())} of {len(dev):,} dev rows are in the training file "
            "(either strand) and are left out; the second line has them too. Published figures (MCC of "
            "DNABERT-2 and others) are on the benchmark's test rows, which are not at hand.",
            CLASSES,
            f"gue_tf{number}",
            dev["sequence"].str.upper().tolist(),
            (
                View(
                    "unseen", "dev rows not in train", np.flatnonzero(~known), fresh["label"].to_numpy(float)
                ),
                whole_view(dev["label"].to_numpy(float), "all dev rows"),
            ),
            Labelled(train["sequence"].str.upper().tolist(), train["label"].to_numpy(dtype=np.float64)),
            shown=("auroc", "mcc"),
        )


def organ_table(data: Path) -> pd.DataFrame:
    """Return the DNase sites with a column for each organ system; their names are in ``attrs["organs"]``."""
    table = pd.read_csv(data / "enhancers/dhs/dhs_index_cell_specifity.tsv.gz", sep="\t")
    names = list(table.loc[:, "sequence":"split"].columns[1:-1])
    table["sequence"] = [centred(text) for text in table["sequence"]]
    table = with_splits(table.rename(columns={"chr": "chrom"}).fillna(dict.fromkeys(names, 0)))
    table.attrs["organs"] = names
    return table


def organs(data: Path) -> Iterator[QualitySet]:
    """Yield for each organ its DNase sites against those of the other organs, on contig 11."""
    table = organ_table(data)
    test = table[table["split"] == "test"]
    train = without_shared(table[table["split"] == "train"], test["sequence"].tolist())
    contigs = " and ".join(sorted(set(test["chrom"]) & TEST_CONTIGS))
    for name in table.attrs["organs"]:
        labels = (test[name] > 0).to_numpy(dtype=np.float64)
        if labels.sum() < FEWEST_SITES:
            continue
        key = name.lower().replace(" ", "_")
        yield QualitySet(
            f"dhs_{key}",
            f"DNase sites of one organ system: {name.lower()}",
            f"200 bp, sites seen in one biosample only, of this organ system against the others; sites of "
            f"{contigs} are the test rows, those of chr10 from 20 Mb on the training rows. The enhancer "
            "output is not meant to tell organs apart.",
            CLASSES,
            f"dhs_{key}",
            test["sequence"].tolist(),
            (whole_view(labels),),
            Labelled(train["sequence"].tolist(), (train[name] > 0).to_numpy(dtype=np.float64)),
            baselines=False,
        )
