"""`EvaluationSettings`: which rows are judged, how methods are applied, how intervals are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dnabert_enhancer.dataset import SPLIT_NAMES, Task
from dnabert_enhancer.errors import require_numbers, require_setting
from dnabert_enhancer.evaluation.baselines import PAPER_BASELINES

ALL_SPLITS = "all"
BASELINE_OPTIONS = ("ridge", *PAPER_BASELINES)
"""What `EvaluationSettings.baselines` takes; the names in tables are those of `BASELINES`, in this order."""
CROPS = ("none", "centre")


@dataclass(frozen=True)
class EvaluationSettings:
    """How models and baselines are judged.

    Parameters
    ----------
    split : {"test", "validation", "train", "all"}, optional
        Rows to judge; default: ``test`` of a data set with splits, all rows of one without.
    task : {"binary", "multiclass", "regression"}, optional
        What the labels are; default: decided from them.
    exclude_duplicates_of : path, or tuple of paths
        FASTA files, tables or data set folders (their training split): the rows whose sequence, on either
        strand, is in none of them are reported too.
    crop : {"none", "centre"}
        ``centre``: sequences longer than a model's window are cut to the window at their centre.
    threshold : float, optional
        Decision threshold of the models, 0 to 1; default: the one on each model's card. Baselines: 0.5.
    baselines : tuple of str
        Baselines that are fitted on the training split and judged too: some of ridge, RF, KNN, SVC, GNB,
        AdaBoost, MLP; or ``"all"``.
    jobs : int, optional
        Processors for the baselines; default: the threads of the engine.
    bootstrap : int
        Resamples for the 95 % intervals; 0: no intervals.
    seed : int
        Of the resamples and the baselines.
    """

    split: str | None = None
    task: Task | None = None
    exclude_duplicates_of: tuple[str | Path, ...] = ()
    crop: str = "none"
    threshold: float | None = None
    baselines: tuple[str, ...] = ()
    jobs: int | None = None
    bootstrap: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("exclude_duplicates_of", "baselines"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, (str, Path)) else tuple(value))
        if self.baselines == ("all",):
            object.__setattr__(self, "baselines", BASELINE_OPTIONS)
        splits = (*SPLIT_NAMES, ALL_SPLITS)
        require_setting(self, "split", self.split in (None, *splits), f"one of {', '.join(splits)}")
        tasks = ("binary", "multiclass", "regression")
        require_setting(self, "task", self.task in (None, *tasks), f"one of {', '.join(tasks)}")
        require_setting(self, "crop", self.crop in CROPS, "none or centre")
        require_setting(self, "threshold", self.threshold is None or 0 <= self.threshold <= 1, "from 0 to 1")
        unknown = [name for name in self.baselines if name not in BASELINE_OPTIONS]
        require_setting(self, "baselines", not unknown, f"some of {', '.join(BASELINE_OPTIONS)}, or all")
        require_setting(self, "jobs", self.jobs is None or self.jobs >= 1, "at least 1")
        require_setting(self, "bootstrap", self.bootstrap >= 0, "at least 0")
        require_setting(self, "seed", self.seed >= 0, "at least 0")
