"""The rule by which a backend is chosen, over what is asked for, the machine and the model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import (
    Agreement,
    Engine,
    EngineSettings,
    Processor,
    backends,
    precision_check,
    select_way,
)
from dnabert_enhancer.engine.backends import Way, multiplications, windows_on_gpu
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EnhancerModel, OnnxGraph, open_model

ONNX, ONNX_INT8 = Way("onnx", "float32", "cpu"), Way("onnx", "int8", "cpu")
TORCH, TORCH_BFLOAT16 = Way("torch", "float32", "cpu"), Way("torch", "bfloat16", "cpu")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that pretends what is installed, what the processor can do and the model's size."""

    def pretend(
        *, torch: bool = True, amx: bool = True, vnni: bool = False, large: bool = True, amd: bool = False
    ) -> None:
        find_spec = backends.importlib.util.find_spec
        monkeypatch.setattr(
            backends.importlib.util,
            "find_spec",
            lambda name: (object() if torch else None) if name == "torch" else find_spec(name),
        )
        features = ("amx_bf16",) if amx else ("avx512_bf16",)
        vendor = "AuthenticAMD" if amd else "GenuineIntel"
        processor = Processor(vendor, features=(*features, *(["avx512_vnni"] if vnni else [])))
        monkeypatch.setattr(backends, "this_processor", lambda: processor)
        monkeypatch.setattr(backends, "_driver_is_loaded", lambda: False)
        monkeypatch.setattr(backends, "SMALL_MODEL", 0 if large else 1e12)

    return pretend


@pytest.mark.parametrize(
    ("settings", "facts", "way", "exact"),
    [
        ({}, {}, TORCH_BFLOAT16, ONNX),
        ({}, {"amx": False}, ONNX, None),
        ({}, {"amx": False, "vnni": True}, ONNX_INT8, ONNX),
        ({}, {"amx": False, "vnni": True, "torch": False}, ONNX_INT8, ONNX),
        ({}, {"vnni": True}, TORCH_BFLOAT16, ONNX),
        ({}, {"vnni": True, "torch": False}, ONNX_INT8, ONNX),
        ({"backend": "onnx"}, {"vnni": True}, ONNX_INT8, ONNX),
        ({}, {"amx": False, "amd": True}, TORCH_BFLOAT16, ONNX),
        ({}, {"amx": False, "amd": True, "vnni": True}, ONNX_INT8, ONNX),
        ({"backend": "torch"}, {"amx": False, "amd": True, "vnni": True}, TORCH_BFLOAT16, TORCH),
        ({"backend": "torch"}, {"amx": False, "vnni": True}, TORCH, None),
        ({"precision": "float32"}, {"amx": False, "vnni": True}, ONNX, None),
        ({}, {"amx": False, "vnni": True, "large": False}, ONNX, None),
        ({}, {"large": False}, ONNX, None),
        ({}, {"torch": False}, ONNX, None),
        ({"precision": "float32"}, {}, ONNX, None),
        ({"precision": "int8"}, {}, ONNX_INT8, ONNX),
        ({"precision": "bfloat16"}, {"amx": False}, TORCH_BFLOAT16, ONNX),
        ({"backend": "torch"}, {}, TORCH_BFLOAT16, TORCH),
        ({"backend": "torch"}, {"amx": False}, TORCH, None),
        ({"backend": "torch"}, {"large": False}, TORCH, None),
        ({"backend": "onnx"}, {}, ONNX, None),
        ({"backend": "torch", "precision": "bfloat16"}, {"amx": False}, TORCH_BFLOAT16, TORCH),
        ({"backend": "torch", "precision": "float32"}, {}, TORCH, None),
    ],
)
def test_the_rule(
    model: EnhancerModel,
    machine: Any,
    settings: dict[str, str],
    facts: dict[str, bool],
    way: Way,
    exact: Way | None,
) -> None:
    machine(**facts)
    found = select_way(model, EngineSettings(**settings))
    assert (found.way, found.exact) == (way, exact)
    assert found.why
    assert found.is_asked_for == (settings.get("precision") in ("int8", "bfloat16"))


@pytest.mark.parametrize(
    ("facts", "ways"),
    [
        ({"vnni": True}, (TORCH_BFLOAT16, ONNX_INT8)),
        ({"vnni": True, "torch": False}, (ONNX_INT8,)),
        ({"amx": False, "vnni": True}, (ONNX_INT8,)),
        ({"amx": False, "amd": True, "vnni": True}, (ONNX_INT8, TORCH_BFLOAT16)),
    ],
)
def test_the_faster_precision_is_tried_first(
    model: EnhancerModel, machine: Any, facts: dict[str, bool], ways: tuple[Way, ...]
) -> None:
    machine(**facts)
    found = select_way(model, EngineSettings())
    assert (found.way, *found.then) == ways


