"""Batches of token ids from base codes."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import (
    MASK_ID,
    PAD_ID,
    UNK_ID,
    KmerTokenizer,
    KmerVocabulary,
    encode_bases,
    reverse_complement,
)
from dnabert_enhancer.training.augment import Augmentation
from dnabert_enhancer.training.window_store import WindowStore

batches = late("dnabert_enhancer.training.batches")
late("torch")

VOCABULARY = KmerVocabulary(3)
TOKENIZER = KmerTokenizer(VOCABULARY)
ROWS = 50
CODES = np.random.default_rng(0).integers(0, 4, (ROWS, 20)).astype(np.uint8)
LABELS = np.arange(ROWS) % 2


def ids_of(codes: np.ndarray) -> list[list[int]]:
    return [list(row) for row in VOCABULARY.encode(codes).tolist()]


def test_an_evaluation_reads_the_rows_and_then_their_reverse_complements() -> None:
    collate = batches.Collator(WindowStore(CODES), LABELS, TOKENIZER, PAD_ID)
    batch = collate([3, ROWS + 3])
    assert batch["input_ids"].tolist() == ids_of(np.stack([CODES[3], reverse_complement(CODES[3])]))
    assert batch["labels"].tolist() == [1, 1]
    assert set(batch) == {"input_ids", "labels"}


def test_training_rows_are_shown_as_their_epoch_says_in_whatever_batch_they_are() -> None:
    augmentation = Augmentation(4, shift=3)
    collate = batches.Collator(WindowStore(CODES), LABELS, TOKENIZER, PAD_ID, augmentation)
    whole = collate([2 * ROWS + row for row in range(ROWS)])["input_ids"]
    for row in (0, 17, 49):
        assert (collate([2 * ROWS + row])["input_ids"][0] == whole[row]).all()
    other = collate([3 * ROWS + row for row in range(ROWS)])["input_ids"]
    assert (other != whole).any()
    draws = augmentation.draws(2, ROWS)
    shown = CODES[17]
    moved = np.full(20, 4, np.uint8)
    shift = int(draws.shift[17])
    inside = [place for place in range(20) if 0 <= place + shift < 20]
    moved[inside] = shown[[place + shift for place in inside]]
    expected = reverse_complement(moved) if draws.reverse[17] else moved
    assert whole[17].tolist() == ids_of(expected[None])[0]


def test_rows_of_several_lengths_are_padded_and_masked() -> None:
    sequences = [encode_bases("ACGTACGT"), encode_bases("ACGTN")]
    collate = batches.Collator(WindowStore(sequences), np.array([0.5, 1.5], np.float32), TOKENIZER, PAD_ID)
    batch = collate([1, 0])
    assert batch["attention_mask"].tolist() == [[1] * 5 + [0] * 3, [1] * 8]
    assert batch["input_ids"][0, 5:].tolist() == [PAD_ID] * 3
    assert batch["input_ids"][0, 3].item() == UNK_ID
    assert batch["labels"].tolist() == [1.5, 0.5]


def test_masked_tokens_are_never_special_ones() -> None:
    masking = batches.TokenMasking(MASK_ID, range(5))
    augmentation = Augmentation(0, token_dropout=0.5)
    collate = batches.Collator(WindowStore(CODES), LABELS, TOKENIZER, PAD_ID, augmentation, masking)
    plain = batches.Collator(WindowStore(CODES), LABELS, TOKENIZER, PAD_ID, Augmentation(0))
    rows = list(range(ROWS))
    masked, whole = collate(rows)["input_ids"], plain(rows)["input_ids"]
    assert (masked[:, 0] == whole[:, 0]).all()
    assert (masked[:, -1] == whole[:, -1]).all()
    changed = masked != whole
    assert (masked[changed] == MASK_ID).all()
    assert changed.float().mean() == pytest.approx(0.5 * 18 / 20, abs=0.05)


def test_the_sampler_gives_each_row_once_an_epoch_and_says_which_epoch() -> None:
    sampler = batches.EpochSampler(ROWS, Augmentation(9))
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(first) == list(range(ROWS))
    assert sorted(second) == list(range(ROWS, 2 * ROWS))
    assert [number - ROWS for number in second] != first
    assert batches.RowNumbers(ROWS).__getitems__(first) == first


def test_a_window_of_too_many_tokens_is_refused() -> None:
    collate = batches.Collator(WindowStore(CODES), LABELS, KmerTokenizer(VOCABULARY, 16), PAD_ID)
    with pytest.raises(InputError, match="a window has 20 tokens, but the model reads 16"):
        collate([0])
