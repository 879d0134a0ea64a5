"""Embeddings of single sequences: one vector each, of the whole sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan.sequences import SKIPPED_SHORT, NamedSequence
from dnabert_enhancer.scan.settings import SKIPPED_UNKNOWN, EmbeddingSettings, shortest_sequence
from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases

_MOST_BASES = 1 << 22


class Embeddings(NamedTuple):
    """Embeddings of some sequences, in their order.

    Attributes
    ----------
    name : list of str
        Of each sequence.
    embedding : float32 array, shape (sequences, hidden)
        NaN in the rows of those that have none.
    note : list of str
        Why there is none; empty otherwise.
    """

    name: list[str]
    embedding: NDArray[np.float32]
    note: list[str]


def embed_sequences(
    engine: Engine, sequences: Iterable[NamedSequence], settings: EmbeddingSettings, chunk: int
) -> Iterator[Embeddings]:
    """Yield the embeddings of sequences, `chunk` of them at a time and fewer where they are long.

    Raises
    ------
    InputError
        A sequence longer than the model reads, by its name; see `Engine.embed`.
    """
    model = engine.model
    names: list[str] = []
    codes: list[NDArray[np.uint8]] = []
    bases = 0
    for name, letters in sequences:
        try:
            model.check_window(len(letters))
        except InputError as error:
            raise InputError(error.problem, source="sequences", location=name, remedy=error.remedy) from None
        names.append(name)
        codes.append(encode_bases(letters, keep_letters=settings.keep_letters))
        bases += len(letters)
        if len(names) >= chunk or bases >= _MOST_BASES:
            yield _embedded(engine, names, codes, settings)
            names, codes, bases = [], [], 0
    if names:
        yield _embedded(engine, names, codes, settings)


def _embedded(
    engine: Engine, names: list[str], codes: list[NDArray[np.uint8]], settings: EmbeddingSettings
) -> Embeddings:
    shortest = shortest_sequence(engine.model)
    notes = [_note(each, shortest, settings.max_unknown) for each in codes]
    known = [place for place, note in enumerate(notes) if not note]
    found = engine.embed([codes[place] for place in known], settings.pooling, settings.strand)
    embedding = np.full((len(names), found.shape[1]), np.nan, dtype=np.float32)
    embedding[known] = found
    return Embeddings(names, embedding, notes)


def _note(codes: NDArray[np.uint8], shortest: int, max_unknown: float) -> str:
    if len(codes) < shortest:
        return SKIPPED_SHORT
    unknown = np.count_nonzero(codes >= UNKNOWN_BASE) / len(codes)
    return SKIPPED_UNKNOWN if unknown > max_unknown else ""
