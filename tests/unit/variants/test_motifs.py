"""Motif matches against Biopython's scores and against all words of a motif's length (meme)."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from Bio.motifs.matrix import PositionSpecificScoringMatrix
from Bio.Seq import Seq

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import decode_bases, encode_bases
from dnabert_enhancer.variants import Allele, MotifLibrary, SequenceContext, read_meme

HEADER = "MEME version 4\n\nALPHABET= ACGT\n\nBackground letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\n\n"


def meme(path: Path, *shares: np.ndarray) -> Path:
    text = HEADER
    for number, share in enumerate(shares):
        rows = "\n".join("\t".join(f"{value:.6f}" for value in row) for row in share)
        text += (
            f"MOTIF M{number}\nletter-probability matrix: alength= 4 w= {len(share)} nsites= 50\n{rows}\n\n"
        )
    path.write_text(text)
    return path


def sharp(word: str) -> np.ndarray:
    share = np.full((len(word), 4), 0.02)
    share[np.arange(len(word)), encode_bases(word)] = 0.94
    return share


def pair(before: str, ref: str, alt: str, after: str) -> tuple[SequenceContext, Allele]:
    bases = before + ref + after
    allele = Allele(
        "c",
        len(before),
        len(before) + len(ref),
        encode_bases(alt),
        encode_bases(ref),
        ref.encode(),
        alt.encode(),
    )
    return SequenceContext(encode_bases(bases), 0, len(bases)), allele


FLANK = "".join(np.random.default_rng(5).choice(list("ACGT"), 40))


def best(pssm: PositionSpecificScoringMatrix, bases: str, start: int, end: int) -> float:
    """Return the best score of the words that touch start..end (between them where equal), by Biopython."""
    width = pssm.length
    scores = []
    for place in range(start - width + 1, max(end, start)):
        word = bases[place : place + width]
        if len(word) == width and (end > start or place + width > start):
            scores += [pssm.calculate(Seq(word)), pssm.reverse_complement().calculate(Seq(word))]
    return float(np.max(scores))


@pytest.mark.parametrize(
    ("ref", "alt"), [("G", "T"), ("TGACTCA", "TGACTCC"), ("", "TGACTCA"), ("TGACTCA", ""), ("A", "TGA")]
)
def test_best_matches_are_biopythons(tmp_path: Path, ref: str, alt: str) -> None:
    before, after = FLANK[:36] + "TGAC", "CAGC" + FLANK[4:]
    path = meme(tmp_path / "m.meme", sharp("TGACTCA"), sharp("GATAAGATAA"))
    stretch, allele = pair(before, ref, alt, after)
    (found,) = MotifLibrary(path).matches([(stretch, allele)])
    background = {"A": 0.3, "C": 0.2, "G": 0.2, "T": 0.3}
    shares = sharp("TGACTCA") / sharp("TGACTCA").sum(axis=1, keepdims=True)
    share = {
        base: (shares[:, number] * 50 + 0.1 * background[base]) / 50.1 for number, base in enumerate("ACGT")
    }
    pssm = PositionSpecificScoringMatrix(
        "ACGT", {base: np.log2(share[base] / background[base]).tolist() for base in "ACGT"}
    )
    expected = [best(pssm, before + one + after, len(before), len(before) + len(one)) for one in (ref, alt)]
    reported = [match for match in found if match.name == "M0"]
    if reported:
        assert (reported[0].ref_score, reported[0].alt_score) == pytest.approx(expected, abs=1e-4)
    else:
        assert max(expected) < 9


def test_p_values_count_all_words(tmp_path: Path) -> None:
    share = np.array(
        [[0.6, 0.2, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1], [0.1, 0.5, 0.2, 0.2], [0.05, 0.05, 0.1, 0.8]] * 2
    )
    library = MotifLibrary(meme(tmp_path / "m.meme", share))
    background = np.array([0.3, 0.2, 0.2, 0.3])
    words = np.array(list(itertools.product(range(4), repeat=8)))
    scores = np.log2((share * 50 + 0.1 * background) / 50.1 / background)
    of_words = scores[np.arange(8), words].sum(axis=1)
    chance = background[words].prod(axis=1)
    site = decode_bases(words[of_words.argmax()].astype(np.uint8))
    stretch, allele = pair(FLANK, site[0], "C" if site[0] != "C" else "G", site[1:] + FLANK)
    ((match,),) = library.matches([(stretch, allele)])
    assert match.ref_score == pytest.approx(of_words.max(), abs=1e-3)
    for score, p in ((match.ref_score, match.ref_p), (match.alt_score, match.alt_p)):
        assert p == pytest.approx(chance[of_words >= score - 1e-3].sum(), rel=0.05)


def test_only_motifs_that_touch_the_allele_are_reported(tmp_path: Path) -> None:
    library = MotifLibrary(meme(tmp_path / "m.meme", sharp("TGACTCAGC")))
    near, allele = pair("ATATATATAT", "G", "C", "TGACTCAGC" + "ATATATATAT")
    across, other = pair("ATATATATATTGACT", "C", "G", "AGCATATATATAT")
    assert [len(matches) for matches in library.matches([(near, allele), (across, other)])] == [0, 1]
    assert library.matches([]) == []


def test_neighbours_and_unknown_flanks_change_nothing(tmp_path: Path) -> None:
    # a word of 30 bases of which most are unknown must not look better than random ones
    library = MotifLibrary(meme(tmp_path / "m.meme", sharp("TGACTCAGC"), sharp("A" * 30)))
    narrow = pair("TG", "A", "C", "CTCAGC")
    wide = pair("N" * 30 + "TG", "A", "C", "CTCAGC" + "N" * 30)
    own = library.matches([narrow])
    assert own == library.matches([wide])
    assert [match.name for match in own[0]] == ["M0"]
    others = [pair("A" * 40, "A", "AA", "A" * 40), pair("TGACTCAGC", "G", "", "TGACTCAGC")]
    assert library.matches([others[0], narrow, others[1]])[1] == own[0]


def test_a_motif_that_fits_one_allele_alone(tmp_path: Path) -> None:
    library = MotifLibrary(meme(tmp_path / "m.meme", sharp("TGACTCAGC")))
    ((match,),) = library.matches([pair("NTGACTC", "A", "N", "GCN")])
    assert (match.ref_strand, match.alt_strand) == ("+", ".")
    assert match.ref_p < 1e-4
    assert np.isnan([match.alt_score, match.alt_p]).all()


@pytest.mark.parametrize("content", ["", "not meme\n", "MEME version 4\n"])
def test_a_file_that_is_no_meme_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.meme"
    path.write_text(content)
    with pytest.raises(InputError):
        MotifLibrary(path)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("H13CORE_meme_format.meme.gz", 1611),
        ("H12CORE_meme_format.meme.gz", 1443),
        ("JASPAR2022_CORE_vertebrates_non-redundant_pfms_meme.txt.gz", 841),
    ],
)
@pytest.mark.slow
def test_the_public_collections_are_read(shared_data: Path, name: str, count: int) -> None:
    assert len(MotifLibrary(shared_data / "motifs" / name)) == count


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("nsites= 20", "nsites= e"), "nsites= e"),
        (("nsites= 20", "nsites= 1e999"), "nsites= 1e999"),
        (("0.1 0.1 0.7 0.1\n", ""), "ends after 2 of its 3 columns"),
        (("w= 3", "w= " + "9" * 5000), "ends after 3 of its"),
    ],
)
def test_a_damaged_motif_is_refused_with_its_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = (
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1\n"
        "letter-probability matrix: alength= 4 w= 3 nsites= 20\n"
        "0.7 0.1 0.1 0.1\n0.1 0.7 0.1 0.1\n0.1 0.1 0.7 0.1\n"
    )
    path = tmp_path / "motifs.meme"
    path.write_text(text)
    assert len(read_meme(path).motifs) == 1
    path.write_text(text.replace(*change))
    with pytest.raises(InputError, match=re.escape(said)) as error:
        read_meme(path)
    assert error.value.location == "line 6"
