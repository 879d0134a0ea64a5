"""What every backend offers to the prediction loop."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Backend(Protocol):
    """A model, loaded, that turns tokens into outputs.

    Attributes
    ----------
    name, device, precision : str
        What it is, for the run record.
    workers : int
        How many calls of `run` may go on at the same time.
    """

    name: str
    device: str
    precision: str
    workers: int

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows of so many tokens one call of `run` takes.

        The number depends on the model and the tokens alone, so that a window meets the same arithmetic whatever the
        batch size, the order, the threads or the shard.
        """

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens); thread-safe."""

    def session(self) -> AbstractContextManager[None]:
        """Return a context in which `run` is called, for settings of the process that must be put back."""
