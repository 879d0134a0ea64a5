"""The rows of all tasks on a device, and endless batches of them, each time a little changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from arrays import SPLITS, lengths_of, standardisation
from motifs import MotifScanner, distinct_motifs
from networks import one_hot

BATCHES = {200: 0.5, 101: 0.5, 295: 0.1}
"""Windows in a batch by their length, as shares of the job's batch size."""
TEMPERATURE = 0.6
"""Rows are drawn from a source in proportion to its number of rows to this power."""

_LOOKED_AT = 8192
"""Training windows of each length on which motifs are ranked."""


class Group(NamedTuple):
    """The rows of one length on the device: codes uint8[n, L], targets float32[n, tasks], split, weight.

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
    """All rows by length, and the tasks."""

    groups: dict[int, Group]
    tasks: list[str]
    binary: torch.Tensor
    filters: torch.Tensor


def load(path: Path, motifs: Path, device: str) -> Data:
    """Read the arrays that `tasks.write_tensors` wrote; values of a regression are standardised by task."""
    arrays = dict(np.load(path))
    tasks, kinds = arrays["tasks"].tolist(), arrays["kinds"]
    lengths = lengths_of(arrays)
    binary = kinds == "binary"
    targets = {length: arrays[f"targets_{length}"].astype(np.float32) for length in lengths}
    for number in np.flatnonzero(~binary):
        mean, deviation = standardisation(arrays, number)
        for values in targets.values():
            values[:, number] = (values[:, number] - mean) / deviation
    groups = {}
    for length in lengths:
        _, place, count = np.unique(arrays[f"source_{length}"], return_inverse=True, return_counts=True)
        split = np.array([SPLITS.index(name) for name in arrays[f"split_{length}"]])
        weight = (count.astype(float) ** (TEMPERATURE - 1))[place] * (split == 0)
        groups[length] = Group(
            torch.from_numpy(arrays[f"codes_{length}"]).to(device),
            torch.from_numpy(targets[length]).to(device),
            torch.from_numpy(split).to(device),
            torch.from_numpy(weight / weight.sum()).float().to(device),
            torch.from_numpy(np.cumsum(weight / weight.sum())).to(device),
        )
    filters = torch.from_numpy(np.load(motifs)["filters"]).to(device)
    return Data(groups, tasks, torch.from_numpy(binary).to(device), filters)


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


def batches(
    data: Data, size: int, mutation: float, shift: int
) -> Iterator[list[tuple[torch.Tensor, torch.Tensor]]]:
    """Yield endlessly a list of (codes, targets), one a length."""
    while True:
        parts = []
        for length, share in BATCHES.items():
            if length not in data.groups:
                continue
            group = data.groups[length]
            rows = group.drawn(max(8, int(size * share)))
            parts.append((augmented(group.codes[rows], mutation, shift), group.targets[rows]))
        yield parts


def useful_scanner(data: Data) -> MotifScanner:
    """Return a scanner of the distinct motifs, first those that tell most about any task beyond its GC."""
    scanner = scanner_of(data)
    useful = torch.zeros(len(scanner.filters), device=scanner.filters.device)
    for group in data.groups.values():
        rows = torch.multinomial(group.weight, min(_LOOKED_AT, int((group.weight > 0).sum())))
        letters = one_hot(group.codes[rows])
        best = torch.cat([scanner(part).amax(1) for part in letters.split(256)])
        gc = letters[:, 1:3].sum((1, 2)) / letters.sum((1, 2)).clamp(min=1)
        for column in range(len(data.tasks)):
            target = group.targets[rows, column]
            known = ~target.isnan()
            if target[known].unique().numel() < 2:
                continue
            about = torch.stack([torch.ones_like(gc[known]), gc[known]], dim=1)
            both = torch.cat([best[known], target[known, None]], dim=1)
            both = both - about @ torch.linalg.lstsq(about, both).solution
            both = both / both.norm(dim=0).clamp(min=1e-6)
            useful = torch.maximum(useful, (both[:, :-1].T @ both[:, -1]).abs() * len(both) ** 0.5)
    order = useful.argsort(descending=True)
    return MotifScanner(scanner.filters[order]).to(order.device).fit(one_hot(window_sample(data)))


def scanner_of(data: Data) -> MotifScanner:
    """Return a scanner of the motifs that find different windows, fitted on training windows."""
    letters = one_hot(window_sample(data))
    chosen = distinct_motifs(data.filters, letters)
    print(f"{len(chosen)} of {len(data.filters)} motifs are distinct", flush=True)
    return MotifScanner(data.filters[chosen.to(data.filters.device)]).to(letters.device).fit(letters)


def window_sample(data: Data) -> torch.Tensor:
    """Return 4,096 training windows of 200 bp, spread evenly over the rows."""
    group = data.groups[200]
    rows = torch.nonzero(group.split == 0)[:, 0]
    return group.codes[rows[torch.linspace(0, len(rows) - 1, 4096, device=rows.device).long()]]
