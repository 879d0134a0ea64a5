"""Folds: a data set cut into groups that are held out in turn, and a model trained for each."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer import __version__
from dnabert_enhancer.dataset import ALL_ROWS, Dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.model import CONFIG_NAME, FOLDS_NAME, read_folds
from dnabert_enhancer.training.base_model import open_base
from dnabert_enhancer.training.finetuning import TrainingResult, finetune
from dnabert_enhancer.training.job import ProgressListener
from dnabert_enhancer.training.processes import launched_count
from dnabert_enhancer.training.run_folder import FOLDER_NAME, differences
from dnabert_enhancer.training.settings import TrainingSettings
from dnabert_enhancer.training.validation_split import (
    NEAR_ENOUGH,
    groups_of_equal_sequences,
    on_both_sides,
)

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

_CONTIGS, _GROUPS = range(2, 4)
"""Last key of the random streams, other ones than a single validation split has."""


class Folds(NamedTuple):
    """Which rows are held out together.

    Attributes
    ----------
    number : int64[n]
        The fold of each row, from 0.
    descriptions : list of str
        One clause a fold for the log and the card.
    """

    number: NDArray[np.int64]
    descriptions: list[str]


class TrainedFold(NamedTuple):
    """A fold and what its training came to; None where it was trained in an earlier run.

    Attributes
    ----------
    number : int
        From 1.
    directory : Path
        Of its model.
    result : TrainingResult or None
    """

    number: int
    directory: Path
    result: TrainingResult | None


def split_into_folds(frame: pd.DataFrame, folds: int, seed: int, *, classes: bool) -> Folds:
    """Cut rows into groups of about one size: whole contigs, or groups of equal sequences.

    Parameters
    ----------
    frame : DataFrame
        Columns ``sequence``, ``label`` and ``chrom`` (which may be missing or NA).
    folds : int
        How many, at least 2.
    seed : int
        Of the choice.
    classes : bool
        Labels are classes: each must be in every fold.

    Raises
    ------
    InputError
        When there are too few rows for that.

    Notes
    -----
    The contigs go, the largest first, each to the fold with the fewest rows. That is taken where every fold
    has half to one and a half times its share; else rows of equal sequences, on either strand, are dealt out
    at random, class by class.
    """
    if folds < 2:
        raise InputError(f"{folds} folds are too few", remedy="give 2 or more")
    labels = frame["label"].to_numpy()
    found = _by_contig(frame, folds, seed)
    if found is None or (classes and not _all_on_both_sides(labels, found.number, folds)):
        found = _at_random(frame, labels if classes else np.zeros(len(labels), np.int64), folds, seed)
    sizes = np.bincount(found.number, minlength=folds)
    if (sizes == 0).any() or (classes and not _all_on_both_sides(labels, found.number, folds)):
        raise InputError(
            f"{len(frame)} sequences are too few for {folds} folds with every class in each",
            remedy="give more sequences, or fewer folds",
        )
    return found


def fold_datasets(dataset: Dataset, folds: int, seed: int) -> list[Dataset]:
    """Return a data set for each fold: its rows as the validation split, the others as the training split.

    Rows of a validation split are dealt out with those of the training split; a test split stays as it is.

    Raises
    ------
    InputError
        No training rows; too few of them.
    """
    import pandas as pd

    name = "train" if "train" in dataset.splits else ALL_ROWS
    parts = [dataset.frame(name), *(dataset.splits[one] for one in ("validation",) if one in dataset.splits)]
    rows = pd.concat(parts, ignore_index=True)
    others = {one: frame for one, frame in dataset.splits.items() if one not in (name, "validation")}
    found = split_into_folds(rows, folds, seed, classes=dataset.task != "regression")
    return [
        dataclasses.replace(
            dataset,
            splits={
                "train": rows[found.number != fold].reset_index(drop=True),
                "validation": rows[found.number == fold].reset_index(drop=True),
                **others,
            },
            metadata={**dataset.metadata, "validation_source": description},
        )
        for fold, description in enumerate(found.descriptions)
    ]


def finetune_folds(
    dataset: Dataset,
    base_model: str,
    output_directory: Path | str,
    settings: TrainingSettings | None = None,
    *,
    folds: int,
    restart: bool = False,
    progress: ProgressListener | None = None,
) -> Iterator[TrainedFold]:
    """Train a model for each fold into ``fold1``, ``fold2`` … of a folder; yield each when it is there.

    Parameters
    ----------
    dataset, base_model, settings, progress
        See `finetune`.
    output_directory : path
        Called again with the same arguments, what was broken off goes on: finished folds are kept.
    folds : int
    restart : bool
        Remove the folds of an earlier run first.

    Raises
    ------
    InputError
        As `finetune`; a folder with folds of other arguments, or with something else.
    """
    settings = settings or TrainingSettings()
    if launched_count() > 1:
        raise InputError(
            "folds are trained by one process, one after another",
            remedy="start finetune --folds without accelerate launch, or train each fold by itself",
        )
    data = fold_datasets(dataset, folds, settings.seed)
    output = Path(output_directory).absolute()
    with tempfile.TemporaryDirectory() as work:
        base = open_base(base_model, settings.k, Path(work))
    arguments = {
        **settings.deciding(),
        "dataset": dataset.digest,
        "base_model": base.digest,
        "folds": folds,
        "version": __version__,
    }
    _begin(output, arguments, restart=restart)
    try:
        for number, fold in enumerate(data, start=1):
            directory = output / f"fold{number}"
            result = None
            if (directory / CONFIG_NAME).exists() and not (directory / FOLDER_NAME).exists():
                logger.info("fold %d of %d was trained before", number, folds)
            else:
                logger.info("validating on %s", fold.metadata["validation_source"])
                own = _settings_of(settings, number)
                result = finetune(fold, base_model, directory, own, progress=progress)
            yield TrainedFold(number, directory, result)
    except BaseException:
        if not any(output.glob("fold*/")):  # nothing was begun
            (output / FOLDS_NAME).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # holds other files
                output.rmdir()
        raise


def _settings_of(settings: TrainingSettings, number: int) -> TrainingSettings:
    """Return the settings of a fold, whose name and logs are its own."""
    name = f"{settings.model_name} fold {number}" if settings.model_name else ""
    logs = str(Path(settings.log_dir) / f"fold{number}") if settings.log_dir else settings.log_dir
    return settings.replace(model_name=name, log_dir=logs)


def _begin(output: Path, arguments: dict[str, Any], *, restart: bool) -> None:
    """Note what the folds of a folder are trained with, or check that it is the same."""
    if output.exists() and not output.is_dir():
        raise InputError("is a file, not a folder", source=output, remedy="choose another --output-dir")
    if (output / CONFIG_NAME).exists():
        raise InputError("the folder holds a model", source=output, remedy="choose another --output-dir")
    stored = read_folds(output)
    if stored is None and any(output.glob(f"fold*/{CONFIG_NAME}")):
        raise InputError(
            f"the folder holds models but no {FOLDS_NAME}, so it is not known what they were trained with",
            source=output,
            remedy="choose another --output-dir",
        )
    if stored is not None and restart:
        for number in range(1, stored["folds"] + 1):
            shutil.rmtree(output / f"fold{number}", ignore_errors=True)
    elif stored is not None and any(output.glob("fold*/")):
        changes = differences(arguments, stored)
        if changes:
            raise InputError(
                f"the folder holds folds that were trained with other arguments: {', '.join(changes)}",
                source=output,
                remedy="give the same arguments to continue, --restart to start over, or a new --output-dir",
            )
        return
    with OutputSet() as out, out.open_text(output / FOLDS_NAME) as file:
        file.write(json.dumps(arguments, indent=2) + "\n")


def _by_contig(frame: pd.DataFrame, folds: int, seed: int) -> Folds | None:
    if "chrom" not in frame or frame["chrom"].isna().any():
        return None
    names, index = np.unique(frame["chrom"].to_numpy(dtype=str), return_inverse=True)
    if len(names) < folds:
        return None
    sizes = np.bincount(index)
    shuffled = np.random.default_rng([seed, _CONTIGS]).permutation(len(names))
    fold_of = np.zeros(len(names), dtype=np.int64)
    rows = np.zeros(folds, dtype=np.int64)
    for contig in shuffled[np.argsort(-sizes[shuffled], kind="stable")].tolist():
        fold_of[contig] = rows.argmin()
        rows[fold_of[contig]] += sizes[contig]
    share = len(frame) / folds
    if rows.min() < NEAR_ENOUGH[0] * share or rows.max() > NEAR_ENOUGH[1] * share:
        return None
    listed = [", ".join(sorted(names[fold_of == fold])) for fold in range(folds)]
    return Folds(
        fold_of[index], [_described(rows, fold, f"on {listed[fold]}", seed) for fold in range(folds)]
    )


def _at_random(frame: pd.DataFrame, strata: NDArray[Any], folds: int, seed: int) -> Folds:
    """Deal out whole groups of equal sequences, each stratum (by the group's first row) evenly."""
    groups = groups_of_equal_sequences(frame["sequence"].tolist())
    first = np.unique(groups, return_index=True)[1]
    sizes = np.bincount(groups)
    fold_of = np.zeros(len(first), dtype=np.int64)
    rng = np.random.default_rng([seed, _GROUPS])
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata[first] == stratum))
        before = np.cumsum(sizes[members]) - sizes[members]
        fold_of[members] = before * folds // max(1, int(sizes[members].sum()))
    number = fold_of[groups]
    rows = np.bincount(number, minlength=folds)
    how = "at random by groups of equal sequences"
    return Folds(number, [_described(rows, fold, how, seed) for fold in range(folds)])


def _described(rows: NDArray[np.int64], fold: int, how: str, seed: int) -> str:
    share = rows[fold] / max(1, rows.sum())
    return f"fold {fold + 1} of {len(rows)}: {rows[fold]} sequences ({share:.1%}) {how}, seed {seed}"


def _all_on_both_sides(labels: NDArray[Any], number: NDArray[np.int64], folds: int) -> bool:
    return all(on_both_sides(labels, number == fold) for fold in range(folds))
