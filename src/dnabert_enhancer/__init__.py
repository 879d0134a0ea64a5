"""DNABERT-Enhancer suite: train, evaluate and apply genomic language models of human enhancers.

    import dnabert_enhancer as de

    model = de.load_model()
    genome = de.Genome("hg38.fa.gz")
    scan = model.scan(genome, "chr16:100,000-200,000")

The names below are the public API; each is imported when it is first used. Everything else is internal.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dnabert_enhancer.api import CalibratedModel as CalibratedModel
    from dnabert_enhancer.api import Comparison as Comparison
    from dnabert_enhancer.api import Diagnosis as Diagnosis
    from dnabert_enhancer.api import Ensemble as Ensemble
    from dnabert_enhancer.api import Evaluation as Evaluation
    from dnabert_enhancer.api import Model as Model
    from dnabert_enhancer.api import TrainedModel as TrainedModel
    from dnabert_enhancer.api import Tuning as Tuning
    from dnabert_enhancer.api import add_background as add_background
    from dnabert_enhancer.api import calibrate_model as calibrate_model
    from dnabert_enhancer.api import compare as compare
    from dnabert_enhancer.api import doctor as doctor
    from dnabert_enhancer.api import evaluate as evaluate
    from dnabert_enhancer.api import finetune as finetune
    from dnabert_enhancer.api import finetune_folds as finetune_folds
    from dnabert_enhancer.api import load_model as load_model
    from dnabert_enhancer.api import make_dataset as make_dataset
    from dnabert_enhancer.api import merge_attributions as merge_attributions
    from dnabert_enhancer.api import quantize_model as quantize_model
    from dnabert_enhancer.api import report as report
    from dnabert_enhancer.api import score_panel as score_panel
    from dnabert_enhancer.api import tune as tune
    from dnabert_enhancer.catalogue import Catalogue as Catalogue
    from dnabert_enhancer.catalogue import PanelMember as PanelMember
    from dnabert_enhancer.comparison import CompareSettings as CompareSettings
    from dnabert_enhancer.dataset import Dataset as Dataset
    from dnabert_enhancer.dataset import DatasetSettings as DatasetSettings
    from dnabert_enhancer.engine import EngineSettings as EngineSettings
    from dnabert_enhancer.errors import DnabertEnhancerError as DnabertEnhancerError
    from dnabert_enhancer.errors import InputError as InputError
    from dnabert_enhancer.errors import ResourceError as ResourceError
    from dnabert_enhancer.evaluation import CalibrationSettings as CalibrationSettings
    from dnabert_enhancer.evaluation import EvaluationSettings as EvaluationSettings
    from dnabert_enhancer.genome import Genome as Genome
    from dnabert_enhancer.genome import Interval as Interval
    from dnabert_enhancer.genome import Variant as Variant
    from dnabert_enhancer.interpret import Attributions as Attributions
    from dnabert_enhancer.interpret import ExplainedVariants as ExplainedVariants
    from dnabert_enhancer.interpret import InterpretSettings as InterpretSettings
    from dnabert_enhancer.reporting import ReportSettings as ReportSettings
    from dnabert_enhancer.scan import EmbeddingSettings as EmbeddingSettings
    from dnabert_enhancer.scan import Scan as Scan
    from dnabert_enhancer.scan import ScanSettings as ScanSettings
    from dnabert_enhancer.scan import SequenceSettings as SequenceSettings
    from dnabert_enhancer.scan import merge_scans as merge_scans
    from dnabert_enhancer.training import SearchSettings as SearchSettings
    from dnabert_enhancer.training import TrainingSettings as TrainingSettings
    from dnabert_enhancer.variants import VariantSettings as VariantSettings

__version__ = "0.1.0"

TELEMETRY_SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_ERROR_REPORTING": "false",
}
"""Keeps onnxruntime, huggingface_hub, mlflow and wandb from reporting home; they read it when imported."""

for _name, _value in TELEMETRY_SWITCHES.items():
    os.environ.setdefault(_name, _value)

_HOME = {
    "add_background": "api",
    "CalibratedModel": "api",
    "CalibrationSettings": "evaluation",
    "calibrate_model": "api",
    "Catalogue": "catalogue",
    "Attributions": "interpret",
    "CompareSettings": "comparison",
    "Comparison": "api",
    "compare": "api",
    "Diagnosis": "api",
    "doctor": "api",
    "Dataset": "dataset",
    "DatasetSettings": "dataset",
    "Ensemble": "api",
    "Evaluation": "api",
    "EvaluationSettings": "evaluation",
    "TrainedModel": "api",
    "TrainingSettings": "training",
    "evaluate": "api",
    "finetune": "api",
    "finetune_folds": "api",
    "make_dataset": "api",
    "DnabertEnhancerError": "errors",
    "EmbeddingSettings": "scan",
    "EngineSettings": "engine",
    "ExplainedVariants": "interpret",
    "Genome": "genome",
    "InputError": "errors",
    "InterpretSettings": "interpret",
    "Interval": "genome",
    "Model": "api",
    "ReportSettings": "reporting",
    "ResourceError": "errors",
    "Scan": "scan",
    "ScanSettings": "scan",
    "SequenceSettings": "scan",
    "Variant": "genome",
    "VariantSettings": "variants",
    "load_model": "api",
    "merge_attributions": "api",
    "merge_scans": "scan",
    "quantize_model": "api",
    "PanelMember": "catalogue",
    "report": "api",
    "score_panel": "api",
    "SearchSettings": "training",
    "Tuning": "api",
    "tune": "api",
}
"""Where each public name is defined."""

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:  # whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
