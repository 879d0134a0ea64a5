"""The one prediction engine: everything that needs a prediction goes through `Engine.predict`."""

from dnabert_enhancer.engine.comparison import check_backends_agree
from dnabert_enhancer.engine.engine import Engine
from dnabert_enhancer.engine.gate import Agreement, agreement
from dnabert_enhancer.engine.predictions import Predictions
from dnabert_enhancer.engine.settings import BackendName, Device, EngineSettings, Precision, Strand
from dnabert_enhancer.engine.target import Target, WindowScores

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
    "WindowScores",
    "agreement",
    "check_backends_agree",
]
