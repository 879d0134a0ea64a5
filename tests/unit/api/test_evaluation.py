"""api/evaluation (api/evaluation_inputs, evaluation/settings, judged_rows): metrics against scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.model import new_model, write_model

reference = late("sklearn.metrics")

LENGTH = 60
EXACT = de.EngineSettings(precision="float32")


def labelled(rows: int, seed: int) -> pd.DataFrame:
    """Return sequences of which every second is rich in G and C, called 1."""
    rng = np.random.default_rng(seed)
    shares = {0: [0.3, 0.2, 0.2, 0.3], 1: [0.2, 0.3, 0.3, 0.2]}
    labels = np.arange(rows) % 2
    texts = ["".join(rng.choice(list("ACGT"), LENGTH, p=shares[label])) for label in labels.tolist()]
    return pd.DataFrame({"sequence": texts, "label": labels})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> de.Model:
    """Return a fresh model of two classes."""
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, new_model("tiny", k=3, window_length=LENGTH, name="tiny"))
    return de.load_model(folder, engine=EXACT)


def value_of(found: pd.DataFrame, metric: str, method: str = "tiny") -> pd.Series:
    rows = found.query("method == @method and metric == @metric and prevalence == 'as given'")
    assert len(rows) == 1
    return rows.iloc[0]


def test_metrics_are_those_of_scikit_learn_on_the_models_probabilities(model: de.Model) -> None:
    data = labelled(80, 1)
    found = de.evaluate(model, data, bootstrap=50)
    probability = model.predict(data["sequence"].tolist())["probability"].to_numpy(dtype=np.float64)
    expected = {
        "auroc": reference.roc_auc_score(data["label"], probability),
        "auprc": reference.average_precision_score(data["label"], probability),
        "mcc": reference.matthews_corrcoef(data["label"], probability >= 0.5),
        "brier": reference.brier_score_loss(data["label"], probability),
    }
    for metric, value in expected.items():
        row = value_of(found, metric)
        assert row["value"] == pytest.approx(value, abs=1e-6)
        assert row["low"] <= row["high"]
        assert row["rows"] == 80
    predictions = found.predictions
    assert predictions["label"].tolist() == data["label"].tolist()
    np.testing.assert_allclose(predictions["tiny: probability"], probability, atol=1e-6)


def test_a_dict_names_the_models_and_baselines_are_fitted_on_the_training_rows(model: de.Model) -> None:
    data, train = labelled(60, 2), labelled(120, 3)
    found = de.evaluate({"A": model, "B": model}, data, train_dataset=train, baselines="ridge", bootstrap=0)
    assert found["method"].unique().tolist() == ["A", "B", "6-mer ridge"]
    assert found["low"].isna().all()
    shown = found.predictions["6-mer ridge: probability"]
    expected = reference.roc_auc_score(data["label"], shown)
    assert value_of(found, "auroc", "6-mer ridge")["value"] == pytest.approx(expected)


def test_splits_of_a_data_frame_are_a_column(model: de.Model) -> None:
    data = pd.concat([labelled(40, 1).assign(split="train"), labelled(20, 2).assign(split="test")])
    assert set(de.evaluate(model, data, bootstrap=0)["rows"]) == {20}
    assert set(de.evaluate(model, data, bootstrap=0, split="all")["rows"]) == {60}
    with pytest.raises(de.InputError, match="no split 'validation', only train, test"):
        de.evaluate(model, data, split="validation")


@pytest.mark.slow
def test_plots_are_figures_and_files_are_those_of_the_command(model: de.Model, tmp_path: Path) -> None:
    data = labelled(40, 5)
    data.to_csv(tmp_path / "rows.tsv", sep="\t", index=False)
    found = de.evaluate(model, tmp_path / "rows.tsv", bootstrap=10, seed=3)
    for figure in (found.plot_roc(), found.plot_precision_recall(), found.plot_calibration()):
        assert figure.axes
    assert found.plot_roc().axes[0].get_xlabel() == "false positive rate"
    with pytest.raises(de.InputError, match=r"no scatter plot of labels that are binary; there are roc, pr"):
        found.plot_scatter()
    with pytest.raises(de.InputError, match=r"no subset 'other'; there are all"):
        found.plot_roc("other")
    found.write(tmp_path / "out" / "a")
    from dnabert_enhancer.commands.cli import main

    with pytest.raises(SystemExit) as stop:
        main(
            [
                *("evaluate", "--dataset", str(tmp_path / "rows.tsv"), "--bootstrap", "10", "--seed", "3"),
                *("--model", str(model.opened.directory), "--precision", "float32"),
                *("--output-prefix", str(tmp_path / "out" / "b")),
            ]
        )
    assert stop.value.code == 0
    names = [path.name.removeprefix("a.") for path in (tmp_path / "out").glob("a.*")]
    assert len(names) == 9
    for name in names:
        assert (tmp_path / "out" / f"a.{name}").read_bytes() == (tmp_path / "out" / f"b.{name}").read_bytes()


def test_what_is_selected_is_a_plain_data_frame(model: de.Model) -> None:
    found = de.evaluate(model, labelled(20, 1), bootstrap=0)
    assert isinstance(found, de.Evaluation)
    assert type(found.query("metric == 'auroc'")) is pd.DataFrame
    assert found.round(3).shape == found.shape


SOME = labelled(10, 1)


@pytest.mark.parametrize(
    ("dataset", "keywords", "said"),
    [
        (SOME.rename(columns={"label": "y"}), {}, "no column 'label'; its columns are 'sequence', 'y'"),
        (SOME.assign(label=None), {}, "DataFrame, row 0: the label is missing"),
        (SOME.assign(sequence="ACGX"), {}, "row 0: 'X' at base 4 is not a nucleotide letter"),
        (SOME.assign(sequence=b"ACGT"), {}, "row 0: the sequence is bytes, not text"),
        (SOME.assign(label=1), {}, "all 10 labels are 1"),
        (SOME.assign(split="tset"), {}, "column 'split' of the DataFrame holds 'tset'"),
        (SOME.iloc[:0], {}, "the DataFrame has no rows"),
        ([["ACGT"], [1]], {}, "a data set cannot be read from list"),
        ("nowhere.tsv", {}, "no such file"),
        (SOME, {"baselines": "ridge"}, "no training split apart from the rows to be judged"),
        (SOME, {"baselines": "XGB"}, "baselines is .*'XGB'.* some of ridge, RF"),
        (SOME, {"resamples": 10}, "EvaluationSettings has no field 'resamples'"),
        (SOME, {"threshold": 2}, "threshold is 2; it must be from 0 to 1"),
        (SOME, {"crop": "center"}, "crop is 'center'; it must be none or centre"),
        (SOME, {"task": "regression"}, "the labels are measured values, but the model tiny is binary"),
    ],
)
def test_natural_mistakes_are_said(
    model: de.Model, dataset: object, keywords: dict[str, object], said: str
) -> None:
    with pytest.raises(de.InputError, match=said):
        de.evaluate(model, dataset, **keywords)  # type: ignore[arg-type]


def test_models_that_are_none_or_twice_are_refused(model: de.Model) -> None:
    with pytest.raises(de.InputError, match="int is not a model; give what load_model returns, or a path"):
        de.evaluate([3], SOME)  # type: ignore[list-item]
    with pytest.raises(de.InputError, match="named twice"):
        de.evaluate([model, model], SOME)
    with pytest.raises(de.InputError, match="nothing to judge"):
        de.evaluate([], SOME)


def test_rows_that_no_method_can_judge_are_told(model: de.Model, caplog: pytest.LogCaptureFixture) -> None:
    data = labelled(20, 1)
    twin = {"sequence": data["sequence"][0][::-1].translate(str.maketrans("ACGT", "TGCA")), "label": 1}
    rows = pd.DataFrame([*data.to_dict("records"), twin, {"sequence": "N" * LENGTH, "label": 0}])
    de.evaluate(model, rows, bootstrap=0)
    said = [record.getMessage() for record in caplog.records]
    assert (
        "2 of 22 sequences have other labels in other rows (either strand): no method is right on all" in said
    )
    assert "1 of 22 sequences are N alone: their scores say nothing" in said
    caplog.clear()
    de.evaluate(model, data, bootstrap=0)
    assert not caplog.records
