"""A page stays under its bound, and says what is not on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from written_runs import many_variants, write_record, write_rows, write_scan, write_variants

import dnabert_enhancer as de
from dnabert_enhancer.interpret.attributions import REGION_COLUMNS
from dnabert_enhancer.reporting.bound import bounded_page
from dnabert_enhancer.reporting.build import SECTIONS
from dnabert_enhancer.reporting.page import page_of
from dnabert_enhancer.reporting.run import find_runs
from dnabert_enhancer.reporting.section import ReportSettings, Section


def with_logos(prefix: Path, number: int, size: int) -> Path:
    """Write an interpretation with so many logos of so many bytes."""
    write_record(prefix, "interpret")
    row = ["b", "chr1", 25, 45, 0.75, 20, 1.5, 30, "31A>C", -0.5, ""]
    write_rows(Path(f"{prefix}.regions.tsv"), REGION_COLUMNS, [row])
    for rank in range(1, number + 1):
        Path(f"{prefix}.logo-{rank}.svg").write_bytes(b"<svg>" + b"x" * (size - 11) + b"</svg>")
    return prefix


def written(tmp_path: Path, *runs: Path, **keywords: float) -> str:
    de.report(runs, tmp_path / "page.html", browser=False, **keywords)
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_ten_megabytes_by_default_however_many_logos(tmp_path: Path) -> None:
    page = written(tmp_path, with_logos(tmp_path / "r", 60, 300_000))  # 400,000 bytes each as text: 24 MB
    shown = re.findall("region ([0-9]+) by rank", page)
    assert len(page.encode()) <= 10_000_000
    assert shown == [str(rank) for rank in range(1, 25)]  # 24 take 9.6 MB, and the rest of the page under 0.4
    said = "36 of 60 pictures are left out, so that this page stays under 10 MB; they are in the run"
    assert said in page
    assert "r.logo-25.svg to r.logo-60.svg" in page


def test_another_bound_holds_them_all(tmp_path: Path) -> None:
    page = written(tmp_path, with_logos(tmp_path / "r", 60, 300_000), megabytes=25)
    assert len(re.findall("region [0-9]+ by rank", page)) == 60
    assert "left out" not in page


def test_the_first_logos_of_each_run_are_kept(tmp_path: Path) -> None:
    runs = [with_logos(tmp_path / name, 5, 300_000) for name in "ab"]
    page = written(tmp_path, *runs, megabytes=1.7)  # four of them take 1.6 MB
    assert re.findall("region ([0-9]+) by rank", page) == ["1", "2", "1", "2"]
    assert "a.logo-3.svg to a.logo-5.svg" in page
    assert "b.logo-3.svg to b.logo-5.svg" in page


def test_a_long_table_is_cut_to_its_best_rows_and_says_so(tmp_path: Path) -> None:
    run = write_variants(tmp_path / "v", many_variants(3000), {"chr1": 5000})
    whole, page = written(tmp_path, run), written(tmp_path, run, megabytes=0.3)
    assert len(whole.encode()) > 300_000
    assert len(page.encode()) <= 300_000
    (rows,) = re.findall(
        "The table Variants is cut to ([0-9,]+) rows, so that this page stays under 0.3 MB", page
    )
    assert f"The best {rows} of 3,000 rows" in " ".join(page.split())
    assert "all of them are in v.tsv.gz" in page
    assert '"3000.0"' in page or '"-3000.0"' in page  # the best row is there


def test_a_page_that_fits_is_as_it_was(tmp_path: Path) -> None:
    settings = ReportSettings(browser=False)
    (run,) = find_runs(with_logos(tmp_path / "r", 3, 3000))
    sections = [SECTIONS[run.command](run, settings)]

    def page(part: list[Section]) -> str:
        return page_of(part, settings)

    assert bounded_page(sections, page, len(page(sections).encode())) == page(sections)


def test_tables_keep_the_room_that_pictures_leave(tmp_path: Path) -> None:
    calls = [("chr1", at, at + 1, 0.5) for at in range(3000)]
    runs = [write_scan(tmp_path / "s", calls, {"chr1": 5000}), with_logos(tmp_path / "r", 3, 3000)]
    whole = len(written(tmp_path, *runs).encode())
    page = written(tmp_path, *runs, megabytes=(whole - 5000) / 1e6)
    (rows,) = re.findall("is cut to ([0-9,]+) rows", page)
    assert rows == "1,000"  # half of what a page shows
    assert len(re.findall("region [0-9]+ by rank", page)) == 3


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_bound_is_above_nothing(value: float) -> None:
    with pytest.raises(de.InputError, match="megabytes"):
        ReportSettings(megabytes=value)
