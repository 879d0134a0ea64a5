"""The options of finetune that are settings of a training: one table for the parser and the value."""

from __future__ import annotations

import argparse
import dataclasses

from dnabert_enhancer.training import CHOICES, LOGGERS, TrainingSettings

OPTIONS: dict[str, tuple[tuple[str, type, str, str], ...]] = {
    "training": (
        ("epochs", int, "N", "passes over the training split"),
        ("batch_size", int, "N", "sequences a step and device"),
        ("accumulate", int, "N", "batches added up before an update"),
        (
            "learning_rate",
            float,
            "RATE",
            "peak learning rate; default 1e-3 for a fresh model, 3e-5 for a pre-trained one, 3e-4 with LoRA "
            "(DNABERT-Enhancer tried 1e-3 1e-4 3e-4 1e-5 3e-5 1e-6 3e-6)",
        ),
        ("weight_decay", float, "X", "of AdamW, not on biases and normalisation"),
        ("warmup", float, "SHARE", "share of the updates in which the learning rate rises"),
        ("schedule", str, "", "how the learning rate falls"),
        ("gradient_clip", float, "NORM", "largest norm of the gradient"),
        ("class_weights", str, "", "weight the classes by their rarity in the loss"),
        ("label_smoothing", float, "SHARE", "share of the target spread over all classes"),
        ("dropout", float, "SHARE", "of the hidden units; default: the model's own"),
        (
            "attention_dropout",
            float,
            "SHARE",
            "of the attention weights; default: the model's own, none for a fresh model",
        ),
        ("seed", int, "N", "of fresh weights, order, augmentation and dropout"),
        (
            "collapse_restarts",
            int,
            "N",
            "new starts, with another seed, of a training that predicts one class only",
        ),
    ),
    "adapters": (
        ("method", str, "", "train all weights, or low-rank adapters that are merged at the end"),
        ("lora_rank", int, "R", "rank of the adapters"),
        ("lora_alpha", float, "X", "scale of the adapters"),
        ("lora_dropout", float, "SHARE", "dropout before the adapters"),
    ),
    "augmentation": (
        ("shift", int, "BP", "move training windows by up to so many bp, anew each epoch"),
        ("token_dropout", float, "SHARE", "share of the tokens replaced by [MASK], in runs of k"),
    ),
    "validation": (
        ("validation_fraction", float, "SHARE", "split off for validation where the data have no such split"),
        (
            "metric",
            str,
            "NAME",
            "which epoch is kept; auroc auprc mcc f1 accuracy loss; several classes: mcc macro_f1 accuracy "
            "loss; values: pearson spearman r2 rmse loss (default: the first)",
        ),
        ("early_stopping", int, "N", "stop after so many epochs without a better metric; 0: never"),
        (
            "threshold",
            str,
            "",
            "default decision threshold: half of the calibrated probability, or the best MCC",
        ),
    ),
    "machine": (
        ("device", str, "", "where to train"),
        ("precision", str, "", "of the matrix products; auto: bfloat16 where the hardware has units for it"),
        ("threads", int, "N", "CPU threads; 0: as torch takes them"),
        (
            "checkpoint_steps",
            int,
            "N",
            "keep a checkpoint every N updates beside each epoch's; 0: only those",
        ),
    ),
    "card": (
        ("model_name", str, "NAME", "name in the card; default: that of the output folder"),
        ("licence", str, "NAME", "licence of the weights"),
        ("limits", str, "TEXT", "what the model must not be used for"),
    ),
}
"""By group: the setting, its type, its metavar (none where it is a choice) and its help."""


def add_setting_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare an option for each setting, with the setting's default."""
    defaults = {item.name: item.default for item in dataclasses.fields(TrainingSettings)}
    for title, options in OPTIONS.items():
        group = parser.add_argument_group(title)
        for name, kind, metavar, text in options:
            default = defaults[name]
            shown = "" if default in (None, "") else f" (default {default})"
            choices = CHOICES.get(name)
            group.add_argument(
                f"--{name.replace('_', '-')}",
                type=kind,
                default=default,
                choices=choices,
                metavar=None if choices else metavar,
                help=text + shown,
            )
        if title == "augmentation":
            group.add_argument(
                "--no-reverse-complement",
                dest="reverse_complement",
                action="store_false",
                help="train on the forward strand only; default: each window is turned with probability 0.5",
            )
    group = parser.add_argument_group("logging")
    group.add_argument(
        "--log-to",
        action="append",
        choices=("none", *LOGGERS),
        help="also log the curves there; may be given several times; wandb is offline without WANDB_API_KEY",
    )
    group.add_argument(
        "--log-dir", default="", metavar="DIR", help="files of the loggers; default: logs in --output-dir"
    )


def settings_from(args: argparse.Namespace) -> TrainingSettings:
    """Return the settings that the parsed options say."""
    names = {item.name for item in dataclasses.fields(TrainingSettings)}
    values = {name: value for name, value in vars(args).items() if name in names}
    values["log_to"] = tuple(dict.fromkeys(name for name in args.log_to or () if name != "none"))
    return TrainingSettings(**values)
