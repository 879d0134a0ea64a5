"""The processes of one training: one, or several that `accelerate launch` started."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this is.

    Parameters
    ----------
    rank : int
        From 0; the first reads and writes the run's files.
    count : int
        Processes in all.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            import torch

            torch.distributed.barrier()

    def first_then_others(self, work: Callable[[], Result]) -> Result:
        """Do something in the first process, then in the others, which find what it left."""
        if self.is_first:
            result = work()
            self.wait()
            return result
        self.wait()
        return work()


def launched_count() -> int:
    """Return how many processes a launcher started; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def launched_processes(*, on_cpu: bool) -> Processes:
    """Return this process's place, and connect it to the others where a launcher started several."""
    count = launched_count()
    if count > 1:
        import accelerate

        accelerate.PartialState(cpu=on_cpu)
    return Processes(int(os.environ.get("RANK", "0")), count)
