"""Making data sets and training models on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnabert_enhancer.api.settings_keywords import with_keywords
from dnabert_enhancer.dataset import BuiltDataset, DatasetSettings, build_dataset, check_folder
from dnabert_enhancer.genome import Genome


def make_dataset(
    regions: str | Path | Sequence[str | Path],
    genome: Genome | str | Path,
    output_dir: str | Path | None = None,
    settings: DatasetSettings | None = None,
    **keywords: Any,  # the fields of `DatasetSettings`
) -> BuiltDataset:
    """Make labelled windows from regions and a genome, in splits that share no part of it.

    Parameters
    ----------
    regions : path, or several
        BED files of the positives.
    genome : Genome or path
        FASTA.
    output_dir : path, optional
        Folder to write, as the command make-dataset does; default: nothing is written.
    settings : DatasetSettings, optional
    **keywords
        Fields of the settings, such as ``length=500``.

    Returns
    -------
    BuiltDataset
        With ``splits`` (DataFrames), ``digest``, ``counts``, ``skipped``, ``plot_gc()`` and ``write()``.

    Raises
    ------
    InputError
        When input is not usable, no window is left, a class is missing in a split, negatives are too few, or
        the folder holds another data set.

    Examples
    --------
    >>> make_dataset("peaks.bed", "hg38.fa.gz", "my-dataset", ratio=2.0)  # doctest: +SKIP
    """
    settings = with_keywords(DatasetSettings, settings, keywords)
    if output_dir is not None:
        check_folder(output_dir)
    paths = [regions] if isinstance(regions, (str, Path)) else list(regions)
    dataset = build_dataset(paths, genome, settings)
    if output_dir is not None:
        dataset.write(output_dir)
    return dataset
