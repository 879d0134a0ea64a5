"""tokenize as users run it: its formats, its report, its refusals."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_enhancer.commands.cli import main

Tokenize = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tokenize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tokenize:
    """Return a function that runs tokenize in a folder and returns exit code, output and messages."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fa").write_text(">1 x\nACGT\nNA\n>2\nttttt\n")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments), command="tokenize")
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run


def test_fasta_to_table_with_report_and_record(tokenize: Tokenize) -> None:
    code, out, _ = tokenize("--input", "a.fa", "--k", "3", "--label", "1", "--output", "t.tsv")
    assert code == 0
    assert Path("t.tsv").read_text() == "sequence\tlabel\nACG CGT GTN TNA\t1\nTTT TTT TTT\t1\n"
    assert "2 (28.57%)" in out
    record = json.loads(Path("t.run.json").read_text())
    assert record["counts"] == {
        "sequences": 2,
        "tokens": 7,
        "unknown_tokens": 2,
        "sequences_with_unknown": 1,
        "longer_than_dnabert": 0,
    }


@pytest.mark.parametrize(
    ("files", "arguments", "rows"),
    [
        (
            {"b.fa": ">9\nCCCC\n"},
            ["--input", "a.fa", "--negatives", "b.fa"],
            ["ACG CGT GTN TNA\t1", "TTT TTT TTT\t1", "CCC CCC\t0"],
        ),
        ({"r.bed": "1\t0\t4\n"}, ["--input", "r.bed", "--genome", "a.fa"], ["ACG CGT\t0"]),
        ({"x": "1\t0\t4\n"}, ["--input", "x", "--genome", "a.fa", "--label", "1"], ["ACG CGT\t1"]),
        ({"x.csv": "sequence,label\nACGT,1.5\n"}, ["--input", "x.csv"], ["ACG CGT\t1.5"]),
        ({"x.tsv": "sequence\tlabel\nACGT CGTA\t0\n"}, ["--input", "x.tsv"], ["ACG CGT GTA\t0"]),
        ({}, ["--input", "a.fa", "--keep-letters"], ["ACG CGT GTN TNA\t0"]),
        ({"x.txt": ">a\nACGT\n"}, ["--input", "x.txt"], ["ACG CGT\t0"]),
        (
            {"-a 'b' $(c).fa": ">-x $(y)\r\nACGT\r\n>-x\r\nAAAA\r\n"},
            ["--input=-a 'b' $(c).fa"],
            ["ACG CGT\t0", "AAA AAA\t0"],
        ),
    ],
)
def test_every_input_gives_dnaberts_table(
    tokenize: Tokenize, files: dict[str, str], arguments: list[str], rows: list[str]
) -> None:
    for name, text in files.items():
        Path(name).write_bytes(text.encode())
    code, _, err = tokenize(*arguments, "--k", "3", "--output", "out dir/t.tsv.gz")
    assert (code, err) == (0, "")
    lines = gzip.decompress(Path("out dir/t.tsv.gz").read_bytes()).decode().splitlines()
    assert lines == ["sequence\tlabel", *rows]


def test_parquet_of_ids(tokenize: Tokenize) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert tokenize("--input", "a.fa", "--k", "6", "--output", "t.parquet")[0] == 2
    assert tokenize("--input", "a.fa", "--k", "4", "--output", "t.parquet")[0] == 0
    assert parquet.read_table("t.parquet").column("name").to_pylist() == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"", [], "in.fa: there is no sequence"),
        (b">1\nMKVLAAGE\n", [], "in.fa, line 2"),
        (b">1\nNNNNNN\n", [], "no sequence has a known 3-mer (1 of unknown letters alone"),
        (b">1\nacgt\n", ["--keep-letters"], "no sequence has a known 3-mer"),
        (">1\nACGT\n".encode("utf-16"), [], "UTF-16"),
        (gzip.compress(b">1\nACGT\n" * 500, mtime=0)[:30], [], "break off"),
        (b">1\nACGT\n", ["--input", "."], "has no train"),
        (b">1\nACGT\n", ["--input", "nowhere.fa"], "no such file"),
        (b">1\nACGT\n", ["--output", "t.csv"], "names no format"),
        (b">1\nACGT\n", ["--output", "/proc/none/t.tsv"], "cannot be written"),
        (b">1\nACGT\n", ["--k", "7"], "invalid choice: 7"),
        (b">1\nACGT\n", ["--format", "bed"], "give --genome FASTA"),
        (b">1\nACGT\n", ["--genome", "a.fa", "--format", "fasta"], "--genome goes with BED"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tokenize: Tokenize, content: bytes, arguments: list[str], said: str
) -> None:
    Path("in.fa").write_bytes(content)
    code, out, err = tokenize("--input", "in.fa", "--k", "3", "--output", "t.tsv", *arguments)
    assert (code, len(err.splitlines()), out) == (2, 1, "")
    assert said in err
    assert not [path.name for path in Path().iterdir() if path.name.startswith((".", "t."))]
