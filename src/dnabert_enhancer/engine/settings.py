"""How a user asks for predictions to be computed: device, backend, precision, threads, strands."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dnabert_enhancer.errors import InputError

QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")


class Device(StrEnum):
    """Where the model runs."""

    AUTO = "auto"
    """The first CUDA device where there is one that a backend can use, else the processor."""
    CPU = "cpu"
    CUDA = "cuda"


class BackendName(StrEnum):
    """What runs the model."""

    AUTO = "auto"
    """By the rule of `backends`: ONNX Runtime on the processor where the model has its graph, else torch."""
    ONNX = "onnx"
    """ONNX Runtime, on the graph that was written beside the weights."""
    TORCH = "torch"
    """PyTorch, on the weights themselves."""


class Precision(StrEnum):
    """How exactly the model computes."""

    AUTO = "auto"
    """By the rule of `backends`: float32, or bfloat16 or int8 on hardware made for it where results agree."""
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    """Matrix products of bfloat16 numbers with float32 sums; embeddings and head in float32."""
    INT8 = "int8"
    """Matrix products of 8-bit integers, with a scale for each output of a matrix and for each token."""


class Strand(StrEnum):
    """Which strands a window is read on."""

    BOTH = "both"
    """The mean of the outputs for a window and for its reverse complement."""
    FORWARD = "forward"
    """The window as it is given."""


@dataclass(frozen=True)
class EngineSettings:
    """What the engine is asked to do.

    Parameters
    ----------
    device, backend, precision, strand : str
        See `Device`, `BackendName`, `Precision`, `Strand`.
    batch_size : int
        Windows that are prepared and handed to the model together; 0 lets the engine choose.
    threads : int
        Processor threads; 0 takes what this process may use.
    """

    device: str = Device.AUTO
    backend: str = BackendName.AUTO
    precision: str = Precision.AUTO
    batch_size: int = 0
    threads: int = 0
    strand: str = Strand.BOTH

    def __post_init__(self) -> None:
        for name, choices in (
            ("device", Device),
            ("backend", BackendName),
            ("precision", Precision),
            ("strand", Strand),
        ):
            value = getattr(self, name)
            if value not in tuple(choices):
                raise InputError(f"unknown {name} {value!r}", remedy=f"one of {', '.join(choices)}")
            object.__setattr__(self, name, str(value))
        if self.batch_size < 0 or self.threads < 0:
            raise InputError("batch size and threads cannot be negative", remedy="0 lets the engine choose")

    def exact(self) -> EngineSettings:
        """Return these, with float32 for `Precision.AUTO`: where small differences are the result."""
        is_auto = self.precision == Precision.AUTO
        return dataclasses.replace(self, precision=Precision.FLOAT32) if is_auto else self

    @property
    def used_threads(self) -> int:
        """The number of threads asked for, or what this process may use."""
        return self.threads or available_threads()


def available_threads() -> int:
    """Return how many threads this process may use.

    The smallest of: the processors it is bound to, the quota of its container, and ``OMP_NUM_THREADS``.
    """
    limits = [len(os.sched_getaffinity(0))]
    quota = _container_quota(QUOTA_FILE)
    if quota:
        limits.append(quota)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        limits.append(int(asked))
    return max(1, min(limits))


def _container_quota(path: Path) -> int | None:
    try:
        quota, period = path.read_text(encoding="ascii").split()[:2]
        return None if quota == "max" else max(1, round(int(quota) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        return None
