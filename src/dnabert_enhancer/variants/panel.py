"""Panels of models over the same variants: scored model by model, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, check_parquet
from dnabert_enhancer.shards import ShardBlock, ShardFile, ShardWriter, check_equal
from dnabert_enhancer.variants.alleles import SkipReason
from dnabert_enhancer.variants.effect import EFFECTS, EffectStatistic
from dnabert_enhancer.variants.info_fields import STATISTIC_ORDER
from dnabert_enhancer.variants.output_rows import DEVIATION_COLUMNS, NO_VALUE, BlockRows, Place, places_of
from dnabert_enhancer.variants.parts import RecordPart, numbered_blocks
from dnabert_enhancer.variants.pipeline import BlockScorer
from dnabert_enhancer.variants.record_source import RecordSource
from dnabert_enhancer.variants.results import ScoredVariants
from dnabert_enhancer.vcf import VcfRecord

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

MEMBER_FORMAT = "dnabert-enhancer panel member scores 1"
STRONGEST = 5
"""How many models of a panel the VCF names for an allele."""
MOST_ROWS = 8192
"""So many rows of the table, or those of one allele, are in memory as texts at a time."""
_BY_MODEL = ("scores", "null_statistics", "deviations", "offsets", "centre")
"""Arrays of a block that have a column for each model."""
_OF_THE_RUN = ("version", "convention", "minimum_change", "minimum_lor", "nulls", "phased")
_INPUTS = ("vcf", "variant", "variant_list", "dbsnp", "genome", "assembly_report")
"""Settings, and files, that all models of a run share, whatever else is annotated."""
_RANKED_BY = EffectStatistic.SCORE_CHANGE.column
_PLACE = ("chrom", "pos", "dbsnp_id", "reference_nucleotide", "alternative_nucleotide")
_NUMBERS = ("p_ref", "p_alt", *(statistic.column for statistic in STATISTIC_ORDER), "p_value", "q_value")
COLUMNS = (
    *_PLACE,
    "transcription_factor",
    "reference_probability",
    "alternative_probability",
    *_NUMBERS[2:],
    "predicted_functional_effect",
    "skipped",
)
"""Columns of the panel's table: one row per allele and model."""
DEVIATION_COLUMN = DEVIATION_COLUMNS[0]
"""The column after these, where a model of the panel is an ensemble; NA for the others."""
_SKIPS = np.array([NO_VALUE, *(reason.value for reason in SkipReason)])
"""Texts by `SkipReason.code`."""


