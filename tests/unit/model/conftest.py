"""A small model whose outputs differ much between windows, as parts and as a directory."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.model import Encoder, EnhancerModel, ModelParts, new_model, write_model


@pytest.fixture(scope="session")
def parts() -> ModelParts:
    made = new_model("tiny", k=3, window_length=60, seed=1)
    state = Encoder.from_config(made.config).fresh_state(np.random.default_rng(1), 0.3)
    return ModelParts(made.config, state, made.card, made.vocabulary)


@pytest.fixture(scope="session")
def model(parts: ModelParts, tmp_path_factory: pytest.TempPathFactory) -> EnhancerModel:
    return write_model(tmp_path_factory.mktemp("model") / "tiny", parts)
