"""Variants with both alleles explained, against sequences written out by hand (interpret/variants)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.interpret.variants import aligned, letters_of

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo"
FASTA = DEMO / "alpha-globin.fa.gz"


@pytest.fixture(scope="module")
def model() -> de.Model:
    return de.load_model()


@pytest.fixture(scope="module")
def letters() -> str:
    with de.Genome(FASTA) as genome:
        return genome.fetch("chr16").decode().upper()


@pytest.mark.slow
def test_a_substitution_is_explained_in_the_window_that_has_it_in_its_middle(
    model: de.Model, letters: str
) -> None:
    sides = model.interpret_variants(["chr16:159710:T:C"], FASTA, flank=4)[0]
    place = 159709
    assert letters[place] == "T"
    # 9 bases from 159705 on: their middle is 159709.5, of 200 bp the window starts at 159609
    start = 159609
    reference = letters[start : start + 200]
    alternative = reference[:100] + "C" + reference[101:]
    for side, window in ((sides.ref, reference), (sides.alt, alternative)):
        alone = model.interpret({"window": window})[0]
        np.testing.assert_allclose(side.change, alone.change[96:105], atol=1e-6)
        assert side.score == pytest.approx(float(model.predict([window])["probability"][0]), abs=1e-6)
    np.testing.assert_allclose(sides.difference, sides.alt.importance - sides.ref.importance, atol=1e-7)
    assert sides.positions.tolist() == list(range(159705, 159714))


@pytest.mark.parametrize(
    ("ref", "alt", "columns"),
    [
        ("CT", "C", ("gap", 1)),
        ("C", "CAAA", ("insertion", 3)),
    ],
)
def test_indels_are_aligned_through_the_allele(
    model: de.Model, letters: str, ref: str, alt: str, columns: tuple[str, int]
) -> None:
    place = letters.index("GGCACTGAG", 113_000) + 4  # after A; C and T stand there once
    assert letters[place : place + 2] == "CT"
    table = model.interpret_variants([f"chr16:{place + 1}:{ref}:{alt}"], FASTA, flank=5)
    sides = table[0]
    ref_letters, alt_letters = (
        letters_of(side, places)
        for side, places in ((sides.ref, sides.ref_columns), (sides.alt, sides.alt_columns))
    )
    assert len(ref_letters) == len(alt_letters) == len(sides.difference) == len(sides.positions)
    kind, number = columns
    gaps, others = (alt_letters, ref_letters) if kind == "gap" else (ref_letters, alt_letters)
    assert gaps.count("-") == number
    assert "-" not in others
    assert ref_letters.replace("-", "") in letters
    first = sides.ref.start
    haplotype = letters[:place] + alt + letters[place + len(ref) :]
    assert haplotype[first : first + len(alt_letters) - alt_letters.count("-")] == alt_letters.replace(
        "-", ""
    )
    assert sides.positions[0] == first
    assert sides.positions[-1] == sides.ref.end - 1


def test_the_alignment_by_hand() -> None:
    # two bases before, ACG replaced by T, one base after
    ref, alt = aligned(2, 3, 1, np.zeros(6, np.uint8))
    assert ref.tolist() == [0, 1, 2, 3, 4, 5]
    assert alt.tolist() == [0, 1, 2, -1, -1, 3]
    ref, alt = aligned(0, 0, 2, np.zeros(1, np.uint8))
    assert ref.tolist() == [-1, -1, 0]
    assert alt.tolist() == [0, 1, 2]


def test_what_is_skipped_keeps_its_place_and_reason(model: de.Model, tmp_path: Path) -> None:
    lines = [
        "##fileformat=VCFv4.2",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        "chr16\t159710\trs1\tT\tC,*\t.\t.\t.",
        "chr16\t159711\trs2\tT\tC\t.\t.\t.",  # the genome has A there
        "chr9\t5\trs3\tA\tC\t.\t.\t.",
        "chr16\t5000\trs4\tN\tC\t.\t.\t.",  # among N
        "chr16\t159712\trs5\tA\tG\t.\t.\t.",
    ]
    (tmp_path / "v.vcf").write_text("\n".join(lines) + "\n")
    table = model.interpret_variants(tmp_path / "v.vcf", FASTA, flank=2).table
    assert table["id"].tolist() == ["rs1", "rs1", "rs2", "rs3", "rs4", "rs5"]
    reasons = table["skipped"].tolist()
    assert reasons[1:5] == [
        "spanning_deletion",
        "ref_mismatch",
        "contig_not_in_genome",
        "too_many_unknown_bases",
    ]
    assert (reasons[0] == "") == (table["change"].notna()[0])
    assert table["change"].isna().tolist()[1:5] == [True] * 4


def test_equivalent_records_of_an_indel_give_equal_numbers(model: de.Model, letters: str) -> None:
    place = letters.index("GAAAAG", 113_000)  # four A
    first, last = place + 1, place + 5  # positions from 1 of G, and of the last A but one
    variants = [f"chr16:{first}:GA:G", f"chr16:{last - 1}:AA:A"]
    found = model.interpret_variants(variants, FASTA, flank=3)
    np.testing.assert_array_equal(found[0].ref.change, found[1].ref.change)
    np.testing.assert_array_equal(found[0].alt.change, found[1].alt.change)
    assert found.table["change"][0] == found.table["change"][1]


def test_motifs_of_the_allele_are_named(model: de.Model, tmp_path: Path) -> None:
    # a sharp motif of what the alternative makes: ACATTAT[T>C]
    rows = "\n".join(" ".join("1" if base == own else "0" for base in "ACGT") for own in "ACATTATC")
    head = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nMOTIF made\n"
    text = f"{head}letter-probability matrix: alength= 4 w= 8 nsites= 20\n{rows}\n"
    (tmp_path / "made.meme").write_text(text)
    found = model.interpret_variants(["chr16:159710:T:C"], FASTA, flank=2, motifs=tmp_path / "made.meme")
    (match,) = found[0].motifs
    assert match.name == "made"
    # each of 8 columns gives nearly log2(1 / 0.25) = 2 bits
    assert match.alt_score == pytest.approx(16, abs=0.2)
    assert match.change > 5


def test_the_picture_shows_both_alleles_and_their_difference(model: de.Model) -> None:
    figure = model.interpret_variants(["chr16:159710:T:C"], FASTA, flank=6).plot()
    assert [axes.get_ylabel() for axes in figure.axes] == ["REF", "ALT", "ALT - REF"]
    assert "159,710 T>C" in figure.axes[0].get_title(loc="left")
    labels = [tick.get_text() for tick in figure.axes[-1].get_xticklabels()]
    assert "159,710" in labels
