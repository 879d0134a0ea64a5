"""What every backend offers to the prediction loop."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

GPU_WINDOWS = 256
_MOST_WINDOWS = 32


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

        The number depends on the model, the precision and the tokens alone, so that a window meets the same
        arithmetic whatever the batch size, the order, the threads or the shard.
        """

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens).

        May be called from several threads.
        """

    def session(self) -> AbstractContextManager[None]:
        """Return a context for calls of `run`, in which settings of the process are changed if need be."""


def windows_in_cache(cache_bytes: int, window_bytes: int) -> int:
    """Return how many windows of activations fit the cache, at least 1 and at most 32."""
    return max(1, min(_MOST_WINDOWS, round(cache_bytes / max(1, window_bytes))))
