"""The records of a run cut into parts, so that each shard reads what it scores and no more."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.shards import ShardBlock, ShardFile, ShardWriter
from dnabert_enhancer.variants.record_source import RecordSource
from dnabert_enhancer.vcf import RecordChecks, VcfFaults, VcfHeader, VcfRecord, line_of, parse_record

PART_FORMAT = "dnabert-enhancer records 1"
_LINES, _NUMBERS = "lines", "numbers"


def part_path(prefix: str, index: int, of: int) -> str:
    """Return the name of a part: ``PREFIX.part-I-of-N.records``."""
    return f"{prefix}.part-{index}-of-{of}.records"


class RecordPart:
    """The records of one shard, with what was found out about all of them; a context manager.

    Parameters
    ----------
    path : str or path
        What `cut_records` wrote.

    Attributes
    ----------
    source : str
        Name of the file that was cut.
    header : VcfHeader
    faults : VcfFaults
        None: they were told when the records were cut.
    shard : tuple of (int, int)
        Which part this is, from 1, of how many.
    contigs : dict of str to int
        As of `RecordChecks`, of the records of all parts.
    n_blocks : int
        Of all parts.
    is_indexable : bool
        As of `RecordChecks`.
    digests : dict of str to str
        SHA-256 of the files that were read to cut the records.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = ShardFile(path, PART_FORMAT)
        self._name = os.fspath(path)
        content = self._file.header
        self.source: str = content["source"]
        self.header = VcfHeader.from_json(content["header"])
        self.faults = VcfFaults(self.source)
        first, of = content["part"]
        self.shard: tuple[int, int] = (first, of)
        self.contigs: dict[str, int] = content["contigs"]
        self.n_blocks: int = content["blocks"]
        self.is_indexable: bool = content["indexable"]
        self.digests: dict[str, str] = content["digests"]
        self._genome_bytes: int = content["genome_bytes"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def check_genome(self, path: str | os.PathLike[str]) -> None:
        """Raise `InputError` where a genome's file has another size than that with which was cut."""
        if Path(path).stat().st_size != self._genome_bytes:
            raise InputError(
                f"the records were cut with another genome than {os.fspath(path)}",
                source=self._name,
                remedy="give that genome, or cut them again (--cut)",
            )

    def numbered(self) -> Iterator[tuple[int, list[VcfRecord]]]:
        """Yield the blocks of this part with their places among those of all parts."""
        for block in self._file.blocks():
            lines = block.texts[_LINES].split(b"\n")
            numbers = block.arrays[_NUMBERS].tolist()
            yield (
                block.number,
                [
                    parse_record(line, number, self.source)
                    for line, number in zip(lines, numbers, strict=True)
                ],
            )

    def blocks(self, gap: int = 0) -> Iterator[list[VcfRecord]]:
        """Yield the blocks of this part; they were cut for a gap of 0.

        Raises
        ------
        ValueError
            Another gap, as haplotypes need it.
        """
        if gap:
            raise ValueError("records are cut without regard to haplotypes")
        for _, block in self.numbered():
            yield block


def numbered_blocks(
    records: RecordSource, shard: tuple[int, int], checks: RecordChecks | None = None, gap: int = 0
) -> Iterator[tuple[int, list[VcfRecord], bool]]:
    """Yield blocks with their places, and whether they are the shard's; of a part its own alone.

    Parameters
    ----------
    records : RecordSource
    shard : tuple of (int, int)
        Of other sources every N-th block is the shard's.
    checks : RecordChecks, optional
        Sees all blocks; is given what is known of all of them where only a part is read.
    gap : int
        See `vcf.blocks_of`.
    """
    if isinstance(records, RecordPart):
        if checks is not None:
            checks.contigs, checks.blocks = records.contigs, records.n_blocks
            checks.is_indexable = records.is_indexable
        for number, block in records.numbered():
            yield number, block, True
        return
    blocks = records.blocks(gap)
    for number, block in enumerate(blocks if checks is None else checks.check(blocks)):
        yield number, block, number % shard[1] == shard[0] - 1


def cut_records(
    records: RecordSource,
    out: OutputSet,
    prefix: str,
    size: int,
    most: int,
    facts: Mapping[str, Any],
    *,
    whole: bool = False,
    check: Callable[[RecordChecks], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> RecordChecks:
    """Write records into parts, every N-th block into the same one.

    Parameters
    ----------
    records : RecordSource
    out : OutputSet
        Takes ``PREFIX.part-I-of-N.records``.
    prefix : str
    size : int
        Records of a part, rounded up to whole blocks.
    most : int
        Largest number of parts.
    facts : mapping
        What else the header of a part says: ``digests``, ``genome_bytes``.
    whole : bool
        Check every column, see `RecordChecks`.
    check : callable, optional
        Called with what was found when all records were read, before a part is written.
    progress : callable, optional
        Called with the number of records read since its last call.
    """
    checks = RecordChecks(records.header, records.faults, whole=whole)
    # a nameless file: how many parts there are is known at the end
    with tempfile.TemporaryFile(dir=Path(prefix).resolve().parent) as kept:
        with ShardWriter(kept, PART_FORMAT) as writer:
            for number, block in enumerate(checks.check(records.blocks())):
                numbers = np.array([record.line for record in block], np.int64)
                lines = b"\n".join(map(line_of, block))
                writer.add_block(ShardBlock(number, {_NUMBERS: numbers}, texts={_LINES: lines}))
                if progress is not None:
                    progress(len(block))
            writer.finish({})
        if check is not None:
            check(checks)
        file = ShardFile(kept, PART_FORMAT)
        parts = max(1, min(most, math.ceil(checks.records / size), checks.blocks))
        for part in range(parts):
            with ShardWriter(out.path(part_path(prefix, part + 1, parts)), PART_FORMAT) as writer:
                for number in range(part, checks.blocks, parts):
                    writer.add_block(file.block(number))
                writer.finish(
                    {
                        **facts,
                        "part": [part + 1, parts],
                        "source": records.source,
                        "header": records.header.to_json(),
                        "contigs": checks.contigs,
                        "blocks": checks.blocks,
                        "indexable": checks.is_indexable,
                    }
                )
    return checks
