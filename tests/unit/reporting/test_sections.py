"""Sections of other runs (comparison_section, learning_sections, interpret_section)."""

from __future__ import annotations

from pathlib import Path

from written_runs import write_record, write_rows

from dnabert_enhancer.comparison import summary_columns
from dnabert_enhancer.interpret.attributions import REGION_COLUMNS
from dnabert_enhancer.interpret.variants import VARIANT_COLUMNS
from dnabert_enhancer.reporting.build import SECTIONS
from dnabert_enhancer.reporting.run import find_runs
from dnabert_enhancer.reporting.section import ReportSettings, Section

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'


def section_of(prefix: Path | str) -> Section:
    (run,) = find_runs(prefix)
    return SECTIONS[run.command](run, ReportSettings())


def test_a_comparison_names_the_highest_fold_and_the_novel_calls(tmp_path: Path) -> None:
    prefix = write_record(tmp_path / "c", "compare-db", counts={"calls": 10, "novel": 4})
    rows = [
        {"database": "A", "circular_fold": 2.5, "resample_fold": "NA"},
        {"database": "B", "circular_fold": 1.5, "resample_fold": 3.25},
    ]
    columns = tuple(summary_columns())
    write_rows(
        tmp_path / "c.summary.tsv", columns, [[row.get(name, "NA") for name in columns] for row in rows]
    )
    novel = [["chr1", 5, 9, "call_1", 0.5, ".", 1, "G", 0]]
    titles = ("chrom", "start", "end", "name", "score", "strand", "rank", "nearest_gene", "gene_distance")
    write_rows(tmp_path / "c.novel.bed.gz", titles, novel, title="#")
    (tmp_path / "c.upset.svg").write_bytes(SVG)
    found = section_of(prefix)
    assert [figure.value for figure in found.figures] == ["6", "4", "3.25"]
    assert found.figures[2].what == "times the expected number in B (resample), the highest"
    assert [picture.title for picture in found.pictures] == ["Calls by databases"]
    assert [table.title for table in found.tables] == ["Databases", "Calls in no database"]
    shown = {one["name"] for one in found.tables[0].data()["columns"] if one["shown"]}
    assert shown == {"database", "circular_fold", "resample_fold"}


def test_an_evaluation_shows_the_first_method_with_its_interval(tmp_path: Path) -> None:
    prefix = write_record(tmp_path / "e", "evaluate", counts={"sequences": 40})
    columns = ("method", "kind", "subset", "prevalence", "rows", "mcc", "mcc_low", "mcc_high", "auroc")
    rows = [["mine", "model", "all", "as given", 40, 0.25, 0.125, 0.5, 0.75], ["GNB", *["x"] * 4, *[0.1] * 4]]
    write_rows(tmp_path / "e.metrics.tsv", columns, rows)
    found = section_of(prefix)
    assert [tuple(figure) for figure in found.figures] == [
        ("0.75", "AUROC"),
        ("0.25", "MCC, 95 % interval 0.125 to 0.5"),
    ]
    assert "do mine, GNB tell what 40 labelled sequences are" in found.sentence


def test_a_training_shows_metrics_and_the_losses_of_each_fold(tmp_path: Path) -> None:
    columns = ("epoch", "train_loss", "validation_loss")
    for number in (1, 2):
        (tmp_path / "m" / f"fold{number}").mkdir(parents=True)
        write_rows(tmp_path / "m" / f"fold{number}" / "history.tsv", columns, [[1, 0.75, 0.5]])
    folds = [{"metrics": {"validation": {"auroc": value}}} for value in (0.5, 0.75)]
    write_record(tmp_path / "m" / "x", "finetune", folds=folds, arguments={"base_model": "new:tiny"})
    (tmp_path / "m" / "x.run.json").rename(tmp_path / "m" / "run.json")
    found = section_of(tmp_path / "m")
    assert [tuple(one) for one in found.figures] == [
        ("0.625", "AUROC of the validation split, mean of 2 folds")
    ]
    assert len(found.pictures) == len(found.tables) == 2
    assert found.title == "Training m"
    assert found.sentence.endswith("starting from new:tiny?")


def test_interpretations_of_regions_and_of_variants(tmp_path: Path) -> None:
    counts = {"regions": 2, "regions_explained": 1, "bases": 30, "bases_explained": 20}
    prefix = write_record(tmp_path / "r", "interpret", counts=counts)
    rows = [["a", "chr1", 5, 15, 0.25, 0, "NA", "NA", "NA", "NA", "too_many_unknown_bases"]]
    rows.append(["b", "chr1", 25, 45, 0.75, 20, 1.5, 30, "31A>C", -0.5, ""])
    write_rows(tmp_path / "r.regions.tsv", REGION_COLUMNS, rows)
    for rank in (1, 2):
        (tmp_path / f"r.logo-{rank}.svg").write_bytes(SVG)
    found = section_of(prefix)
    assert [figure.value for figure in found.figures] == ["1", "20", "1.5"]
    assert found.tables[0].column("name") == ["b", "a"]
    assert [picture.wide for picture in found.pictures] == [True, True]

    prefix = write_record(tmp_path / "v", "interpret", counts={"variants_explained": 2})
    places = ("", "HBZ", "+", -5, "sites:GATA1", "")
    rows = [["chr1", 7, "rs1", "A", "C", 0.5, 0.6, -0.25, 0.5, 7, 0.1, *places]]
    rows.append(["chr1", 9, "rs2", "A", "C", 0.5, 0.6, 0.125, 2.5, 9, 0.1, *places])
    write_rows(tmp_path / "v.variants.tsv", VARIANT_COLUMNS, rows)
    found = section_of(prefix)
    assert [figure.value for figure in found.figures] == ["2", "0.25", "2.5"]
    assert found.tables[0].column("id") == ["rs2", "rs1"]
