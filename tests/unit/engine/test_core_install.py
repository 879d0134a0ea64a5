"""An installation without torch and transformers predicts, opens and refuses as one with them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import EnhancerModel

PROGRAM = """
import importlib.abc, json, sys
MISSING = {"torch", "transformers", "huggingface_hub", "tokenizers", "pandas"}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in MISSING else find_spec(name, *rest)
import numpy as np
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.model import import_checkpoint, open_model

folder, checkpoint, target = sys.argv[1:]
windows = np.array(json.load(sys.stdin), dtype=np.uint8)
model = open_model(folder)
answers = {precision: Engine(model, EngineSettings(precision=precision)).predict(windows).logit.tolist()
           for precision in ("auto", "float32", "int8")}
errors = []
for action in (
    lambda: Engine(model, EngineSettings(backend="torch")),
    lambda: import_checkpoint(checkpoint, target),
):
    try:
        action()
    except ResourceError as error:
        errors.append(str(error))
embeddings = {pooling: Engine(model).embed(windows, pooling).tolist() for pooling in ("first", "mean")}
print(json.dumps({"answers": answers, "errors": errors, "embeddings": embeddings}))
"""


@pytest.fixture
def answer(model: EnhancerModel, windows: NDArray[np.uint8], tmp_path: Path) -> dict[str, object]:
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    for name in ("config.json", "vocab.txt"):
        (checkpoint / name).write_bytes((model.directory / name).read_bytes())
    (checkpoint / "pytorch_model.bin").write_bytes(b"PK")
    arguments = [str(model.directory), str(checkpoint), str(tmp_path / "new")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        input=json.dumps(windows.tolist()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    content: dict[str, object] = json.loads(done.stdout)
    return content


def test_it_predicts_the_same_and_says_what_is_missing(
    model: EnhancerModel, windows: NDArray[np.uint8], answer: dict[str, dict[str, list[float]] | list[str]]
) -> None:
    expected = Engine(model, EngineSettings("cpu", "onnx", "float32")).predict(windows).logit
    found = answer["answers"]
    assert isinstance(found, dict)
    np.testing.assert_array_equal(np.array(found["auto"], np.float32), expected)
    np.testing.assert_array_equal(np.array(found["float32"], np.float32), expected)
    # processors without VNNI saturate some sums of 8-bit products
    assert np.abs(np.array(found["int8"]) - expected).max() < 1
    engine = Engine(model, EngineSettings("cpu", "onnx"))
    for pooling, values in answer["embeddings"].items():
        np.testing.assert_array_equal(np.array(values, np.float32), engine.embed(windows, pooling))
    assert len(answer["errors"]) == 2
    assert all("pip install '.[train]' in a clone of the suite" in error for error in answer["errors"])
