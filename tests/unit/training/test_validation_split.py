"""Splitting off a validation set (training/validation_split, training/training_data)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training.validation_split import split_off_validation


def frame(rows: int, contigs: list[str] | None = None, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sequences = ["".join("ACGT"[code] for code in row) for row in rng.integers(0, 4, (rows, 30))]
    table = pd.DataFrame({"sequence": sequences, "label": np.arange(rows) % 2})
    if contigs:
        table["chrom"] = [contigs[row % len(contigs)] for row in range(rows)]
    return table


def test_whole_contigs_are_held_out_where_coordinates_exist() -> None:
    table = frame(1100, [f"chr{number}" for number in range(1, 12)])
    split = split_off_validation(table, 0.1, 0, classes=True)
    held = set(table["chrom"][split.validation])
    assert len(held) == 1
    assert held.isdisjoint(table["chrom"][~split.validation])
    assert split.description == f"100 sequences (9.1%) on {held.pop()}, seed 0"


@pytest.mark.parametrize("contigs", [None, ["chr1"], ["chr1", "chr2"]])
def test_without_fitting_contigs_the_split_is_random_of_the_asked_size(contigs: list[str] | None) -> None:
    split = split_off_validation(frame(1000, contigs), 0.1, 3, classes=True)
    assert split.validation.sum() == 100
    assert "at random by groups of equal sequences, seed 3" in split.description


def test_missing_coordinates_mean_a_random_split() -> None:
    table = frame(100, ["chr1", "chr2", "chr3"])
    table.loc[5, "chrom"] = pd.NA
    assert "at random" in split_off_validation(table, 0.3, 0, classes=True).description


def test_equal_sequences_and_reverse_complements_stay_together() -> None:
    table = frame(300)
    turned = table.copy()
    turned["sequence"] = [text.translate(str.maketrans("ACGT", "TGCA"))[::-1] for text in table["sequence"]]
    small = table.copy()
    small["sequence"] = small["sequence"].str.lower()
    everything = pd.concat([table, turned, small], ignore_index=True)
    split = split_off_validation(everything, 0.2, 1, classes=True)
    held = split.validation.reshape(3, 300)
    assert (held[0] == held[1]).all()
    assert (held[0] == held[2]).all()


def test_each_class_keeps_its_share() -> None:
    table = frame(2000)
    table["label"] = (np.arange(2000) % 20 == 0).astype(int)
    split = split_off_validation(table, 0.1, 0, classes=True)
    assert table["label"][split.validation].sum() == 10


def test_values_are_split_without_regard_to_their_size() -> None:
    table = frame(100)
    table["label"] = np.linspace(0, 1, 100)
    assert split_off_validation(table, 0.25, 0, classes=False).validation.sum() == 25


def test_a_contig_split_that_would_leave_one_class_is_not_taken() -> None:
    table = frame(400, ["chr1", "chr2"])
    table["label"] = (table["chrom"] == "chr2").astype(int)
    split = split_off_validation(table, 0.5, 0, classes=True)
    assert "at random" in split.description
    assert set(table["label"][split.validation]) == {0, 1}


def test_too_few_sequences_are_refused() -> None:
    with pytest.raises(InputError, match=r"2 sequences are too few to split off 0\.1"):
        split_off_validation(frame(2), 0.1, 0, classes=True)


def test_the_seed_decides() -> None:
    table = frame(500)
    one, same, other = (split_off_validation(table, 0.1, seed, classes=True).validation for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_twins_with_ambiguity_codes_and_u_stay_together() -> None:
    table = frame(200)
    codes = table["sequence"].str[:-3] + "RTT"  # the other strand begins with AAY
    twins = [sequence.translate(str.maketrans("ACGTR", "UGCAY"))[::-1].lower() for sequence in codes]
    both = pd.concat([table.assign(sequence=codes), table.assign(sequence=twins)], ignore_index=True)
    held = split_off_validation(both, 0.2, 0, classes=True).validation
    assert held.any()
    assert (held[:200] == held[200:]).all()


def test_a_class_whose_sequences_all_stand_under_the_other_is_refused() -> None:
    table = pd.DataFrame({"sequence": ["ACGTTGCA" * 4] * 40, "label": np.arange(40) % 2})
    with pytest.raises(InputError, match="40 sequences are too few to split off"):
        split_off_validation(table, 0.1, 0, classes=True)
