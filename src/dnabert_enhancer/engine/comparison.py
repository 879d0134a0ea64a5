"""Whether the files of a model directory give the same outputs in every backend that is installed."""

from __future__ import annotations

import importlib.util

import numpy as np

from dnabert_enhancer.engine.engine import Engine
from dnabert_enhancer.engine.settings import BackendName, Device, EngineSettings, Precision
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel

_WINDOWS = 8
_LARGEST_DIFFERENCE = 1e-4


def check_backends_agree(model: EnhancerModel) -> dict[str, float]:
    """Compare float32 outputs of torch and ONNX Runtime on random windows.

    Returns
    -------
    dict of str to float
        Largest absolute difference of an output, relative to the largest output where that is above 1; empty
        where only one backend can be run.

    Raises
    ------
    InputError
        A difference above 1e-4: the ONNX file is not the model.
    """
    if not model.has_onnx or importlib.util.find_spec("torch") is None:
        return {}
    length = min(model.window_length, model.maximum_length)
    windows = np.random.default_rng(0).integers(0, 4, size=(_WINDOWS, length), dtype=np.uint8)
    outputs = {
        backend: Engine(
            model, EngineSettings(device=Device.CPU, backend=backend, precision=Precision.FLOAT32)
        ).predict(windows)
        for backend in (BackendName.TORCH, BackendName.ONNX)
    }
    exact, other = (outputs[backend].outputs for backend in (BackendName.TORCH, BackendName.ONNX))
    difference = float(np.abs(exact - other).max()) / max(1.0, float(np.abs(exact).max()))
    if not difference <= _LARGEST_DIFFERENCE:
        raise InputError(
            f"model.onnx gives other outputs than the weights (difference {difference:.2g})",
            source=model.directory,
        )
    return {"onnx_and_torch": difference}
