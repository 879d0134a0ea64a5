"""What the encoder learns at once: one output a task, and one table of rows with a target for each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from assemble import canonical, gc_matched, gc_share, split_of, without_reserved
from genome_windows import PIECES, window_shares
from numpy.typing import NDArray
from sources import (
    BINDING_WINDOW,
    WINDOW,
    binding_of,
    centred,
    designed_library,
    joint_library,
    promoters_of,
)

from dnabert_enhancer.dataset import SPLIT_NAMES, LeakRule, leaks_between, read_dataset
from dnabert_enhancer.sequence import encode_bases

BINARY, REGRESSION = "binary", "regression"
GENOME_STRIDE = 50
"""Bases between the genome's windows that carry only the targets of tracks."""
MARKED, UNMARKED = 0.5, 0.0
"""Share of a window in a track from which, and up to which, the target is 1 and 0; none between them."""
TILE_MINIMUM = 25
SHARPR_WINDOW = 295
DESIGNED_WINDOW = 168
CORE_WINDOW = 70
_ADAPTOR = 15
_RULE = LeakRule(k=40, ignore_repeats=False)


class TaskDefinition(NamedTuple):
    """One output of the model.

    Attributes
    ----------
    name : str
    kind : {"binary", "regression"}
    published : bool
        Whether the packaged model offers it; the others only shape the encoder.
    meaning : str
    length : int
        Of its windows, bp.
    """

    name: str
    kind: str
    published: bool
    meaning: str
    length: int = WINDOW


_ORGANS = (
    "Hematopoietic",
    "Hepatic",
    "Genitourinary",
    "Digestive",
    "Nervous",
    "Epithelial",
    "Integumentary",
    "Connective",
    "Cardiovascular",
    "Embryonic",
    "Respiratory",
    "Renal",
    "Musculoskeletal",
    "Endocrine",
    "Fetal Life Support",
)
_TRACKS = {
    "dnase_gm12878": "in a DNase peak of GM12878",
    "dnase_k562": "in a DNase peak of K562",
    "h3k27ac_gm12878": "in an H3K27ac peak of GM12878",
    "chromhmm_enhancer": "in an enhancer state of GM12878 (ChromHMM, 25 states)",
    "fantom5": "in a FANTOM5 enhancer",
    "promoter_like": "in a promoter-like cCRE",
    "ctcf": "in a CTCF-bound cCRE",
    "proximal_enhancer_like": "in a proximal enhancer-like cCRE",
    "ensembl": "in an enhancer of Ensembl",
}
_SETS = {
    "ienhancer": "ChromHMM enhancer of nine cell lines (iEnhancer-2L)",
    "davuluri": "enhancer of DNABERT-Enhancer's sample",
    "nhlf": "NHLF enhancer",
    "open_chromatin": "open chromatin",
}
_HIDDEN = {"open_chromatin", "fantom5", "ensembl", "proximal_enhancer_like"}
TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition("enhancer", BINARY, True, "core of an active regulatory element, any source"),
    TaskDefinition("lentimpra_hepg2", REGRESSION, True, "lentiMPRA activity in HepG2, log2(RNA/DNA)"),
    TaskDefinition("lentimpra_wtc11", REGRESSION, True, "lentiMPRA activity in WTC11, log2(RNA/DNA)"),
    TaskDefinition("lentimpra_k562", REGRESSION, True, "lentiMPRA activity in K562, log2(RNA/DNA)"),
    TaskDefinition(
        "deeptfbu_hepg2", REGRESSION, False, "activity in DeepTFBU's reporter assay, HepG2", DESIGNED_WINDOW
    ),
    TaskDefinition(
        "sharpr_hepg2", REGRESSION, True, "Sharpr-MPRA in HepG2, log2 of RNA counts, centred", SHARPR_WINDOW
    ),
    TaskDefinition(
        "sharpr_k562", REGRESSION, True, "Sharpr-MPRA in K562, log2 of RNA counts, centred", SHARPR_WINDOW
    ),
    *(
        TaskDefinition(
            f"gue_tf{n}", BINARY, True, f"bound in the ChIP-seq set {n} of GUE (human TFs)", BINDING_WINDOW
        )
        for n in range(5)
    ),
    TaskDefinition("accessible", BINARY, True, "DNase site, rather than unmarked DNA of the same GC"),
    TaskDefinition(
        "dnase_site",
        BINARY,
        True,
        "DNase site of two or more biosamples, rather than unmarked DNA of the same GC",
    ),
    TaskDefinition("distal", BINARY, True, "enhancer, rather than promoter or CpG island"),
    TaskDefinition("versus_promoter", BINARY, True, "enhancer of GM12878, rather than promoter-like cCRE"),
    TaskDefinition("versus_cpg_island", BINARY, True, "enhancer of GM12878, rather than CpG island"),
    *(TaskDefinition(name, BINARY, name not in _HIDDEN, meaning) for name, meaning in _SETS.items()),
    *(TaskDefinition(name, BINARY, name not in _HIDDEN, meaning) for name, meaning in _TRACKS.items()),
    TaskDefinition("promoter_core", BINARY, True, "core of a promoter (GUE)", CORE_WINDOW),
    TaskDefinition("promoter_tata", BINARY, False, "promoter with a TATA box (GUE)"),
    *(
        TaskDefinition(
            f"dhs_{name.lower().replace(' ', '_')}",
            BINARY,
            True,
            f"DNase site of one biosample: of {name.lower()} organs rather than of others",
        )
        for name in _ORGANS
    ),
)
_ENHANCER_SETS = ("ienhancer", "davuluri")
"""Sets whose positives are enhancers for the task ``distal`` too."""
TASK_NAMES = tuple(task.name for task in TASKS)


