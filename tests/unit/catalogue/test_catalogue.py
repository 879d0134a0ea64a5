"""The suite's catalogue and a user's (catalogue.py, entry.py): search, nearest names, wrong files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.catalogue import CATALOGUE_VARIABLE, Catalogue, read_catalogue
from dnabert_enhancer.catalogue.source import HubSource, parse_source
from dnabert_enhancer.errors import InputError

MINE = {"name": "mine", "type": "tf", "predicts": "p", "architecture": "a", "where": "hub:me/mine@main"}


@pytest.fixture
def known() -> Catalogue:
    return Catalogue.load()


def test_deepvregulome_is_there_whole(known: Catalogue) -> None:
    """464 models: 458 factors, 4 histone marks, 2 splice sites, as the package's own page says."""
    members = [entry for entry in known if entry.name.startswith("deepvregulome/")]
    assert Counter(entry.type for entry in members) == {"tf": 458, "histone": 4, "splice": 2}
    assert {entry.window_length for entry in members if entry.type != "splice"} == {301}
    assert {entry.window_length for entry in members if entry.type == "splice"} == {90}
    assert all(entry.is_non_commercial for entry in members)
    assert all(0.5 < entry.figures["accuracy"] <= 1 for entry in members)


def test_an_entry_has_what_its_source_states(known: Catalogue) -> None:
    entry = known["deepvregulome/CTCFL"]
    assert entry.source == HubSource("duttaprat/DeepVRegulome", "main", "models/CTCFL")
    assert entry.labels == ("not_bound", "bound")
    assert entry.figures == {"accuracy": 0.9839, "f1": 0.984, "auroc": 0.9971, "auprc": 0.997, "peaks": 12743}


def test_every_entry_names_licence_citation_and_layout(known: Catalogue) -> None:
    for entry in known:
        assert entry.licence
        assert entry.layout
        assert entry.is_packaged or entry.citation, entry.name
        assert entry.type == "base" or entry.is_packaged or (entry.window_length and entry.positive), (
            entry.name
        )


def test_the_packaged_model_and_its_outputs_are_named(known: Catalogue) -> None:
    assert known["default"].window_length == 200
    assert known["default:gue_tf0"].window_length == 101


def test_a_text_and_a_type_choose(known: Catalogue) -> None:
    assert [entry.name for entry in known.find("ctcfl")] == ["deepvregulome/CTCFL"]
    assert {entry.name for entry in known.find("", "splice")} == {
        "deepvregulome/splice_acceptor",
        "deepvregulome/splice_donor",
    }


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("CTCFL", "deepvregulome/CTCFL"),
        ("deepvregulome/ctcfl", "deepvregulome/CTCFL"),
        ("dnabert6", "dnabert-6"),
        ("dnabert-enhancer", "dnabert-enhancer-201"),
        ("zhihan1996/DNABERT-2", "dnabert-2"),
    ],
)
def test_the_nearest_name_comes_first(known: Catalogue, asked: str, nearest: str) -> None:
    assert known.nearest(asked)[0] == nearest


def test_an_unknown_name_shows_the_nearest(known: Catalogue) -> None:
    with pytest.raises(InputError, match="no model 'dnabert6' in the catalogue; nearest: dnabert-6, "):
        known["dnabert6"]


def test_what_lies_at_a_place_is_found_at_any_revision(known: Catalogue) -> None:
    source = parse_source("hub:duttaprat/DeepVRegulome@abc/models/SP1")
    assert source is not None
    assert getattr(known.at(source), "name", None) == "deepvregulome/SP1"


def write(path: Path, **content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_a_catalogue_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "mine.json", models=[MINE])
    assert Catalogue.load(file)["mine"].type == "tf"
    assert "mine" not in Catalogue.load()
    monkeypatch.setenv(CATALOGUE_VARIABLE, str(file))
    assert "mine" in Catalogue.load()


def test_a_member_has_the_fields_of_its_group(tmp_path: Path) -> None:
    group = {**MINE, "name": "lab/{member}", "where": "hub:me/all@main/{member}", "window_length": 101}
    file = write(tmp_path / "c.json", groups={"g": group}, models=[{"group": "g", "member": "X", "k": 6}])
    (entry,) = read_catalogue(file)
    assert (entry.name, entry.where, entry.window_length, entry.k) == ("lab/X", "hub:me/all@main/X", 101, 6)


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ([MINE, MINE], "model 2: the name 'mine' occurs twice"),
        ([{**MINE, "type": "gene"}], "model 1: unknown type 'gene'"),
        ([{**MINE, "windows": 3}], "has no field 'windows'"),
        ([{"name": "x"}], "lacks type, predicts, architecture, where"),
        ([{**MINE, "where": "hub:me/mine"}], "names no revision"),
        ([{**MINE, "window_length": "long"}], "cannot be read"),
        ([{**MINE, "window_length": 0}], "at least 1"),
        ([{**MINE, "window_length": float("inf")}], "cannot be read"),
        ([{**MINE, "group": "none"}], "a group 'none' that the file has not"),
        (["mine"], "model 1: is not an entry"),
        ({}, 'needs a list "models"'),
    ],
)
def test_an_entry_that_is_wrong_is_named(tmp_path: Path, models: Any, said: str) -> None:
    file = write(tmp_path / "c.json", models=models)
    with pytest.raises(InputError, match=said) as caught:
        read_catalogue(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_catalogue(tmp_path / "none.json")
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        read_catalogue(tmp_path / "c.json")
    with pytest.raises(InputError, match="format 2; update dnabert-enhancer"):
        read_catalogue(write(tmp_path / "d.json", format=2, models=[]))
