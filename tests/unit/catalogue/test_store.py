"""The store: made once for all processes, whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_enhancer.catalogue import Store
from dnabert_enhancer.errors import InputError, ResourceError

MAKE = """
import sys, time
from pathlib import Path
from dnabert_enhancer.catalogue import Store

def make(folder):
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    (folder / "weights").write_bytes(b"w" * 1000)
    if sys.argv[3] == "hang":
        print("half", flush=True)
        time.sleep(600)
    return "here"

print(Store(Path(sys.argv[1])).find_or_make("lab/model", make).directory)
"""


def make(folder: Path) -> str:
    (folder / "weights").write_bytes(b"w" * 1000)
    return "hub:lab/model@c0ffee"


def process(folder: Path, log: Path, kind: str = "fast") -> subprocess.Popen[str]:
    arguments = [str(folder), str(log), kind]
    return subprocess.Popen([sys.executable, "-c", MAKE, *arguments], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


def never(_folder: Path) -> str:
    pytest.fail("made again")


def test_a_model_is_made_once_and_found(store: Store) -> None:
    assert store.find("lab/model") is None
    made = store.find_or_make("lab/model", make)
    assert (made.source, made.size_bytes, made.damage()) == ("hub:lab/model@c0ffee", 1000, "")
    assert store.find_or_make("lab/model", never) == made
    assert [model.name for model in store] == ["lab/model"]


def test_names_that_look_alike_are_apart(store: Store) -> None:
    places = {store.find_or_make(name, make).directory for name in ("a/b", "a--b", "a:b", "A/b")}
    assert len(places) == 4


def test_a_model_that_could_not_be_made_leaves_nothing(store: Store) -> None:
    def fails(folder: Path) -> str:
        make(folder)
        raise ResourceError("no network")

    with pytest.raises(ResourceError, match="no network"):
        store.find_or_make("lab/model", fails)
    assert sorted(path.name for path in store.folder.iterdir()) == [".locks", "store.json"]


def test_two_processes_make_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [process(tmp_path / "models", log) for _ in range(2)]
    answers = {one.communicate()[0] for one in both}
    assert [one.returncode for one in both] == [0, 0]
    assert len(answers) == 1
    assert log.read_text() == "made\n"


def test_what_a_killed_process_left_is_no_model_and_goes(tmp_path: Path) -> None:
    one = process(tmp_path / "models", tmp_path / "log", "hang")
    assert one.stdout is not None
    assert one.stdout.readline() == "half\n"
    one.send_signal(signal.SIGKILL)
    one.communicate()
    store = Store(tmp_path / "models")
    assert list(store) == []
    assert store.find("lab/model") is None
    store.find_or_make("lab/model", make)  # the lock of the dead does not hold
    folders = [path.name for path in store.folder.iterdir() if path.is_dir() and path.name != ".locks"]
    assert len(folders) == 1


def test_a_newer_store_is_left_alone(store: Store) -> None:
    store.find_or_make("lab/model", make)
    (store.folder / "store.json").write_text('{"format": 2}')
    for action in (
        lambda: store.find("lab/model"),
        lambda: list(store),
        lambda: store.find_or_make("b", never),
    ):
        with pytest.raises(InputError, match="format 2, which a newer version has written; update"):
            action()


def test_a_record_that_cannot_be_read_is_named(store: Store) -> None:
    made = store.find_or_make("lab/model", make)
    (made.directory / "stored.json").write_text("{")
    with pytest.raises(InputError, match=r"stored\.json: is not a stored model"):
        store.find("lab/model")


def test_a_full_disk_is_one_line(store: Store) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(ResourceError, match="no space left for lab/model; free some"):
            store.find_or_make("lab/model", make)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(store) == []


@pytest.mark.skipif(os.getuid() == 0, reason="root writes anywhere")
def test_a_store_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    store = Store(folder)
    made = store.find_or_make("lab/model", make)
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert store.find("lab/model") == made
    with pytest.raises(ResourceError, match=r"the store cannot be written \(Permission denied\)"):
        store.find_or_make("other", never)


def test_files_that_changed_are_told(store: Store) -> None:
    made = store.find_or_make("lab/model", make)
    (made.directory / "weights").write_bytes(b"other")
    assert made.damage() == "weights has changed"
    (made.directory / "weights").unlink()
    assert made.damage() == "weights is missing"


def test_a_change_is_recorded(store: Store) -> None:
    made = store.find_or_make("lab/model", make)
    changed = store.rewrite("lab/model", lambda folder: (folder / "card").write_text("new") and None)
    assert (changed.brought, changed.damage(), sorted(changed.files)) == (
        made.brought,
        "",
        ["card", "weights"],
    )
    content = json.loads((made.directory / "stored.json").read_text())
    assert content["files"] == changed.files


def test_removing(store: Store) -> None:
    store.find_or_make("lab/model", make)
    store.remove("lab/model")
    assert list(store) == []
    with pytest.raises(InputError, match="no model 'lab/model' in the store; it has nothing"):
        store.remove("lab/model")
