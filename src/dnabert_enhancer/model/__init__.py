"""An enhancer model as a directory: weights, configuration, vocabulary, card and calibration."""

from dnabert_enhancer.model.archive import model_files, write_archive
from dnabert_enhancer.model.bert import BertShape, State, bert_config
from dnabert_enhancer.model.card import (
    CARD_NAME,
    Calibration,
    CalibrationKind,
    FurtherOutput,
    ModelCard,
    Task,
    Threshold,
)
from dnabert_enhancer.model.directory import ONNX_INT8_NAME, ONNX_NAME, EnhancerModel, open_model
from dnabert_enhancer.model.importing import import_checkpoint
from dnabert_enhancer.model.model_spec import CONFIGURATIONS, NEW_PREFIX, ModelParts, new_model
from dnabert_enhancer.model.silence_transformers import silence_transformers
from dnabert_enhancer.model.writing import WEIGHTS_KEY, replace_card, write_model

__all__ = [
    "CARD_NAME",
    "CONFIGURATIONS",
    "NEW_PREFIX",
    "ONNX_INT8_NAME",
    "ONNX_NAME",
    "WEIGHTS_KEY",
    "BertShape",
    "Calibration",
    "CalibrationKind",
    "EnhancerModel",
    "FurtherOutput",
    "ModelCard",
    "ModelParts",
    "State",
    "Task",
    "Threshold",
    "bert_config",
    "import_checkpoint",
    "model_files",
    "new_model",
    "open_model",
    "replace_card",
    "silence_transformers",
    "write_archive",
    "write_model",
]
