"""MODELS_GET: models that rows name and the store lacks are brought once, before anything else, and kept.

That a stub run leaves the store alone is in test_stub.py, and a run that brings none in test_models.py.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from loopback import HubServer

from dnabert_enhancer.catalogue import Store
from dnabert_enhancer.model import new_model, write_model

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=100)]

NAMES = ("deepvregulome/CTCFL", "deepvregulome/SP1")


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay out a hub with two models of the catalogue, and a row that names one three times and both once."""
    made = write_model(tmp_path / "made", new_model("tiny", k=3, window_length=90)).directory
    for name in ("CTCFL", "SP1"):
        folder = tmp_path / "hub" / "duttaprat" / "DeepVRegulome" / "models" / name
        folder.mkdir(parents=True)
        for file in ("config.json", "vocab.txt", "model.safetensors"):
            shutil.copy(made / file, folder)
    bases = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))
    (tmp_path / "g.fa").write_text(f">chr1\n{bases}\n")
    (tmp_path / "r.bed").write_text("chr1\t0\t1000\n")
    header = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=3000>\n"
    titles = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    other = "ACGT".replace(bases[1499], "")[0]
    (tmp_path / "v.vcf").write_text(f"{header}{titles}chr1\t1500\t.\t{bases[1499]}\t{other}\t.\t.\t.\n")
    row = {"sample": "s", "genome": "g.fa", "model": NAMES[0], "scan_regions": "r.bed", "vcf": "v.vcf"}
    row |= {"tf_models": f"C={NAMES[0]}", "tf_panel": "deepvregulome:CTCFL,SP1"}
    (tmp_path / "s.json").write_text(json.dumps([row]))
    (tmp_path / "cache").mkdir()
    for name in ("HF_TOKEN", "HTTPS_PROXY", "https_proxy", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


ARGUMENTS = ("-profile", "test", "--input", "s.json", "--store", "cache", "--shards", "1",
             "--null_variants", "0", "--skip_report")  # fmt: skip


def started(said: str) -> list[str]:
    """Return the tasks that were submitted, as ``PROCESS (tag)``, in their order."""
    parts = (line.partition("Submitted process > ")[2] for line in said.splitlines())
    return [part for part in parts if part]


def test_each_model_is_brought_once_and_later_runs_bring_nothing(
    tmp_path: Path, pipeline: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer(tmp_path / "hub").running() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        first = pipeline(*ARGUMENTS)
    assert first.returncode == 0, first.said
    tasks = started(first.said)
    assert sorted(tasks[:2]) == [f"MODELS_GET ({name})" for name in NAMES]
    assert not any(task.startswith("MODELS_GET") for task in tasks[2:])
    assert Counter(hub.brought()) == {"config.json": 2, "vocab.txt": 2, "model.safetensors": 2}
    store = Store(tmp_path / "cache" / "models")
    for name in NAMES:
        found = store.find(name)
        assert found is not None
        assert found.damage() == ""
    record = json.loads((tmp_path / "results" / "scan" / "s.run.json").read_text())
    assert record["model"]["name"] == NAMES[0]
    # the hub is gone, and what the store has is not asked for: the run goes on with all that was done
    again = pipeline(*ARGUMENTS, "--bring_models", "false", "-resume")
    assert again.returncode == 0, again.said
    assert started(again.said) == []
    assert "Cached process > SCAN:PREDICT (s:1/1)" in again.said


def test_a_model_that_does_not_come_stops_the_run_before_anything_else(
    tmp_path: Path, pipeline: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(tmp_path / "hub" / "duttaprat" / "DeepVRegulome" / "models" / "SP1")
    with HubServer(tmp_path / "hub").running() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        done = pipeline(*ARGUMENTS)
    assert done.returncode != 0
    assert {task.split()[0] for task in started(done.said)} == {"MODELS_GET"}
    assert "no folder models/SP1; nearest: models/CTCFL" in done.said
    assert "Failed: MODELS_GET, deepvregulome/SP1" in done.said
