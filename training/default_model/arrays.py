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


def standardisation(arrays: Mapping[str, NDArray[Any]], task: int) -> tuple[float, float]:
    """Return mean and deviation of a task's training targets."""
    known = np.concatenate(
        [
            arrays[f"targets_{length}"][arrays[f"split_{length}"] == "train", task]
            for length in lengths_of(arrays)
        ]
    )
    known = known[~np.isnan(known)]
    return float(known.mean()), float(known.std())
