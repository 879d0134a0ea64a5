"""What `predict` notes in its run record and says in the log."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.commands.run_record import RunRecord

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.api import Model
    from dnabert_enhancer.scan import ResultCounts, Scan, SequenceSettings

_log = logging.getLogger(__name__)
_DONE = ("windows", "scored", "null_windows")


class ScanRecord(RunRecord):
    """The record of a scan, of a shard, or of shards put together."""

    def add_scores(
        self,
        facts: Mapping[str, Any],
        counts: Mapping[str, int],
        seconds: Mapping[str, float],
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what was scored, skipped and how long it took; tell the log.

        Parameters
        ----------
        facts : mapping
            What the scores depend on.
        counts, seconds : mapping
            See `ScoreHeader`.
        notes : mapping, optional
            What became of the regions.
        """
        self.set("scan", {**facts, "regions": dict(notes or {})})
        if notes and notes["regions_widened"]:
            _log.info(
                "%d regions shorter than the window were widened to %d bp",
                notes["regions_widened"],
                facts["window_length"],
            )
        for name, number in counts.items():
            if name in _DONE:
                self.count(name, number)
            else:
                self.skip(name, number)
                _log.info("%d skipped: %s", number, name.replace("_", " "))
        total = sum(seconds.values())
        shares = {f"{name}_seconds": round(value, 3) for name, value in seconds.items()}
        self.set("time", shares | {"other_share": round(seconds["other"] / total, 4) if total else 0.0})
        if seconds["model"]:
            n_null = counts.get("null_windows", 0)
            rate = (counts["scored"] + n_null) / seconds["model"]
            _log.info("%d windows and %d shuffled ones scored, %.0f a second", counts["scored"], n_null, rate)

    def add_results(self, scan: Scan, counts: ResultCounts, seconds: float) -> None:
        """Note what a whole scan gave.

        Parameters
        ----------
        counts : ResultCounts
            What was written.
        seconds : float
            How long the writing took.
        """
        spent = scan.scores.total("seconds")
        spent["other"] += seconds
        self.add_scores(scan.scores.settings, scan.counts, spent, scan.notes)
        for name, number in counts._asdict().items():
            self.count(name, number)
        settings = {"threshold": scan.settings.threshold, "merge_gap": scan.settings.merge_gap}
        self.set("calls_made_with", settings)
        _log.info("%d calls with %d bp in %d bp scanned", *counts)


class SequenceRecord(RunRecord):
    """The record of scores of sequences."""

    def add_rows(self, frame: pd.DataFrame, window: int) -> None:
        """Note the rows of `Model.predict`; `window` is the length of a window in bp."""
        scored = frame["windows"] > 0
        self.count("sequences", len(frame))
        self.count("windows", int(frame["windows"].sum()))
        self.count("scored", int(scored.sum()))
        self.count("shorter_than_window", int((frame["length"] < window).sum()))
        for note, number in Counter(frame["note"][~scored]).items():
            self.skip(f"sequence_{note}", number)
        if frame["skipped"].any():
            self.skip("window_too_many_unknown_bases", int(frame["skipped"].sum()))

    def finish(self, model: Model, settings: SequenceSettings, labels: Counter[str]) -> None:
        """Note engine and threshold; tell the log how many sequences have which label."""
        words = [(name if name != "NA" else "without a label", n) for name, n in sorted(labels.items())]
        told = ", ".join(f"{number} {word}" for word, number in words)
        _log.info("%d sequences: %s", labels.total(), told)
        self.set("engine", model.engine.description())
        self.set("threshold", model.threshold(settings))
