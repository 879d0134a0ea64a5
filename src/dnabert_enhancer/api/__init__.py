"""The public API: models and what is done with them; `dnabert_enhancer` gives the names.

What trains and judges is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.api.inputs import fasta_sequences, table_sequences, with_keywords
from dnabert_enhancer.api.model import Model, load_model

if TYPE_CHECKING:
    from dnabert_enhancer.api.background import add_background
    from dnabert_enhancer.api.calibration import CalibratedModel, calibrate_model
    from dnabert_enhancer.api.checkup import doctor
    from dnabert_enhancer.api.comparison import Comparison, compare, comparison_files
    from dnabert_enhancer.api.ensemble import Ensemble
    from dnabert_enhancer.api.evaluation import (
        Evaluation,
        evaluate,
        evaluation_files,
    )
    from dnabert_enhancer.api.evaluation_inputs import labelled_rows, named_models
    from dnabert_enhancer.api.findings import Diagnosis
    from dnabert_enhancer.api.interpretation import (
        explained_variants,
        importance_unit,
        interpret_shard,
        merge_attributions,
    )
    from dnabert_enhancer.api.learning import TrainedModel, finetune, finetune_folds, make_dataset
    from dnabert_enhancer.api.panel import check_records, find_member, open_panel, score_members, score_panel
    from dnabert_enhancer.api.quantisation import QuantizedModel, quantize_model
    from dnabert_enhancer.api.reporting import report
    from dnabert_enhancer.api.tuning import Tuning, tune
    from dnabert_enhancer.api.tuning_trials import merge_trials, tune_trial
    from dnabert_enhancer.api.variant_inputs import VariantTable, open_variants, read_names
    from dnabert_enhancer.api.variants import block_scorer, open_annotations, write_scores

_LAZY = {
    "add_background": "background",
    "CalibratedModel": "calibration",
    "calibrate_model": "calibration",
    "Comparison": "comparison",
    "compare": "comparison",
    "comparison_files": "comparison",
    "Diagnosis": "findings",
    "doctor": "checkup",
    "Ensemble": "ensemble",
    "Evaluation": "evaluation",
    "TrainedModel": "learning",
    "evaluate": "evaluation",
    "evaluation_files": "evaluation",
    "finetune": "learning",
    "finetune_folds": "learning",
    "labelled_rows": "evaluation_inputs",
    "make_dataset": "learning",
    "named_models": "evaluation_inputs",
    "block_scorer": "variants",
    "explained_variants": "interpretation",
    "importance_unit": "interpretation",
    "interpret_shard": "interpretation",
    "merge_attributions": "interpretation",
    "check_records": "panel",
    "find_member": "panel",
    "open_panel": "panel",
    "score_members": "panel",
    "score_panel": "panel",
    "QuantizedModel": "quantisation",
    "quantize_model": "quantisation",
    "report": "reporting",
    "Tuning": "tuning",
    "tune": "tuning",
    "merge_trials": "tuning_trials",
    "tune_trial": "tuning_trials",
    "open_annotations": "variants",
    "VariantTable": "variant_inputs",
    "open_variants": "variant_inputs",
    "read_names": "variant_inputs",
    "write_scores": "variants",
}

__all__ = [
    "CalibratedModel",
    "Comparison",
    "Diagnosis",
    "Ensemble",
    "Evaluation",
    "Model",
    "QuantizedModel",
    "TrainedModel",
    "Tuning",
    "VariantTable",
    "add_background",
    "block_scorer",
    "calibrate_model",
    "check_records",
    "compare",
    "comparison_files",
    "doctor",
    "evaluate",
    "evaluation_files",
    "explained_variants",
    "fasta_sequences",
    "find_member",
    "finetune",
    "finetune_folds",
    "importance_unit",
    "interpret_shard",
    "labelled_rows",
    "load_model",
    "make_dataset",
    "merge_attributions",
    "merge_trials",
    "named_models",
    "open_annotations",
    "open_panel",
    "open_variants",
    "quantize_model",
    "read_names",
    "report",
    "score_members",
    "score_panel",
    "table_sequences",
    "tune",
    "tune_trial",
    "with_keywords",
    "write_scores",
]


def __getattr__(name: str) -> Any:  # the lazy names
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
