"""An opened model with the engine that computes it: predictions of sequences and scans of genomes."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from dnabert_enhancer.api.inputs import GenomeInput, named_sequences, opened_genome, regions_of
from dnabert_enhancer.api.settings_keywords import with_keywords
from dnabert_enhancer.engine import Engine, EngineSettings, Target, WindowScores
from dnabert_enhancer.genome import Genome, Interval
from dnabert_enhancer.model import EnhancerModel, open_model
from dnabert_enhancer.scan import (
    NamedSequence,
    ResultSettings,
    Scan,
    ScanPlan,
    ScanSettings,
    ScoreHeader,
    Scores,
    SequenceScore,
    SequenceScorer,
    SequenceSettings,
    plan_scan,
    score_shard,
    shortest_sequence,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dnabert_enhancer.api.variant_inputs import VariantInput
    from dnabert_enhancer.variants import VariantSettings

    SequenceInput = (
        str
        | os.PathLike[str]
        | pd.DataFrame
        | Mapping[str, str]
        | NDArray[np.uint8]
        | Iterable[str | NamedSequence | NDArray[np.uint8]]
    )
    RegionInput = str | os.PathLike[str] | Interval | pd.DataFrame | Iterable[str | Interval]
    WindowReport = Callable[[str, NDArray[np.int64], int, WindowScores], None]

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Called with the number of windows; a context whose value takes the windows done since its last call."""
SHORTER = "shorter_than_window"


def load_model(
    spec: str | os.PathLike[str] | None = None,
    *,
    label: str | None = None,
    engine: EngineSettings | None = None,
) -> Model:
    """Load a model.

    Parameters
    ----------
    spec : str or path, optional
        A model directory or archive, or ``hub:NAME@REVISION``; default: the packaged model. ``:OUTPUT`` at
        the end takes one of its outputs, such as ``default:lentimpra_hepg2``.
    label : str, optional
        Which label is reported, of a model with several; default: the positive class, or the only value.
    engine : EngineSettings, optional
        Device, backend, precision, threads and strands.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        No such model, or a file of it is missing or wrong.
    ResourceError
        A package, a device or the network is missing.

    Examples
    --------
    >>> model = load_model()
    >>> model.predict(["ACGT" * 50]).columns[0]
    'name'
    """
    model = Model(open_model(spec), label=label, engine=engine)
    model.target  # noqa: B018  said now where several outputs leave a choice
    return model


