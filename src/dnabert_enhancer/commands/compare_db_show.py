"""What `compare-db` shows on the terminal: the table of its results, and the list of presets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.tables import show_list, show_table

if TYPE_CHECKING:
    from dnabert_enhancer.api import Comparison


def show_presets() -> None:
    """Print the presets: name, what it is, assembly, columns that can be filtered, how far it was checked."""
    from dnabert_enhancer.comparison import PRESETS

    rows = []
    for preset in PRESETS.values():
        filters = [
            key
            for key, present in (
                (
                    "cell=",
                    any(
                        layout.cell is not None or "?P<cell>" in (layout.places or "")
                        for layout in preset.layouts
                    ),
                ),
                (
                    "class=",
                    any(
                        layout.kind is not None or "?P<kind>" in (layout.places or "")
                        for layout in preset.layouts
                    ),
                ),
                ("min_score=", any(layout.score is not None for layout in preset.layouts)),
            )
            if present
        ]
        lines = [
            preset.title,
            preset.download if preset.download != "-" else "",
            preset.note,
            f"filters: {' '.join(filters)}" if filters else "",
            preset.status + ("" if preset.verified else f" ({preset.evidence})"),
        ]
        rows.append(
            [preset.name, preset.assembly or "as the calls", "\n".join(line for line in lines if line)]
        )
    show_list(
        "Databases that compare-db reads as their sites give them",
        ("preset", "assembly", "database, file, filters, how far the layout was checked"),
        rows,
    )


def show_results(comparison: Comparison) -> None:
    """Print one row per database, and how many calls are in how many databases."""
    from dnabert_enhancer.comparison import NULLS

    nulls = [null for null in NULLS if any(null in result.nulls for result in comparison.results)]
    titles = ["database", "elements", "calls in it", "precision", "recall", "Jaccard", "odds ratio"]
    titles += [f"fold {null}" for null in nulls] + [f"q {null}" for null in nulls] + ["median bp", "AUROC"]
    rows = []
    for row in comparison.summary.to_dict("records"):
        cells = [str(row["database"]), f"{row['elements']:,}", f"{row['calls_overlapping']:,}"]
        cells += [_text(row[name]) for name in ("precision", "recall", "jaccard", "odds_ratio")]
        for null in nulls:
            fold, low, high = (row[f"{null}_fold{end}"] for end in ("", "_low", "_high"))
            between = "" if _text(fold) == "-" else f" ({_text(low, 2)}-{_text(high, 2)})"
            cells.append(_text(fold) + between)
        cells += [_text(row[f"{null}_q"]) for null in nulls]
        rows.append([*cells, _text(row["median_distance"]), _text(row["auroc"])])
    show_table(f"{len(comparison.calls):,} calls", titles, rows)
    numbers = [
        [str(number), f"{count:,}"] for number, count in comparison.calls_by_number_of_databases.items()
    ]
    show_table("calls by the number of databases that hold them", ("databases", "calls"), numbers)


def _text(value: str | int | float, digits: int = 3) -> str:
    if isinstance(value, float):
        if math.isnan(value):
            return "-"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
    return str(value)
