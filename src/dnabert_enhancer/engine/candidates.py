"""The ways in which a model could be computed on this machine, and how each is made."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.engine.backend import Backend
from dnabert_enhancer.engine.settings import BackendName, Device, EngineSettings, Precision
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import ONNX_INT8_NAME, EnhancerModel

_BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")


class Candidate(NamedTuple):
    """A backend and a precision on a device."""

    backend: str
    precision: str
    device: str

    def __str__(self) -> str:
        return f"{self.backend} {self.precision} on {self.device}"


class _Way(NamedTuple):
    """A backend with a precision: whether it can be had, and whether `auto` should try it."""

    backend: BackendName
    precision: Precision
    fits: Callable[[EnhancerModel, str], bool]
    promises: Callable[[str], bool] = lambda _device: True


def _onnx(model: EnhancerModel, device: str) -> bool:
    return model.has_onnx and _has_provider(device)


def _onnx_int8(model: EnhancerModel, device: str) -> bool:
    return model.has_int8 and device == Device.CPU


def _torch(model: EnhancerModel, device: str) -> bool:
    modules = ["torch"] if model.is_bert else ["torch", "transformers"]
    return all(importlib.util.find_spec(name) for name in modules) and (
        device == Device.CPU or torch_has_cuda()
    )


def _has_bfloat16(device: str) -> bool:
    return device == Device.CUDA or has_bfloat16_units()


# in the order of preference where nothing is measured; another backend is one more line
_WAYS = (
    _Way(BackendName.ONNX, Precision.FLOAT32, _onnx),
    _Way(BackendName.TORCH, Precision.FLOAT32, _torch),
    _Way(BackendName.ONNX, Precision.INT8, _onnx_int8),
    _Way(BackendName.TORCH, Precision.BFLOAT16, _torch, _has_bfloat16),
)


def candidates(model: EnhancerModel, settings: EngineSettings) -> list[Candidate]:
    """Return the ways that fit the model, the machine and what the user asked for, float32 first.

    Raises
    ------
    InputError, ResourceError
        None fits; the message says what is missing.
    """
    device = _device(model, settings)
    found = []
    for way in _WAYS:
        wanted = settings.backend in (BackendName.AUTO, way.backend)
        if settings.precision == Precision.AUTO:
            wanted = wanted and way.promises(device)
        else:
            wanted = wanted and settings.precision == way.precision
        named = settings.precision == way.precision and settings.backend == way.backend
        if wanted and (named or way.fits(model, device)):
            found.append(Candidate(way.backend, way.precision, device))
    if not found:
        raise _nothing_fits(model, settings, device)
    return found


def make(candidate: Candidate, model: EnhancerModel, threads: int) -> Backend:
    """Load the model in the way of a candidate."""
    if candidate.backend == BackendName.TORCH:
        from dnabert_enhancer.engine.torch_backend import TorchBackend

        return TorchBackend(model, candidate.device, candidate.precision, threads)
    from dnabert_enhancer.engine.onnx_backend import OnnxBackend

    return OnnxBackend(model, candidate.device, candidate.precision, threads)


def has_bfloat16_units() -> bool:
    """Tell whether this processor multiplies bfloat16 numbers in hardware."""
    return any(flag in processor_flags() for flag in _BFLOAT16_FLAGS)


def processor_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the feature flags of the first processor, none where the system does not tell."""
    return frozenset(_processor_entry("flags", path).split())


def processor_name(path: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name with what tells its kernels apart: model name, family, model, stepping."""
    return " ".join(_processor_entry(key, path) for key in ("model name", "cpu family", "model", "stepping"))


def _processor_entry(key: str, path: Path) -> str:
    try:
        lines: Iterator[str] = iter(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ""
    return next(
        (line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key), ""
    )


def _device(model: EnhancerModel, settings: EngineSettings) -> str:
    if settings.device != Device.AUTO:
        return settings.device
    usable = []
    if settings.backend in (BackendName.AUTO, BackendName.TORCH):
        usable.append(_torch)
    if settings.backend in (BackendName.AUTO, BackendName.ONNX):
        usable.append(_onnx)
    found = _driver_is_loaded() and any(fits(model, Device.CUDA) for fits in usable)
    return Device.CUDA if found else Device.CPU


def _driver_is_loaded() -> bool:
    """Tell whether an NVIDIA driver is there, without importing a library of gigabytes to ask."""
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidiactl").exists()


def torch_has_cuda() -> bool:
    """Tell whether torch finds a CUDA device (imports torch)."""
    import torch

    return bool(torch.cuda.is_available())


def _has_provider(device: str) -> bool:
    if device == Device.CPU:
        return True
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def _nothing_fits(model: EnhancerModel, settings: EngineSettings, device: str) -> Exception:
    asked = [
        f"--{name} {value}"
        for name, value in (
            ("device", device),
            ("backend", settings.backend),
            ("precision", settings.precision),
        )
        if value != "auto"
    ]
    problem = f"no way to compute the model with {' '.join(asked)}"
    if settings.precision == Precision.INT8:
        reason = "" if model.has_int8 else f", it has no {ONNX_INT8_NAME}"
        return InputError(
            problem + reason,
            source=model.directory,
            remedy="use --precision float32 or auto; int8 is for ONNX Runtime on the processor",
        )
    if not importlib.util.find_spec("torch"):
        return ResourceError(
            problem,
            source=model.directory,
            remedy="pip install '.[train]' in a clone of the suite adds torch",
        )
    return InputError(
        problem,
        source=model.directory,
        remedy="leave the choice to auto, or import the model again for its ONNX files",
    )
