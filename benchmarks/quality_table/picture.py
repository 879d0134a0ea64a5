"""The calibration picture: model and ridge on the held-out contigs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from dnabert_enhancer.evaluation import Estimate, Line, calibration_figure, drawing, interval_text

from .kinds import QualitySet
from .measures import Scored
from .methods import MODEL_ROWS_RIDGE

DOTS_PER_INCH = 90


def calibration_picture(item: QualitySet, scored: Mapping[str, Scored], found: Mapping[str, Any]) -> bytes:
    """Return a PNG: observed shares against the model's probabilities, and the ridge's beside it."""
    view = item.views[0]
    measured = found["views"][view.name]["methods"]
    lines = []
    for name, strong in (("model", True), (MODEL_ROWS_RIDGE, False)):
        if name in scored:
            values = scored[name].probability if strong else np.clip(scored[name].scores, 0, 1)
            caption = {"calibration": interval_text(Estimate(*measured[name]["ece"]))} if strong else {}
            labels = view.labels.astype(np.int64)
            lines.append(Line(name, labels, values[view.rows], strong, caption))
    content = io.BytesIO()
    with drawing():
        figure = calibration_figure(lines, "held-out contigs 11 and 17")
        figure.set_dpi(DOTS_PER_INCH)
        figure.savefig(
            content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None}, bbox_inches="tight"
        )
    return content.getvalue()
