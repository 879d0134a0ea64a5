"""The ways to compute a model, and the rule by which one of them is chosen.

The rule is over facts alone (what is asked for, the device, the processor, what is installed, the model), so
that a command gives the same numbers whatever the load of the machine:

1. Device: the first CUDA device where there is one that a backend can use, else the processor.
2. Backend: on the processor ONNX Runtime where it has the operators of the model, so that installations
   with and without torch give the same numbers, else torch; on a GPU torch, else ONNX Runtime.
3. Precision: float32. But for a model of a billion multiplications a window or more the first of these that
   can be had and whose results agree with float32 (see `precision_check`): on a GPU torch's bfloat16; on a
   processor torch's bfloat16 where it gains by that (`Processor.gains_by_bfloat16`: AMX, AMD Zen 4 and 5) and
   ONNX Runtime's int8 where it gains by that (`Processor.gains_by_int8`: VNNI), the faster one first
   (`Processor.is_faster_in_int8`: without AMX).
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.processor import Processor
from dnabert_enhancer.engine.settings import BackendName, Device, EngineSettings, Precision
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EmbeddingRule, EnhancerModel, OnnxGraph

GPU_CALLS = 2
"""At a time on a GPU, which computes one while tokens of the next are put together; not measured."""
SMALL_MODEL = 1e9
"""Multiplications a window below which a model is always computed in float32."""
_MOST_WINDOWS = 32
_GPU_BYTES = 1 << 28
_MOST_GPU_WINDOWS = 2048


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


class Way(NamedTuple):
    """A backend and a precision on a device."""

    backend: str
    precision: str
    device: str

    def __str__(self) -> str:
        return f"{self.backend} {self.precision} on {self.device}"


class Selection(NamedTuple):
    """What the rule gives.

    Attributes
    ----------
    way : Way
        How the model is computed, unless `exact` is needed.
    why : str
        The reason, for the run record.
    exact : Way or None
        float32, with which a lower precision is compared; None for float32 itself, or where there is none.
    is_asked_for : bool
        Whether the precision was named: then `way` stays whatever the comparison says.
    then : tuple of Way
        What is tried, in this order, where `way` does not agree with `exact`.
    """

    way: Way
    why: str
    exact: Way | None = None
    is_asked_for: bool = False
    then: tuple[Way, ...] = ()


def select_way(model: EnhancerModel, settings: EngineSettings) -> Selection:
    """Return how a model is computed, by the rule above.

    Raises
    ------
    InputError, ResourceError
        Nothing that was asked for is possible; the message says what is missing.
    """
    device = _device(model, settings)
    is_named = settings.precision == Precision.FLOAT32
    exact = next(iter(_usable(model, settings.backend, Precision.FLOAT32, device, is_named=is_named)), None)
    if settings.precision not in (Precision.AUTO, Precision.FLOAT32):
        named = _usable(model, settings.backend, settings.precision, device, is_named=True)
        if not named:
            raise _nothing_fits(model, settings, device)
        reference = exact or next(iter(_usable(model, BackendName.AUTO, Precision.FLOAT32, device)), None)
        return Selection(named[0], f"{settings.precision} was asked for", reference, is_asked_for=True)
    if exact is None:
        raise _nothing_fits(model, settings, device)
    if settings.backend == exact.backend:
        backend = f"{exact.backend} was asked for"
    elif exact.backend == BackendName.ONNX:
        backend = "ONNX Runtime has its operators" if device == Device.CPU else "torch finds no CUDA device"
    else:
        backend = "ONNX Runtime lacks its operators" if device == Device.CPU else "torch is installed"
    if settings.precision == Precision.FLOAT32:
        return Selection(exact, f"float32 was asked for; {backend}")
    if multiplications(model) < SMALL_MODEL:
        return Selection(exact, f"float32, since the model is small; {backend}")
    lower, why = _lower_ways(model, settings.backend, device)
    if lower:
        return Selection(lower[0], why, exact, then=tuple(lower[1:]))
    return Selection(exact, f"float32, since {why}; {backend}")


def _lower_ways(model: EnhancerModel, backend: str, device: str) -> tuple[list[Way], str]:
    """Return what is faster than float32, the fastest first, and the reason for it or for nothing."""
    processor = this_processor()
    is_gpu = device != Device.CPU
    bfloat16, int8 = (
        _usable(model, backend, precision, device)[:1] if gains else []
        for precision, gains in (
            (Precision.BFLOAT16, is_gpu or processor.gains_by_bfloat16),
            (Precision.INT8, not is_gpu and processor.gains_by_int8),
        )
    )
    why = "the GPU has units for bfloat16" if is_gpu else processor.about_bfloat16
    if not bfloat16 and (is_gpu or processor.gains_by_bfloat16):
        why = "bfloat16 needs torch"
    if not int8 or (bfloat16 and not processor.is_faster_in_int8):
        return [*bfloat16, *int8], why
    why = "without AMX it gains less by bfloat16" if bfloat16 else why
    return [*int8, *bfloat16], f"the processor has VNNI units for 8-bit integers, and {why}"


def possible_ways(model: EnhancerModel, device: str) -> list[Way]:
    """Return every way in which a model can be computed on a device, float32 first."""
    return [Way(backend, precision, device) for backend, precision, fits in _WAYS if fits(model, device)]


def load_backend(
    way: Way, model: EnhancerModel, threads: int, embedding: EmbeddingRule | None = None
) -> Backend:
    """Load the model to be computed in a way: its outputs, or embeddings by a rule."""
    if way.backend == BackendName.TORCH:
        from dnabert_enhancer.engine.torch_backend import TorchBackend

        return TorchBackend(model, way.device, way.precision, threads, embedding)
    return OnnxBackend(model, way.device, way.precision, threads, embedding)


def multiplications(model: EnhancerModel) -> float:
    """Return about how many multiplications a window of the model's length costs."""
    tokens = model.tokenizer.token_count(model.gauge_length)
    hidden = float(model.size("hidden_size", 768))
    wide = float(model.size("intermediate_size", round(4 * hidden)))
    layers = float(model.size("num_hidden_layers", 12))
    return layers * tokens * (4 * hidden * hidden + 2 * hidden * wide + 2 * tokens * hidden)


