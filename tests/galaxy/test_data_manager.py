"""The data manager's program: named models from a loopback hub, or a prepared store without network."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import COMMIT, HubServer

from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import FurtherOutput, ModelCard, new_model, write_model

MANAGER = "data_manager_dnabert_enhancer"
PROGRAM = (
    Path(__file__).resolve().parents[2] / f"galaxy_tools/data_managers/{MANAGER}/data_manager/{MANAGER}.py"
)
OUTPUTS = "dnabert_enhancer_outputs"
NOWHERE = "http://127.0.0.1:9"
Install = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """Lay out a hub with a factor's model and a base model."""
    made = write_model(tmp_path / "made", new_model("tiny", k=3, window_length=90)).directory
    for repository in ("duttaprat/DeepVRegulome/models/SP1", "zhihan1996/DNA_bert_3"):
        folder = tmp_path / "hub" / repository
        folder.mkdir(parents=True)
        for file in ("config.json", "vocab.txt", "model.safetensors"):
            shutil.copy(made / file, folder)
    return tmp_path / "hub"


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Run the program as Galaxy's job does: with its description of the job, and a cache of the job's own."""

    def run(*arguments: object, endpoint: str) -> subprocess.CompletedProcess[str]:
        shutil.rmtree(tmp_path / "job", ignore_errors=True)
        (tmp_path / "job").mkdir()
        description = {"output_data": [{"extra_files_path": str(tmp_path / "job" / "files")}]}
        (tmp_path / "job" / "out.json").write_text(json.dumps(description))
        unset = ("HF_TOKEN", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "HF_HUB_OFFLINE")
        world = {"DNABERT_ENHANCER_CACHE": "cache", "HF_HOME": "hf", "HF_ENDPOINT": endpoint}
        return subprocess.run(
            [sys.executable, PROGRAM, "--out", "out.json", "--value", "x", *map(str, arguments)],
            cwd=tmp_path / "job",
            env={name: value for name, value in os.environ.items() if name not in unset} | world,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_model_of_several_outputs_has_a_row_for_each(install: Install, tmp_path: Path) -> None:
    parts = new_model("tiny", k=3, window_length=90, task="multiclass", labels=("other", "a", "b"))
    outputs = {
        "activity": FurtherOutput(1, "regression", "log2\t(RNA/DNA)", 90),
        "bound": FurtherOutput(2, "binary", "", 30),
    }
    card = ModelCard("three", 90, labels=("other", "open"), k=3, column=0, further_outputs=outputs)
    write_model(tmp_path / "three", dataclasses.replace(parts, card=card))
    done = install("--model", tmp_path / "three", endpoint=NOWHERE)
    assert done.returncode == 0, done.stderr
    tables = json.loads((tmp_path / "job" / "out.json").read_text())["data_tables"]
    assert [row["value"] for row in tables["huggingface"]] == ["x"]
    assert [tuple(row[name] for name in ("value", "name", "model", "task")) for row in tables[OUTPUTS]] == [
        ("open", "open: the model's main output", "x", "binary"),
        ("activity", "activity: log2 (RNA/DNA); a measured value", "x", "regression"),
        ("bound", "bound: binary", "x", "binary"),
    ]
    write_model(tmp_path / "one", new_model("tiny", k=3, window_length=90))
    assert install("--model", tmp_path / "one", endpoint=NOWHERE).returncode == 0
    tables = json.loads((tmp_path / "job" / "out.json").read_text())["data_tables"]
    assert tables[OUTPUTS] == []


def row_of(tmp_path: Path) -> dict[str, str]:
    content = json.loads((tmp_path / "job" / "out.json").read_text())
    (row,) = content["data_tables"]["huggingface"]
    return dict(row)


@pytest.mark.slow
def test_a_named_model_is_brought_and_described_by_its_card(
    hub: Path, install: Install, tmp_path: Path
) -> None:
    with HubServer(hub, "ok").running() as server:
        done = install("--named", "deepvregulome/SP1", "--kind", "tf-binding", endpoint=server.url)
    assert done.returncode == 0, done.stderr
    assert "licence CC-BY-NC-4.0; NOT for commercial use" in done.stderr
    row = row_of(tmp_path)
    assert (row["name"], row["free_tag"], row["path"]) == (
        "deepvregulome/SP1 (301 bp, 3-mers)",
        "tf-binding",
        "x",
    )
    files = tmp_path / "job" / "files" / "x"
    assert {path.name for path in files.iterdir()} == {
        *("config.json", "vocab.txt", "model.safetensors", "tokenizer_config.json", "enhancer_model.json")
    }
    weights = hub / "duttaprat/DeepVRegulome/models/SP1/model.safetensors"
    assert sha256_of(files / "model.safetensors") == sha256_of(weights)
    card = json.loads((files / "enhancer_model.json").read_text())
    assert card["origin"]["source"] == f"hub:duttaprat/DeepVRegulome@{COMMIT}/models/SP1"


@pytest.mark.slow
def test_a_prepared_store_needs_no_network_and_kinds_are_told_apart(
    hub: Path, install: Install, tmp_path: Path
) -> None:
    named = ("--named", "dnabert-3", "--store", tmp_path / "prepared")
    missing = install(*named, "--kind", "base", endpoint=NOWHERE)
    assert missing.returncode == 2
    assert missing.stderr.startswith(f"data manager: error: {tmp_path}/prepared: no such folder")
    (tmp_path / "prepared").mkdir()
    with HubServer(hub, "ok").running() as server:
        assert install(*named, "--kind", "base", endpoint=server.url).returncode == 0
    done = install(*named, "--kind", "base", endpoint=NOWHERE)
    assert done.returncode == 0, done.stderr
    assert (row_of(tmp_path)["name"], row_of(tmp_path)["free_tag"]) == ("dnabert-3 (base, 3-mers)", "base")
    wrong = install(*named, "--kind", "enhancer", endpoint=NOWHERE)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "dnabert-3: is pre-trained only: it predicts nothing; choose 'A base for" in wrong.stderr
    other = install("--model", tmp_path / "made", "--kind", "base", endpoint=NOWHERE)
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
    assert "predicts: it is no base model" in other.stderr


@pytest.mark.slow
def test_an_unknown_name_and_no_network_are_a_line_each(install: Install) -> None:
    unknown = install("--named", "deepvregulome/CTCF0", endpoint=NOWHERE)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "no model of this name in the catalogue" in unknown.stderr
    cut = install("--named", "deepvregulome/SP1", endpoint=NOWHERE)
    assert cut.returncode == 3
    assert "Traceback" not in cut.stderr
    assert cut.stderr.splitlines()[-1].startswith("data manager: error: ")
