"""Scored records of a run or of its shards: p- and q-values over all blocks, then each block's outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.shards import ShardBlock, ShardFile, check_all_shards, check_equal
from dnabert_enhancer.variants.effect import NULL_STATISTIC, OUTCOMES, SCORES, functional_effects
from dnabert_enhancer.variants.null import FalseDiscovery, NullStatistics, uniformity
from dnabert_enhancer.variants.output_rows import COLUMNS, NO_VALUE, NUMBER_COLUMNS, PLACE_COLUMNS, BlockRows

if TYPE_CHECKING:
    import pandas as pd

_EQUAL = ("settings", "header", "contigs", "own_lines", "blocks", "indexable", "content")


class ScoredVariants:
    """All blocks of a run, from one file or from its shards.

    Parameters
    ----------
    files : sequence of ShardFile
        In any order.

    Attributes
    ----------
    header : dict
        That of the first shard; its settings hold for all.

    Raises
    ------
    InputError
        A shard is missing or there twice, or two differ in what their scores depend on.
    """

    def __init__(self, files: Sequence[ShardFile]) -> None:
        if not files:
            raise InputError("there are no scores to merge", remedy="give what --shard wrote")
        self._files = sorted(files, key=lambda file: file.header["shard"])
        check_all_shards([(file.name, file.header["shard"]) for file in self._files])
        first = self._files[0]
        for file in self._files[1:]:
            facts, reference = ({name: one.header[name] for name in _EQUAL} for one in (file, first))
            check_equal(file.name, facts, first.name, reference)
        self.header: dict[str, Any] = first.header
        self._models: list[dict[str, Any]] = self.header["settings"]["models"]

    @property
    def tf_names(self) -> list[str]:
        """Names of the models beside the enhancer's."""
        return [model["name"] for model in self._models[1:]]

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def total_seconds(self) -> dict[str, float]:
        """Return the seconds in and outside of the models, over all files."""
        names = ("model", "other")
        return {name: sum(file.header["seconds"][name] for file in self._files) for name in names}

    def null_report(self) -> dict[str, Any]:
        """Return for each model the number of null variants and how uniform their p-values are."""
        strata, statistics = self._null_variants
        return {
            model["name"]: {"null_variants": null.count, **uniformity(strata, statistics[:, column])}
            for column, (model, null) in enumerate(zip(self._models, self._nulls, strict=True))
        }

    def blocks(self) -> Iterator[tuple[ShardBlock, NDArray[np.void], BlockRows]]:
        """Yield each block, its outcomes (`OUTCOMES`[alleles, models]) and its rows, in order."""
        for block in self._blocks(with_texts=True):
            outcomes = self._outcomes(block)
            window_length = self._models[0]["window_length"]
            yield (
                block,
                outcomes,
                BlockRows(block, outcomes, self.tf_names, window_length, self.header["source"]),
            )

    def frames(self, size: int | None = None) -> Iterator[pd.DataFrame]:
        """Yield the rows of the table as data frames.

        Parameters
        ----------
        size : int, optional
            Rows of each frame; the last may have fewer. Default: one frame of all rows.
        """
        rows: list[list[str]] = []
        for _, _, block_rows in self.blocks():
            rows += [columns for columns, _ in block_rows.rows()]
            while size is not None and len(rows) >= size:
                yield _frame(rows[:size])
                rows = rows[size:]
        if rows or size is None:
            yield _frame(rows)

    def _blocks(self, *, with_texts: bool) -> Iterator[ShardBlock]:
        streams = [file.blocks(with_texts=with_texts) for file in self._files]
        for number in range(int(self.header["blocks"])):
            block = next(streams[number % len(streams)], None)
            if block is None or block.number != number:
                name = self._files[number % len(self._files)].name
                raise InputError(f"the block {number} is missing", source=name, remedy="run this shard again")
            yield block

    def _outcomes(self, block: ShardBlock) -> NDArray[np.void]:
        scores, strata = block.arrays["scores"], block.arrays["alleles"]["stratum"]
        found = np.empty(scores.shape, dtype=OUTCOMES)
        for name in SCORES.names or ():
            found[name] = scores[name]
        for column, model in enumerate(self._models):
            p = self._nulls[column].p_values(strata, scores[NULL_STATISTIC][:, column])
            one = found[:, column]
            one["p_value"], one["q_value"] = p, self._rates[column].q_values(p)
            threshold, min_change = model["threshold"], self.header["settings"]["minimum_change"]
            one["effect"] = functional_effects(one["p_ref"], one["p_alt"], threshold, min_change)
            one["is_positive"] = one["p_ref"] >= np.float32(threshold)
        return found

    @cached_property
    def _null_variants(self) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
        strata, statistics = [np.zeros(0, np.int16)], [np.zeros((0, len(self._models)), np.float32)]
        for block in self._blocks(with_texts=False):
            strata.append(block.arrays["null_strata"])
            statistics.append(block.arrays["null_statistics"])
        return np.concatenate(strata), np.concatenate(statistics)

    @cached_property
    def _nulls(self) -> list[NullStatistics]:
        strata, statistics = self._null_variants
        return [NullStatistics(strata, statistics[:, column]) for column in range(len(self._models))]

    @cached_property
    def _rates(self) -> list[FalseDiscovery]:
        rates = [FalseDiscovery() for _ in self._models]
        for block in self._blocks(with_texts=False):
            statistics = block.arrays["scores"][NULL_STATISTIC]
            for column, (null, rate) in enumerate(zip(self._nulls, rates, strict=True)):
                rate.add(null.p_values(block.arrays["alleles"]["stratum"], statistics[:, column]))
        for rate in rates:
            rate.finish()
        return rates


def _frame(rows: list[list[str]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    for name in COLUMNS:
        if name in PLACE_COLUMNS:
            table[name] = table[name].astype(np.int64)
        elif name in NUMBER_COLUMNS:
            table[name] = table[name].replace(NO_VALUE, "nan").astype(np.float64)
        else:
            table[name] = table[name].replace(NO_VALUE, pd.NA).astype("string")
    table["distance"] = table["distance"].astype("Int64")
    return table
