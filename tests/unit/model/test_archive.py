"""Model archives (archive.py, archive_members.py): the same bytes, the same model, nothing gets out."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, archive, archive_members, open_model, write_archive


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a temporary folder of its own, to see what stays in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def packed(model: EnhancerModel, tmp_path: Path) -> Path:
    path = tmp_path / "packed.tar.gz"
    write_archive(model.directory, path)
    return path


def members_of(model: EnhancerModel, folder: str = "model/") -> list[tuple[tarfile.TarInfo, bytes]]:
    return [
        plain(f"{folder}{path.name}", path.read_bytes())
        for path in sorted(model.directory.iterdir())
        if path.is_file()
    ]


def plain(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def write(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]  # the mode is a plain str here
        for member, content in members:
            file.addfile(member, io.BytesIO(content))
    return path


def test_a_packed_model_is_the_same_model(model: EnhancerModel, packed: Path) -> None:
    opened = open_model(packed)
    assert opened.digest == model.digest
    assert opened.card == model.card
    assert opened.has_onnx
    assert opened.source == packed


def test_equal_models_give_equal_bytes(model: EnhancerModel, packed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    for path in sorted(model.directory.iterdir(), reverse=True):
        (copy / path.name).write_bytes(path.read_bytes())
        os.utime(copy / path.name, (1, 1))
    (copy / "history.tsv").write_text("of the training, not of the model\n")
    write_archive(copy, tmp_path / "again.tar.gz")
    assert (tmp_path / "again.tar.gz").read_bytes() == packed.read_bytes()
    with tarfile.open(packed) as file:
        assert {(member.mtime, member.uid, member.gid, member.uname) for member in file} == {(0, 0, 0, "")}
        assert "model/history.tsv" not in file.getnames()


@pytest.mark.parametrize("folder", ["", "./", "my-model/", "a/b/"])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_archives_made_with_tar(model: EnhancerModel, tmp_path: Path, folder: str, mode: str) -> None:
    members = [*members_of(model, folder), plain(f"{folder}README.md", b"hello"), plain("logs/events", b"x")]
    opened = open_model(write(tmp_path / "made.dat", members, mode))
    assert opened.digest == model.digest
    assert not list(opened.directory.parent.rglob("README.md"))
    assert not list(opened.directory.parent.rglob("events"))


def test_a_model_without_card_is_called_by_the_archive(model: EnhancerModel, tmp_path: Path) -> None:
    members = [entry for entry in members_of(model, "") if entry[0].name != "enhancer_model.json"]
    assert open_model(write(tmp_path / "my model.tar.gz", members)).card.name == "my_model"


HOSTILE: dict[str, tuple[tuple[tarfile.TarInfo, bytes], str]] = {
    "absolute name": (plain("/tmp/config.json", b"{}"), "not a plain relative name"),
    "leads out": (plain("model/../../config.json", b"{}"), "leads out of the archive"),
    "leads out quietly": (plain("../vocab.txt"), "leads out of the archive"),
    "backslashes": (plain("model\\..\\config.json", b"{}"), "not a plain relative name"),
    "line break": (plain("model/config.json\nmodel"), "not a plain relative name"),
    "symbolic link": (special("model/vocab.txt", tarfile.SYMTYPE, "/etc/passwd"), "links"),
    "symbolic link to a folder": (special("model/x", tarfile.SYMTYPE, "/etc"), "links"),
    "hard link": (special("model/vocab.txt", tarfile.LNKTYPE, "model/config.json"), "links"),
    "device": (special("model/vocab.txt", tarfile.CHRTYPE), "links, devices"),
    "pipe": (special("model/vocab.txt", tarfile.FIFOTYPE), "links, devices"),
    "sparse": (special("model/vocab.txt", tarfile.GNUTYPE_SPARSE), "sparse|neither"),
    "pickle": (plain("model/pytorch_model.bin", pickle.dumps({})), "pickle or code"),
    "pickle by another name": (plain("model/optimizer.PT", pickle.dumps({})), "pickle or code"),
    "code": (plain("model/modeling.py", b"import os"), "pickle or code"),
    "library": (plain("model/kernel.so", b"\x7fELF"), "pickle or code"),
    "twice": (plain("model/config.json", b"{}"), "two models"),
    "second model": (plain("model/checkpoint-2/config.json", b"{}"), "two models"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("position", ["first", "last"])
def test_hostile_members_are_refused_and_nothing_stays(
    model: EnhancerModel, tmp_path: Path, temporary: Path, case: str, position: str
) -> None:
    member, problem = HOSTILE[case]
    whole = members_of(model)
    members = [member, *whole] if position == "first" else [*whole, member]
    path = write(tmp_path / "hostile.tar.gz", members)
    with pytest.raises(InputError, match=problem) as caught:
        open_model(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert not list(temporary.iterdir())
    assert not Path("/tmp/config.json").exists()


CONTENTS: dict[str, tuple[str, bytes, str]] = {
    "configuration": ("config.json", b"[1]", "config.json: is not a JSON object"),
    "deep JSON": ("tokenizer.json", b'{"a":' * 100_000, "tokenizer.json: is not a JSON object"),
    "weights": ("model.safetensors", b"\x80\x04pickle", "model.safetensors: not a whole safetensors file"),
    "vocabulary": ("vocab.txt", b"AAA\nAAC\n", "vocab.txt: "),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_files_that_are_not_what_they_are_called(
    model: EnhancerModel, tmp_path: Path, temporary: Path, case: str
) -> None:
    name, content, problem = CONTENTS[case]
    members = [entry for entry in members_of(model) if entry[0].name != f"model/{name}"]
    path = write(tmp_path / "wrong.tar.gz", [*members, plain(f"model/{name}", content)])
    with pytest.raises(InputError, match=problem) as caught:
        open_model(path)
    assert str(temporary) not in str(caught.value)


def test_a_graph_in_an_archive_is_left_out(model: EnhancerModel, tmp_path: Path) -> None:
    members = [*members_of(model), plain("model/model.onnx", b"of other weights")]
    opened = open_model(write(tmp_path / "packed.tar.gz", members))
    assert opened.digest == model.digest
    assert not (opened.directory / "model.onnx").exists()


def test_a_bomb_is_refused_before_it_fills_the_disk(
    model: EnhancerModel, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_members, "_FREE_BYTES", 1 << 20)
    zeros = plain("model/model.safetensors", bytes(64 << 20))
    path = write(tmp_path / "bomb.tar.gz", [zeros])
    assert path.stat().st_size * 50 < 64 << 20
    written: list[int] = []
    monkeypatch.setattr(archive, "remove_quietly", _measuring(written))
    with pytest.raises(InputError, match="unpacks to more than a model"):
        open_model(path)
    assert 0 < written[0] < 8 << 20


def _measuring(written: list[int]) -> Callable[[Path], None]:
    def measured(folder: Path) -> None:
        written.append(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))

    return measured


def test_a_bomb_in_the_header_of_a_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_members, "_FREE_BYTES", 1 << 20)
    member = tarfile.TarInfo("model/config.json")
    member.pax_headers = {"comment": "x" * (32 << 20)}
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as file:
        file.addfile(member, io.BytesIO())
    with pytest.raises(InputError, match="unpacks to more than a model"):
        open_model(path)


def test_more_members_or_longer_text_than_a_model_has(
    model: EnhancerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [plain(f"model/notes-{number}.md") for number in range(1001)]
    with pytest.raises(InputError, match="more than 1000 members"):
        open_model(write(tmp_path / "many.tar.gz", many))
    monkeypatch.setattr(archive_members, "MAXIMUM_TEXT_BYTES", 100)
    with pytest.raises(InputError, match=r"config.json: has \d+ bytes"):
        open_model(write(tmp_path / "long.tar.gz", [plain("config.json", b" " * 101)]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "neither a model directory nor a whole model archive"),
        (b">chr1\nACGT\n", "neither a model directory nor a whole model archive"),
        (
            gzip.compress(b">chr1\nACGT\n" * 200, mtime=0),
            "neither a model directory nor a whole model archive",
        ),
        (b"PK\x03\x04" + bytes(600), "the file is a ZIP archive"),
    ],
)
def test_files_that_are_no_archives(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "file.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        open_model(path)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_an_archive_that_breaks_off(packed: Path, share: float, temporary: Path) -> None:
    packed.write_bytes(packed.read_bytes()[: int(packed.stat().st_size * share)])
    with pytest.raises(InputError, match=r"break off|archive"):
        open_model(packed)
    assert not list(temporary.iterdir())


def test_an_archive_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an archive without a model"):
        open_model(write(tmp_path / "empty.tar.gz", [plain("README.md", b"hello")]))


def test_the_unpacked_model_goes_with_the_process_and_after_a_kill_with_the_next(
    packed: Path, temporary: Path
) -> None:
    program = (
        "import os, sys; from dnabert_enhancer.model import open_model; model = open_model(sys.argv[1]);"
        "print(model.directory); sys.stdout.flush(); len(sys.argv) > 2 and os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "TMPDIR": str(temporary)}

    def run(*arguments: str) -> Path:
        command = [sys.executable, "-c", program, str(packed), *arguments]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        return Path(done.stdout.strip())

    killed = run("kill")
    assert killed.is_relative_to(temporary)
    assert killed.exists()
    ended = run()
    assert ended.is_relative_to(temporary)
    assert not ended.exists()
    assert not killed.exists()


@pytest.mark.slow
def test_the_record_names_the_archive(packed: Path, tmp_path: Path) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(">a\n" + "ACGTTGCA" * 10 + "\n")
    command = [
        sys.executable,
        "-m",
        "dnabert_enhancer",
        "predict",
        "--fasta",
        str(fasta),
        "--model",
        str(packed),
    ]
    subprocess.run([*command, "--output-prefix", str(tmp_path / "out")], check=True, capture_output=True)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["model"]["directory"] == str(packed)


def test_weights_that_are_not_finite_are_said_of_the_archive(
    model: EnhancerModel, tmp_path: Path, temporary: Path
) -> None:
    """The weights are read when they are needed, long after the archive was unpacked."""
    state = dict(load_file(model.directory / "model.safetensors"))
    name = "bert.pooler.dense.bias"
    state[name] = np.full_like(state[name], np.nan)
    members = [
        plain(info.name, save(state)) if info.name.endswith(".safetensors") else (info, content)
        for info, content in members_of(model)
    ]
    opened = open_model(write(tmp_path / "spoilt.tar.gz", members))
    with pytest.raises(InputError) as error:
        opened.read_state()
    assert f"{tmp_path / 'spoilt.tar.gz'}: tensor {name} holds values that are not finite" in str(error.value)
    assert str(temporary) not in str(error.value)
