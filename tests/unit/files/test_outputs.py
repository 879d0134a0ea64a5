"""Outputs appear whole or not at all, also on a full disk, after a kill, and beside old files."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.files import Compression, OutputSet, compression_of, interrupt, tabix_index


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_outputs_appear_only_at_the_end(tmp_path):
    with OutputSet() as out:
        out.path(tmp_path / "a.tsv").write_text("a")
        stream = out.open_text(tmp_path / "new folder" / "b.txt")
        stream.write("ä\n")
        assert not (tmp_path / "a.tsv").exists()
        assert not (tmp_path / "new folder" / "b.txt").exists()
    assert names_in(tmp_path) == ["a.tsv", "new folder"]
    assert (tmp_path / "new folder" / "b.txt").read_bytes() == b"\xc3\xa4\n"


def test_temporary_names_are_hidden_and_keep_the_ending(tmp_path):
    with OutputSet() as out:
        temporary = out.path(tmp_path / "track.bw")
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        assert temporary.name.endswith("track.bw")


def test_a_failure_removes_all_and_leaves_old_files_alone(tmp_path):
    (tmp_path / "a.tsv").write_text("old")
    with pytest.raises(KeyError), OutputSet() as out:
        out.path(tmp_path / "a.tsv").write_text("new")
        out.open_text(tmp_path / "b.tsv.gz").write("new")
        out.directory(tmp_path / "model").joinpath("part").write_text("new")
        raise KeyError
    assert names_in(tmp_path) == ["a.tsv"]
    assert (tmp_path / "a.tsv").read_text() == "old"


def test_a_pipe_that_nobody_reads_keeps_no_file_of_a_failed_run(tmp_path):
    """A run that is stopped waits for the pipe until it is stopped again, with its other outputs removed."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    main, gone, ended = threading.get_ident(), threading.Event(), threading.Event()

    def stop_again_then_read() -> None:
        last = time.monotonic() + 60  # only where the file stays
        while list(tmp_path.glob(".tmp-*")) and time.monotonic() < last:
            time.sleep(0.01)
        if not list(tmp_path.glob(".tmp-*")):
            gone.set()
        signal.pthread_kill(main, signal.SIGUSR1)
        while not ended.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                os.read(reader, 1 << 16)

    before = signal.signal(signal.SIGUSR1, lambda *_: interrupt())
    stopper = threading.Thread(target=stop_again_then_read)
    try:
        with pytest.raises(KeyboardInterrupt), OutputSet() as out:
            out.path(tmp_path / "calls.bed").write_text("chr1\t0\t200\n")
            pipe = out.open_text(tmp_path / "pipe")
            # more than a pipe holds (64 KiB), and less than what the stream gathers before it writes
            pipe.write("x" * 200_000)
            stopper.start()
            interrupt()
        pipe.close()
    finally:
        ended.set()
        stopper.join()
        signal.signal(signal.SIGUSR1, before)
        os.close(reader)
    assert gone.is_set()
    assert names_in(tmp_path) == ["pipe"]


