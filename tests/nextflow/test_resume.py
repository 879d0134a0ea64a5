"""A run that was killed, or of which an input changed, does again only what it must."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=60)]


def test_a_killed_run_goes_on_without_doing_anything_again(study) -> None:
    before, after = study.tasks("killed"), study.tasks("resumed")
    finished = {name for name, status in before.items() if status == "COMPLETED"}
    assert "SCAN:PREDICT_MERGE (alpha-globin)" in finished
    assert len(finished) < len(after), "the run was killed too late to say anything"
    assert {after[name] for name in finished} == {"CACHED"}


def test_all_tasks_ended_well(study) -> None:
    assert set(study.tasks("resumed").values()) == {"CACHED", "COMPLETED"}
    # 1 index, 3 of training, 2 x 3 of scans, 2 x 3 of variants, 2 comparisons, 2 pages
    assert len(study.tasks("resumed")) == 20


def test_a_changed_database_is_compared_and_reported_again_and_nothing_else(study) -> None:
    again = {name for name, status in study.tasks("changed").items() if status != "CACHED"}
    assert again == {"COMPARE:COMPARE_DB (alpha-globin)", "REPORTS:REPORT (alpha-globin)"}
