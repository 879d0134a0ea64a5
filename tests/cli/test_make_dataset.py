"""make-dataset as users run it: its folder, its messages, its refusals."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.dataset import read_dataset

FILES = {"train.tsv.gz", "validation.tsv.gz", "test.tsv.gz", "dataset.json", "gc.png", "run.json"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with a random genome and regions on three of its contigs."""
    rng = np.random.default_rng(3)
    sizes = {"chr1": 40_000, "chr2": 20_000, "chr3": 20_000}
    genome = "".join(
        f">{name}\n{''.join(rng.choice(list('ACGT'), size=size))}\n" for name, size in sizes.items()
    )
    (tmp_path / "genome.fa").write_text(genome + ">all_n\n" + "N" * 1000 + "\n>short\nACGT\n")
    regions = "".join(
        f"{name}\t{start}\t{start + 300}\t{name}.{start}\n"
        for name, size in sizes.items()
        for start in range(1000, size - 500, 2000)
    )
    (tmp_path / "regions.bed").write_text(regions)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def make(folder: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs make-dataset and returns exit code, output and messages."""

    def run(*arguments: str) -> tuple[int, str, str]:
        given = [*arguments]
        for option, value in (
            ("--regions", "regions.bed"),
            ("--genome", "genome.fa"),
            ("--output-dir", "out"),
        ):
            if not any(argument.startswith(option) for argument in arguments):
                given = [option, value, *given]
        with pytest.raises(SystemExit) as stop:
            main(given, command="make-dataset")
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run


Make = Callable[..., tuple[int, str, str]]


def test_folder_holds_all_files_and_their_records(make: Make, folder: Path) -> None:
    code, out, _ = make("--length", "150", "--ratio", "2", "--seed", "5")
    assert code == 0
    assert {path.name for path in (folder / "out").iterdir()} == FILES
    header = gzip.decompress((folder / "out/train.tsv.gz").read_bytes()).decode().splitlines()[0]
    assert header == "chrom\tstart\tend\tstrand\tlabel\tsequence\tname"
    dataset = read_dataset(folder / "out")
    assert {name: len(frame) for name, frame in dataset.splits.items()} == {
        "train": 60,
        "validation": 30,
        "test": 30,
    }
    record = json.loads((folder / "out/run.json").read_text())
    assert record["dataset_digest"] == dataset.digest
    assert record["counts"]["regions"] == 40
    assert [(entry["role"], entry["path"]) for entry in record["inputs"]] == [
        ("regions", "regions.bed"),
        ("genome", "genome.fa"),
    ]
    histograms = json.loads((folder / "out/dataset.json").read_text())["gc"]["classes"]
    assert {name: sum(values["counts"]) for name, values in histograms.items()} == {
        "positives": 40,
        "negatives": 80,
    }
    assert (folder / "out/gc.png").read_bytes().startswith(b"\x89PNG")
    assert "train" in out
    assert "removed as leaks" in out


def test_second_run_gives_the_same_bytes(make: Make, folder: Path) -> None:
    make("--output-dir", "one")
    make("--output-dir", "two")
    for name in FILES - {"run.json"}:
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()


def test_file_of_splits_and_other_names_of_contigs(make: Make, folder: Path) -> None:
    (folder / "splits.tsv").write_text("1\ttrain\r\n2\tdev\r\n")
    text = (folder / "regions.bed").read_text().replace("chr", "").replace("\n", "\r\n")
    (folder / "-r 'x' $(touch y).bed").write_text(text)
    code, out, _ = make("--regions=-r 'x' $(touch y).bed", "--splits", "splits.tsv")
    assert code == 0
    assert {name: len(frame) for name, frame in read_dataset("out").splits.items()} == {
        "train": 40,
        "validation": 20,
    }
    assert "left out: 10 positive in no split" in out
    assert not (folder / "y").exists()


def test_one_contig_is_split_by_blocks(make: Make, folder: Path) -> None:
    (folder / "one.bed").write_text(
        "".join(f"chr1\t{start}\t{start + 200}\n" for start in range(500, 39_000, 1000))
    )
    code, _, err = make("--regions", "one.bed")
    assert (code, "--split-by block" in err) == (2, True)
    code, _, _ = make("--regions", "one.bed", "--split-by", "block", "--block-size", "4000", "--ratio", "0.5")
    assert code == 0
    assert list(read_dataset("out").splits) == ["train", "validation", "test"]


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"chrX\t1\t300\n", [], "in.bed, line 1: there is no contig 'chrX'"),
        (b"chr1\t39990\t40001\n", [], "in.bed, line 1: the end 40001 is beyond chr1"),
        (b"chr1\t300\t100\n", [], "in.bed, line 1: the end 100 is before the start 300"),
        (
            b"chr1\t-5\t100\n",
            [],
            "the start -5 is negative; coordinates are 0-based and half-open; --skip-outside",
        ),
        (b"all_n\t100\t900\n", ["--splits", "train=1"], "of unknown bases"),
        (b"short\t0\t4\n", [], "window beyond contig end"),
        (b"", [], "no region lies in the genome"),
        ("chr1\t1\t300\n".encode("utf-16"), [], "UTF-16"),
        (gzip.compress(b"chr1\t1000\t1300\n" * 2000, mtime=0)[:40], [], "break off in the middle"),
        (b"chr1\t1000\t1300\n", ["--regions", "."], "this is a folder"),
        (b"chr1\t1000\t1300\n", ["--regions", "nowhere.bed"], "no such file"),
        (b"chr1\t1000\t1300\n", ["--regions", "regions.bed", "--ratio", "50"], "give --allow-fewer"),
        (b"chr1\t1000\t1300\n", ["--regions", "regions.bed", "--splits", "0.5,0.1"], "sum to 0.6"),
        (
            b"chr1\t1000\t1300\n",
            ["--regions", "regions.bed", "--negatives", "regions.bed"],
            "holds no negative",
        ),
        (b"chr1\t1000\t1300\n", ["--output-dir", "genome.fa"], "genome.fa"),
        (b"chr1\t1000\t1300\n", ["--output-dir", "/proc/none/x"], "/proc/none/x"),
        (b"", ["--regions", "regions.bed", "--negatives-from", "x.bed"], "'x.bed' is not NAME=BED,share=S"),
        (
            b"chr1\t3400\t3500\n",
            ["--regions", "regions.bed", "--negatives-from", "few=in.bed,share=0.5"],
            "in.bed: few gives 1 of 20 negatives; give --allow-fewer, a smaller share",
        ),
        (
            b"",
            ["--regions", "regions.bed", "--negatives-from", "a=x,share=0.6", "b=x,share=0.6"],
            "--negatives-from: the shares sum to 1.2",
        ),
        (b"", ["--regions", "regions.bed", "--negatives-from", "a=x,share=0"], "the share of a is 0; give"),
        (b"", ["--regions", "regions.bed", "--negatives-from", "a=x,share=y"], "share 'y' is not a number"),
        (
            b"",
            ["--regions", "regions.bed", "--negatives-from", "a=x,share=0.1", "a=z,share=0.2"],
            "a is given twice",
        ),
        (
            b"",
            [*("--regions", "regions.bed", "--negatives", "in.bed"), *("--negatives-from", "a=x,share=0.1")],
            "--ratio is None; it must be given where BED files and --negatives-from share the negatives",
        ),
        (b"chr1\t1000\t1300\n", ["--leak-k", "63"], "leak-k is 63; it must be from 12 to 62"),
        (b"chr1\t1000\t1300\n", ["--gc-tolerance", "0"], "'0' is not a number above 0"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    make: Make, folder: Path, content: bytes, arguments: list[str], said: str
) -> None:
    (folder / "in.bed").write_bytes(content)
    code, out, err = make(*(arguments if "--regions" in arguments else ["--regions", "in.bed", *arguments]))
    lines = [line for line in err.splitlines() if line.startswith("make-dataset: error: ")]
    assert (code, len(lines), out) == (2, 1, "")
    assert said in lines[0]
    assert "Traceback" not in err
    assert not (folder / "out").exists() or not list((folder / "out").iterdir())


@pytest.mark.slow
def test_killed_run_leaves_no_table(folder: Path) -> None:
    code = (
        "import os, signal\n"
        "import dnabert_enhancer.dataset.build as build\n"
        "build.leaks_between = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from dnabert_enhancer.commands.cli import main\n"
        "given = ['--regions', 'regions.bed', '--genome', 'genome.fa', '--output-dir', 'out']\n"
        "main(given, command='make-dataset')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=600)
    assert done.returncode == -9
    assert all(path.name.startswith(".") for path in (folder / "out").iterdir())


@pytest.mark.slow
@pytest.mark.data
def test_fantom5_enhancers_on_real_sequence(make: Make, shared_data: Path) -> None:
    code, _, _ = make(
        "--regions", str(shared_data / "annotation/F5.hg38.enhancers.bed.gz"),
        "--genome", str(shared_data / "reference/hg38_4chr_prefixes.fa.gz"),
        "--exclude", str(shared_data / "annotation/hg38-blacklist.v2.bed.gz"),
        "--skip-outside",
    )  # fmt: skip
    assert code == 0
    dataset = read_dataset("out")
    positives = sum(int((frame["label"] == 1).sum()) for frame in dataset.splits.values())
    # 201 elements lie in these prefixes, one of them in a blacklisted region
    assert positives == 200
    assert dataset.metadata["matching"]["largest_gc_difference_of_a_pair"] <= 0.02
