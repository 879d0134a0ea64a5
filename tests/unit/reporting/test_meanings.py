"""Every column that a command writes has a meaning, and formulas are those of the code."""

from __future__ import annotations

import pytest

from dnabert_enhancer.interpret import (
    BEST_MATCH_COLUMNS,
    ENRICHMENT_COLUMNS,
    FOUND_COLUMNS,
    MATCH_COLUMNS,
    MOTIF_COLUMNS,
    SEQLET_COLUMNS,
)
from dnabert_enhancer.interpret.attributions import COMPLETENESS_COLUMN, REGION_COLUMNS
from dnabert_enhancer.interpret.variants import VARIANT_COLUMNS
from dnabert_enhancer.reporting import meanings
from dnabert_enhancer.scan.tracks_and_calls import CALL_COLUMNS, CALL_DEVIATION
from dnabert_enhancer.variants.output_rows import CANDIDATE_COLUMNS, DEVIATION_COLUMNS

TABLES = {
    "call": (*CALL_COLUMNS, CALL_DEVIATION),
    "variant": (*CANDIDATE_COLUMNS, *DEVIATION_COLUMNS),
    "interpret": (*REGION_COLUMNS, COMPLETENESS_COLUMN, *VARIANT_COLUMNS),
    "seqlet": (*SEQLET_COLUMNS, *MOTIF_COLUMNS, "score", "strand"),
    "found_motif": (*FOUND_COLUMNS, *BEST_MATCH_COLUMNS),
    "match": MATCH_COLUMNS,
    "enrichment": ENRICHMENT_COLUMNS,
}


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_a_meaning(table: str) -> None:
    known = getattr(meanings, f"{table}_meanings")()
    assert [name for name in TABLES[table] if not known.get(name)] == []


def test_columns_of_a_users_bed_are_said_to_be_the_users() -> None:
    found = meanings.region_meanings(["chrom", "start", "end", "name", "column_7", "maximum", "note"])
    assert found["column_7"] == "a column of your BED, as it stands there"
    assert found["maximum"] == "the highest score of the region's windows"


def test_formulas_are_those_of_the_files() -> None:
    assert meanings.variant_meanings()["ScoreChange"] == "(p_alt - p_ref) * max(p_ref, p_alt)"
    assert meanings.metric_meanings()["precision"] == "precision: TP / (TP + FP); 0 when nothing is called"
    assert meanings.comparison_meanings()["recall"] == "elements_overlapping / elements"
