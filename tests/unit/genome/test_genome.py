"""Random access to a genome: every packing, every kind of index, read-only folders, two processes at once."""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.files import cache_directory
from dnabert_enhancer.genome import Genome, Interval

CONTIGS = {
    name: "".join(np.random.default_rng(seed).choice(list("ACGTacgtN"), size=length))
    for seed, (name, length) in enumerate({"chr1": 100_003, "chr2": 60, "chrM": 61, "one": 1}.items())
}


def fasta_text(width: int = 60, end: str = "\n") -> bytes:
    lines = []
    for name, bases in CONTIGS.items():
        lines.append(f">{name} some words")
        lines.extend(bases[start : start + width] for start in range(0, len(bases), width))
    return (end.join(lines) + end).encode()


def ragged_text() -> bytes:
    """Return the contigs with a blank line in the middle of each, lines of differing length and comments."""
    parts = ["; a remark\n"]
    for name, bases in CONTIGS.items():
        parts.append(f">{name}\n{bases[:7]}\n\n{bases[7:50]}\n{bases[50:]}\n")
    return "".join(parts).encode()


def bgzip(path: Path, content: bytes) -> Path:
    with pysam.BGZFile(str(path), "wb") as stream:
        stream.write(content)
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


PACKINGS = {
    "plain": lambda folder: written(folder / "g.fa", fasta_text()),
    "plain, one line a contig": lambda folder: written(folder / "g.fa", fasta_text(10**6)),
    "plain, windows": lambda folder: written(folder / "g.fa", fasta_text(end="\r\n")),
    "plain, old mac": lambda folder: written(folder / "g.fa", fasta_text(end="\r")),
    "plain, ragged": lambda folder: written(folder / "g.fa", ragged_text()),
    "gzip": lambda folder: written(folder / "g.fa.gz", gzip.compress(fasta_text())),
    "gzip, ragged": lambda folder: written(folder / "g.fa.gz", gzip.compress(ragged_text())),
    "bgzip": lambda folder: bgzip(folder / "g.fa.gz", fasta_text()),
    "bgzip, ragged": lambda folder: bgzip(folder / "g.fa.gz", ragged_text()),
    "no ending": lambda folder: written(folder / "a genome", fasta_text()),
    "odd name": lambda folder: written(folder / "-g $(rm) 'x'#.fa", fasta_text()),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def check_all(path: Path) -> None:
    with Genome(path) as genome:
        assert genome.contig_sizes == {name: len(bases) for name, bases in CONTIGS.items()}
        for name, bases in CONTIGS.items():
            assert genome.fetch(name) == bases.encode()
        assert genome.fetch("chr1", 59, 125) == CONTIGS["chr1"][59:125].encode()
        assert genome.fetch("chr1", 100_002) == CONTIGS["chr1"][-1].encode()
        assert genome.fetch("chr1", 7, 7) == b""


@pytest.mark.parametrize("make", PACKINGS.values(), ids=PACKINGS)
def test_every_packing_is_read_right_twice(folder, make):
    path = make(folder)
    check_all(path)
    check_all(path)


@pytest.mark.parametrize("make", PACKINGS.values(), ids=PACKINGS)
def test_a_read_only_folder_is_left_alone(folder, make):
    path = make(folder)
    folder.chmod(0o555)
    before = sorted(folder.iterdir())
    check_all(path)
    check_all(path)
    assert sorted(folder.iterdir()) == before


def test_a_read_only_disk(mount_disk, make_read_only):
    disk = mount_disk("size=2m")
    path = bgzip(disk / "g.fa.gz", fasta_text())
    make_read_only(disk)
    check_all(path)


def test_the_index_lies_beside_and_is_htslibs(folder):
    path = bgzip(folder / "g.fa.gz", fasta_text())
    check_all(path)
    assert sorted(entry.name for entry in folder.iterdir()) == ["g.fa.gz", "g.fa.gz.fai", "g.fa.gz.gzi"]
    ours = [(folder / name).read_bytes() for name in ("g.fa.gz.fai", "g.fa.gz.gzi")]
    pysam.faidx(str(path))
    assert ours == [(folder / name).read_bytes() for name in ("g.fa.gz.fai", "g.fa.gz.gzi")]


def test_an_index_of_samtools_is_used(folder):
    path = written(folder / "g.fa", fasta_text())
    pysam.faidx(str(path))
    check_all(path)
    assert not (cache_directory() / "genomes").exists()


def spoil_time(path: Path) -> None:
    status = path.stat()
    os.utime(f"{path}.fai", ns=(status.st_mtime_ns - 1, status.st_mtime_ns - 1))


def spoil_by(edit):
    def spoil(path: Path) -> None:
        index = Path(f"{path}.fai")
        index.write_text(edit(index.read_text()))

    return spoil


STALE = {
    "older": spoil_time,
    "garbage": spoil_by(lambda text: "not an index\n"),
    "empty": spoil_by(lambda text: ""),
    "a contig less": spoil_by(lambda text: text.rsplit("\n", 2)[0] + "\n"),
    "another name": spoil_by(lambda text: text.replace("chr2", "chr3")),
    "another length": spoil_by(lambda text: text.replace("\t61\t", "\t59\t")),
    "another offset": spoil_by(lambda text: text.replace("chr1\t100003\t17", "chr1\t100003\t16")),
    "another width": spoil_by(lambda text: text.replace("\t60\t61", "\t50\t51")),
    "a zero": spoil_by(lambda text: text.replace("chr1\t100003", "chr1\t0")),
    "beyond any file": spoil_by(lambda text: text.replace("chr1\t100003\t17", "chr1\t100003\t" + "9" * 30)),
    "far beyond its file": spoil_by(
        lambda text: text.replace("chr1\t100003\t17", "chr1\t100003\t" + "9" * 17)
    ),
    "below its file": spoil_by(lambda text: text.replace("chr1\t100003\t17", "chr1\t100003\t-17")),
    "binary": lambda path: Path(f"{path}.fai").write_bytes(b"\xff\xfe\0\0" * 9),
}


@pytest.mark.parametrize("spoil", STALE.values(), ids=STALE)
@pytest.mark.parametrize("packing", ["plain", "bgzip"])
def test_a_stale_index_is_seen_and_replaced_in_the_cache(folder, packing, spoil, caplog):
    path = PACKINGS[packing](folder)
    pysam.faidx(str(path))
    spoil(path)
    users_index = Path(f"{path}.fai").read_bytes()
    check_all(path)
    assert Path(f"{path}.fai").read_bytes() == users_index
    assert "older than its FASTA or does not fit it" in caplog.text


@pytest.mark.parametrize(
    "content", [b"", b"\x01" + b"\0" * 7 + b"\xff" * 16, b"\0" * 8], ids=["empty", "wild", "short"]
)
def test_a_wrong_block_index_is_seen(folder, content):
    path = bgzip(folder / "g.fa.gz", fasta_text())
    pysam.faidx(str(path))
    Path(f"{path}.gzi").write_bytes(content)
    check_all(path)


def test_a_missing_block_index_is_made(folder):
    path = bgzip(folder / "g.fa.gz", fasta_text())
    pysam.faidx(str(path))
    Path(f"{path}.gzi").unlink()
    check_all(path)


def test_a_changed_file_gets_a_new_entry_in_the_cache(folder):
    path = written(folder / "g.fa.gz", gzip.compress(b">chr1\nAAAA\n"))
    assert Genome(path).fetch("chr1") == b"AAAA"
    status = path.stat()
    path.write_bytes(gzip.compress(b">chr1\nCCCC\n"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert Genome(path).fetch("chr1") == b"CCCC"


def test_a_spoilt_entry_of_the_cache_is_made_again(folder):
    path = written(folder / "g.fa.gz", gzip.compress(fasta_text()))
    check_all(path)
    (entry,) = (cache_directory() / "genomes").iterdir()
    (entry / "genome.fa.gz").write_bytes(b"")
    check_all(path)


def _sizes(path: Path, start: object) -> dict[str, int]:
    start.wait(timeout=600)  # type: ignore[attr-defined]  # a proxy of a barrier
    with Genome(path) as genome:
        return {name: len(genome.fetch(name)) for name in genome.contig_sizes}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("packing", ["plain", "gzip", "bgzip"])
def test_several_processes_at_once(folder, packing, read_only):
    path = PACKINGS[packing](folder)
    if read_only:
        folder.chmod(0o555)
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager, context.Pool(4) as pool:
        start = manager.Barrier(4)
        results = pool.starmap(_sizes, [(path, start)] * 4, chunksize=1)
    assert results == [{name: len(bases) for name, bases in CONTIGS.items()}] * 4
    assert [entry.name for entry in folder.iterdir() if entry.name.startswith(".")] == []


SLOW = """
import importlib, sys, time
from dnabert_enhancer.genome import Genome, Interval
fasta_index = importlib.import_module("dnabert_enhancer.genome.fasta_index")
def slow(fasta, fai, gzi):
    fai.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
fasta_index._write_indexes = slow
Genome(sys.argv[1]).fetch('chr1')
"""


@pytest.mark.parametrize("packing", ["plain", "gzip", "bgzip"])
def test_a_kill_in_the_middle_leaves_nothing_that_is_taken_for_an_index(folder, tmp_path, packing):
    path = PACKINGS[packing](folder)
    with subprocess.Popen([sys.executable, "-c", SLOW, str(path)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"writing\n"
        running.send_signal(signal.SIGKILL)
    check_all(path)
    assert list(tmp_path.rglob(".tmp-*")) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no sequence in the file"),
        (b">a\nMKVLF\n", "line 2: this looks like protein"),
        (b">a\nACGT\n>b\nAC\nMKVLF\n", "line 5: this looks like protein"),
        (b">a\nACGT\nACGXT\n", "line 3: 'X' is not a nucleotide code"),
        (b">a\nA\n>a\nA\n", "line 3: the name 'a' was already used in line 1"),
        (b"ACGT\n", "line 1: 'ACGT' stands before the first '>'"),
        (">a\nACGT\n".encode("utf-16"), "line 1: the text is UTF-16"),
        (b">a\n\n>b\nA\n", "line 1: the sequence 'a' is empty"),
        pytest.param(
            gzip.compress(b">a\n" + os.urandom(30_000).hex().encode())[:9_000], "break off", id="cut"
        ),
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_faults_are_named_and_leave_no_index(folder, content, message, read_only):
    path = written(folder / "bad.fa", content)
    if read_only:
        folder.chmod(0o555)
    with pytest.raises(InputError, match=message) as caught:
        _ = Genome(path).contig_sizes
    assert str(caught.value).startswith(str(path))
    assert [entry.name for entry in folder.iterdir()] == ["bad.fa"]
    kept = cache_directory() / "genomes"
    assert not kept.exists() or list(kept.iterdir()) == []


def test_what_is_no_file_is_refused(folder):
    os.mkfifo(folder / "pipe")
    for path, message in {
        folder: "this is a folder",
        folder / "missing.fa": "no such file",
        folder / "pipe": "cannot be read from a pipe",
        "-": "cannot be read from standard input",
    }.items():
        with pytest.raises(InputError, match=message):
            _ = Genome(path).contig_sizes


def test_it_opens_when_it_is_used_and_again_after_it_was_closed(folder):
    path = written(folder / "g.fa", fasta_text())
    genome = Genome(path)
    assert [entry.name for entry in folder.iterdir()] == ["g.fa"]
    assert genome.fetch("chr2") == CONTIGS["chr2"].encode()
    genome.close()
    assert genome.fetch("chr2", 0, 5) == CONTIGS["chr2"][:5].encode()
    assert repr(genome) == f"Genome({str(path)!r})"


def test_what_is_no_path_is_refused(folder):
    with pytest.raises(InputError, match="a genome is opened by its path, not by dict; give a FASTA file"):
        Genome({"chr1": "ACGT"})


def test_fetching_outside_is_refused(folder):
    with Genome(written(folder / "g.fa", fasta_text())) as genome:
        for start, end in [(0, 61), (-1, 5), (9, 8), (60, 61), (61, None)]:
            with pytest.raises(InputError, match="is not within the 60 bp of chr2"):
                genome.fetch("chr2", start, end)
        with pytest.raises(
            InputError, match=r"there is no contig 'chr9'; the genome has chr1, chr2, chrM, one"
        ):
            genome.fetch("chr9")
        assert genome.fetch("2") == genome.fetch("CHR2") == CONTIGS["chr2"].encode()
        assert genome.fetch("MT", 0, 3) == CONTIGS["chrM"][:3].encode()
        assert genome.own_name("1") == "chr1"


@pytest.mark.parametrize("packing", ["plain", "bgzip"])
def test_a_file_that_shrinks_while_it_is_open_is_named(folder, packing, capfd):
    path = PACKINGS[packing](folder)
    with Genome(path) as genome:
        with path.open("r+b") as stream:
            stream.truncate(30_000)
        with pytest.raises(InputError, match=f"{path}, chr1:90000-100000: bases cannot be read"):
            genome.fetch("chr1", 90_000, 100_000)
    assert capfd.readouterr().err == ""


def test_many_names_are_not_all_listed(folder):
    path = written(folder / "g.fa", b"".join(b">c%d\nA\n" % number for number in range(9)))
    with (
        Genome(path) as genome,
        pytest.raises(InputError, match="the genome has c0, c1, c2, c3, c4 and 4 others"),
    ):
        genome.fetch("d")


def test_a_full_cache_is_a_matter_of_resources(folder, mount_disk, monkeypatch):
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(mount_disk("size=64k")))
    bases = np.random.default_rng(7).choice(np.frombuffer(b"ACGT", dtype=np.uint8), size=600_000).tobytes()
    path = written(folder / "g.fa.gz", gzip.compress(b">r\n" + bases + b"\n"))
    with pytest.raises(ResourceError, match="no space left in the cache folder; set DNABERT_ENHANCER_CACHE"):
        _ = Genome(path).contig_sizes
    assert list((cache_directory() / "genomes").iterdir()) == []


def test_a_full_folder_of_the_fasta_falls_back_to_the_cache(mount_disk):
    disk = mount_disk("size=256k")
    path = written(disk / "g.fa", fasta_text())
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)
    check_all(path)
    assert sorted(entry.name for entry in disk.iterdir()) == ["filler", "g.fa"]


def test_memory_does_not_grow_with_a_contig_on_one_line(folder):
    path = folder / "long.fa"
    with path.open("wb") as stream:
        stream.write(b">long\n")
        for _ in range(30):
            stream.write(b"ACGTTGCA" * (1 << 17))
        stream.write(b"\n")
    program = (
        # not getrusage: its high-water mark is inherited from the test runner
        "import re, sys\n"
        "from pathlib import Path\n"
        "from dnabert_enhancer.genome.fasta import check_fasta\n"
        "def peak():\n"
        "    return int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()).group(1))\n"
        "before = peak()\n"
        "check_fasta(sys.argv[1])\n"
        "print(peak() - before)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=True)
    assert int(run.stdout) < 25_000


@pytest.mark.slow
@pytest.mark.data
def test_hg19_chr20_is_as_described(shared_data):
    with Genome(shared_data / "reference" / "hg19_chr20_partial_fulllength.fa.gz") as genome:
        assert genome.contig_sizes == {"chr20": 63_025_520}
        codes = np.frombuffer(genome.fetch("chr20"), dtype=np.uint8)
        known = np.flatnonzero((codes & 0xDF) != ord("N"))
        assert len(codes) - np.count_nonzero((codes & 0xDF) == ord("N")) == len(known)
        assert known[-1] < 11_095_000
        assert genome.names.resolve("20") == "chr20"


def test_an_interval_is_fetched_as_its_positions_are(tmp_path: Path) -> None:
    genome = Genome(PACKINGS["plain"](tmp_path))
    assert genome.fetch(Interval("chr1", 10, 30)).decode() == CONTIGS["chr1"][10:30]
    # bases of the forward strand, as for a contig with start and end
    assert genome.fetch(Interval("1", 10, 30, "-")).decode() == CONTIGS["chr1"][10:30]
    with pytest.raises(InputError, match="an interval and further positions cannot be fetched together"):
        genome.fetch(Interval("chr1", 10, 30), 5)
    with pytest.raises(InputError, match=r"tuple is not a contig.*or an Interval"):
        genome.fetch(("chr1", 10, 30))  # type: ignore[arg-type]
