#!/usr/bin/env python3
"""A DNABERT-6 of full size that classifies, without DNABERT's weights: the packaged model, grown.

The 2 layers of 128 units become 12 of 768, with 12 heads of 64, and give the same answers (Net2Net, Chen et
al. 2016): each channel stands there six times, and what it gives to the next matrix is shared among its
copies at random, so that they learn different things when the model is fine-tuned; new layers add nothing at
first. Written is a model directory for `finetune --base-model`; printed is how far its answers on random
windows are from those of the output. What int8 does to a model of this size is then seen with
`engine.py --gate`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer import load_model
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.model import ModelParts, State, new_model, write_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

COPIES, LAYERS, HEAD = 6, 12, 64
LEAST, MOST = 0.5, 1.5
"""Of an outgoing weight, what each copy gets, in times of the mean."""
WINDOWS = 8


def main() -> None:
    """Write the model and print how its answers differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="default:gue_tf4", help="an output of the packaged model")
    parser.add_argument("--length", type=int, default=101, help="of the windows in bp (default 101)")
    parser.add_argument("--output-dir", type=Path, required=True)
    args = parser.parse_args()
    settings = EngineSettings(precision="float32")
    small = load_model(args.model, engine=settings)
    opened = small.engine.model
    made = new_model("base", window_length=args.length, name=f"grown-{args.output_dir.name}")
    column = 0 if opened.card.column is None else opened.card.column
    state = grown(opened.read_state(), column, np.random.default_rng(0))
    assert {name: weights.shape for name, weights in state.items()} == {
        name: weights.shape for name, weights in made.state.items()
    }
    write_model(args.output_dir, ModelParts(made.config, state, made.card, made.vocabulary))
    windows = np.random.default_rng(1).integers(0, 4, (WINDOWS, args.length)).astype(np.uint8)
    large = load_model(str(args.output_dir), engine=settings)
    away = large.engine.predict(windows).logit - small.engine.predict(windows).logit
    print(f"{WINDOWS} random windows: logits up to {np.abs(away).max():.1e} apart")


def grown(state: State, column: int, rng: np.random.Generator) -> State:
    """Return the weights of the large model: two classes, the second of which is a column of the small one.

    Parameters
    ----------
    state : dict of str to float32 array
        Of a BERT of two layers, with an intermediate size of four times the hidden one.
    column : int
        Of its classifier.
    rng : numpy.random.Generator
        For the shares of copies.
    """
    hidden = state["bert.pooler.dense.bias"].size
    channels = np.tile(np.arange(hidden), COPIES)
    wide = np.tile(np.arange(4 * hidden), COPIES)
    # a head of 64 is a head of the small model twice, whose scores are then too large by the root of 2
    own = HEAD // 2
    apart = np.concatenate(
        [np.tile(np.arange(first, first + own), COPIES) for first in range(0, hidden, own)]
    )

    def matrix(name: str, outputs: NDArray[np.int64], inputs: NDArray[np.int64]) -> State:
        weights = state[f"{name}.weight"]
        shares = rng.uniform(LEAST, MOST, (len(outputs), len(inputs)))
        sums = np.zeros((len(outputs), weights.shape[1]))
        np.add.at(sums.T, inputs, shares.T)
        taken = weights[np.ix_(outputs, inputs)] * (shares / sums[:, inputs])
        return {f"{name}.weight": taken.astype(np.float32), f"{name}.bias": state[f"{name}.bias"][outputs]}

    def vector(name: str) -> State:
        return {f"{name}.{part}": state[f"{name}.{part}"][channels] for part in ("weight", "bias")}

    embeddings = "bert.embeddings"
    tables = [f"{embeddings}.{table}_embeddings.weight" for table in ("word", "position", "token_type")]
    found: State = {table: state[table][:, channels] for table in tables}
    found |= vector(f"{embeddings}.LayerNorm")
    places = {"bert.encoder.layer.0": 0, "bert.encoder.layer.1": LAYERS - 1}
    for small, place in places.items():
        layer: State = {}
        for part in ("query", "key", "value"):
            layer |= matrix(f"{small}.attention.self.{part}", apart, channels)
        for kind in ("weight", "bias"):
            layer[f"{small}.attention.self.query.{kind}"] *= np.float32(2**-0.5)
        layer |= matrix(f"{small}.attention.output.dense", channels, apart)
        layer |= matrix(f"{small}.intermediate.dense", wide, channels)
        layer |= matrix(f"{small}.output.dense", channels, wide)
        layer |= vector(f"{small}.attention.output.LayerNorm") | vector(f"{small}.output.LayerNorm")
        found |= {
            name.replace(small, f"bert.encoder.layer.{place}"): weights for name, weights in layer.items()
        }
    found |= _layers_between(found, rng)
    found |= matrix("bert.pooler.dense", channels, channels)
    last = matrix("classifier", np.array([column, column]), channels)
    for weights in last.values():
        weights[0] = 0
    return found | last


def _layers_between(found: State, rng: np.random.Generator) -> State:
    """Return layers that add nothing; the last takes over scale and shift that the first one ended with."""
    between: State = {}
    first = "bert.encoder.layer.0"
    for place in range(1, LAYERS - 1):
        for name in [name for name in found if name.startswith(f"{first}.")]:
            like = found[name]
            if name.endswith("LayerNorm.weight"):
                weights = np.ones_like(like)
            elif name.endswith(".bias") or ".output.dense" in name:
                weights = np.zeros_like(like)
            else:
                weights = rng.standard_normal(like.shape, dtype=np.float32) * np.float32(
                    0.7 * like.shape[1] ** -0.5
                )
            between[name.replace(first, f"bert.encoder.layer.{place}")] = weights
    for kind, neutral in (("weight", np.ones_like), ("bias", np.zeros_like)):
        name = f"output.LayerNorm.{kind}"
        between[f"bert.encoder.layer.{LAYERS - 2}.{name}"] = found[f"{first}.{name}"]
        found[f"{first}.{name}"] = neutral(found[f"{first}.{name}"])
    return between


if __name__ == "__main__":
    main()