def test_the_one_asked_for_last_marks_the_set(tmp_path, monkeypatch):
    for name in ("a", "run.json"):
        (tmp_path / name).write_text("old")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(InputError), OutputSet() as out:
        out.path(tmp_path / "a").write_text("new")
        out.path(tmp_path / "run.json").write_text("new")
        monkeypatch.setattr(Path, "replace", fail)
    # nothing was renamed, yet the old set has lost its mark: a kill here leaves no set that looks whole
    assert names_in(tmp_path) == ["a"]


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with OutputSet() as out:
            out.path(tmp_path / "a").write_text("a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_gz_is_bgzip_with_the_same_bytes_each_time(tmp_path):
    text = "".join(f"chr1\t{start}\t{start + 10}\n" for start in range(0, 1_000_000, 10))
    for name in ("a.bed.gz", "b.bed.gz"):
        with OutputSet() as out:
            out.open_text(tmp_path / name).write(text)
    packed = (tmp_path / "a.bed.gz").read_bytes()
    assert compression_of(tmp_path / "a.bed.gz") is Compression.BGZIP
    assert gzip.decompress(packed).decode() == text
    # the first block is zlib's of 65,536 bytes at level 4
    zlibs = zlib.compressobj(4, zlib.DEFLATED, -15)
    assert packed[18:].startswith(zlibs.compress(text.encode()[:65_536]) + zlibs.flush())
    time.sleep(1.1)
    assert packed == (tmp_path / "b.bed.gz").read_bytes()
    tabix_index(tmp_path / "a.bed.gz")
    with pysam.TabixFile(str(tmp_path / "a.bed.gz")) as tabix:
        assert list(tabix.fetch("chr1", 995, 1005)) == ["chr1\t990\t1000", "chr1\t1000\t1010"]


def test_places_beyond_tabix_get_a_csi_index(tmp_path):
    with OutputSet() as out:
        out.open_text(tmp_path / "far.bed.gz").write(f"chr1\t{2**29 + 5}\t{2**29 + 9}\n")
    tabix_index(tmp_path / "far.bed.gz")
    assert names_in(tmp_path) == ["far.bed.gz", "far.bed.gz.csi"]


def test_unsorted_text_cannot_be_indexed(tmp_path):
    with OutputSet() as out:
        out.open_text(tmp_path / "unsorted.bed.gz").write("chr1\t50\t60\nchr1\t5\t6\n")
    with pytest.raises(ValueError, match="cannot be indexed"):
        tabix_index(tmp_path / "unsorted.bed.gz")
    assert names_in(tmp_path) == ["unsorted.bed.gz"]


@pytest.mark.parametrize(
    ("prepare", "final", "message"),
    [
        (lambda folder: (folder / "there").mkdir(), "there", "is a folder"),
        (Path, "", "needs a file name"),
        (Path, "new/", "needs a file name"),
        (lambda folder: (folder / "file").touch(), "file/below", "cannot be written"),
        (Path, "x" * 300, "cannot be written"),
        (Path, "a\0b", "cannot be written"),
    ],
    ids=["folder", "empty", "slash", "file as folder", "name too long", "zero byte"],
)
def test_impossible_outputs_are_refused_at_once(tmp_path, prepare, final, message):
    prepare(tmp_path)
    given = f"{tmp_path}/{final}" if final else ""
    with pytest.raises(InputError, match=message), OutputSet() as out:
        out.path(given)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")
def test_a_folder_that_takes_no_files_is_refused_and_not_tried_for_ever():
    outputs = OutputSet()
    for ask in (outputs.path, outputs.directory):
        with pytest.raises(InputError, match=r"/proc/x: the output cannot be written \(No such file"):
            ask("/proc/x")


def test_a_name_that_only_just_fits_is_written(tmp_path):
    name = "x" * 255
    with OutputSet() as out:
        out.path(tmp_path / name).write_text("a")
    assert names_in(tmp_path) == [name]


def test_one_path_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="two outputs have the same path"), OutputSet() as out:
        out.path(tmp_path / "a")
        out.path(tmp_path / "." / "a")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["with blank", "-dash", "$(touch pwned)", "quote'\"", "Ünïcode", "new\nline"]
)
def test_names_are_taken_literally(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with OutputSet() as out:
        out.open_text(name).write("x")
    assert names_in(tmp_path) == [name]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with OutputSet() as out:
        out.path(tmp_path / "link").write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_devices_and_own_streams_are_written_in_place():
    with OutputSet() as out:
        out.open_text("/dev/null").write("x" * 100)
    assert Path("/dev/null").is_char_device()
    program = (
        "from dnabert_enhancer.files import OutputSet\n"
        "with OutputSet() as out: out.open_text('/dev/stdout').write('text')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert run.stdout == "text"


def test_a_folder_appears_whole(tmp_path):
    with OutputSet() as out:
        folder = out.directory(tmp_path / "model")
        (folder / "weights").write_text("w")
        assert not (tmp_path / "model").exists()
    assert names_in(tmp_path / "model") == ["weights"]
    with pytest.raises(InputError, match="not empty"), OutputSet() as out:
        out.directory(tmp_path / "model")
    (tmp_path / "empty").mkdir()
    with OutputSet() as out:
        (out.directory(tmp_path / "empty") / "weights").write_text("w")
    assert names_in(tmp_path / "empty") == ["weights"]


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "model").touch()
    with pytest.raises(InputError, match="the output folder is a file"), OutputSet() as out:
        out.directory(tmp_path / "model")
    with pytest.raises(InputError, match="cannot be written"), OutputSet() as out:
        out.directory(tmp_path / ("x" * 300))


def test_an_output_that_its_writer_took_away_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="not written"), OutputSet() as out:
        out.path(tmp_path / "a").write_text("a")
        out.path(tmp_path / "b").unlink()
    assert names_in(tmp_path) == []


