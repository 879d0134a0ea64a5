"""The vectorised BED reader: checks against a genome, blocks of any size, ten million lines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames, Interval, interval_reader, read_bed, read_intervals

SIZES = {"chr2": 1000, "chr1": 500, "chrM": 16_569}


def bed(tmp_path, content: str):
    path = tmp_path / "some.bed"
    path.write_text(content)
    return path


def test_with_a_genome_the_contigs_are_its_own(tmp_path):
    table = read_intervals(bed(tmp_path, "1\t0\t10\nchr2\t5\t1000\nMT\t1\t2\n"), SIZES)
    assert table.contigs == ["chr2", "chr1", "chrM"]
    assert table.contig_index.tolist() == [1, 0, 2]
    assert list(table.sorted()) == [
        Interval("chr2", 5, 1000),
        Interval("chr1", 0, 10),
        Interval("chrM", 1, 2),
    ]


def test_without_a_genome_the_contigs_are_the_files(tmp_path):
    table = read_intervals(bed(tmp_path, "b\t0\t10\na\t5\t9\nb\t1\t2\n"))
    assert table.contigs == ["b", "a"]
    assert table.contig_index.tolist() == [0, 1, 0]


def test_names_alone_translate(tmp_path):
    table = read_intervals(bed(tmp_path, "1\t0\t10\nx\t5\t9\n"), names=ContigNames(["chr1"]))
    assert table.contigs == ["chr1", "x"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "chr1\t0\t10\nchr7\t0\t10\n",
            r"line 2: there is no contig 'chr7' in the genome; the genome has chr2, chr1, chrM$",
        ),
        ("chr1\t0\t501\n", r"line 1: the end 501 is beyond chr1 \(500 bp\); check that"),
        (
            "chr1\t0\t10\nchr1\t5\t501\nchr9\t1\t2\nchr1\tx\t2\nchr1\t9\t8\nchr1\t3\t4\n",
            r"line 2: the end 501 is beyond chr1 \(500 bp\) \(3 more lines are wrong\)",
        ),
        ("chr1\t5\t4\nchr9\t0\t1\n", r"line 1: the end 4 is before the start 5 \(1 more line is wrong\)"),
        (
            "chr9\t0\t1\nchr1\t5\t4\n",
            r"line 1: there is no contig 'chr9' in the genome \(1 more line is wrong\)",
        ),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 20, 1 << 20])
def test_faults_are_counted_and_the_first_is_named(tmp_path, monkeypatch, content, message, block_bytes):
    monkeypatch.setattr(interval_reader, "_BLOCK_BYTES", block_bytes)
    with pytest.raises(InputError, match=message):
        read_intervals(bed(tmp_path, content), SIZES)


def test_what_lies_outside_can_be_left_out_and_counted(tmp_path):
    path = bed(tmp_path, "chr1\t0\t10\na\t0\t1\nchr1\t490\t501\nb\t0\t9\nchr2\t0\t1000\tlast\n")
    table = read_intervals(path, SIZES, skip_outside=True)
    assert list(table) == [Interval("chr1", 0, 10), Interval("chr2", 0, 1000)]
    assert table.names == [".", "last"]
    assert table.lines.tolist() == [1, 5]
    assert table.skipped == {"contig_not_in_genome": 2, "beyond_contig_end": 1}


def test_a_wrong_line_stays_an_error_when_leaving_out(tmp_path):
    with pytest.raises(InputError, match="line 2: the end 4 is before the start 5"):
        read_intervals(bed(tmp_path, "zzz\t1\t2\nchr1\t5\t4\n"), SIZES, skip_outside=True)


def test_details_can_be_left_unread(tmp_path):
    table = read_intervals(bed(tmp_path, "chr1\t0\t10\tname\t5\t-\n"), details=False)
    assert table.names == ["."]
    assert np.isnan(table.scores).all()
    assert table.strands.tolist() == ["-"]


def test_an_empty_file_is_an_empty_table(tmp_path):
    table = read_intervals(bed(tmp_path, ""), SIZES)
    assert len(table) == 0
    assert table.contigs == list(SIZES)
    assert table.names == []
    assert table.frame().columns.tolist() == ["contig", "start", "end", "name", "score", "strand", "line"]


@pytest.mark.parametrize("block_bytes", [1, 7, 50, 333, 1 << 22])
def test_the_size_of_the_blocks_does_not_matter(tmp_path, monkeypatch, block_bytes):
    rng = np.random.default_rng(5)
    lines = ["track name=x\n"]
    for number, start in enumerate(rng.integers(0, 10**6, 200).tolist()):
        contig = "chr" + "x" * int(rng.integers(0, 70)) if number % 7 == 0 else f"chr{number % 3}"
        separator = " " if number % 11 == 0 else "\t"
        strand = "+-."[number % 3]
        lines.append(
            separator.join([contig, str(start), str(start + number), f"n{number}", str(number / 8), strand])
            + "\n"
        )
        lines.append(["\n", "#remark\n", ""][number % 3])
    path = bed(tmp_path, "".join(lines))
    monkeypatch.setattr(interval_reader, "_BLOCK_BYTES", block_bytes)
    table = read_intervals(path)
    records = list(read_bed(path))
    assert len(table) == 200
    assert list(table) == [record.interval for record in records]
    assert table.names == [record.name for record in records]
    assert table.scores.tolist() == [record.score for record in records]
    assert table.lines.tolist() == [record.line for record in records]


# not getrusage: its high-water mark is inherited from the test runner
BIG = """
import re, sys
from pathlib import Path
from dnabert_enhancer.genome import read_intervals
table = read_intervals(sys.argv[1], {f"chr{n}": 3_000_000 for n in range(1, 25)})
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1)) // 1024
print(len(table), peak, table.interval(9_999_999), int(table.start.sum()))
"""


@pytest.mark.slow
def test_ten_million_lines_take_little_memory(tmp_path):
    path = tmp_path / "ten million.bed"
    starts = np.sort(np.random.default_rng(0).integers(0, 2_000_000, 10_000_000))
    with path.open("w") as stream:
        for first in range(0, len(starts), 100_000):
            contig = f"chr{first // 500_000 + 1}"
            stream.write(
                "".join(
                    f"{contig}\t{start}\t{start + 200}\n"
                    for start in starts[first : first + 100_000].tolist()
                )
            )
    run = subprocess.run([sys.executable, "-c", BIG, str(path)], capture_output=True, check=True, text=True)
    count, megabytes, last, total = run.stdout.split()
    assert int(count) == 10_000_000
    assert int(total) == int(starts.sum())
    assert last == f"chr20:{starts[-1]}-{starts[-1] + 200}"
    assert int(megabytes) < 900
