"""What Linux tells of processors, and which of them gain by bfloat16."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.engine import Processor

X86 = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 143
model name\t: Example(R) CPU
stepping\t: 8
flags\t\t: fpu sse2 avx512_vnni amx_bf16

processor\t: 1
model name\t: Other
flags\t\t: fpu
"""
ARM = """processor\t: 0
BogoMIPS\t: 2100.00
Features\t: fp asimd i8mm bf16
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd40
CPU revision\t: 1
"""
ZEN_3 = ("AuthenticAMD", "25", "1", ("avx2", "fma"))
ZEN_4 = ("AuthenticAMD", "25", "17", ("avx512_bf16", "avx512_vnni", "avx512f"))
ZEN_5 = ("AuthenticAMD", "26", "2", ("avx512_bf16", "avx512_vnni", "avx_vnni"))
SKYLAKE = ("GenuineIntel", "6", "85", ("avx512f",))
COOPER_LAKE = ("GenuineIntel", "6", "85", ("avx512_bf16", "avx512_vnni"))
SAPPHIRE_RAPIDS = ("GenuineIntel", "6", "143", ("amx_bf16", "amx_int8", "avx512_bf16"))
SAPPHIRE_RAPIDS_WITHOUT_AMX = ("GenuineIntel", "6", "143", ("avx512_bf16", "avx512_vnni"))
GRAVITON_3 = ("0x41", "8", "0xd40", ("asimd", "bf16", "i8mm", "sve"))


@pytest.mark.parametrize(
    ("facts", "gains", "why"),
    [
        (ZEN_3, False, "no units for bfloat16"),
        (ZEN_4, True, "an AMD with units"),
        (ZEN_5, True, "an AMD with units"),
        (SKYLAKE, False, "no units for bfloat16"),
        (COOPER_LAKE, False, "slower"),
        (SAPPHIRE_RAPIDS, True, "AMX"),
        (SAPPHIRE_RAPIDS_WITHOUT_AMX, False, "slower"),
        (GRAVITON_3, False, "no units"),
        (("", "", "", ()), False, "no units"),
    ],
)
def test_who_gains_by_bfloat16(facts: tuple[str, str, str, tuple[str, ...]], gains: bool, why: str) -> None:
    vendor, family, model, features = facts
    processor = Processor(vendor, "", family, model, features=features)
    assert processor.gains_by_bfloat16 is gains
    assert why in processor.about_bfloat16


@pytest.mark.parametrize(
    ("facts", "gains"),
    [
        (SAPPHIRE_RAPIDS_WITHOUT_AMX, True),
        (COOPER_LAKE, True),
        (("GenuineIntel", "6", "151", ("avx2", "avx_vnni", "fma")), True),
        (SAPPHIRE_RAPIDS, False),
        (SKYLAKE, False),
        (ZEN_3, False),
        (ZEN_4, True),
        (GRAVITON_3, False),
        (("", "", "", ()), False),
    ],
)
def test_who_gains_by_8_bit_integers(facts: tuple[str, str, str, tuple[str, ...]], gains: bool) -> None:
    vendor, family, model, features = facts
    assert Processor(vendor, "", family, model, features=features).gains_by_int8 is gains


@pytest.mark.parametrize(
    ("features", "is_faster"),
    [
        (("amx_bf16", "avx512_vnni"), False),
        (("avx512_bf16", "avx512_vnni"), True),
        (("avx512_bf16",), False),
        (("avx_vnni",), True),
    ],
)
def test_what_is_faster_in_8_bit_integers_than_in_bfloat16(
    features: tuple[str, ...], is_faster: bool
) -> None:
    assert Processor(features=features).is_faster_in_int8 is is_faster


def test_it_is_read_from_the_system(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(X86)
    features = ("amx_bf16", "avx512_vnni", "fpu", "sse2")
    assert Processor.of_system(path) == Processor("GenuineIntel", "Example(R) CPU", "6", "143", "8", features)
    path.write_text(ARM)
    assert Processor.of_system(path) == Processor(
        "0x41", "", "8", "0xd40", "1", ("asimd", "bf16", "fp", "i8mm")
    )
    assert Processor.of_system(tmp_path / "none").features == ()
