"""The content of dataset.json for a data set made from regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnabert_enhancer.dataset.dataset import Dataset
from dnabert_enhancer.dataset.gc_profile import GcProfile
from dnabert_enhancer.dataset.leaks import LeakReport
from dnabert_enhancer.dataset.settings import DatasetSettings
from dnabert_enhancer.dataset.splits import SplitMap

FORMAT_VERSION = 1


def describe_dataset(
    dataset: Dataset,
    settings: DatasetSettings,
    split_map: SplitMap,
    counts: Mapping[str, int],
    sources: Mapping[str, Mapping[str, int]],
    skipped: Mapping[str, int],
    matching: Mapping[str, Any],
    leaks: LeakReport,
    profile: GcProfile,
) -> dict[str, Any]:  # JSON values
    """Return the content of ``dataset.json``; without paths and times: equal data have equal files.

    Parameters
    ----------
    dataset : Dataset
    settings : DatasetSettings
    split_map : SplitMap
        The parts of the genome that belong to the splits.
    counts, skipped : mapping
        Positives and negatives of each split; what was left out, by reason.
    sources : mapping
        Negatives of each split by what they are taken from.
    matching : mapping
        How far matched negatives are from their positives, how many placed ones touch one; empty for others.
    leaks : LeakReport
    profile : GcProfile
    """
    return {
        "format": "dnabert-enhancer dataset",
        "format_version": FORMAT_VERSION,
        "digest": dataset.digest,
        "task": dataset.task,
        "label_names": list(dataset.label_names),
        "positive_label": dataset.positive_label,
        "length": settings.length,
        "splits": {
            name: {
                "positives": counts[f"{name}_positives"],
                "negatives": counts[f"{name}_negatives"],
                "negatives_by_source": dict(sources[name]),
                "parts_of_the_genome": [
                    f"{chrom}:{start}-{end}"
                    for chrom, start, end in split_map.units[name].itertuples(index=False)
                ],
            }
            for name in dataset.splits
        },
        "settings": {
            "placement": str(settings.placement),
            "overlapping": str(settings.overlapping),
            "negatives": settings.negative_source.value,
            "negatives_from": {source.name: source.share for source in settings.named_negatives},
            "ratio": settings.ratio,
            "gc_tolerance": settings.gc_tolerance,
            "repeat_tolerance": settings.repeat_tolerance,
            "most_unknown": settings.max_unknown,
            "stranded": settings.stranded,
            "on_leak": str(settings.on_leak),
            "seed": settings.seed,
        },
        "matching": dict(matching),
        "leaks": {
            "rule": settings.leak_rule.describe(),
            "found": [pair._asdict() for pair in leaks.pairs],
            "removed": {name: int(flags.sum()) for name, flags in leaks.offenders.items()},
        },
        "skipped": dict(skipped),
        "gc": profile.as_json(),
    }
