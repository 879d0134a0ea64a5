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
    from dnabert_enhancer.api.comparison import Comparison, compare, comparison_files
    from dnabert_enhancer.api.evaluation import Evaluation, evaluate, evaluation_files
    from dnabert_enhancer.api.learning import TrainedModel, finetune, make_dataset
    from dnabert_enhancer.api.variants import block_scorer, open_annotations, write_scores

_LAZY = {
    "Comparison": "comparison",
    "compare": "comparison",
    "comparison_files": "comparison",
    "Evaluation": "evaluation",
    "TrainedModel": "learning",
    "evaluate": "evaluation",
    "evaluation_files": "evaluation",
    "finetune": "learning",
    "make_dataset": "learning",
    "block_scorer": "variants",
    "open_annotations": "variants",
    "write_scores": "variants",
}

__all__ = [
    "Comparison",
    "Evaluation",
    "Model",
    "TrainedModel",
    "block_scorer",
    "compare",
    "comparison_files",
    "evaluate",
    "evaluation_files",
    "fasta_sequences",
    "finetune",
    "load_model",
    "make_dataset",
    "open_annotations",
    "table_sequences",
    "with_keywords",
    "write_scores",
]


def __getattr__(name: str) -> Any:  # the lazy names
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
