"""What the benchmark of interpretation counts with, against numbers worked out by hand and other programs."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.sequence import decode_bases, encode_bases
from dnabert_enhancer.variants import MotifLibrary

stats = late("scipy.stats")

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def importance() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("importance")
    sys.path.remove(str(BENCHMARKS))
    sys.modules.pop("importance", None)


def test_several_outputs_at_once_have_the_numbers_of_interpret(importance: ModuleType) -> None:
    codes = np.random.default_rng(3).integers(0, 4, 30).astype(np.uint8)
    outputs = ("default:ctcf", "default")
    models = [de.load_model(output) for output in outputs]
    places = np.array([0, 7, 29])
    for window in (30, 24):  # one window, and several tiles
        found = importance.changes(models, codes, window, places)
        for model, change in zip(models, found, strict=True):
            region = model.interpret([decode_bases(codes)], window_length=window)[0]
            # interpret computes of copies of a window only what differs
            np.testing.assert_allclose(change[places], region.change[places], atol=1e-5)
            assert np.isnan(np.delete(change, places, axis=0)).all()
            whole = importance.importance([model], codes, "ism", window, places=places)[0]
            assert whole.signed[places] == pytest.approx(region.importance[places].astype(float), abs=1e-5)
            assert whole.largest[places] == pytest.approx(np.abs(region.change[places]).max(axis=1), abs=1e-5)


@pytest.mark.parametrize(
    ("letters", "closed", "wanted", "starts"),
    [
        ("AAAAGGGGAAAA", [], [4], [4]),
        ("AAAAGGGGAAAA", [4], [4], [5]),  # the base that isn't free; three of GC are the nearest then
        ("AAAANGGGTTTT", [], [0], [8, 0]),  # nothing with an N; either end
        ("CCCCAAAAGGGG", [], [4, 4, 4], [0, 8, 4]),  # the third is what is left
    ],
)
def test_background_has_the_gc_asked_for_without_overlaps(
    importance: ModuleType, letters: str, closed: list[int], wanted: list[int], starts: list[int]
) -> None:
    codes = encode_bases(letters.encode())
    is_free = np.ones(len(codes), dtype=bool)
    is_free[closed] = False
    found = importance.gc_matched(codes, is_free, np.array(wanted), 4, np.random.default_rng(0))
    assert len(found) == len(wanted)
    assert set(found.tolist()) <= set(starts)
    assert len(set(found.tolist())) == len(wanted)
    if len(wanted) == 3:
        assert found[2] == 4
        with pytest.raises(SystemExit, match="only 3 windows"):
            importance.gc_matched(codes, is_free, np.array([4] * 4), 4, np.random.default_rng(0))


def test_mean_and_its_interval(importance: ModuleType) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(2, 1, 400)
    found = importance.mean_draws(np.append(values, np.nan))
    assert found[0] == pytest.approx(values.mean())
    low, high = np.percentile(found[1:], [2.5, 97.5])
    # the normal approximation: 1.96 standard errors on each side
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / math.sqrt(400), rel=0.1)
    assert np.isnan(importance.mean_draws(np.array([np.nan]))).all()


def test_rank_correlation_is_scipys_also_without_some_predictions(importance: ModuleType) -> None:
    rng = np.random.default_rng(2)
    measured = rng.normal(size=60).round(1)  # with ties
    predicted = measured + rng.normal(size=60)
    found = importance.rank_correlation_draws(predicted, measured)
    rows = importance.draws(60)
    for number in (0, 1, 77):
        expected = stats.spearmanr(predicted[rows[number]], measured[rows[number]]).statistic
        assert found[number] == pytest.approx(expected)
    predicted[5:15] = np.nan
    found = importance.rank_correlation_draws(predicted, measured)
    expected = stats.spearmanr(np.delete(predicted, np.s_[5:15]), np.delete(measured, np.s_[5:15])).statistic
    assert found[0] == pytest.approx(expected)
    assert importance.interval(np.array([0.5, *np.linspace(0, 1, 1001)])) == "0.500 (0.025 to 0.975)"


def test_best_motif_over_each_base(importance: ModuleType, tmp_path: Path) -> None:
    # a motif that is GATA without a doubt: by chance once in 4^4 words on a strand
    rows = "\n".join(["0 0 1 0", "1 0 0 0", "0 0 0 1", "1 0 0 0"])
    path = tmp_path / "gata.meme"
    path.write_text(
        f"MEME version 4\n\nALPHABET= ACGT\n\nMOTIF GATA\nletter-probability matrix: w= 4\n{rows}\n"
    )
    found = importance.motif_scores(MotifLibrary(path), encode_bases(b"CCCCGATACCCC"))
    assert found[4:8] == pytest.approx([math.log10(256)] * 4, rel=0.01)
    # the only word over the first base, CCCC, shares a letter with GATA on its other strand, as do all words
    # but 3^4 of 4^4
    assert found[0] == pytest.approx(-math.log10(1 - 0.75**4), rel=0.01)


def test_ridge_importance_is_the_change_of_its_scores(importance: ModuleType) -> None:
    from dnabert_enhancer.evaluation import KmerRidge

    rng = np.random.default_rng(4)
    codes = rng.integers(0, 4, (40, 20)).astype(np.uint8)
    ridge = KmerRidge(k=2).fit(codes, rng.normal(size=40))
    found = importance.ridge_importance(ridge, codes[0], 20)
    others = np.repeat(codes[0][None], 3, axis=0)
    others[:, 6] = [base for base in range(4) if base != codes[0, 6]]
    by_hand = ridge.predict(others) - ridge.predict(codes[:1])
    assert found.largest[6] == pytest.approx(np.abs(by_hand).max())
    assert found.signed[6] == pytest.approx(-by_hand.sum() / 4)
