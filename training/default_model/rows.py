"""The rows of all tasks, and endless batches of them, each time a little changed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from arrays import SPLITS, lengths_of, standardisation

TEMPERATURE = 0.6
"""Rows are drawn from a source in proportion to its number of rows to this power."""

REPORTERS = ("lentimpra_hepg2", "lentimpra_wtc11", "lentimpra_k562", "deeptfbu_hepg2")
"""The tasks whose labels the student learns."""
JUDGED_LENGTHS = (70, 101, 168, 200)
"""Not that of Sharpr-MPRA, whose counts without those of the plasmids say little of activity."""


class Group(NamedTuple):
    """The rows of one length: codes uint8[n, L], targets float32[n, tasks], split, weight.

    Weights are those with which training rows are drawn; they sum to 1.
    """

    codes: torch.Tensor
    targets: torch.Tensor
    split: torch.Tensor
    weight: torch.Tensor
    total: torch.Tensor

    def drawn(self, count: int) -> torch.Tensor:
        """Return the numbers of training rows drawn with replacement, int64[count]."""
        chance = torch.rand(count, device=self.total.device, dtype=self.total.dtype)
        return torch.searchsorted(self.total, chance).clamp(max=len(self.total) - 1)


class Data(NamedTuple):
    """All rows by length, and the tasks; a regression's value is (target - mean) / deviation."""

    groups: dict[int, Group]
    tasks: list[str]
    binary: torch.Tensor
    mean: torch.Tensor
    deviation: torch.Tensor


def load(path: Path) -> Data:
    """Read the arrays that `tasks.write_tensors` wrote; values of a regression are standardised by task."""
    arrays = dict(np.load(path))
    tasks, kinds = arrays["tasks"].tolist(), arrays["kinds"]
    lengths = lengths_of(arrays)
    binary = kinds == "binary"
    targets = {length: arrays[f"targets_{length}"].astype(np.float32) for length in lengths}
    scale = np.array([(0.0, 1.0) if known else standardisation(arrays, n) for n, known in enumerate(binary)])
    for values in targets.values():
        values[:] = (values - scale[:, 0]) / scale[:, 1]
    groups = {}
    for length in lengths:
        _, place, count = np.unique(arrays[f"source_{length}"], return_inverse=True, return_counts=True)
        split = np.array([SPLITS.index(name) for name in arrays[f"split_{length}"]])
        weight = (count.astype(float) ** (TEMPERATURE - 1))[place] * (split == 0)
        groups[length] = Group(
            torch.from_numpy(arrays[f"codes_{length}"]),
            torch.from_numpy(targets[length]),
            torch.from_numpy(split),
            torch.from_numpy(weight / weight.sum()).float(),
            torch.from_numpy(np.cumsum(weight / weight.sum())),
        )
    mean, deviation = torch.from_numpy(scale.T).float()
    return Data(groups, tasks, torch.from_numpy(binary), mean, deviation)


def turned(codes: torch.Tensor) -> torch.Tensor:
    """Return the reverse complement of base codes."""
    return torch.where(codes < 4, 3 - codes.int(), 4).to(torch.uint8).flip(1)


def augmented(codes: torch.Tensor, mutation: float, shift: int, *, strands: bool = True) -> torch.Tensor:
    """Return windows read from a random strand, moved by up to `shift` bases, with random bases changed."""
    n, length = codes.shape
    device = codes.device
    move = torch.randint(-shift, shift + 1, (n, 1), device=device)
    place = torch.arange(length, device=device) + move
    fresh = torch.randint(0, 4, codes.shape, device=device, dtype=torch.uint8)
    inside = (place >= 0) & (place < length)
    moved = torch.where(inside, codes.gather(1, place.clamp(0, length - 1)), fresh)
    rate = mutation * torch.rand((n, 1), device=device)
    moved = torch.where(torch.rand(codes.shape, device=device) < rate, fresh, moved)
    if not strands:
        return moved
    return torch.where(torch.rand((n, 1), device=device) < 0.5, turned(moved), moved)


def some_rows(data: Data, split: str, most: int) -> dict[int, torch.Tensor]:
    """Return by length the numbers of rows of a split, the same ones each time.

    Of each task at most `most` are chosen for it: half of them with targets above 0 (of a regression above
    the mean), so that rare positives are there; other tasks' rows come on top.
    """
    chosen = {}
    generator = torch.Generator().manual_seed(0)
    for length in JUDGED_LENGTHS:
        group = data.groups[length]
        order = torch.randperm(len(group.codes), generator=generator)
        order = order[group.split[order] == SPLITS.index(split)]
        high, low = group.targets[order] > 0, group.targets[order] <= 0
        wanted = [part & (part.cumsum(0) <= most // 2) for part in (high, low)]
        chosen[length] = order[(wanted[0] | wanted[1]).any(1)]
    return chosen


def reporter_rows(data: Data, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows of a split with an activity: codes uint8[n, 200], targets float32[n, REPORTERS].

    Shorter windows stand in the middle, with unknown bases around.
    """
    columns = [data.tasks.index(name) for name in REPORTERS]
    codes, targets = [], []
    for length in (200, 168):
        group = data.groups[length]
        rows = (group.split == SPLITS.index(split)) & ~group.targets[:, columns].isnan().all(1)
        side = (200 - length) // 2
        codes.append(torch.nn.functional.pad(group.codes[rows], (side, side), value=4))
        targets.append(group.targets[rows][:, columns])
    return torch.cat(codes), torch.cat(targets)