def score_members_together(
    scorer: BlockScorer,
    records: RecordSource,
    streams: Sequence[IO[bytes]],
    settings: Sequence[Mapping[str, Any]],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Score the records of a shard with models of a panel that get the same windows.

    Parameters
    ----------
    scorer : BlockScorer
        Of those models.
    records : RecordSource
        As for `score_records`, which has checked them.
    streams : sequence of binary files
        One for each model, which says the same as if it had been alone.
    settings : sequence of mappings
        What the scores of each model depend on.
    progress : callable, optional
        Called with the number of records done since its last call.
    """
    index, of = scorer.settings.shard
    blocks = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(ShardWriter(stream, MEMBER_FORMAT)) for stream in streams]
        for number, block, is_own in numbered_blocks(records, (index, of)):
            if is_own:
                arrays = scorer.score(number, block).arrays
                for column, writer in enumerate(writers):
                    own = {
                        name: arrays[name][:, column : column + 1].copy()
                        for name in arrays.keys() & _BY_MODEL
                    }
                    writer.add_block(ShardBlock(number, {**arrays, **own}))
            if progress is not None:
                progress(len(block))
            blocks = number + 1
        if isinstance(records, RecordPart):
            blocks = records.n_blocks
        other = scorer.seconds - sum(model.model_seconds for model in scorer.scorers)
        for writer, model, facts in zip(writers, scorer.scorers, settings, strict=True):
            seconds = {"model": model.model_seconds, "other": other / len(writers)}
            writer.finish(
                {
                    "settings": dict(facts),
                    "blocks": blocks,
                    "source": records.source,
                    "shard": [index, of],
                    "seconds": seconds,
                }
            )


class PanelBlock(NamedTuple):
    """What a panel says of a block of records.

    Attributes
    ----------
    skips : uint8 array, shape (alleles, models)
        `SkipReason.code`, or 0 where there is a score.
    outcomes : structured array `OUTCOMES`, shape (alleles, models)
    deviations : float32 array, shape (alleles, models), optional
        Standard deviation of p_alt - p_ref over the models of an ensemble, NaN for a single model; None where
        all are.
    """

    skips: NDArray[np.uint8]
    outcomes: NDArray[np.void]
    deviations: NDArray[np.float32] | None

    def columns(self, names: Sequence[str], places: Sequence[Place]) -> dict[str, NDArray[Any]]:
        """Return the rows of the block's table: all models of the first allele, of the second, ….

        Parameters
        ----------
        names : sequence of str
            Of the models.
        places : sequence of Place
            Of each allele.
        """
        flat = self.outcomes.reshape(-1)
        effects = np.array([effect.value for effect in EFFECTS])[flat["effect"]]
        columns = [np.repeat(_column(values), len(names)) for values in zip(*places, strict=True)]
        columns.append(np.tile(np.array(names), len(places)))
        columns += [flat[name] for name in _NUMBERS]
        columns.append(np.where(np.isnan(flat["p_ref"]), NO_VALUE, effects))
        columns.append(_SKIPS[self.skips.reshape(-1)])
        found = dict(zip(COLUMNS, columns, strict=True))
        return found if self.deviations is None else {**found, DEVIATION_COLUMN: self.deviations.reshape(-1)}

    def parts(self, places: Sequence[Place]) -> Iterator[tuple[PanelBlock, Sequence[Place]]]:
        """Yield parts of at most `MOST_ROWS` rows of the table, or of one allele, and their places."""
        step = max(1, MOST_ROWS // self.skips.shape[1])
        for first in range(0, len(places), step):
            part = slice(first, first + step)
            deviations = None if self.deviations is None else self.deviations[part]
            yield PanelBlock(self.skips[part], self.outcomes[part], deviations), places[part]

    def strongest(self, names: Sequence[str], count: int = STRONGEST) -> list[list[str]]:
        """Return for each allele the models that see it change most, as the VCF has them.

        The largest |ScoreChange| first, of equal ones the first of the panel; those that see no change are
        left out. Each is ``name|p_ref|p_alt|effect``.
        """
        size = np.abs(np.nan_to_num(self.outcomes[_RANKED_BY]))
        order = np.argsort(-size, axis=1, kind="stable")[:, :count]
        found = []
        for row, models in enumerate(order.tolist()):
            chosen = [(names[model], self.outcomes[row, model]) for model in models if size[row, model] > 0]
            found.append(
                [
                    f"{name}|{one['p_ref']}|{one['p_alt']}|{EFFECTS[one['effect']].in_vcf}"
                    for name, one in chosen
                ]
            )
        return found


class PanelScores:
    """The scores of a panel's models, side by side.

    Parameters
    ----------
    members : mapping of str to sequence of ShardFile
        The shards of each model, by its name.

    Raises
    ------
    InputError
        A shard is missing, or models that were not run over the same records.
    """

    def __init__(self, members: Mapping[str, Sequence[ShardFile]]) -> None:
        self.names = list(members)
        self._members = [ScoredVariants(files) for files in members.values()]
        first, *others = self._members
        shared = _shared(first.header)
        for name, other in zip(self.names[1:], others, strict=True):
            if _shared(other.header) != shared:
                raise InputError(
                    f"the models {self.names[0]} and {name} of the panel were not scored with the same input "
                    "and options",
                    remedy="remove the folder of the panel and run all of it again",
                )

    @property
    def settings(self) -> list[dict[str, Any]]:
        """What the scores of each model depend on."""
        return [member.header["settings"]["models"][0] for member in self._members]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table: `COLUMNS`, and `DEVIATION_COLUMN` where a model is an ensemble."""
        return (*COLUMNS, DEVIATION_COLUMN) if self._has_ensemble else COLUMNS

    @property
    def _has_ensemble(self) -> bool:
        return any("members" in model for model in self.settings)

    def check_beside(self, header: Mapping[str, Any]) -> None:
        """Check that the models were scored with the records and options of a run.

        Parameters
        ----------
        header : mapping
            That of the run's scores.

        Raises
        ------
        InputError
            Names the first difference.
        """
        check_equal(
            f"the model {self.names[0]} of the panel",
            _shared_with_run(self._members[0].header),
            "the scores of the run",
            _shared_with_run(header),
        )

    def blocks(self) -> Iterator[PanelBlock]:
        """Yield the blocks in order."""
        streams = [member.outcomes() for member in self._members]
        for parts in zip(*streams, strict=True):
            yield PanelBlock(
                np.stack([block.arrays["alleles"]["skip"] for block, _ in parts], axis=1),
                np.concatenate([outcomes for _, outcomes in parts], axis=1),
                _deviations([block for block, _ in parts]) if self._has_ensemble else None,
            )

    def frames(self, records: Iterable[Sequence[VcfRecord]]) -> Iterator[pd.DataFrame]:
        """Yield the panel's table (`columns`) of each block of the same records."""
        import pandas as pd

        for block, some in zip(self.blocks(), records, strict=True):
            yield pd.DataFrame(block.columns(self.names, places_of(some)))

    def close(self) -> None:
        """Close all files."""
        for member in self._members:
            member.close()


class PanelFiles:
    """The files of a panel's results: the table, and a matrix of alleles by models.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        ``PREFIX.tf-panel.tsv.gz`` has `PanelScores.columns`; ``PREFIX.tf-panel.matrix.tsv.gz`` has
        ScoreChange, a row per allele and a column a model.
    names : sequence of str
        Of the models.
    parquet : bool
        Write ``PREFIX.tf-panel.matrix.parquet`` too, with the values of the matrix.

    Raises
    ------
    ResourceError
        Parquet without pyarrow.
    """

    def __init__(self, out: OutputSet, prefix: str, names: Sequence[str], *, parquet: bool = False) -> None:
        self._parquet = (
            _ParquetMatrix(out.path(f"{prefix}.tf-panel.matrix.parquet"), names) if parquet else None
        )
        self._table: TextIO = out.open_text(f"{prefix}.tf-panel.tsv.gz")
        self._matrix: TextIO = out.open_text(f"{prefix}.tf-panel.matrix.tsv.gz")
        self._names = names
        self._matrix.write("\t".join([*_PLACE, *names]) + "\n")

    def write_titles(self, scores: PanelScores) -> None:
        """Write the titles of the table."""
        self._table.write("\t".join(scores.columns) + "\n")

    def write_block(self, rows: BlockRows, block: PanelBlock) -> None:
        """Write a block of the panel, and tell the rows of the same records what the VCF says of it."""
        rows.panel = block.strongest(self._names)
        places = rows.places()
        if not places:
            return
        for part, some in block.parts(places):
            columns = [_texts(column) for column in part.columns(self._names, some).values()]
            self._table.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))
            for place, changes in zip(some, part.outcomes[_RANKED_BY], strict=True):
                self._matrix.write("\t".join([*map(str, place), *_texts(changes)]) + "\n")
        if self._parquet is not None:
            self._parquet.write(places, block.outcomes[_RANKED_BY])

    def finish(self) -> None:
        """Write the end of the Parquet file; the others have none."""
        if self._parquet is not None:
            self._parquet.close()


