"""The public API: models and what is done with them; `dnabert_enhancer` gives the names.

What trains and judges is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.api.inputs import fasta_sequences, table_sequences
from dnabert_enhancer.api.model import Model, load_model
from dnabert_enhancer.api.settings_keywords import with_keywords

if TYPE_CHECKING:
    from dnabert_enhancer.api.evaluation import Evaluation, evaluate, evaluation_files
    from dnabert_enhancer.api.learning import TrainedModel, finetune, make_dataset

_LAZY = {
    "Evaluation": "evaluation",
    "TrainedModel": "learning",
    "evaluate": "evaluation",
    "evaluation_files": "evaluation",
    "finetune": "learning",
    "make_dataset": "learning",
}

__all__ = [
    "Evaluation",
    "Model",
    "TrainedModel",
    "evaluate",
    "evaluation_files",
    "fasta_sequences",
    "finetune",
    "load_model",
    "make_dataset",
    "table_sequences",
    "with_keywords",
]


def __getattr__(name: str) -> Any:  # the lazy names
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
