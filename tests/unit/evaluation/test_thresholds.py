"""evaluation/binary: the threshold of the best MCC against trying them all."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation import threshold_of_best_mcc

metrics = late("sklearn.metrics")


@pytest.mark.slow
@pytest.mark.parametrize("decimals", [1, 2, 12])
@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_is_better(seed: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 80)
    labels[:2] = (0, 1)
    probabilities = np.round(0.3 * labels + 0.7 * rng.random(80), decimals)
    best = max(metrics.matthews_corrcoef(labels, probabilities >= value) for value in probabilities)
    chosen = threshold_of_best_mcc(labels, probabilities)
    assert metrics.matthews_corrcoef(labels, probabilities >= chosen) == pytest.approx(best, abs=1e-12)
    assert 0 <= chosen <= 1


def test_lies_half_way_between_called_and_not_called() -> None:
    assert threshold_of_best_mcc([0, 0, 1, 1], [0.1, 0.4, 0.8, 0.9]) == pytest.approx(0.6)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        threshold_of_best_mcc([1, 1], [0.1, 0.2])
