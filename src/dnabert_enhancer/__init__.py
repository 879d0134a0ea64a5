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
    from dnabert_enhancer.api import Comparison as Comparison
    from dnabert_enhancer.api import Evaluation as Evaluation
    from dnabert_enhancer.api import Model as Model
    from dnabert_enhancer.api import TrainedModel as TrainedModel
    from dnabert_enhancer.api import compare as compare
    from dnabert_enhancer.api import evaluate as evaluate
    from dnabert_enhancer.api import finetune as finetune
    from dnabert_enhancer.api import load_model as load_model
    from dnabert_enhancer.api import make_dataset as make_dataset
    from dnabert_enhancer.comparison import CompareSettings as CompareSettings
    from dnabert_enhancer.dataset import Dataset as Dataset
    from dnabert_enhancer.dataset import DatasetSettings as DatasetSettings
    from dnabert_enhancer.engine import EngineSettings as EngineSettings
    from dnabert_enhancer.errors import DnabertEnhancerError as DnabertEnhancerError
    from dnabert_enhancer.errors import InputError as InputError
    from dnabert_enhancer.errors import ResourceError as ResourceError
    from dnabert_enhancer.evaluation import EvaluationSettings as EvaluationSettings
    from dnabert_enhancer.genome import Genome as Genome
    from dnabert_enhancer.genome import Interval as Interval
    from dnabert_enhancer.genome import Variant as Variant
    from dnabert_enhancer.scan import Scan as Scan
    from dnabert_enhancer.scan import ScanSettings as ScanSettings
    from dnabert_enhancer.scan import SequenceSettings as SequenceSettings
    from dnabert_enhancer.scan import merge_scans as merge_scans
    from dnabert_enhancer.training import TrainingSettings as TrainingSettings
    from dnabert_enhancer.variants import VariantSettings as VariantSettings

__version__ = "0.1.0"

_NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_ERROR_REPORTING": "false",
}
"""Keeps onnxruntime, huggingface_hub, mlflow and wandb from reporting home; they read it when imported."""

for _name, _value in _NO_TELEMETRY.items():
    os.environ.setdefault(_name, _value)

_HOME = {
    "CompareSettings": "comparison",
    "Comparison": "api",
    "compare": "api",
    "Dataset": "dataset",
    "DatasetSettings": "dataset",
    "Evaluation": "api",
    "EvaluationSettings": "evaluation",
    "TrainedModel": "api",
    "TrainingSettings": "training",
    "evaluate": "api",
    "finetune": "api",
    "make_dataset": "api",
    "DnabertEnhancerError": "errors",
    "EngineSettings": "engine",
    "Genome": "genome",
    "InputError": "errors",
    "Interval": "genome",
    "Model": "api",
    "ResourceError": "errors",
    "Scan": "scan",
    "ScanSettings": "scan",
    "SequenceSettings": "scan",
    "Variant": "genome",
    "VariantSettings": "variants",
    "load_model": "api",
    "merge_scans": "scan",
}
"""Where each public name is defined."""

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:  # whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
