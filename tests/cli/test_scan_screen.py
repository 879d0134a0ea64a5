"""Scans with a screen (scan/screen): what is computed, what is lost, and that shards give one run's bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import new_model, open_model, write_model

WINDOW = 30
ENGINE = ("--threads", "1", "--backend", "onnx", "--quiet")
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A genome of two contigs, one with a gap, and a tiny model."""
    folder = tmp_path_factory.mktemp("screen")
    rng = np.random.default_rng(1)
    first, second = ("".join(rng.choice(list("ACGT"), count)) for count in (9000, 4000))
    (folder / "genome.fa").write_text(f">chr1\n{first[:5000]}{'N' * 200}{first[5000:]}\n>chr2\n{second}\n")
    write_model(folder / "model", new_model("tiny", window_length=WINDOW, seed=3))
    return folder


@pytest.fixture
def run(folder: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stopped:
            cli.main(["predict", *map(str, arguments)])
        return int(stopped.value.code or 0), capfd.readouterr().err

    return command


def windows_of(path: Path) -> dict[tuple[str, int], list[str]]:
    lines = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]
    return {(line[0], int(line[1])): line[2:] for line in lines}


def intervals_of(path: Path) -> list[tuple[str, int, int]]:
    return [(line[0], int(line[1]), int(line[2])) for line in map(str.split, path.read_text().splitlines())]


@pytest.mark.slow
def test_what_passes_has_the_scores_of_a_whole_scan_and_the_rest_is_said(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    genome, model = folder / "genome.fa", open_model(folder / "model")
    windows = np.random.default_rng(0).integers(0, 4, (500, WINDOW)).astype(np.uint8)
    found = Engine(model, EngineSettings(backend="onnx", threads=1)).predict(windows).probability
    threshold = float(np.quantile(found, 0.6))
    job = ("--genome", genome, "--model", folder / "model", "--stride", 2, "--windows", *ENGINE)
    job = (*job, "--threshold", threshold)
    assert run(*job, "--output-prefix", tmp_path / "whole")[0] == 0
    screened = (*job, "--screen", folder / "model")
    assert run(*screened, "--output-prefix", tmp_path / "one")[0] == 0
    for shard in (2, 1):
        assert run(*screened, "--shard", f"{shard}/2", "--output-prefix", tmp_path / "part")[0] == 0
    merged = ("--merge", tmp_path / "part", "--windows", "--output-prefix", tmp_path / "merged", "--quiet")
    assert run(*merged)[0] == 0
    for name in ("bw", "calls.bed.gz", "scanned.bed", "screened.bed", "windows.tsv.gz"):
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"one.{name}").read_bytes(), name
    whole, own = (windows_of(tmp_path / f"{name}.windows.tsv.gz") for name in ("whole", "one"))
    record = json.loads((tmp_path / "one.run.json").read_text())
    counts, facts = record["counts"], record["scan"]["screen"]
    assert counts["scored"] == len(own) < len(whole) == counts["scored"] + counts["screened"]
    assert {place: row[:3] for place, row in own.items()} == {place: whole[place][:3] for place in own}
    called = [place for place, row in whole.items() if float(row[2]) >= threshold]
    lost = [place for place in called if place not in own]
    assert facts["calls_of_the_cutoff"] >= 199
    assert facts["most_calls_lost"] <= 0.005
    assert len(lost) / len(called) <= 0.02
    scanned = (tmp_path / "whole.scanned.bed").read_bytes()
    assert (tmp_path / "one.scanned.bed").read_bytes() == scanned
    covered = {(name, base) for name, start, end in intervals_of(tmp_path / "one.screened.bed")
               for base in range(start, end)}  # fmt: skip
    left_out = {(name, base) for name, start in whole.keys() - own.keys()
                for base in range(start, start + WINDOW)}  # fmt: skip
    assert covered == left_out


def test_with_too_few_calls_all_is_computed(run: Run, folder: Path, tmp_path: Path) -> None:
    job = ("--genome", folder / "genome.fa", "--model", folder / "model", "--contigs", "chr2", *ENGINE)
    job = (*job, "--no-null", "--threshold", 0.9999)
    assert run(*job, "--screen", folder / "model", "--output-prefix", tmp_path / "one")[0] == 0
    record = json.loads((tmp_path / "one.run.json").read_text())
    assert record["counts"]["scored"] == record["counts"]["windows"]
    assert record["scan"]["screen"]["cutoff"] is None
    assert (tmp_path / "one.screened.bed").read_bytes() == b""


def test_regions_have_no_screen(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "r.bed").write_text("chr1\t100\t400\n")
    job = ("--genome", folder / "genome.fa", "--model", folder / "model", "--regions", tmp_path / "r.bed")
    code, said = run(*job, "--screen", folder / "model", *ENGINE, "--output-prefix", tmp_path / "out")
    assert code == 2
    assert "--screen is of scans of whole contigs" in said
    assert [path.name for path in tmp_path.iterdir()] == ["r.bed"]
