"""Forward passes of the original networks, written out in float64 from the formulas of golden/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Passed(NamedTuple):
    """What a network gives for one sequence: the last states, (tokens, hidden), and logits, (outputs,)."""

    states: Array
    logits: Array


class OriginalNetwork:
    """A golden checkpoint with its own names of tensors, for one sequence of token ids at a time.

    Attributes
    ----------
    attentions : list of float64 arrays, shape (heads, tokens, tokens)
        Of the layers, for the last sequence.
    """

    def __init__(self, folder: Path) -> None:
        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text())
        self.tensors = _tensors(folder)
        self.is_esm = any(name.startswith("esm.") for name in self.tensors)
        self.is_mosaic = any(".mlp.gated_layers." in name for name in self.tensors)
        self.is_gena = any(".pre_attention_ln." in name for name in self.tensors)
        self.is_rotary = self.config.get("position_embedding_type") == "rotary"

    def __call__(self, ids: list[int]) -> Passed:
        self.attentions: list[Array] = []
        if self.is_esm:
            return self._esm(ids)
        x = self["bert.embeddings.word_embeddings.weight"][ids]
        x = x + self["bert.embeddings.token_type_embeddings.weight"][0]
        if not self.is_mosaic:
            x = x + self["bert.embeddings.position_embeddings.weight"][: len(ids)]
        x = self.norm("bert.embeddings.LayerNorm", x)
        for number in range(self.config["num_hidden_layers"]):
            layer = f"bert.encoder.layer.{number}"
            x = self._gena_layer(layer, x) if self.is_gena else self._bert_layer(layer, x)
        if "bert.encoder.last_layer_ln.weight" in self.tensors:
            x = self.norm("bert.encoder.last_layer_ln", x)
        pooled = np.tanh(self.dense("bert.pooler.dense", x[0]))
        return Passed(x, self.dense("classifier", pooled))

    def _bert_layer(self, layer: str, x: Array) -> Array:
        """Post-norm; of DNABERT-2 with GEGLU."""
        attended = self.dense(f"{layer}.attention.output.dense", self.attention(layer, x))
        x = self.norm(f"{layer}.attention.output.LayerNorm", attended + x)
        if not self.is_mosaic:
            wide = gelu(self.dense(f"{layer}.intermediate.dense", x))
            return self.norm(f"{layer}.output.LayerNorm", self.dense(f"{layer}.output.dense", wide) + x)
        left, right = np.split(x @ self[f"{layer}.mlp.gated_layers.weight"].T, 2, axis=1)
        return self.norm(f"{layer}.mlp.layernorm", self.dense(f"{layer}.mlp.wo", gelu(left) * right) + x)

    def _gena_layer(self, layer: str, x: Array) -> Array:
        attended = self.attention(layer, self.norm(f"{layer}.pre_attention_ln", x))
        x = x + self.dense(f"{layer}.attention.output.dense", attended)
        wide = self.dense(f"{layer}.intermediate.dense", self.norm(f"{layer}.post_attention_ln", x))
        return x + self.dense(f"{layer}.output.dense", gelu(wide))

    def _esm(self, ids: list[int]) -> Passed:
        x = self["esm.embeddings.word_embeddings.weight"][ids]
        if self.config.get("token_dropout"):
            x = x * (1 - 0.12)
        if not self.is_rotary:
            first = self.config["pad_token_id"] + 1
            x = x + self["esm.embeddings.position_embeddings.weight"][first : first + len(ids)]
        for number in range(self.config["num_hidden_layers"]):
            layer = f"esm.encoder.layer.{number}"
            attended = self.attention(layer, self.norm(f"{layer}.attention.LayerNorm", x))
            x = x + self.dense(f"{layer}.attention.output.dense", attended)
            wide = self.dense(f"{layer}.intermediate.dense", self.norm(f"{layer}.LayerNorm", x))
            if self.is_rotary:
                left, right = np.split(wide, 2, axis=1)
                wide = left / (1 + np.exp(-left)) * right
            else:
                wide = gelu(wide)
            x = x + self.dense(f"{layer}.output.dense", wide)
        x = self.norm("esm.encoder.emb_layer_norm_after", x)
        pooled = np.tanh(self.dense("classifier.dense", x[0]))
        return Passed(x, self.dense("classifier.out_proj", pooled))

    def attention(self, layer: str, x: Array) -> Array:
        """Return the heads' contexts side by side, (tokens, hidden)."""
        own = f"{layer}.attention.self"
        if self.is_mosaic:
            parts = np.split(self.dense(f"{own}.Wqkv", x), 3, axis=1)
        else:
            parts = [self.dense(f"{own}.{name}", x) for name in ("query", "key", "value")]
        heads = self.config["num_attention_heads"]
        query, key, value = (part.reshape(len(x), heads, -1).swapaxes(0, 1) for part in parts)
        if self.is_rotary:
            query, key = turned(query), turned(key)
        scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[2])
        if self.is_mosaic:
            places = np.arange(len(x))
            distances = np.abs(places[:, None] - places)
            scores = scores - np.array(slopes(heads))[:, None, None] * distances
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        self.attentions.append(weights)
        context = weights @ value
        return context.swapaxes(0, 1).reshape(len(x), -1)

    def __getitem__(self, name: str) -> Array:
        return self.tensors[name]

    def dense(self, name: str, x: Array) -> Array:
        """Return ``x W^T + b``; Nucleotide Transformer v2's feed-forward matrices have no b."""
        return x @ self[f"{name}.weight"].T + self.tensors.get(f"{name}.bias", np.zeros(1))

    def norm(self, name: str, x: Array) -> Array:
        """Return layer normalisation."""
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.config["layer_norm_eps"])
        return centred / deviation * self[f"{name}.weight"] + self[f"{name}.bias"]


def gelu(x: Array) -> Array:
    """Return the exact one, by the error function."""
    from scipy.special import erf

    return np.asarray(x * (1 + erf(x / np.sqrt(2))) / 2)


def turned(x: Array) -> Array:
    """Return queries or keys, (heads, tokens, size), turned by their places."""
    size = x.shape[2]
    angles = np.outer(np.arange(x.shape[1]), 10000.0 ** (-2 * np.arange(size // 2) / size))
    angles = np.concatenate([angles, angles], axis=1)
    left, right = np.split(x, 2, axis=2)
    return np.asarray(x * np.cos(angles) + np.concatenate([-right, left], axis=2) * np.sin(angles))


def slopes(heads: int) -> list[float]:
    """Return ALiBi's, as the golden README states them."""
    if heads & (heads - 1) == 0:
        return [2 ** (-8 * (i + 1) / heads) for i in range(heads)]
    power = 1 << (heads.bit_length() - 1)
    return slopes(power) + slopes(2 * power)[::2][: heads - power]


def _tensors(folder: Path) -> dict[str, Array]:
    if (folder / "model.safetensors").is_file():
        from safetensors.numpy import load_file

        found = load_file(folder / "model.safetensors")
    else:
        import torch

        state = torch.load(folder / "pytorch_model.bin", weights_only=True, map_location="cpu")
        found = {name: tensor.numpy() for name, tensor in state.items()}
    renamed = {
        name.replace(".gamma", ".weight").replace(".beta", ".bias"): values for name, values in found.items()
    }
    return {name: values.astype(np.float64) for name, values in renamed.items() if values.dtype.kind == "f"}
