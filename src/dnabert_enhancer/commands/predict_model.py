"""What both faces of predict ask of the model: windows that fit, the threshold, its entry in the record."""

from __future__ import annotations

import argparse
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.scan import Target

STRIDES_IN_A_WINDOW = 4


def window_and_stride(args: argparse.Namespace, model: EnhancerModel) -> tuple[int, int]:
    """Return window length and stride in bp, as asked for or by default.

    Raises
    ------
    InputError
        The model cannot read windows of that length.
    """
    window = args.window_length or model.window_length
    model.check_window(window)
    shortest = shortest_sequence(model)
    if window < shortest:
        raise InputError(
            f"--window-length {window} is shorter than a token of the model",
            remedy=f"give {shortest} bp at least; the model was made for {model.window_length}",
        )
    return window, args.stride or max(1, window // STRIDES_IN_A_WINDOW)


def shortest_sequence(model: EnhancerModel) -> int:
    """Return the length in bp of the shortest sequence in which the model finds a token."""
    return model.card.k or 1


def check_threshold(threshold: float, target: Target) -> float:
    """Return a threshold that suits the target.

    Raises
    ------
    InputError
        No probability, for a target that is one.
    """
    if target.is_probability and not 0 <= threshold <= 1:
        raise InputError(f"--threshold {threshold} is not a probability", remedy="give a number from 0 to 1")
    return threshold


def threshold_for(args: argparse.Namespace, model: EnhancerModel, target: Target) -> float:
    """Return the threshold that is asked for, as a number or by its name in the card, or the card's default.

    Raises
    ------
    InputError
        The card has no threshold of that name.
        The model gives values, for which no threshold is natural, and none is asked for.
    """
    if isinstance(args.threshold, str):
        return model.card.threshold(args.threshold)
    if args.threshold is not None:
        return check_threshold(args.threshold, target)
    if not target.is_probability:
        raise InputError(f"{model.card.name} predicts values, not probabilities", remedy="give --threshold")
    return model.card.threshold()


def model_entry(model: EnhancerModel) -> dict[str, Any]:
    """Return what the run record says about the model."""
    return {"name": model.card.name, "digest": model.digest, "directory": str(model.source)}
