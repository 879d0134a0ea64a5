"""assets/schema_input.json says of rows what the samplesheet's reader says, as far as a schema can."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

SEVERAL = {"negatives_from", "null_exclude", "tf_models", "annotate", "clinical", "databases", "chains"}
ROW = {"sample": "a", "genome": "g.fa.gz", "scan_regions": "all"}

# what the reader's tests (test_samplesheet.py) call a fault, and what they take
RIGHT: list[dict[str, object]] = [
    ROW,
    ROW | {"genome": "GRCh38"},
    ROW | {"scan_regions": "peaks.narrowPeak", "threshold": 0.5},
    ROW | {"scan_regions": "PEAKS.BED.GZ", "threshold": "top:1%"},
    ROW | {"assembly": "hg38", "databases": "A=a.bed;B=b.bed,preset=fantom5", "chains": ["x", "y"]},
    {"sample": 3, "genome": "g.fa", "vcf": "list.txt", "vcf_format": "spdi", "motifs": "m.meme"},
    {"sample": "a", "genome": "g.fa", "interpret_variants": "v.vcf.gz", "motifs": "m.meme"},
    {"sample": "a", "genome": "https://host/g.fa", "train_regions": "s3://bucket/p.bed"},
    {"sample": "a", "genome": "g.fa", "train_regions": "p.bed", "negatives": "bedtools-shuffle"},
]
WRONG: list[dict[str, object]] = [
    {"sample": "a", "genome": "g.fa"},
    {"sample": "a", "scan_regions": "all"},
    ROW | {"sample": "../evil"},
    ROW | {"sample": "x y"},
    ROW | {"scan_regions": "every"},
    ROW | {"scan_regions": "peaks.bedx"},
    ROW | {"scan_region": "all"},
    ROW | {"assembly": "mm 10"},
    ROW | {"databases": "A=a.bed"},
    ROW | {"vcf_format": "bed"},
    ROW | {"motifs": "m.meme"},
    ROW | {"vcf": "v.doc"},
    ROW | {"vcf": "v.vcf", "vcf_format": "csv"},
    ROW | {"interpret_regions": "all"},
    ROW | {"exclude": "b.bed"},
    ROW | {"negatives": "matched"},
    {"sample": "a", "genome": "g.fa", "train_regions": "p.bed", "negatives": "random"},
]


@pytest.fixture(scope="module")
def items() -> dict:
    items: dict = json.loads((REPOSITORY / "assets" / "schema_input.json").read_text())["items"]
    # letters and digits of any language, which Python's regular expressions write otherwise
    items["properties"]["positive_label"].pop("pattern")
    return items


def is_valid(items: dict, row: dict[str, object]) -> bool:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(items)
    validator.check_schema(items)
    return bool(validator.is_valid(row))


@pytest.mark.parametrize("row", RIGHT)
def test_rows_that_the_reader_takes_are_valid(items: dict, row: dict[str, object]) -> None:
    assert is_valid(items, row)


@pytest.mark.parametrize("row", WRONG)
def test_rows_that_the_reader_refuses_are_not(items: dict, row: dict[str, object]) -> None:
    assert not is_valid(items, row)


@pytest.mark.parametrize(
    "sheet", ["demo/samplesheet.csv", "demo/samplesheet_test.csv", "samplesheet_full.csv"]
)
def test_the_samplesheets_of_the_repository_are_valid(items: dict, sheet: str) -> None:
    with (REPOSITORY / "assets" / sheet).open(newline="") as lines:
        rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(lines)]
    assert rows
    assert all(is_valid(items, row) for row in rows)


def test_columns_of_several_values_take_lists(items: dict) -> None:
    lists = {name for name, rule in items["properties"].items() if "array" in rule["type"]}
    assert lists == SEVERAL
