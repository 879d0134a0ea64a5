"""An opened model with the engine that computes it: predictions of sequences and scans of genomes."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from dnabert_enhancer.api.inputs import (
    GenomeInput,
    named_sequences,
    opened_genome,
    region_table,
    with_keywords,
)
from dnabert_enhancer.api.prediction_tables import prediction_tables
from dnabert_enhancer.catalogue import is_pretrained_only, open_model, without_head
from dnabert_enhancer.engine import Engine, EngineSettings, Target
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.model import Background, EnhancerModel, Pooling, Task, model_folders, split_output
from dnabert_enhancer.scan import (
    BLOCK_WINDOWS,
    EmbeddingSettings,
    ResultSettings,
    Scan,
    ScanPlan,
    ScanSettings,
    ScoreHeader,
    Scores,
    Screen,
    SequenceSettings,
    embed_sequences,
    make_screen,
    plan_scan,
    score_shard,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dnabert_enhancer.api.inputs import RegionInput
    from dnabert_enhancer.api.prediction_tables import SequenceInput, WindowReport
    from dnabert_enhancer.api.variant_inputs import VariantInput
    from dnabert_enhancer.api.variants import FileOrFiles
    from dnabert_enhancer.interpret import Attributions, ExplainedVariants, InterpretSettings
    from dnabert_enhancer.scan import Embeddings
    from dnabert_enhancer.variants import VariantSettings


ModelSpec = str | os.PathLike[str]
Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Called with the number of windows; a context whose value takes the windows done since its last call."""

_log = logging.getLogger(__name__)


def load_model(
    spec: ModelSpec | Sequence[ModelSpec] | None = None,
    *,
    label: str | None = None,
    engine: EngineSettings | None = None,
    pretrained: bool = False,
) -> Model:
    """Load a model.

    Parameters
    ----------
    spec : str or path, or several, optional
        A model directory or archive, a name of the catalogue such as ``deepvregulome/CTCFL``, or
        ``hub:NAME@REVISION/SUBFOLDER``, ``zenodo:DOI/FILE`` or ``https://…#sha256=…``, which are brought
        once; default: the packaged model. ``:OUTPUT`` at the end takes one of its outputs, such as
        ``default:lentimpra_hepg2``. Several, or a folder whose sub-folders are models, are an `Ensemble`.
    label : str, optional
        Which label is reported, of a model with several; default: the positive class, or the only value.
    engine : EngineSettings, optional
        Device, backend, precision, threads and strands.
    pretrained : bool
        Take a base model too, such as ``dnabert-2``, whose head is not trained: it gives embeddings alone.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        No such model, or a file of it is missing or wrong; several that do not predict the same thing.
    ResourceError
        A package, a device or the network is missing.

    Examples
    --------
    >>> model = load_model()
    >>> model.predict(["ACGT" * 50]).columns[0]
    'name'
    """
    model = opened_model(spec, label=label, engine=engine, pretrained=pretrained)
    if model.embeds_only:
        return model
    model.target  # noqa: B018  said now where several outputs leave a choice
    for member in model.members:
        card = member.opened.card
        if card.task == Task.BINARY and not card.names_positive:
            _log.warning(
                "model %s: neither %s is known to be the positive class; %s is reported (--label chooses)",
                card.name,
                " nor ".join(card.labels),
                card.positive_label,
            )
    return model


