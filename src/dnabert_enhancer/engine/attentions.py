"""What the first token, which the classifier reads, attends to: by layer and head, or through all layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import open_onnx_session, run_onnx
from dnabert_enhancer.engine.engine import by_length, token_rows
from dnabert_enhancer.engine.settings import BackendName
from dnabert_enhancer.model import EnhancerModel

_WINDOWS_PER_CALL = 8

Compute = Callable[[NDArray[np.int32]], list[NDArray[np.float32]]]
"""Token ids, shape (windows, tokens), to attention by layer: that of the first token, shape (windows, heads,
tokens), or that of all tokens, the mean over the heads, shape (windows, tokens that attend, tokens)."""


def first_token_attentions(
    model: EnhancerModel,
    backend: str,
    device: str,
    windows: NDArray[np.uint8] | list[NDArray[np.uint8]],
) -> NDArray[np.float32]:
    """Compute windows in float32, those of equally many tokens together.

    Parameters
    ----------
    model : EnhancerModel
        With an encoder.
    backend : {"torch", "onnx"}
    device : {"cpu", "cuda"}
    windows
        As for `Engine.predict`; read as given, on the forward strand.

    Returns
    -------
    float32 array, shape (windows, layers, heads, tokens)
        See `Engine.attentions`.

    Raises
    ------
    InputError
        Windows longer than the model reads.
    """
    assert model.encoder is not None
    compute = _of_torch(model, device) if backend == BackendName.TORCH else _of_onnx(model, device)
    rows = _token_rows(model, windows)
    encoder, longest = model.encoder, max(map(len, rows), default=0)
    attentions = np.zeros((len(rows), encoder.layers, encoder.heads, longest), dtype=np.float32)
    for places, ids in _calls(rows):
        attentions[places, :, :, : ids.shape[1]] = np.stack(compute(ids), axis=1)
    return attentions


def first_token_rollout(
    model: EnhancerModel,
    backend: str,
    device: str,
    windows: NDArray[np.uint8] | list[NDArray[np.uint8]],
) -> NDArray[np.float32]:
    """Compute the attention of the first token through all layers; arguments as `first_token_attentions`.

    Returns
    -------
    float32 array, shape (windows, tokens)
        See `Engine.attention_rollout`.
    """
    way = _of_torch if backend == BackendName.TORCH else _of_onnx
    compute = way(model, device, heads_mean=True)
    rows = _token_rows(model, windows)
    rollout = np.zeros((len(rows), max(map(len, rows), default=0)), dtype=np.float32)
    for places, ids in _calls(rows):
        flow = np.zeros((len(ids), 1, ids.shape[1]))
        flow[:, 0, 0] = 1.0
        for attention in reversed(compute(ids)):
            # the last layer may have the row of the first token alone, which is all that is read of it
            step = flow[:, :, : attention.shape[1]] @ attention.astype(np.float64)
            flow = (step + flow) / 2
        rollout[places, : ids.shape[1]] = flow[:, 0]
    return rollout


def _token_rows(
    model: EnhancerModel, windows: NDArray[np.uint8] | list[NDArray[np.uint8]]
) -> list[NDArray[np.int32]]:
    rows: list[NDArray[np.int32]] = [np.empty(0, np.int32)] * len(windows)
    for group in by_length(windows):
        model.check_window(group.codes.shape[1])
        for place, row in zip(group.places, token_rows(model.tokenizer, group.codes), strict=True):
            rows[int(place)] = row
    return rows


def _calls(rows: list[NDArray[np.int32]]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Yield places and token ids of windows of equally many tokens, a few at a time."""
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    for count in np.unique(counts):
        places = np.flatnonzero(counts == count)
        for start in range(0, len(places), _WINDOWS_PER_CALL):
            some = places[start : start + _WINDOWS_PER_CALL]
            yield some, np.stack([rows[int(place)] for place in some])


def _of_onnx(model: EnhancerModel, device: str, *, heads_mean: bool = False) -> Compute:
    graph = model.onnx_graph(attentions=True, heads_mean=heads_mean)
    session = open_onnx_session(graph, device, model.directory)

    def compute(ids: NDArray[np.int32]) -> list[NDArray[np.float32]]:
        return run_onnx(session, ids, model.directory)[1:]

    return compute


def _of_torch(model: EnhancerModel, device: str, *, heads_mean: bool = False) -> Compute:
    import torch

    from dnabert_enhancer.engine.torch_encoder import EncoderNetwork, attention_weights

    assert model.encoder is not None
    network = EncoderNetwork(model.encoder, model.read_state())
    network.for_prediction(torch.float32, device, 0)

    @torch.inference_mode()
    def compute(ids: NDArray[np.int32]) -> list[NDArray[np.float32]]:
        layers: list[NDArray[np.float32]] = []

        def watch(query: torch.Tensor, key: torch.Tensor, bias: torch.Tensor | None) -> None:
            if heads_mean:
                seen = attention_weights(query.float(), key.float(), bias).mean(dim=1)
            else:
                first = None if bias is None else bias[:, :, :1]
                seen = attention_weights(query[:, :, :1].float(), key.float(), first)[:, :, 0]
            layers.append(seen.cpu().numpy())

        network.states(torch.from_numpy(ids.astype(np.int64)).to(device), watch=watch)
        return layers

    return compute
