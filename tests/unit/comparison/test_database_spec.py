"""What users say about databases: options, manifests (preset, loading, settings)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.comparison.conftest import make_elements

from dnabert_enhancer.comparison import Selection, check_different, parse_database, read_manifest
from dnabert_enhancer.comparison.offset_checks import sign_of_one_base, sign_of_shifted_start
from dnabert_enhancer.errors import InputError


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    path = tmp_path / "a,b.bed"
    path.write_text("chr1\t5\t9\n")
    return path


def test_all_that_can_be_said(bed: Path) -> None:
    found = parse_database(
        f"my name={bed},preset=TABLE,assembly=GRCh37,cell=CD4+, T,cell=K562,class=a,min_score=2,base=1,"
        "chrom=c,name=5",
        "hg38",
    )
    assert (found.name, found.path, found.preset.name, found.assembly) == (
        "my name",
        str(bed),
        "table",
        "hg19",
    )
    assert found.selection == Selection(
        cells=("CD4+, T", "K562"), kinds=("a",), min_score=2.0, base=1, columns={"chrom": "c", "name": "5"}
    )


def test_assembly_is_the_presets_then_that_of_the_calls(bed: Path) -> None:
    assert parse_database(f"x={bed},preset=dbsuper", "hg38").assembly == "hg19"
    assert parse_database(f"x={bed}", "hg38").assembly == "hg38"
    assert parse_database(f"x={bed}", "hg38").guessed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file.bed", "'file.bed' does not name a database"),
        ("x=", "'x=' does not name a database"),
        ("=BED", "'' cannot name a database"),
        ("a\tb=BED", "cannot name a database"),
        ("x" * 81 + "=BED", "cannot name a database"),
        ("x=BED,presett=bed", "'presett' is not a key"),
        ("x=BED,preset=nothing", "there is no preset 'nothing'"),
        ("x=BED,base=2", "base=2 is neither 0 nor 1"),
        ("x=BED,min_score=high", "min_score=high is not a number"),
        ("x=BED,preset=bed,preset=bed", "preset= is given twice"),
        ("x=BED,cell=", "cell= has no value"),
    ],
)
def test_what_cannot_be_meant_is_refused(bed: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_database(
            text.replace("BED", str(bed.with_name("nothing.bed") if "presett" in text else bed)), "hg38"
        )
    assert said in str(caught.value)
    assert caught.value.remedy


def test_manifest_with_files_beside_it(tmp_path: Path, bed: Path) -> None:
    bed.rename(tmp_path / "a.bed")
    manifest = tmp_path / "m.tsv"
    manifest.write_text(
        "# databases\nname\tfile\tcell\tassembly\tname_column\nA\ta.bed\tx|y\t\t\n\nB\ta.bed\t\thg19\t4\n"
    )
    one, two = read_manifest(manifest, "hg38")
    assert (one.name, one.path, one.assembly) == ("A", str(tmp_path / "a.bed"), "hg38")
    assert one.selection.cells == ("x", "y")
    assert (two.assembly, two.selection.columns) == ("hg19", {"name": "4"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the titles 'name' and 'file' are missing"),
        ("name\tpath\n", "the column 'path' is unknown"),
        ("name\tfile\n", "the manifest has no rows"),
        ("name\tfile\nA\t\n", "line 2: the name or the file is empty"),
    ],
)
def test_manifests_that_say_nothing(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "m.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_manifest(path, "hg38")


def test_same_database_twice_is_refused_but_two_cells_of_it_are_two(tmp_path: Path, bed: Path) -> None:
    copy = tmp_path / "copy.bed"
    copy.write_bytes(bed.read_bytes())
    with pytest.raises(InputError, match="A and B are the same database"):
        check_different([parse_database(f"A={bed}", "hg38"), parse_database(f"B={copy}", "hg38")])
    with pytest.raises(InputError, match="the name 'a' is given to two databases"):
        check_different([parse_database(f"A={bed}", "hg38"), parse_database(f"a={copy}", "hg19")])
    check_different([parse_database(f"{c}={bed},preset=endb-bed,cell={c}", "hg38") for c in "AB"])


def one_based(start, length):
    return [("a", int(s), int(s) + length - 1) for s in start]


@pytest.mark.parametrize(
    ("rows", "sign"),
    [
        (one_based(np.arange(30) * 37 + 5, 200), "one short of a multiple of ten"),
        (
            [("a", 200 * n + 1, 200 * n + 200 + 200 * (n % 3)) for n in range(30)],
            "one short of a multiple of ten",
        ),
        ([("a", 200 * n, 200 * n + 200) for n in range(30)], None),
        ([("a", 7 * n, 7 * n + 13 + n) for n in range(30)], None),
        (one_based(np.arange(5), 200), None),
    ],
)
def test_starts_from_one_are_suspected_by_lengths(rows, sign) -> None:
    found = sign_of_one_base(make_elements(rows, ["a"]))
    assert found is None if sign is None else sign in found


def test_starts_from_one_are_suspected_by_elements_without_length() -> None:
    given = make_elements([("a", 5, 9)] * 10, ["a"])
    given.counts["zero_length"] = 4
    assert "4 elements have their start equal to their end" in sign_of_one_base(given)


def test_starts_from_one_are_suspected_beside_the_calls(effective_of, placed) -> None:
    effective = effective_of({"a": 10_000})
    ends = [100 * n + 50 + n for n in range(1, 40)]
    calls = placed(effective, [("a", end - 33, end) for end in ends])
    late = placed(effective, [("a", end - 32, end) for end in ends])
    assert "the database may be 1-based" in sign_of_shifted_start(calls, late)
    assert "the calls may be 1-based" in sign_of_shifted_start(late, calls)
    assert sign_of_shifted_start(calls, calls) is None
