"""Models and baselines as methods: cropping, lengths, order of classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.method_comparison import Method
from dnabert_enhancer.evaluation.predictors import (
    Labelled,
    baseline_method,
    check_same_labels,
    cropped,
    judged_windows,
    mean_method,
    model_method,
    model_scores,
)
from dnabert_enhancer.model import Calibration, EnhancerModel, Threshold, new_model, write_model

RNG = np.random.default_rng(0)


def windows(n: int, length: int) -> np.ndarray:
    return RNG.integers(0, 4, (n, length), dtype=np.uint8)


def engine_of(model: EnhancerModel) -> Engine:
    return Engine(model, EngineSettings(device="cpu", precision="float32", threads=1))


def judged(
    engine: Engine, data: Labelled, *, crop: bool = False, threshold: float | None = None
) -> tuple[Method, np.ndarray | None]:
    scores = model_scores(engine, data, judged_windows(data, engine.model, crop=crop))
    return model_method(scores, data, crop=crop, threshold=threshold)


@pytest.fixture(scope="module")
def binary_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    parts = new_model("tiny", k=3, window_length=60, name="a model")
    card = parts.card.replace(
        calibration=Calibration("temperature", {"temperature": 0.1}),
        thresholds={"default": Threshold(0.4, "chosen by hand")},
    )
    directory = tmp_path_factory.mktemp("binary")
    return engine_of(write_model(directory, type(parts)(parts.config, parts.state, card, parts.vocabulary)))


@pytest.mark.parametrize(
    ("length", "expected"), [(6, "ACGTAC"), (7, "ACGTAC"), (5, "ACGTA"), (4, "CGTA"), (3, "CGT"), (1, "G")]
)
def test_cropping_keeps_the_centre(length: int, expected: str) -> None:
    codes = np.array([["ACGT".index(base) for base in "ACGTAC"]], dtype=np.uint8)
    assert "".join("ACGT"[code] for code in cropped(codes, length)[0]) == expected
    assert "".join("ACGT"[code] for code in cropped([codes[0]], length)[0]) == expected


def test_cropping_makes_one_array_of_equal_lengths() -> None:
    ragged = [windows(1, 80)[0], windows(1, 61)[0], windows(1, 60)[0]]
    assert isinstance(cropped(ragged, 60), np.ndarray)
    assert isinstance(cropped(ragged, 61), list)


def test_a_binary_model_brings_its_threshold_and_logits(binary_engine: Engine) -> None:
    codes = windows(30, 60)
    data = Labelled(codes, np.arange(30) % 2, "binary", ("other", "enhancer"), "x")
    method, logits = judged(binary_engine, data)
    expected = binary_engine.predict(codes)
    assert (method.name, method.kind, method.threshold) == ("a model", "model", 0.4)
    assert method.threshold_source == "chosen by hand"
    np.testing.assert_array_equal(method.outputs, expected.probability)
    np.testing.assert_array_equal(logits, expected.logit)
    assert method.details["digest"] == binary_engine.model.digest
    assert judged(binary_engine, data, threshold=0.7)[0].threshold == 0.7


def test_cropping_equals_sequences_cut_before(binary_engine: Engine) -> None:
    codes = windows(9, 100)
    labels = np.arange(9) % 2
    whole = Labelled(codes, labels, "binary", ("0", "1"), "x")
    cut = whole._replace(codes=codes[:, 20:80])
    after, before = judged(binary_engine, whole, crop=True)[0], judged(binary_engine, cut)[0]
    np.testing.assert_array_equal(after.outputs, before.outputs)
    assert not np.array_equal(judged(binary_engine, whole)[0].outputs, before.outputs)


def unknown_window(engine: Engine) -> Engine:
    """Return an engine of the same model, whose window length is not known."""
    return Engine(engine.model.with_card(engine.model.card.replace(window_length=None)), engine.settings)


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (513, "sequence 2: 513 bp are more than the 512 bp that the model a model reads (1 such sequences)"),
        (2, "sequence 2: 2 bp are less than the 3 bp of one k-mer"),
    ],
)
def test_sequences_that_do_not_fit_are_named(binary_engine: Engine, length: int, message: str) -> None:
    data = Labelled([windows(1, 60)[0], windows(1, length)[0]], np.arange(2), "binary", ("0", "1"), "x.fa")
    with pytest.raises(InputError) as caught:
        judged(unknown_window(binary_engine), data)
    assert message in str(caught.value)


def test_without_a_known_window_sequences_are_read_whole(binary_engine: Engine) -> None:
    codes = windows(4, 100)
    data = Labelled(codes, np.arange(4) % 2, "binary", ("0", "1"), "x")
    method, _ = judged(unknown_window(binary_engine), data)
    np.testing.assert_array_equal(method.outputs, binary_engine.predict(codes).probability)


def test_longer_sequences_have_the_score_of_their_highest_window(binary_engine: Engine) -> None:
    lengths = [60, 61, 75, 100, 137, 50]
    codes = [windows(1, length)[0] for length in lengths]
    codes[3][:30] = 4  # half of the first window, which is skipped, and more than 10 % of the two after it
    data = Labelled(codes, np.arange(6) % 2, "binary", ("0", "1"), "x")
    # windows of 60 bp every 15 bp, one more at the end
    starts = [[0], [0, 1], [0, 15], [30, 40], [0, 15, 30, 45, 60, 75, 77], [0]]
    each = [
        binary_engine.predict([row[start : start + 60] for start in places])
        for row, places in zip(codes, starts, strict=True)
    ]
    done: list[int] = []
    scores = model_scores(binary_engine, data, judged_windows(data, binary_engine.model), done.append)
    method, logits = model_method(scores, data)
    np.testing.assert_array_equal(method.outputs, [max(one.probability) for one in each])
    assert logits is not None
    np.testing.assert_array_equal(logits, [max(one.logit) for one in each])
    assert sum(done) == 6
    assert method.details["stride"] == 15


def test_sequences_of_unknown_bases_are_counted_and_judged(binary_engine: Engine) -> None:
    codes = windows(3, 60)
    codes[1, :7] = 4
    codes[2, :6] = 4  # 10 %
    data = Labelled(codes, np.arange(3) % 2, "binary", ("0", "1"), "x")
    found = judged_windows(data, binary_engine.model)
    assert (found.unscored, found.counts.tolist()) == (1, [1, 1, 1])
    longer = data._replace(codes=[np.full(90, 4, np.uint8), windows(1, 60)[0]])
    found = judged_windows(longer, binary_engine.model)
    assert (found.unscored, found.counts.tolist()) == (1, [3, 1])


def test_each_class_has_its_own_highest_window(tmp_path: Path) -> None:
    parts = new_model("tiny", k=3, window_length=60, task="multiclass", labels=("heart", "liver", "brain"))
    engine = engine_of(write_model(tmp_path, parts))
    codes = windows(8, 90)
    data = Labelled(codes, np.arange(8) % 3, "multiclass", ("heart", "liver", "brain"), "x")
    each = [engine.predict([row[start : start + 60] for start in (0, 15, 30)]).probability for row in codes]
    np.testing.assert_array_equal(judged(engine, data)[0].outputs, [found.max(axis=0) for found in each])


def test_the_mean_of_models_takes_the_window_whose_mean_is_highest(tmp_path: Path) -> None:
    engines = [
        engine_of(write_model(tmp_path / str(seed), new_model("tiny", k=3, window_length=60, seed=seed)))
        for seed in range(2)
    ]
    codes = windows(10, 90)
    data = Labelled(codes, np.arange(10) % 2, "binary", ("0", "1"), "x")
    cut = judged_windows(data, engines[0].model)
    method = mean_method("both", [model_scores(one, data, cut) for one in engines], data, {}, None)
    every = np.array(
        [
            [engine.predict([row[start : start + 60] for start in (0, 15, 30)]).probability for row in codes]
            for engine in engines
        ],
        dtype=np.float64,
    )  # models, sequences, windows
    best = every.mean(axis=0).argmax(axis=1)
    chosen = every[:, np.arange(10), best]
    np.testing.assert_allclose(method.outputs, chosen.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(method.deviation, chosen.std(axis=0, ddof=1), rtol=1e-5)


def test_classes_are_matched_by_name(tmp_path: Path) -> None:
    parts = new_model("tiny", k=3, window_length=60, task="multiclass", labels=("heart", "liver", "brain"))
    engine = engine_of(write_model(tmp_path, parts))
    codes, labels = windows(8, 60), np.arange(8) % 2
    expected = engine.predict(codes).probability
    named = Labelled(codes, labels, "multiclass", ("brain", "heart"), "x")
    np.testing.assert_array_equal(judged(engine, named)[0].outputs, expected[:, [2, 0, 1]])
    numbered = named._replace(label_names=("0", "1", "2"))
    np.testing.assert_array_equal(judged(engine, numbered)[0].outputs, expected)
    with pytest.raises(InputError, match="classes kidney, brain are not those of the model"):
        judged(engine, named._replace(label_names=("kidney", "brain")))


def test_a_regression_model_gives_its_values(tmp_path: Path) -> None:
    engine = engine_of(write_model(tmp_path, new_model("tiny", k=3, window_length=60, task="regression")))
    codes = windows(5, 60)
    data = Labelled(codes, np.linspace(0, 1, 5), "regression", ("value",), "x")
    method, logits = judged(engine, data)
    np.testing.assert_array_equal(method.outputs, engine.predict(codes).outputs[:, 0])
    assert logits is None


def test_other_labels_than_the_model_has_are_refused(binary_engine: Engine) -> None:
    data = Labelled(windows(3, 60), np.array([0.1, 0.5, 2.0]), "regression", ("value",), "y.tsv")
    with pytest.raises(
        InputError, match=r"y.tsv: the labels are measured values, but the model a model is binary"
    ):
        judged(binary_engine, data)


def test_training_labels_must_be_those_to_be_judged() -> None:
    data = Labelled(windows(3, 60), np.arange(3), "multiclass", ("a", "b", "c"), "x")
    check_same_labels(data._replace(source="other"), data)
    with pytest.raises(InputError, match="same labels"):
        check_same_labels(data._replace(label_names=("a", "c", "d")), data)


def test_a_baseline_can_be_cropped_too() -> None:
    train = Labelled(windows(40, 90), np.arange(40) % 2, "binary", ("0", "1"), "t")
    data = Labelled(windows(10, 80), np.arange(10) % 2, "binary", ("0", "1"), "x")
    whole = baseline_method(
        "GNB", train._replace(codes=train.codes[:, 15:75]), data._replace(codes=data.codes[:, 10:70])
    )
    cut = baseline_method("GNB", train, data, crop=60)
    assert whole is not None
    assert cut is not None
    np.testing.assert_array_equal(whole.outputs, cut.outputs)
    assert cut.details["training_rows"] == 40
    with pytest.raises(ValueError, match="no baseline"):
        baseline_method("XGB", train, data)


def test_two_classes_are_matched_by_name(tmp_path: Path) -> None:
    """The same weights with exchanged outputs and names give the same probability of `enhancer`."""
    plain = new_model("tiny", k=3, window_length=60, labels=("genome", "enhancer"))
    state = dict(plain.state)
    for name in ("classifier.weight", "classifier.bias"):
        state[name] = np.ascontiguousarray(state[name][::-1])
    exchanged = new_model("tiny", k=3, window_length=60, labels=("enhancer", "genome"))
    engines = [
        engine_of(write_model(tmp_path / "plain", plain)),
        engine_of(
            write_model(
                tmp_path / "exchanged",
                type(plain)(exchanged.config, state, exchanged.card, exchanged.vocabulary),
            )
        ),
    ]
    codes, labels = windows(12, 60), np.arange(12) % 2
    data = Labelled(codes, labels, "binary", ("genome", "enhancer"), "x")
    (first, logit), (second, other_logit) = (judged(engine, data) for engine in engines)
    np.testing.assert_allclose(second.outputs, first.outputs, atol=1e-6)
    np.testing.assert_allclose(other_logit, logit, atol=1e-5)
    # the data's own positive class is the model's negative one
    turned = data._replace(label_names=("enhancer", "genome"))
    for engine in engines:
        method, turned_logit = judged(engine, turned)
        np.testing.assert_allclose(method.outputs, 1 - first.outputs, atol=1e-6)
        np.testing.assert_allclose(turned_logit, -logit, atol=1e-5)
        assert method.details["positive_label"] == "genome"


def test_the_threshold_goes_with_the_class(binary_engine: Engine) -> None:
    data = Labelled(windows(8, 60), np.arange(8) % 2, "binary", ("enhancer", "other"), "x")
    method = judged(binary_engine, data)[0]
    assert method.threshold == pytest.approx(0.6)
    assert method.threshold_source == "one minus that of enhancer: chosen by hand"
