"""Files whose names a shell would run are analysed; nothing in the names is executed, nothing escapes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=20)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
ODD = "a $(touch pwned) `touch pwned`;touch pwned & 'b' \"c\" *?[d]{e} -f"


def test_files_of_hostile_names_are_only_files(tmp_path: Path, pipeline: Callable) -> None:
    folder = tmp_path / "sheet" / ODD
    folder.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copyfile(DEMO / "alpha-globin.fa.gz", folder / f"{ODD}.fa.gz")
    (folder / f"-{ODD}.bed").write_text("chr16\t113000\t114000\n")
    (folder / f"-{ODD}2.bed").write_text("chr16\t113601\t113611\n")
    shutil.copyfile(DEMO / "ccre-pels.bed", elsewhere / f"{ODD}.bed")
    record = (DEMO / "variants.vcf").read_text().splitlines(keepends=True)[:8]
    (folder / f"{ODD}.vcf").write_text("".join(record))
    model = REPOSITORY / "src" / "dnabert_enhancer" / "model" / "default"
    shutil.copytree(model, elsewhere / ODD)
    row = {
        "sample": "odd",
        "genome": f"{ODD}/{ODD}.fa.gz",
        "assembly": "hg38",
        "model": f"../elsewhere/{ODD}",
        "scan_regions": f"{ODD}/-{ODD}.bed",
        "interpret_regions": f"{ODD}/-{ODD}2.bed",
        "vcf": f"{ODD}/{ODD}.vcf",
        "tf_models": [f"TF=../elsewhere/{ODD}"],
        "databases": [f"D=../elsewhere/{ODD}.bed,preset=bed"],
    }
    (tmp_path / "sheet" / "sheet.json").write_text(json.dumps([row]))

    before = set(tmp_path.rglob("*"))
    done = pipeline(
        "-profile", "test", "--input", "sheet/sheet.json", "--outdir", "out", "--shards", "1",
        "--null_variants", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    made = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path not in before}
    assert made <= {"work", "out", ".nextflow", ".nextflow.log"}
    assert not list(tmp_path.rglob("pwned"))
    assert {path.parent.name for path in tmp_path.glob("out/*/odd.run.json")} == {
        "scan",
        "variants",
        "interpret",
        "compare",
    }
