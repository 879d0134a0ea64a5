"""Models of TF binding from `finetune` to `score-variants`, on real ChIP-seq sets at a small size."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.model import new_model, write_model

ROWS = 600


def command(*arguments: object) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([str(argument) for argument in arguments])
    assert not stopped.value.code


def test_a_model_of_three_classes_is_no_tf_model_and_the_advice_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ("acceptor", "donor", "none")
    model = tmp_path / "splice"
    write_model(model, new_model("tiny", k=3, window_length=90, task="multiclass", labels=labels))
    demo = Path(__file__).resolve().parents[2] / "assets" / "demo"
    (tmp_path / "one.vcf").write_text("".join((demo / "variants.vcf").read_text().splitlines(True)[:9]))
    common = ("score-variants", "--vcf", tmp_path / "one.vcf", "--genome", demo / "alpha-globin.fa.gz")
    common += ("--null-variants", 0, "--threads", 1, "--backend", "onnx")
    with pytest.raises(SystemExit) as stopped:
        cli.main([*map(str, common), "--tf", f"SPLICE={model}", "--output-prefix", str(tmp_path / "tf")])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert (
        "--tf takes models of one output or two classes; score with it in a run of its own, as --model"
        in said
    )
    assert not list(tmp_path.glob("tf*"))
    command(*common, "--model", model, "--label", "donor", "--output-prefix", tmp_path / "own")
    assert (tmp_path / "own.vcf.gz").is_file()


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
