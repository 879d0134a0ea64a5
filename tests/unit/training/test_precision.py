"""The choice of device and arithmetic."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.training import precision

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("asked", "has_units", "width", "chosen", "attention"),
    [
        ("auto", True, 768, "bfloat16", "eager"),
        ("auto", True, 32, "float32", None),
        ("auto", False, 768, "float32", None),
        ("float32", True, 768, "float32", None),
        ("bfloat16", False, 32, "bfloat16", "eager"),
    ],
)
def test_bfloat16_is_chosen_on_a_cpu_where_it_gains(
    asked: str,
    has_units: bool,
    width: int,
    chosen: str,
    attention: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "cpu_has_bfloat16_units", lambda: has_units)
    arithmetic = precision.choose_arithmetic("auto", asked, width)
    assert (arithmetic.device, arithmetic.precision, arithmetic.attention) == ("cpu", chosen, attention)
    assert arithmetic.why


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
