"""The null: kinds of variants kept, p-values that are uniform, q-values of Benjamini and Hochberg."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from late import late

from dnabert_enhancer.sequence import decode_bases, encode_bases, gc_fraction
from dnabert_enhancer.variants import (
    Allele,
    AlleleScorer,
    FalseDiscovery,
    GenomeBases,
    NullStatistics,
    SequenceContext,
    WindowPlan,
    context_around,
    draw_nulls,
    place_allele,
    uniformity,
)
from dnabert_enhancer.variants.null import VARIANT_TYPES, null_count, strata_of, variant_type

stats = late("scipy.stats")


class OneContig:
    """A contig in memory."""

    def __init__(self, bases: str) -> None:
        self._bases = bases
        self.contig_sizes = {"c": len(bases)}

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert contig == "c"
        return self._bases[start:end].encode()


PLAN = WindowPlan(40, 5)
BASES = decode_bases(np.random.default_rng(1).integers(0, 4, 4000).astype(np.uint8))


def placed(position: int, ref: str, alt: str) -> tuple[SequenceContext, Allele]:
    bases = GenomeBases(OneContig(BASES))
    allele = place_allele(bases, "c", position, ref.encode(), alt.encode())
    assert isinstance(allele, Allele)
    return context_around(bases, allele, PLAN), allele


def substitutions(n: int, seed: int = 0) -> list[tuple[SequenceContext, Allele]]:
    rng = np.random.default_rng(seed)
    found = []
    for position in rng.integers(200, 3800, n).tolist():
        ref = BASES[position - 1]
        found.append(placed(position, ref, str(rng.choice([base for base in "ACGT" if base != ref]))))
    return found


@pytest.mark.parametrize(
    ("ref", "alt", "expected"),
    [
        (b"C", b"T", "C>T"),
        (b"G", b"A", "C>T"),
        (b"A", b"G", "T>C"),
        (b"T", b"G", "T>G"),
        (b"AC", b"GT", "MNV"),
        (b"", b"AC", "INS1-2"),
        (b"A", b"ACGT", "INS3-9"),
        (b"", b"A" * 10, "INS10+"),
        (b"AC", b"", "DEL1-2"),
        (b"A" * 30, b"", "DEL10+"),
    ],
)
def test_the_type_of_a_variant(ref: bytes, alt: bytes, expected: str) -> None:
    allele = Allele("c", 5, 5 + len(ref), encode_bases(alt), encode_bases(ref), ref, alt)
    assert VARIANT_TYPES[variant_type(allele)] == expected


def test_null_variants_are_of_the_same_kind_in_shuffled_sequence() -> None:
    pairs = [
        *substitutions(6),
        placed(500, BASES[499], BASES[499] + "GATTACA"),
        placed(600, BASES[599:603], BASES[599]),
    ]
    drawn = draw_nulls(pairs, 80, PLAN, np.random.default_rng(0))
    assert len(drawn) == 80
    assert {null.stratum for null in drawn} == set(strata_of(pairs, PLAN.length).tolist())
    for null in drawn:
        start = null.allele.start
        assert abs(start - 60) <= 20 + PLAN.step
        if null.allele.length_change == 0:
            assert null.context.part(start, null.allele.end).tolist() == null.allele.ref.tolist()
            assert decode_bases(null.allele.ref).encode() == null.allele.trimmed_ref
    same_gc = {float(gc_fraction(null.context.part(0, 120))) for null in drawn}
    assert len(same_gc) <= len(pairs)


def test_the_number_of_null_variants() -> None:
    assert [null_count(1000, block, 320) for block in (0, 1, 7, 8, 100)] == [1000, 320, 320, 20, 20]
    assert null_count(1000, 0, 0) == 0
    assert null_count(0, 0, 320) == 0


def test_p_values_count_the_null_that_is_as_large() -> None:
    null = NullStatistics(np.zeros(4, np.int16), np.array([0.5, -1.0, 2.0, 3.0]))
    p = null.p_values(np.zeros(5, np.int16), np.array([0.1, 1.0, -2.5, 9.0, np.nan]))
    assert p[:4].tolist() == [5 / 5, 4 / 5, 2 / 5, 1 / 5]
    assert np.isnan(p[4])
    assert np.isnan(
        NullStatistics(np.zeros(0, np.int16), np.zeros(0)).p_values(np.zeros(1, np.int16), np.ones(1))
    ).all()


def test_a_small_stratum_is_answered_for_by_its_type_and_then_by_all() -> None:
    n_types = len(VARIANT_TYPES)
    strata = np.array([0] * 500 + [n_types] * 100 + [1] * 10, dtype=np.int16)
    null = NullStatistics(strata, np.linspace(0, 1, len(strata)))
    assert null.group(0) == "stratum 0"
    assert null.group(n_types) == "type 0"
    assert null.group(1) == "all"


def test_p_values_of_null_variants_are_uniform(make_scorer: Callable[..., AlleleScorer]) -> None:
    """Variants at random places of a sequence without any meaning, judged by the null drawn from them."""
    scorer = make_scorer()
    observed = substitutions(1000)
    drawn = draw_nulls(observed, 4000, PLAN, np.random.default_rng(7))
    drawn_strata = np.array([one.stratum for one in drawn])
    statistics = scorer.score([(one.context, one.allele) for one in drawn]).scores["LogitDifference"]
    strata = strata_of(observed, PLAN.length)
    found_statistics = scorer.score(observed).scores["LogitDifference"]
    p = NullStatistics(drawn_strata, statistics).p_values(strata, found_statistics)
    # the 1 % point of the Kolmogorov-Smirnov statistic of two samples
    assert stats.kstest(p, "uniform").statistic < 1.63 * np.sqrt(1 / 1000 + 1 / 4000)
    found = uniformity(drawn_strata, statistics)
    assert found["ks_statistic"] < 1.63 * np.sqrt(2 / 2000)
    assert found["variants"] == 2000


def test_the_check_of_uniformity_agrees_with_scipy() -> None:
    values = np.random.default_rng(3).exponential(size=400)
    strata = np.zeros(400, np.int16)
    p = NullStatistics(strata[::2], values[::2]).p_values(strata[1::2], values[1::2])
    found = uniformity(strata, values)
    assert found["ks_statistic"] == pytest.approx(stats.kstest(p, "uniform").statistic, rel=1e-9)
    two_samples = stats.ks_2samp(values[::2], values[1::2])
    assert found["ks_statistic"] == pytest.approx(two_samples.statistic, abs=0.01)
    assert found["ks_p_value"] == pytest.approx(two_samples.pvalue, abs=0.1)


def test_q_values_are_benjamini_and_hochbergs() -> None:
    p = np.random.default_rng(0).integers(1, 60, 500) / 60.0
    rates = FalseDiscovery()
    for part in np.array_split(np.append(p, np.nan), 7):
        rates.add(part)
    rates.finish()
    assert rates.q_values(p) == pytest.approx(stats.false_discovery_control(p), rel=1e-12)
    assert np.isnan(rates.q_values(np.array([np.nan]))).all()


def test_alleles_scored_in_parts_have_the_same_numbers(
    make_scorer: Callable[..., AlleleScorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    alleles = substitutions(23)
    whole = make_scorer().score(alleles)
    monkeypatch.setattr("dnabert_enhancer.variants.allele_scorer._ALLELES_AT_ONCE", 5)
    parts = make_scorer().score(alleles)
    assert np.array_equal(whole.scores, parts.scores)
    assert whole.reasons == parts.reasons
    assert make_scorer().score([]).scores.shape == (0,)
