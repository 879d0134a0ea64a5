"""ONNX Runtime as a backend: all that an installation without torch needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import GPU_WINDOWS, windows_in_cache
from dnabert_enhancer.engine.settings import Device, Precision
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import ONNX_INT8_NAME, ONNX_NAME, WEIGHTS_KEY, EnhancerModel

_CACHE_BYTES = 1 << 20
_PROVIDERS = {Device.CPU: "CPUExecutionProvider", Device.CUDA: "CUDAExecutionProvider"}


class OnnxBackend:
    """A model's ONNX file in ONNX Runtime.

    Parameters
    ----------
    model : EnhancerModel
    device : {"cpu", "cuda"}
    precision : {"float32", "int8"}
    threads : int
        On the processor that many calls go on at a time, each on one thread.
    """

    name = "onnx"

    def __init__(self, model: EnhancerModel, device: str, precision: str, threads: int) -> None:
        self.device = device
        self.precision = precision
        self.workers = threads if device == Device.CPU else 1
        self._width = int(model.config.get("intermediate_size", 1024))
        path = model.directory / (ONNX_INT8_NAME if precision == Precision.INT8 else ONNX_NAME)
        self._session = _open_session(path, _PROVIDERS[Device(device)])
        made_from = self._session.get_modelmeta().custom_metadata_map.get(WEIGHTS_KEY)
        if made_from not in (None, model.weights_digest):
            raise InputError(
                "was made from other weights than those beside it",
                source=path,
                remedy=f"import the model again, or delete {path.name}",
            )

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows keep the widest activations within a core's cache.

        With int8 one, since the scale of the quantised inputs is that of the call.
        """
        if self.precision == Precision.INT8:
            return 1
        if self.device != Device.CPU:
            return GPU_WINDOWS
        return windows_in_cache(_CACHE_BYTES, 4 * self._width * tokens)

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens)."""
        outputs: NDArray[np.float32] = self._session.run(None, {"input_ids": ids})[0]
        return outputs

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Change nothing: each session has its own threads."""
        yield


def _open_session(path: Path, provider: str) -> Any:  # an InferenceSession, which carries no types
    import onnxruntime

    if not path.is_file():
        raise InputError(
            f"the model directory lacks {path.name}",
            source=path.parent,
            remedy="use --backend torch or another precision, or import the model again",
        )
    if provider not in onnxruntime.get_available_providers():
        raise ResourceError(
            f"this ONNX Runtime has no {provider}", remedy="use --device cpu or --backend torch"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), sess_options=options, providers=[provider])
    except Exception as error:  # ONNX Runtime's errors share no public base class
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"ONNX Runtime cannot read it: {reason}", source=path) from None
