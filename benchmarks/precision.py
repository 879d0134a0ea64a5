#!/usr/bin/env python3
"""What bfloat16 and int8 do to effects of single bases: why `interpret` and `score-variants` take float32.

All substitutions of every N-th base of a random window are scored on the forward strand, by the packaged
model and by a BERT of base size with random weights (matrices times 1.5, so that single bases matter) over a
short window. Printed for each precision, against float32: Spearman's correlation of the changes of the logit,
that of the largest change at each base, the share of changes of the other sign (of all, and of the quarter
that is largest), and the median error over the median change.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from dnabert_enhancer import load_model
from dnabert_enhancer.engine import EngineSettings, Precision
from dnabert_enhancer.model import new_model, write_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASE_WINDOW = 30


def main() -> None:
    """Print a line for each model and precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", type=int, default=10, help="bp between the bases of the packaged model")
    parser.add_argument("--base-step", type=int, default=4, help="the same of the BERT of base size")
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    compare("packaged", "default", substituted(rng, 200, args.step))
    with tempfile.TemporaryDirectory() as folder:
        parts = new_model("base", window_length=BASE_WINDOW, seed=1)
        for name, weights in parts.state.items():
            if weights.ndim == 2 and "embeddings" not in name:
                parts.state[name] = (1.5 * weights).astype(np.float32)
        write_model(Path(folder), parts)
        compare("base size", folder, substituted(rng, BASE_WINDOW, args.base_step))


def substituted(rng: np.random.Generator, length: int, step: int) -> list[str]:
    """Return a random window, and it with each other base at every `step`-th place."""
    window = "".join(rng.choice(list("ACGT"), length))
    changed = (
        window[:place] + base + window[place + 1 :]
        for place in range(step // 2, length, step)
        for base in "ACGT"
        if base != window[place]
    )
    return [window, *changed]


def changes(spec: str, precision: str, windows: list[str]) -> NDArray[np.float64]:
    """Return the change of the logit by each substitution, float64[substitutions]."""
    engine = EngineSettings(precision=precision, threads=1, strand="forward")
    probability = load_model(spec, engine=engine).predict(windows)["probability"].to_numpy(np.float64)
    logit = np.log(probability) - np.log1p(-probability)
    return np.asarray(logit[1:] - logit[0])


def compare(name: str, spec: str, windows: list[str]) -> None:
    """Print how the changes of lower precisions differ from those of float32."""
    exact = changes(spec, Precision.FLOAT32, windows)
    large = np.abs(exact) >= np.quantile(np.abs(exact), 0.75)
    for precision in (Precision.BFLOAT16, Precision.INT8):
        found = changes(spec, precision, windows)
        of_bases = [np.abs(one.reshape(-1, 3)).max(axis=1) for one in (exact, found)]
        turned = np.sign(exact) != np.sign(found)
        print(
            f"{name}\t{precision}\tspearman {spearmanr(exact, found).statistic:.3f}"
            f"\tof bases {spearmanr(*of_bases).statistic:.3f}\tother sign {turned.mean():.3f}"
            f"\tof the largest {turned[large].mean():.3f}"
            f"\terror {np.median(np.abs(found - exact)) / np.median(np.abs(exact)):.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
