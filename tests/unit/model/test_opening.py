"""What a user may name as a model on this machine (model/directory.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, open_model, split_output
from dnabert_enhancer.model import directory as opening_module


@pytest.mark.parametrize("name", [None, "default"])
def test_the_packaged_model(model: EnhancerModel, monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    monkeypatch.setattr(opening_module, "PACKAGED", model.directory)
    assert open_model(name).digest == model.digest


def test_without_a_packaged_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_module, "PACKAGED", tmp_path / "none")
    with pytest.raises(InputError, match="no packaged model; name a model with --model DIR"):
        open_model()


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("default:ctcf", ("default", "ctcf")),
        ("deepvregulome/CTCFL", ("deepvregulome/CTCFL", "")),
        ("hub:owner/name@main:out", ("hub:owner/name@main", "out")),
        ("hub:owner/name@main/models/X:out", ("hub:owner/name@main/models/X", "out")),
        ("hub:name@main", ("hub:name@main", "")),
        ("zenodo:10.5281", ("zenodo:10.5281", "")),
        ("https://a.example/m.tar.gz#sha256=00", ("https://a.example/m.tar.gz#sha256=00", "")),
    ],
)
def test_an_output_stands_after_the_last_colon(spec: str, parts: tuple[str, str]) -> None:
    assert split_output(spec) == parts
