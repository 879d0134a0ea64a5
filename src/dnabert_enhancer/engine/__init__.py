"""The one prediction engine: everything that needs a prediction goes through `Engine.predict`."""

from dnabert_enhancer.engine.backends import (
    Selection,
    Way,
    gpu_name,
    load_backend,
    possible_ways,
    select_way,
    this_processor,
)
from dnabert_enhancer.engine.engine import Engine, distinct_windows, outputs_of
from dnabert_enhancer.engine.ensemble import EnsembleEngine, mean_predictions
from dnabert_enhancer.engine.measuring import Measurement, measure_ways
from dnabert_enhancer.engine.precision_check import (
    Agreement,
    agreement,
    check_backends_agree,
    check_precision,
    compare_models,
    fixed_windows,
    known_agreement,
)
from dnabert_enhancer.engine.predictions import Predictions, Target, WindowScores, deviation_of
from dnabert_enhancer.engine.processor import TELLING_FEATURES, Processor
from dnabert_enhancer.engine.quantising import calibration_windows, quantized_weights, rounded_weights
from dnabert_enhancer.engine.settings import (
    BackendName,
    Device,
    EngineSettings,
    Precision,
    Strand,
    available_threads,
)
from dnabert_enhancer.engine.torch_backend import encoder_network

__all__ = [
    "TELLING_FEATURES",
    "Agreement",
    "BackendName",
    "Device",
    "Engine",
    "EngineSettings",
    "EnsembleEngine",
    "Measurement",
    "Precision",
    "Predictions",
    "Processor",
    "Selection",
    "Strand",
    "Target",
    "Way",
    "WindowScores",
    "agreement",
    "available_threads",
    "calibration_windows",
    "check_backends_agree",
    "check_precision",
    "compare_models",
    "deviation_of",
    "distinct_windows",
    "encoder_network",
    "fixed_windows",
    "gpu_name",
    "known_agreement",
    "load_backend",
    "mean_predictions",
    "measure_ways",
    "outputs_of",
    "possible_ways",
    "quantized_weights",
    "rounded_weights",
    "select_way",
    "this_processor",
]
