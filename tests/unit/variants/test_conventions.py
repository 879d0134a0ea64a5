"""Conventions: the windows of deepvregulome, cut by hand with string slices and as its own code gave them."""

from __future__ import annotations

import copy
import csv
import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.api import with_keywords
from dnabert_enhancer.engine import Predictions, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.variants import (
    Allele,
    AlleleScorer,
    AlleleWindows,
    Convention,
    GenomeBases,
    SkipReason,
    VariantSettings,
    WindowPlan,
    context_around,
)

BASES = "".join(np.random.default_rng(3).choice(list("ACGT"), 700))
RULES = Convention.DEEPVREGULOME.rules
PLAN = WindowPlan(301, 1)


def windows_of(bases: GenomeBases, contig: str, position: int, ref: str, alt: str) -> list[str] | SkipReason:
    """Return both windows as letters; the place is 1-based."""
    allele = RULES.place(bases, contig, position, ref.encode(), alt.encode())
    if not isinstance(allele, Allele):
        return allele
    found = RULES.windows(context_around(bases, allele, PLAN), allele, PLAN)
    assert isinstance(found, AlleleWindows)
    assert found.ref.shape == found.alt.shape == (1, 301)
    return [decode_bases(found.ref[0]), decode_bases(found.alt[0])]


@pytest.mark.parametrize(
    ("ref", "alt", "expected"),
    [
        ("C", "G", BASES[149:299] + "G" + BASES[300:450]),
        # four bases more: the last four of the window are cut off
        ("C", "GACGT", BASES[149:299] + "GACGT" + BASES[300:446]),
        # three bases fewer: as many N at the right end
        ("CATG", "C", BASES[149:299] + "C" + BASES[303:450] + "NNN"),
        ("CAT", "GG", BASES[149:299] + "GG" + BASES[302:450] + "N"),
        ("C", "A" * 400, BASES[149:299] + "A" * 151),
        ("C" * 500, "AC", BASES[149:299] + "AC" + "N" * 149),
        # put in as text: letters that are no base
        ("C", "*", BASES[149:299] + "N" + BASES[300:450]),
        ("C", "<DEL>", BASES[149:299] + "NNNNN" + BASES[300:446]),
        ("C", "G]17:19]", BASES[149:299] + "GNNNNNNN" + BASES[300:443]),
        # nothing changes
        ("C", "C", BASES[149:299] + "C" + BASES[300:450]),
    ],
)
def test_alt_is_put_in_from_the_centre_to_the_right(
    memory_genome: Any, ref: str, alt: str, expected: str
) -> None:
    """REF is any letters: it is not compared with the genome."""
    found = windows_of(GenomeBases(memory_genome({"c": BASES})), "c", 300, ref, alt)
    assert found == [BASES[149:450], expected]


@pytest.mark.parametrize(
    ("position", "kept"), [(0, False), (150, False), (151, True), (550, True), (551, False)]
)
def test_a_window_that_leaves_the_contig_is_none(memory_genome: Any, position: int, kept: bool) -> None:
    found = windows_of(GenomeBases(memory_genome({"c": BASES})), "c", position, "ACGT" * 60, "T")
    assert (found is not SkipReason.OUTSIDE_CONTIG) == kept
    if kept:
        assert found[0] == BASES[position - 151 : position + 150]


def test_no_alt_is_no_allele(memory_genome: Any) -> None:
    bases = GenomeBases(memory_genome({"c": BASES}))
    assert windows_of(bases, "c", 300, "A", ".") is SkipReason.MISSING_ALT


@pytest.mark.data
def test_the_windows_are_those_of_the_original_code(shared_data: Path) -> None:
    folder = shared_data / "golden" / "deepvregulome_hub"
    if not folder.is_dir():
        pytest.skip(f"no golden checkpoint at {folder}")
    with (folder / "expected_windows.tsv").open(newline="") as stream:
        expected = {
            tuple(row[name] for name in ("chrom", "pos", "ref", "alt")): [row["ref_seq"], row["alt_seq"]]
            for row in csv.DictReader(stream, delimiter="\t")
        }
    with (folder / "variants.tsv").open(newline="") as stream:
        given = [tuple(row.values()) for row in csv.DictReader(stream, delimiter="\t")]
    with Genome(shared_data / "reference" / "hg38_4chr_prefixes.fa.gz") as genome:
        bases = GenomeBases(genome)
        found = {
            (chrom, pos, ref, alt): windows_of(bases, chrom, int(pos), ref.upper(), alt.upper())
            for chrom, pos, ref, alt in given
            if chrom in genome.contig_sizes
        }
    assert len(expected) == 24
    assert {key: one for key, one in found.items() if one is not SkipReason.OUTSIDE_CONTIG} == expected


