"""Writing a data set as a folder: one table a split, and dataset.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from dnabert_enhancer.dataset.dataset import SPLIT_NAMES, Dataset, table_lines
from dnabert_enhancer.dataset.io import METADATA_FILE, split_files
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet


def write_dataset(dataset: Dataset, folder: Path | str, outputs: OutputSet) -> None:
    """Write a data set so that `read_dataset` gives it back: tables (bgzip), then ``dataset.json``.

    Parameters
    ----------
    dataset : Dataset
        With the splits train, validation and test, or some of them.
    folder : path
        Made when missing.
    outputs : OutputSet
        The files appear when it ends.

    Raises
    ------
    InputError
        When the folder holds a table of a split that this data set lacks: the two would be read as one.
    """
    target = Path(folder)
    check_folder(target, tuple(dataset.splits))
    for split in SPLIT_NAMES:
        if split in dataset.splits:
            with outputs.open_text(target / f"{split}.tsv.gz") as stream:
                stream.writelines(table_lines(dataset.splits[split]))
    metadata = {
        "digest": dataset.digest,
        "task": dataset.task,
        "label_names": list(dataset.label_names),
    } | dict(dataset.metadata)
    with outputs.open_text(target / METADATA_FILE) as stream:
        stream.write(json.dumps(metadata, indent=2) + "\n")


def check_folder(folder: Path | str, splits: Sequence[str] = SPLIT_NAMES) -> None:
    """Refuse a folder that holds tables which the given splits would not replace.

    Raises
    ------
    InputError
        Naming the first such table.
    """
    if not Path(folder).is_dir():
        return
    for split, file in split_files(Path(folder)).items():
        if split not in splits or file.name != f"{split}.tsv.gz":
            raise InputError(
                f"the folder already holds {file.name}, which would be read as part of this data set",
                source=folder,
                remedy="give a new folder",
            )
