"""Sets that join sources: enhancers against promoters, DNase sites against the genome, held-out contigs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from dnabert_enhancer.dataset import Dataset

from .genome_tables import labelled_windows
from .kinds import (
    CLASSES,
    FIRST,
    WITHIN_GC,
    Labelled,
    QualitySet,
    View,
    gc_share,
    of_both,
    whole_view,
    within_gc,
)
from .recipe import PLACED_SOURCES, SOURCES, centred, gc_matched, with_splits, without_shared
from .sequence_sets import FEWEST_SITES, davuluri, ienhancer, organ_table

_GUE = "enhancers/gue/prom"
_MOST_PROMOTERS = 2_000
_GENOME_TEST = "chr17"


def promoters(data: Path) -> QualitySet:
    """Return enhancers of two public test sets against GUE's promoters."""
    sets = (ienhancer(data), davuluri(data))
    whole = [view for item in sets for view in item.views if len(view.rows) == len(item.test)]
    enhancers = [
        item.test[row]
        for item, view in zip(sets, whole, strict=True)
        for row, label in zip(view.rows, view.labels, strict=True)
        if label == 1
    ]
    dev = _promoters_of(data / f"{_GUE}/prom_300_all/dev.csv.gz").drop_duplicates()
    others = dev.sample(_MOST_PROMOTERS, random_state=0).tolist()
    known = [
        text
        for item in sets
        if item.train is not None
        for text, label in zip(*item.train, strict=True)
        if label == 1
    ]
    candidates = pd.concat(
        [
            _promoters_of(data / f"{_GUE}/prom_300_tata/train.csv.gz"),
            _promoters_of(data / "enhancers/genomic_benchmarks_seq/promoters_nontata_test.tsv.gz"),
        ]
    )
    test = of_both(enhancers, others)
    train = without_shared(pd.DataFrame({"sequence": candidates}), test.sequences)["sequence"].tolist()
    return QualitySet(
        "enhancer_or_gue_promoter",
        "Enhancer or promoter: public test sets",
        f"The enhancers of iEnhancer-2L's independent set and of the Davuluri dev rows against "
        f"{_MOST_PROMOTERS:,} promoters of GUE (prom_300_all, dev; the centre 200 bp). The own baselines are "
        "fitted on the training enhancers of both sets and on other promoters (GUE's with TATA, Genomic "
        "Benchmarks' without). Below 0.5 means that promoters score higher.",
        CLASSES,
        "distal",
        test.sequences,
        (whole_view(test.labels),),
        of_both(known, train),
    )


def _promoters_of(path: Path) -> pd.Series:
    table = pd.read_csv(path, sep="\t" if ".tsv" in path.name else ",")
    table = table.rename(columns={"seq": "sequence"})
    return table.loc[table["label"] == 1, "sequence"].map(centred)


def dnase_sites(data: Path, work: Path) -> QualitySet:
    """Return DNase sites of contig 11 against unmarked windows of contig 17 with the same GC."""
    sites = with_splits(SOURCES["dhs_index"].read(data))
    table = labelled_windows(data, work)
    background = table[table["label"] == 0]
    elsewhere = background["chrom"] == _GENOME_TEST
    index = organ_table(data)
    test_sites = sites.loc[sites["split"] == "test", "sequence"].tolist()
    of_organs = index[index["split"] == "test"]
    sequences = list(dict.fromkeys([*test_sites, *of_organs["sequence"]]))
    others = background.loc[elsewhere, "sequence"].tolist()
    test = of_both(sequences, others)
    place = {text: row for row, text in enumerate(sequences)}
    gc = gc_share(test.sequences)
    negatives = np.arange(len(sequences), len(test.sequences))

    def view(name: str, title: str, texts: list[str], *, one_to_one: bool = False) -> View:
        rows = np.concatenate([np.unique([place[text] for text in texts]), negatives])
        if one_to_one:
            rows = rows[gc_matched(test.labels[rows].astype(np.int64), gc[rows])]
            return View(name, title, rows, test.labels[rows])
        found = within_gc(test.labels == 1, gc, rows)
        return dataclasses.replace(found, name=name, title=f"{title}, {found.title}")

    several = "sites of two or more biosamples"
    views = [
        view(WITHIN_GC, several, test_sites),
        view("several", f"{several}, GC-matched, 1:1", test_sites, one_to_one=True),
    ]
    for organ in index.attrs["organs"]:
        chosen = of_organs.loc[of_organs[organ] > 0, "sequence"].tolist()
        if len(chosen) >= FEWEST_SITES:
            views.append(view(organ.lower().replace(" ", "_"), f"sites of {organ.lower()} only", chosen))
    train = pd.concat(
        [
            sites[sites["split"] == "train"].assign(label=1),
            background[background["chrom"].isin(("chr2", "chr16"))],
        ]
    )
    train = without_shared(train, test.sequences)
    kept = gc_matched(
        train["label"].to_numpy(dtype=np.int64),
        gc_share(train["sequence"].tolist()),
    )
    train = train[kept]
    return QualitySet(
        "dhs_genome",
        "DNase sites against GC-matched genome, held-out contigs",
        "200-bp sites of the DHS index on chr11 against windows of hg19 chr17 (first Mb) that no annotation "
        "touches (no reference of chr11 is at hand). The own baselines are fitted on "
        "the sites of chr10 and on unmarked windows of chr2 and chr16 with the same GC.",
        CLASSES,
        "dnase_site",
        test.sequences,
        views,
        Labelled(train["sequence"].tolist(), train["label"].to_numpy(dtype=np.float64)),
    )


def held_out_rows(dataset: Dataset) -> QualitySet:
    """Return the test rows of the first output's own data set that lie on contigs 11 and 17."""
    frame = dataset.frame("test")
    rows = frame[frame["name"].str.split(":").str[0].isin(PLACED_SOURCES)]
    return QualitySet(
        "held_out",
        "Held-out contigs 11 and 17 of the model's data set",
        "DNase sites and windows in known enhancers against unmarked windows, half of them with the same "
        "GC, half with that of the genome: the mixture on which probabilities are calibrated.",
        CLASSES,
        FIRST,
        rows["sequence"].tolist(),
        (whole_view(rows["label"].to_numpy(float)),),
        shown=("auroc", "auprc", "ece", "brier"),
    )
