"""Properties of variant scores with a model: strands, exchanged alleles, records that change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnabert_enhancer.engine import Engine, EngineSettings, Target
from dnabert_enhancer.model import new_model, open_model, write_model
from dnabert_enhancer.variants import (
    Allele,
    AlleleScorer,
    EffectStatistic,
    GenomeBases,
    WindowPlan,
    context_around,
    place_allele,
)

COMPLEMENT = str.maketrans("ACGT", "TGCA")
CONTIG = "".join(np.random.default_rng(2).choice(list("ACGT"), 301))


class OneContig:
    """A contig in memory."""

    def __init__(self, bases: str) -> None:
        self._bases = bases
        self.contig_sizes = {"c": len(bases)}

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert contig == "c"
        return self._bases[start:end].encode()


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> AlleleScorer:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    write_model(folder, new_model("tiny", window_length=60, seed=5))
    model = open_model(folder)
    engine = Engine(model, EngineSettings(backend="onnx", precision="float32", device="cpu", threads=1))
    return AlleleScorer("enhancer", engine, Target.of_model(model), WindowPlan(60), 0.5, 1.0)


def numbers(scorer: AlleleScorer, bases: str, position: int, ref: str, alt: str) -> np.ndarray:
    genome = GenomeBases(OneContig(bases))
    allele = place_allele(genome, "c", position, ref.encode(), alt.encode())
    assert isinstance(allele, Allele)
    return scorer.score([(context_around(genome, allele, scorer.plan), allele)]).scores[0]


variants = st.tuples(st.integers(0, 290), st.integers(1, 5), st.text("ACGT", min_size=1, max_size=6))
checked = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@checked
@given(variants)
def test_exchanged_alleles_have_exactly_the_opposite_log_odd_ratio(
    scorer: AlleleScorer, variant: tuple[int, int, str]
) -> None:
    start, size, alt = variant
    ref = CONTIG[start : start + size]
    changed = CONTIG[:start] + alt + CONTIG[start + size :]
    there = numbers(scorer, CONTIG, start + 1, ref, alt)
    back = numbers(scorer, changed, start + 1, alt, ref)
    assert there["LogOddRatio"] == -back["LogOddRatio"]
    assert (there["p_ref"], there["p_alt"]) == (back["p_alt"], back["p_ref"])


@checked
@given(variants)
def test_the_other_strand_changes_nothing(scorer: AlleleScorer, variant: tuple[int, int, str]) -> None:
    start, size, alt = variant
    ref = CONTIG[start : start + size]
    there = numbers(scorer, CONTIG, start + 1, ref, alt)
    opposite = CONTIG.translate(COMPLEMENT)[::-1]
    position = len(CONTIG) - (start + size) + 1
    back = numbers(
        scorer, opposite, position, ref.translate(COMPLEMENT)[::-1], alt.translate(COMPLEMENT)[::-1]
    )
    # the largest of two offsets that differ in the last digits may be the other one
    for name in set(there.dtype.names or ()) - {"MaximumOverOffsets"}:
        assert there[name] == pytest.approx(back[name], abs=1e-5)


@checked
@given(st.integers(0, 290), st.integers(1, 5))
def test_a_record_that_changes_nothing_scores_zero(scorer: AlleleScorer, start: int, size: int) -> None:
    found = numbers(scorer, CONTIG, start + 1, CONTIG[start : start + size], CONTIG[start : start + size])
    assert found["p_ref"] == found["p_alt"]
    assert [found[statistic.column] for statistic in EffectStatistic] == [0, 0, 0, 0, 0]
