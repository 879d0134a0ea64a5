"""The loop of engine/engine.py: every window once, in order, in full calls, on both strands."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine.engine import outputs_of
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, TokenBatch, reverse_complement

CODES = np.random.default_rng(0).integers(0, 4, size=(20, 12), dtype=np.uint8)
TOKENIZER = KmerTokenizer(KmerVocabulary(3))


class WordTokenizer:
    """One token for each base that is not unknown: windows of a length have differing numbers of tokens."""

    maximum_tokens = 9

    def token_count(self, length: int) -> int:
        return length

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        rows = [window[window < 4] + 1 for window in codes]
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest), dtype=np.int64)
        for place, row in zip(ids, rows, strict=True):
            place[: len(row)] = row
        return TokenBatch(ids, (ids > 0).astype(np.int64))


def expected(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    ids = TOKENIZER.tokenize(codes).ids
    return np.stack([ids.sum(axis=1), np.full(len(ids), ids.shape[1])], axis=1).astype(np.float32)


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("per_call", [1, 3, 32])
@pytest.mark.parametrize("chunk", [0, 1, 6])
def test_outputs_are_in_order(counting: Any, workers: int, per_call: int, chunk: int) -> None:
    backend = counting(workers, per_call)
    rows = np.array([3, 4, 5, 9, 19, 0])
    found = outputs_of(backend, TOKENIZER, CODES, rows, both_strands=False, chunk=chunk)
    np.testing.assert_array_equal(found, expected(CODES[rows]))
    assert {shape[0] for shape in backend.calls} == {per_call}
    assert backend.sessions == 1


def test_both_strands_are_averaged(counting: Any) -> None:
    found = outputs_of(counting(), TOKENIZER, CODES, np.arange(20), both_strands=True)
    np.testing.assert_array_equal(found, (expected(CODES) + expected(reverse_complement(CODES))) / 2)


def test_windows_of_differing_numbers_of_tokens(counting: Any) -> None:
    codes = np.array([[0, 1, 2, 3], [4, 0, 1, 2], [4, 4, 3, 3], [3, 3, 3, 3]], dtype=np.uint8)
    backend = counting(2, 2)
    found = outputs_of(backend, WordTokenizer(), codes, np.arange(4), both_strands=False)
    assert found.tolist() == [[10, 4], [6, 3], [8, 2], [16, 4]]
    assert sorted(backend.calls) == [(2, 2), (2, 3), (2, 4)]


def test_too_many_tokens_are_refused_and_never_cut(counting: Any) -> None:
    with pytest.raises(InputError, match="10 bp has 10 tokens, more than the 9"):
        outputs_of(counting(), WordTokenizer(), np.zeros((1, 10), np.uint8), np.arange(1), both_strands=False)


def test_progress_adds_up_to_the_windows(counting: Any) -> None:
    seen: list[int] = []
    outputs_of(counting(), TOKENIZER, CODES, np.arange(20), both_strands=True, chunk=6, progress=seen.append)
    assert seen == [6, 6, 6, 2]


def test_an_error_in_a_worker_ends_the_others(counting: Any) -> None:
    class Failing(counting):  # type: ignore[misc]  # class from a fixture
        def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
            if len(self.calls) >= 3:
                raise MemoryError("full")
            found: NDArray[np.float32] = super().run(ids)
            return found

    backend = Failing(2, 1)
    with pytest.raises(MemoryError, match="full"):
        outputs_of(backend, TOKENIZER, np.repeat(CODES, 50, axis=0), np.arange(1000), both_strands=False)
    assert len(backend.calls) < 20


def test_workers_run_at_the_same_time(counting: Any) -> None:
    meeting = threading.Barrier(3, timeout=600)

    class Meeting(counting):  # type: ignore[misc]  # class from a fixture
        def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
            meeting.wait()
            found: NDArray[np.float32] = super().run(ids)
            return found

    outputs_of(Meeting(3, 1), TOKENIZER, CODES, np.arange(6), both_strands=False)
