"""CHECK and MODELS_GET in a container: options judged where no command runs here, models brought."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from loopback import HubServer
from pipeline_runs import Run, run

from dnabert_enhancer.catalogue import Store
from dnabert_enhancer.model import new_model, write_model

pytestmark = pytest.mark.containers

NAME = "deepvregulome/CTCFL"
# the hub of this test is on this machine's loopback
HOST_NETWORK = "docker.runOptions = '-u $(id -u):$(id -g) --network host'\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which no command of the suite runs outside a container."""
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "dnabert_enhancer.py").write_text("raise ImportError")
    not_here = {"HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}
    kept = {name: value for name, value in os.environ.items() if name not in not_here}
    return kept | {"PYTHONPATH": str(bare)}


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Return a row that names a model of the catalogue, which the folder `hub` has."""
    made = write_model(tmp_path / "made", new_model("tiny", k=3, window_length=90)).directory
    folder = tmp_path / "hub" / "duttaprat" / "DeepVRegulome" / "models" / "CTCFL"
    folder.mkdir(parents=True)
    for file in ("config.json", "vocab.txt", "model.safetensors"):
        shutil.copy(made / file, folder)
    bases = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))
    (tmp_path / "g.fa").write_text(f">chr1\n{bases}\n")
    (tmp_path / "r.bed").write_text("chr1\t0\t1000\n")
    (tmp_path / "cache").mkdir()
    sheet = tmp_path / "s.json"
    sheet.write_text(json.dumps([{"sample": "s", "genome": "g.fa", "model": NAME, "scan_regions": "r.bed"}]))
    return sheet


def started(done: Run) -> list[str]:
    """Return the tasks that were submitted, as ``PROCESS (tag)``, in their order."""
    parts = (line.partition("Submitted process > ")[2] for line in done.said.splitlines())
    return [part for part in parts if part]


def test_options_are_judged_and_a_model_is_brought_in_the_image(
    tmp_path: Path, sheet: Path, environment: dict[str, str], version: str
) -> None:
    with HubServer(tmp_path / "hub").running() as hub:
        done = run(
            tmp_path, "test,docker", "--store", str(tmp_path / "cache"), "--shards", "1", "--skip_report",
            # safetensors need no torch
            "--container_torch", f"dnabert-enhancer:{version}",
            configuration=HOST_NETWORK, sheet=sheet, environment=environment | {"HF_ENDPOINT": hub.url},
        )  # fmt: skip
    assert done.returncode == 0, done.said
    assert started(done)[:2] == ["CHECK (options)", f"MODELS_GET ({NAME})"]
    for task in done.tasks:
        assert "docker run -i" in (done.work(task) / ".command.run").read_text()
    found = Store(tmp_path / "cache" / "models").find(NAME)
    assert found is not None
    assert found.damage() == ""
    assert json.loads((tmp_path / "results" / "scan" / "s.run.json").read_text())["model"]["name"] == NAME


def test_a_fault_that_the_image_finds_stops_the_run_before_a_model_is_brought(
    tmp_path: Path, sheet: Path, environment: dict[str, str]
) -> None:
    done = run(
        tmp_path, "test,docker", "--store", str(tmp_path / "cache"), "--shards", "1", "--skip_report",
        configuration="process { withName: 'PREDICT' { ext.args = '--stride 0' } }\n",
        sheet=sheet, environment=environment,
    )  # fmt: skip
    assert done.returncode != 0
    assert "--stride" in done.said
    assert started(done) == ["CHECK (options)"]
    assert list((tmp_path / "cache").iterdir()) == []
