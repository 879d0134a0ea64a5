"""The command evaluate, from files to files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from late import late

from dnabert_enhancer import load_model
from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.model import new_model, write_model

reference = late("sklearn.metrics")

LENGTH = 60
FILES = {
    f"judged.{name}"
    for name in (
        "metrics.tsv",
        "metrics.json",
        "predictions.tsv.gz",
        "run.json",
        *(f"{picture}.{kind}" for picture in ("roc", "pr", "calibration") for kind in ("png", "svg")),
    )
}


def evaluate(*arguments: object) -> None:
    """Run the command in this process; raise AssertionError when it fails."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments], command="evaluate")
    assert stop.value.code == 0


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run the command, which must fail with exit code 2 and one line; return the line."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments], command="evaluate")
    assert stop.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert len(lines) == 1
    return lines[0]


def sequences(n: int, seed: int, length: int = LENGTH) -> tuple[list[str], list[int]]:
    """Return sequences of which every second is rich in G and C."""
    rng = np.random.default_rng(seed)
    labels = [row % 2 for row in range(n)]
    texts = [
        "".join(rng.choice(list("ACGT"), length, p=[0.2, 0.3, 0.3, 0.2] if y else [0.3, 0.2, 0.2, 0.3]))
        for y in labels
    ]
    return texts, labels


def write_table(path: Path, texts: list[str], labels: list[object]) -> Path:
    rows = "".join(f"{text}\t{label}\n" for text, label in zip(texts, labels, strict=True))
    path.write_text(f"sequence\tlabel\n{rows}")
    return path