@pytest.mark.parametrize(("largest", "chosen"), [(1.0, "int8"), (0.0, "bfloat16"), (-1.0, "float32")])
def test_the_first_that_agrees_is_taken(
    model: EnhancerModel, machine: Any, monkeypatch: pytest.MonkeyPatch, largest: float, chosen: str
) -> None:
    pytest.importorskip("torch")
    machine(amx=False, amd=True, vnni=True)

    def judged(_model: EnhancerModel, way: Way, *_: object) -> Agreement:
        # int8 changes p by more than bfloat16 does
        change = {"int8": 0.5, "bfloat16": 0.0}[way.precision]
        return Agreement(64, 0.0 if change <= largest else 1.0, 1.0, 1.0, 64)

    monkeypatch.setattr(precision_check, "check_precision", judged)
    engine = Engine(model)
    engine.predict(np.zeros((1, 60), np.uint8))
    assert engine.description()["precision"] == chosen


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
        select_way(model, EngineSettings(**settings))


def test_a_model_whose_operators_onnx_runtime_lacks_needs_torch(
    model: EnhancerModel, machine: Any, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model.directory, tmp_path / "copy"))
    config = json.loads((folder / "config.json").read_text()) | {"hidden_act": "mish"}
    (folder / "config.json").write_text(json.dumps(config))
    machine(amx=False)
    assert select_way(open_model(folder), EngineSettings()).way == TORCH
    with pytest.raises(InputError, match=r"--precision int8"):
        select_way(open_model(folder), EngineSettings(precision="int8"))


def test_all_outputs_of_the_packaged_network_are_computed_in_one_way() -> None:
    whole = open_model()
    ways = {
        select_way(open_model(f"default:{name}"), EngineSettings()).way for name in whole.card.further_outputs
    }
    assert ways == {select_way(whole, EngineSettings()).way} == {ONNX}


def test_load_threads_and_order_change_nothing(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    quiet = Engine(model).predict(windows).logit
    stop = threading.Event()
    busy = [threading.Thread(target=lambda: [None for _ in iter(stop.is_set, True)]) for _ in range(4)]
    for thread in busy:
        thread.start()
    try:
        engine = Engine(model, EngineSettings(threads=3, batch_size=7))
        np.testing.assert_array_equal(engine.predict(windows[::-1]).logit[::-1], quiet)
    finally:
        stop.set()
        for thread in busy:
            thread.join()


@pytest.mark.slow
def test_home_and_cache_change_nothing(
    model: EnhancerModel, tmp_path: Path, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No comparison of precisions is known, it is known, in another home, and where nothing can be kept."""
    machine()
    (tmp_path / "file").write_text("no folder")
    said = set()
    for number, home in enumerate(["a", "a", "b", "file"]):
        for name in ("HOME", "DNABERT_ENHANCER_CACHE"):
            monkeypatch.setenv(name, str(tmp_path / home))
        engine = Engine(open_model(model.directory))
        engine.predict(np.random.default_rng(number).integers(0, 4, (3, 60), dtype=np.uint8))
        said.add(json.dumps(engine.description(), sort_keys=True))
    assert list((tmp_path / "a" / "engine").iterdir())
    assert len(said) == 1


def test_the_cost_of_a_window_by_hand(model: EnhancerModel) -> None:
    # 2 layers, 60 tokens: per token 4 * 32^2 projections, 2 * 32 * 64 feed-forward, 2 * 60 * 32 attention
    assert multiplications(model) == 2 * 60 * (4 * 32**2 + 2 * 32 * 64 + 2 * 60 * 32)


@pytest.mark.parametrize(
    ("bytes_of_a_number", "width", "tokens", "windows"),
    [
        (2, 3072, 197, 222),  # BERT-base, 200 bp, bfloat16: 268,435,456 / 1,210,368
        (4, 3072, 197, 111),
        (4, 512, 197, 665),  # the packaged model
        (4, 64, 12, 2048),
        (4, 20000, 6000, 1),
    ],
)
def test_calls_of_a_gpu_have_so_many_windows_as_fit_256_mib(
    bytes_of_a_number: int, width: int, tokens: int, windows: int
) -> None:
    assert windows_on_gpu(bytes_of_a_number * width * tokens) == windows


def test_what_onnx_runtime_cannot_run_is_one_line(
    model: EnhancerModel, capfd: pytest.CaptureFixture[str]
) -> None:
    backend = backends.load_backend(ONNX, model, 1)
    beyond = np.full((1, 5), 10**6, dtype=np.int32)  # no row of the embedding
    with pytest.raises(InputError, match=r"ONNX Runtime cannot compute the model: .*EmbedLayerNorm") as error:
        backend.run(beyond)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")  # no lines of its own


def test_what_onnx_runtime_cannot_load_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{tmp_path}: ONNX Runtime cannot load it: "):
        backends.open_onnx_session(OnnxGraph(b"no graph", {}), "cpu", tmp_path)


_WITHOUT_MEMORY = """
import resource, sys
import numpy as np
from dnabert_enhancer.engine import backends
from dnabert_enhancer.engine.backends import Way
from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.model import open_model
backend = backends.load_backend(Way("onnx", "float32", "cpu"), open_model(), 1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
try:
    backend.run(np.full((20_000, 200), 7, dtype=np.int32))
except ResourceError as error:
    print(error)
"""


def test_too_little_memory_is_one_line() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _WITHOUT_MEMORY], capture_output=True, text=True, check=True
    )
    assert found.stdout.count("\n") == 1
    assert "ONNX Runtime has not the memory to compute the model" in found.stdout
    assert found.stderr == ""
