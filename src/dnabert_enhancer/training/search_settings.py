"""`SearchSettings`: which hyper-parameters are tried, how they are chosen, and what ends a trial early."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from dnabert_enhancer.errors import require_setting

SAMPLERS = ("tpe", "random", "grid")
PRUNERS = ("median", "halving", "none")
SEARCHED = ("learning_rate", "weight_decay", "warmup")
"""Fields of `TrainingSettings` that a search sets."""
_TRIALS = 20
_LIMITS: dict[str, tuple[Callable[[float], bool], str]] = {
    "learning_rates": (lambda value: 0 < value <= 1, "above 0, at most 1"),
    "weight_decays": (lambda value: 0 <= value <= 1, "from 0 to 1"),
    "warmups": (lambda value: 0 <= value < 1, "from 0 to below 1"),
}


@dataclass(frozen=True)
class SearchSettings:
    """How hyper-parameters are searched; the values of the defaults are those of DNABERT-Enhancer's authors.

    Parameters
    ----------
    sampler : {"tpe", "random", "grid"}
        ``grid``: all combinations of the values, in an order drawn by the seed. ``random`` and ``tpe``
        (tree-structured Parzen estimator, Bergstra 2011, NIPS 24): any number between the least and the
        largest value; learning rate and weight decay on a logarithmic scale.
    trials : int, optional
        How many; default: all combinations of a grid, else 20.
    pruner : {"median", "halving", "none"}
        What ends a trial before its last epoch. ``median``: a best epoch that is worse than the median of the
        earlier trials up to the same epoch, from the sixth trial and the second epoch on. ``halving``:
        asynchronous successive halving (Li 2020, MLSys 2).
    learning_rates, weight_decays, warmups : tuple of float
        The values of a grid, or the limits of the other samplers; see `TrainingSettings`.
    """

    sampler: str = "tpe"
    trials: int | None = None
    pruner: str = "median"
    learning_rates: tuple[float, ...] = (1e-3, 3e-3, 1e-4, 3e-4, 1e-5, 3e-5, 1e-6, 3e-6)
    weight_decays: tuple[float, ...] = (0.0001, 0.001, 0.005, 0.01, 0.02)
    warmups: tuple[float, ...] = (0.1, 0.2)

    def __post_init__(self) -> None:
        require_setting(self, "sampler", self.sampler in SAMPLERS, f"one of {', '.join(SAMPLERS)}")
        require_setting(self, "pruner", self.pruner in PRUNERS, f"one of {', '.join(PRUNERS)}")
        require_setting(self, "trials", self.trials is None or self.trials >= 1, "at least 1")
        for name, (fits, what) in _LIMITS.items():
            value = getattr(self, name)
            values = (value,) if isinstance(value, (int, float)) else tuple(value)
            object.__setattr__(self, name, values)
            differ = bool(values) and len(set(values)) == len(values)
            require_setting(self, name, differ and all(map(fits, values)), f"different numbers {what}")
        require_setting(
            self,
            "trials",
            self.sampler != "grid" or self.trials is None or self.trials <= len(self.grid),
            f"at most {len(self.grid)}, the combinations of the grid",
        )

    @property
    def space(self) -> dict[str, tuple[float, ...]]:
        """The values by the fields of `TrainingSettings`, in the order of `SEARCHED`."""
        return dict(zip(SEARCHED, (self.learning_rates, self.weight_decays, self.warmups), strict=True))

    @property
    def grid(self) -> list[dict[str, float]]:
        """All combinations of the values."""
        return [dict(zip(SEARCHED, point, strict=True)) for point in itertools.product(*self.space.values())]

    @property
    def trials_wanted(self) -> int:
        """How many trials there are in all."""
        return self.trials or (len(self.grid) if self.sampler == "grid" else _TRIALS)
