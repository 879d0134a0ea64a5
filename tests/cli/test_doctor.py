"""The command doctor: what it says of a machine, what is a problem (commands/doctor, api/checkup)."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import dnabert_enhancer as de
from dnabert_enhancer.api import checkup
from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.engine import EngineSettings, Processor, backends
from dnabert_enhancer.model import new_model, write_model

DEFAULT = Path(de.__file__).parent / "model" / "default"


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments), command="doctor")
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out, said.err


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, _ = doctor(capsys, "--json", *arguments)
    return dict(json.loads(out), code=code)


def test_a_sound_machine_in_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = doctor(capsys)
    assert (code, error) == (0, "")
    assert out.endswith("\nAll is well.\n")
    long = [line for line in out.splitlines() if len(line) > 80]
    assert not [line for line in long if len(line.split()) > 3], long  # a path cannot be broken
    for section in ("Machine", "Software", "Storage", "Model", "Engine"):
        assert f"\n{section}\n" in f"\n{out}"


def test_what_it_says_is_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = found(capsys, "--threads", "3")
    assert said["software"]["packages"]["versions"]["numpy"] == metadata.version("numpy")
    assert said["machine"]["threads"]["used"] == 3
    assert said["storage"]["here"]["free_bytes"] == pytest.approx(shutil.disk_usage(".").free, rel=0.2)
    weights = hashlib.sha256((DEFAULT / "model.safetensors").read_bytes()).hexdigest()
    assert said["model"]["digest"]["digest"] == de.load_model().digest != weights
    assert said["engine"]["chosen"] == {
        "level": "ok",
        "text": "onnx float32 on cpu",
        "backend": "onnx",
        "precision": "float32",
        "device": "cpu",
        "why": said["engine"]["why"]["text"],
    }
    assert "the model is small" in said["engine"]["why"]["text"]
    assert said["engine"]["trial"]["windows"] == 8


def test_a_named_model_and_what_is_asked_of_the_engine(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
    model = write_model(tmp_path / "model", new_model("tiny", k=3, window_length=60))
    said = found(capsys, "--model", str(model.directory), "--precision", "int8")
    assert said["model"]["place"]["path"] == str(model.directory)
    assert said["engine"]["chosen"]["text"] == "onnx int8 on cpu"
    assert said["engine"]["check"]["text"] == "will be compared with onnx float32 on cpu at first use"
    de.load_model(model.directory, engine=EngineSettings(precision="int8")).predict(["ACGT" * 15])
    said = found(capsys, "--model", str(model.directory), "--precision", "int8")
    assert said["engine"]["check"]["gate_windows"] == 1024


def test_the_processor_decides_on_bfloat16(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    monkeypatch.setattr(backends, "SMALL_MODEL", 0)
    for features, precision in ((("avx512_bf16",), "float32"), (("amx_bf16",), "bfloat16")):
        processor = Processor("GenuineIntel", features=features)
        monkeypatch.setattr(backends, "this_processor", lambda processor=processor: processor)
        said = found(capsys)
        assert said["engine"]["chosen"]["precision"] == precision
        assert processor.about_bfloat16 in said["engine"]["why"]["text"]


def test_problems_are_marked_and_the_exit_code_tells(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    code, out, error = doctor(capsys, "--model", str(tmp_path / "none"))
    assert code == 3
    assert error == (
        "doctor: error: found problems with: telemetry, cache, model; see the lines marked with !\n"
    )
    marked = [line.split()[1] for line in out.splitlines() if line.startswith("! ")]
    assert marked == ["telemetry", "cache", "model"]
    assert "\n3 problems, marked with !" in out
    assert "DNABERT_ENHANCER_CACHE" in out
    assert found(capsys, "--model", str(tmp_path / "none"))["problems"] == 3


def test_little_space_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_LEAST_BYTES", 1 << 60)
    names = {finding.name for finding in de.doctor().problems}
    assert {"memory", "here", "temporary"} <= names


def test_what_is_missing_and_optional_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    extras = {"": ["numpy"], "train": ["numpy", "no-such-package"]}
    monkeypatch.setattr(checkup, "packages_of_extras", lambda: extras)
    diagnosis = de.doctor()
    assert diagnosis.problems == ()
    missing = {finding.name: finding for finding in diagnosis.findings if finding.level == "missing"}
    assert set(missing) == {"nextflow", "java", "docker", "bcftools", "[train]"}
    assert missing["[train]"].text == "not installed: no-such-package"
    assert all(finding.remedy for finding in missing.values())
    monkeypatch.setattr(checkup, "packages_of_extras", lambda: {"": ["no-such-package"]})
    assert [finding.name for finding in de.doctor().problems] == ["core"]


@pytest.mark.slow
def test_every_way_is_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("torch")
    model = write_model(tmp_path / "model", new_model("tiny", k=3, window_length=60))
    said = found(capsys, "--model", str(model.directory), "--measure")["measured"]
    ways = {"onnx float32", "torch float32", "onnx int8", "torch bfloat16"}
    assert set(said) == {"windows", *ways}
    assert all(said[name]["windows_per_second"] > 0 for name in ways)
    assert {name for name in ways if "check" in said[name]} == {"onnx int8", "torch bfloat16"}
