"""`TrainingSettings`: how a model is fine-tuned."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dnabert_enhancer.errors import InputError, require_numbers, require_setting
from dnabert_enhancer.evaluation import DEFAULT_THRESHOLDS

CHOICES: dict[str, tuple[str, ...]] = {
    "precision": ("auto", "float32", "bfloat16", "float16"),
    "device": ("auto", "cpu", "cuda"),
    "method": ("full", "lora"),
    "schedule": ("linear", "cosine", "constant"),
    "class_weights": ("none", "balanced"),
    "threshold": DEFAULT_THRESHOLDS,
}
"""What the settings that are a choice can be."""
LOGGERS = ("tensorboard", "wandb", "mlflow")
"""Where curves can be logged."""

LEARNING_RATE_NEW = 1e-3
"""Peak learning rate of a fresh model."""
LEARNING_RATE_FULL = 3e-5
"""Peak learning rate when all weights of a pre-trained model are trained."""
LEARNING_RATE_LORA = 3e-4
"""Peak learning rate when only low-rank adapters are trained."""

_NO_PART_OF_THE_RESULT = (
    "log_to",
    "log_dir",
    "checkpoint_steps",
    "threads",
    "model_name",
    "licence",
    "limits",
)


@dataclass(frozen=True)
class TrainingSettings:
    """How to fine-tune.

    Parameters
    ----------
    epochs : int
        Passes over the training split.
    batch_size : int
        Sequences a step and device.
    accumulate : int
        Batches whose gradients are added up before one update.
    learning_rate : float, optional
        Peak learning rate of AdamW. Default: 1e-3 for a fresh model, 3e-5 for a pre-trained one, 3e-4
        for adapters. DNABERT-Enhancer searched 1e-3, 1e-4, 3e-4, 1e-5, 3e-5, 1e-6 and 3e-6.
    weight_decay : float
        Decoupled weight decay, not applied to biases and normalisation.
    warmup : float
        Share of all updates in which the learning rate rises to its peak.
    schedule : {"linear", "cosine", "constant"}
        How the learning rate falls after the warm-up.
    gradient_clip : float
        Largest norm of the gradient.
    precision : {"auto", "float32", "bfloat16", "float16"}
        Arithmetic of the matrix products; ``auto`` decides by the device and the model's width.
    device : {"auto", "cpu", "cuda"}
        Where to train.
    threads : int
        CPU threads; 0: as many as torch takes.
    method : {"full", "lora"}
        Train all weights, or low-rank adapters that are merged into the weights at the end.
    lora_rank, lora_alpha, lora_dropout
        Rank, scale and dropout of the adapters.
    class_weights : {"none", "balanced"}
        ``balanced``: a class counts with n / (classes * n_class) in the loss.
    label_smoothing : float
        Share of the target that is spread evenly over the classes.
    dropout, attention_dropout : float, optional
        Share of the hidden units, and of the attention weights, dropped in training. Default: the model's
        own; no attention dropout for a fresh model, whose training it slows by a third on a CPU.
    reverse_complement : bool
        Show half of the training windows, drawn anew each epoch, as their reverse complement.
    shift : int
        Move each training window by up to so many bp, drawn anew each epoch; where the sequence has no
        flank, the missing bases are unknown.
    token_dropout : float
        Share of the tokens replaced by ``[MASK]`` in training, in runs of k.
    metric : str
        Validation metric that decides which epoch is kept; empty: the task's default.
    early_stopping : int
        Stop after so many epochs without a better metric; 0: never.
    seed : int
        Of the fresh weights, the order, the augmentation and dropout.
    collapse_restarts : int
        How often a collapsed training is started again with another seed.
    validation_fraction : float
        Share split off for validation when the data set has no such split.
    window_length : int, optional
        Crop sequences to so many bp around their centre; default: their own length.
    threshold : {"0.5", "max-mcc"}
        Where the model's default decision threshold comes from.
    int8 : bool
        Round the weights of the kept epoch to 8-bit integers by windows of the validation split, as
        `quantize_model` does; they stay as they are where int8 does not agree with float32.
    log_to : str, or several
        Of tensorboard, wandb, mlflow.
    log_dir : str
        Folder of the loggers' files; empty: ``logs`` in the output folder.
    checkpoint_steps : int
        Keep a checkpoint every so many updates beside the one of each epoch; 0: only each epoch's.
    k : int, optional
        Length of the k-mers of a fresh model; default 6.
    model_name, licence, limits : str
        For the card: what the model is called (empty: the output folder's name), the licence of its
        weights, and what it must not be used for.
    """

    epochs: int = 5
    batch_size: int = 64
    accumulate: int = 1
    learning_rate: float | None = None
    weight_decay: float = 0.01
    warmup: float = 0.1
    schedule: str = "linear"
    gradient_clip: float = 1.0
    precision: str = "auto"
    device: str = "auto"
    threads: int = 0
    method: str = "full"
    lora_rank: int = 8
    lora_alpha: float = 16.0
    lora_dropout: float = 0.05
    class_weights: str = "none"
    label_smoothing: float = 0.0
    dropout: float | None = None
    attention_dropout: float | None = None
    reverse_complement: bool = True
    shift: int = 0
    token_dropout: float = 0.0
    metric: str = ""
    early_stopping: int = 0
    seed: int = 42
    collapse_restarts: int = 2
    validation_fraction: float = 0.1
    window_length: int | None = None
    threshold: str = "0.5"
    int8: bool = False
    log_to: Sequence[str] = ()
    log_dir: str = ""
    checkpoint_steps: int = 1000
    k: int | None = None
    model_name: str = ""
    licence: str = "unknown"
    limits: str = ""

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("epochs", "batch_size", "accumulate", "lora_rank"):
            require_setting(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("threads", "shift", "early_stopping", "seed", "collapse_restarts", "checkpoint_steps"):
            require_setting(self, name, getattr(self, name) >= 0, "at least 0")
        for name in ("gradient_clip", "lora_alpha"):
            require_setting(self, name, 0 < getattr(self, name) < float("inf"), "a positive number")
        require_setting(
            self,
            "learning_rate",
            self.learning_rate is None or 0 < self.learning_rate <= 1,
            "above 0, at most 1",
        )
        require_setting(self, "weight_decay", 0 <= self.weight_decay <= 1, "from 0 to 1")
        for name in ("warmup", "token_dropout", "label_smoothing", "lora_dropout"):
            require_setting(self, name, 0 <= getattr(self, name) < 1, "from 0 to below 1")
        require_setting(self, "validation_fraction", 0 < self.validation_fraction < 1, "between 0 and 1")
        require_setting(
            self, "window_length", self.window_length is None or self.window_length >= 1, "at least 1 bp"
        )
        for name in ("dropout", "attention_dropout"):
            value = getattr(self, name)
            require_setting(self, name, value is None or 0 <= value < 1, "from 0 to below 1")
        for name, choices in CHOICES.items():
            require_setting(self, name, getattr(self, name) in choices, f"one of {', '.join(choices)}")
        loggers = (self.log_to,) if isinstance(self.log_to, str) else self.log_to
        object.__setattr__(self, "log_to", tuple(dict.fromkeys(name for name in loggers if name != "none")))
        for logger in self.log_to:
            if logger not in LOGGERS:
                raise InputError(f"unknown logger {logger!r}", remedy=f"one of {', '.join(LOGGERS)}")

    def replace(self, **changes: Any) -> TrainingSettings:  # any field
        """Return a copy with `changes` of some fields."""
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the card."""
        return {**dataclasses.asdict(self), "log_to": list(self.log_to)}

    def deciding(self) -> dict[str, Any]:
        """Return the values that decide the result: runs that differ in one cannot continue each other."""
        return {name: value for name, value in self.to_json().items() if name not in _NO_PART_OF_THE_RESULT}
