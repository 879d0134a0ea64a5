"""The background of a model: how it scores a genome, on its card or beside an ensemble's models."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.api.calibration import check_folder, check_model, check_place
from dnabert_enhancer.api.ensemble import Ensemble
from dnabert_enhancer.api.inputs import GenomeInput, opened_genome
from dnabert_enhancer.api.model import Model, ModelSpec, Progress, opened_model
from dnabert_enhancer.engine import EngineSettings, Precision
from dnabert_enhancer.files import OutputSet, sha256_of
from dnabert_enhancer.genome import Genome, recognised_assembly
from dnabert_enhancer.model import (
    BACKGROUNDS_NAME,
    Background,
    backgrounds_text,
    is_folder_of,
    write_ensemble,
    write_recalibrated,
)
from dnabert_enhancer.scan import ScanSettings

if TYPE_CHECKING:
    from dnabert_enhancer.api.inputs import RegionInput
    from dnabert_enhancer.scan import Scan

_MANY = 10_000
_log = logging.getLogger(__name__)


def add_background(
    model: Model | ModelSpec | Sequence[ModelSpec],
    genome: GenomeInput,
    output_dir: str | Path,
    regions: RegionInput | None = None,
    *,
    label: str | None = None,
    skip_outside: bool = False,
    engine: EngineSettings | None = None,
    progress: Progress | None = None,
) -> Model:
    """Score the windows of a genome, and write the model with their distribution on its card.

    Parameters
    ----------
    model : Model, str or path, or several
        What `load_model` takes or returns. ``NAME:OUTPUT`` is one of its further outputs. Of an ensemble the
        scores are those of the mean, and they are kept in the folder of its models.
    genome : Genome or path
        A FASTA: plain, gzip or bgzip.
    output_dir : path
        Gets the model: its files as they are, and a new card; of an ensemble copies of all models, and
        ``backgrounds.json``. A new or empty folder, or one with the same model or models, of which the card
        (the backgrounds) alone is replaced. Neither the packaged model nor one in the store is changed.
    regions : optional
        What of the genome is scored, as `Model.scan` takes it; default: all of it.
    label : str, optional
        Of a model of several classes or values, the one that is scored; default: each, one after another.
    skip_outside : bool
        Leave out regions outside the genome's contigs instead of raising an error.
    engine : EngineSettings, optional
        How the model is computed; default: as `model`. It is always float32 here.
    progress : callable, optional
        Called with the number of windows; gives a context whose value takes how many are done since its last
        call.

    Returns
    -------
    Model
        With `Model.background`; of several classes it reports `label`, or the first. Its tables have
        percentiles, and ``threshold="top:1%"`` is known to it.

    Raises
    ------
    InputError
        Fewer than 20 windows without unknown bases; a folder that holds something else.

    Notes
    -----
    Windows are as long as the model's own and lie side by side; those with an unknown base are left out. Both
    strands are averaged where the model does so. What is kept are log odds before calibration (values of a
    regression), which hold whatever calibration is fitted later; of one of several classes, and of the mean
    of an ensemble, log odds of the calibrated probability, which hold for these calibrations. Equal input
    gives equal bytes.

    Examples
    --------
    >>> add_background("deepvregulome/CTCFL", "hg38.fa.gz", "ctcfl", "chr20")  # doctest: +SKIP
    """
    if engine is None:
        engine = model.engine.settings if isinstance(model, Model) else EngineSettings()
    engine = dataclasses.replace(engine, precision=Precision.FLOAT32)
    opened = model if isinstance(model, Model) else opened_model(model, engine=engine)
    directory = Path(output_dir)
    for member in opened.members:
        check_model(member.opened)
    if isinstance(opened, Ensemble):
        check_folder(opened.opened, directory)
    else:
        check_place(opened.opened, directory)
    has_choice = opened.opened.card.has_choice
    labels = [label] if label is not None or not has_choice else list(opened.labels)
    found: dict[str, Background] = {}
    with opened_genome(genome) as file:
        for name in labels:
            scorer = _with_label(opened, name, engine)
            found[scorer.label] = _background_of(scorer, file, regions, progress, skip_outside=skip_outside)
    if isinstance(opened, Ensemble):
        return _written_ensemble(opened, found, directory, labels[0], engine)
    whole = opened.opened
    output = "" if whole.card.column == whole.network_card.column else whole.card.labels[-1]
    card = whole.network_card if output else whole.card
    if has_choice:
        card = card.replace(class_backgrounds={**card.class_backgrounds, **found})
    else:
        card = card.with_background(next(iter(found.values())), output)
    written = write_recalibrated(whole.with_card(card), directory)
    return Model(written.select(output) if output else written, label=labels[0], engine=engine)


def _with_label(model: Model, label: str | None, engine: EngineSettings) -> Model:
    members = [Model(member.opened, label=label, engine=engine) for member in model.members]
    return Ensemble(members) if isinstance(model, Ensemble) else members[0]


def _background_of(
    scorer: Model,
    genome: Genome,
    regions: RegionInput | None,
    progress: Progress | None,
    *,
    skip_outside: bool,
) -> Background:
    """Return the distribution of a model's scores over the windows of a genome."""
    length = scorer.window_length
    settings = ScanSettings(stride=length, max_unknown=0.0, null=False, skip_outside=skip_outside)
    scan = scorer.scan(genome, regions, settings, progress=progress)
    ranks = _ranks(scan)
    part = "all of it"
    if isinstance(regions, str) and not Path(regions).exists():
        part = regions
    elif regions is not None:
        part = f"{len(scan.scores.rows or ())} regions"
    scan.close()
    source = f"{Path(genome.path).name} (SHA-256 {sha256_of(genome.path)}), {part}"
    assembly = recognised_assembly(genome.contig_sizes) or ""
    background = Background.of_scores(ranks, length, assembly, source)
    of = f"{scorer.name}, {scorer.label}" if scorer.opened.card.has_choice else scorer.name
    _log.info("background of %s: %d windows of %d bp", of, background.windows, length)
    if background.windows < _MANY:
        _log.warning(
            "background of %s: only %d windows (fewer than %d); percentiles near 100 are coarse",
            of,
            background.windows,
            _MANY,
        )
    return background


def _written_ensemble(
    model: Ensemble,
    found: Mapping[str, Background],
    directory: Path,
    label: str | None,
    engine: EngineSettings,
) -> Model:
    members = [member.opened for member in model.members]
    text = backgrounds_text(directory, members, found)
    if is_folder_of(members, directory):
        with OutputSet() as outputs:
            outputs.path(directory / BACKGROUNDS_NAME).write_text(text, encoding="utf-8")
    else:
        write_ensemble(members, directory, {BACKGROUNDS_NAME: text})
    first = members[0]
    is_output = first.card.column is not None and first.card.column != first.network_card.column
    spec = f"{directory}:{first.card.labels[-1]}" if is_output else directory
    return opened_model(spec, label=label, engine=engine)


def _ranks(scan: Scan) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    ranks = np.concatenate([block[:, 0] for _, block in scan.scores.blocks()])
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = ranks[~np.isnan(ranks)]
    return found
