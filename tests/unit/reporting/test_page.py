"""The page (page, build, methods, picture, section, browser, scan_section, variant_section)."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from written_runs import many_variants, write_record, write_scan, write_variants

import dnabert_enhancer as de

CODE = "<script>alert(1)</script>"
SIZES = {"chr1": 5000, "chr2": 3000}
CALLS = [("chr1", 100, 400, 0.75), ("chr2", 50, 250, 0.875), ("chr1", 900, 1200, 0.5)]


class Reader(HTMLParser):
    """The page as a browser reads it: its tags, texts and scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            entry, text = self.scripts[-1]
            self.scripts[-1] = (entry, text + data)
        else:
            self.texts.append(data)

    @property
    def tables(self) -> dict[str, Any]:
        found = {entry["id"]: json.loads(text) for entry, text in self.scripts if "id" in entry}
        return {name: value for name, value in found.items() if str(name).startswith("table-")}


def page_of(tmp_path: Path, *runs: Path, **keywords: Any) -> str:
    de.report(runs, tmp_path / "page.html", **{"browser": False, **keywords})
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_sentence_figures_and_tables_of_a_scan(tmp_path: Path) -> None:
    page = page_of(tmp_path, write_scan(tmp_path / "scan", CALLS, SIZES))
    text = " ".join(" ".join(Reader(page).texts).split())
    assert "Where in 8,000 bases of genome.fa does the DNA look like an enhancer to a-model?" in text
    assert "3 calls, 375 per Mb" in text  # 3 in 8 kb
    assert "10.0 % of the scanned bases called (800 bp)" in text
    assert "0.875 highest probability" in text
    (table,) = Reader(page).tables.values()
    assert [row[:3] for row in table["rows"]] == [
        ["chr2", "50", "250"],
        ["chr1", "100", "400"],
        ["chr1", "900", "1200"],
    ]
    assert table["place"] == [0, 1, 2, 0]
    for said in ("digest " + "cd" * 32, "SHA-256 " + "ab" * 32, "dnabert-enhancer 0.", "10.1101/2025.03"):
        assert said in text


def test_the_page_holds_the_best_rows_and_says_so(tmp_path: Path) -> None:
    rows = many_variants(5000)
    page = page_of(tmp_path, write_variants(tmp_path / "v", rows, SIZES))
    (table,) = Reader(page).tables.values()
    names = [column["name"] for column in table["columns"]]
    found = [abs(float(row[names.index("LogitDifference")])) for row in table["rows"]]
    assert found == [float(size) for size in range(5000, 3000, -1)]
    assert "The best 2,000 of 5,000 rows" in " ".join(page.split())
    assert "<code>v.tsv.gz</code>" in page


def test_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    runs = [
        write_scan(tmp_path / "scan", CALLS, SIZES),
        write_variants(tmp_path / "v", many_variants(30), SIZES),
    ]
    assert page_of(tmp_path, *runs) == page_of(tmp_path, *runs, runs[0])


def hostile(text: str, tmp_path: Path) -> list[Path]:
    """Return runs that have a text wherever a user's own can come in: more than twenty places."""
    name = text.replace("/", "⁄")  # file names hold no slash
    variant = dict.fromkeys(("chrom", "dbsnp_id", "reference_nucleotide", "gene", "annotations"), text)
    variant |= dict.fromkeys(("alternative_nucleotide", "model", "motifs", "class", "strand"), text)
    variant |= dict.fromkeys(("transcription_factor", "region_coordinates", "skipped"), text)
    variant |= {"predicted_functional_effect": text, "pos": 7, "LogitDifference": 1.5}
    variant |= {"reference_probability": 0.5, "alternative_probability": 0.75}
    record = {
        "command_line": ["predict", text],
        "started": text,
        "versions": {"dnabert-enhancer": "0.1.0", text: text},
        "inputs": [{"role": "genome", "path": text, "sha256": text}, {"role": text, "path": text}],
        "skipped": {text: 3},
        "model": {"name": text, "digest": text},
        "tf_models": {text: {"digest": text, "name": text}},
        "engine": {"backend": text, "device": text},
        "databases": {text: {"citation": f"{text}, doi:{text}"}},
    }
    scan = write_scan(tmp_path / f"s{name}", [(text, 5, 10, 0.5), ("chr2", 1, 2, 0.5)], {text: 50}, **record)
    return [scan, write_variants(tmp_path / f"v{name}", [variant], {text: 50}, **record)]


