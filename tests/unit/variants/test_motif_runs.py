"""Motifs in runs of bases: the best word of each (variants/motif_runs)."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.variants import MotifLibrary, run_matches

HOCOMOCO = Path(__file__).resolve().parents[4] / "shared" / "data" / "motifs" / "H12CORE_meme_format.meme.gz"
# without a line of strands and without a background
MEME = """MEME version 4

ALPHABET= ACGT

MOTIF one
letter-probability matrix: alength= 4 w= 4 nsites= 50
0.9 0.02 0.03 0.05
0.05 0.8 0.1 0.05
0.1 0.1 0.7 0.1
0.02 0.02 0.06 0.9

MOTIF two
letter-probability matrix: alength= 4 w= 3 nsites= 20
0.1 0.1 0.1 0.7
0.1 0.2 0.6 0.1
0.97 0.01 0.01 0.01
"""
SHARES = {
    "one": np.array(
        [[0.9, 0.02, 0.03, 0.05], [0.05, 0.8, 0.1, 0.05], [0.1, 0.1, 0.7, 0.1], [0.02, 0.02, 0.06, 0.9]]
    ),
    "two": np.array([[0.1, 0.1, 0.1, 0.7], [0.1, 0.2, 0.6, 0.1], [0.97, 0.01, 0.01, 0.01]]),
}
SITES = {"one": 50, "two": 20}


@pytest.fixture
def library(tmp_path: Path) -> MotifLibrary:
    (tmp_path / "m.meme").write_text(MEME)
    return MotifLibrary(tmp_path / "m.meme")


def word_score(name: str, word: str) -> float:
    shares = (SHARES[name] * SITES[name] + 0.1 * 0.25) / (SITES[name] + 0.1)
    return float(sum(np.log2(shares[i]["ACGT".index(base)] / 0.25) for i, base in enumerate(word)))


def turned(word: str) -> str:
    return word[::-1].translate(str.maketrans("ACGT", "TGCA"))


@pytest.mark.parametrize("run", [(0, 4), (3, 12), (10, 15), (24, 30), (29, 30), (0, 30)])
@pytest.mark.parametrize("name", ["one", "two"])
def test_the_best_word_is_that_of_all_words_one_by_one(
    library: MotifLibrary, name: str, run: tuple[int, int]
) -> None:
    letters = "GGACGTTTTGANTCATGCACGTAATTGCGA"
    width = len(SHARES[name])
    every = ["".join(word) for word in itertools.product("ACGT", repeat=width)]
    scores = np.array([word_score(name, word) for word in every])
    found = []
    for start in range(len(letters) - width + 1):
        shared = min(start + width, run[1]) - max(start, run[0])
        word = letters[start : start + width]
        if 2 * shared >= min(width, run[1] - run[0]) and shared > 0 and "N" not in word:
            found += [(word_score(name, word), start, False), (word_score(name, turned(word)), start, True)]
    best = max(found)[0]
    matches = run_matches(library, encode_bases(letters), [run])
    column = matches.names.index(name)
    # of 4^width words, all equally likely
    word_p = (scores >= best - 0.02).mean()
    assert matches.word_p[0, column] == pytest.approx(word_p, abs=1e-9)
    assert matches.p[0, column] == pytest.approx(1 - (1 - word_p) ** len(found), rel=1e-9)
    places = {(start, reverse) for score, start, reverse in found if score > best - 1e-5}
    assert (int(matches.start[0, column]), bool(matches.is_reverse[0, column])) in places
    assert matches.widths[column] == width


def test_where_no_word_fits_there_is_no_match(library: MotifLibrary) -> None:
    for letters in ("AC", "ACNNGT"):
        matches = run_matches(library, encode_bases(letters), [(0, 2)])
        assert np.isnan(matches.p).all()
        assert np.isnan(matches.word_p).all()
    assert run_matches(library, encode_bases("ACGT"), []).p.shape == (0, 2)


@pytest.mark.slow
@pytest.mark.skipif(not HOCOMOCO.exists(), reason="HOCOMOCO is not beside the checkout")
def test_the_best_word_of_every_motif_is_rare_but_not_impossible() -> None:
    library = MotifLibrary(HOCOMOCO)
    for column, motif in list(enumerate(library.motifs))[::40]:
        table = motif.forward.reshape(-1, 5)[:, :4]
        matches = run_matches(library, table.argmax(axis=1).astype(np.uint8), [(0, motif.width)])
        # the background of the file is 1/4 each, and a word with the highest score is one of 4^width
        assert 0.999 * 0.25**motif.width <= matches.word_p[0, column] < 1e-2
        assert matches.p[0, column] > 0
