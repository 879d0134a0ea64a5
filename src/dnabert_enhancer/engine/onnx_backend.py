"""ONNX Runtime as a backend: all that an installation without torch needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.settings import Device, Precision
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import ONNX_NAME, EnhancerModel

_ACTIVATION_BYTES = 1 << 20


class OnnxBackend:
    """A model's ``model.onnx`` in ONNX Runtime.

    Parameters
    ----------
    model : EnhancerModel
    device : {"cpu", "cuda"}
    precision : {"float32", "int8"}
    threads : int
        On the processor that many windows are computed at a time, each by one thread: small matrices that stay in the
        processor's cache, and results that do not depend on the number of threads.
    """

    name = "onnx"

    def __init__(self, model: EnhancerModel, device: str, precision: str, threads: int) -> None:
        import onnxruntime

        if not model.has_onnx:
            raise InputError(
                f"the model has no {ONNX_NAME}",
                source=model.directory,
                remedy="use --backend torch, or import it again",
            )
        self.device = device
        self.precision = precision
        self.workers = threads if device == Device.CPU else 1
        self._model = model
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        provider = "CPUExecutionProvider" if device == Device.CPU else "CUDAExecutionProvider"
        if provider not in onnxruntime.get_available_providers():
            raise ResourceError(
                f"this ONNX Runtime has no {provider}", remedy="use --device cpu or --backend torch"
            )
        try:
            self._session = onnxruntime.InferenceSession(
                str(model.directory / ONNX_NAME), sess_options=options, providers=[provider]
            )
        except Exception as error:  # ONNX Runtime's errors share no public base class
            reason = str(error).splitlines()[0]
            raise InputError(
                f"ONNX Runtime cannot read it: {reason}", source=model.directory / ONNX_NAME
            ) from None

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows keep the widest activations within the cache of a processor core."""
        if self.device != Device.CPU:
            return 256
        width = int(self._model.config.get("intermediate_size", 1024))
        return max(1, min(8, _ACTIVATION_BYTES // (4 * width * tokens)))

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens)."""
        outputs: NDArray[np.float32] = self._session.run(
            None, {"input_ids": ids.astype(np.int32, copy=False)}
        )[0]
        return outputs

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Change nothing: each session has its own threads."""
        yield


def can_run(model: EnhancerModel, device: str, precision: str) -> bool:
    """Tell whether this backend could run the model so."""
    return model.has_onnx and precision == Precision.FLOAT32 and device in (Device.CPU, Device.CUDA)
