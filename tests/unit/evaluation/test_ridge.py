"""The k-mer ridge: its formula, its symmetry, and the accuracy that the data folder states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.dataset import read_dataset
from dnabert_enhancer.evaluation import KmerRidge, binary_metrics, kmer_counts
from dnabert_enhancer.evaluation.ridge import ridge_probabilities
from dnabert_enhancer.sequence import encode_bases, reverse_complement


def random_windows(n: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (n, length), dtype=np.uint8)


def test_weights_solve_the_normal_equations() -> None:
    codes = random_windows(60, 40)
    labels = np.random.default_rng(1).random(60)
    features = np.log1p(kmer_counts(codes, 3).toarray().astype(float))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    centred = features - features.mean(axis=0)
    weights = np.linalg.solve(centred.T @ centred + 3 * np.eye(32), centred.T @ (labels - labels.mean()))
    expected = centred @ weights + labels.mean()
    np.testing.assert_allclose(KmerRidge(k=3).fit(codes, labels).predict(codes), expected, atol=1e-5)


def test_finds_a_motif_on_either_strand() -> None:
    codes = random_windows(1200, 60)
    labels = np.arange(1200) % 2
    motif = encode_bases("TGACTCAT")
    codes[1::4, 20:28] = motif
    codes[3::4, 30:38] = reverse_complement(motif)
    ridge = KmerRidge().fit(codes[:800], labels[:800])
    scores = ridge.probability(codes[800:])
    assert binary_metrics(labels[800:], scores)["auroc"] > 0.95
    np.testing.assert_allclose(ridge.predict(reverse_complement(codes)), ridge.predict(codes), atol=1e-12)
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_scores_do_not_depend_on_blocks_or_views() -> None:
    ridge = KmerRidge(k=4).fit(random_windows(200, 50), np.arange(200) % 2)
    contig = random_windows(1, 20_049)[0]
    views = np.lib.stride_tricks.sliding_window_view(contig, 50)
    scores = ridge.predict(views)
    assert scores.shape == (20_000,)
    np.testing.assert_array_equal(scores[16_380:16_390], ridge.predict(list(views[16_380:16_390])))


def test_several_targets_are_fitted_at_once() -> None:
    codes = random_windows(90, 40)
    targets = np.random.default_rng(2).random((90, 3))
    both = KmerRidge(k=3).fit(codes, targets).predict(codes)
    np.testing.assert_allclose(both[:, 1], KmerRidge(k=3).fit(codes, targets[:, 1]).predict(codes), atol=1e-5)
    assert KmerRidge(k=3).fit(codes, targets).predict(codes[:0]).shape == (0, 3)


def test_a_window_of_unknown_bases_gets_the_intercept() -> None:
    ridge = KmerRidge(k=3).fit(random_windows(90, 40), np.arange(90) % 2)
    scores = ridge.predict(np.full((1, 40), 4, np.uint8))
    assert np.isfinite(scores).all()


def test_probabilities_are_calibrated_and_keep_the_order() -> None:
    codes = random_windows(1500, 60)
    labels = (
        np.random.default_rng(3).random(1500) < np.where((codes == 1).mean(axis=1) > 0.25, 0.75, 0.2)
    ).astype(int)
    probabilities = ridge_probabilities(codes[:1000], labels[:1000], codes[1000:], seed=1)
    scores = KmerRidge().fit(codes[:1000], labels[:1000]).predict(codes[1000:])
    assert (np.argsort(probabilities) == np.argsort(scores)).all()
    assert binary_metrics(labels[1000:], probabilities)["ece"] < 0.1
    assert np.unique(probabilities).size == 500


def test_probabilities_where_no_fold_can_be_made() -> None:
    codes = random_windows(5, 30)
    probabilities = ridge_probabilities(codes, [0, 0, 0, 0, 1], codes)
    assert probabilities.argmax() == 4
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1


def test_prediction_before_fitting_is_refused() -> None:
    with pytest.raises(RuntimeError, match="before"):
        KmerRidge().predict(random_windows(1, 40))


@pytest.mark.data
@pytest.mark.parametrize(
    ("factor", "least"),
    [("4", 0.885), *(pytest.param(*case, marks=pytest.mark.slow) for case in (("0", 0.865), ("3", 0.80)))],
)
def test_transcription_factor_sets(shared_data: Path, factor: str, least: float) -> None:
    folder = shared_data / "enhancers" / "gue" / "tf" / factor
    train = read_dataset(folder / "train.csv.gz")
    test = read_dataset(folder / "dev.csv.gz")
    scores = KmerRidge().fit(train.encoded(), train.frame()["label"].to_numpy()).probability(test.encoded())
    assert binary_metrics(test.frame()["label"].to_numpy(), scores)["auroc"] > least
