"""Second half of a run: p- and q-values over all blocks, then VCF, table and candidates."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, open_bgzip, tabix_index
from dnabert_enhancer.variants.block_file import Block, BlockFile
from dnabert_enhancer.variants.columns import CANDIDATE_COLUMNS, COLUMNS, info_fields
from dnabert_enhancer.variants.effect import EFFECTS, FunctionalEffect
from dnabert_enhancer.variants.null import FalseDiscovery, NullStatistics, uniformity
from dnabert_enhancer.variants.output_rows import BlockRows, model_outcome
from dnabert_enhancer.variants.pipeline import NULL_STATISTIC
from dnabert_enhancer.variants.ranked_rows import RankedRows
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.vcf import VcfHeader, raw

_REASONS = tuple(SkipReason)


class ResultCounts(NamedTuple):
    """What came out.

    Attributes
    ----------
    counts : mapping of str to int
        Records, alleles, scored, gain, loss, rows, candidates.
    skipped : mapping of str to int
        Alleles by reason.
    null : mapping
        Of each model: null variants and how uniform their p-values are.
    indexed : bool
        Whether the VCF could be indexed: not when it is unsorted or has positions beyond 2^31 - 1.
    """

    counts: dict[str, int]
    skipped: dict[str, int]
    null: dict[str, Any]
    indexed: bool


class ScoredBlocks:
    """All blocks of a run, from one file or from its shards.

    Parameters
    ----------
    files : sequence of BlockFile
        In the order of the shards.
    """

    def __init__(self, files: Sequence[BlockFile]) -> None:
        self._files = files

    @property
    def trailer(self) -> dict[str, Any]:
        """The trailer of the first file; its settings and header hold for all."""
        return self._files[0].trailer

    def __iter__(self) -> Iterator[Block]:
        return self.blocks()

    def total_seconds(self) -> dict[str, float]:
        """Return the seconds in and outside of the models, over all files."""
        names = ("model", "other")
        return {name: sum(file.trailer["seconds"][name] for file in self._files) for name in names}

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def blocks(self, *, with_text: bool = True) -> Iterator[Block]:
        """Yield the blocks in their order."""
        streams = [file.blocks(with_text=with_text) for file in self._files]
        for number in range(int(self.trailer["blocks"])):
            block = next(streams[number % len(streams)], None)
            if block is None or block.number != number:
                name = self._files[number % len(self._files)].name
                raise InputError(f"the block {number} is missing", source=name, remedy="run this shard again")
            yield block


class ResultFiles:
    """The files of a run's results, opened at once so that a place that cannot be written shows early.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    """

    def __init__(self, out: OutputSet, prefix: str) -> None:
        self._out, self._prefix = out, prefix
        self.vcf_path = out.path(f"{prefix}.vcf.gz")
        self.vcf = open_bgzip(self.vcf_path)
        self.table = out.open_text(f"{prefix}.tsv.gz")
        self.candidates = out.open_text(f"{prefix}.candidates.tsv")

    def index(self, *, is_indexable: bool) -> bool:
        """Close the VCF and index it where that can be; return whether it can."""
        self.vcf.close()
        stale = Path(f"{self._prefix}.vcf.gz.tbi")
        if is_indexable:
            tabix_index(self.vcf_path, "vcf")
            made = next(
                path for ending in (".tbi", ".csi") if (path := Path(f"{self.vcf_path}{ending}")).exists()
            )
            made.replace(self._out.path(f"{self._prefix}.vcf.gz{made.suffix}"))
        elif stale.exists():
            os.unlink(stale)  # noqa: PTH108  an index of an older file must not stay beside this one
        return is_indexable


def write_results(files: ResultFiles, scored: ScoredBlocks) -> ResultCounts:
    """Compute p- and q-values and write all results.

    Parameters
    ----------
    files : ResultFiles
    scored : ScoredBlocks

    Returns
    -------
    ResultCounts
    """
    trailer = scored.trailer
    models = trailer["settings"]["models"]
    nulls, report = _nulls(scored, [model["name"] for model in models])
    rates = _rates(scored, nulls)
    header = VcfHeader.from_json(trailer["header"])
    names = [model["name"] for model in models[1:]]
    fields = info_fields(names, trailer["content"])
    files.vcf.write(
        header.with_fields(fields, trailer["contigs"], [raw(line) for line in trailer["own_lines"]])
    )
    files.table.write("\t".join(COLUMNS) + "\n")
    files.candidates.write("\t".join(CANDIDATE_COLUMNS) + "\n")
    tally = Counter(dict.fromkeys(("records", "alleles", "scored", "rows", "gain", "loss"), 0))
    skipped: Counter[str] = Counter()
    ranked = RankedRows()
    for block in scored:
        scores, strata = block.numbers["scores"], block.numbers["strata"]
        outcomes = []
        for column, model in enumerate(models):
            p = nulls[column].p_values(strata, scores[:, column, NULL_STATISTIC])
            outcomes.append(
                model_outcome(
                    scores[:, column],
                    p,
                    rates[column].q_values(p),
                    model["threshold"],
                    trailer["settings"]["minimum_change"],
                )
            )
        rows = BlockRows(block, outcomes, names, models[0]["window_length"], trailer["source"])
        files.vcf.write(b"".join(line + b"\n" for line in rows.lines()))
        texts = []
        for columns, size in rows.rows():
            row = "\t".join(columns)
            texts.append(row + "\n")
            if size is not None:
                ranked.add(size, row)
        files.table.writelines(texts)
        tally["rows"] += len(texts)
        tally["records"] += len(block.lines)
        tally["alleles"] += len(scores)
        tally["scored"] += int(outcomes[0].scored.sum())
        for number, effect in enumerate(EFFECTS):
            if effect is not FunctionalEffect.NONE:
                tally[effect.code] += int((outcomes[0].effects[outcomes[0].scored] == number).sum())
        skipped.update(_REASONS[reason - 1].value for reason in block.numbers["reasons"].tolist() if reason)
    for rank, row in enumerate(ranked.sorted(), start=1):
        files.candidates.write(f"{rank}\t{row}\n")
    tally["candidates"] = len(ranked)
    indexed = files.index(is_indexable=trailer["indexable"])
    return ResultCounts(dict(tally), dict(sorted(skipped.items())), report, indexed)


def _nulls(scored: ScoredBlocks, names: Sequence[str]) -> tuple[list[NullStatistics], dict[str, Any]]:
    strata, statistics = [np.zeros(0, np.int16)], [np.zeros((0, len(names)), np.float32)]
    for block in scored.blocks(with_text=False):
        strata.append(block.numbers["null_strata"])
        statistics.append(block.numbers["null_statistics"])
    all_strata, all_statistics = np.concatenate(strata), np.concatenate(statistics)
    nulls = [NullStatistics(all_strata, all_statistics[:, column]) for column in range(len(names))]
    report = {
        name: {"null_variants": null.count, **uniformity(all_strata, all_statistics[:, column])}
        for column, (name, null) in enumerate(zip(names, nulls, strict=True))
    }
    return nulls, report


def _rates(scored: ScoredBlocks, nulls: Sequence[NullStatistics]) -> list[FalseDiscovery]:
    rates = [FalseDiscovery() for _ in nulls]
    for block in scored.blocks(with_text=False):
        for column, (null, rate) in enumerate(zip(nulls, rates, strict=True)):
            statistics = block.numbers["scores"][:, column, NULL_STATISTIC]
            rate.add(null.p_values(block.numbers["strata"], statistics))
    for rate in rates:
        rate.finish()
    return rates
