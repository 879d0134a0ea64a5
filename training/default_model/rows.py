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


class Group(NamedTuple):
    """The rows of one length on the device: codes uint8[n, L], targets float32[n, tasks], split, weight."""

    codes: torch.Tensor
    targets: torch.Tensor
    split: torch.Tensor
    weight: torch.Tensor


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
            rows = torch.multinomial(group.weight, max(8, int(size * share)), replacement=True)
            parts.append((augmented(group.codes[rows], mutation, shift), group.targets[rows]))
        yield parts


def scanner_of(data: Data) -> MotifScanner:
    """Return a scanner of the motifs that find different windows, fitted on training windows."""
    group = data.groups[200]
    rows = torch.nonzero(group.split == 0)[:, 0]
    rows = rows[torch.linspace(0, len(rows) - 1, 4096, device=rows.device).long()]
    letters = one_hot(group.codes[rows])
    chosen = distinct_motifs(data.filters, letters)
    print(f"{len(chosen)} of {len(data.filters)} motifs are distinct", flush=True)
    return MotifScanner(data.filters[chosen.to(data.filters.device)]).to(letters.device).fit(letters)
