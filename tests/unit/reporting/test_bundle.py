"""The annotation bundle: its files, their dictionary, metadata and checksums (bundle, dictionary, crate)."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from written_runs import write_record, write_rows, write_scan, write_variants

import dnabert_enhancer as de
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.variants import CANDIDATE_COLUMNS

SIZES = {"chr1": 2000}
CALLS = [("chr1", 100, 300, 0.75), ("chr1", 700, 900, 0.5)]
AUTHORS = ("Curie, Marie", "The <b>lab</b>")


def runs(folder: Path) -> list[Path]:
    """Write a scan, and variants with two candidates, of which one has no TF and no gene."""
    candidate: dict[str, object] = {"chrom": "chr1", "pos": 5, "variant_start_0based": 4, "p_value": 1e-5}
    candidate |= {"variant_end_0based": 5, "dbsnp_id": "rs1", "gene": "G|1", "distance": -20}
    variants = write_variants(folder / "v", [candidate], SIZES)
    rows = [
        [row.get(name, "NA") for name in CANDIDATE_COLUMNS]
        for row in (candidate, {**candidate, "distance": "NA"})
    ]
    table = folder / "v.candidates.tsv"
    write_rows(table, CANDIDATE_COLUMNS, rows)
    table.write_text(f"# gains with q <= 0.05; best first\n{table.read_text()}", encoding="utf-8")
    return [write_scan(folder / "s", CALLS, SIZES), variants]


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("bundle")
    de.report(runs(folder), bundle=folder / "b.zip", authors=AUTHORS, title="Calls & co", licence="CC0-1.0")
    return read(folder / "b.zip") | {"track of the run": (folder / "s.bw").read_bytes()}


def test_files_are_those_of_the_runs_with_checksums(bundle: dict[str, bytes]) -> None:
    files = {name: data for name, data in bundle.items() if name != "track of the run"}
    sums = dict(reversed(line.split("  ")) for line in files.pop("sha256sums.txt").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert sorted(sums) == [
        *("CITATION.cff", "README.md", "data/predict_s.calls.tsv.gz", "data/predict_s.run.json"),
        *("data/predict_s.scores.bw", "data/score_variants_v.candidates.tsv.gz"),
        *("data/score_variants_v.run.json", "datapackage.json", "ro-crate-metadata.json"),
    ]
    assert files["data/predict_s.scores.bw"] == bundle["track of the run"]
    lines = gzip.decompress(files["data/predict_s.calls.tsv.gz"]).decode().split("\n")
    assert lines[0].startswith("chrom\tstart\tend\tname\tscore")
    assert lines[1].startswith("chr1\t100\t300\tcall_1\t750")
    candidates = gzip.decompress(files["data/score_variants_v.candidates.tsv.gz"]).decode()
    assert candidates.startswith("rank\tchrom\tpos\t")
    assert candidates.count("\n") == 3


def test_the_dictionary_has_the_type_and_the_meaning_of_each_column(bundle: dict[str, bytes]) -> None:
    package = json.loads(bundle["datapackage.json"])
    assert package["name"] == "calls-co"
    assert package["licenses"] == [{"name": "CC0-1.0", "path": "https://spdx.org/licenses/CC0-1.0"}]
    tables = {one["path"]: one for one in package["resources"] if "schema" in one}
    assert len(tables) == 2
    for path, table in tables.items():
        assert table["bytes"] == len(bundle[path])
        assert table["hash"] == f"sha256:{hashlib.sha256(bundle[path]).hexdigest()}"
        titles = gzip.decompress(bundle[path]).decode().split("\n")[0].split("\t")
        assert [field["name"] for field in table["schema"]["fields"]] == titles
    calls, candidates = (
        {field["name"]: field for field in table["schema"]["fields"]} for table in tables.values()
    )
    kinds = {name: calls[name]["type"] for name in ("chrom", "start", "maximum", "percentile")}
    assert kinds == {"chrom": "string", "start": "integer", "maximum": "number", "percentile": "string"}
    assert calls["summit"]["description"] == "centre of the highest window, counted from 0"
    kinds = {name: candidates[name]["type"] for name in ("distance", "p_value", "gene")}
    assert kinds == {"distance": "integer", "p_value": "number", "gene": "string"}
    told = next(iter(reversed(tables.values())))["description"]
    assert told.endswith("or below it. Gains with q <= 0.05; best first")


def test_metadata_say_who_made_what_from_what(bundle: dict[str, bytes]) -> None:
    graph = json.loads(bundle["ro-crate-metadata.json"])["@graph"]
    entities: dict[str, dict[str, Any]] = {entity["@id"]: entity for entity in graph}
    root = entities["./"]
    assert (root["name"], root["datePublished"]) == ("Calls & co", "2026-01-02")
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC0-1.0"}
    assert [entities[one["@id"]]["name"] for one in root["author"]] == [*AUTHORS]
    assert {"@id": "https://doi.org/10.1101/2025.03.18.644040"} in root["citation"]
    files = {one["@id"] for one in root["hasPart"]}
    assert files == {*bundle} - {"ro-crate-metadata.json", "track of the run"}
    scan, _ = (entities[one["@id"]] for one in root["mentions"])
    assert (scan["@type"], scan["startTime"]) == ("CreateAction", "2026-01-02T03:04:05+00:00")
    assert scan["description"].startswith("predict --output-prefix ")
    assert {one["@id"] for one in scan["result"]} == {name for name in files if "predict_s" in name}
    assert entities[scan["object"]["@id"]]["sha256"] == "ab" * 32
    assert entities[scan["instrument"]["@id"]]["version"] == de.__version__
    track = entities["data/predict_s.scores.bw"]
    assert track["sha256"] == hashlib.sha256(bundle["track of the run"]).hexdigest()


def test_people_can_read_and_cite_it(bundle: dict[str, bytes]) -> None:
    citation = yaml.safe_load(bundle["CITATION.cff"])
    assert citation["authors"] == [
        {"family-names": "Curie", "given-names": "Marie"},
        {"name": "The <b>lab</b>"},
    ]
    assert (citation["type"], citation["license"], citation["date-released"]) == (
        "dataset",
        "CC0-1.0",
        "2026-01-02",
    )
    assert citation["references"][0]["doi"] == "10.1101/2025.03.18.644040"
    text = bundle["README.md"].decode()
    assert "The \\<b\\>lab\\</b\\>" in text
    assert "    - `summit`: centre of the highest window, counted from 0" in text


def test_bytes_are_equal_each_time(tmp_path: Path) -> None:
    given = runs(tmp_path)
    for name in "ab":
        de.report(given, bundle=tmp_path / f"{name}.zip", authors=AUTHORS)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_missing_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, _ = runs(tmp_path)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    with pytest.raises(ResourceError, match="a bundle needs the package rocrate"):
        de.report(scan, bundle=tmp_path / "b.zip", authors=AUTHORS)
    assert sorted(tmp_path.iterdir()) == before


def test_what_cannot_be_a_bundle_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    scan, _ = runs(tmp_path)
    judged = write_record(tmp_path / "e", "evaluate", counts={"sequences": 1})
    write_rows(Path(f"{judged}.metrics.tsv"), ["method", "auroc"], [["m", 0.5]])
    before = sorted(tmp_path.iterdir())
    for run, keywords, said in (
        (scan, {}, "take nothing without an author"),
        (scan, {"authors": (" ",)}, "take nothing without an author"),
        (scan, {"authors": AUTHORS, "licence": "a b"}, "--licence is 'a b'; it must be an SPDX identifier"),
        (judged, {"authors": AUTHORS}, "none of the runs annotates a genome"),
    ):
        with pytest.raises(InputError, match=re.escape(said)):
            de.report(run, bundle=tmp_path / "b.zip", **keywords)
    assert sorted(tmp_path.iterdir()) == before
