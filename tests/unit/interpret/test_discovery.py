"""Motifs found in seqlets themselves (interpret/discovery), and their files (interpret/found_motif_files)."""

from __future__ import annotations

from math import comb
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.interpret import (
    BEST_MATCH_COLUMNS,
    FOUND_COLUMNS,
    FoundMotif,
    FoundMotifFiles,
    Seqlet,
    Tomtom,
    discover_motifs,
    meme_text,
)
from dnabert_enhancer.interpret.discovery import information
from dnabert_enhancer.interpret.logos import motif_figure
from dnabert_enhancer.sequence import decode_bases, dinucleotide_shuffle, encode_bases
from dnabert_enhancer.variants import read_meme

SITE = "CATGACTCAGG"


def turned(word: str) -> str:
    return word[::-1].translate(str.maketrans("ACGT", "TGCA"))


def planted(number: int, site: str = SITE) -> list[tuple[np.ndarray, list[Seqlet]]]:
    """Random regions of 150 bases with a site in either strand in a seqlet, and a seqlet without."""
    rng = np.random.default_rng(7)
    found = []
    for turn in range(number):
        letters = ["ACGT"[base] for base in rng.integers(0, 4, 150)]
        at = int(rng.integers(30, 110))
        letters[at : at + len(site)] = site if turn % 2 else turned(site)
        letters[149] = "N"
        here = Seqlet(at, at + len(site), 9.0, 0.01)
        elsewhere = [Seqlet(5, 15, 4.0, 0.2), Seqlet(18, 28, -5.0, 0.1)]
        found.append((encode_bases("".join(letters)), [*elsewhere, here]))
    return found


def test_a_planted_site_is_found_whole_from_both_strands() -> None:
    regions = planted(40)
    first, *more = discover_motifs(regions, regions, 0)
    assert first.name in SITE or turned(first.name) in SITE
    assert len(first.name) >= 10
    # all sites, and perhaps a word in one of the other seqlets
    assert 40 <= first.n_sites <= 42
    assert all(motif.p > first.p for motif in more)
    assert (first.shares.max(axis=1) > 0.9).all()
    assert first.q < 1e-10


def test_p_is_the_hypergeometric_tail_of_counted_regions() -> None:
    regions = planted(12)
    first = discover_motifs(regions, regions, 3)[0]
    word = first.words[0]
    high = low = 0
    for number, (codes, _) in enumerate(regions):
        rng = np.random.default_rng([3, number])
        shuffles = dinucleotide_shuffle(np.repeat(codes[None], 10, axis=0), rng)
        high += word in (text := decode_bases(codes)) or turned(word) in text
        low += sum(word in (text := decode_bases(row)) or turned(word) in text for row in shuffles)
    both = high + low
    p = sum(comb(12, k) * comb(120, both - k) for k in range(high, min(12, both) + 1)) / comb(132, both)
    assert first.p == pytest.approx(p, rel=1e-9)
    assert first.q >= first.p


def test_regions_without_a_common_word_give_no_motif() -> None:
    rng = np.random.default_rng(1)
    regions = [
        (rng.integers(0, 4, 100).astype(np.uint8), [Seqlet(20, 32, 5.0, 0.1), Seqlet(60, 70, 3.0, 0.1)])
        for _ in range(30)
    ]
    assert discover_motifs(regions, regions, 0) == []


@pytest.mark.parametrize(
    "regions",
    [
        [],
        [(encode_bases("ACGTA"), [Seqlet(0, 4, 1.0, 0.5)])],
        [(encode_bases("N" * 50), [Seqlet(10, 20, 1.0, 0.5)])],
        [(encode_bases("ACGTTGCATG" * 5), [Seqlet(10, 20, -1.0, 0.5)])],
    ],
)
def test_without_words_there_are_no_motifs(regions: list) -> None:
    assert discover_motifs(regions, regions, 0) == []
    assert meme_text([]).startswith("MEME version 4\n")


def test_the_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    regions = planted(40)
    motifs = discover_motifs(regions, regions, 0)
    (tmp_path / "x.meme").write_text(meme_text(motifs))
    again = read_meme(tmp_path / "x.meme").motifs
    assert [motif.name for motif in again] == [f"{n}-{m.name}" for n, m in enumerate(motifs, start=1)]
    for one, other in zip(motifs, again, strict=True):
        np.testing.assert_allclose(one.shares, other.shares, atol=1e-6)
        assert one.n_sites == other.n_sites


@pytest.mark.data
def test_a_planted_site_is_named_by_a_database(shared_data: Path, tmp_path: Path) -> None:
    regions = planted(40)
    motif = discover_motifs(regions, regions, 0)[0]
    database = Tomtom(read_meme(shared_data / "motifs/H12CORE_meme_format.meme.gz").motifs)
    best, *others = database.matches("1", motif.shares)
    # TGACTCA is the site of AP-1, dimers of these
    ap1 = ("FOS", "JUN", "BATF", "BACH", "NFE2", "NF2L", "MAF", "ATF", "JDP")
    assert best.target.startswith(ap1)
    assert best.q < 0.01
    assert [match.target for match in others[:8] if not match.target.startswith(ap1)] == []
    with OutputSet() as out:
        FoundMotifFiles(out, str(tmp_path / "x")).write([motif], [best])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "x.motifs.meme",
        "x.motifs.png",
        "x.motifs.svg",
        "x.motifs.tsv",
    ]
    title, row = (line.split("\t") for line in (tmp_path / "x.motifs.tsv").read_text().splitlines())
    assert title == [*FOUND_COLUMNS, *BEST_MATCH_COLUMNS]
    values = dict(zip(title, row, strict=True))
    assert values["motif"] == f"1-{motif.name}"
    assert values["match"] == best.target
    assert float(values["match_q"]) == pytest.approx(best.q, rel=1e-5)
    assert best.target in (tmp_path / "x.motifs.svg").read_text()


def test_without_motifs_there_is_no_picture(tmp_path: Path) -> None:
    with OutputSet() as out:
        FoundMotifFiles(out, str(tmp_path / "x")).write([])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.motifs.meme", "x.motifs.tsv"]
    assert (tmp_path / "x.motifs.tsv").read_text() == "\t".join(FOUND_COLUMNS) + "\n"


def test_a_column_is_as_high_as_the_bits_that_it_says(tmp_path: Path) -> None:
    shares = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0.7, 0.1, 0.1, 0.1]])
    entropy = -(0.7 * np.log2(0.7) + 0.3 * np.log2(0.1))
    np.testing.assert_allclose(information(shares), [2, 1, 0, 2 - entropy], atol=1e-12)
    many = [FoundMotif("A" * 40, shares, 9, ("AAAAAA",), 0.01, 0.02)] * 33
    figure = motif_figure(many)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(titles) == 30
    assert titles[29] == "30-" + "A" * 26 + "…   9 sites"
