"""What a user may name as a model (model/directory.py); the network is asked for hub: names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EnhancerModel, open_model
from dnabert_enhancer.model import directory as opening_module


@pytest.mark.parametrize("name", [None, "default"])
def test_the_packaged_model(model: EnhancerModel, monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    monkeypatch.setattr(opening_module, "PACKAGED", model.directory)
    assert open_model(name).digest == model.digest


def test_without_a_packaged_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_module, "PACKAGED", tmp_path / "none")
    with pytest.raises(InputError, match="no packaged model; name a model with --model DIR"):
        open_model()


@pytest.mark.parametrize("name", ["hub:owner/model", "hub:owner/model@", "hub:@main"])
def test_a_hub_name_needs_a_revision(name: str) -> None:
    with pytest.raises(InputError, match="hub:NAME@REVISION"):
        open_model(name)


def test_a_name_without_hub_is_a_path_and_never_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(
        hub, "snapshot_download", lambda *_args, **_settings: pytest.fail("asked the network")
    )
    with pytest.raises(InputError, match="no such model directory"):
        open_model("owner/model")


@pytest.mark.parametrize("error", [ConnectionError("no route to host"), ValueError("offline")])
def test_without_network_the_error_says_so(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def fails(*_args: object, **_settings: object) -> None:
        raise error

    monkeypatch.setattr(hub, "snapshot_download", fails)
    with pytest.raises(ResourceError, match=r"'hub:owner/model@main' could not be brought: .*network"):
        open_model("hub:owner/model@main")


def test_a_hub_entry_is_brought_at_its_revision(
    model: EnhancerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked = {}

    def brings(name: str, *, revision: str, allow_patterns: list[str]) -> str:
        asked.update(name=name, revision=revision, patterns=allow_patterns)
        return str(model.directory)

    monkeypatch.setattr(hub, "snapshot_download", brings)
    assert open_model("hub:owner/model@v1").digest == model.digest
    assert (asked["name"], asked["revision"]) == ("owner/model", "v1")
    assert not any(pattern.endswith(".py") for pattern in asked["patterns"])


def test_what_is_no_hub_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(InputError, match="is not a name of the hub"):
        open_model("hub:a b/../c@main")