def windows_in_cache(cache_bytes: int, window_bytes: int) -> int:
    """Return how many windows of activations fit the cache, at least 1 and at most 32."""
    return max(1, min(_MOST_WINDOWS, round(cache_bytes / max(1, window_bytes))))


def windows_on_gpu(window_bytes: int) -> int:
    """Return how many windows of widest activations one call on a GPU takes, at least 1 and at most 2,048.

    They have 256 MiB in all, whatever the card's memory, so that every card gives the same numbers: 222
    windows of 200 bp of a BERT-base in bfloat16, 665 of the packaged model in float32.
    """
    return max(1, min(_MOST_GPU_WINDOWS, round(_GPU_BYTES / max(1, window_bytes))))


@functools.cache
def this_processor() -> Processor:
    """Return the processor of this machine."""
    return Processor.of_system()


def torch_has_cuda() -> bool:
    """Tell whether torch finds a CUDA device (imports torch)."""
    import torch

    return bool(torch.cuda.is_available())


def gpu_name() -> str:
    """Return what a GPU is called, or why one cannot be used; empty where there is none."""
    if not _driver_is_loaded():
        return ""
    if importlib.util.find_spec("torch") is None:
        return "an NVIDIA driver, but no torch to use it"
    if not torch_has_cuda():
        return "an NVIDIA driver, but torch finds no CUDA device"
    import torch

    return str(torch.cuda.get_device_name(0))


def _onnx(model: EnhancerModel, device: str) -> bool:
    return model.has_onnx and _has_provider(device)


def _onnx_int8(model: EnhancerModel, device: str) -> bool:
    return model.has_onnx and device == Device.CPU


def _torch(model: EnhancerModel, device: str) -> bool:
    modules = ["torch"] if model.encoder is not None else ["torch", "transformers"]
    return all(importlib.util.find_spec(name) for name in modules) and (
        device == Device.CPU or torch_has_cuda()
    )


# another backend is one more line
_WAYS: tuple[tuple[BackendName, Precision, Callable[[EnhancerModel, str], bool]], ...] = (
    (BackendName.ONNX, Precision.FLOAT32, _onnx),
    (BackendName.TORCH, Precision.FLOAT32, _torch),
    (BackendName.ONNX, Precision.INT8, _onnx_int8),
    (BackendName.TORCH, Precision.BFLOAT16, _torch),
)


