"""TOMTOM (interpret/tomtom), by enumeration of all columns and, where it is there, beside memelite."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.interpret import Tomtom
from dnabert_enhancer.variants import MemeMotif, read_meme

JASPAR = "motifs/JASPAR2022_CORE_vertebrates_non-redundant_pfms_meme.txt.gz"


def letters(word: str) -> np.ndarray:
    """Columns that hold one letter each, or for N all four."""
    return np.array([[0.25] * 4 if base == "N" else np.eye(4)["ACGT".index(base)] for base in word])


def database(*words: str) -> list[MemeMotif]:
    return [MemeMotif(word, letters(word), 20.0) for word in words]


def turned(word: str) -> str:
    return word[::-1].translate(str.maketrans("ACGT", "TGCA"))


def enumerated(query: str, target: str, words: tuple[str, ...]) -> float:
    """p by going through all columns that could lie under each run of the query, in plain floats."""
    pool = [column for word in (*words, *map(turned, words)) for column in letters(word)]

    def scores(column: np.ndarray) -> dict[bytes, float]:
        found = {other.tobytes(): -math.dist(column, other) for other in pool}
        median = float(np.median([found[other.tobytes()] for other in pool]))
        return {key: value - median for key, value in found.items()}

    table = [scores(column) for column in letters(query)]

    def offsets(width: int) -> list[list[tuple[int, int]]]:
        """Of each offset: pairs of a column of the query and one of the target."""
        return [
            [(i, i + offset) for i in range(len(query)) if 0 <= i + offset < width]
            for offset in range(1 - len(query), width)
        ]

    def score(word: str, pairs: list[tuple[int, int]]) -> float:
        return sum(table[i][letters(word)[j].tobytes()] for i, j in pairs)

    placed = offsets(len(target))
    best = max(score(word, pairs) for word in (target, turned(target)) for pairs in placed)
    below = 1.0
    for pairs in placed:
        drawn = itertools.product(*([table[i][column.tobytes()] for column in pool] for i, _ in pairs))
        sums = [sum(values) for values in drawn]
        below *= sum(value < best - 1e-9 for value in sums) / len(sums)
    return 1 - below**2


@pytest.mark.parametrize("query", ["AC", "GT", "ACG", "NA", "TTT"])
def test_p_is_what_all_columns_give(query: str) -> None:
    words = ("ACG", "TTN", "GN", "CAAT", "G", "NTG")
    compared = Tomtom(database(*words))
    p = compared._best(letters(query))[0]
    for word, value in zip(words, p.tolist(), strict=True):
        assert value == pytest.approx(enumerated(query, word, words), rel=1e-9), word


def test_where_and_in_which_strand_the_target_lies() -> None:
    words = ("CCGATAAGG", "CTTATCTTT", "ATTGGC", "GGGGCGGGG")
    found = Tomtom(database(*words)).matches("seqlet", letters("AGATAAG"))
    one = {match.target: match for match in found}
    # CCGATAAGG: the query's A lies under the second C; turned CTTATCTTT is AAAGATAAG
    first = Tomtom(database("CCGATAAGG", *words[2:])).matches("x", letters("AGATAAG"))[0]
    assert first[4:] == (1, 7, "+")
    assert found[0] == one["CTTATCTTT"]
    assert found[0][4:] == (2, 7, "-")
    assert [match.p for match in found] == sorted(match.p for match in found)
    assert all(0 < match.p <= match.q <= 1 for match in found)


def test_a_query_that_reaches_beyond_the_target() -> None:
    match = Tomtom(database("ATTGG", "CCCCC", "GATAA")).matches("x", letters("TTGATAATT"))[0]
    assert match[:2] == ("x", "GATAA")
    assert match[4:] == (-2, 5, "+")


def test_all_columns_alike_say_nothing() -> None:
    (match,) = Tomtom(database("AA")).matches("x", letters("A"))
    # columns A and T, so that half of the pool fits; both strands: 2 offsets each
    assert match.p == pytest.approx(1 - (1 / 2) ** 4)
    (match,) = Tomtom(database("NN")).matches("x", letters("ACGT"))
    assert match.p == 1


@pytest.mark.data
def test_each_motif_of_a_real_database_is_nearest_to_itself(shared_data: Path) -> None:
    motifs = read_meme(shared_data / JASPAR).motifs
    compared = Tomtom(motifs)
    rng = np.random.default_rng(5)
    for number in rng.choice(len(motifs), 12, replace=False):
        motif = motifs[number]
        # with flat columns around, the other strand
        flanked = np.concatenate([np.full((3, 4), 0.25), motif.shares[::-1, ::-1], np.full((2, 4), 0.25)])
        match = compared.matches("x", flanked)[0]
        assert match.target == motif.name
        assert match.q < 1e-6
        assert match.overlap == len(motif.shares)
        assert (match.offset, match.orientation) == (-3, "-")


@pytest.mark.data
@pytest.mark.slow
def test_p_beside_memelite(shared_data: Path) -> None:
    memelite = pytest.importorskip("memelite", reason="memelite comes with the extra 'discovery'")
    motifs = read_meme(shared_data / JASPAR).motifs
    queries = [motif.shares for motif in motifs[::50]] + [letters("TGACTCA"), letters("GGGGCGGGG")]
    theirs = memelite.tomtom(
        [query.T for query in queries], [motif.shares.T for motif in motifs], n_target_bins=None, n_jobs=1
    )
    compared = Tomtom(motifs)
    turned_too: list[float] = []
    for number, query in enumerate(queries):
        p, offset, _, is_turned = compared._best(query)
        assert p.argmin() == theirs[0, number].argmin()
        apart = np.abs(np.log10(p / theirs[0, number]))
        assert np.median(apart) < 0.03
        clear = theirs[0, number] < 1e-3
        assert (offset == theirs[2, number])[clear].mean() > 0.8
        turned_too += theirs[4, number][clear & is_turned].tolist()
    # where both strands fit equally well, memelite takes the turned one, and ours the motif as it stands;
    # scores that its rounding or ours makes equal remain
    assert len(turned_too) > 100
    assert np.mean(turned_too) > 0.9