def write_fasta(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(f">seq{number} $(x) -n\n{text}\n" for number, text in enumerate(texts)))
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with train and test tables; four test sequences are training sequences in disguise."""
    folder = tmp_path_factory.mktemp("a data set")
    train, train_labels = sequences(120, 1)
    test, labels = sequences(80, 2)
    test[0], test[1] = train[0], train[1].lower()
    turned = str.maketrans("ACGT", "TGCA")
    test[2], test[3] = train[2].translate(turned)[::-1], train[3].translate(turned)[::-1].lower()
    write_table(folder / "train.tsv", train, list(train_labels))
    write_table(folder / "test.tsv", test, list(labels))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    write_model(directory, new_model("tiny", k=3, window_length=LENGTH, name="tiny model"))
    return directory


@pytest.mark.slow
def test_model_and_baselines_in_one_table(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(
        "--dataset", data, "--model", model, "--baselines", "ridge", "GNB", "--bootstrap", 50,
        "--precision", "float32", "--exclude-duplicates-of", data / "train.tsv",
        "--output-prefix", tmp_path / "judged",
    )  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"judged.differences.tsv"}
    differences = pd.read_csv(tmp_path / "judged.differences.tsv", sep="\t")
    pairs = differences[["method", "minus"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["6-mer ridge", "tiny model"], ["GNB", "tiny model"], ["GNB", "6-mer ridge"]]
    table = pd.read_csv(tmp_path / "judged.metrics.tsv", sep="\t")
    assert table["method"].unique().tolist() == ["tiny model", "6-mer ridge", "GNB"]
    assert table.groupby("subset", sort=False)["rows"].first().to_dict() == {
        "all": 80,
        "without duplicates": 76,
    }
    predictions = pd.read_csv(tmp_path / "judged.predictions.tsv.gz", sep="\t")
    assert predictions["duplicate"].tolist() == [1] * 4 + [0] * 76
    for (method, subset), rows in table[table["prevalence"] == "as given"].groupby(["method", "subset"]):
        inside = predictions if subset == "all" else predictions[predictions["duplicate"] == 0]
        score, found = inside[f"{method}: probability"], rows.iloc[0]
        assert found["auroc"] == pytest.approx(reference.roc_auc_score(inside["label"], score), abs=1e-12)
        assert found["mcc"] == pytest.approx(
            reference.matthews_corrcoef(inside["label"], score >= 0.5), abs=1e-12
        )
        assert found["auprc_low"] <= found["auprc"] <= found["auprc_high"]
    assert table.loc[table["method"] == "6-mer ridge", "auroc"].min() > 0.6
    value = table[table["prevalence"] == "as given"].set_index(["method", "subset"])["auroc"]
    chosen = differences[(differences["prevalence"] == "as given") & (differences["metric"] == "auroc")]
    for row in chosen.itertuples():
        wanted = value[row.method, row.subset] - value[row.minus, row.subset]
        assert row.difference == pytest.approx(wanted, abs=1e-12)
        assert row.low <= row.high
        assert 2 / 51 <= row.p <= 1
    shown = capsys.readouterr().out
    assert "40 positives (enhancer), 40 negatives" in shown
    assert "38 positives (enhancer), 38 negatives (non-enhancer) (without duplicates)" in shown
    assert "6-mer ridge" in shown


def test_rows_are_judged_by_chromosome_gc_and_distance_to_genes(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts, labels = sequences(60, 3)
    rows = [
        f"{'chr1' if n < 40 else 'chr2'}\t{n * 1000}\t{n * 1000 + LENGTH}\t{text}\t{label}\n"
        for n, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    (tmp_path / "rows.tsv").write_text("chrom\tstart\tend\tsequence\tlabel\n" + "".join(rows))
    (tmp_path / "genes.bed").write_text("1\t20000\t20500\tA\t0\t+\n")
    common = ("--dataset", tmp_path / "rows.tsv", "--model", model, "--output-prefix", tmp_path / "judged")
    evaluate(
        *common, "--by", "chromosome", "gc", "tss", "--genes", tmp_path / "genes.bed", "--bootstrap", 20
    )  # fmt: skip
    written = {path.name for path in tmp_path.glob("judged.*")}
    assert written == FILES | {f"judged.strata.{end}" for end in ("tsv", "png", "svg")}
    table = pd.read_csv(tmp_path / "judged.strata.tsv", sep="\t")
    by = {name: part.set_index("group")["rows"].to_dict() for name, part in table.groupby("by")}
    assert by["chromosome"] == {"chr1": 40, "chr2": 20}
    # rows begin every 1,000 bp, the gene at 20,000: in the row, and 941 to 9,941 or 1,000 to 19,000 away
    assert by["tss"] == {
        "0-1 kb": 2, "1-5 kb": 8, "5-10 kb": 10, "10-50 kb": 20, "no gene on the chromosome": 20,
    }  # fmt: skip
    assert sum(by["gc"].values()) == 60
    score = pd.read_csv(tmp_path / "judged.predictions.tsv.gz", sep="\t")["tiny model: probability"]
    found = table.query("by == 'chromosome' and group == 'chr2'").iloc[0]
    assert found["auroc"] == pytest.approx(reference.roc_auc_score(labels[40:], score[40:]), abs=1e-12)
    record = json.loads((tmp_path / "judged.run.json").read_text())
    assert "genes" in [entry["role"] for entry in record["inputs"]]
    assert "--by tss needs genes" in refusal(capsys, *common, "--by", "tss")
    assert "does not apply to rows that are not" in refusal(
        capsys, *common, "--genes", tmp_path / "genes.bed"
    )


def test_record_and_json_say_what_was_done(data: Path, model: Path, tmp_path: Path) -> None:
    evaluate(
        "--dataset", data / "test.tsv", "--model", model, "--no-pictures", "--bootstrap", 0,
        "--threshold", 0.25,
        "--output-prefix", tmp_path / "new folder" / "judged", "--precision", "float32", "--quiet",
    )  # fmt: skip
    record = json.loads((tmp_path / "new folder" / "judged.run.json").read_text())
    assert record["command"] == "evaluate"
    assert record["counts"]["sequences"] == 80
    assert len(record["models"]["tiny model"]["digest"]) == 64
    assert record["models"]["tiny model"]["engine"]["precision"] == "float32"
    assert record["inputs"][0]["role"] == "dataset"
    content = json.loads((tmp_path / "new folder" / "judged.metrics.json").read_text())
    assert content["results"][0]["threshold"] == {"value": 0.25, "source": "asked for"}
    assert content["results"][0]["metrics"]["as given"]["auroc"]["low"] is None


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(data: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        evaluate(
            "--dataset", data, "--model", "none", "--baselines", "MLP", "--bootstrap", 40, "--seed", 3,
            "--output-prefix", tmp_path / name / "judged",
        )  # fmt: skip
    for name in FILES - {"judged.run.json"}:
        first, second = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        if name == "judged.metrics.json":  # holds seconds
            assert json.loads(first)["results"][0]["metrics"] == json.loads(second)["results"][0]["metrics"]
        else:
            assert first == second, name


def test_fasta_pair_with_a_training_pair(tmp_path: Path) -> None:
    paths = {}
    for name, seed in (("test", 2), ("train", 1)):
        texts, labels = sequences(80, seed)
        for label in (0, 1):
            chosen = [text for text, own in zip(texts, labels, strict=True) if own == label]
            paths[name, label] = write_fasta(tmp_path / f"{name} {label}.fa", chosen)
    evaluate(
        "--dataset", paths["test", 1], "--negatives", paths["test", 0], "--train-dataset", paths["train", 1],
        "--train-negatives", paths["train", 0], "--model", "none", "--baselines", "ridge",
        "--no-pictures", "--bootstrap", 0,
        "--output-prefix", tmp_path / "judged",
    )  # fmt: skip
    predictions = pd.read_csv(tmp_path / "judged.predictions.tsv.gz", sep="\t")
    assert predictions["label"].tolist() == [1] * 40 + [0] * 40
    assert predictions["name"].iloc[0] == "seq0"


def test_duplicates_of_training_are_told(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    evaluate(
        "--dataset",
        data,
        "--model",
        "none",
        "--baselines",
        "GNB",
        "--no-pictures",
        "--bootstrap",
        0,
        "--output-prefix",
        tmp_path / "j",
    )
    assert "4 of 80 sequences are in the training set too" in caplog.text
    assert json.loads((tmp_path / "j.run.json").read_text())["counts"]["duplicates_of_training"] == 4


@pytest.mark.parametrize("split", ["test", "train", "all"])
def test_splits(split: str, data: Path, model: Path, tmp_path: Path) -> None:
    evaluate(
        "--dataset", data, "--split", split, "--model", model, "--no-pictures", "--bootstrap", 0,
        "--precision", "float32",
        "--output-prefix", tmp_path / "j",
    )  # fmt: skip
    rows = pd.read_csv(tmp_path / "j.metrics.tsv", sep="\t")["rows"].iloc[0]
    assert rows == {"test": 80, "train": 120, "all": 200}[split]


def test_two_models_of_one_name_are_told_apart(data: Path, model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_model(other, new_model("tiny", k=4, window_length=LENGTH, seed=1, name="tiny model"))
    evaluate(
        "--dataset", data, "--model", model, "--model", other, "--no-pictures", "--bootstrap", 0,
        "--precision", "float32",
        "--output-prefix", tmp_path / "j",
    )  # fmt: skip
    names = pd.read_csv(tmp_path / "j.metrics.tsv", sep="\t")["method"].unique().tolist()
    assert names == [f"tiny model ({model})", f"tiny model ({other})"]


@pytest.mark.slow
def test_several_classes(tmp_path: Path) -> None:
    texts, _ = sequences(90, 5)
    tissues = ["brain", "heart", "liver"]
    write_table(tmp_path / "test.csv", texts, [tissues[row % 3] for row in range(90)]).rename(
        tmp_path / "test.tsv"
    )
    train, _ = sequences(90, 6)
    write_table(tmp_path / "train.tsv", train, [tissues[row % 3] for row in range(90)])
    write_model(
        tmp_path / "m", new_model("tiny", k=3, window_length=LENGTH, task="multiclass", labels=tissues[::-1])
    )
    evaluate(
        "--dataset", tmp_path, "--model", tmp_path / "m", "--baselines", "ridge", "RF", "--bootstrap", 20,
        "--precision", "float32", "--output-prefix", tmp_path / "j",
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "j.metrics.tsv", sep="\t").set_index("method")
    predictions = pd.read_csv(tmp_path / "j.predictions.tsv.gz", sep="\t")
    for method in ("new-tiny", "6-mer ridge", "RF"):
        called = predictions[[f"{method}: {tissue}" for tissue in tissues]].to_numpy().argmax(axis=1)
        expected = reference.f1_score(predictions["label"], called, average="macro")
        assert table.loc[method, "macro_f1"] == pytest.approx(expected, abs=1e-12)
    assert (tmp_path / "j.roc.svg").exists()


def test_measured_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts, labels = sequences(80, 5)
    activity = [label + 0.01 * row for row, label in enumerate(labels)]
    write_table(tmp_path / "test.tsv", texts, list(activity))
    write_table(tmp_path / "train.tsv", sequences(80, 6)[0], list(activity))
    write_model(tmp_path / "m", new_model("tiny", k=3, window_length=LENGTH, task="regression"))
    evaluate(
        "--dataset", tmp_path, "--model", tmp_path / "m", "--baselines", "ridge", "GNB", "--bootstrap", 20,
        "--precision", "float32", "--output-prefix", tmp_path / "j",
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "j.metrics.tsv", sep="\t").set_index("method")
    predictions = pd.read_csv(tmp_path / "j.predictions.tsv.gz", sep="\t")
    expected = np.corrcoef(predictions["label"], predictions["6-mer ridge: value"])[0, 1]
    assert table.loc["6-mer ridge", "pearson"] == pytest.approx(expected, abs=1e-12)
    assert "GNB" not in table.index
    assert "GNB does not predict measured values" in caplog.text
    assert (tmp_path / "j.scatter.png").exists()
    assert not (tmp_path / "j.roc.png").exists()


def test_metrics_are_those_of_what_predict_writes(model: Path, tmp_path: Path) -> None:
    """Sequences of 40 to 700 bp, some with unknown bases; the model's window is 60 bp, it reads up to 512."""
    rng = np.random.default_rng(11)
    texts, labels = sequences(60, 7, length=700)
    texts = [text[: int(rng.integers(40, 700))] for text in texts]
    texts[5] = "N" * 50 + texts[5]
    texts[6] = texts[6][:30] + "NNNN" + texts[6][30:]
    table = write_table(tmp_path / "rows.tsv", texts, list(labels))
    common = ("--model", model, "--precision", "float32", "--output-prefix")
    with pytest.raises(SystemExit) as stop:
        main(["--tsv", str(table), *map(str, common), str(tmp_path / "p")], command="predict")
    assert stop.value.code == 0
    predicted = pd.read_csv(tmp_path / "p.predictions.tsv", sep="\t")
    assert (predicted["windows"] > 1).sum() > 40
    score = predicted["maximum"].to_numpy()
    threshold = float(np.sort(score)[25])
    evaluate(
        "--dataset", table, "--bootstrap", 0, "--no-pictures", "--threshold", threshold,
        *common, tmp_path / "e",
    )  # fmt: skip
    scores = pd.read_csv(tmp_path / "e.predictions.tsv.gz", sep="\t")["tiny model: probability"]
    np.testing.assert_allclose(scores, score, rtol=2e-6)

    # from predict's table, by the definitions
    positive, called = np.array(labels) == 1, score >= threshold
    assert called.sum() == 35
    hits, misses = (called & positive).sum(), (~called & positive).sum()
    false, right = (called & ~positive).sum(), (~called & ~positive).sum()
    pairs = score[positive][:, None] - score[~positive][None, :]
    expected = {
        "accuracy": (hits + right) / 60,
        "precision": hits / (hits + false),
        "recall": hits / (hits + misses),
        "mcc": (hits * right - false * misses)
        / np.sqrt(float((hits + false) * (hits + misses) * (right + false) * (right + misses))),
        "auroc": ((pairs > 0) + 0.5 * (pairs == 0)).mean(),
    }
    found = pd.read_csv(tmp_path / "e.metrics.tsv", sep="\t").query("prevalence == 'as given'").iloc[0]
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_long_sequences_are_cropped(model: Path, tmp_path: Path) -> None:
    texts, labels = sequences(20, 7, length=600)
    whole = write_table(tmp_path / "whole.tsv", texts, list(labels))
    cut = write_table(tmp_path / "cut.tsv", [text[270:330] for text in texts], list(labels))
    common = (
        "--model",
        model,
        "--bootstrap",
        0,
        "--no-pictures",
        "--precision",
        "float32",
        "--output-prefix",
    )
    evaluate("--dataset", whole, "--crop", "centre", *common, tmp_path / "a")
    evaluate("--dataset", cut, *common, tmp_path / "b")
    first, second = (gzip.decompress((tmp_path / f"{name}.predictions.tsv.gz").read_bytes()) for name in "ab")
    assert first == second


