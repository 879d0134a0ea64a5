"""The genome browser of a page: its data, and the script as igv-notebook carries it."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import pytest
from written_runs import write_record, write_rows, write_scan

import dnabert_enhancer as de
from dnabert_enhancer.interpret import REGION_COLUMNS
from dnabert_enhancer.reporting import browser
from dnabert_enhancer.reporting.build import SECTIONS
from dnabert_enhancer.reporting.run import find_runs
from dnabert_enhancer.reporting.section import ReportSettings, Section

CALLS = [("chr1", 100, 400, 0.75), ("<b>", 50, 250, 0.875)]
SIZES = {"chr1": 50_000, "<b>": 3000}


@pytest.fixture
def scan(tmp_path: Path) -> Section:
    (run,) = find_runs(write_scan(tmp_path / "<i>", CALLS, SIZES))
    return SECTIONS[run.command](run, ReportSettings())


def test_places_and_signal_around_them(scan: Section) -> None:
    made = browser.data_of([scan])
    assert made is not None
    signal, calls = made["options"]["tracks"]
    assert made["contigs"] == SIZES
    assert made["options"]["locus"] == "<b>:1-2250"
    assert [(one["chr"], one["start"], one["end"]) for one in calls["features"]] == [
        ("<b>", 50, 250),
        ("chr1", 100, 400),
    ]
    assert {one["value"] for one in signal["features"]} == {0.25}
    assert "<" not in signal["name"] + calls["name"]
    assert (signal["autoscale"], signal["min"], signal["max"]) == (False, 0, 1)


def test_values_and_importance_have_an_axis_of_their_own(tmp_path: Path) -> None:
    scan = {"window_length": 200, "task": "regression"}
    (values,) = find_runs(write_scan(tmp_path / "values", CALLS, SIZES, scan=scan))
    write_scan(tmp_path / "peaks", CALLS, SIZES)
    (explained,) = find_runs(write_record(tmp_path / "peaks", "interpret"))
    row = ["b", "chr1", 25, 45, 0.75, 20, 1.5, 30, "31A>C", -0.5, ""]
    write_rows(tmp_path / "peaks.regions.tsv", REGION_COLUMNS, [row])
    sections = [SECTIONS[run.command](run, ReportSettings()) for run in (values, explained)]
    made = browser.data_of(sections)
    assert made is not None
    signals = [one for one in made["options"]["tracks"] if one["type"] == "wig"]
    assert [one["name"] for one in signals] == ["Scan values", "Interpretation peaks"]
    assert all(one["autoscale"] and "max" not in one for one in signals)
    assert [len(section.contigs) for section in sections] == [2, 2]


def test_no_browser_without_places_or_where_it_is_not_wanted(scan: Section) -> None:
    assert browser.browser_of([scan], False) is None
    assert browser.data_of([]) is None


def test_a_browser_that_is_missing_is_said(scan: Section, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PACKAGE", "no-such-package")
    assert browser.browser_of([scan], None) is None
    with pytest.raises(de.ResourceError, match=r"pip install '\.\[report\]' in a clone"):
        browser.browser_of([scan], True)


def test_the_page_holds_the_script(scan: Section, tmp_path: Path) -> None:
    try:
        metadata.version(browser.PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip("igv-notebook is not installed")
    de.report(scan.run.base.removesuffix("."), tmp_path / "page.html", browser=True)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'id="igv-data">(.*?)</script>', page)
    assert json.loads(data)["contigs"] == SIZES
    assert "window.igv=" in page
    assert len(page) < 3_000_000
