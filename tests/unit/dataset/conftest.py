"""A small genome and a writer of small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes a text file of a name and returns its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


@pytest.fixture(scope="session")
def random_genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a FASTA of random bases: chr1 60, chr2 40, chr3 30 kb, a fifth soft-masked; all_n 2 kb."""
    rng = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    lines = []
    for name, length in (("chr1", 60_000), ("chr2", 40_000), ("chr3", 30_000)):
        bases = rng.choice(list("ACGT"), size=length)
        for start in range(0, length, 1000):
            bases[start : start + 200] = np.char.lower(bases[start : start + 200])
        lines += [f">{name}", "".join(bases)]
    lines += [">all_n", "N" * 2000]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def regions(write: Callable[[str, str], Path]) -> Path:
    """Return a BED of regions of 300 bp, every 2 kb of the random genome: 29, 19 and 14."""
    lines = [
        f"{contig}\t{start}\t{start + 300}\t{contig}_{start}\n"
        for contig, length in (("chr1", 60_000), ("chr2", 40_000), ("chr3", 30_000))
        for start in range(1500, length - 500, 2000)
    ]
    return write("regions.bed", "".join(lines))