def task_rows(data: Path, enhancer_dataset: Path) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return the rows of all tasks, and what was counted on the way.

    Parameters
    ----------
    data : Path
        The folder with the shared data.
    enhancer_dataset : Path
        The assembled data set whose labels are the targets of the task ``enhancer``.

    Returns
    -------
    DataFrame
        Columns source, chrom, start, sequence, split and one a task (float, NaN where it has no target).
        No 40-mer is shared between splits, nor with a set kept for evaluation.
    """
    rows = pd.concat([_labelled(enhancer_dataset), *_parts(data)], ignore_index=True)
    rows = rows[~rows["sequence"].str.contains("[^ACGT]")].copy()
    rows["key"] = canonical(rows["sequence"])
    targets = rows.groupby("key", sort=False)[list(TASK_NAMES)].mean()
    rows = rows.drop(columns=list(TASK_NAMES)).drop_duplicates("key").join(targets, on="key")
    counts: dict[str, object] = {"distinct": len(rows)}
    placed = [
        known or split_of(chrom, int(start), text, source.startswith("genome"))
        for known, chrom, start, text, source in zip(
            rows["split"], rows["chrom"], rows["start"], rows["sequence"], rows["source"], strict=True
        )
    ]
    rows["split"] = placed
    rows = rows[rows["split"] != ""]
    counts["permitted_contigs"] = len(rows)
    rows, counts["sharing_a_40mer_with"] = without_reserved(rows, data)
    parts = {name: rows[rows["split"] == name] for name in SPLIT_NAMES}
    report = leaks_between({name: part["sequence"].tolist() for name, part in parts.items()}, _RULE)
    parts = {name: part[~report.offenders[name]] for name, part in parts.items()}
    rows = pd.concat(map(_with_accessible, parts.values()), ignore_index=True)
    counts["sharing_a_40mer_with_a_later_split"] = {
        name: int(flags.sum()) for name, flags in report.offenders.items()
    }
    counts["rows"] = {
        name: {task: int(part[task].notna().sum()) for task in TASK_NAMES}
        for name, part in rows.groupby("split")
    }
    return rows.drop(columns="key"), counts


def write_tensors(rows: pd.DataFrame, counts: dict[str, object], path: Path) -> None:
    """Write the rows by length L: ``codes_L`` (uint8[n, L]), ``targets_L``, ``split_L``, ``source_L``."""
    arrays: dict[str, NDArray[np.generic]] = {"tasks": np.array(TASK_NAMES)}
    arrays["kinds"] = np.array([task.kind for task in TASKS])
    for length, part in rows.groupby(rows["sequence"].str.len()):
        arrays[f"codes_{length}"] = np.stack([encode_bases(text) for text in part["sequence"]])
        arrays[f"targets_{length}"] = part[list(TASK_NAMES)].to_numpy(dtype=np.float32)
        arrays[f"split_{length}"] = part["split"].to_numpy(dtype=str)
        arrays[f"source_{length}"] = part["source"].to_numpy(dtype=str)
    np.savez_compressed(path, **arrays)
    path.with_suffix(".json").write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")


def sharpr_activity(counts: pd.Series, design: pd.Series) -> NDArray[np.float64]:
    """Return the activity of Sharpr-MPRA regions from the counts of their tiles.

    Parameters
    ----------
    counts : Series of str
        RNA counts of 31 tiles, separated by commas.
    design : Series of str
        Each design is centred by itself, since the libraries differ in depth.

    Returns
    -------
    float64[n]
        Mean over the tiles of log2(1 + count), less its mean over the design; NaN with fewer than
        `TILE_MINIMUM` tiles.
    """
    values = np.full(len(counts), np.nan)
    for number, text in enumerate(counts.fillna("")):
        tiles = np.array([float(value) for value in text.split(",") if value not in ("", ".")])
        if len(tiles) >= TILE_MINIMUM:
            values[number] = np.log2(1 + tiles).mean()
    series = pd.Series(values, index=counts.index)
    return (series - series.groupby(design).transform("mean")).to_numpy()


def _labelled(folder: Path) -> pd.DataFrame:
    """Return the rows of the assembled data set, whose splits are kept."""
    dataset = read_dataset(folder)
    parts = []
    for split in SPLIT_NAMES:
        frame = dataset.frame(split)
        source = frame["name"].str.split(":").str[0]
        part = _frame(source, frame["sequence"], {"enhancer": frame["label"].astype(float)})
        part["split"] = split
        for name in _SETS:
            own = source.str.startswith(name).to_numpy()
            part.loc[own, name] = frame["label"].to_numpy(dtype=float)[own]
        part.loc[part[list(_ENHANCER_SETS)].max(axis=1) == 1, "distal"] = 1.0
        parts.append(part)
    return pd.concat(parts)


def _parts(data: Path) -> Iterator[pd.DataFrame]:
    yield from _lentimpra(data)
    yield _sharpr(data)
    designed = designed_library(data)
    yield _frame("deeptfbu", designed["sequence"], {"deeptfbu_hepg2": designed["activity"]})
    promoters = promoters_of(data)
    yield _frame("promoters", promoters["sequence"], {"promoter_core": promoters["label"].astype(float)})
    binding = binding_of(data)
    for name, part in binding.groupby("source"):
        yield _frame(part["source"], part["sequence"], {str(name): part["label"].astype(float)})
    yield _organs(data)
    table = pd.read_csv(data / "enhancers/gue/prom/prom_300_tata/train.csv.gz")
    sequences = table["sequence"].map(centred)
    is_promoter = table["label"].astype(float)
    distal = pd.Series(np.where(is_promoter == 1, 0.0, np.nan))
    yield _frame("promoter_tata", sequences, {"promoter_tata": is_promoter, "distal": distal})
    for piece in PIECES:
        shares = window_shares(data, piece, GENOME_STRIDE)
        shares = shares[shares["blacklist"] == 0]
        targets = {
            name: pd.Series(
                np.where(shares[name] >= MARKED, 1.0, np.where(shares[name] <= UNMARKED, 0.0, np.nan)),
                index=shares.index,
            )
            for name in _TRACKS
        }
        targets |= _contrasts(shares)
        yield _frame("genome_tracks", shares["sequence"], targets, shares["chrom"], shares["start"])


def _contrasts(shares: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the targets that tell enhancers from other active DNA, NaN where a window is neither."""
    promoter, island = shares["promoter_like"] >= MARKED, shares["cpg_island"] >= MARKED
    mapped = shares[["fantom5", "ensembl"]].max(axis=1)
    active = shares[["chromhmm_enhancer", "dnase_gm12878"]].min(axis=1) >= MARKED
    enhancer = (mapped >= MARKED) | active
    island &= (mapped == 0) & (shares["chromhmm_enhancer"] == 0)
    apart = shares["promoter_like"] == 0

    def target(positive: pd.Series, negative: pd.Series) -> pd.Series:
        return pd.Series(np.select([positive, negative], [1.0, 0.0], np.nan), index=shares.index)

    return {
        "distal": target(enhancer & apart, (promoter | island) & ~enhancer),
        "versus_promoter": target(active & apart, promoter),
        "versus_cpg_island": target(active & apart, island),
    }


