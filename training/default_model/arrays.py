"""What all steps read of the arrays of `tasks.write_tensors`; needs NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")


def lengths_of(arrays: Mapping[str, NDArray[Any]]) -> list[int]:
    """Return the lengths of the windows, ascending."""
    return sorted(int(name.removeprefix("codes_")) for name in arrays if name.startswith("codes_"))


def training_targets(arrays: Mapping[str, NDArray[Any]], task: int) -> NDArray[np.float32]:
    """Return the targets of a task's training rows that have one."""
    targets = np.concatenate(
        [
            arrays[f"targets_{length}"][arrays[f"split_{length}"] == "train", task]
            for length in lengths_of(arrays)
        ]
    )
    return targets[~np.isnan(targets)]


def standardisation(arrays: Mapping[str, NDArray[Any]], task: int) -> tuple[float, float]:
    """Return mean and deviation of a task's training targets."""
    known = training_targets(arrays, task)
    return float(known.mean()), float(known.std())
