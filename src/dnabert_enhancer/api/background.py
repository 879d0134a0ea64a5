"""The background of a model: its scores over the windows of a genome, written on its card."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.api.calibration import check_model, check_place, one_model
from dnabert_enhancer.api.inputs import GenomeInput, opened_genome
from dnabert_enhancer.api.model import Model, Progress
from dnabert_enhancer.engine import EngineSettings, Precision
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.genome import recognised_assembly
from dnabert_enhancer.model import Background, Task, write_recalibrated
from dnabert_enhancer.scan import ScanSettings

if TYPE_CHECKING:
    from dnabert_enhancer.api.inputs import RegionInput
    from dnabert_enhancer.scan import Scan

_MANY = 10_000
_log = logging.getLogger(__name__)


def add_background(
    model: Model | str | Path,
    genome: GenomeInput,
    output_dir: str | Path,
    regions: RegionInput | None = None,
    *,
    skip_outside: bool = False,
    engine: EngineSettings | None = None,
    progress: Progress | None = None,
) -> Model:
    """Score the windows of a genome, and write the model with their distribution on its card.

    Parameters
    ----------
    model : Model, str or path
        What `load_model` takes or returns, of one output. ``NAME:OUTPUT`` is one of its further outputs.
    genome : Genome or path
        A FASTA: plain, gzip or bgzip.
    output_dir : path
        Gets the model: its files as they are, and a new card. A new or empty folder, or one with the same
        model, of which the card alone is replaced. Neither the packaged model nor one in the store is
        changed.
    regions : optional
        What of the genome is scored, as `Model.scan` takes it; default: all of it.
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
        With `Model.background`. Its tables have percentiles, and ``threshold="top:1%"`` is known to it.

    Raises
    ------
    InputError
        Fewer than 20 windows without unknown bases; a model of several classes or values, of which none is
        the one that is meant; a folder that holds something else.

    Notes
    -----
    Windows are as long as the model's own and lie side by side; those with an unknown base are left out. Both
    strands are averaged where the model does so. What is kept are log odds before calibration (values of a
    regression), which hold whatever calibration is fitted later. Equal input gives equal bytes.

    Examples
    --------
    >>> add_background("deepvregulome/CTCFL", "hg38.fa.gz", "ctcfl", "chr20")  # doctest: +SKIP
    """
    if engine is None:
        engine = model.engine.settings if isinstance(model, Model) else EngineSettings()
    engine = dataclasses.replace(engine, precision=Precision.FLOAT32)
    opened = one_model(model)
    check_model(opened)
    if opened.card.task == Task.MULTICLASS:
        raise InputError(
            f"the model {opened.card.name} has several classes, and a background is of one score",
            source=opened.source,
            remedy="take a model of two classes, or of a value",
        )
    directory = Path(output_dir)
    check_place(opened, directory)
    scorer = Model(opened, engine=engine)
    length = scorer.window_length
    settings = ScanSettings(stride=length, max_unknown=0.0, null=False, skip_outside=skip_outside)
    with opened_genome(genome) as opened_file:
        path, sizes = opened_file.path, opened_file.contig_sizes
        scan = scorer.scan(opened_file, regions, settings, progress=progress)
    ranks = _ranks(scan)
    scan.close()
    part = "all of it"
    if isinstance(regions, str) and not Path(regions).exists():
        part = regions
    elif regions is not None:
        part = f"{len(scan.scores.rows or ())} regions"
    source = f"{Path(path).name} (SHA-256 {sha256_of(path)}), {part}"
    background = Background.of_scores(ranks, length, recognised_assembly(sizes) or "", source)
    _log.info("background of %s: %d windows of %d bp", opened.card.name, background.windows, length)
    if background.windows < _MANY:
        _log.warning(
            "background of %s: only %d windows (fewer than %d); percentiles near 100 are coarse",
            opened.card.name,
            background.windows,
            _MANY,
        )
    output = "" if opened.card.column == opened.network_card.column else opened.card.labels[-1]
    card = (opened.network_card if output else opened.card).with_background(background, output)
    written = write_recalibrated(opened.with_card(card), directory)
    return Model(written.select(output) if output else written, engine=engine)


def _ranks(scan: Scan) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    ranks = np.concatenate([block[:, 0] for _, block in scan.scores.blocks()])
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = ranks[~np.isnan(ranks)]
    return found
