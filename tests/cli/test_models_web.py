"""Models of Zenodo and of any server (catalogue/web.py), with the real pooch behind a proxy on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from zenodo import DOI, ZenodoServer

from dnabert_enhancer.model import new_model, write_model


class Get(Protocol):
    def __call__(self, spec: str, mode: str = ..., *options: object) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A record as labs upload one: archives of checkpoints with what training left in them."""
    folder = tmp_path / "record"
    folder.mkdir()
    made = write_model(tmp_path / "made", new_model("tiny", k=3, window_length=90)).directory
    names = ("config.json", "vocab.txt", "model.safetensors")
    with tarfile.open(folder / "one.tar.gz", "w:gz") as archive:
        for name in names:
            archive.add(made / name, f"lab/one/{name}")
        (tmp_path / "optimizer.pt").write_bytes(b"never")
        archive.add(tmp_path / "optimizer.pt", "lab/one/optimizer.pt")
    with zipfile.ZipFile(folder / "both.zip", "w") as pair:
        for home in ("model-201", "model-350"):
            for name in names:
                pair.write(made / name, f"{home}/{name}")
    with tarfile.open(folder / "hostile.tar.gz", "w:gz") as archive:
        archive.add(made / "config.json", "../../config.json")
    return folder


@pytest.fixture
def get(tmp_path: Path, files: Path) -> Iterator[Get]:
    with ExitStack() as stack:

        def run(spec: str, mode: str = "ok", *options: object) -> subprocess.CompletedProcess[str]:
            authority = tmp_path / "ca.pem"
            server = stack.enter_context(ZenodoServer(files, authority, mode).running())
            world = {
                "HTTPS_PROXY": server.proxy,
                "https_proxy": server.proxy,
                "NO_PROXY": "",
                "no_proxy": "",
                "REQUESTS_CA_BUNDLE": str(authority),
                "DNABERT_ENHANCER_CACHE": str(tmp_path / "cache"),
            }
            return subprocess.run(
                [sys.executable, "-m", "dnabert_enhancer", "models", "get", spec, *map(str, options)],
                env=dict(os.environ) | world,
                capture_output=True,
                text=True,
                check=False,
            )

        yield run


def stored(tmp_path: Path) -> list[Path]:
    return [
        path for path in (tmp_path / "cache" / "models").iterdir() if path.is_dir() and path.name != ".locks"
    ]


@pytest.mark.slow
def test_an_archive_of_a_record_is_brought_checked_and_unpacked(get: Get, tmp_path: Path) -> None:
    done = get(f"zenodo:{DOI}/one.tar.gz", "ok", "--window-length", 90)
    assert done.returncode == 0, done.stderr
    (folder,) = stored(tmp_path)
    assert not list(folder.glob("*.pt"))
    card = json.loads((folder / "enhancer_model.json").read_text())
    assert card["origin"]["source"] == f"zenodo:{DOI}/one.tar.gz"
    assert card["window_length"] == 90


@pytest.mark.slow
def test_a_file_of_any_server_needs_its_digest(get: Get, files: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256((files / "one.tar.gz").read_bytes()).hexdigest()
    done = get(f"https://models.example/one.tar.gz#sha256={digest}", "ok", "--window-length", 90)
    assert done.returncode == 0, done.stderr
    other = get(f"https://models.example/one.tar.gz#sha256={'0' * 64}", "ok", "--window-length", 90)
    assert other.returncode == 3
    assert "not the file of that digest" in other.stderr
    assert len(stored(tmp_path)) == 1


@pytest.mark.slow
def test_a_catalogue_chooses_among_the_models_of_a_record(get: Get, tmp_path: Path) -> None:
    entry = {
        "name": "lab-350", "type": "enhancer", "predicts": "p", "architecture": "a", "window_length": 91,
        "where": f"zenodo:{DOI}/both.zip", "part": "350", "positive": {"index": 1, "name": "enhancer"},
        "licence": "CC-BY-4.0",
    }  # fmt: skip
    catalogue = tmp_path / "mine.json"
    catalogue.write_text(json.dumps({"models": [entry]}))
    done = get("lab-350", "ok", "--catalogue", catalogue)
    assert done.returncode == 0, done.stderr
    (folder,) = stored(tmp_path)
    card = json.loads((folder / "enhancer_model.json").read_text())
    assert (card["window_length"], card["licence"], card["labels"][1]) == (91, "CC-BY-4.0", "enhancer")


FAILURES = [
    ("ok", "", 2, "not one of its files; write zenodo:10.5281/zenodo.1/FILE; it has both.zip, "),
    ("ok", "/two.tar.gz", 2, "the record has no file 'two.tar.gz'"),
    ("ok", "/both.zip", 2, "holds 2 checkpoints: model-201, model-350"),
    ("ok", "/hostile.tar.gz", 2, "hostile.tar.gz, member '../../config.json': leads out of the archive"),
    ("absent", "/one.tar.gz", 2, "no such record"),
    ("busy", "/one.tar.gz", 3, "429"),
    ("cut", "/one.tar.gz", 3, "could not be downloaded"),
    ("damaged", "/one.tar.gz", 3, "arrived damaged, or is not the file of that digest"),
    ("proxy", "/one.tar.gz", 3, "407"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "file", "code", "said"), FAILURES)
def test_a_failure_is_one_line_and_nothing_is_stored(
    get: Get, tmp_path: Path, mode: str, file: str, code: int, said: str
) -> None:
    done = get(f"zenodo:{DOI}{file}", mode, "--window-length", 90)
    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if "licence" not in line]
    assert len(errors) == 1, done.stderr
    assert said in errors[0]
    assert stored(tmp_path) == []
