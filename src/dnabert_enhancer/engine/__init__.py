"""The one prediction engine: everything that needs a prediction goes through `Engine.predict`."""

from dnabert_enhancer.engine.backends import Way, has_bfloat16_units, select_way
from dnabert_enhancer.engine.engine import Engine, distinct_windows
from dnabert_enhancer.engine.precision_check import Agreement, agreement, check_backends_agree
from dnabert_enhancer.engine.predictions import Predictions, Target, WindowScores
from dnabert_enhancer.engine.settings import BackendName, Device, EngineSettings, Precision, Strand

__all__ = [
    "Agreement",
    "BackendName",
    "Device",
    "Engine",
    "EngineSettings",
    "Precision",
    "Predictions",
    "Strand",
    "Target",
    "Way",
    "WindowScores",
    "agreement",
    "check_backends_agree",
    "distinct_windows",
    "has_bfloat16_units",
    "select_way",
]
