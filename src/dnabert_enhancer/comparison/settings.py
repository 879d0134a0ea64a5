"""`CompareSettings`: which assembly the calls are in, and how they are compared and tested."""

from __future__ import annotations

from dataclasses import dataclass

from dnabert_enhancer.comparison.sweep import fractions_of
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import assembly_name, is_assembly_name

DEFAULT_FRACTION = 0.5
NULL_CHOICES = ("circular", "resample", "both", "none")


@dataclass(frozen=True)
class CompareSettings:
    """How calls are compared with databases.

    Parameters
    ----------
    assembly : str, optional
        What the calls are in: ``hg38``, ``hg19`` (``GRCh38``, ``b37`` … are understood) or any other name,
        such as ``mm39``; default: hg38 or hg19, where the genome's contig lengths tell.
    score_column : str, optional
        Column of the calls to rank them by, a title or a number from 1; default: ``maximum`` where there is
        one, else column 5 (of a DataFrame: ``score``).
    min_fraction : float or str
        Share of a call that one element must cover for ``calls_min_fraction``, in (0, 1]; or a range
        ``FIRST:LAST:STEP`` such as ``"0.05:0.95:0.05"``, for the table of the sweep.
    bin : int
        Width of the bins of Fisher's test, in base pairs.
    null : {"circular", "resample", "both", "none"}
        Random placements to test against: circular shift, matched re-sampling.
    permutations : int
        Random placements of each null.
    controls : bool
        Also test random calls, which must come out unenriched.
    seed : int
        Of the nulls and the controls.
    threads : int, optional
        Permutations that are worked on at once; default: the processors this process may use. Results do not
        depend on it.
    """

    assembly: str | None = None
    score_column: str | None = None
    min_fraction: float | str = DEFAULT_FRACTION
    bin: int = 200
    null: str = "both"
    permutations: int = 1000
    controls: bool = False
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.assembly is not None:
            if not is_assembly_name(self.assembly):
                raise InputError(
                    f"{self.assembly!r} is no name of an assembly",
                    source="--assembly",
                    remedy="give one such as hg38, hg19, mm39 or T2T-CHM13: letters, digits, . _ -",
                )
            object.__setattr__(self, "assembly", assembly_name(self.assembly))
        fractions_of(self.min_fraction)
        self._require("bin", self.bin >= 1, "at least 1")
        self._require("null", self.null in NULL_CHOICES, f"one of {', '.join(NULL_CHOICES)}")
        self._require("permutations", self.permutations >= 1, "at least 1")
        self._require("seed", self.seed >= 0, "at least 0")
        self._require("threads", self.threads is None or self.threads >= 1, "at least 1")

    @property
    def summary_fraction(self) -> float:
        """The share for the summary; with a range of shares the default."""
        return DEFAULT_FRACTION if self.sweep_fractions else float(self.min_fraction)

    @property
    def sweep_fractions(self) -> tuple[float, ...]:
        """The shares of a range; empty for a single one."""
        return fractions_of(self.min_fraction) if ":" in str(self.min_fraction) else ()

    def _require(self, name: str, fulfilled: bool, what: str) -> None:
        if not fulfilled:
            raise InputError(f"{name.replace('_', '-')} is {getattr(self, name)}; it must be {what}")
