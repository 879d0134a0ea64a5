"""Names of places: hub:, zenodo: and https:."""

from __future__ import annotations

import pytest

from dnabert_enhancer.catalogue.source import (
    HubSource,
    Source,
    UrlSource,
    ZenodoSource,
    looks_like_hub_name,
    parse_source,
)
from dnabert_enhancer.errors import InputError

CTCFL = HubSource("duttaprat/DeepVRegulome", "main", "models/CTCFL")


@pytest.mark.parametrize(
    ("spec", "source"),
    [
        ("hub:owner/model@v1", HubSource("owner/model", "v1")),
        ("hub:bert@main", HubSource("bert", "main")),
        ("hub:duttaprat/DeepVRegulome@main/models/CTCFL", CTCFL),
        ("hub:duttaprat/DeepVRegulome@main/models/CTCFL/", CTCFL),
        ("hub:duttaprat/DeepVRegulome@main:models/CTCFL", CTCFL),
        ("hub:duttaprat/DeepVRegulome/models/CTCFL@main", CTCFL),
        ("hub:owner/model@refs/pr/1/sub", HubSource("owner/model", "refs/pr/1", "sub")),
        ("zenodo:10.5281/zenodo.19157566", ZenodoSource("10.5281/zenodo.19157566")),
        ("zenodo:10.5281/zenodo.1/a b.tar.gz", ZenodoSource("10.5281/zenodo.1", "a b.tar.gz")),
        ("zenodo:doi:10.5281/zenodo.1/m.zip", ZenodoSource("10.5281/zenodo.1", "m.zip")),
        (
            f"https://a.example/m.zip#sha256={'A' * 64}",
            UrlSource("https://a.example/m.zip", f"sha256:{'a' * 64}"),
        ),
    ],
)
def test_a_place_is_read(spec: str, source: Source) -> None:
    assert parse_source(spec) == source


@pytest.mark.parametrize("source", [CTCFL, HubSource("a/b", "v1"), ZenodoSource("10.5281/zenodo.1", "m.zip")])
def test_a_place_is_written_as_it_is_read(source: Source) -> None:
    assert parse_source(str(source)) == source


@pytest.mark.parametrize("name", ["default", "deepvregulome/CTCFL", "owner/model", "./folder", "C:/model"])
def test_other_names_are_no_places(name: str) -> None:
    assert parse_source(name) is None


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("hub:owner/model", "names no revision; write hub:NAME@REVISION"),
        ("hub:owner/model@", "names no revision"),
        ("hub:@main", "names no revision"),
        ("hub:a b@main", "not a name on the hub"),
        ("hub:owner/model@main/../../etc", "not a folder of a repository"),
        ("hub:owner/model/a@main/b", "names two folders"),
        ("zenodo:19157566", "write zenodo:DOI/FILE"),
        ("https://a.example/m.zip", "names no digest"),
        ("https://a.example/m.zip#sha256=xyz", "names no digest"),
    ],
)
def test_what_is_no_place_is_said_with_its_form(spec: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace(".", r"\.")):
        parse_source(spec)


def test_hub_names_are_told_from_paths() -> None:
    assert looks_like_hub_name("zhihan1996/DNA_bert_6")
    assert not any(map(looks_like_hub_name, ["a/b/c", "./model", "model", "/model", "a b/c"]))