class _ParquetMatrix:
    """The matrix as Parquet: the columns and values of the table, float32, null where that has NA."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        check_parquet("leave --parquet out")
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = [(name, pa.int64() if name == "pos" else pa.string()) for name in _PLACE]
        kinds += [(name, pa.float32()) for name in names]
        self._writer = pq.ParquetWriter(path, pa.schema(kinds), compression="zstd")

    def write(self, places: Sequence[Place], changes: NDArray[np.float32]) -> None:
        """Append rows; `changes` has shape (alleles, models)."""
        import pyarrow as pa

        columns = [*([_utf8(value) for value in values] for values in zip(*places, strict=True)), *changes.T]
        schema = self._writer.schema
        arrays = [
            pa.array(values, type=kind, from_pandas=True)
            for values, kind in zip(columns, schema.types, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


def _deviations(blocks: Sequence[ShardBlock]) -> NDArray[np.float32]:
    """Return the standard deviations of the same alleles by each model, float32[alleles, models]."""
    none = np.full((len(blocks[0].arrays["scores"]), 1), np.nan, dtype=np.float32)
    return np.concatenate([block.arrays.get("deviations", none) for block in blocks], axis=1)


def _column(values: Sequence[str | int]) -> NDArray[Any]:
    """Return values as a column: texts as objects, since in an array each takes the place of the longest."""
    return np.array(values, dtype=object if isinstance(values[0], str) else None)


def _utf8(value: str | int) -> str | int | None:
    """Return a value as Parquet can have it: letters that are not UTF-8 replaced, None for none."""
    if isinstance(value, int):
        return value
    return None if value == NO_VALUE else value.encode(errors="surrogateescape").decode(errors="replace")


def _texts(values: NDArray[Any]) -> list[str]:
    """Return numbers as the tables have them: float32 by its shortest digits, float64 with six."""
    if values.dtype == np.float64:
        texts = [f"{value:.6g}" for value in values.tolist()]
    else:
        texts = values.tolist() if values.dtype == object else values.astype("U").tolist()
    return [NO_VALUE if text == "nan" else text for text in texts] if values.dtype.kind == "f" else texts


def _shared(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all models of a panel must have in common."""
    settings = {
        name: value for name, value in header["settings"].items() if name not in ("models", "regions")
    }
    return {"settings": settings, "blocks": header["blocks"]}


def _shared_with_run(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the models of a panel must have in common with the other models of a run."""
    facts = {name: header["settings"][name] for name in _OF_THE_RUN}
    digests = header["settings"]["digests"]
    return {**facts, "digests": {name: digests.get(name) for name in _INPUTS}, "blocks": header["blocks"]}
