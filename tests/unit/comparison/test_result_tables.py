"""Tables: every column, numbers with all digits. Figures of odd cases (database_results, plots)."""

from __future__ import annotations

import dataclasses
import io
import math

import numpy as np
import pytest

from dnabert_enhancer.comparison import (
    CompareSettings,
    agreement,
    agreement_figure,
    databases_with,
    distance_figure,
    enrichment_figure,
    matrix_frame,
    novel_calls,
    novel_frame,
    parse_database,
    summary_columns,
    summary_frame,
    upset_figure,
    write_per_call,
    write_table,
)
from dnabert_enhancer.comparison.database_results import compare_with
from dnabert_enhancer.comparison.enrichment import enrichments
from dnabert_enhancer.comparison.plots import label_of
from dnabert_enhancer.comparison.random_placements import CircularShift, Ring
from dnabert_enhancer.comparison.result_tables import number_text, score_text
from dnabert_enhancer.evaluation import drawing


@pytest.fixture
def study(effective_of, placed):
    """Return a space, three calls and the results of three databases, one of them empty."""
    effective = effective_of({"a": 1000, "b": 500}, [("a", 0, 1000)])
    calls = placed(effective, [("a", 0, 100), ("a", 300, 400), ("a", 700, 750)], [0.5, 0.25, 1.0])
    sets = {"$one$": [("a", 50, 120)], "two": [("a", 90, 100), ("a", 390, 500)], "none": [("b", 5, 9)]}
    results = [
        compare_with(
            effective,
            calls,
            parse_database(f"{name}=x,preset=bed", "hg38"),
            placed(effective, rows),
            CompareSettings(),
        )
        for name, rows in sets.items()
    ]
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    tests = enrichments(
        ring, CircularShift(ring), [result.union for result in results[:2]], permutations=20, seed=0
    )
    for result, test in zip(results[:2], tests, strict=True):
        result.nulls["circular"] = test
    return effective, calls, results


def read(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_summary_has_every_column_and_numbers_as_they_are(study) -> None:
    _, _, results = study
    columns = list(summary_columns())
    stream = io.StringIO()
    write_table(stream, summary_frame(results))
    titles, *lines = read(stream.getvalue())
    assert titles == columns
    assert "jaccard" in titles
    rows = [dict(zip(titles, line, strict=True)) for line in lines]
    assert [row["database"] for row in rows] == ["$one$", "two", "none"]
    assert float(rows[0]["jaccard"]) == 50 / (250 + 70 - 50)
    assert (rows[1]["calls_overlapping"], rows[1]["precision"]) == ("2", repr(2 / 3))
    assert rows[2]["recall"] == rows[2]["circular_q"] == rows[0]["resample_fold"] == "NA"
    assert rows[2]["median_distance"] == "NA"
    assert rows[0]["median_distance"] == "181.0"
    assert rows[0]["auroc"] == "0.5"
    assert float(rows[0]["circular_p"]) <= float(rows[0]["circular_q"]) <= 1


def test_one_row_a_call_with_what_it_shares(study) -> None:
    _, calls, results = study
    stream = io.StringIO()
    write_per_call(stream, calls, databases_with([result.hits for result in results], len(calls)), results)
    titles, *rows = read(stream.getvalue())
    assert titles[:6] == ["#chrom", "start", "end", "name", "score", "n_databases"]
    assert titles[6:10] == ["$one$.overlap_bp", "$one$.elements", "$one$.nearest_bp", "$one$.best"]
    assert rows[0][:10] == ["a", "0", "100", "e0", "0.5", "2", "50", "1", "0", "e0"]
    assert rows[1][10:14] == ["10", "1", "0", "e1"]
    assert rows[2][5:10] == ["0", "0", "0", "581", "."]
    assert {tuple(row[14:]) for row in rows} == {("0", "0", "NA", ".")}


def test_matrix_holds_both_statistics(study) -> None:
    _, calls, results = study
    stream = io.StringIO()
    write_table(stream, matrix_frame(*agreement(calls, results)))
    titles, *rows = read(stream.getvalue())
    assert titles == ["statistic", "set", "calls", "$one$", "two", "none"]
    assert [row[:2] for row in rows[3:6]] == [
        ["jaccard", "none"],
        ["share_of_row_in_column", "calls"],
        ["share_of_row_in_column", "$one$"],
    ]
    assert float(rows[1][4]) == 10 / 180 == float(rows[2][3])
    assert [rows[index][2 + index] for index in range(3)] == ["1.0"] * 3
    assert rows[4][2:5] == ["1.0", repr(1 / 3), repr(2 / 3)]
    assert rows[7][2:] == ["NA"] * 4


def test_novel_calls_as_bed(study) -> None:
    effective, calls, results = study
    stream = io.StringIO()
    write_table(stream, novel_frame(calls, novel_calls(effective, calls, [results[0].hits], None)), title="#")
    titles, *rows = read(stream.getvalue())
    assert titles[-3:] == ["rank", "nearest_gene", "gene_distance"]
    assert rows == [
        ["a", "700", "750", "e2", "1", ".", "1", ".", "NA"],
        ["a", "300", "400", "e1", "0.25", ".", "2", ".", "NA"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "NA"),
        (0.1 + 0.2, "0.30000000000000004"),
        (np.float64(2.5), "2.5"),
    ],
)
def test_cells_keep_all_digits(value, text: str) -> None:
    assert number_text(value) == text


