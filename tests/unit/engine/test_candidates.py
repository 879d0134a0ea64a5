"""What could compute a model: by what is installed, by the processor, and by what is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.engine import candidates as module
from dnabert_enhancer.engine.candidates import Candidate, candidates, processor_flags, processor_name
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EnhancerModel, open_model

ONNX, ONNX_INT8 = Candidate("onnx", "float32", "cpu"), Candidate("onnx", "int8", "cpu")
TORCH, TORCH_BFLOAT16 = Candidate("torch", "float32", "cpu"), Candidate("torch", "bfloat16", "cpu")
PROCESSOR = """processor\t: 0
model name\t: Example(R) CPU
cpu family\t: 6
model\t\t: 143
stepping\t: 8
flags\t\t: fpu sse2 avx512_vnni amx_bf16

processor\t: 1
model name\t: Other
flags\t\t: fpu
"""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that pretends what is installed and what the processor can do."""

    def pretend(*, torch: bool = True, bfloat16: bool = True) -> None:
        find_spec = module.importlib.util.find_spec
        monkeypatch.setattr(
            module.importlib.util,
            "find_spec",
            lambda name: (object() if torch else None) if name == "torch" else find_spec(name),
        )
        monkeypatch.setattr(module, "has_bfloat16_units", lambda: bfloat16)
        monkeypatch.setattr(module, "_driver_is_loaded", lambda: False)

    return pretend


@pytest.mark.parametrize(
    ("settings", "facts", "expected"),
    [
        ({}, {}, [ONNX, TORCH, ONNX_INT8, TORCH_BFLOAT16]),
        ({}, {"bfloat16": False}, [ONNX, TORCH, ONNX_INT8]),
        ({}, {"torch": False}, [ONNX, ONNX_INT8]),
        ({"precision": "float32"}, {}, [ONNX, TORCH]),
        ({"precision": "float32"}, {"torch": False}, [ONNX]),
        ({"precision": "int8"}, {}, [ONNX_INT8]),
        ({"precision": "bfloat16"}, {}, [TORCH_BFLOAT16]),
        ({"precision": "bfloat16"}, {"bfloat16": False}, [TORCH_BFLOAT16]),
        ({"backend": "torch"}, {}, [TORCH, TORCH_BFLOAT16]),
        ({"backend": "onnx"}, {}, [ONNX, ONNX_INT8]),
        ({"backend": "torch", "precision": "bfloat16"}, {"bfloat16": False}, [TORCH_BFLOAT16]),
    ],
)
def test_what_fits(
    model: EnhancerModel,
    machine: Any,
    settings: dict[str, str],
    facts: dict[str, bool],
    expected: list[Candidate],
) -> None:
    machine(**facts)
    assert candidates(model, EngineSettings(**settings)) == expected


@pytest.mark.parametrize(
    ("settings", "facts", "error", "message"),
    [
        ({"precision": "bfloat16"}, {"torch": False}, ResourceError, "--precision bfloat16.*adds torch"),
        ({"backend": "torch", "precision": "int8"}, {}, InputError, "--backend torch --precision int8"),
        ({"backend": "torch"}, {"torch": False}, ResourceError, "adds torch"),
    ],
)
def test_what_cannot_be_had(
    model: EnhancerModel,
    machine: Any,
    settings: dict[str, str],
    facts: dict[str, bool],
    error: type[Exception],
    message: str,
) -> None:
    machine(**facts)
    with pytest.raises(error, match=message):
        candidates(model, EngineSettings(**settings))


def test_a_model_without_integers_says_so(model: EnhancerModel, machine: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model.directory, tmp_path / "copy"))
    (folder / "model.int8.onnx").unlink()
    machine(torch=False)
    with pytest.raises(InputError, match=r"--precision int8, it has no model.int8.onnx"):
        candidates(open_model(folder), EngineSettings(precision="int8"))
    assert candidates(open_model(folder), EngineSettings()) == [ONNX]


def test_a_model_without_onnx_files_needs_torch(model: EnhancerModel, machine: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model.directory, tmp_path / "copy"))
    for path in folder.glob("*.onnx"):
        path.unlink()
    machine()
    assert candidates(open_model(folder), EngineSettings()) == [TORCH, TORCH_BFLOAT16]


def test_the_processor_is_read_from_the_system(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(PROCESSOR)
    assert processor_flags(tmp_path / "cpuinfo") == {"fpu", "sse2", "avx512_vnni", "amx_bf16"}
    assert processor_name(tmp_path / "cpuinfo") == "Example(R) CPU 6 143 8"
    assert processor_flags(tmp_path / "none") == frozenset()