def _with_accessible(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a split with targets of ``accessible`` and ``dnase_site``: equal classes in each bin of GC."""
    in_index = rows["source"] == "dhs_index"
    in_genome = rows["source"].str.startswith("genome")
    closed = in_genome & (rows[list(_TRACKS)] == 0).all(axis=1)
    for name, opened in (
        ("accessible", in_index | (rows[["dnase_gm12878", "dnase_k562"]].max(axis=1) == 1)),
        ("dnase_site", in_index),
    ):
        known = rows[opened | closed]
        labels = opened[known.index].astype(int)
        kept = known.index[gc_matched(labels.to_numpy(), gc_share(known["sequence"]))]
        rows = rows.assign(**{name: labels[kept].astype(float)})
    return rows


def _lentimpra(data: Path) -> Iterator[pd.DataFrame]:
    """Yield one row per element, with the mean activity of its orientations, then the joint library.

    The joint library's values are brought to the scale of each cell's own assay by a line that is fitted on
    the training elements that both hold. Of an element in both the mean counts.
    """
    joint = joint_library(data)
    keys = canonical(joint["sequence"])
    joint = joint.groupby(keys.rename("key"), sort=False).agg(
        {"sequence": "first", "HepG2": "mean", "K562": "mean", "WTC11": "mean"}
    )
    targets = {"lentimpra_k562": joint["K562"]}
    for cell in ("HepG2", "WTC11"):
        table = pd.read_csv(data / f"enhancers/lentimpra/val_{cell}.tsv.gz", sep="\t")
        table["element"] = table["seq_id"].str.replace(r"(_Reversed:|_F|_R)$", "", regex=True)
        activity = table.groupby("element")["mean_value"].transform("mean")
        table = table.assign(activity=activity).drop_duplicates("element")
        inner = table["seq"].str.slice(_ADAPTOR, -_ADAPTOR).str.upper()
        name = f"lentimpra_{cell.lower()}"
        yield _frame(name, inner, {name: table["activity"]})
        own = table["activity"].groupby(canonical(inner)).mean()
        both = own.index.intersection(joint.index)
        both = both[[split_of("", -1, key, in_genome=False) == "train" for key in both]]
        slope, offset = np.polyfit(joint.loc[both, cell], own[both], 1)
        targets[name] = slope * joint[cell] + offset
    yield _frame("lentimpra_joint", joint["sequence"], targets)


def _sharpr(data: Path) -> pd.DataFrame:
    table = pd.read_csv(data / "enhancers/sharpr_mpra/sharpr_regions.tsv.gz", sep="\t")
    targets = {}
    for cell in ("HepG2", "K562"):
        repeats = [name for name in table.columns if f"_{cell}_minP_" in name]
        values = np.stack([sharpr_activity(table[name], table["design"]) for name in repeats])
        targets[f"sharpr_{cell.lower()}"] = pd.Series(np.nanmean(values, axis=0), index=table.index)
    start = table["center_hg19"] - 147
    return _frame("sharpr", table["sequence_295bp"].str.upper(), targets, table["chrom"], start)


def _organs(data: Path) -> pd.DataFrame:
    table = pd.read_csv(data / "enhancers/dhs/dhs_index_cell_specifity.tsv.gz", sep="\t")
    targets = {f"dhs_{name.lower().replace(' ', '_')}": table[name].astype(float) for name in _ORGANS}
    return _frame("dhs_organs", table["sequence"].str.upper(), targets, table["chr"], table["start"])


def _frame(
    source: str | pd.Series,
    sequences: pd.Series,
    targets: dict[str, pd.Series],
    chrom: str | pd.Series = "",
    start: int | pd.Series = -1,
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"source": source, "chrom": chrom, "start": start, "sequence": sequences, "split": ""}
    )
    for name in TASK_NAMES:
        frame[name] = targets.get(name, np.nan)
    return frame
