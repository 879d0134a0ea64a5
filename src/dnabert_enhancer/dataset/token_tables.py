"""Sequences as DNABERT's own training table (k-mers and label), or as a Parquet table of token ids."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.kmer_hash import window_sums
from dnabert_enhancer.dataset.sequence_sources import LabelledSequence
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import check_parquet
from dnabert_enhancer.sequence import UNKNOWN_BASE, KmerVocabulary, encode_bases, kmer_text

if TYPE_CHECKING:
    import pyarrow as pa

LOGGER = logging.getLogger(__name__)

DNABERT_TOKENS = 512
"""What DNABERT reads at most, [CLS] and [SEP] included."""

_ROWS_AT_ONCE = 10_000


@dataclass
class TokenReport:
    """What became of the sequences: counts of sequences, of tokens, and of what was left out.

    Parameters
    ----------
    sequences, tokens, unknown_tokens : int
        Written; an unknown token is a k-mer with a letter that the vocabulary lacks ([UNK] to a model).
    sequences_with_unknown : int
        Written sequences with at least one unknown token.
    left_out_short, left_out_unknown : int
        Sequences shorter than k, and those of unknown tokens alone.
    longer_than_dnabert : int
        Written sequences with more than 510 k-mers, more than DNABERT reads.
    """

    sequences: int = 0
    tokens: int = 0
    unknown_tokens: int = 0
    sequences_with_unknown: int = 0
    left_out_short: int = 0
    left_out_unknown: int = 0
    longer_than_dnabert: int = 0


@dataclass(frozen=True)
class _Tokenized:
    """A sequence that has known tokens: its letters as written, and its base codes."""

    source: LabelledSequence
    letters: str
    codes: NDArray[np.uint8]


def write_kmer_table(
    sequences: Iterable[LabelledSequence], stream: TextIO, k: int, *, keep_letters: bool = False
) -> TokenReport:
    """Write DNABERT's training table: ``sequence<TAB>label`` with overlapping k-mers divided by blanks.

    Parameters
    ----------
    sequences : iterable of LabelledSequence
    stream : text stream
    k : int
    keep_letters : bool
        Keep lower case and U, which DNABERT's tokenizer does not know. Default: upper case, and U as T.

    Raises
    ------
    InputError
        When no sequence has a known token.
    """
    report = TokenReport()
    stream.write("sequence\tlabel\n")
    for item in _tokenized(sequences, k, report, keep_letters=keep_letters):
        stream.write(f"{kmer_text(item.letters, k)}\t{item.source.label}\n")
    _check(report, k)
    return report


def write_token_ids(
    sequences: Iterable[LabelledSequence], path: Path, k: int, *, keep_letters: bool = False
) -> TokenReport:
    """Write a Parquet table with the columns ``name``, ``label``, ``input_ids``.

    The ids are those of DNABERT's vocabulary for k, with [CLS] before and [SEP] behind, without padding.

    Raises
    ------
    InputError
        When no sequence has a known token.
    ResourceError
        When pyarrow is not installed.
    """
    check_parquet("write the table (.tsv.gz)")
    import pyarrow as pa
    import pyarrow.parquet as pq

    report = TokenReport()
    vocabulary = KmerVocabulary(k)
    writer: pq.ParquetWriter | None = None
    try:
        for batch in _batches(_tokenized(sequences, k, report, keep_letters=keep_letters)):
            labels = [item.source.label for item in batch]
            if writer is None:
                writer = pq.ParquetWriter(path, _schema(labels, k), compression="zstd")
            ids = [vocabulary.encode(item.codes).astype(np.int32) for item in batch]
            columns = [[item.source.name for item in batch], labels, ids]
            writer.write_table(
                pa.Table.from_arrays(
                    [
                        pa.array(column, type=field.type)
                        for column, field in zip(columns, writer.schema, strict=True)
                    ],
                    schema=writer.schema,
                )
            )
        _check(report, k)
    finally:
        if writer is not None:
            writer.close()
    return report


def _schema(labels: list[int | float], k: int) -> pa.Schema:
    import pyarrow as pa

    kind = pa.float64() if any(isinstance(label, float) for label in labels) else pa.int64()
    metadata = {"k": str(k), "vocabulary": f"DNABERT {k}-mers, {KmerVocabulary(k).size} tokens"}
    return pa.schema(
        [("name", pa.string()), ("label", kind), ("input_ids", pa.list_(pa.int32()))], metadata=metadata
    )


def _tokenized(
    sequences: Iterable[LabelledSequence], k: int, report: TokenReport, *, keep_letters: bool
) -> Iterator[_Tokenized]:
    for item in sequences:
        tokens = len(item.sequence) - k + 1
        if tokens < 1:
            report.left_out_short += 1
            continue
        letters = item.sequence if keep_letters else item.sequence.upper().replace("U", "T")
        codes = encode_bases(letters, keep_letters=keep_letters)
        unknown = 0
        if codes.max() >= UNKNOWN_BASE:
            unknown = int(np.count_nonzero(window_sums(codes >= UNKNOWN_BASE, k)))
        if unknown == tokens:
            report.left_out_unknown += 1
            continue
        report.sequences += 1
        report.tokens += tokens
        report.unknown_tokens += unknown
        report.sequences_with_unknown += unknown > 0
        report.longer_than_dnabert += tokens + 2 > DNABERT_TOKENS
        yield _Tokenized(item, letters, codes)


def _batches(items: Iterator[_Tokenized]) -> Iterator[list[_Tokenized]]:
    batch: list[_Tokenized] = []
    for item in items:
        batch.append(item)
        if len(batch) == _ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _check(report: TokenReport, k: int) -> None:
    if report.sequences == 0:
        raise InputError(
            f"no sequence has a known {k}-mer ({report.left_out_unknown:,} of unknown letters alone, "
            f"{report.left_out_short:,} shorter than {k})",
            source="--input",
            remedy="give DNA sequences; lower case and U are unknown with --keep-letters",
        )
    if report.longer_than_dnabert:
        LOGGER.warning(
            "%d sequences have more than %d tokens, which is what DNABERT reads",
            report.longer_than_dnabert,
            DNABERT_TOKENS,
        )
