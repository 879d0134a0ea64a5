"""The track hub of runs, read by UCSC's rules (track_hub, bigbed, annotation)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pybigtools
import pyBigWig
import pytest
from written_runs import write_record, write_rows, write_scan, write_variants

import dnabert_enhancer as de
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.variants.output_rows import CANDIDATE_COLUMNS

OPEN = pybigtools.open
SIZES = {"chr21": 20_000, "chr22": 30_000}
HG38 = {"chr21": 46_709_983, "chr22": 50_818_468}
CALLS = [("chr22", 5000, 5400, 0.75), ("chr21", 7000, 7200, 0.5), ("chr21", 100, 300, 1.0)]
BED = ["chrom", "chromStart", "chromEnd", "name", "score", "strand", "thickStart", "thickEnd", "reserved"]
SETTINGS = {
    *("track", "parent", "superTrack", "shortLabel", "longLabel", "bigDataUrl", "type", "visibility", "html"),
    *("autoScale", "viewLimits", "maxHeightPixels", "color", "yLineMark", "yLineOnOff", "itemRgb"),
    *("mouseOver", "filter", "filterLimits", "filterByRange", "filterValues"),
}
"""Those of UCSC's track database that are taken here, without the field that a filter is of."""


def stanzas(path: Path) -> list[dict[str, str]]:
    """Return the settings of each stanza: lines of a name, a blank and a value."""
    found = []
    for part in path.read_text(encoding="utf-8").strip().split("\n\n"):
        pairs = [line.split(" ", 1) for line in part.split("\n")]
        assert all(len(pair) == 2 and pair[1].strip() == pair[1] != "" for pair in pairs), part
        assert len({name for name, _ in pairs}) == len(pairs)
        found.append(dict(pairs))
    return found


