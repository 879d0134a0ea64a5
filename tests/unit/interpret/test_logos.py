"""Letters of logos (interpret/logos): where each stands, and what lies on what."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.interpret.logos import COLOURS, draw_letters

colors, figure = late("matplotlib.colors"), late("matplotlib.figure")


def test_letters_stand_on_each_other_the_highest_on_top() -> None:
    axes = figure.Figure().subplots()
    heights = np.array([[2.0, 0, 0, 1.0], [0, -1.0, 0.5, -0.25]])
    draw_letters(axes, heights, 10)
    (letters,) = axes.collections
    base_of = {colour.lower(): base for base, colour in COLOURS.items()}
    boxes = [path.get_extents() for path in letters.get_paths()]
    found = [
        (base_of[colors.to_hex(colour)], round((box.x0 + box.x1) / 2), box.y0, box.y1)
        for colour, box in zip(letters.get_facecolors(), boxes, strict=True)
    ]
    expected = [
        ("T", 10, 0.0, 1.0),
        ("A", 10, 1.0, 3.0),
        ("C", 11, -1.25, -0.25),
        ("T", 11, -0.25, 0.0),
        ("G", 11, 0.0, 0.5),
    ]
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert np.array([row[2:] for row in found]) == pytest.approx(np.array([row[2:] for row in expected]))
    assert [box.width for box in boxes] == pytest.approx([0.95] * 5)


def test_a_logo_without_letters_is_empty() -> None:
    axes = figure.Figure().subplots()
    draw_letters(axes, np.zeros((3, 4)), 0)
    assert not axes.collections[0].get_paths()
