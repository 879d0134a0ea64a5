"""Results of a run or of its shards: p- and q-values over all blocks, then VCF, table and candidates."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, check_no_input, move_into, open_bgzip, tabix_index
from dnabert_enhancer.shards import ShardBlock, ShardFile, check_all_shards, check_equal
from dnabert_enhancer.variants.alleles import SkipReason
from dnabert_enhancer.variants.effect import (
    EFFECTS,
    NULL_STATISTIC,
    OUTCOMES,
    SCORES,
    FunctionalEffect,
    functional_effects,
)
from dnabert_enhancer.variants.info_fields import info_fields
from dnabert_enhancer.variants.null import FalseDiscovery, NullStatistics, uniformity
from dnabert_enhancer.variants.output_rows import (
    CANDIDATE_COLUMNS,
    COLUMNS,
    DEVIATION_COLUMNS,
    NO_VALUE,
    NUMBER_COLUMNS,
    OFFSET_COLUMNS,
    PLACE_COLUMNS,
    BlockRows,
)
from dnabert_enhancer.variants.reference_check import refuse_other_assembly
from dnabert_enhancer.variants.significance import Significance
from dnabert_enhancer.vcf import VcfHeader, header_with_fields, raw

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.variants.panel import PanelFiles, PanelScores

_ROWS_IN_MEMORY = 5000
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
        A shard is missing or there twice, or two differ in what their scores depend on; more than a tenth of
        the records have a REF that the genome has not.
    """

    def __init__(self, files: Sequence[ShardFile]) -> None:
        if not files:
            raise InputError("there are no scores to merge", remedy="give what --shard wrote")
        self._files = sorted(files, key=lambda file: file.header["shard"])
        if files[0].header["shard"] != [1, 1] or len(files) > 1:
            check_all_shards([(file.name, file.header["shard"]) for file in self._files])
        first = self._files[0]
        for file in self._files[1:]:
            facts, reference = ({name: one.header.get(name) for name in _EQUAL} for one in (file, first))
            check_equal(file.name, facts, first.name, reference)
        self.header: dict[str, Any] = first.header
        tallies = [file.header.get("references") for file in self._files]  # not of the models of a panel
        refuse_other_assembly([tally for tally in tallies if tally], self.header["source"])
        self._models: list[dict[str, Any]] = self.header["settings"]["models"]

    @property
    def further_columns(self) -> tuple[str, ...]:
        """The columns that end the table where a model is an ensemble, or offsets are adaptive."""
        content = self.header["content"]
        deviations = DEVIATION_COLUMNS if content.get("deviations") else ()
        return (*deviations, *(OFFSET_COLUMNS if content.get("offsets") else ()))

    @property
    def tf_names(self) -> list[str]:
        """Names of the models beside the enhancer's."""
        return [model["name"] for model in self._models[1:]]

    @property
    def significance(self) -> Significance:
        """What gains and losses of function need to be candidates."""
        return Significance.parse(self.header["settings"]["significance"])

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

    def outcomes(self) -> Iterator[tuple[ShardBlock, NDArray[np.void]]]:
        """Yield each block, without JSON and texts, and its outcomes (`OUTCOMES`[alleles, models])."""
        for block in self._blocks(with_texts=False):
            yield block, self._outcomes(block)

    def blocks(self) -> Iterator[tuple[ShardBlock, NDArray[np.void], BlockRows]]:
        """Yield each block, its outcomes (`OUTCOMES`[alleles, models]) and its rows, in order."""
        for block in self._blocks(with_texts=True):
            outcomes = self._outcomes(block)
            facts = (self._models[0]["window_length"], self.header["source"], self.significance)
            yield block, outcomes, BlockRows(block, outcomes, self.tf_names, *facts)

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
                yield _frame(rows[:size], self._columns)
                rows = rows[size:]
        if rows or size is None:
            yield _frame(rows, self._columns)

    @property
    def _columns(self) -> tuple[str, ...]:
        return (*COLUMNS, *self.further_columns)

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
            p = self._nulls[column].p_values(strata, _statistics(block)[:, column])
            one = found[:, column]
            one["p_value"], one["q_value"] = p, self._rates[column].q_values(p)
            threshold = model["threshold"]
            least = [self.header["settings"][name] for name in ("minimum_change", "minimum_lor")]
            one["effect"] = functional_effects(one["p_ref"], one["p_alt"], threshold, *least)
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
            statistics = _statistics(block)
            for column, (null, rate) in enumerate(zip(self._nulls, rates, strict=True)):
                rate.add(null.p_values(block.arrays["alleles"]["stratum"], statistics[:, column]))
        for rate in rates:
            rate.finish()
        return rates


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
    replaced : list of str
        INFO fields of an earlier scoring that were written anew.
    indexed : bool
        Whether the VCF could be indexed: not when it is unsorted or has positions beyond 2^31 - 1.
    """

    counts: dict[str, int]
    skipped: dict[str, int]
    null: dict[str, Any]
    replaced: list[str]
    indexed: bool


class ResultFiles:
    """The files of a run's results, opened at once so that a place that cannot be written shows early.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    panel : PanelFiles, optional
        Those of a panel's results.
    """

    def __init__(self, out: OutputSet, prefix: str, panel: PanelFiles | None = None) -> None:
        self._out, self._prefix, self._panel = out, prefix, panel
        self._vcf_path = out.path(f"{prefix}.vcf.gz")
        for ending in (".tbi", ".csi"):
            check_no_input(f"{prefix}.vcf.gz{ending}")
        self._vcf = open_bgzip(self._vcf_path)
        self._table = out.open_text(f"{prefix}.tsv.gz")
        self._candidates = out.open_text(f"{prefix}.candidates.tsv")

    def write(self, scored: ScoredVariants, panel: PanelScores | None = None) -> ResultCounts:
        """Write all results, with those of a panel over the same records."""
        facts = scored.header
        if panel is not None:
            panel.check_beside(facts)
        fields = info_fields(scored.tf_names, facts["content"] | {"panel": panel is not None})
        of_panel = None if panel is None else panel.blocks()
        if self._panel is not None and panel is not None:
            self._panel.write_titles(panel)
        own_lines = [raw(line) for line in facts["own_lines"]]
        header = VcfHeader.from_json(facts["header"])
        self._vcf.write(header_with_fields(header, fields, facts["contigs"], own_lines))
        more = scored.further_columns
        self._table.write("\t".join([*COLUMNS, *more]) + "\n")
        has_null = facts["settings"]["nulls"]["minimum"] > 0
        self._candidates.write(scored.significance.title(has_null=has_null) + "\n")
        self._candidates.write("\t".join([*CANDIDATE_COLUMNS, *more]) + "\n")
        tally = Counter(dict.fromkeys(("records", "alleles", "scored", "rows", "gain", "loss"), 0))
        skipped: Counter[str] = Counter()
        replaced: set[bytes] = set()
        ranked = RankedRows()
        for block, outcomes, rows in scored.blocks():
            if self._panel is not None and of_panel is not None:
                self._panel.write_block(rows, next(of_panel))
            self._vcf.write(b"".join(line + b"\n" for line in rows.lines()))
            replaced |= rows.replaced
            texts = []
            for columns, size in rows.rows():
                row = "\t".join(columns)
                texts.append(row + "\n")
                if size is not None:
                    ranked.add(size, row)
            self._table.writelines(texts)
            skips = Counter(block.arrays["alleles"]["skip"].tolist())
            skipped.update({reason.value: skips[reason.code] for reason in SkipReason if skips[reason.code]})
            enhancer = outcomes[:, 0]
            is_scored = enhancer["p_ref"] == enhancer["p_ref"]  # not NaN
            tally["rows"] += len(texts)
            tally["records"] += len(block.arrays["alts"])
            tally["alleles"] += len(outcomes)
            tally["scored"] += int(is_scored.sum())
            if "offsets" in block.arrays:
                tally["at_all_offsets"] += int((block.arrays["offsets"][:, 0] > 1).sum())
            for number, effect in enumerate(EFFECTS):
                if effect is not FunctionalEffect.NONE:
                    tally[effect.name.lower()] += int((enhancer["effect"][is_scored] == number).sum())
        if self._panel is not None:
            self._panel.finish()
        for rank, row in enumerate(ranked.sorted(), start=1):
            self._candidates.write(f"{rank}\t{row}\n")
        tally["candidates"] = len(ranked)
        indexed = self._index(is_indexable=facts["indexable"])
        return ResultCounts(
            dict(tally),
            dict(sorted(skipped.items())),
            scored.null_report(),
            [name.decode() for name in sorted(replaced)],
            indexed,
        )

    def _index(self, *, is_indexable: bool) -> bool:
        """Close the VCF and index it where that can be; return whether it can."""
        self._vcf.close()
        stale = Path(f"{self._prefix}.vcf.gz.tbi")
        if is_indexable:
            tabix_index(self._vcf_path, "vcf")
            made = next(
                path for ending in (".tbi", ".csi") if (path := Path(f"{self._vcf_path}{ending}")).exists()
            )
            move_into(self._out.path(f"{self._prefix}.vcf.gz{made.suffix}"), made)
        elif stale.exists():
            os.unlink(stale)  # noqa: PTH108  an index of an older file must not stay beside this one
        return is_indexable


class _Row(NamedTuple):
    """A row, ordered by the largest size and then by the first place."""

    negative_size: float
    place: int
    text: str


class RankedRows:
    """Collects rows and yields the largest first; rows of one size in the order in which they came."""

    def __init__(self, rows_in_memory: int = _ROWS_IN_MEMORY) -> None:
        self._limit = rows_in_memory
        self._rows: list[_Row] = []
        self._pieces: list[IO[str]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, size: float, text: str) -> None:
        """Add a row; the text has no line end."""
        self._rows.append(_Row(-size, self._count, text))
        self._count += 1
        if len(self._rows) == self._limit:
            self._spill()

    def sorted(self) -> Iterator[str]:
        """Yield the rows in order, and forget them."""
        self._rows.sort()
        yield from (row.text for row in heapq.merge(*map(_read, self._pieces), self._rows))
        for piece in self._pieces:
            piece.close()
        self._rows, self._pieces = [], []

    def _spill(self) -> None:
        piece = tempfile.TemporaryFile(  # noqa: SIM115  closed when all is read
            "w+", encoding="utf-8", errors="surrogateescape", newline="\n"
        )
        piece.writelines(f"{row.negative_size!r}\t{row.place}\t{row.text}\n" for row in sorted(self._rows))
        self._pieces.append(piece)
        self._rows = []


def _read(piece: IO[str]) -> Iterator[_Row]:
    piece.seek(0)
    for line in piece:
        size, place, text = line.removesuffix("\n").split("\t", 2)
        yield _Row(float(size), int(place), text)


def _statistics(block: ShardBlock) -> NDArray[np.float32]:
    """Return what the p-values are of, float32[alleles, models]: the same as of the null variants."""
    found: NDArray[np.float32] = block.arrays["scores"][NULL_STATISTIC]
    return block.arrays.get("centre", found)


def _frame(rows: list[list[str]], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(columns), dtype=object)
    for name in columns:
        if name in PLACE_COLUMNS:
            table[name] = table[name].astype(np.int64)
        elif name in NUMBER_COLUMNS:
            table[name] = table[name].replace(NO_VALUE, "nan").astype(np.float64)
        else:
            table[name] = table[name].replace(NO_VALUE, pd.NA).astype("string")
    table["distance"] = table["distance"].astype("Int64")
    return table
