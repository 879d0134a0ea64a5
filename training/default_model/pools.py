"""Pairs of windows that differ in a few bases, with what the starting model says of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from judging import outputs_of
from networks import Student
from rows import Data, augmented

LONGEST_BLOCK = 8
"""Bases that the second window of a pair has changed at most."""
CHANGED = 0.05
"""Share of bases changed at most in the first windows of a quarter of the pairs, far from any row."""


class Pairs(NamedTuple):
    """Windows, uint8[n, 2, L], and answers by task, float16[n, 2, tasks]."""

    codes: torch.Tensor
    answers: torch.Tensor


def answered_pairs(data: Data, start: Student, counts: Mapping[int, int]) -> dict[int, Pairs]:
    """Return by length pairs of windows, and what a student says of them, the mean of both strands.

    Parameters
    ----------
    data : Data
    start : Student
    counts : mapping of int to int
        Pairs by length of window.

    Notes
    -----
    First windows are training windows moved by up to 6 bases; a quarter of them has up to `CHANGED` of its
    bases changed. The second has one base changed in half of the pairs, else a block of up to
    `LONGEST_BLOCK`.
    """
    pools = {}
    for length, count in counts.items():
        group = data.groups[length]
        codes = changed_pairs(group.codes[group.drawn(count)])
        answers = outputs_of(start, codes.flatten(0, 1))
        pools[length] = Pairs(codes, answers.view(count, 2, -1).half())
    return pools


def changed_pairs(windows: torch.Tensor) -> torch.Tensor:
    """Return pairs, uint8[n, 2, L], of windows, uint8[n, L], as `answered_pairs` says."""
    count, length = windows.shape
    plain, light = (augmented(windows, rate, 6, strands=False) for rate in (0.0, CHANGED))
    first = torch.where(torch.rand(count, 1) < 0.25, light, plain)
    size = torch.where(torch.rand(count, 1) < 0.5, 1, torch.randint(2, LONGEST_BLOCK + 1, (count, 1)))
    begin = (torch.rand(count, 1) * (length + 1 - size)).long()
    place = torch.arange(length)
    changed = (place >= begin) & (place < begin + size)
    swap = (first + torch.randint(1, 4, first.shape, dtype=torch.uint8)) % 4
    return torch.stack([first, torch.where(changed, swap, first)], 1)
