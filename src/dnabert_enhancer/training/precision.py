"""Chooses the device and the arithmetic of a training, and says why."""

from __future__ import annotations

from typing import NamedTuple

from dnabert_enhancer.engine import this_processor
from dnabert_enhancer.errors import ResourceError

LEAST_WIDTH_CPU_BFLOAT16 = 128
"""Hidden size from which bfloat16 pays on a CPU that gains by it (benchmarks/training.py measures it)."""


class Arithmetic(NamedTuple):
    """Where and in which number format a training computes.

    Attributes
    ----------
    device : {"cpu", "cuda"}
        The device.
    precision : {"float32", "bfloat16", "float16"}
        Of the matrix products; weights and their updates are float32 always.
    why : str
        The reason, for the log and the card.
    """

    device: str
    precision: str
    why: str

    @property
    def attention(self) -> str | None:
        """The implementation of attention to train with; None leaves it to transformers.

        Notes
        -----
        On CPUs torch's fused attention has no fast bfloat16 kernel with gradients; the plain one is faster
        (``benchmarks/training.py``).
        """
        return "eager" if self.device == "cpu" and self.precision == "bfloat16" else None


def choose_arithmetic(device: str, precision: str, hidden_size: int) -> Arithmetic:
    """Return the arithmetic for the asked device and precision.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        ``auto``: the GPU where there is one.
    precision : {"auto", "float32", "bfloat16", "float16"}
        ``auto``: on a GPU bfloat16, or float16 where it has no bfloat16 units; on a CPU bfloat16 where
        the engine's rule has it (`Processor.gains_by_bfloat16`) and the model is wide enough, else float32.
    hidden_size : int
        Width of the model.

    Raises
    ------
    ResourceError
        No GPU where one is asked for; a format that the device cannot.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ResourceError(
            "no CUDA device is usable here", remedy="give --device cpu, or check the driver with nvidia-smi"
        )
    if device == "cpu" or not torch.cuda.is_available():
        return _on_cpu(precision, hidden_size)
    if precision != "auto":
        return Arithmetic("cuda", precision, "asked for")
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Arithmetic("cuda", "bfloat16", "the GPU has bfloat16 units")
    return Arithmetic("cuda", "float16", "the GPU has no bfloat16 units")


def _on_cpu(precision: str, hidden_size: int) -> Arithmetic:
    if precision == "float16":
        raise ResourceError("float16 training needs a GPU", remedy="give --precision bfloat16 or float32")
    if precision != "auto":
        return Arithmetic("cpu", precision, "asked for")
    processor = this_processor()
    if not processor.gains_by_bfloat16:
        return Arithmetic("cpu", "float32", processor.about_bfloat16)
    if hidden_size < LEAST_WIDTH_CPU_BFLOAT16:
        return Arithmetic("cpu", "float32", f"a model {hidden_size} wide does not gain by bfloat16")
    return Arithmetic("cpu", "bfloat16", processor.about_bfloat16)
