"""Gaps of a genome and what is kept of them beside it (genome/gaps)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import GAPS_ENDING, Gaps, find_gaps, gaps_beside


class Letters:
    """Contigs in memory."""

    def __init__(self, **contigs: bytes) -> None:
        self._contigs = contigs

    @property
    def contig_sizes(self) -> dict[str, int]:
        return {name: len(letters) for name, letters in self._contigs.items()}

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        return self._contigs[contig][start:end]


def test_runs_of_a_thousand_n_are_gaps_across_pieces_too(tmp_path: Path) -> None:
    piece = 1 << 22
    straddling = b"A" * (piece - 600) + b"N" * 700 + b"n" * 400 + b"C" * 50
    genome = Letters(
        a=b"N" * 1000 + b"ACGT" + b"N" * 999 + b"R" + b"n" * 1500, b=straddling, c=b"ACGT", d=b""
    )
    fasta = tmp_path / "g.fa"
    fasta.write_bytes(b"any bytes")
    gaps = find_gaps(genome, fasta)
    assert {name: runs.tolist() for name, runs in gaps.runs.items()} == {
        "a": [[0, 1000], [2004, 3504]],
        "b": [[piece - 600, piece + 500]],
    }
    assert (gaps.sha256, gaps.size) == (hashlib.sha256(b"any bytes").hexdigest(), 9)
    kept = Path(f"{fasta}{GAPS_ENDING}")
    kept.write_text("".join(gaps.lines()))
    again = gaps_beside(fasta)
    assert again is not None
    assert list(again.lines()) == list(gaps.lines())
    # not of this FASTA: of another size, or older
    fasta.write_bytes(b"more bytes")
    os.utime(kept)
    assert gaps_beside(fasta) is None
    fasta.write_bytes(b"any bytes")
    os.utime(kept, (0, 0))
    assert gaps_beside(fasta) is None
    os.utime(kept)
    kept.write_text("a\t1\n")
    with pytest.raises(InputError, match=r"gaps\.bed: cannot be read; remove it"):
        gaps_beside(fasta)
    kept.unlink()
    assert gaps_beside(fasta) is None


@given(st.lists(st.integers(1, 9), min_size=2, max_size=8))
def test_known_bases_before_a_place_are_those_that_are_counted(lengths: list[int]) -> None:
    known = np.concatenate([np.full(length, number % 2 == 0) for number, length in enumerate(lengths)])
    ends = np.cumsum(lengths)
    runs = np.array(list(zip(ends[0:-1:2], ends[1::2], strict=True)), dtype=np.int64).reshape(-1, 2)
    gaps = Gaps("", 0, {"c": runs})
    places = np.arange(len(known) + 1)
    assert gaps.known_before("c", places).tolist() == [int(known[:place].sum()) for place in places]
    assert gaps.known_before("other", places).tolist() == places.tolist()
