"""An enhancer model as a directory: weights, configuration, vocabulary, card and calibration."""

from dnabert_enhancer.model.archive import model_files, unpack_checkpoint, write_archive
from dnabert_enhancer.model.background import Background, percentiles
from dnabert_enhancer.model.calibration import Calibration, CalibrationKind
from dnabert_enhancer.model.card import (
    CARD_NAME,
    NOT_CALIBRATED,
    FurtherOutput,
    ModelCard,
    Task,
    Threshold,
    read_card,
)
from dnabert_enhancer.model.class_names import positive_class, same_name, told_by_name
from dnabert_enhancer.model.configuration import CONFIG_NAME, number_value, whole_value
from dnabert_enhancer.model.directory import (
    DEFAULT_NAME,
    PACKAGED,
    EnhancerModel,
    open_model,
    split_output,
)
from dnabert_enhancer.model.encoder import (
    EmbeddingRule,
    Encoder,
    Norm,
    Pooling,
    Positions,
    State,
    bert_config,
)
from dnabert_enhancer.model.ensemble import (
    FOLDS_NAME,
    EnsembleModel,
    common_threshold,
    model_folders,
    read_folds,
)
from dnabert_enhancer.model.ensemble_backgrounds import BACKGROUNDS_NAME, backgrounds_text
from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer
from dnabert_enhancer.model.importing import import_checkpoint, needs_import
from dnabert_enhancer.model.last_token import NO_PADDING, name_padding, reads_last_token
from dnabert_enhancer.model.layouts import BERT, Layout
from dnabert_enhancer.model.model_spec import (
    CONFIGURATIONS,
    NEW_PREFIX,
    ModelParts,
    classifier_config,
    new_model,
)
from dnabert_enhancer.model.onnx_nodes import OnnxGraph
from dnabert_enhancer.model.silence_transformers import silence_transformers
from dnabert_enhancer.model.tokenizers import tokenizer_files
from dnabert_enhancer.model.writing import (
    holds_same_model,
    is_folder_of,
    replace_card,
    write_ensemble,
    write_model,
    write_recalibrated,
    write_reweighted,
)

__all__ = [
    "BACKGROUNDS_NAME",
    "BERT",
    "CARD_NAME",
    "CONFIGURATIONS",
    "CONFIG_NAME",
    "DEFAULT_NAME",
    "FOLDS_NAME",
    "NEW_PREFIX",
    "NOT_CALIBRATED",
    "NO_PADDING",
    "PACKAGED",
    "Background",
    "Calibration",
    "CalibrationKind",
    "EmbeddingRule",
    "Encoder",
    "EnhancerModel",
    "EnsembleModel",
    "ForeignTokenizer",
    "FurtherOutput",
    "Layout",
    "ModelCard",
    "ModelParts",
    "Norm",
    "OnnxGraph",
    "Pooling",
    "Positions",
    "State",
    "Task",
    "Threshold",
    "backgrounds_text",
    "bert_config",
    "classifier_config",
    "common_threshold",
    "holds_same_model",
    "import_checkpoint",
    "is_folder_of",
    "model_files",
    "model_folders",
    "name_padding",
    "needs_import",
    "new_model",
    "number_value",
    "open_model",
    "percentiles",
    "positive_class",
    "read_card",
    "read_folds",
    "reads_last_token",
    "replace_card",
    "same_name",
    "silence_transformers",
    "split_output",
    "tokenizer_files",
    "told_by_name",
    "unpack_checkpoint",
    "whole_value",
    "write_archive",
    "write_ensemble",
    "write_model",
    "write_recalibrated",
    "write_reweighted",
]
