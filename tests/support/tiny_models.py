"""Small models whose outputs differ much between windows, each by its seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.model import Encoder, ModelParts, new_model, write_model

WINDOW = 60


def tiny_model(folder: Path, seed: int, *, spread: float = 0.3, **card: Any) -> Path:
    """Write a model of k = 3 and windows of 60 bp into a folder, and return that.

    Parameters
    ----------
    folder : Path
    seed : int
        Of the weights.
    spread : float
        Standard deviation of the weights: 0.3 gives logits of a few units.
    **card
        Fields of the card that are not those of a fresh model; labels that are not two make a network of as
        many outputs.
    """
    labels = tuple(card.get("labels", ("other", "enhancer")))
    made = new_model("tiny", k=3, window_length=WINDOW, seed=seed, name=folder.name)
    config = {**made.config, "id2label": {str(n): name for n, name in enumerate(labels)}}
    config["label2id"] = {name: n for n, name in enumerate(labels)}
    state = Encoder.from_config(config).fresh_state(np.random.default_rng(seed), spread)
    write_model(folder, ModelParts(config, state, made.card.replace(**card), made.vocabulary))
    return folder