def test_sequences_of_unknown_bases_are_told(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts, labels = sequences(12, 9)
    texts[3] = "N" * 7 + texts[3][7:]
    evaluate(
        "--dataset", write_table(tmp_path / "rows.tsv", texts, list(labels)), "--model", model,
        "--bootstrap", 0, "--no-pictures", "--output-prefix", tmp_path / "j",
    )  # fmt: skip
    told = (
        "1 of 12 sequences hold more than 10% unknown bases in every window, and predict gives them no "
        "score; tiny model judged what is there"
    )
    assert told in caplog.text
    assert json.loads((tmp_path / "j.run.json").read_text())["warnings"] == [told]


def test_sequences_of_other_lengths_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Judged by the packaged model, whose window is 200 bp: 6 sequences fit, 3 are shorter, 11 longer."""
    texts, labels = sequences(20, 8, length=260)
    texts[:6] = [text[30:230] for text in texts[:6]]
    texts[6:9] = [text[:150] for text in texts[6:9]]
    model = load_model(engine=EngineSettings(precision="float32"))

    def judged(name: str, rows: list[str], *options: object) -> list[float]:
        table = write_table(tmp_path / f"{name}.rows.tsv", rows, list(labels[: len(rows)]))
        evaluate(
            "--dataset", table, *options, "--bootstrap", 0, "--no-pictures", "--precision", "float32",
            "--output-prefix", tmp_path / name,
        )  # fmt: skip
        frame = pd.read_csv(tmp_path / f"{name}.predictions.tsv.gz", sep="\t")
        return list(frame[f"{model.name}: probability"])

    whole = judged("whole", texts)
    lines = [record.getMessage() for record in caplog.records if "another length" in record.getMessage()]
    assert lines == [
        f"14 of 20 sequences have another length than the window of {model.name}, 200 bp: 11 longer ones "
        "have the score of their highest window, as predict gives it (--crop centre cuts them to the window "
        "at their centre), 3 shorter ones are scored as they are"
    ]
    record = json.loads((tmp_path / "whole.run.json").read_text())
    assert record["warnings"] == lines
    assert (record["models"][model.name]["longer"], record["models"][model.name]["shorter"]) == (11, 3)
    assert json.loads((tmp_path / "whole.metrics.json").read_text())["notes"] == lines
    assert record["models"][model.name]["stride"] == 50
    assert whole == pytest.approx(list(model.predict(texts)["probability"]), abs=1e-5)

    caplog.clear()
    cut = judged("cut", texts, "--crop", "centre")
    assert "11 longer ones are cut to the window at their centre, 3 shorter" in caplog.text
    caplog.clear()
    assert cut == judged("before", [*texts[:9], *(text[30:230] for text in texts[9:])])
    assert "3 of 20 sequences have another length" in caplog.text
    caplog.clear()
    judged("equal", texts[:6])
    assert "another length" not in caplog.text
    assert "warnings" not in json.loads((tmp_path / "equal.run.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dataset", "{data}", "--split", "validation"], "no split 'validation', only train, test"),
        (["--dataset", "{data}/test.tsv", "--split", "test"], "a single file has no split 'test'"),
        (["--dataset", "{data}/test.tsv", "--baselines"], "give --train-dataset, or leave --baselines out"),
        (["--dataset", "{data}", "--split", "train", "--baselines"], "baselines cannot be fitted"),
        (["--dataset", "{data}", "--model", "none"], "add --baselines"),
        (["--dataset", "{data}", "--model", "none", "--baselines", "--crop", "centre"], "needs a model"),
        (["--dataset", "{data}", "--baselines", "XGB"], "invalid choice: 'XGB'"),
        (["--dataset", "{data}/nothing.tsv"], "nothing.tsv"),
        (["--dataset", "{data}", "--model", "{data}/no model"], "no model"),
        (["--dataset", "{data}", "--threshold", "2"], "'2' is not a number from 0 to 1"),
        (["--dataset", "{data}", "--bootstrap", "-1"], "'-1' is not a whole number"),
        (["--dataset", "{data}", "--model", "none", "--baselines", "--jobs", "0"], "'0'"),
        (["--dataset", "{data}", "--exclude-duplicates-of", "{data}/test.tsv"], "no rows are left"),
        (
            ["--dataset", "{data}", "--split", "train", "--exclude-duplicates-of", "{data}"],
            "no rows are left",
        ),
        (["--dataset", "{data}", "--exclude-duplicates-of", "{data}/nothing.fa"], "nothing.fa"),
        (["--dataset", "{data}", "--task", "regression"], "the labels are measured values, but the model"),
        (["--dataset", "{data}", "--model", "{model}", "--model", "{model}"], "named twice"),
    ],
)
def test_bad_use_is_one_line(
    arguments: list[str],
    said: str,
    data: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [argument.format(data=data, model=model) for argument in arguments]
    if "--model" not in given:
        given += ["--model", str(model)]
    assert said in refusal(capsys, *given, "--output-prefix", tmp_path / "j")
    assert not list(tmp_path.iterdir())


def test_labels_of_one_class_are_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_table(tmp_path / "ones.tsv", sequences(6, 1)[0], [1] * 6)
    line = refusal(capsys, "--dataset", table, "--model", model, "--output-prefix", tmp_path / "j")
    assert "all 6 labels are 1" in line
    assert "ones.tsv" in line


def test_an_output_that_cannot_be_written_is_found_before_the_work(
    data: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "j.roc.svg").mkdir()
    line = refusal(capsys, "--dataset", data, "--model", model, "--output-prefix", tmp_path / "j")
    assert "j.roc.svg" in line
    (tmp_path / "file").write_text("")
    assert "file" in refusal(
        capsys, "--dataset", data, "--model", model, "--output-prefix", tmp_path / "file" / "j"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"j.roc.svg", "file"}


@pytest.mark.data
def test_duplicates_flatter_the_ridge_on_the_independent_set(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "enhancers" / "ienhancer2L"
    known = [
        argument
        for part in ("enhancers", "nonenhancers")
        for argument in ("--exclude-duplicates-of", folder / f"layer1_train_{part}.fa")
    ]
    evaluate(
        "--dataset", folder / "layer1_test_enhancers.fa",
        "--negatives", folder / "layer1_test_nonenhancers.fa",
        "--train-dataset", folder / "layer1_train_enhancers.fa",
        "--train-negatives", folder / "layer1_train_nonenhancers.fa", *known,
        "--model", "none", "--baselines", "ridge", "--no-pictures", "--bootstrap", 100,
        "--output-prefix", tmp_path / "j",
    )  # fmt: skip
    table = (
        pd.read_csv(tmp_path / "j.metrics.tsv", sep="\t")
        .query("prevalence == 'as given'")
        .set_index("subset")
    )
    assert table["positives"].to_dict() == {"all": 200, "without duplicates": 100}
    assert table.loc["all", "auroc"] == pytest.approx(0.832, abs=0.01)
    assert table.loc["without duplicates", "auroc"] == pytest.approx(0.749, abs=0.01)


WORDS = [
    ("0", "1"),
    ("genome", "enhancer"),
    ("unbound", "bound"),
    ("-", "+"),
    ("Non-enhancer", "enhancer"),
    ("非增强子", "增强子"),
]


@pytest.mark.parametrize(("negative", "positive"), WORDS)
def test_words_as_labels_give_the_auroc_of_numbers(
    negative: str, positive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    rows = ["".join(rng.choice(list("ACGT"), 200)) for _ in range(24)]
    labels = [positive if number % 3 == 0 else negative for number in range(24)]
    text = "sequence,label\n" + "".join(f"{row},{label}\n" for row, label in zip(rows, labels, strict=True))
    Path("rows.csv").write_text(text, encoding="utf-8")
    evaluate(
        *("--dataset", "rows.csv", "--output-prefix", "e", "--bootstrap", 0, "--no-pictures"),
        *("--precision", "float32", "--threads", 1),
    )
    table = pd.read_csv("e.metrics.tsv", sep="\t", dtype={"positive_label": str}).iloc[0]
    scores = load_model().predict(rows)["probability"]
    truth = [int(number % 3 == 0) for number in range(24)]
    assert table["auroc"] == pytest.approx(reference.roc_auc_score(truth, scores), abs=1e-9)
    named = positive if positive != "1" else "enhancer"
    assert table["positive_label"] == named
    assert json.loads(Path("e.run.json").read_text())["positive_label"] == named


def test_classes_whose_names_leave_it_open_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sequence = "ACGT" * 50
    Path("rows.csv").write_text(f"sequence,label\n{sequence},weak\n{sequence[1:]}A,strong\n")
    # a model that knows neither name
    directory = str(write_model("m", new_model("tiny", k=3, window_length=LENGTH)).directory)
    command = (
        *("--dataset", "rows.csv", "--model", directory, "--output-prefix", "e", "--bootstrap", 0),
        "--no-pictures",
    )
    line = refusal(capsys, *command)
    assert "rows.csv: the labels are 'strong' and 'weak'" in line
    assert "--positive-label" in line
    evaluate(*command, "--positive-label", "strong")
    assert pd.read_csv("e.metrics.tsv", sep="\t")["positive_label"].tolist()[0] == "strong"
