"""The warning for a genome of another assembly than the model's card names."""

from __future__ import annotations

import logging

import pytest

from dnabert_enhancer.api.variants import warn_of_other_assembly
from dnabert_enhancer.model import ModelCard

# chromosome 20 is 63,025,520 bp long in GRCh37 and 64,444,167 in GRCh38
HG19, HG38, PART = {"20": 63025520}, {"chr20": 64444167}, {"chr16": 300000}


def said(
    caplog: pytest.LogCaptureFixture, assembly: object, sizes: dict[str, int], declared: list[str]
) -> str:
    training = {} if assembly is None else {"assembly": assembly}
    card = ModelCard("m", 200, k=6, training=training)
    with caplog.at_level(logging.WARNING):
        warn_of_other_assembly(card, sizes, declared, "genome.fa")
    return caplog.text


@pytest.mark.parametrize(
    ("assembly", "sizes", "declared", "other"),
    [
        ("hg19", HG38, [], "hg38"),
        ("GRCh38", HG19, [], "hg19"),
        ("hg38", PART, ["file:///data/hs37d5.fa.gz"], "hg19"),
        ("hg19", PART, ["GRCh38.p14"], "hg38"),
        ("mm10", HG38, [], "hg38"),
        (["hg19"], HG38, [], "hg38"),
        # the lengths decide, not the header
        ("hg19", HG38, ["b37"], "hg38"),
    ],
)
def test_another_assembly_is_warned_of(
    caplog: pytest.LogCaptureFixture, assembly: object, sizes: dict[str, int], declared: list[str], other: str
) -> None:
    text = said(caplog, assembly, sizes, declared)
    assert f"but genome.fa is {other}" in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("assembly", "sizes", "declared"),
    [
        ("GRCh37", HG19, []),
        ("hg38 (positives), hg19 (negatives)", HG19, []),
        (["hg38", "hg19"], HG19, []),
        ("hg19", PART, []),
        ("hg19", PART, ["file:///data/37/unknown.fa"]),
        (None, HG19, []),
        ("", HG19, []),
        (19, HG19, []),
    ],
)
def test_the_same_assembly_or_none_is_no_warning(
    caplog: pytest.LogCaptureFixture, assembly: object, sizes: dict[str, int], declared: list[str]
) -> None:
    assert said(caplog, assembly, sizes, declared) == ""