def test_scores_are_written_as_they_came() -> None:
    assert [score_text(score) for score in (978.0, 0.97, math.nan)] == ["978", "0.97", "."]


def test_limits_that_are_none_are_arrows_and_filled_marks_are_small_q(study) -> None:
    """Of two tests with p 0.03 and 0.2: q is 0.06 and 0.2, so that none is filled; with 0.02 the first is."""
    _, _, results = study

    def drawn(p_values: tuple[float, float]) -> dict[str, list[str]]:
        folds = ((2.0, 0.0, math.inf), (4.0, 1.5, 8.0))
        for result, p, (fold, low, high) in zip(results[:2], p_values, folds, strict=True):
            test = result.nulls["circular"]
            calls = dataclasses.replace(test.calls, fold=fold, fold_low=low, fold_high=high, p=p)
            result.nulls["circular"] = dataclasses.replace(test, calls=calls)
        with drawing():
            axes = enrichment_figure(results).axes[0]
        marks: dict[str, list[str]] = {}
        for line in axes.lines:
            if len(line.get_xdata()) == 1:
                marks.setdefault(str(line.get_marker()), []).append(str(line.get_markerfacecolor()))
        return marks

    marks = drawn((0.03, 0.2))
    assert sorted(marks) == ["<", ">", "o"]
    assert [len(marks[arrow]) for arrow in "<>"] == [1, 1]
    assert marks["o"] == ["white", "white"]
    assert [colour == "white" for colour in drawn((0.02, 0.2))["o"]] == [True, False]


@pytest.mark.slow
def test_figures_are_drawn_for_hostile_names_and_empty_databases(study, tmp_path) -> None:
    _, calls, results = study
    with drawing():
        for number, figure in enumerate(
            (
                upset_figure(results),
                enrichment_figure(results),
                distance_figure(results),
                agreement_figure(*agreement(calls, results)),
                upset_figure(results[2:]),
                enrichment_figure(results[2:]),
                distance_figure(results[2:]),
            )
        ):
            figure.savefig(tmp_path / f"{number}.png")
    assert label_of("x" * 50) == "x" * 31 + "…"
    assert label_of("a$b$") == r"a\$b\$"


def test_pictures_of_no_calls_say_so(effective_of, placed) -> None:
    effective = effective_of({"a": 1000})
    calls, database = placed(effective, []), placed(effective, [("a", 50, 120)])
    given = parse_database("one=x,preset=bed", "hg38")
    results = [compare_with(effective, calls, given, database, CompareSettings())]
    names, jaccard, share = agreement(calls, results)
    assert np.isnan(jaccard[0, 0])
    assert jaccard[0, 1] == 0
    with drawing():
        pictures = [upset_figure(results), enrichment_figure(results), distance_figure(results)]
        heat = agreement_figure(names, jaccard, share)
    said = [text.get_text() for picture in pictures for axes in picture.axes for text in axes.texts]
    assert len(said) == 3
    assert all("no calls" in text for text in said)
    assert {image.get_clim() for axes in heat.axes for image in axes.images} == {(0, 1)}


def test_upset_bars_stand_over_their_dots(study) -> None:
    _, _, results = study
    with drawing():
        bars, dots, _ = upset_figure(results).axes
    assert bars.get_xlim() == dots.get_xlim()
    assert sorted(patch.get_height() for patch in bars.patches) == [1, 1, 1]
