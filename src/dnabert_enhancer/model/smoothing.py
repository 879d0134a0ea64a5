"""Scales moved between matrices that meet, so that 8-bit integers lose less: the same outputs otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.model.encoder import Encoder, Norm, State

_DEVIATIONS = 3.0
_LEAST = 1e-12


def smoothed(encoder: Encoder, state: State) -> State:
    """Return weights whose values and attention outputs have channels of like size.

    Parameters
    ----------
    encoder : Encoder
    state : dict of str to float32 array
        By the names of `Encoder.tensors`.

    Returns
    -------
    dict of str to float32 array
        The same where nothing has to be moved. A model of these weights computes the same outputs, since all
        factors are powers of 2; smoothing them again changes nothing.

    Notes
    -----
    SmoothQuant (Xiao et al. 2023, ICML) with alpha 0.5, for the one pair of matrices between which BERT has
    nothing but a mean over tokens: rows of the value matrix are divided, and columns of the matrix after the
    attention multiplied, by ``sqrt(a / w)``. w is the largest weight of the column, a the size of the
    channel, which needs no data: the inputs of the values have the mean and the deviation that the
    normalisation before them gives, so that ``a = |mean| + 3 deviations``. Factors below 2 are left out. A
    column of large weights would otherwise set the scale of every row, and cost the other columns their
    digits.
    """
    changed: State = {}
    for layer in range(encoder.layers):
        name = f"bert.encoder.layer.{layer}.attention"
        value, output = f"{name}.self.value", f"{name}.output.dense"
        sizes = _channel_sizes(encoder, state, layer, state[f"{value}.weight"], state[f"{value}.bias"])
        weights = np.abs(state[f"{output}.weight"]).max(axis=0)
        powers = 0.5 * np.log2(np.maximum(sizes, _LEAST) / np.maximum(weights, _LEAST))
        factors = np.exp2(np.where(np.abs(powers) < 1, 0, np.rint(powers))).astype(np.float32)
        if (factors != 1).any():
            changed[f"{value}.weight"] = state[f"{value}.weight"] / factors[:, None]
            changed[f"{value}.bias"] = state[f"{value}.bias"] / factors
            changed[f"{output}.weight"] = state[f"{output}.weight"] * factors
    return state | changed


def _channel_sizes(
    encoder: Encoder, state: State, layer: int, matrix: NDArray[np.float32], bias: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return how large each value gets, shape (hidden,)."""
    norm = ""
    if encoder.norm == Norm.PRE:
        norm = encoder.norms(layer)[0]
    elif layer:
        norm = encoder.norms(layer - 1)[1]
    elif encoder.embedding_norm:
        norm = "bert.embeddings.LayerNorm"
    rows = matrix.astype(np.float64)
    deviations = np.sqrt(np.square(rows * state[f"{norm}.weight"] if norm else rows).sum(axis=1))
    means = (rows @ state[f"{norm}.bias"] if norm else 0) + bias
    sizes: NDArray[np.float64] = np.abs(means) + _DEVIATIONS * deviations
    return sizes
