"""K-mers joined back into a sequence, and every way in which they can fail to be one."""

from __future__ import annotations

import pytest

from dnabert_enhancer.sequence import join_kmers, kmer_text


@pytest.mark.parametrize(
    ("text", "sequence"),
    [
        ("ACG CGT GTT", "ACGTT"),
        ("ACG CGT GTT ", "ACGTT"),
        ("ACGTTG", "ACGTTG"),
        ("AC CG GT", "ACGT"),
        ("acg cgN gNN", "acgNN"),
        ("", ""),
    ],
)
def test_kmers_join_to_their_sequence(text: str, sequence: str) -> None:
    assert join_kmers(text) == sequence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ACG CGT TTT", "k-mers 2 and 3 (CGT TTT) do not overlap by 2 letters"),
        ("ACG CGT GTTA", "k-mer 3 is 'GTTA' among k-mers of 3 letters"),
        ("ACG  CGT", "k-mer 2 is '' among k-mers of 3 letters"),
        ("ACG TTC", "do not overlap"),
        ("A C G", "the first k-mer has 1 letters"),
    ],
)
def test_kmers_that_are_no_sequence_are_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
        join_kmers(text)


def test_text_of_kmers_is_dnaberts() -> None:
    assert kmer_text("ACGTTG", 4) == "ACGT CGTT GTTG"
    assert kmer_text("ACGT", 4) == "ACGT"
    with pytest.raises(ValueError, match="a sequence of 3 bp has no 4-mer"):
        kmer_text("ACG", 4)
    with pytest.raises(ValueError, match="latin-1"):
        kmer_text("ACG\N{GREEK SMALL LETTER ALPHA}", 4)
