"""Optional packages of training: checked when a training begins, silenced, and their failures explained."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from dnabert_enhancer.errors import ResourceError

TRAINING_PACKAGES = ("torch", "transformers", "accelerate")
_EXTRA_OF = {"peft": "train", "tensorboard": "train", "wandb": "train", "mlflow": "mlflow"}
_CHATTY = ("transformers", "accelerate", "peft", "torch", "mlflow", "alembic", "wandb", "urllib3", "git")


def require_packages(*names: str) -> None:
    """Raise `ResourceError` with the right ``pip install`` when a package is missing."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            extra = _EXTRA_OF.get(name, "train")
            raise ResourceError(
                f"the Python package {name!r} is not installed",
                remedy=f"pip install '.[{extra}]' in a clone of the suite",
            )


@contextlib.contextmanager
def quiet_packages() -> Iterator[None]:
    """Silence the progress bars, warnings and information lines of the training packages, errors excepted."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    loggers = [logging.getLogger(name) for name in _CHATTY]
    levels = [logger.level for logger in loggers]
    from transformers.utils import logging as transformers_logging

    bars = transformers_logging.is_progress_bar_enabled()
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()


@contextlib.contextmanager
def explained_failures(output: Path) -> Iterator[None]:
    """Turn the errors of torch and safetensors on a full disk or a full memory into one clear line.

    Raises
    ------
    ResourceError
        No space left under the output folder, or no memory left on the device.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        _raise_explained(error, output)
        raise
    except Exception as error:
        if type(error).__name__ == "SafetensorError":
            _raise_explained(error, output)
        raise


def _raise_explained(error: Exception, output: Path) -> None:
    text = str(error)
    if type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in text:
        raise ResourceError(
            "not enough memory for a batch", remedy="give a smaller --batch-size and a larger --accumulate"
        ) from None
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    written_short = "PytorchStreamWriter failed" in text or "unexpected pos" in text or "os error 28" in text
    if full or "No space left" in text or written_short:
        raise ResourceError(
            "no space left for the checkpoints",
            source=output,
            remedy="free some space or choose another --output-dir",
        ) from None
