"""The best rows of tables of any length, and their cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_runs import write_rows

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.reporting.table import POSITION, Table, best_rows, number


def test_the_best_rows_are_kept_in_their_order_and_all_are_seen(tmp_path: Path) -> None:
    rows = [("a", 2), ("b", 9), ("c", "NA"), ("d", 9), ("e", -1)]
    write_rows(tmp_path / "t.tsv", ("name", "x"), rows)
    seen: list[str] = []
    table = best_rows(
        tmp_path / "t.tsv",
        "T",
        3,
        lambda row: number(row["x"]),
        watch=lambda row: seen.append(row["name"]),
    )
    assert [row[0] for row in table.rows] == ["b", "d", "a"]
    assert (table.total, seen) == (5, list("abcde"))
    assert [row[0] for row in best_rows(tmp_path / "t.tsv", "T", 2).rows] == ["a", "b"]


def test_what_the_script_gets(tmp_path: Path) -> None:
    rows = [["chr1", "5", "0.5", "NA", "A" * 300], ["chr2", "6", "inf", "", "x"]]
    table = Table("T", "t.tsv", ("chrom", "pos", "p", "none", "ref"), rows, 2, place=POSITION, hidden=("p",))
    data = table.data()
    assert [column["number"] for column in data["columns"]] == [False, True, True, False, False]
    assert [column["shown"] for column in data["columns"]] == [True, True, False, False, True]
    assert data["rows"][0] == ["chr1", "5", "0.5", None, "A" * 200 + "… (300 characters)"]
    assert data["place"] == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\tb\n1\n", "line 2: the row has 1 columns, the titles are 2"),
        ("", "has no titles"),
        ("a\n1\n", "has no column 'b'"),
        ("a\tb\n1\tx\n", "line 2: a number is expected"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        best_rows(path, "T", 5, lambda row: number(row["b"]), needed=("b",))
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
