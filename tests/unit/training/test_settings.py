"""The settings of a training."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training import TrainingSettings


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epochs": 0}, "epochs is 0; it must be at least 1"),
        ({"batch_size": -1}, "batch-size is -1"),
        ({"learning_rate": 0.0}, "learning-rate is 0.0"),
        ({"learning_rate": float("nan")}, "learning-rate is nan"),
        ({"warmup": 1.0}, "warmup is 1.0; it must be from 0 to below 1"),
        ({"token_dropout": -0.1}, "token-dropout is -0.1"),
        ({"dropout": 1.5}, "dropout is 1.5"),
        ({"validation_fraction": 0.0}, "validation-fraction is 0.0"),
        ({"window_length": 0}, "window-length is 0"),
        ({"gradient_clip": float("inf")}, "gradient-clip is inf"),
        ({"precision": "int8"}, "precision is 'int8'; it must be one of auto, float32, bfloat16, float16"),
        ({"log_to": ("neptune",)}, "unknown logger 'neptune'; one of tensorboard, wandb, mlflow"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_must_be(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as error:
        TrainingSettings(**changes)  # type: ignore[arg-type]  # wrong on purpose
    assert said in str(error.value)


def test_what_decides_the_result_leaves_out_where_it_is_logged() -> None:
    settings = TrainingSettings(log_to=("wandb",), log_dir="x", threads=3, licence="MIT")
    assert settings.deciding() == TrainingSettings().deciding()
    assert settings.deciding() != settings.replace(seed=1).deciding()
