"""Shared k-mers between splits (dataset/leaks, dataset/leak_rule), against sets of k-mers kept as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.dataset import LeakRule, leaks, leaks_between, read_dataset, shared_kmers
from dnabert_enhancer.dataset.leak_rule import tandem_kmers
from dnabert_enhancer.sequence import encode_bases

COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
PLAIN = LeakRule(k=12, ignore_repeats=False)


def bases(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), size=length))


def kmers_of(sequences: list[str], k: int) -> set[str]:
    kmers = set()
    for sequence in map(str.upper, sequences):
        for start in range(len(sequence) - k + 1):
            kmer = sequence[start : start + k]
            if "N" not in kmer:
                kmers.add(min(kmer, kmer.translate(COMPLEMENT)[::-1]))
    return kmers


def test_shared_kmers_are_those_of_a_plain_set() -> None:
    rng = np.random.default_rng(3)
    sequences = [bases(60, seed) for seed in range(50)]
    others = [bases(60, 100 + seed) for seed in range(40)]
    for seed in range(10):
        piece = sequences[seed][: 10 + seed]
        others[seed] = others[seed][:20] + (
            piece if rng.random() < 0.5 else piece.translate(COMPLEMENT)[::-1]
        )
    found = shared_kmers(sequences, others, PLAIN)
    theirs = kmers_of(others, 12)
    assert found.sequences.tolist() == [bool(kmers_of([sequence], 12) & theirs) for sequence in sequences]
    assert found.kmers == len(kmers_of(sequences, 12) & theirs)
    assert found.sequences.sum() == 8


def test_kmer_does_not_reach_over_the_border_of_two_sequences() -> None:
    piece = bases(12, 1)
    assert not shared_kmers([piece[:6], piece[6:]], [bases(20, 2) + piece], PLAIN).sequences.any()


def test_unknown_bases_share_nothing() -> None:
    assert not shared_kmers(["N" * 20 + bases(5, 1)], ["N" * 20 + bases(5, 2)], PLAIN).sequences.any()


@pytest.mark.parametrize("passes", [1, 4])
def test_several_passes_give_the_result_of_one(passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sequences = [bases(100, seed) for seed in range(20)]
    others = [sequence[40:80] + bases(30, 50 + number) for number, sequence in enumerate(sequences[:7])]
    kmers = sum(len(other) - 11 for other in others)
    monkeypatch.setattr(leaks, "_MOST_KEYS", kmers // passes)
    monkeypatch.setattr(leaks, "_CHUNK_BASES", 300)
    found = shared_kmers(sequences, others, PLAIN)
    assert found.sequences.tolist() == [True] * 7 + [False] * 13
    assert found.kmers == len(kmers_of(sequences, 12) & kmers_of(others, 12))


@pytest.mark.parametrize(
    ("shared", "is_leak"),
    [
        (bases(40, 1), True),
        (bases(39, 1), False),
        (bases(40, 1).translate(COMPLEMENT)[::-1], True),
        (bases(40, 1).lower(), False),
        (bases(40, 1)[:20].lower() + bases(40, 1)[20:], True),
        (bases(40, 1)[:21].lower() + bases(40, 1)[21:], False),
        ("CA" * 20, False),
        ("CAG" * 14, False),
        ("A" * 40, False),
    ],
)
def test_rule_leaves_repeats_out(shared: str, is_leak: bool) -> None:
    train, test = bases(100, 5) + shared + bases(60, 6), bases(80, 7) + shared + bases(50, 8)
    # both ends of the piece are followed by different bases, so that nothing longer is shared by chance
    assert leaks_between({"train": [train], "test": [test]}).offenders["train"].tolist() == [is_leak]
    strict = leaks_between({"train": [train], "test": [test]}, LeakRule(ignore_repeats=False))
    assert strict.offenders["train"].tolist() == [len(shared) >= 40]


def test_equal_sequences_are_leaks_even_when_masked() -> None:
    masked = bases(80, 1).lower()
    reverse = masked.translate(COMPLEMENT)[::-1].upper()
    plain = [bases(80, seed) for seed in (2, 3, 4)]
    report = leaks_between({"train": [masked, *plain], "test": [reverse, bases(80, 9)]})
    assert report.offenders["train"].tolist() == [True, False, False, False]


def test_lower_case_sets_are_not_taken_as_masked() -> None:
    shared = bases(60, 1).lower()
    train = [bases(100, 2).lower() + shared]
    assert leaks_between({"train": train, "test": [bases(100, 3).lower() + shared]}).total == 1


def test_test_keeps_all_and_train_gives_up_most() -> None:
    a, b, c = bases(60, 1), bases(60, 2), bases(60, 3)
    report = leaks_between(
        {
            "train": [a + bases(50, 4), b + bases(50, 5), bases(110, 6)],
            "validation": [bases(50, 7) + b, c + bases(50, 8)],
            "test": [bases(50, 9) + a, bases(50, 10) + c],
        }
    )
    assert {name: flags.tolist() for name, flags in report.offenders.items()} == {
        "train": [True, True, False],
        "validation": [False, True],
        "test": [False, False],
    }
    assert [(pair.split, pair.kept, pair.sequences, pair.kmers) for pair in report.pairs] == [
        ("validation", "test", 1, 21),
        ("train", "test", 1, 21),
        ("train", "validation", 1, 21),
    ]


def test_what_leaves_validation_takes_nothing_out_of_train() -> None:
    a, b = bases(60, 1), bases(60, 2)
    report = leaks_between({"train": [a + bases(40, 3)], "validation": [a + b], "test": [b + bases(40, 4)]})
    assert report.offenders["validation"].tolist() == [True]
    assert report.offenders["train"].tolist() == [False]


@pytest.mark.parametrize(
    ("text", "is_tandem"),
    [("A" * 40, True), ("ACGTTG" * 7, True), ("ACGTTGC" * 6, False), (bases(40, 1), False)],
)
def test_tandem_repeats_have_a_period_of_one_to_six(text: str, is_tandem: bool) -> None:
    kmers = encode_bases(text)[np.newaxis, :40]
    assert tandem_kmers(kmers, LeakRule()).tolist() == [is_tandem]


def test_rule_describes_itself() -> None:
    assert "no 40-mer (either strand)" in LeakRule().describe()
    assert (
        LeakRule(k=30, ignore_repeats=False).describe()
        == "no 30-mer (either strand) in two splits, repeats included"
    )


@pytest.mark.data
def test_duplicates_of_the_independent_set_are_found(shared_data: Path) -> None:
    folder = shared_data / "enhancers" / "ienhancer2L"

    def layer(part: str) -> list[str]:
        enhancers, others = (folder / f"layer1_{part}_{name}.fa" for name in ("enhancers", "nonenhancers"))
        sequences: list[str] = read_dataset(enhancers, negatives=others).frame()["sequence"].tolist()
        return sequences

    train, test = layer("train"), layer("test")
    equal = {sequence.upper() for sequence in test} & {sequence.upper() for sequence in train}
    assert len(equal) == 100
    found = shared_kmers(train, test)
    duplicates = [sequence.upper() in equal for sequence in train]
    assert found.sequences[duplicates].all()
    assert found.sequences.sum() == 103


@pytest.mark.parametrize("twin", ["AYGTTACG", "aygttacg", "AYGUUACG", "CGUAACRU"])
def test_equal_sequences_with_ambiguity_codes_and_u_are_leaks(twin: str) -> None:
    assert shared_kmers([twin, "CGTAACRA"], ["CGTAACRT"]).sequences.tolist() == [True, False]
