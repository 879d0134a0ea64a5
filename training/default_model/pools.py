"""Windows for the student with the answers that it is to give: the teachers', and those of the start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from judging import outputs_of
from networks import BertSize, Student, Teacher
from rows import REPORTERS, Data, augmented
from torch import nn

ANSWERED_ROWS = {200: 16_000, 101: 12_000}
"""Training windows by length whose answers by the starting model the student keeps."""
PLAIN, LIGHT, HEAVY = 0, 1, 2
LONGEST_BLOCK = 8
"""Bases that the second window of a pair has changed at most."""


def load_network(path: Path) -> nn.Module:
    """Return a teacher or a student of a file."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    state = {
        name: value.float() if value.is_floating_point() else value for name, value in saved["state"].items()
    }
    network: nn.Module
    if saved["kind"] == "teacher":
        network = Teacher(saved["outputs"], saved["widths"])
    else:
        network = Student(BertSize(**saved["size"]), saved["outputs"])
    network.load_state_dict(state)
    return network.eval()


def answered_rows(data: Data, start: Student) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """Return by length training windows, uint8[n, length], and what a student says of them, [n, tasks]."""
    pools = {}
    for length, count in ANSWERED_ROWS.items():
        group = data.groups[length]
        codes = augmented(group.codes[group.drawn(count)], 0.02, 6)
        pools[length] = (codes, outputs_of(start, codes).half())
    return pools


def pairs(data: Data, teachers: Sequence[nn.Module], count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pairs of windows that differ in a few bases, and what the teachers say of each.

    Parameters
    ----------
    data : Data
    teachers : sequence of Module
        With the outputs `REPORTERS`.
    count : int

    Returns
    -------
    uint8[count, 2, 200], float16[count, 2, REPORTERS]
        Six eighths of the first windows are training windows moved by up to 6 bases, one eighth has up to
        5 % of its bases changed, one is two windows put together. The second has one base changed in
        half of the pairs, else a block of up to `LONGEST_BLOCK`. Answers are means over teachers and
        strands.
    """
    group = data.groups[200]
    reporters = [data.tasks.index(name) for name in REPORTERS[:-1]]
    own = torch.nonzero((group.split == 0) & ~group.targets[:, reporters].isnan().all(1))[:, 0]
    rows = own[torch.randint(len(own), (count,))]
    other = torch.rand(count) < 0.2
    rows[other] = group.drawn(int(other.sum()))
    plain, light = (augmented(group.codes[rows], rate, 6, strands=False) for rate in (0.0, 0.05))
    cut = torch.randint(40, 160, (count, 1))
    both = torch.where(torch.arange(200) < cut, plain, plain.roll(1, 0))
    kind = torch.tensor([*[PLAIN] * 6, LIGHT, HEAVY])[torch.randint(8, (count, 1))]
    first = torch.where(kind == PLAIN, plain, torch.where(kind == LIGHT, light, both))
    size = torch.where(torch.rand(count, 1) < 0.5, 1, torch.randint(2, LONGEST_BLOCK + 1, (count, 1)))
    begin = (torch.rand(count, 1) * (201 - size)).long()
    place = torch.arange(200)
    changed = (place >= begin) & (place < begin + size)
    swap = (first + torch.randint(1, 4, first.shape, dtype=torch.uint8)) % 4
    second = torch.where(changed, swap, first)
    codes = torch.stack([first, second], 1)
    answers = torch.stack([outputs_of(teacher, codes.flatten(0, 1)) for teacher in teachers]).mean(0)
    return codes, answers.view(count, 2, -1).half()
