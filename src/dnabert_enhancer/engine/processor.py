"""What the processor is, and what it gains by bfloat16 and by 8-bit integers."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CPUINFO = Path("/proc/cpuinfo")
TELLING_FEATURES = (
    *("avx2", "fma", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16"),
    *("amx_bf16", "amx_int8", "asimd", "asimddp", "i8mm", "bf16", "sve"),
)
"""Features, as Linux names them, that make matrix products faster."""
_NAMES = {
    "vendor": ("vendor_id", "CPU implementer"),
    "name": ("model name",),
    "family": ("cpu family", "CPU architecture"),
    "model": ("model", "CPU part"),
    "stepping": ("stepping", "CPU revision"),
    "features": ("flags", "Features"),
}
"""Entries of /proc/cpuinfo, on x86 and on Arm."""


@dataclass(frozen=True)
class Processor:
    """A processor as Linux describes it; what it does not tell is empty.

    Parameters
    ----------
    vendor, name, family, model, stepping : str
        Such as ``GenuineIntel`` or ``AuthenticAMD``, and numbers as text.
    features : tuple of str
        As ``/proc/cpuinfo`` names them.
    """

    vendor: str = ""
    name: str = ""
    family: str = ""
    model: str = ""
    stepping: str = ""
    features: tuple[str, ...] = ()

    @classmethod
    def of_system(cls, path: Path = CPUINFO) -> Self:
        """Return the first processor of this machine."""
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return cls(name=platform.processor() or platform.machine())
        entries: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            entries.setdefault(name.strip(), value.strip())
        found = {
            field: next((entries[name] for name in names if name in entries), "")
            for field, names in _NAMES.items()
        }
        features = tuple(sorted(found.pop("features").split()))
        return cls(**found, features=features)

    def has(self, feature: str) -> bool:
        """Tell whether it has a feature."""
        return feature in self.features

    @property
    def gains_by_bfloat16(self) -> bool:
        """Whether matrix products of bfloat16 numbers are worth their rounding.

        Notes
        -----
        Measured with ``benchmarks/engine.py`` (BERT-base, torch; windows per second against float32):

        ====================================== =====
        Intel with AMX                         4.4
        AMD Zen 4 and 5 (they alone of AMD's   3.3
        have avx512_bf16)
        Intel with avx512_bf16 but without AMX 0.6
        ====================================== =====

        ``benchmarks/engine.py`` prints the whole table, too. Updates of a training gain as well
        (``benchmarks/training.py``, BERT-base): 3.5 times with AMX, 1.9 times on an AMD.
        """
        return self.has("amx_bf16") or (self.vendor == "AuthenticAMD" and self.has("avx512_bf16"))

    @property
    def gains_by_int8(self) -> bool:
        """Whether matrix products of 8-bit integers are faster than those of float32.

        Notes
        -----
        With VNNI: 1.92 (Ice Lake) and 2.44 times float32 on an Intel without AMX, 3.65 times on one with it
        (BERT-base, ONNX Runtime; ``benchmarks/engine_measurements.tsv`` has all that was measured). Without
        VNNI sums of products of 8-bit integers can overflow their 16 bits, so that neither speed nor results
        are those of VNNI.
        """
        return self.has("avx512_vnni") or self.has("avx_vnni")

    @property
    def is_faster_in_int8(self) -> bool:
        """Whether it gains more by 8-bit integers than by bfloat16.

        Notes
        -----
        Times float32, BERT-base, in one run each (``benchmarks/engine_measurements.tsv``): AMD Zen 4 or 5
        2.54 in int8 and 1.61 in bfloat16, Intel with AMX 3.65 and 4.36.
        """
        return self.gains_by_int8 and not self.has("amx_bf16")

    @property
    def about_bfloat16(self) -> str:
        """Why `gains_by_bfloat16` is what it is, as half a sentence."""
        if self.has("amx_bf16"):
            return "the processor has AMX units for bfloat16"
        if self.gains_by_bfloat16:
            return "the processor is an AMD with units for bfloat16"
        if self.has("avx512_bf16"):
            return "bfloat16 is slower on a processor with avx512_bf16 but without AMX"
        return "the processor has no units for bfloat16"
