"""The command index-genome: a copy that others can read from the middle (files/bgzip)."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.commands.cli import main

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "alpha-globin.fa.gz"


def index_genome(genome: Path, folder: Path) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["--genome", str(genome), "--output-dir", str(folder)], command="index-genome")
    return int(stop.value.code or 0)


def test_a_bgzip_genome_is_copied_byte_for_byte(tmp_path: Path) -> None:
    assert index_genome(DEMO, tmp_path / "out") == 0
    made = tmp_path / "out" / "genome.fa.gz"
    assert made.read_bytes() == DEMO.read_bytes()
    for ending in (".fai", ".gzi"):
        assert Path(f"{made}{ending}").read_bytes() == Path(f"{DEMO}{ending}").read_bytes()
        assert Path(f"{made}{ending}").stat().st_mtime_ns >= made.stat().st_mtime_ns
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["counts"] == {"contigs": 1}
    # chromosome 16 of GRCh38 begins with 10,000 N
    line, gap = Path(f"{made}.gaps.bed").read_text().splitlines()
    assert gap == "chr16\t0\t10000"
    content = DEMO.read_bytes()
    assert json.loads(line[1:]) == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


@pytest.mark.parametrize(("ending", "made"), [("fa", "genome.fa"), ("fa.gz", "genome.fa.gz")])
def test_plain_text_stays_and_plain_gzip_is_packed_anew(ending: str, made: str, tmp_path: Path) -> None:
    text = b">one\n" + b"ACGTN" * 12 + b"\nACGT\n>two\n" + b"GGCC" * 15 + b"\n"
    given = tmp_path / f"given.{ending}"
    given.write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
    assert index_genome(given, tmp_path / "out") == 0
    with pysam.FastaFile(str(tmp_path / "out" / made)) as fasta:
        assert (list(fasta.references), list(fasta.lengths)) == (["one", "two"], [64, 60])
        assert fasta.fetch("one", 58, 64) == "TNACGT"
    if ending == "fa":
        assert (tmp_path / "out" / made).read_bytes() == text


@pytest.mark.parametrize("indexed", [False, True], ids=["plain", "with the index of samtools"])
@pytest.mark.parametrize(
    ("text", "said"),
    [(">p\nMKTAYIAKQR\n", "given.fa, line 2"), (">chr\a1\nACGT\n", "given.fa, line 1: the name 'chr\\x071'")],
    ids=["a protein", "a bell in a name"],
)
def test_what_is_no_genome_leaves_nothing(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, indexed: bool
) -> None:
    given = tmp_path / "given.fa"
    given.write_text(text)
    if indexed:
        pysam.faidx(str(given))
    assert index_genome(given, tmp_path / "out") == 2
    assert said in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*"))