def opened_model(
    spec: ModelSpec | Sequence[ModelSpec] | None,
    *,
    label: str | None = None,
    engine: EngineSettings | None = None,
    pretrained: bool = False,
) -> Model:
    """Open a model, or the models of an ensemble; see `load_model`, which says besides what is in doubt."""
    if spec is None or isinstance(spec, (str, os.PathLike)):
        whole, output = split_output(spec)
        folders = model_folders(whole)
        if not folders:
            return Model(open_model(spec, as_base=pretrained), label=label, engine=engine)
        members: Sequence[ModelSpec] = [f"{folder}:{output}" if output else folder for folder in folders]
        named = Path(os.fspath(whole or ""))
    else:
        members, named = spec, None
    from dnabert_enhancer.api.ensemble import Ensemble

    return Ensemble([opened_model(member, label=label, engine=engine) for member in members], named)


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
        self.opened = _of_asked_class(opened, label)
        self._asked_label = label
        self.engine = Engine(opened, engine)

    @property
    def members(self) -> tuple[Model, ...]:
        """The models of an ensemble; of a single model itself."""
        return (self,)

    @property
    def embeds_only(self) -> bool:
        """Whether it is a base model, without a trained head."""
        return is_pretrained_only(self.opened)

    @cached_property
    def target(self) -> Target:
        """The output that is reported.

        Raises
        ------
        InputError
            The model has several outputs and none was chosen, or a head that is not trained.
        """
        if self.embeds_only:
            raise without_head(self.opened.card.origin.get("name", self.opened.source))
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

    @property
    def background(self) -> Background | None:
        """Its scores over a genome's windows, where they are known (see `add_background`), or None."""
        return self.opened.card.background_of(self.label)

    def threshold(self, settings: SequenceSettings | None = None) -> float | None:
        """Return the score (float32) from which a window is positive by `settings`, None without one."""
        asked = None if settings is None else settings.threshold
        threshold = self.target.threshold(self.opened, asked)
        # scores are float32: 0.3 asked for means the float32 next to 0.3
        return None if threshold is None else float(np.float32(threshold))

    def __repr__(self) -> str:
        said = self.label if "target" in vars(self) else ", ".join(self.labels)
        length = self.opened.card.window_length or "unknown"
        return f"<Model {self.name!r}: {said}, windows of {length} bp>"

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
        clinical : mapping of str to path or list of paths, optional
            ``clinvar`` (ClinVar's VCF), ``gwas`` (the GWAS catalog's associations), ``eqtl`` (GTEx's pairs).
        dbsnp : path, optional
            dbSNP's VCF, which resolves rs numbers and names the variants that are given as texts.
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
            where none could be scored; of an ensemble ``probability_sd`` (or ``value_sd``): the standard
            deviation of its models there; ``label`` at the threshold; ``percentile``: the share of the
            windows of the model's background that score lower, in per cent, NaN without one; ``mean``
            (float32) over the windows; ``summit``: 0-based centre of the highest window; ``length`` in bp;
            ``windows``: how many were scored; ``skipped``: how many held too many unknown bases; ``note``:
            what is special, or empty.

        Raises
        ------
        InputError
            What cannot be scored, by the name of the sequence; settings that do not suit the model.
        """
        chosen = with_keywords(SequenceSettings, settings, keywords)
        tables = prediction_tables(self, sequences, chosen, chunks, on_windows)
        return next(tables) if chunks is None else tables

    @overload
    def embed(
        self,
        sequences: SequenceInput,
        settings: EmbeddingSettings | None = ...,
        *,
        chunks: None = ...,
        **keywords: Any,
    ) -> NDArray[np.float32]: ...

    @overload
    def embed(
        self,
        sequences: SequenceInput,
        settings: EmbeddingSettings | None = ...,
        *,
        chunks: int,
        **keywords: Any,
    ) -> Iterator[Embeddings]: ...

    def embed(
        self,
        sequences: SequenceInput,
        settings: EmbeddingSettings | None = None,
        *,
        chunks: int | None = None,
        **keywords: Any,
    ) -> NDArray[np.float32] | Iterator[Embeddings]:
        """Return the embedding of every sequence, read whole: no windows are cut, and no head is used.

        Parameters
        ----------
        sequences
            As for `predict`.
        settings : EmbeddingSettings, optional
        chunks : int, optional
            Return an iterator of so many sequences at a time (fewer where they are long), for input that is
            larger than the memory.
        **keywords
            Fields of `EmbeddingSettings` instead: ``pooling="first"`` (the state of ``[CLS]`` after the last
            layer, before the pooler) or ``"mean"`` (of the sequence's tokens; special tokens and padding are
            left out), ``strand="both"`` (the mean of the embeddings of both strands) or ``"forward"``;
            default: the engine's, which is both.

        Returns
        -------
        float32 array, shape (sequences, hidden)
            NaN in the rows of sequences shorter than a token or with too many unknown bases. With `chunks`
            an iterator of ``name`` (list of str), ``embedding`` (such an array) and ``note`` (list of str:
            why there is none).

        Raises
        ------
        InputError
            A sequence longer than the model reads, with the limit; an architecture that only transformers
            computes.
        """
        chosen = with_keywords(EmbeddingSettings, settings, keywords)
        named = named_sequences(sequences)
        if chunks is not None:
            return embed_sequences(self.engine, named, chosen, chunks)
        parts = [part.embedding for part in embed_sequences(self.engine, named, chosen, BLOCK_WINDOWS)]
        return np.concatenate(parts) if parts else self.engine.embed([], chosen.pooling)

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
            Where the temporary file of scores lies (8 bytes per window); default: the system's.
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
            first, last = plan.grid.windows_of(plan.blocks(shard))
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
        clinical: Mapping[str, FileOrFiles] | None = None,
        dbsnp: str | os.PathLike[str] | None = None,
        chunks: int | None = None,
        **keywords: Any,
    ) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """Return the effect of every allele on the model's probability.

        Parameters
        ----------
        variants
            The path of a VCF or BCF; a DataFrame with ``chrom``, ``pos`` (1-based, as in VCF), ``ref``,
            ``alt`` and maybe ``id``; a list of `Variant` or of texts, ``"chr16:159710:T:C"`` (1-based). With
            ``vcf_format``, such as ``"hgvs-g"``: the path of a list in that format, or its lines. With
            ``dbsnp``: texts may be rs numbers, such as ``"rs334"``.
        genome : Genome or path
            A FASTA: plain, gzip or bgzip.
        settings : VariantSettings, optional
        tf : mapping of str to Model, optional
            Models of the binding of transcription factors, by name; each adds a row per allele.
        motifs : path, optional
            MEME file; motifs that match one of the alleles are named.
        genes : path, optional
            BED, GTF or GFF3; the nearest gene is named.
        regions : path, optional
            BED; records elsewhere are not scored.
        annotate : mapping of str to path, optional
            BED files by name; their regions that a record lies in are named.
        clinical : mapping of str to path or list of paths, optional
            ``clinvar`` (ClinVar's VCF), ``gwas`` (the GWAS catalog's associations), ``eqtl`` (GTEx's pairs).
        dbsnp : path, optional
            dbSNP's VCF, which resolves rs numbers and names the variants that are given as texts.
        chunks : int, optional
            Return an iterator of tables of so many rows, for input that is larger than the memory.
        **keywords
            Fields of `VariantSettings` instead, such as ``offsets=3``.

        Returns
        -------
        DataFrame
            The columns of `score-variants`' table, in the order of the input, one row per allele and model:
            place (``pos`` 1-based; ``variant_start_0based``), alleles, ``model``, probabilities and
            statistics (float64, NaN without a score), ``p_value`` and ``q_value`` over the run,
            ``predicted_functional_effect``, the same of the TF, annotation, and ``skipped``: why an allele
            has no score, missing where it has; where a model is an `Ensemble`, ``probability_difference_sd``
            and ``tf_probability_difference_sd``: the standard deviation over its models of p_alt - p_ref.
            ``attrs["null"]`` says for each model how many null variants there were and how uniform their
            p-values are.

        Raises
        ------
        InputError
            What is not a variant; a reference allele that differs from the genome in all variants of a table;
            settings that do not suit a model.
        """
        from dnabert_enhancer.api.variants import pairs_of, score_variants
        from dnabert_enhancer.variants import VariantSettings

        chosen = with_keywords(VariantSettings, settings, keywords)
        annotation: dict[str, Any] = {"motifs": motifs, "genes": genes, "regions": regions}
        annotation |= {"annotate": annotate, "clinical": pairs_of(clinical or {})}
        tables = score_variants(
            self, variants, genome, chosen, tf=tf or {}, annotation=annotation, chunks=chunks, dbsnp=dbsnp
        )
        if chunks is not None:
            return tables
        (table,) = tables
        return table

    def interpret(
        self,
        source: SequenceInput | GenomeInput,
        regions: RegionInput | None = None,
        settings: InterpretSettings | None = None,
        *,
        progress: Progress | None = None,
        folder: str | os.PathLike[str] | None = None,
        **keywords: Any,
    ) -> Attributions:
        """Return the importance of every base of sequences, or of regions of a genome.

        Parameters
        ----------
        source
            Sequences as `predict` takes them; with `regions` a genome as `scan` takes it.
        regions : optional
            As `scan` takes them; names of a BED are kept.
        settings : InterpretSettings, optional
        progress : callable, optional
            Called with the number of bases; gives a context whose value is called with the number done.
        folder : path, optional
            Where the temporary file of numbers lies (17 bytes per base); default: the system's.
        **keywords
            Fields of `InterpretSettings` instead, such as ``offsets=1``.

        Returns
        -------
        Attributions
            Tables of regions and substitutions, arrays for TF-MoDISco, logos, and what writes the files.
            Attention and gradients of an `Ensemble` are the mean over its models, base by base.

        Raises
        ------
        InputError
            What is no DNA or lies outside the genome; settings that do not suit the model.
        """
        from dnabert_enhancer.api.interpretation import interpret
        from dnabert_enhancer.interpret import InterpretSettings

        chosen = with_keywords(InterpretSettings, settings, keywords)
        return interpret(self, source, regions, chosen, progress=progress, folder=folder)

    def interpret_variants(
        self,
        variants: VariantInput,
        genome: GenomeInput,
        settings: InterpretSettings | None = None,
        *,
        motifs: str | os.PathLike[str] | None = None,
        genes: str | os.PathLike[str] | None = None,
        annotate: Mapping[str, str | os.PathLike[str]] | None = None,
        **keywords: Any,
    ) -> ExplainedVariants:
        """Return what variants change: the importance of bases with the reference and with the alternative.

        Parameters
        ----------
        variants, genome
            As `score_variants` takes them.
        settings : InterpretSettings, optional
            ``flank`` says how many bases on each side of a variant are explained.
        motifs, genes, annotate
            As `score_variants` takes them; genes and regions around a variant are in its picture.
        **keywords
            Fields of `InterpretSettings` instead, such as ``flank=30``.

        Returns
        -------
        ExplainedVariants
            A table, and a picture of each variant. All are held in memory, about 10 kB each.

        Raises
        ------
        InputError
            What is not a variant; settings that do not suit the model.
        """
        from dnabert_enhancer.api.interpretation import interpret_variants
        from dnabert_enhancer.interpret import InterpretSettings

        chosen = with_keywords(InterpretSettings, settings, keywords)
        annotation = {"motifs": motifs, "genes": genes, "annotate": annotate}
        return interpret_variants(self, variants, genome, chosen, **annotation)

    def _plan(
        self, genome: Genome, regions: RegionInput | None, settings: ScanSettings
    ) -> tuple[ScanPlan, dict[str, Any]]:
        table = region_table(regions, genome, skip_outside=settings.skip_outside, every_row=True)
        own_names = tuple(genome.own_name(name) for name in settings.contigs)
        chosen = with_keywords(ScanSettings, settings, {"contigs": own_names})
        plan, notes = plan_scan(self.opened, self.target, genome, table, chosen)
        if chosen.screen is not None:
            plan = replace(plan, screen=self._screen(plan, genome, chosen.screen))
        skipped = {} if table is None else table.skipped
        plan.skipped.update({**skipped, "contig_shorter_than_window": notes.too_short})
        return plan, notes._asdict()

    def _screen(self, plan: ScanPlan, genome: Genome, spec: ModelSpec) -> Screen:
        """Return the screen that a cheap model is for this one."""
        cheap = load_model(spec, engine=self.engine.settings)
        cheap.opened.check_window(plan.grid.window_length)
        embed = partial(cheap.engine.embed, pooling=Pooling.MEAN)
        facts = {"model": cheap.name, "model_digest": cheap.digest}
        return make_screen(plan, genome, self.engine, embed, facts)


def _of_asked_class(opened: EnhancerModel, label: str | None) -> EnhancerModel:
    """Return a model of two classes as one of the asked class, where it doesn't say which is positive."""
    card = opened.card
    if label is None or label not in card.labels or card.task != Task.BINARY or card.names_positive:
        return opened
    return opened.with_card(card.with_positive(label))


def _progress(
    progress: Progress | None, windows: int
) -> AbstractContextManager[Callable[[int], None] | None]:
    return nullcontext() if progress is None else progress(windows)
