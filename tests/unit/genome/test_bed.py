"""BED line by line: every variant of the format, and every fault with its line."""

from __future__ import annotations

import gzip

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import BedRecord, Interval, read_bed, read_intervals

PEAK = ("chr1", "9", "19", ".", "346", ".", "54.28", "-1", "0.8", "4")

GOOD = {
    "nothing": ("", []),
    "only a track line": ("track name=x\n", []),
    "BED3": ("chr1\t0\t10\n", [BedRecord(Interval("chr1", 0, 10), ".", None, ("chr1", "0", "10"), 1)]),
    "empty interval": ("chr1\t5\t5\n", [BedRecord(Interval("chr1", 5, 5), ".", None, ("chr1", "5", "5"), 1)]),
    "BED6": (
        "chr1\t0\t10\ta b\t7.5\t-\n",
        [BedRecord(Interval("chr1", 0, 10, "-"), "a b", 7.5, ("chr1", "0", "10", "a b", "7.5", "-"), 1)],
    ),
    "BED12": (
        "chr1\t0\t10\tn\t0\t+\t2\t8\t255,0,0\t2\t3,4\t0,6\n",
        [
            BedRecord(
                Interval("chr1", 0, 10, "+"),
                "n",
                0.0,
                ("chr1", "0", "10", "n", "0", "+", "2", "8", "255,0,0", "2", "3,4", "0,6"),
                1,
            )
        ],
    ),
    "narrowPeak": (
        "chr1\t9\t19\t.\t346\t.\t54.28\t-1\t0.8\t4\n",
        [
            BedRecord(
                Interval("chr1", 9, 19),
                ".",
                346.0,
                PEAK,
                1,
            )
        ],
    ),
    "header lines": (
        "browser position chr1\n\ntrack name=a\n#remark\nchrom\tstart\tend\nchr1\t1\t2\n",
        [BedRecord(Interval("chr1", 1, 2), ".", None, ("chr1", "1", "2"), 6)],
    ),
    "title with blanks": (
        "chrom\t start\t stop\nchr1\t1\t2\n",
        [BedRecord(Interval("chr1", 1, 2), ".", None, ("chr1", "1", "2"), 2)],
    ),
    "blanks": ("chr1 1   2 n\n", [BedRecord(Interval("chr1", 1, 2), "n", None, ("chr1", "1", "2", "n"), 1)]),
    "blanks in one line only": (
        "chr1\t1\t2\nchr1 3 4\n",
        [
            BedRecord(Interval("chr1", 1, 2), ".", None, ("chr1", "1", "2"), 1),
            BedRecord(Interval("chr1", 3, 4), ".", None, ("chr1", "3", "4"), 2),
        ],
    ),
    "leading blanks": ("  chr1 1 2\n", [BedRecord(Interval("chr1", 1, 2), ".", None, ("chr1", "1", "2"), 1)]),
    "blanks around numbers": (
        "chr1\t 1\t2 \tn\n",
        [BedRecord(Interval("chr1", 1, 2), "n", None, ("chr1", " 1", "2 ", "n"), 1)],
    ),
    "leading zeros": (
        "chr1\t007\t010\n",
        [BedRecord(Interval("chr1", 7, 10), ".", None, ("chr1", "007", "010"), 1)],
    ),
    "windows": (
        "chr1\t1\t2\tn\r\n",
        [BedRecord(Interval("chr1", 1, 2), "n", None, ("chr1", "1", "2", "n"), 1)],
    ),
    "no last line end": ("chr1\t1\t2", [BedRecord(Interval("chr1", 1, 2), ".", None, ("chr1", "1", "2"), 1)]),
    "tabs at the end": (
        "chr1\t1\t2\t\t\t\n",
        [BedRecord(Interval("chr1", 1, 2), ".", None, ("chr1", "1", "2", "", "", ""), 1)],
    ),
    "a contig named track": (
        "track\t1\t2\n",
        [BedRecord(Interval("track", 1, 2), ".", None, ("track", "1", "2"), 1)],
    ),
    "a contig named chrom": (
        "chrom\t1\t2\n",
        [BedRecord(Interval("chrom", 1, 2), ".", None, ("chrom", "1", "2"), 1)],
    ),
    "sixth column is something else": (
        "chr1\t1\t2\tn\t.\tPLS,CTCF-bound\n",
        [BedRecord(Interval("chr1", 1, 2), "n", None, ("chr1", "1", "2", "n", ".", "PLS,CTCF-bound"), 1)],
    ),
    "odd names": (
        "$(rm)\t1\t2\t-x 'q\"\n",
        [BedRecord(Interval("$(rm)", 1, 2), "-x 'q\"", None, ("$(rm)", "1", "2", "-x 'q\""), 1)],
    ),
    "not ASCII": (
        "chrÄ\t1\t2\tβ\n",
        [BedRecord(Interval("chrÄ", 1, 2), "β", None, ("chrÄ", "1", "2", "β"), 1)],
    ),
}

BAD = {
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
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(("content", "records"), GOOD.values(), ids=GOOD)
def test_records(tmp_path, content, records, pack):
    path = tmp_path / "some.bed"
    path.write_bytes(pack(content.encode()))
    assert list(read_bed(path)) == records


@pytest.mark.parametrize(("content", "records"), GOOD.values(), ids=GOOD)
def test_the_table_has_the_same_rows(tmp_path, content, records):
    path = tmp_path / "some.bed"
    path.write_bytes(content.encode())
    table = read_intervals(path)
    assert list(table) == [record.interval for record in records]
    assert table.names == [record.name for record in records]
    assert table.lines.tolist() == [record.line for record in records]
    assert [None if score != score else score for score in table.scores.tolist()] == [
        record.score for record in records
    ]


@pytest.mark.parametrize(
    "reader", [lambda path: list(read_bed(path)), read_intervals], ids=["records", "table"]
)
@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_faults_are_named_with_their_line(tmp_path, content, message, reader):
    path = tmp_path / "some.bed"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        reader(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "reader", [lambda path: list(read_bed(path)), read_intervals], ids=["records", "table"]
)
def test_other_encodings_are_refused(tmp_path, reader):
    path = tmp_path / "some.bed"
    path.write_text("chr1\t1\t2\n", encoding="utf-16")
    with pytest.raises(InputError, match="line 1: the text is UTF-16"):
        reader(path)
    path.write_bytes(b"chr1\t1\t2\nM\xfcller 1 2\n")
    with pytest.raises(InputError, match="line 2: the text is not UTF-8"):
        reader(path)
