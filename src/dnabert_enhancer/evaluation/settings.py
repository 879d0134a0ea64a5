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
STRATA = ("chromosome", "gc", "tss")
"""What rows can be grouped by."""
CROPS = ("none", "centre")
DEFAULT_THRESHOLDS = ("0.5", "max-mcc")
"""Which threshold of a model is its default."""
_SPLITS = (*SPLIT_NAMES, ALL_SPLITS)


@dataclass(frozen=True)
class EvaluationSettings:
    """How models and baselines are judged.

    Parameters
    ----------
    split : {"test", "validation", "train", "all"}, optional
        Rows to judge; default: ``test`` of a data set with splits, all rows of one without.
    task : {"binary", "multiclass", "regression"}, optional
        What the labels are; default: decided from them.
    positive_label : str, optional
        Which of two classes is the positive one; default: recognised by their names, or else by the models.
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
    by : tuple of str
        Groups of rows that are reported too, some of ``chromosome``, ``gc`` (classes of 5 %) and ``tss``
        (distance to the nearest start of transcription).
    bootstrap : int
        Resamples for the 95 % intervals; 0: no intervals.
    seed : int
        Of the resamples and the baselines.
    """

    split: str | None = None
    task: Task | None = None
    positive_label: str | None = None
    exclude_duplicates_of: tuple[str | Path, ...] = ()
    crop: str = "none"
    threshold: float | None = None
    baselines: tuple[str, ...] = ()
    jobs: int | None = None
    by: tuple[str, ...] = ()
    bootstrap: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("exclude_duplicates_of", "baselines", "by"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, (str, Path)) else tuple(value))
        if self.baselines == ("all",):
            object.__setattr__(self, "baselines", BASELINE_OPTIONS)
        _require_rows(self)
        tasks = ("binary", "multiclass", "regression")
        require_setting(self, "task", self.task in (None, *tasks), f"one of {', '.join(tasks)}")
        require_setting(self, "threshold", self.threshold is None or 0 <= self.threshold <= 1, "from 0 to 1")
        unknown = [name for name in self.baselines if name not in BASELINE_OPTIONS]
        require_setting(self, "baselines", not unknown, f"some of {', '.join(BASELINE_OPTIONS)}, or all")
        is_known = set(self.by) <= set(STRATA) and len(set(self.by)) == len(self.by)
        require_setting(self, "by", is_known, f"some of {', '.join(STRATA)}, each once")
        require_setting(self, "jobs", self.jobs is None or self.jobs >= 1, "at least 1")
        require_setting(self, "bootstrap", self.bootstrap >= 0, "at least 0")
        require_setting(self, "seed", self.seed >= 0, "at least 0")


@dataclass(frozen=True)
class CalibrationSettings:
    """How a model is calibrated.

    Parameters
    ----------
    split : {"validation", "test", "train", "all"}, optional
        Rows to calibrate on; default: ``validation`` of a data set with splits, all rows of one without.
    positive_label : str, optional
        Which of the data's two classes is the model's positive one; default: recognised by their names.
    crop : {"none", "centre"}
        ``centre``: longer sequences are cut to the model's window at their centre; without, they are refused.
    threshold : {"0.5", "max-mcc"}
        Which becomes the default decision threshold.
    window_length : int, optional
        Length in bp of the windows that the model was made for, where its card does not say it; it is kept.
    """

    split: str | None = None
    positive_label: str | None = None
    crop: str = "none"
    threshold: str = "0.5"
    window_length: int | None = None

    def __post_init__(self) -> None:
        require_numbers(self)
        _require_rows(self)
        thresholds = ", ".join(DEFAULT_THRESHOLDS)
        require_setting(self, "threshold", self.threshold in DEFAULT_THRESHOLDS, f"one of {thresholds}")
        is_length = self.window_length is None or self.window_length >= 1
        require_setting(self, "window_length", is_length, "at least 1 bp")


def _require_rows(settings: EvaluationSettings | CalibrationSettings) -> None:
    require_setting(settings, "split", settings.split in (None, *_SPLITS), f"one of {', '.join(_SPLITS)}")
    require_setting(settings, "crop", settings.crop in CROPS, "none or centre")
