"""Published figures beside those of a run of evaluate: ours, theirs and the difference."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import ALL_ROWS_SUBSET, AS_GIVEN, DEFINITIONS
from dnabert_enhancer.files import keep_input, read_text_lines
from dnabert_enhancer.reporting.section import Section
from dnabert_enhancer.reporting.table import NO_VALUE, Table, number, read_rows

PUBLISHED_COLUMNS = ("metric", "value", "source")
"""What a file of published figures has at least; ``method`` and ``run`` say of which of ours a figure is."""
_VALUE = re.compile(r"([-+]?\d+(?:\.(\d+))?) ?(%?)")
_MEANINGS = {
    "metric": "what was measured, on all rows as given",
    "method": "the method of this run",
    "this run": "value of this run, with as many decimals as the published one",
    "low": "lower end of its 95 % interval",
    "high": "upper end of its 95 % interval",
    "published": "value as it was published",
    "difference": "this run minus published; points: of per cent",
    "source": "where it was published",
}
_FILE = "published.tsv"
_LIMIT = (
    "Published figures are of the sequences that were judged there: where these are others, a difference is "
    "one of data and of models."
)

_log = logging.getLogger(__name__)


class PublishedFigure(NamedTuple):
    """A figure of a publication.

    Attributes
    ----------
    metric : str
        As `evaluation.DEFINITIONS` calls it.
    value : float
        In the unit that it was published in.
    decimals : int
        As many as it was published with.
    unit : str
        ``%``, or empty for a number as ours are.
    source : str
    method : str
        Which of our methods stands beside it; empty: the first.
    run : str
        Name of the run that it is for; empty: every one.
    """

    metric: str
    value: float
    decimals: int
    unit: str
    source: str
    method: str
    run: str

    @property
    def scale(self) -> int:
        """What a metric of ours is multiplied by to be in the figure's unit."""
        return 100 if self.unit else 1

    def shown(self, value: float) -> str:
        """Return a value in the figure's unit as a text with its decimals, NaN as NA."""
        unit = " %" if self.unit else ""
        return "NA" if value != value else f"{value:.{self.decimals}f}{unit}"

    def difference(self, value: float) -> str:
        """Return a value minus the figure as a text."""
        unit = " points" if self.unit else ""
        rounded = round(value - self.value, self.decimals) + 0.0  # no minus zero
        return f"{rounded:+.{self.decimals}f}{unit}"


def read_published(path: str | os.PathLike[str]) -> list[PublishedFigure]:
    """Return the figures of a file.

    Parameters
    ----------
    path : path
        TSV with the columns ``metric`` (such as ``accuracy``), ``value`` (``0.8805``, or ``88.05 %``) and
        ``source``, and maybe ``method`` and ``run``.

    Raises
    ------
    InputError
        No such file or column, an unknown metric, or a value that is no number.
    """
    keep_input(path)
    rows = ((line, [cell.strip() for cell in text.split("\t")]) for line, text in read_text_lines(path))
    _, titles = next(rows, (0, []))
    for name in PUBLISHED_COLUMNS:
        if name not in titles:
            raise InputError(
                f"the table of published figures has no column {name!r}",
                source=path,
                remedy=f"give it {', '.join(PUBLISHED_COLUMNS)}, divided by tabs, and maybe method and run",
            )
    found = []
    for line, cells in rows:
        if not any(cells):
            continue
        row = dict(zip(titles, cells, strict=False))
        metric, text = row.get("metric", ""), row.get("value", "")
        if metric not in DEFINITIONS:
            raise InputError(
                f"there is no metric {metric!r}",
                source=path,
                location=f"line {line}",
                remedy=f"give one of {', '.join(DEFINITIONS)}",
            )
        match = _VALUE.fullmatch(text)
        if match is None:
            raise InputError(
                f"the value {text!r} is no number",
                source=path,
                location=f"line {line}",
                remedy="write it as 0.8805 or as 88.05%",
            )
        of = [row.get(name, "") for name in ("source", "method", "run")]
        found.append(PublishedFigure(metric, float(match[1]), len(match[2] or ""), match[3], *of))
    return found


def with_published(sections: Sequence[Section], figures: Sequence[PublishedFigure]) -> list[Section]:
    """Return sections of which those of evaluate begin with a table of published figures."""
    told = [
        _beside(section, figures) if section.run.command == "evaluate" else section for section in sections
    ]
    if figures and all(new is old for new, old in zip(told, sections, strict=True)):
        _log.warning("no run of evaluate here has any of the published figures")
    return told


def _beside(section: Section, figures: Sequence[PublishedFigure]) -> Section:
    lines = read_rows(section.run.file("metrics.tsv"))
    _, titles = next(lines)
    ours = [dict(zip(titles, cells, strict=True)) for _, cells in lines]
    ours = [row for row in ours if (row.get("subset"), row.get("prevalence")) == (ALL_ROWS_SUBSET, AS_GIVEN)]
    rows = []
    for figure in figures:
        for row in ours:
            is_meant = figure.run in ("", section.run.name) and figure.method in ("", row["method"])
            if is_meant and row.get(figure.metric, "NA") not in NO_VALUE:
                rows.append(_row(figure, row))
                break
    if not rows:
        return section
    table = Table("Beside published figures", _FILE, list(_MEANINGS), rows, len(rows), meanings=_MEANINGS)
    return replace(section, tables=[table, *section.tables], limits=[*section.limits, _LIMIT])


def _row(figure: PublishedFigure, ours: dict[str, str]) -> list[str]:
    value, low, high = (
        figure.scale * number(ours.get(f"{figure.metric}{end}", "NA")) for end in ("", "_low", "_high")
    )
    return [
        DEFINITIONS[figure.metric].title,
        ours["method"],
        *map(figure.shown, (value, low, high, figure.value)),
        figure.difference(value),
        figure.source,
    ]
