"""Megabases a second on one core from letters to k-mer ids; reading, windows and shuffles beside it.

Bases are those of real contigs: N runs longer than --longest-gap are taken out first, since a run of one
letter would flatter nothing but the reader. Each rate is the best of several rounds, which on a busy machine
is the least disturbed one. A plain Python loop over the k-mers, as DNABERT's script has it, is measured on
a part.

    python benchmarks/encoding.py [FASTA] [--k 3 6] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from dnabert_enhancer.genome import Genome
from dnabert_enhancer.sequence import (
    KmerTokenizer,
    KmerVocabulary,
    dinucleotide_shuffle,
    encode_bases,
    reverse_complement,
    unknown_fraction,
    window_view,
    windows_at,
)

DEFAULT_FASTA = (
    Path(__file__).resolve().parents[2]
    / "shared"
    / "data"
    / "reference"
    / "hg19_chr20_partial_fulllength.fa.gz"
)
GOAL = 30.0
WINDOW = 200
STRIDE = 50
LOOP_BASES = 200_000


def main() -> None:
    """Measure and print; exit code 1 when the goal is missed."""
    options = _options()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    letters = _real_bases(options.fasta, options.longest_gap)
    megabases = len(letters) / 1e6
    print(f"{megabases:.2f} Mb of {options.fasta.name}, one core, best of {options.rounds} rounds\n")
    reached = []
    print(f"{'letters to k-mer ids':<44}{'Mb/s':>8}  goal {GOAL:.0f}")
    for k in options.k:
        words = KmerVocabulary(k)
        for kind, text in (("str", letters.decode()), ("bytes", letters)):
            rate = megabases / _best(
                lambda text=text, words=words: words.kmer_ids(encode_bases(text)), options.rounds
            )
            reached.append(rate)
            print(f"  k = {k}, from {kind:<31}{rate:>8.0f}")
    _print_parts(letters, options.k[-1], options.rounds)
    sys.exit(0 if min(reached) >= GOAL else 1)


def _print_parts(letters: bytes, k: int, rounds: int) -> None:
    words, rng = KmerVocabulary(k), np.random.default_rng(0)
    tokenizer = KmerTokenizer(words)
    codes = encode_bases(letters)
    starts = np.arange(0, len(codes) - WINDOW + 1, STRIDE)
    batches = window_view(codes, WINDOW, STRIDE)[:4096]
    shuffled = window_view(codes, WINDOW, WINDOW)[:5000]
    part = letters[:LOOP_BASES].decode().upper()
    tokens = {token: number for number, token in enumerate(words.tokens)}
    parts: list[tuple[str, int, Callable[[], object]]] = [
        ("letters to base codes", len(codes), lambda: encode_bases(letters)),
        (f"base codes to {k}-mer ids", len(codes), lambda: words.kmer_ids(codes)),
        ("reverse complement of base codes", len(codes), lambda: reverse_complement(codes)),
        (
            f"views of windows ({WINDOW} bp every {STRIDE})",
            len(codes),
            lambda: windows_at(codes, starts, WINDOW),
        ),
        ("unknown share of all windows", len(codes), lambda: unknown_fraction(codes, starts, WINDOW)),
        (
            f"tokens of {len(batches)} windows (bases of windows)",
            batches.size,
            lambda: tokenizer.tokenize(batches),
        ),
        (
            f"dinucleotide shuffle of {len(shuffled)} windows",
            shuffled.size,
            lambda: dinucleotide_shuffle(shuffled, rng),
        ),
        (
            f"a Python loop over {k}-mers",
            LOOP_BASES,
            lambda: [tokens.get(part[place : place + k], 1) for place in range(len(part) - k + 1)],
        ),
    ]
    print("\nthe parts")
    for name, bases, run in parts:
        print(f"  {name:<42}{bases / 1e6 / _best(run, rounds):>8.1f}")


def _real_bases(fasta: Path, longest_gap: int) -> bytes:
    gap = re.compile(rb"[Nn]{%d,}" % (longest_gap + 1))
    with tempfile.TemporaryDirectory() as cache:
        os.environ["DNABERT_ENHANCER_CACHE"] = cache
        started = time.perf_counter()
        with Genome(fasta) as genome:
            opened = time.perf_counter()
            contigs = [genome.fetch(name) for name in genome.contig_sizes]
            read = time.perf_counter()
    size = sum(map(len, contigs)) / 1e6
    print(f"{size:.1f} Mb indexed in {opened - started:.1f} s (once), read in {read - opened:.2f} s")
    return b"".join(gap.sub(b"", contig) for contig in contigs)


def _best(run: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fasta", type=Path, nargs="?", default=DEFAULT_FASTA)
    parser.add_argument("--k", type=int, nargs="+", default=[3, 4, 5, 6])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--longest-gap", type=int, default=1000, help="longer runs of N are taken out (bp)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