class Model:
    """A model that is ready to predict; made by `load_model`.

    Parameters
    ----------
    opened : EnhancerModel
    label, engine
        See `load_model`.
    """

    def __init__(
        self, opened: EnhancerModel, *, label: str | None = None, engine: EngineSettings | None = None
    ) -> None:
        self.opened = opened
        self._asked_label = label
        self.engine = Engine(opened, engine)

    @cached_property
    def target(self) -> Target:
        """The output that is reported.

        Raises
        ------
        InputError
            The model has several outputs and none was chosen.
        """
        return Target.of_model(self.opened, self._asked_label)

    @property
    def name(self) -> str:
        """Name on the model's card."""
        return self.opened.card.name

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the model's outputs."""
        return self.opened.card.labels

    @property
    def label(self) -> str:
        """Name of the output that is reported."""
        return self.target.label

    @property
    def window_length(self) -> int:
        """Length in bp of the windows that the model was made for."""
        return self.opened.window_length

    @property
    def digest(self) -> str:
        """SHA-256 over configuration, card, vocabulary, weights and the output."""
        return self.opened.digest

    def threshold(self, settings: SequenceSettings | None = None) -> float | None:
        """Return the score (float32) from which a window is positive by `settings`, None without one."""
        asked = None if settings is None else settings.threshold
        if asked is None and not self.target.is_probability:
            return None
        # scores are float32: 0.3 asked for means the float32 next to 0.3
        return float(np.float32(self.target.threshold(self.opened, asked)))

    def __repr__(self) -> str:
        said = self.label if "target" in vars(self) else ", ".join(self.labels)
        return f"<Model {self.name!r}: {said}, windows of {self.window_length} bp>"

    @overload
    def predict(
        self,
        sequences: SequenceInput,
        settings: SequenceSettings | None = ...,
        *,
        chunks: None = ...,
        on_windows: WindowReport | None = ...,
        **keywords: Any,
    ) -> pd.DataFrame: ...

    @overload
    def predict(
        self,
        sequences: SequenceInput,
        settings: SequenceSettings | None = ...,
        *,
        chunks: int,
        on_windows: WindowReport | None = ...,
        **keywords: Any,
    ) -> Iterator[pd.DataFrame]: ...

    def predict(
        self,
        sequences: SequenceInput,
        settings: SequenceSettings | None = None,
        *,
        chunks: int | None = None,
        on_windows: WindowReport | None = None,
        **keywords: Any,
    ) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """Return the score of every sequence: the highest of its windows.

        Parameters
        ----------
        sequences
            Texts (list, or mapping of names to texts), the path of a FASTA, TSV or CSV, a DataFrame with a
            column ``sequence`` and maybe ``name``, or base codes (A 0, C 1, G 2, T 3, other 4): uint8 of
            shape (sequences, length), or a list of such arrays of differing length.
        settings : SequenceSettings, optional
        chunks : int, optional
            Return an iterator of tables of so many rows, for input that is larger than the memory.
        on_windows : callable, optional
            Called with the name, starts (int64[n], 0-based), window length and scores of the windows of a
            sequence as they are found.
        **keywords
            Fields of `SequenceSettings` instead, such as ``stride=50``.

        Returns
        -------
        DataFrame
            ``name``; ``probability`` (float32; for a regression ``value``): the maximum over the windows, NaN
            where none could be scored; ``label`` at the threshold; ``mean`` (float32) over the windows;
            ``summit``: 0-based centre of the highest window; ``length`` in bp; ``windows``: how many were
            scored; ``skipped``: how many held too many unknown bases; ``note``: what is special, or empty.

        Raises
        ------
        InputError
            What cannot be scored, by the name of the sequence; settings that do not suit the model.
        """
        chosen = with_keywords(SequenceSettings, settings, keywords)
        tables = self._tables(sequences, chosen, chunks, on_windows)
        return next(tables) if chunks is None else tables

    def scan(
        self,
        genome: GenomeInput,
        regions: RegionInput | None = None,
        settings: ScanSettings | None = None,
        *,
        progress: Progress | None = None,
        folder: str | os.PathLike[str] | None = None,
        **keywords: Any,
    ) -> Scan:
        """Score windows along a genome.

        Parameters
        ----------
        genome : Genome or path
            A FASTA: plain, gzip or bgzip.
        regions
            What to scan; default: everything. ``"chr16:100,001-200,000"`` as browsers write it (from 1, last
            base included) or the name of a contig; an `Interval` (0-based, half-open); a list of these; a
            DataFrame with ``chrom``, ``start``, ``end`` (0-based, half-open); the path of a BED.
        settings : ScanSettings, optional
        progress : callable, optional
            Called with the number of windows; gives a context whose value is called with the number done.
        folder : path, optional
            Where the temporary file of scores lies (8 bytes a window); default: the system's.
        **keywords
            Fields of `ScanSettings` instead, such as ``stride=50``.

        Returns
        -------
        Scan
            Tables of windows, calls and regions, the track, a plot, and what writes the files.

        Raises
        ------
        InputError
            A region outside the genome; settings that do not suit the model.
        """
        chosen = with_keywords(ScanSettings, settings, keywords)
        with opened_genome(genome) as opened:
            plan, notes = self._plan(opened, regions, chosen)
            # a nameless file: it goes with the process, however that ends
            file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the scan's, as long as it is used
            with _progress(progress, plan.grid.n_windows) as advance:
                score_shard(plan, opened, self.engine, file, progress=advance)
        calls = ResultSettings(plan.calls["threshold"], plan.calls["merge_gap"])
        return Scan(Scores([file]), calls, notes)

    def scan_shard(
        self,
        path: str | os.PathLike[str],
        shard: tuple[int, int],
        genome: GenomeInput,
        regions: RegionInput | None = None,
        settings: ScanSettings | None = None,
        *,
        progress: Progress | None = None,
        **keywords: Any,
    ) -> tuple[ScoreHeader, dict[str, Any]]:
        """Score one shard of a scan into a file, for `merge_scans`.

        Parameters
        ----------
        path : path
            Where the scores go.
        shard : tuple of (int, int)
            Which shard, from 1, of how many.
        genome, regions, settings, progress, **keywords
            See `scan`; equal for all shards.

        Returns
        -------
        tuple of (ScoreHeader, dict)
            What the file says about itself, and what became of the regions.
        """
        chosen = with_keywords(ScanSettings, settings, keywords)
        with opened_genome(genome) as opened:
            plan, notes = self._plan(opened, regions, chosen)
            first, last = plan.grid.shard_windows(*shard)
            with _progress(progress, last - first) as advance:
                header = score_shard(plan, opened, self.engine, path, shard, advance)
        return header, notes

    @overload
    def score_variants(
        self,
        variants: VariantInput,
        genome: GenomeInput,
        settings: VariantSettings | None = ...,
        *,
        chunks: None = ...,
        **keywords: Any,
    ) -> pd.DataFrame: ...

    @overload
    def score_variants(
        self,
        variants: VariantInput,
        genome: GenomeInput,
        settings: VariantSettings | None = ...,
        *,
        chunks: int,
        **keywords: Any,
    ) -> Iterator[pd.DataFrame]: ...

    def score_variants(
        self,
        variants: VariantInput,
        genome: GenomeInput,
        settings: VariantSettings | None = None,
        *,
        tf: Mapping[str, Model] | None = None,
        motifs: str | os.PathLike[str] | None = None,
        genes: str | os.PathLike[str] | None = None,
        regions: str | os.PathLike[str] | None = None,
        annotate: Mapping[str, str | os.PathLike[str]] | None = None,
        chunks: int | None = None,
        **keywords: Any,
    ) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """Return the effect of every allele on the model's probability.

        Parameters
        ----------
        variants
            The path of a VCF or BCF; a DataFrame with ``chrom``, ``pos`` (1-based, as in VCF), ``ref``,
            ``alt`` and maybe ``id``; a list of `Variant` or of texts, ``"chr16:159710:T:C"`` (1-based).
        genome : Genome or path
            A FASTA: plain, gzip or bgzip.
        settings : VariantSettings, optional
        tf : mapping of str to Model, optional
            Models of the binding of transcription factors, by name; each adds a row an allele.
        motifs : path, optional
            MEME file; motifs that match one of the alleles are named.
        genes : path, optional
            BED, GTF or GFF3; the nearest gene is named.
        regions : path, optional
            BED; records elsewhere are not scored.
        annotate : mapping of str to path, optional
            BED files by name; their regions that a record lies in are named.
        chunks : int, optional
            Return an iterator of tables of so many rows, for input that is larger than the memory.
        **keywords
            Fields of `VariantSettings` instead, such as ``offsets=3``.

        Returns
        -------
        DataFrame
            The columns of `score-variants`' table, in the order of the input, one row an allele and model:
            place (``pos`` 1-based; ``variant_start_0based``), alleles, ``model``, probabilities and
            statistics (float64, NaN without a score), ``p_value`` and ``q_value`` over the run,
            ``predicted_functional_effect``, the same of the TF, annotation, and ``skipped``: why an allele
            has no score, missing where it has. ``attrs["null"]`` says for each model how many null variants
            there were and how uniform their p-values are.

        Raises
        ------
        InputError
            What is not a variant; a reference allele that differs from the genome in all variants of a table;
            settings that do not suit a model.
        """
        from dnabert_enhancer.api.variants import score_variants
        from dnabert_enhancer.variants import VariantSettings

        chosen = with_keywords(VariantSettings, settings, keywords)
        annotation = {"motifs": motifs, "genes": genes, "regions": regions, "annotate": annotate}
        tables = score_variants(
            self, variants, genome, chosen, tf=tf or {}, annotation=annotation, chunks=chunks
        )
        if chunks is not None:
            return tables
        (table,) = tables
        return table

    def _plan(
        self, genome: Genome, regions: RegionInput | None, settings: ScanSettings
    ) -> tuple[ScanPlan, dict[str, Any]]:
        placed, skipped = regions_of(regions, genome, skip_outside=settings.skip_outside)
        own_names = tuple(genome.own_name(name) for name in settings.contigs)
        chosen = with_keywords(ScanSettings, settings, {"contigs": own_names})
        plan, notes = plan_scan(self.opened, self.target, genome, placed, chosen)
        plan.skipped.update({**skipped, "contig_shorter_than_window": notes.too_short})
        return plan, notes._asdict()

    def _tables(
        self,
        sequences: SequenceInput,
        settings: SequenceSettings,
        chunks: int | None,
        on_windows: WindowReport | None,
    ) -> Iterator[pd.DataFrame]:
        window, stride = settings.tiling(self.opened)
        scorer = SequenceScorer(
            self.engine,
            self.target,
            window,
            stride,
            shortest_sequence(self.opened),
            settings.max_unknown,
            on_windows,
        )
        threshold = self.threshold(settings)
        rows = scorer.scores(named_sequences(sequences))
        if chunks is None:
            yield self._table(list(rows), threshold, window)
            return
        while part := list(itertools.islice(rows, chunks)):
            yield self._table(part, threshold, window)

    def _table(self, rows: list[SequenceScore], threshold: float | None, window: int) -> pd.DataFrame:
        import pandas as pd

        value = "probability" if self.target.is_probability else "value"
        return pd.DataFrame(
            {
                "name": [row.name for row in rows],
                value: np.array([row.maximum for row in rows], dtype=np.float32),
                "label": pd.array([self._label(row, threshold) for row in rows], dtype="string"),
                "mean": np.array([row.mean for row in rows], dtype=np.float32),
                "summit": pd.array([row.summit if row.windows else None for row in rows], dtype="Int64"),
                "length": np.array([row.length for row in rows], dtype=np.int64),
                "windows": np.array([row.windows for row in rows], dtype=np.int64),
                "skipped": np.array([row.skipped for row in rows], dtype=np.int64),
                "note": [row.note or (SHORTER if row.length < window else "") for row in rows],
            }
        )

    def _label(self, row: SequenceScore, threshold: float | None) -> str | None:
        if not row.windows or threshold is None or not self.target.is_probability:
            return None
        if np.float32(row.maximum) >= threshold:
            return self.target.label
        return self.labels[0] if len(self.labels) == 2 else f"not {self.target.label}"


def _progress(
    progress: Progress | None, windows: int
) -> AbstractContextManager[Callable[[int], None] | None]:
    return nullcontext() if progress is None else progress(windows)