def _usable(
    model: EnhancerModel, backend: str, precision: str, device: str, *, is_named: bool = False
) -> list[Way]:
    """Return the ways that can be had, the preferred first; what was named in full is tried as it is."""
    found = [
        Way(name, exactness, device)
        for name, exactness, fits in _WAYS
        if exactness == precision
        and backend in (BackendName.AUTO, name)
        and ((is_named and backend == name) or fits(model, device))
    ]
    return found if device == Device.CPU else found[::-1]


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
        return InputError(
            problem,
            source=model.directory,
            remedy="use --precision float32 or auto; int8 is for ONNX Runtime on the CPU",
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
        remedy="leave the choice to auto",
    )


_CACHE_BYTES = 1 << 20
_PROVIDERS = {Device.CPU: "CPUExecutionProvider", Device.CUDA: "CUDAExecutionProvider"}


class OnnxBackend:
    """A model's ONNX graph, made of its weights, in ONNX Runtime.

    Parameters
    ----------
    model : EnhancerModel
    device : {"cpu", "cuda"}
    precision : {"float32", "int8"}
    threads : int
        On the processor that many calls go on at a time, each on one thread; on a GPU two.
    embedding : EmbeddingRule, optional
        Give embeddings in place of outputs.
    """

    name = "onnx"

    def __init__(
        self,
        model: EnhancerModel,
        device: str,
        precision: str,
        threads: int,
        embedding: EmbeddingRule | None = None,
    ) -> None:
        self.device = device
        self.precision = precision
        self.workers = threads if device == Device.CPU else GPU_CALLS
        self._width = model.size("intermediate_size", 1024)
        if not model.has_onnx:
            raise InputError(
                "ONNX Runtime cannot compute this model", source=model.directory, remedy="use --backend torch"
            )
        graph = model.onnx_graph(int8=precision == Precision.INT8, embedding=embedding)
        self._source = model.directory
        self._session = open_onnx_session(graph, device, model.directory)

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows keep the widest activations within a core's cache, or a GPU busy."""
        window_bytes = 4 * self._width * tokens
        if self.device != Device.CPU:
            return windows_on_gpu(window_bytes)
        return windows_in_cache(_CACHE_BYTES, window_bytes)

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens)."""
        return run_onnx(self._session, ids, self._source)[0]

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Change nothing: each session has its own threads."""
        yield


def open_onnx_session(
    graph: OnnxGraph, device: str, source: Path
) -> Any:  # an InferenceSession, without types
    """Return a session of one thread for a graph; `source` is for messages."""
    import onnxruntime

    provider = _PROVIDERS[Device(device)]
    if provider not in onnxruntime.get_available_providers():
        raise ResourceError(
            f"this ONNX Runtime has no {provider}", remedy="use --device cpu or --backend torch"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is said by an exception
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in graph.weights.values()]
    options.add_external_initializers(list(graph.weights), values)
    try:
        return onnxruntime.InferenceSession(graph.content, sess_options=options, providers=[provider])
    except Exception as error:  # ONNX Runtime's errors share no public base class
        if _is_out_of_memory(error):
            raise _cannot_compute(error, source) from None
        raise InputError(f"ONNX Runtime cannot load it: {_reason(error)}", source=source) from None


def run_onnx(
    session: Any, given: NDArray[np.int32] | Mapping[str, NDArray[Any]], source: Path
) -> list[NDArray[np.float32]]:
    """Return the outputs of a session of `open_onnx_session`; `source` is for messages.

    What is given are token ids, or all inputs by name.
    """
    inputs = {"input_ids": given} if isinstance(given, np.ndarray) else dict(given)
    try:
        outputs: list[NDArray[np.float32]] = session.run(None, inputs)
    except Exception as error:  # as above
        raise _cannot_compute(error, source) from None
    return outputs


def _cannot_compute(error: Exception, source: Path) -> Exception:
    if _is_out_of_memory(error):
        return ResourceError(
            f"ONNX Runtime has not the memory to compute the model ({_reason(error)})",
            source=source,
            remedy="give it more memory, fewer --threads, or shorter windows",
        )
    return InputError(f"ONNX Runtime cannot compute the model: {_reason(error)}", source=source)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(
        words in str(error)
        for words in ("bad_alloc", "bad allocation", "Failed to allocate", "out of memory")
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
