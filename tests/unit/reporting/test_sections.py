"""Sections (comparison_section, dataset_section, learning_sections, interpret_section, motif_tables)."""

from __future__ import annotations

from pathlib import Path

from written_runs import write_record, write_rows, write_scan, write_variants

from dnabert_enhancer.comparison import summary_columns
from dnabert_enhancer.interpret import ENRICHMENT_COLUMNS, FOUND_COLUMNS, MATCH_COLUMNS
from dnabert_enhancer.interpret.attributions import REGION_COLUMNS
from dnabert_enhancer.interpret.variants import VARIANT_COLUMNS
from dnabert_enhancer.reporting.build import SECTIONS
from dnabert_enhancer.reporting.run import find_runs
from dnabert_enhancer.reporting.section import ReportSettings, Section
from dnabert_enhancer.variants import CANDIDATE_COLUMNS

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
    prefix = write_record(tmp_path / "e", "evaluate", counts={"sequences": 40}, warnings=["8 of 40 differ"])
    columns = ("method", "kind", "subset", "prevalence", "rows", "mcc", "mcc_low", "mcc_high", "auroc")
    rows = [["mine", "model", "all", "as given", 40, 0.25, 0.125, 0.5, 0.75], ["GNB", *["x"] * 4, *[0.1] * 4]]
    write_rows(tmp_path / "e.metrics.tsv", columns, rows)
    found = section_of(prefix)
    assert [tuple(figure) for figure in found.figures] == [
        ("0.75", "AUROC"),
        ("0.25", "MCC, 95 % interval 0.125 to 0.5"),
    ]
    assert "do mine, GNB tell what 40 labelled sequences are" in found.sentence
    assert "8 of 40 differ" in found.notes


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


