"""`predict --embeddings` as users run it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import tiny_model

import dnabert_enhancer as de
from dnabert_enhancer.commands import cli
from dnabert_enhancer.model import new_model, open_model, write_model

OPTIONS = ["--backend=onnx", "--device=cpu", "--threads=1"]
FASTA = (
    ">one first\nACGTTGCAACGGATCAGCTAGCATGACTAGC\n>two\nacgt\n>three\nGGGCGCGCCCATATTGCGCGATATAGCCGCGTTACG\n"
)

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run predict on a FASTA; return exit code and what it said on standard error."""
    (tmp_path / "s.fa").write_text(FASTA)

    def command(*arguments: object, fasta: object = tmp_path / "s.fa") -> tuple[int, str]:
        given = ["predict", "--fasta", str(fasta), "--output-prefix", str(tmp_path / "p")]
        with pytest.raises(SystemExit) as stopped:
            cli.main([*given, *map(str, arguments), *OPTIONS])
        return int(stopped.value.code or 0), capsys.readouterr().err

    return command


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a model as it is stored for a base model of the catalogue."""
    parts = new_model("tiny", seed=5)
    card = parts.card.replace(origin={"name": "dnabert-6", "type": "base"}, window_length=None)
    write_model(tmp_path / "base", dataclasses.replace(parts, card=card))
    return tmp_path / "base"


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


@pytest.mark.parametrize(("pooling", "strand"), [("first", "both"), ("mean", "forward")])
def test_the_file_holds_what_the_library_gives(run: Run, tmp_path: Path, pooling: str, strand: str) -> None:
    asked = ("--embeddings", tmp_path / "e.npz", "--pooling", pooling, "--strand", strand)
    assert run(*asked) == (0, run(*asked)[1])
    found = arrays(tmp_path / "e.npz")
    assert found["name"].tolist() == ["one", "two", "three"]
    engine = de.EngineSettings(backend="onnx", device="cpu", threads=1)
    model = de.load_model(engine=engine)
    expected = model.embed(tmp_path / "s.fa", pooling=pooling, strand=strand)
    assert found["embedding"].dtype == np.float32
    np.testing.assert_array_equal(found["embedding"], expected)
    assert np.isnan(expected).all(axis=1).tolist() == [False, True, False]
    facts = {name: str(found[name]) for name in ("pooling", "strand", "model", "model_digest", "precision")}
    assert facts == {
        "pooling": pooling,
        "strand": strand,
        "model": model.name,
        "model_digest": model.digest,
        "precision": "float32",
    }
    record = json.loads((tmp_path / "p.run.json").read_text())
    assert record["embeddings"] == {
        "file": str(tmp_path / "e.npz"),
        "pooling": pooling,
        "strand": strand,
        "backend": "onnx",
        "precision": "float32",
        "device": "cpu",
        "sequences": 3,
        "hidden": 128,
    }
    assert record["counts"]["embedded"] == 2
    assert record["skipped"]["embedding_shorter_than_a_token"] == 1


def test_predictions_are_those_of_a_run_without_embeddings(run: Run, tmp_path: Path) -> None:
    assert run()[0] == 0
    without = (tmp_path / "p.predictions.tsv").read_bytes()
    assert run("--embeddings", tmp_path / "e.npz")[0] == 0
    assert (tmp_path / "p.predictions.tsv").read_bytes() == without


def test_a_base_model_gives_embeddings_alone(run: Run, tmp_path: Path, base: Path) -> None:
    code, said = run("--model", base)
    assert code == 2
    assert "is pre-trained only: it has no head that predicts anything" in said
    assert run("--model", base, "--embeddings", tmp_path / "e.npz")[0] == 0
    assert not (tmp_path / "p.predictions.tsv").exists()
    model = de.load_model(base, pretrained=True)
    np.testing.assert_array_equal(arrays(tmp_path / "e.npz")["embedding"], model.embed(tmp_path / "s.fa"))
    assert json.loads((tmp_path / "p.run.json").read_text())["model"]["digest"] == open_model(base).digest
    code, said = run("--model", base, "--embeddings", tmp_path / "e.npz", "--threshold", 0.3)
    assert code == 2
    assert "--threshold does not apply to the base model" in said


def test_a_base_model_predicts_nothing_in_python_either(base: Path) -> None:
    model = de.load_model(base, pretrained=True)
    assert model.embeds_only
    assert not de.load_model(pretrained=True).embeds_only
    with pytest.raises(de.InputError, match="dnabert-6 is pre-trained only"):
        model.predict(["ACGTACGT"])
    with pytest.raises(de.InputError, match="pre-trained only"):
        de.load_model(base)


def test_several_models_have_no_common_embedding(run: Run, tmp_path: Path) -> None:
    models = [part for seed in (1, 2) for part in ("--model", tiny_model(tmp_path / f"m{seed}", seed))]
    code, said = run(*models, "--embeddings", tmp_path / "e.npz")
    assert code == 2
    assert "whose axes and tokens are not the same: a mean of them says nothing" in said
    assert not list(tmp_path.glob("*.npz"))


def test_a_sequence_that_is_too_long_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.fa").write_text(f"{FASTA}>peak\n{'ACGTT' * 120}\n")
    code, said = run("--embeddings", tmp_path / "e.npz", fasta=tmp_path / "long.fa")
    assert code == 2
    assert "peak: a window of 600 bp is longer than the 515 bp that the model can read" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.fa", "s.fa"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--embeddings", "e.txt"], "the extension of 'e.txt' names no format; end it in .npz"),
        (["--embeddings", ".npz"], "names no format"),
        (["--pooling", "mean"], "--pooling does not apply to scores; it belongs to --embeddings"),
        (["--embeddings", "e.npz", "--pooling", "max"], "invalid choice: 'max'"),
        (["--embeddings", "/dev/null/e.npz"], "the output cannot be written"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, arguments: list[str], said: str) -> None:
    code, found = run(*arguments)
    assert code == 2
    assert said in found
    assert "Traceback" not in found


def test_a_scan_has_no_embeddings(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--genome", "g.fa", "--output-prefix", str(tmp_path / "p"), "--embeddings", "e.npz"]
    with pytest.raises(SystemExit) as stopped:
        cli.main(["predict", *given])
    assert stopped.value.code == 2
    assert "--embeddings does not apply to a scan" in capsys.readouterr().err