def read_hub(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the tracks of a hub by their names, with the fields and items of each; asserts UCSC's rules."""
    (hub,) = stanzas(folder / "hub.txt")
    assert {"hub", "shortLabel", "longLabel", "genomesFile", "email"} <= {*hub}
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", hub["hub"])
    assert (folder / hub["descriptionUrl"]).is_file()
    (genome,) = stanzas(folder / hub["genomesFile"])
    database = folder / genome["trackDb"]
    tracks: dict[str, dict[str, Any]] = {}
    files = {"hub.txt", "genomes.txt", "hub.html", genome["trackDb"]}
    for track in stanzas(database):
        name = track["track"]
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
        assert name not in tracks
        assert 0 < len(track["shortLabel"]) <= 17
        assert 0 < len(track["longLabel"]) <= 76
        assert {setting.split(".")[0] for setting in track} <= SETTINGS
        assert (
            (database.parent / track["html"]).read_text(encoding="utf-8").startswith("<h2>Description</h2>")
        )
        files.add(f"{database.parent.name}/{track['html']}")
        if "superTrack" in track:
            assert "parent" not in track
        else:
            assert tracks[track["parent"]]["superTrack"] == "on show"
            path = database.parent / track["bigDataUrl"]
            files.add(f"{database.parent.name}/{track['bigDataUrl']}")
            track |= read_data(path, track)
        tracks[name] = track
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == files
    return tracks


def read_data(path: Path, track: dict[str, str]) -> dict[str, Any]:
    """Return what pyBigWig reads of a track's file, after checking it against the settings."""
    with pyBigWig.open(str(path)) as data:
        if track["type"].startswith("bigWig "):
            assert data.isBigWig()
            low, high = map(float, track["type"].split()[1:])
            assert track["viewLimits"] == f"{low:g}:{high:g}"
            return {"contigs": data.chroms()}
        assert track["type"] == "bigBed 9 +"
        assert data.isBigBed()
        items = [
            (contig, start, end, *text.split("\t"))
            for contig, length in data.chroms().items()
            for start, end, text in data.entries(contig, 0, length)
        ]
    with pybigtools.open(str(path)) as again:
        fields = again.sql(parse=True)["fields"]
    names = [name for name, *_ in fields]
    assert names[:9] == BED
    assert len({*names}) == len(names)
    for item in items:
        assert len(item) == len(fields)
        assert 0 <= int(item[4]) <= 1000
        assert item[1] <= int(item[6]) <= int(item[7]) <= item[2]
        for (_, kind, _), cell in zip(fields[9:], item[9:], strict=True):
            assert kind in ("string", "lstring") or float(cell) == float(cell)
    used = [setting.split(".")[1] for setting in track if "." in setting]
    used += re.findall(r"\$\{(\w+)\}", track["mouseOver"])
    assert {*used} <= {*names}
    return {"fields": names, "kinds": {name: kind for name, kind, _ in fields}, "items": items}


def column(track: dict[str, Any], name: str) -> list[Any]:
    at = track["fields"].index(name)
    return [item[at] for item in track["items"]]


def write_candidates(prefix: Path, rows: list[dict[str, object]], sizes: dict[str, int] = SIZES) -> Path:
    write_variants(prefix, rows, sizes)
    table = [[row.get(name, "NA") for name in CANDIDATE_COLUMNS] for row in rows]
    write_rows(Path(f"{prefix}.candidates.tsv"), CANDIDATE_COLUMNS, table)
    return prefix


def candidate(at: int, effect: str, **more: object) -> dict[str, object]:
    return {
        "chrom": "chr21",
        "pos": at,
        "variant_start_0based": at - 1,
        "variant_end_0based": at,
        "reference_nucleotide": "A",
        "alternative_nucleotide": "C",
        "reference_probability": 0.25,
        "alternative_probability": 0.5,
        "LogitDifference": 1.5,
        "predicted_functional_effect": effect,
        **more,
    }


def written(tmp_path: Path, *runs: Path, **keywords: Any) -> dict[str, dict[str, Any]]:
    given = {"email": "lab@example.org", "assembly": "hg38", **keywords}
    de.report(runs, track_hub=tmp_path / "hub", **given)
    return read_hub(tmp_path / "hub")


def test_scores_are_copied_and_calls_are_items_with_colours_and_details(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "my scan", CALLS, SIZES)
    tracks = written(tmp_path, scan)
    assert list(tracks) == ["predict_my_scan", "predict_my_scan_scores", "predict_my_scan_calls"]
    scores, calls = tracks["predict_my_scan_scores"], tracks["predict_my_scan_calls"]
    copied = tmp_path / "hub/hg38" / scores["bigDataUrl"]
    assert copied.read_bytes() == Path(f"{scan}.bw").read_bytes()
    assert (scores["viewLimits"], scores["yLineMark"]) == ("0:1", "0.5")
    # sorted by contig and start; the thick part is the summit, the shade so far on the way to blue
    assert [item[:9] for item in calls["items"]] == [
        ("chr21", 100, 300, "call_3", "1000", ".", "200", "201", "0,114,178"),
        ("chr21", 7000, 7200, "call_2", "500", ".", "7100", "7101", "102,170,209"),
        ("chr22", 5000, 5400, "call_1", "750", ".", "5200", "5201", "51,142,194"),
    ]
    # percentile has no value in any row
    assert calls["fields"][9:] == ["summit", "mean", "maximum", "q_value"]
    assert column(calls, "maximum") == ["1.0", "0.5", "0.75"]
    assert calls["kinds"]["maximum"] == "double"
    assert calls["kinds"]["summit"] == "int"
    told = (tmp_path / "hub/hg38" / calls["html"]).read_text(encoding="utf-8")
    assert "<b>summit</b>: centre of the highest window, counted from 0" in told


def test_candidates_are_coloured_by_their_effect(tmp_path: Path) -> None:
    rows = [
        candidate(40, "Gain of function", dbsnp_id="rs1"),
        candidate(20, "Loss of function", alternative_probability="NA", strand="+"),
        candidate(30, "NA", tf_predicted_functional_effect="Gain of function", motifs='"x"' * 200),
    ]
    run = write_candidates(tmp_path / "v", rows)
    table = Path(f"{run}.candidates.tsv")
    table.write_text(f"# with p_value <= 0.05; <best> first\n{table.read_text()}")
    tracks = written(tmp_path, run)
    found = tracks["score_variants_v_candidates"]
    assert [item[:9] for item in found["items"]] == [
        ("chr21", 19, 20, "A>C", "0", ".", "19", "20", "213,94,0"),
        ("chr21", 29, 30, "A>C", "250", ".", "29", "30", "0,158,115"),
        ("chr21", 39, 40, "rs1", "250", ".", "39", "40", "0,158,115"),
    ]
    assert column(found, "pos") == ["20", "30", "40"]
    told = (tmp_path / "hub/hg38" / found["html"]).read_text(encoding="utf-8")
    assert "or below it. With p_value &lt;= 0.05; &lt;best&gt; first" in told
    assert column(found, "table_strand") == ["+", "NA", "NA"]
    assert found["kinds"]["alternative_probability"] == "string"
    assert found["kinds"]["motifs"] == "lstring"


def test_novel_calls_importance_and_empty_tracks(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan", [], SIZES)
    novel = write_record(tmp_path / "c", "compare-db", counts={"calls": 1, "novel": 1})
    write_rows(Path(f"{novel}.summary.tsv"), ["database"], [["A"]])
    titles = ("chrom", "start", "end", "name", "score", "strand", "rank", "nearest_gene", "gene_distance")
    rows = [["chr22", 5, 9, "call_1", 0.5, ".", 1, "G<b>", 7]]
    write_rows(Path(f"{novel}.novel.bed.gz"), titles, rows, title="#")
    importance = write_record(tmp_path / "i", "interpret", counts={"regions": 1})
    write_rows(Path(f"{importance}.regions.tsv"), ["score", "maximum", "strongest_change"], [])
    with pyBigWig.open(f"{importance}.bw", "w") as track:
        track.addHeader([("chr21", SIZES["chr21"])])
        track.addEntries(["chr21"] * 2, [3, 5], ends=[4, 6], values=[-0.5, 1.25])
    tracks = written(tmp_path, scan, novel, importance)
    assert list(tracks) == [
        *("predict_scan", "predict_scan_scores"),
        *("compare_db_c", "compare_db_c_novel"),
        *("interpret_i", "interpret_i_importance"),
    ]
    (item,) = tracks["compare_db_c_novel"]["items"]
    assert item == ("chr22", 5, 9, "call_1", "1000", ".", "5", "9", "204,121,167", "0.5", "1", "G<b>", "7")
    assert tracks["interpret_i_importance"]["viewLimits"] == "-0.5:1.25"
    assert "Calls: there are none" in (tmp_path / "hub/hg38/predict_scan.html").read_text(encoding="utf-8")


def test_names_of_any_letters_become_names_of_tracks_and_stay_text(tmp_path: Path) -> None:
    runs = [write_scan(tmp_path / name / "<b>é", CALLS, SIZES, command_line=["<i>"]) for name in "xy"]
    tracks = written(tmp_path, *runs, title="5 <u>\nhubs")
    assert list(tracks)[::3] == ["predict_b", "predict_b_2"]
    hub = (tmp_path / "hub/hub.txt").read_text(encoding="utf-8")
    assert "hub t_5_u_hubs\nshortLabel 5 <u> hubs\n" in hub
    for page in (tmp_path / "hub").rglob("*.html"):
        assert not {"<b>é", "<i>", "<u>"} & {*re.findall(r"<b>é|<i>|<u>", page.read_text(encoding="utf-8"))}


def test_bytes_are_equal_each_time(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan", CALLS * 2000, SIZES)
    for name in "ab":
        de.report(scan, track_hub=tmp_path / name, email="lab@example.org", assembly="hg38")
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in "ab"
    )
    assert first == second


def test_the_genome_is_told_by_the_lengths_of_its_contigs(tmp_path: Path) -> None:
    run = write_candidates(tmp_path / "v", [candidate(40, "Gain of function")], HG38)
    written(tmp_path, run, assembly=None)
    assert stanzas(tmp_path / "hub/genomes.txt") == [{"genome": "hg38", "trackDb": "hg38/trackDb.txt"}]
    for name, told in (("GRCh38", "hg38"), ("GCF_1.2", "GCF_1.2")):
        de.report(run, track_hub=tmp_path / name, email="lab@example.org", assembly=name)
        assert stanzas(tmp_path / name / "genomes.txt")[0]["genome"] == told
    with pytest.raises(InputError, match="those of hg38, but --assembly says GRCh37"):
        de.report(run, track_hub=tmp_path / "other", email="lab@example.org", assembly="GRCh37")


def test_what_cannot_be_a_hub_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan", CALLS, SIZES)
    beyond = write_scan(tmp_path / "beyond", [("chr21", 5, 90, 0.5)], {"chr21": 80})
    nowhere = write_candidates(tmp_path / "v", [candidate(40, "Gain of function", chrom="u")])
    nothing = write_candidates(tmp_path / "w", [])
    odd = write_candidates(tmp_path / "x", [candidate(40, "No change")])
    table = Path(f"{odd}.candidates.tsv")
    table.write_text(table.read_text().replace("\t0.25\t", "\tx\t"))
    judged = write_record(tmp_path / "e", "evaluate", counts={"sequences": 1})
    write_rows(Path(f"{judged}.metrics.tsv"), ["method", "auroc"], [["m", 0.5]])
    mail = {"email": "lab@example.org"}
    hub = {**mail, "assembly": "hg38"}
    cases = [
        (scan, {}, "without an e-mail address"),
        (scan, {"email": "lab"}, "--email is 'lab'; it must be an address"),
        (scan, {**mail, "assembly": "../x"}, "--assembly is '../x'; it must be a name"),
        (scan, mail, "do not tell which genome this is"),
        (beyond, hub, "line 2: chr21:5-90 is no place on the contig, which is 80 bases long"),
        (nowhere, hub, "line 2: no run says how long the contig 'u' is"),
        (odd, hub, "chr21:39: a number is expected: could not convert string to float: 'x'"),
        (nothing, hub, "the tracks of the runs are all empty"),
        (judged, hub, "none of the runs has tracks"),
    ]
    for run, keywords, said in cases:
        with pytest.raises(InputError, match=re.escape(said)):
            de.report(run, track_hub=tmp_path / "hub", **keywords)
        assert not (tmp_path / "hub").exists()
    with pytest.raises(InputError, match="there is nothing to write"):
        de.report(scan)


def test_what_is_missing_to_write_items_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = write_scan(tmp_path / "scan", CALLS, SIZES)
    hub = {"track_hub": tmp_path / "hub", "email": "lab@example.org", "assembly": "hg38"}
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pybigtools", None)
        with pytest.raises(ResourceError, match="bigBed files need the package pybigtools"):
            de.report(scan, **hub)
    # a writer that says that it cannot write, and goes on, as on a full disk
    with monkeypatch.context() as full:
        full.setattr(pybigtools, "open", pybigtools_that_loses_items)
        with pytest.raises(ResourceError, match="the bigBed could not be written: 2 of 3 items are in it"):
            de.report(scan, **hub)
    assert not (tmp_path / "hub").exists()
    de.report(scan, **{**hub, "title": " "})
    assert stanzas(tmp_path / "hub/hub.txt")[0]["shortLabel"] == "DNABERT-Enhancer"


def pybigtools_that_loses_items(path: str, mode: str) -> Any:
    class Writer:
        def write(self, contigs: dict[str, int], items: Any, auto_sql: str) -> None:
            OPEN(path, mode).write(contigs, iter([*items][:2]), auto_sql)

    return Writer()