WRITER = """
import sys, time
from dnabert_enhancer.files import OutputSet
with OutputSet() as out:
    out.path(sys.argv[1]).write_text("half")
    out.directory(sys.argv[1] + ".folder")
    print("written", flush=True)
    time.sleep(600)
"""


def test_a_kill_leaves_nothing_that_looks_complete_and_the_next_run_cleans_up(tmp_path):
    final = tmp_path / "result.tsv"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(final)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with OutputSet() as out:
            out.path(final).write_text("of another")
            assert len(names_in(tmp_path)) == 3, "what a living process writes stays"
        final.unlink()
        running.send_signal(signal.SIGKILL)
    assert all(name.startswith(".") for name in names_in(tmp_path))
    with OutputSet() as out:
        out.path(final).write_text("whole")
        out.directory(f"{final}.folder")
    assert names_in(tmp_path) == ["result.tsv", "result.tsv.folder"]


FILLER = """
import sys
from dnabert_enhancer.errors import DnabertEnhancerError
from dnabert_enhancer.files import OutputSet
import random
try:
    with OutputSet() as out:
        stream = out.open_text(sys.argv[1])
        for _ in range(200):
            stream.write(random.randbytes(20_000).hex())
except DnabertEnhancerError as error:
    print(type(error).__name__, error, file=sys.stderr)
"""


@pytest.mark.parametrize("name", ["big.txt", "big.txt.gz"])
def test_a_full_disk_is_one_line_and_leaves_nothing(mount_disk, name):
    disk = mount_disk("size=1m")
    run = subprocess.run(
        [sys.executable, "-c", FILLER, str(disk / name)], capture_output=True, check=False, text=True
    )
    assert run.stderr.splitlines() == [
        f"ResourceError {disk}: no space left for the output (No space left on device); "
        "free some space or choose another place for the output"
    ]
    assert names_in(disk) == []


INDEXER = """
import os
import sys
from pathlib import Path
import pysam
from dnabert_enhancer.errors import DnabertEnhancerError
from dnabert_enhancer.files import OutputSet, tabix_index
disk = Path(sys.argv[1])
try:
    with OutputSet() as out:
        path = out.path(disk / "calls.bed.gz")
        (disk / "plain").write_text("chr1\\t1\\t2\\n")
        pysam.tabix_compress(str(disk / "plain"), str(path), force=True)
        (disk / "plain").unlink()
        space = os.statvfs(disk)
        (disk / "filler").write_bytes(bytes(space.f_bavail * space.f_bsize))
        tabix_index(path)
except DnabertEnhancerError as error:
    print(type(error).__name__, error, file=sys.stderr)
"""


def test_an_index_that_finds_no_space_is_no_fault_of_the_file(mount_disk):
    # in a process of its own, since htslib keeps the file open when it fails
    disk = mount_disk("size=64k")
    run = subprocess.run(
        [sys.executable, "-c", INDEXER, str(disk)], capture_output=True, check=False, text=True
    )
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith(f"ResourceError {disk}: no space left for the output")
    assert names_in(disk) == ["filler"]


def test_a_full_disk_seen_by_another_writer_names_the_place(tmp_path):
    with pytest.raises(ResourceError, match=f"{tmp_path}: no space left"), OutputSet() as out:
        out.path(tmp_path / "a")
        raise OSError(28, "No space left on device")
    assert names_in(tmp_path) == []


def test_a_read_only_folder_is_named_at_once(mount_disk, make_read_only):
    disk = mount_disk("size=1m")
    make_read_only(disk)
    with pytest.raises(InputError, match=f"{disk}/a: the output cannot be written"), OutputSet() as out:
        out.path(disk / "a")
