"""Weights that lie on the grid of 8-bit integers, rounded so that the errors of a matrix cancel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Way, open_onnx_session, run_onnx
from dnabert_enhancer.engine.engine import token_rows
from dnabert_enhancer.engine.precision_check import Agreement, check_precision, compare_models
from dnabert_enhancer.engine.settings import BackendName, Device, Precision
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, State, write_reweighted
from dnabert_enhancer.sequence import UNKNOWN_BASE

MOST_WINDOWS = 256
FEWEST_WINDOWS = 16
LARGEST = 127
_FLOAT32, _INT8 = (
    Way(BackendName.ONNX, precision, Device.CPU) for precision in (Precision.FLOAT32, Precision.INT8)
)
_DAMPING = 0.01
_BLOCK = 128


class QuantizedWeights(NamedTuple):
    """Weights rounded for int8, and how closely int8 agrees with the float32 of the weights before.

    Attributes
    ----------
    state : dict of str to float32 array
        As `rounded_weights` gives them.
    windows : int
        How many windows they were rounded by.
    before, after : Agreement
        Of the int8 of the given and of the rounded weights with the float32 of the given ones.
    """

    state: State
    windows: int
    before: Agreement
    after: Agreement

    def entry(self, given: EnhancerModel) -> dict[str, Any]:
        """Return the entry ``training["int8"]`` of the card of a model with these weights."""
        return {
            "weights_digest_before": given.weights_digest,
            "windows": self.windows,
            "agreement_before": self.before.report(),
            "agreement": self.after.report(),
        }


def quantized_weights(
    model: EnhancerModel,
    windows: NDArray[np.uint8],
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> QuantizedWeights:
    """Round the weights of a model for int8 and judge what came of it by the engine's check.

    Parameters
    ----------
    model : EnhancerModel
        Its card decides what is called.
    windows, progress
        See `rounded_weights`; `calibration_windows` chooses the windows.
    threads : int
        Of the processor, for the check.

    Raises
    ------
    InputError
        As `rounded_weights`.
    """
    state = rounded_weights(model, windows, progress)
    before = check_precision(model, _INT8, _FLOAT32, threads)
    with tempfile.TemporaryDirectory() as folder:
        draft = write_reweighted(model, state, model.network_card, Path(folder) / "draft")
        after = compare_models((draft, _INT8), (model, _FLOAT32), threads)
    return QuantizedWeights(state, len(windows), before, after)


def calibration_windows(
    sequences: Iterable[NDArray[np.uint8]], length: int, source: str | os.PathLike[str] | None = None
) -> NDArray[np.uint8]:
    """Return different windows, the centres of sequences, 256 at most, spread over all.

    Parameters
    ----------
    sequences : iterable of uint8 array
        Base codes; shorter ones, and those with unknown bases in the centre, are left out.
    length : int
        Of a window, in bp.
    source : path, optional
        For messages.

    Returns
    -------
    uint8 array, shape (windows, length)

    Raises
    ------
    InputError
        Fewer than 16.
    """
    found: dict[bytes, None] = {}
    for codes in sequences:
        start = (len(codes) - length) // 2
        window = codes[start : start + length]
        if start >= 0 and (window < UNKNOWN_BASE).all():
            found[window.tobytes()] = None
    if len(found) < FEWEST_WINDOWS:
        raise InputError(
            f"{len(found)} different windows of {length} bp without unknown bases, fewer than "
            f"{FEWEST_WINDOWS}",
            source=source,
            remedy="give more sequences of at least this length",
        )
    chosen = np.linspace(0, len(found) - 1, min(len(found), MOST_WINDOWS)).astype(int)
    every = list(found)
    return np.stack([np.frombuffer(every[place], np.uint8) for place in chosen])


def rounded_weights(
    model: EnhancerModel, windows: NDArray[np.uint8], progress: Callable[[int], None] | None = None
) -> State:
    """Return the weights of a model, those that int8 quantises rounded to what its integers stand for.

    Parameters
    ----------
    model : EnhancerModel
        That ONNX Runtime can compute.
    windows : uint8 array, shape (windows, length)
        Base codes of real windows, by which the inputs of the matrices are known.
    progress : callable, optional
        Called with the number of windows done since its last call.

    Returns
    -------
    dict of str to float32 array
        By the names of `Encoder.tensors`. Quantising them again changes nothing.

    Raises
    ------
    InputError
        An architecture that ONNX Runtime cannot compute; no matrix that int8 quantises.
    """
    found = model.matrix_inputs()
    if not found.matrices:
        raise InputError(
            "all matrices of the model are too small for int8 to make them faster",
            source=model.source,
            remedy="take the model as it is: --precision int8 computes it in float32",
        )
    session = open_onnx_session(found.graph, Device.CPU, model.directory)
    products: list[NDArray[np.float32]] = []
    for row in token_rows(model.tokenizer, windows):
        inputs = [
            values.reshape(-1, values.shape[-1]) for values in run_onnx(session, row[None], model.source)
        ]
        if not products:
            products = [np.zeros((x.shape[1], x.shape[1]), np.float32) for x in inputs]
        for total, x in zip(products, inputs, strict=True):
            total += x.T @ x
        if progress:
            progress(1)
    state = dict(found.state)
    for names, product in zip(found.matrices, products, strict=True):
        for name in names:
            state[f"{name}.weight"] = rounded_matrix(state[f"{name}.weight"], product)
    return state


def rounded_matrix(matrix: NDArray[np.float32], product: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a matrix, shape (outputs, inputs), rounded to 127ths of the largest value of each row.

    Parameters
    ----------
    matrix : float32 array, shape (outputs, inputs)
    product : array, shape (inputs, inputs)
        The sum of ``x x^T`` over inputs x.

    Notes
    -----
    GPTQ (Frantar et al. 2023, ICLR): columns are rounded one after another, and the error of each is made up
    for, as well as can be, by those that are not rounded yet. The largest value of a row stays as it is, so
    that it gives the same scale when the matrix is quantised again; where this or the bounds of the integers
    cost more than is won, each value of the row is rounded to the nearest.
    """
    factor = _error_factor(product)
    left = matrix.astype(np.float64)
    rows = np.arange(len(left))
    largest = np.abs(left).argmax(axis=1)
    kept = left[rows, largest]
    scale = np.abs(kept) / LARGEST
    scale[scale == 0] = 1.0
    nearest = np.rint(left / scale[:, None]) * scale[:, None]
    done = np.empty_like(left)
    inputs = left.shape[1]
    for start in range(0, inputs, _BLOCK):
        end = min(start + _BLOCK, inputs)
        errors = np.empty((len(left), end - start))
        for column in range(start, end):
            integers = np.clip(np.rint(left[:, column] / scale), -LARGEST, LARGEST)
            done[:, column] = np.where(largest == column, kept, integers * scale)
            error = (left[:, column] - done[:, column]) / factor[column, column]
            left[:, column:end] -= error[:, None] * factor[column, column:end]
            errors[:, column - start] = error
        left[:, end:] -= errors @ factor[start:end, end:]
    costs = [_cost(rounded - matrix, product) for rounded in (done, nearest)]
    return np.where((costs[0] < costs[1])[:, None], done, nearest).astype(np.float32)


def _cost(errors: NDArray[np.float64], product: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the sum of squared errors of each output over the inputs, shape (outputs,)."""
    cost: NDArray[np.float64] = np.einsum("oi,oi->o", errors @ product, errors)
    return cost


def _error_factor(product: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the upper Cholesky factor of the inverse of a sum of ``x x^T``, shape (inputs, inputs)."""
    damped = product.astype(np.float64)
    damped[np.diag_indices(len(damped))] += _DAMPING * max(float(np.trace(damped)) / len(damped), 1e-30)
    factor: NDArray[np.float64] = np.linalg.cholesky(np.linalg.inv(damped)).T
    return factor