def test_a_search_shows_the_best_trial_and_how_the_others_ended(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    best = {"trial": 3, "auroc": 0.875, "learning_rate": 0.001, "weight_decay": 0.01, "warmup": 0.1}
    counts = {"sequences_train": 1200, "trials_complete": 2, "trials_failed": 1}
    write_record(
        tmp_path / "m" / "x", "tune", metric="auroc", best=best, counts=counts, base_model="dnabert-6"
    )
    (tmp_path / "m" / "x.run.json").rename(tmp_path / "m" / "run.json")
    titles = ("trial", "state", "rank", "auroc", "learning_rate", "weight_decay", "warmup")
    rows = [
        [1, "failed", "NA", "NA", 0.1, 0.01, 0.1],
        [2, "complete", 2, 0.75, 0.0001, 0.01, 0.2],
        [3, "complete", 1, 0.875, 0.001, 0.01, 0.1],
    ]
    write_rows(tmp_path / "m" / "trials.tsv", titles, rows)
    found = section_of(tmp_path / "m")
    assert [figure.value for figure in found.figures] == ["0.875", "0.001", "0.01"]
    assert found.sentence == (
        "With which hyper-parameters does dnabert-6 learn best? 3 trials on 1,200 labelled sequences: "
        "2 completed, 0 ended early, 1 failed."
    )
    assert found.tables[0].column("trial") == ["3", "2", "1"]
    # all trials had one weight decay, which takes no panel
    (picture,) = found.pictures
    assert picture.text == "Each dot is a trial, by its learning rate, warm-up."
    assert picture.title == "AUROC of the trials: the star is the best, crosses were not completed"
    # of the best row alone nothing can be compared, but all trials are counted
    (run,) = find_runs(tmp_path / "m")
    cut = SECTIONS["tune"](run, ReportSettings(rows=1))
    assert cut.sentence == found.sentence
    assert not cut.pictures
    # how the training of the best one went, where its model lies beside
    (tmp_path / "m" / "best").mkdir()
    columns = ("epoch", "train_loss", "validation_loss")
    write_rows(tmp_path / "m" / "best" / "history.tsv", columns, [[1, 0.75, 0.5], [2, 0.5, 0.625]])
    whole = section_of(tmp_path / "m")
    assert [table.title for table in whole.tables] == ["Trials", "Epochs of the best trial"]
    assert [picture.title for picture in whole.pictures][1:] == ["Loss by epoch of the best trial"]


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


def test_a_scan_of_regions_has_a_row_for_each_and_counts_the_high_ones(tmp_path: Path) -> None:
    scan = {"window_length": 200, "label": "enhancer"}
    prefix = write_scan(tmp_path / "s", [("chr1", 0, 9, 0.75)], {"chr1": 90}, scan=scan)
    titles = ("chrom", "start", "end", "name", "column_7", "maximum", "label", "note")
    rows = [["chr1", 0, 9, "low", "x", 0.25, "other", ""], ["chr1", 9, 20, "high", "y", 0.75, "enhancer", ""]]
    rows.append(["chr1", 20, 30, "silent", "z", "NA", "NA", "too_many_unknown_bases"])
    write_rows(tmp_path / "s.regions.tsv", titles, rows)
    found = section_of(prefix)
    assert [table.title for table in found.tables] == ["Regions", "Calls"]
    assert found.tables[0].column("name") == ["high", "low", "silent"]
    assert tuple(found.figures[2]) == ("1", "of 3 regions are labelled enhancer")
    data = found.tables[0].data()
    assert data["place"] == [0, 1, 2, 0]
    assert [one["name"] for one in data["columns"] if not one["shown"]] == ["column_7"]


def test_candidates_stand_before_all_variants_where_there_are_any(tmp_path: Path) -> None:
    prefix = write_variants(tmp_path / "v", [{"chrom": "chr1", "pos": 3, "model": "enhancer"}], {"chr1": 90})
    write_rows(tmp_path / "v.candidates.tsv", CANDIDATE_COLUMNS, [])
    assert [table.title for table in section_of(prefix).tables] == ["Variants"]
    row = {"rank": 1, "chrom": "chr1", "pos": 3, "model": "enhancer", "ScoreChange": 0.25}
    cells = [row.get(name, "NA") for name in CANDIDATE_COLUMNS]
    write_rows(tmp_path / "v.candidates.tsv", CANDIDATE_COLUMNS, [cells], title="# with p_value <= 0.05\n")
    found = section_of(prefix)
    assert [(table.title, table.total) for table in found.tables] == [("Candidates", 1), ("Variants", 1)]
    assert found.tables[0].data()["place"] == [1, 2, 2, 1]
    assert found.tables[0].order == "with p_value <= 0.05"


def test_seqlets_and_motifs_of_an_interpretation(tmp_path: Path) -> None:
    prefix = write_record(tmp_path / "r", "interpret")
    row = ["b", "chr1", 25, 45, 0.75, 20, 1.5, 30, "31A>C", -0.5, ""]
    write_rows(tmp_path / "r.regions.tsv", REGION_COLUMNS, [row])
    seqlets = "chr1\t26\t31\tb\t150\t.\t0.5\t0.03\t0.06\nchr1\t35\t41\tb\t200\t.\t-0.75\t0.01\t0.04\n"
    (tmp_path / "r.seqlets.bed.gz").write_text(seqlets)
    write_rows(tmp_path / "r.motifs.tsv", FOUND_COLUMNS, [["1-GATAAG", "raises", 6, 4, 1e-5, 1e-3, "GATAAG"]])
    write_rows(tmp_path / "r.motif_enrichment.tsv", ENRICHMENT_COLUMNS, [["GATA1", 3, 4, 1, 4, 9, 0.2, 0.2]])
    matches = [["b:26-31", "SP1", 0.5, 0.5, 0, 5, "+"], ["b:35-41", "GATA1", 0.01, 0.02, 1, 6, "-"]]
    write_rows(tmp_path / "r.motif_matches.tsv", MATCH_COLUMNS, matches)
    (tmp_path / "r.motifs.svg").write_bytes(SVG)
    found = section_of(prefix)
    assert [(picture.title, picture.wide) for picture in found.pictures] == [("Motifs found", True)]
    tables = {table.title: table for table in found.tables}
    assert list(tables) == [
        "Regions",
        "Motifs found",
        "Motifs in seqlets",
        "Seqlets",
        "Motifs that resemble seqlets and found motifs",
    ]
    assert tables["Seqlets"].column("sum") == ["-0.75", "0.5"]
    assert tables["Seqlets"].total == 2
    assert tables["Seqlets"].data()["place"] == [0, 1, 2, 0]
    assert tables["Motifs that resemble seqlets and found motifs"].column("target") == ["GATA1", "SP1"]
    assert all(table.meanings[name] for table in found.tables for name in table.columns)
    # with motifs a seqlet has six columns more
    more = "\tGATA1\t36\t42\t+\t0.001\t0.002"
    (tmp_path / "r.seqlets.bed.gz").write_text("".join(f"{line}{more}\n" for line in seqlets.splitlines()))
    (seqlet_table,) = (table for table in section_of(prefix).tables if table.title == "Seqlets")
    assert seqlet_table.column("motif_end") == ["42", "42"]


def test_sequences_that_were_explained_have_no_place(tmp_path: Path) -> None:
    prefix = write_record(tmp_path / "r", "interpret", inputs=[{"role": "fasta", "path": "a.fa"}])
    row = ["b", "b", 25, 45, 0.75, 20, 1.5, 30, "31A>C", -0.5, ""]
    write_rows(tmp_path / "r.regions.tsv", REGION_COLUMNS, [row])
    (tmp_path / "r.seqlets.bed.gz").write_text("")
    assert [(table.total, table.data()["place"]) for table in section_of(prefix).tables] == [
        (1, None),
        (0, None),
    ]


def test_a_data_set_says_how_many_windows_are_for_what(tmp_path: Path) -> None:
    counts = {
        "regions": 20,
        "train_positives": 10,
        "train_negatives": 9,
        "test_positives": 3,
        "test_negatives": 2,
    }
    found = section_of(write_record(tmp_path / "d", "make-dataset", counts=counts, skipped={"no_gc": 4}))
    assert [figure.value for figure in found.figures] == ["13", "11", "5"]
    assert found.sentence.endswith("learn from? 19 (train), 0 (validation), 5 (test).")
    assert found.notes == ["4 windows left out: no gc"]


def test_the_picture_of_alleles_has_a_mark_for_each_allele_not_for_each_model(tmp_path: Path) -> None:
    effects = {
        3: (0.25, 0.75, "Gain of function"),
        7: (0.5, 0.25, "Loss of function"),
        9: (0.5, 0.5, "No change"),
    }
    rows = [
        {
            "chrom": "chr1",
            "pos": pos,
            "model": model,
            "reference_nucleotide": "A",
            "alternative_nucleotide": "C",
            "reference_probability": ref,
            "alternative_probability": alt,
            "predicted_functional_effect": effect,
        }
        for pos, (ref, alt, effect) in effects.items()
        for model in ("enhancer", "GATA1", "SP1")
    ]
    found = section_of(write_variants(tmp_path / "v", rows, {"chr1": 90}))
    legend = found.pictures[0].svg.decode()
    assert [f"{name} (1)" in legend for name in ("gain of function", "loss of function", "no change")] == [
        True
    ] * 3
