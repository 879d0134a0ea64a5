"""Batches of token ids made from base codes, vectorised, with the augmentation of the epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import Tokenizer
from dnabert_enhancer.training.augment import Augmentation, Draws, TokenMasking
from dnabert_enhancer.training.window_store import WindowStore


class EpochSampler(torch.utils.data.Sampler[int]):
    """Yields ``epoch * rows + row`` in the epoch's order, so that a batch knows its epoch."""

    def __init__(self, rows: int, augmentation: Augmentation) -> None:
        self._rows = rows
        self._augmentation = augmentation
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; accelerate calls it before each."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[int]:
        first = self._epoch * self._rows
        return iter((first + self._augmentation.order(self._epoch, self._rows)).tolist())


class RowNumbers(torch.utils.data.Dataset[int]):
    """A data set whose items are their own numbers; the collator makes a batch of them at once."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> int:
        return index

    def __getitems__(self, indices: list[int]) -> list[int]:
        """Return the numbers asked for; torch's loader calls it once a batch."""
        return indices


class Collator:
    """Makes a batch from row numbers: windows, their reverse complement and shift, token ids, labels.

    Parameters
    ----------
    store : WindowStore
        The sequences.
    labels : int64[n] or float32[n]
        Their labels.
    tokenizer : Tokenizer
        The model's.
    pad_id : int or None
        Token that fills rows up where lengths differ; with None they must not.
    augmentation : Augmentation, optional
        For training; without it row numbers from n to 2 n stand for reverse complements, so that the
        two strands of an evaluation are rows i and n + i.
    masking : TokenMasking, optional
        For token dropout.
    """

    def __init__(
        self,
        store: WindowStore,
        labels: NDArray[Any],  # int64 or float32
        tokenizer: Tokenizer,
        pad_id: int | None,
        augmentation: Augmentation | None = None,
        masking: TokenMasking | None = None,
    ) -> None:
        self._store = store
        self._labels = labels
        self._tokenizer = tokenizer
        self._pad_id = pad_id
        self._augmentation = augmentation
        self._masking = masking
        self._draws: tuple[int, Draws] | None = None

    def __call__(self, indices: Sequence[int]) -> dict[str, torch.Tensor]:
        """Return ``input_ids`` and ``labels``, and an ``attention_mask`` where some tokens are padding."""
        numbers = np.asarray(indices, dtype=np.int64)
        rows = numbers % len(self._store)
        turn = numbers // len(self._store)
        if self._augmentation is None:
            ids, mask = self._tokens(rows, None, turn == 1)
        else:
            epoch = int(turn[0])
            draws = self._draws_of(self._augmentation, epoch)
            ids, mask = self._tokens(rows, draws.shift[rows], draws.reverse[rows])
            if self._masking is not None:
                ids = self._masking.apply(ids, self._augmentation.masked(epoch, int(rows[0]), ids.shape))
        batch = {"input_ids": torch.from_numpy(ids), "labels": torch.from_numpy(self._labels[rows])}
        if mask is not None:
            batch["attention_mask"] = torch.from_numpy(mask)
        return batch

    def _draws_of(self, augmentation: Augmentation, epoch: int) -> Draws:
        if self._draws is None or self._draws[0] != epoch:
            self._draws = (epoch, augmentation.draws(epoch, len(self._store)))
        return self._draws[1]

    def _tokens(
        self, rows: NDArray[np.int64], shift: NDArray[np.int64] | None, reverse: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        groups = self._store.windows(rows, shift, reverse)
        parts = [self._tokenizer.tokenize(group.codes) for group in groups]
        width = max(part.ids.shape[1] for part in parts)
        if width > self._tokenizer.maximum_tokens:
            raise InputError(
                f"a window has {width} tokens, but the model reads {self._tokenizer.maximum_tokens}",
                remedy="give a shorter --window-length",
            )
        if len(parts) == 1 and parts[0].mask is None:
            return parts[0].ids, None
        ids = np.full((len(rows), width), self._pad_id or 0, dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for group, part in zip(groups, parts, strict=True):
            length = part.ids.shape[1]
            own = np.ones_like(part.ids) if part.mask is None else part.mask
            ids[group.positions, :length] = np.where(own, part.ids, self._pad_id or 0)
            mask[group.positions, :length] = own
        if self._pad_id is None and not mask.all():
            raise InputError(
                "windows have different numbers of tokens, and neither config.json nor the tokenizer of the "
                "base model names the padding token, by which its classifier finds the last one",
                remedy='add "pad_token" to its tokenizer_config.json',
            )
        return ids, mask
