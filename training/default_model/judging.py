"""What a network says of windows, and how well it ranks the rows of a split."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable

import numpy as np
import torch
from fitting import has_bfloat16
from numpy.typing import NDArray
from plan import WORKERS
from rows import Data, some_rows, turned
from torch import nn

EVALUATION_BATCH = 256
PARTS_FOR_WORKERS = 8
MEASURED_ROWS = 2000
"""Of a task and split, which the recipe's figures rest on."""


def outputs_of(model: nn.Module, codes: torch.Tensor) -> torch.Tensor:
    """Return a model's outputs, the mean over both strands, float32[n, tasks]."""
    model.eval()
    return over_strands(model, codes)


def over_strands(answer: Callable[[torch.Tensor], torch.Tensor], codes: torch.Tensor) -> torch.Tensor:
    """Return the mean of what a network in evaluation says of both strands, float32[n, values].

    Many windows are answered by as many processes as there are workers.
    """
    parts = codes.split(EVALUATION_BATCH)
    if len(parts) < PARTS_FOR_WORKERS:
        return torch.cat([_both_strands(answer, part) for part in parts])
    context = multiprocessing.get_context("fork")  # the network goes to the workers without being pickled
    with context.Pool(WORKERS, _remember, (answer,)) as pool:
        return torch.from_numpy(
            np.concatenate(pool.map(_remembered_answer, [part.numpy() for part in parts]))
        )


_remembered: list[Callable[[torch.Tensor], torch.Tensor]] = []


def _remember(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    _remembered[:] = [answer]


def _remembered_answer(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _both_strands(_remembered[0], torch.from_numpy(codes)).numpy()


@torch.no_grad()
def _both_strands(answer: Callable[[torch.Tensor], torch.Tensor], codes: torch.Tensor) -> torch.Tensor:
    with torch.autocast(codes.device.type, torch.bfloat16, enabled=has_bfloat16(codes.device)):
        return (answer(codes).float() + answer(turned(codes)).float()) / 2


def measure(
    answer: Callable[[torch.Tensor], torch.Tensor], data: Data, split: str, most: int = MEASURED_ROWS
) -> dict[str, float]:
    """Return by task the AUROC, or Pearson's r, of a function of codes on at most so many rows of a split."""
    result: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for length, rows in some_rows(data, split, most).items():
        group = data.groups[length]
        if not len(rows):
            continue
        outputs = answer(group.codes[rows]).cpu().numpy()
        targets = group.targets[rows].cpu().numpy()
        for number, task in enumerate(data.tasks):
            known = ~np.isnan(targets[:, number])
            if known.any():
                result.setdefault(task, []).append((outputs[known, number], targets[known, number]))
    metrics = {}
    for number, task in enumerate(data.tasks):
        if task not in result:
            continue
        scores, truth = (np.concatenate(part) for part in zip(*result[task], strict=True))
        if data.binary[number]:
            metrics[task] = auroc(scores, truth)
        else:
            metrics[task] = float(np.corrcoef(scores, truth)[0, 1]) if np.ptp(scores) else math.nan
    return metrics


def auroc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the area under the receiver operating characteristic; ties count half."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positive = truth == 1
    p, n = positive.sum(), (~positive).sum()
    return float((rank[positive].sum() - p * (p + 1) / 2) / (p * n)) if p and n else math.nan


def summary(metrics: dict[str, float]) -> str:
    """Return the first tasks' figures in one line."""
    shown = [f"{name} {value:.3f}" for name, value in list(metrics.items())[:10]]
    return ", ".join(shown)
