"""The importance of bases to an ensemble: the mean over its models, each explained by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Target
from dnabert_enhancer.interpret.window_method import WindowImportance, WindowMethod


@dataclass
class MeanMethod(WindowMethod):
    """The mean of what a method finds in each model of an ensemble, base by base.

    Of gradients it is what the bases add to the mean of the models' logits, of which each has its own
    completeness error: the largest is told.

    Parameters
    ----------
    engine : Engine
        The ensemble's, whose score is told beside it.
    target : Target
    methods : sequence of WindowMethod
        The same method, of each model.
    """

    engine: Engine
    target: Target
    methods: Sequence[WindowMethod]

    def __post_init__(self) -> None:
        first = self.methods[0]
        self.window_length, self.max_unknown = first.window_length, first.max_unknown
        self.completeness_limit = first.completeness_limit

    def importance_of(
        self,
        windows: Sequence[NDArray[np.uint8]],
        ranks: NDArray[np.float32],  # noqa: ARG002  each model has its own
    ) -> list[WindowImportance]:
        """Return the mean importance of the bases of windows; see `WindowMethod`."""
        found = []
        for method in self.methods:
            own = method.target.scores(method.engine.predict(windows)).rank
            found.append(method.importance_of(windows, own))
        return [
            WindowImportance(
                np.mean([one.importance for one in each], axis=0),
                max(one.completeness_error for one in each),
            )
            for each in zip(*found, strict=True)
        ]
