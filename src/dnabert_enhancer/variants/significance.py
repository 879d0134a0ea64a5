"""How significant a gain or loss of function must be to be a candidate."""

from __future__ import annotations

from typing import NamedTuple, Self

from dnabert_enhancer.errors import InputError

_COLUMNS = {"p": "p_value", "q": "q_value"}


class Significance(NamedTuple):
    """A level of p- or q-values.

    Parameters
    ----------
    kind : str
        ``"p"``, ``"q"``, or ``"none"`` where crossing the threshold is enough.
    level : float
        The highest value of a candidate.
    """

    kind: str = "p"
    level: float = 0.05

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the level that a text such as ``p:0.05``, ``q:0.1`` or ``none`` names."""
        kind, colon, number = text.partition(":")
        if text == "none":
            return cls("none", 1.0)
        try:
            level = float(number)
        except ValueError:
            level = -1.0
        if kind not in _COLUMNS or not colon or not 0 < level <= 1:
            raise InputError(
                f"--significance {text} is not understood", remedy="give p:0.05, q:0.1 or the like, or none"
            )
        return cls(kind, level)

    def __str__(self) -> str:
        return self.kind if self.kind == "none" else f"{self.kind}:{self.level:g}"

    @property
    def column(self) -> str | None:
        """The column that decides; None where none does."""
        return _COLUMNS.get(self.kind)

    def title(self, *, has_null: bool) -> str:
        """Return what the first line of the candidates says of them."""
        if self.column is not None:
            which = f"with {self.column} <= {self.level:g}"
        else:
            which = "by the threshold alone" + ("" if has_null else ": no p-values were computed")
        return f"# gains and losses of function {which}; the largest |ScoreChange| first"
