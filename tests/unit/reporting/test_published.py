"""Published figures beside those of a run: units, decimals, which row, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_runs import write_record, write_rows

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.reporting import ReportSettings, sections_of
from dnabert_enhancer.reporting.published import read_published

COLUMNS = (
    "method",
    "kind",
    "subset",
    "prevalence",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "mcc",
    "auroc",
)
ROWS = [
    ["mine", "model", "all", "as given", 0.707031, 0.65, 0.76, 0.4187, 0.8],
    ["mine", "model", "all", "1:10", 0.9, "NA", "NA", 0.3, 0.8],
    ["mine", "model", "without duplicates", "as given", 0.6, "NA", "NA", 0.2, 0.7],
    ["RF", "baseline", "all", "as given", 0.699, "NA", "NA", 0.398, "NA"],
]


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """Return the prefix of a run of evaluate."""
    prefix = write_record(tmp_path / "judged", "evaluate", counts={"sequences": 40})
    write_rows(tmp_path / "judged.metrics.tsv", COLUMNS, ROWS)
    return prefix


def test_ours_published_and_the_difference_stand_in_one_table(judged: Path, tmp_path: Path) -> None:
    published = write(
        tmp_path / "p.tsv",
        "metric\tvalue\tsource\tmethod\trun",
        "accuracy\t88.05%\tSathian et al. 2025\t\t",
        "mcc\t0.762\tSathian et al. 2025\t\tjudged",
        "accuracy\t70 %\tanother\tRF\t",
        "auroc\t0.9\tanother\tRF\t",  # is not defined there
        "mcc\t0.5\tanother\t\telsewhere",
        "",
    )
    (section,) = sections_of([judged], ReportSettings(), published)
    table = section.tables[0]
    assert (table.title, section.tables[1].title) == ("Beside published figures", "Metrics")
    shown = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [row["metric"] for row in shown] == ["accuracy", "MCC", "accuracy"]
    assert [row["method"] for row in shown] == ["mine", "mine", "RF"]
    # 100 x 0.707031 - 88.05 = -17.3469; 0.4187 - 0.762 = -0.3433; 69.9 - 70 = -0.1
    assert [row["this run"] for row in shown] == ["70.70 %", "0.419", "70 %"]
    assert [row["published"] for row in shown] == ["88.05 %", "0.762", "70 %"]
    assert [row["difference"] for row in shown] == ["-17.35 points", "-0.343", "+0 points"]
    assert (shown[0]["low"], shown[0]["high"], shown[1]["low"]) == ("65.00 %", "76.00 %", "NA")
    assert any("other" in limit and limit.startswith("Published figures") for limit in section.limits)


def test_without_published_figures_a_section_is_as_it_was(
    judged: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (plain,) = sections_of([judged], ReportSettings())
    assert [table.title for table in plain.tables] == ["Metrics"]
    assert not caplog.records
    other = write(tmp_path / "p.tsv", "metric\tvalue\tsource\trun", "mcc\t0.5\tx\telsewhere")
    (same,) = sections_of([judged], ReportSettings(), other)
    assert (same.tables, same.limits) == (plain.tables, plain.limits)
    assert "no run of evaluate here has any of the published figures" in caplog.text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "p.tsv: the table of published figures has no column 'metric'"),
        (["metric\tvalue"], "no column 'source'"),
        (["metric\tvalue\tsource", "precison\t0.5\tx"], "p.tsv, line 2: there is no metric 'precison'"),
        (["metric\tvalue\tsource", "mcc\tabout 0.5\tx"], "p.tsv, line 2: the value 'about 0.5' is no number"),
        (["metric\tvalue\tsource", "mcc"], "p.tsv, line 2: the value '' is no number"),
        (["source\tvalue\tmetric", "x"], "p.tsv, line 2: there is no metric ''"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(lines: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_published(write(tmp_path / "p.tsv", *lines))
    assert said in str(caught.value)
