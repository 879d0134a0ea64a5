"""The table of regions: what the reader takes from BED, blocks of any size (bed, bed_reader)."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import (
    ContigNames,
    Interval,
    frame_of_intervals,
    place_regions,
    read_regions,
    regions,
)

SIZES = {"chr2": 1000, "chr1": 500, "chrM": 16_569}

GOOD = {  # content, and of each row: interval, name, score, line
    "nothing": ("", []),
    "only a track line": ("track name=x\n", []),
    "BED3": ("chr1\t0\t10\n", [(Interval("chr1", 0, 10), ".", None, 1)]),
    "empty interval": ("chr1\t5\t5\n", [(Interval("chr1", 5, 5), ".", None, 1)]),
    "BED6": ("chr1\t0\t10\ta b\t7.5\t-\n", [(Interval("chr1", 0, 10, "-"), "a b", 7.5, 1)]),
    "BED12": (
        "chr1\t0\t10\tn\t0\t+\t2\t8\t255,0,0\t2\t3,4\t0,6\n",
        [(Interval("chr1", 0, 10, "+"), "n", 0.0, 1)],
    ),
    "narrowPeak": (
        "chr1\t9\t19\t.\t346\t.\t54.28\t-1\t0.8\t4\n",
        [(Interval("chr1", 9, 19), ".", 346.0, 1)],
    ),
    "header lines": (
        "browser position chr1\n\ntrack name=a\n#remark\nchrom\tstart\tend\nchr1\t1\t2\n",
        [(Interval("chr1", 1, 2), ".", None, 6)],
    ),
    "header lines further down": (
        "chr1\t1\t2\n#remark\n \nchr2\t1\t2\ttrack\ntrack name=a\nchr1\t3\t4\n\n",
        [
            (Interval("chr1", 1, 2), ".", None, 1),
            (Interval("chr2", 1, 2), "track", None, 4),
            (Interval("chr1", 3, 4), ".", None, 6),
        ],
    ),
    "title with blanks": ("chrom\t start\t stop\nchr1\t1\t2\n", [(Interval("chr1", 1, 2), ".", None, 2)]),
    "blanks": ("chr1 1   2 n\n", [(Interval("chr1", 1, 2), "n", None, 1)]),
    "blanks in one line only": (
        "chr1\t1\t2\nchr1 3 4\n",
        [(Interval("chr1", 1, 2), ".", None, 1), (Interval("chr1", 3, 4), ".", None, 2)],
    ),
    "leading blanks": ("  chr1 1 2\n", [(Interval("chr1", 1, 2), ".", None, 1)]),
    "blanks around numbers": ("chr1\t 1\t2 \tn\n", [(Interval("chr1", 1, 2), "n", None, 1)]),
    "leading zeros": ("chr1\t007\t010\n", [(Interval("chr1", 7, 10), ".", None, 1)]),
    "windows": ("chr1\t1\t2\tn\r\n", [(Interval("chr1", 1, 2), "n", None, 1)]),
    "no last line end": ("chr1\t1\t2", [(Interval("chr1", 1, 2), ".", None, 1)]),
    "tabs at the end": ("chr1\t1\t2\t\t\t\n", [(Interval("chr1", 1, 2), ".", None, 1)]),
    "a contig named track": ("track\t1\t2\n", [(Interval("track", 1, 2), ".", None, 1)]),
    "a contig named chrom": ("chrom\t1\t2\n", [(Interval("chrom", 1, 2), ".", None, 1)]),
    "sixth column is something else": (
        "chr1\t1\t2\tn\t.\tPLS,CTCF-bound\n",
        [(Interval("chr1", 1, 2), "n", None, 1)],
    ),
    "rows of several lengths": (
        "chr1\t1\t2\nchr1\t3\t4\tn\t2\t-\tx\ty\nchr1\t5\t6\tm\n",
        [
            (Interval("chr1", 1, 2), ".", None, 1),
            (Interval("chr1", 3, 4, "-"), "n", 2.0, 2),
            (Interval("chr1", 5, 6), "m", None, 3),
        ],
    ),
    "scores that are not numbers": (
        "chr1\t1\t2\tn\t0.1\nchr1\t3\t4\tn\tx\nchr1\t3\t4\tn\t\n",
        [
            (Interval("chr1", 1, 2), "n", 0.1, 1),
            (Interval("chr1", 3, 4), "n", None, 2),
            (Interval("chr1", 3, 4), "n", None, 3),
        ],
    ),
    "odd names": (
        "$(rm)\t1\t2\t-x 'q\"\nNA\t3\t4\tNA\nnan\t3\t4\tnull\n",
        [
            (Interval("$(rm)", 1, 2), "-x 'q\"", None, 1),
            (Interval("NA", 3, 4), "NA", None, 2),
            (Interval("nan", 3, 4), "null", None, 3),
        ],
    ),
    "numbers as names": (
        "1\t1\t2\t007\n01\t1\t2\t7\n",
        [(Interval("1", 1, 2), "007", None, 1), (Interval("01", 1, 2), "7", None, 2)],
    ),
    "not ASCII": ("chrÄ\t1\t2\tβ\n", [(Interval("chrÄ", 1, 2), "β", None, 1)]),
}

BAD = {
    # ClinVar's identifiers are numbers, and so look like ends
    "VCF": ("##fileformat=VCFv4.1\n1\t69134\t2205837\tA\tG\n", "line 1: this is a VCF, not regions"),
    "VCF titles": ("#CHROM\tPOS\tID\tREF\tALT\n1\t69134\t2205837\tA\tG\n", "line 1: this is a VCF"),
    "one column": ("chr1\n", "line 1: 1 column where BED has at least 3"),
    "two columns": ("chr1\t0\t10\nchr1\t5\n", "line 2: 2 columns where BED has at least 3"),
    "negative start": ("chr1\t-5\t10\n", "line 1: the start -5 is negative"),
    "negative end": ("chr1\t5\t-10\n", "line 1: the end -10 is negative"),
    "end before start": ("#x\n\nchr1\t11\t10\n", "line 3: the end 10 is before the start 11"),
    "text": ("chr1\t0\t10\nchr1\tx\t10\n", "line 2: the start 'x' is not a whole number"),
    "point": ("chr1\t0\t10.5\n", "line 1: the end '10.5' is not a whole number"),
    "exponent": ("chr1\t1e6\t2000000\n", "line 1: the start '1e6' is not a whole number"),
    "thousands": ("chr1\t1,000\t2,000\n", "line 1: the start '1,000' is not a whole number"),
    "plus": ("chr1\t+1\t2\n", r"line 1: the start '\+1' is not a whole number"),
    "plus and blank": ("chr1\t1\t +2\n", r"line 1: the end ' \+2' is not a whole number"),
    "foreign digits": ("chr1\t١\t٢\n", "line 1: the start '١' is not a whole number"),
    "empty": ("chr1\t\t2\n", "line 1: the start '' is not a whole number"),
    "no contig": ("\t1\t2\n", "line 1: the first column, the contig, is empty"),
    "no number of this world": (
        "chr1\t1\t99999999999999999\n",
        "line 1: the end 99999999999999999 is beyond any contig",
    ),
    "more digits than a number has": (
        f"chr1\t1\t{'9' * 40}\n",
        "line 1: the end '9{40}' is not a whole number",
    ),
    "title further down": (
        "chr1\t1\t2\nchr2\tstart\tend\n",
        "line 2: the start 'start' is not a whole number",
    ),
    "not UTF-8": (b"chr1\t1\t2\nM\xfcller 1 2\n", "line 2: the text is not UTF-8"),
    "a name that is not UTF-8": (b"chr1\t1\t2\tM\xfcller\n", "line 1: the text is not UTF-8"),
    "UTF-16": ("chr1\t1\t2\n".encode("utf-16"), "line 1: the text is UTF-16"),
}


def bed(tmp_path, content: str | bytes):
    path = tmp_path / "some.bed"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(table):
    frame = table.frame
    scores = [None if score != score else score for score in frame["score"].tolist()]
    return list(zip(table, frame["name"].tolist(), scores, frame["line"].tolist(), strict=True))


@pytest.mark.parametrize("block_bytes", [1, 16, 1 << 22])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(("content", "expected"), GOOD.values(), ids=GOOD)
def test_rows(tmp_path, monkeypatch, content, expected, pack, block_bytes):
    monkeypatch.setattr(regions, "_BLOCK_BYTES", block_bytes)
    table = read_regions(bed(tmp_path, pack(content.encode())))
    assert rows(table) == expected
    assert list(table.frame.columns) == ["chrom", "start", "end", "name", "score", "strand", "line"]
    kinds = [str(kind) for kind in table.frame.dtypes]
    assert kinds == ["category", "int64", "int64", "object", "float64", "category", "int64"]


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_faults_are_named_with_their_line(tmp_path, content, message):
    path = bed(tmp_path, content)
    with pytest.raises(InputError, match=message) as caught:
        read_regions(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_with_a_genome_the_contigs_are_its_own(tmp_path):
    frame = read_regions(bed(tmp_path, "1\t0\t10\nchr2\t5\t1000\nMT\t1\t2\n"), SIZES).frame
    assert frame["chrom"].cat.categories.tolist() == ["chr2", "chr1", "chrM"]
    assert frame["chrom"].tolist() == ["chr1", "chr2", "chrM"]


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_without_a_genome_the_contigs_are_the_files(tmp_path, monkeypatch, block_bytes):
    monkeypatch.setattr(regions, "_BLOCK_BYTES", block_bytes)
    frame = read_regions(bed(tmp_path, "b\t0\t10\na\t5\t9\nb\t1\t2\n")).frame
    assert frame["chrom"].cat.categories.tolist() == ["b", "a"]
    assert frame["chrom"].cat.codes.tolist() == [0, 1, 0]


def test_names_alone_translate(tmp_path):
    table = read_regions(bed(tmp_path, "1\t0\t10\nx\t5\t9\n"), names=ContigNames(["chr1"]))
    assert table.frame["chrom"].tolist() == ["chr1", "x"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "chr1\t0\t10\nchr7\t0\t10\n",
            r"line 2: there is no contig 'chr7' in the genome; the genome has chr2, chr1, chrM; rename",
        ),
        ("chr1\t0\t501\n", r"line 1: the end 501 is beyond chr1 \(500 bp\); check that [^;]*$"),
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
    monkeypatch.setattr(regions, "_BLOCK_BYTES", block_bytes)
    with pytest.raises(InputError, match=message):
        read_regions(bed(tmp_path, content), SIZES)


def test_what_lies_outside_can_be_left_out_and_counted(tmp_path):
    path = bed(tmp_path, "chr1\t0\t10\na\t0\t1\nchr1\t490\t501\nb\t0\t9\nchr2\t0\t1000\tlast\n")
    table = read_regions(path, SIZES, skip_outside=True)
    assert list(table) == [Interval("chr1", 0, 10), Interval("chr2", 0, 1000)]
    assert table.frame["name"].tolist() == [".", "last"]
    assert table.frame["line"].tolist() == [1, 5]
    assert table.skipped == {"contig_not_in_genome": 2, "beyond_contig_end": 1}


# Bioconductor writes promoters at the beginning of a contig with a negative start
@pytest.mark.parametrize("odd", ["", "chr1 0 10\n"], ids=["by columns", "by line"])
def test_a_negative_start_lies_outside_as_well(tmp_path, odd):
    path = bed(tmp_path, f"chr1\t3\t4\nchr1\t-924\t400\nchr1\t-9\t-3\nx\t-1\t9\nchr1\t-1\t501\n{odd}")
    table = read_regions(path, SIZES, skip_outside=True)
    assert table.frame["start"].tolist() == [3, 0][: 2 if odd else 1]
    assert table.skipped == {"contig_not_in_genome": 1, "beyond_contig_end": 1, "negative_start": 2}
    with pytest.raises(InputError, match=r"line 2: the start -924 is negative \(3 more lines are wrong\)"):
        read_regions(path, SIZES)


@pytest.mark.parametrize("line", ["chr1\t-9\t4", "chr1\t5\t501", "chr9\t1\t2"])
def test_the_remedy_names_the_option_where_there_is_one(tmp_path, line):
    path = bed(tmp_path, line + "\n")
    with pytest.raises(InputError, match=r"; --skip-outside \(skip_outside=True in Python\) leaves out"):
        read_regions(path, SIZES, skip_outside=False)
    with pytest.raises(InputError) as caught:
        read_regions(path, SIZES)
    assert "skip" not in str(caught.value)


def test_a_wrong_line_stays_an_error_when_leaving_out(tmp_path):
    with pytest.raises(InputError, match="line 2: the end 4 is before the start 5"):
        read_regions(bed(tmp_path, "zzz\t1\t2\nchr1\t5\t4\n"), SIZES, skip_outside=True)


def test_details_can_be_left_unread(tmp_path):
    table = read_regions(bed(tmp_path, "chr1\t0\t10\tname\t5\t-\n"), details=False)
    assert list(table.frame.columns) == ["chrom", "start", "end", "line"]
    assert list(table) == [Interval("chr1", 0, 10)]


def test_further_columns_are_kept_as_text(tmp_path):
    path = bed(tmp_path, "chr1\t0\t10\tn\t5\t-\t7\t8\t9\t3\nchr1\t0\t10\n#\nchr1 1 2 n 0 + 7 8 9 4\n")
    frame = read_regions(path, further={"peak": 9}).frame
    assert frame["peak"].tolist() == ["3", "", "4"]
    assert frame.columns.tolist()[-2:] == ["peak", "line"]


def test_an_empty_file_is_an_empty_table(tmp_path):
    table = read_regions(bed(tmp_path, ""), SIZES)
    assert len(table) == 0
    assert table.frame["chrom"].cat.categories.tolist() == list(SIZES)


@pytest.mark.slow
def test_the_standard_input_is_read_once(tmp_path):
    program = (
        "from dnabert_enhancer.genome import read_regions; t = read_regions('-'); print(t.source, len(t))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=b"chr1\t0\t1\n#\nchr1\t1\t2\n", capture_output=True, check=True
    )
    assert run.stdout == b"standard input 2\n"


def test_a_table_of_intervals():
    intervals = [Interval("b", 5, 9, "+"), Interval("a", 7, 8, "-"), Interval("b", 5, 7)]
    frame = frame_of_intervals(intervals)
    assert frame["chrom"].cat.categories.tolist() == ["b", "a"]
    assert frame["strand"].tolist() == ["+", "-", "."]
    assert list(regions.RegionTable(frame)) == intervals


def test_a_users_table_is_placed_on_the_genome():
    given = pd.DataFrame({"chrom": ["1", "chr2", "MT"], "start": [0, 5, 1], "end": [10, 1000, 2], "x": "abc"})
    table = place_regions(given, SIZES)
    assert list(table) == [Interval("chr1", 0, 10), Interval("chr2", 5, 1000), Interval("chrM", 1, 2)]
    assert table.frame["chrom"].cat.categories.tolist() == list(SIZES)
    assert table.frame["x"].tolist() == ["abc"] * 3


@pytest.mark.parametrize(
    ("chrom", "start", "end", "message"),
    [
        (["chr1", "chr1"], [0, 5], [9, 501], r"regions, row 1: the end 501 is beyond chr1 \(500 bp\)"),
        (["x", "chr1"], [0, 5], [9, 501], r"row 0: there is no contig 'x' .* \(1 more row is wrong\)"),
        (["chr1", "chr1"], [0, -5], [9, 8], "row 1: the start -5 is negative; coordinates are 0-based"),
        (["chr1", "chr1"], [0, 7], [9, 6], "row 1: the end 6 is before the start 7"),
        (["chr1"], [0.5], [9], "column start of the table of regions holds float64, not whole numbers"),
    ],
)
def test_a_users_table_with_a_fault_is_refused(chrom, start, end, message):
    with pytest.raises(InputError, match=message):
        place_regions(pd.DataFrame({"chrom": chrom, "start": start, "end": end}), SIZES)


def test_of_a_users_table_what_lies_outside_can_be_left_out():
    given = pd.DataFrame(
        {"chrom": ["x", "1", "1", "1"], "start": [0, 0, 9, -1], "end": [10, 501, 10, 9]}
    ).assign(x=[1, 2, 3, 4])
    table = place_regions(given, SIZES, skip_outside=True)
    assert table.skipped == {"contig_not_in_genome": 1, "beyond_contig_end": 1, "negative_start": 1}
    assert table.frame["x"].tolist() == [3]


# not getrusage: its high-water mark is inherited from the test runner
BIG = """
import re, sys
from pathlib import Path
from dnabert_enhancer.genome import read_regions
frame = read_regions(sys.argv[1], {f"chr{n}": 3_000_000 for n in range(1, 25)}).frame
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1)) // 1024
print(len(frame), peak, frame["chrom"].iloc[-1], frame["start"].iloc[-1], int(frame["start"].sum()))
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
    count, megabytes, contig, last, total = run.stdout.split()
    assert int(count) == 10_000_000
    assert int(total) == int(starts.sum())
    assert (contig, int(last)) == ("chr20", int(starts[-1]))
    assert int(megabytes) < 1500


@pytest.mark.parametrize("column", ["chrom", "name", "score", "strand"])
def test_columns_that_look_like_numbers_stay_as_they_are_written(tmp_path: Path, column: str) -> None:
    """pandas infers numbers: 1 and 01 would be one contig, 007 the name 7, True a truth value."""
    texts = {
        "chrom": ["01", "1", "1", "01"],
        "name": ["007", "7", "1e2", "True"],
        "score": ["5", "1.5", "x", "1_0"],
    }
    kinds = {"chrom": "chr1", "name": "peak", "score": "0", "strand": "+"}
    rows = [kinds | ({column: texts[column][i]} if column in texts else {"strand": str(i)}) for i in range(4)]
    path = tmp_path / "a.bed"
    path.write_text("".join(f"{r['chrom']}\t5\t9\t{r['name']}\t{r['score']}\t{r['strand']}\n" for r in rows))
    frame = read_regions(path).frame
    expected = {
        "chrom": texts["chrom"],
        "name": texts["name"],
        "score": [5.0, 1.5, float("nan"), 10.0],
        "strand": ["."] * 4,
    }
    np.testing.assert_array_equal(frame[column].tolist(), expected[column])