class CertainEngine:
    """Says 0 of what it is given first, 1 of the rest."""

    network = "certain"

    def predict(self, windows: Any) -> Predictions:
        probability = np.ones(len(windows), dtype=np.float32)
        probability[0] = 0
        logit = np.zeros(len(windows), dtype=np.float32)
        return Predictions(logit, probability, np.stack([-logit, logit], axis=1))


@pytest.mark.parametrize(
    ("convention", "ends", "ratio"),
    [
        # log2(1e-6 / (1 - 1e-6)) - log2((1 - 1e-6) / 1e-6)
        (Convention.DEEPVREGULOME, (1e-6, 1 - 1e-6), -39.8631),
        # the same with the suite's 1e-12, in the ratio alone
        (Convention.SUITE, (0.0, 1.0), -79.7263),
    ],
)
def test_probabilities_stay_as_far_from_0_and_1_as_the_convention_says(
    memory_genome: Any, convention: Convention, ends: tuple[float, float], ratio: float
) -> None:
    bases = GenomeBases(memory_genome({"c": BASES}))
    ref = BASES[299].encode()
    allele = convention.rules.place(bases, "c", 300, ref, b"A" if ref != b"A" else b"C")
    assert isinstance(allele, Allele)
    target = Target("binary", "bound", 1)
    scorer = AlleleScorer("one", CertainEngine(), target, PLAN, 0.5, 1.0, convention.rules)  # type: ignore[arg-type]
    (found,) = scorer.score([(context_around(bases, allele, PLAN), allele)]).scores
    np.testing.assert_allclose([found["p_ref"], found["p_alt"]], np.float32(ends), rtol=0, atol=0)
    assert found["LogOddRatio"] == pytest.approx(ratio, abs=1e-4)


def test_it_decides_what_it_says() -> None:
    found = VariantSettings(convention="deepvregulome", min_change=0.1)  # type: ignore[arg-type]
    assert (found.window_length, found.offsets, found.max_unknown, found.phased) == (301, 1, 1.0, False)
    assert found.convention is Convention.DEEPVREGULOME
    assert VariantSettings(convention="deepvregulome", offsets=1, window_length=301) == VariantSettings(  # type: ignore[arg-type]
        convention=Convention.DEEPVREGULOME
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"offsets": 3}, "--offsets 3 does not apply to --convention deepvregulome, which has 1"),
        (
            {"window_length": 200},
            "--window-length 200 does not apply to --convention deepvregulome, which has 301",
        ),
        ({"max_unknown": 0.5}, "--max-unknown 0.5 does not apply"),
        # the suite's own default, but given
        ({"offsets": 5}, "--offsets 5 does not apply to --convention deepvregulome, which has 1"),
        ({"max_unknown": 0.1}, "--max-unknown 0.1 does not apply"),
        (
            {"phased": True},
            "--phased does not apply to --convention deepvregulome, which scores each allele alone",
        ),
        ({"convention": "vep"}, "--convention vep is out of range; give one of suite, deepvregulome"),
    ],
)
def test_what_contradicts_it_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        VariantSettings(**{"convention": "deepvregulome", **fields})
    assert said in str(caught.value)
    if "convention" not in fields:
        settings = VariantSettings(convention="deepvregulome")  # type: ignore[arg-type]
        for chosen, given in ((None, {"convention": "deepvregulome", **fields}), (settings, fields)):
            with pytest.raises(InputError) as caught:
                with_keywords(VariantSettings, chosen, given)
            assert said in str(caught.value)


def test_settings_are_copied_as_they_are() -> None:
    """Also from one convention to the other: what a copy has of the suite's was not given."""
    settings = VariantSettings(null_variants=7)
    changed = dataclasses.replace(settings, convention=Convention.DEEPVREGULOME)
    assert (changed.offsets, changed.null_variants) == (1, 7)
    for one in (settings, changed):
        assert pickle.loads(pickle.dumps(one)) == copy.copy(one) == dataclasses.replace(one) == one


def test_the_suites_own_is_the_default(make_scorer: Callable[..., AlleleScorer]) -> None:
    assert VariantSettings().convention is Convention.SUITE
    assert make_scorer().rules is Convention.SUITE.rules
