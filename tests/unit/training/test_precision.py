"""The choice of device and arithmetic."""

from __future__ import annotations

import pytest
from late import late

from dnabert_enhancer.engine import Processor
from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.training import precision

torch = late("torch")


@pytest.fixture(autouse=True)
def _without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


AMX = Processor("GenuineIntel", features=("amx_bf16", "avx512_bf16"))
ZEN_4 = Processor("AuthenticAMD", features=("avx512_bf16", "avx512_vnni"))
WITHOUT_AMX = Processor("GenuineIntel", features=("avx512_bf16", "avx512_vnni"))
ZEN_3 = Processor("AuthenticAMD", features=("avx2",))


@pytest.mark.parametrize(
    ("processor", "asked", "width", "chosen", "attention", "why"),
    [
        (AMX, "auto", 768, "bfloat16", "eager", "AMX units"),
        (ZEN_4, "auto", 768, "bfloat16", "eager", "an AMD with units for bfloat16"),
        (ZEN_4, "auto", 128, "bfloat16", "eager", "an AMD with units for bfloat16"),
        (ZEN_4, "auto", 32, "float32", None, "a model 32 wide does not gain"),
        (WITHOUT_AMX, "auto", 768, "float32", None, "without AMX"),
        (ZEN_3, "auto", 768, "float32", None, "no units for bfloat16"),
        (AMX, "float32", 768, "float32", None, "asked for"),
        (ZEN_3, "bfloat16", 32, "bfloat16", "eager", "asked for"),
    ],
)
def test_bfloat16_is_chosen_on_a_cpu_where_it_gains(
    processor: Processor,
    asked: str,
    width: int,
    chosen: str,
    attention: str | None,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "this_processor", lambda: processor)
    arithmetic = precision.choose_arithmetic("auto", asked, width)
    assert (arithmetic.device, arithmetic.precision, arithmetic.attention) == ("cpu", chosen, attention)
    assert why in arithmetic.why


@pytest.mark.parametrize(
    ("supported", "asked", "chosen"),
    [(True, "auto", "bfloat16"), (False, "auto", "float16"), (True, "float32", "float32")],
)
def test_a_gpu_takes_the_half_format_that_it_has(
    supported: bool, asked: str, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: supported)
    arithmetic = precision.choose_arithmetic("auto", asked, 768)
    assert (arithmetic.device, arithmetic.precision, arithmetic.attention) == ("cuda", chosen, None)


def test_a_gpu_that_is_not_there_is_a_missing_resource() -> None:
    with pytest.raises(ResourceError, match="no CUDA device is usable here; give --device cpu"):
        precision.choose_arithmetic("cuda", "auto", 768)
    with pytest.raises(ResourceError, match="float16 training needs a GPU"):
        precision.choose_arithmetic("cpu", "float16", 768)