@pytest.mark.parametrize(
    "text",
    [CODE, "</script><img src=x onerror=alert(1)>", "\"'><svg onload=alert(1)>", "]]>\u2028 $x$ {{7*7}}"],
)
def test_what_comes_from_runs_stays_text(text: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    harmless = Reader(page_of(tmp_path, *hostile("word", plain), title="word"))
    page = page_of(tmp_path, *hostile(text, tmp_path / "hostile"), title=text)
    read = Reader(page)
    # the same tags and attributes: nothing of the text became one
    assert [(tag, sorted(attributes)) for tag, attributes in read.tags] == [
        (tag, sorted(attributes)) for tag, attributes in harmless.tags
    ]
    assert len(read.scripts) == len(harmless.scripts)
    assert "{{7*7}}" not in text or "49}}" not in page
    shown = text.replace("/", "⁄")
    rows = [row for table in read.tables.values() for row in table["rows"]]
    assert sum(cell == text for row in rows for cell in row) == 15
    assert "".join(read.texts).count(text) + "".join(read.texts).count(shown) >= 20
    assert all(part not in html.unescape(json.dumps(read.scripts[-1])) for part in (CODE,))
    for entry, script in read.scripts:
        if entry.get("type") == "application/json":
            assert re.search("[<>&\u2028]", script) is None


def test_the_policy_names_each_script_and_lets_nothing_else_in(tmp_path: Path) -> None:
    import base64
    import hashlib

    page = page_of(tmp_path, write_scan(tmp_path / "scan", CALLS, SIZES))
    read = Reader(page)
    (policy,) = (
        str(entry["content"]) for tag, entry in read.tags if "Content-Security-Policy" in entry.values()
    )
    run = [text for entry, text in read.scripts if entry.get("type") != "application/json"]
    known = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in run}
    rules = {rule.split()[0]: set(rule.split()[1:]) for rule in policy.split(";")}
    assert rules["script-src"] == known
    assert rules["default-src"] == {"'none'"}
    addresses = [value for _, entry in read.tags for key, value in entry.items() if key in ("src", "href")]
    assert [
        one for one in addresses if not str(one).startswith(("#", "data:image/svg", "https://doi.org/"))
    ] == []
    assert all(tag == "a" for tag, entry in read.tags if str(entry.get("href", "")).startswith("https:"))


def test_runs_of_different_genomes_are_refused(tmp_path: Path) -> None:
    runs = [
        write_scan(tmp_path / "a", CALLS, SIZES),
        write_scan(tmp_path / "b", CALLS, SIZES | {"chr1": 6000}),
    ]
    with pytest.raises(de.InputError) as caught:
        page_of(tmp_path, *runs)
    assert "chr1 has 6,000 bases here and 5,000 in" in str(caught.value)
    assert not (tmp_path / "page.html").exists()
    vcfs = [write_variants(tmp_path / str(size), many_variants(3), {"chr1": size}) for size in (5000, 6000)]
    with pytest.raises(de.InputError, match="chr1 has 6,000 bases here and 5,000 in"):
        page_of(tmp_path, *vcfs)


def test_a_header_that_is_wrong_about_a_contig_is_noted(tmp_path: Path) -> None:
    vcf = write_variants(tmp_path / "v", many_variants(3), {"chr1": 123, "chr2": 3000, "chr3": 10})
    page = page_of(tmp_path, vcf, write_scan(tmp_path / "s", CALLS, SIZES))
    notes = re.findall("<li>(The header of the VCF .*)</li>", page)
    said = "The header of the VCF says that chr1 has 123 bases, but it has 5,000 in another run"
    assert [note.startswith(said) for note in notes] == [True]


def test_a_damaged_track_and_an_unknown_command_are_refused(tmp_path: Path) -> None:
    run = write_scan(tmp_path / "a", CALLS, SIZES)
    Path(f"{run}.bw").write_bytes(b"no track")
    with pytest.raises(de.InputError, match=r"a\.bw: this is no bigWig file"):
        page_of(tmp_path, run)
    with pytest.raises(de.InputError, match="a report shows no runs of tokenize"):
        page_of(tmp_path, write_record(tmp_path / "b", "tokenize"))


def test_a_scan_without_calls_and_threshold(tmp_path: Path) -> None:
    run = write_scan(tmp_path / "a", [], SIZES, calls_made_with={"threshold": None})
    page = page_of(tmp_path, run)
    assert "All 0 rows" in " ".join(page.split())


def test_the_number_of_rows_is_said_in_words_that_fit_it(tmp_path: Path) -> None:
    for count, said in ((1, "The one row of"), (2, "All 2 rows of")):
        page = page_of(tmp_path, write_scan(tmp_path / str(count), CALLS[:count], SIZES))
        assert said in " ".join(page.split())
