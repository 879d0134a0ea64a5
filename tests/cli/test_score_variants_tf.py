"""Models of TF binding from `finetune` to `score-variants`, on real ChIP-seq sets at a small size."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from dnabert_enhancer.commands import cli

ROWS = 600


def command(*arguments: object) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([str(argument) for argument in arguments])
    assert not stopped.value.code


@pytest.mark.slow
@pytest.mark.data
def test_two_models_of_tf_binding_score_the_demo(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    models = []
    for name in ("0", "4"):
        folder = tmp_path / f"set{name}"
        folder.mkdir()
        for split in ("train", "dev"):
            lines = gzip.decompress(
                (shared_data / f"enhancers/gue/tf/{name}/{split}.csv.gz").read_bytes()
            ).splitlines(keepends=True)
            (folder / f"{split}.csv").write_bytes(b"".join(lines[: ROWS + 1]))
        model = tmp_path / f"tf{name}"
        settings = ("--base-model", "new:tiny", "--k", 4, "--epochs", 1, "--threads", 1, "--quiet")
        command("finetune", "--dataset", folder, "--output-dir", model, *settings)
        models.append(("--tf", f"TF{name}={model}"))
    demo = Path(__file__).resolve().parents[2] / "assets" / "demo"
    command(
        "score-variants", "--vcf", demo / "variants.vcf", "--genome", demo / "alpha-globin.fa.gz",
        "--model", tmp_path / "tf0", *models[0], *models[1], "--null-variants", 40, "--threads", 1,
        "--backend", "onnx", "--output-prefix", tmp_path / "out",
    )  # fmt: skip
    with gzip.open(tmp_path / "out.tsv.gz", "rt") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert len(rows) == 35 * 3
    assert {row["transcription_factor"] for row in rows} == {"NA", "TF0", "TF4"}
    for row in rows:
        if row["model"] == "TF0":  # here the same model as the enhancer's
            assert row["tf_LogOddRatio"] == row["LogOddRatio"]
            assert 0 < float(row["tf_p_value"]) <= 1
    with gzip.open(tmp_path / "out.vcf.gz", "rt") as stream:
        text = stream.read()
    assert text.count("##INFO=<ID=DBE_TF4_PREF,Number=A,Type=Float") == 1
    assert text.count(";DBE_TF4_PREF=") == 35
