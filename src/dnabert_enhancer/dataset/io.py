"""Reading a data set in the forms in which the field keeps them, and writing one as a folder."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from dnabert_enhancer.dataset.dataset import (
    ALL_ROWS,
    SPLIT_NAMES,
    Dataset,
    LabelHints,
    Task,
    labels_line,
    table_lines,
)
from dnabert_enhancer.dataset.labelled_rows import fasta_pair_rows, named_fasta_rows, rows_of_frame
from dnabert_enhancer.dataset.labels import ResolvedLabels, resolve_labels
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, check_no_input, is_stream, read_text_lines
from dnabert_enhancer.sequence import Row, Rows, table_rows

if TYPE_CHECKING:
    import pandas as pd

LOGGER = logging.getLogger(__name__)

DatasetSource = Union[Dataset, "pd.DataFrame", str, Path, tuple[str | Path, str | Path]]
"""What `as_dataset` takes."""
METADATA_FILE = "dataset.json"

_SPLIT_FILE = re.compile(
    r"(?P<split>train|training|validation|valid|val|dev|test)\.(tsv|csv|txt)(\.b?gz)?", re.IGNORECASE
)
_SPLIT_OF = {"train": "train", "training": "train", "test": "test"}
FASTA_ENDINGS = (".fa", ".fasta", ".fna", ".fas", ".ffn")


def read_dataset(
    path: Path | str,
    *,
    negatives: Path | str | None = None,
    sequence_column: str | None = None,
    label_column: str | None = None,
    task: Task | None = None,
    positive_label: str | None = None,
    hints: LabelHints | None = None,
    must_be_known: bool = True,
    allow_one_class: bool = False,
) -> Dataset:
    """Return the data set that a file or folder holds.

    Parameters
    ----------
    path : path
        A folder with ``train|validation|test.tsv.gz`` and ``dataset.json`` as make-dataset writes them; a
        folder with ``train|dev|test`` as ``.tsv``, ``.csv`` or ``.txt`` (DNABERT, GUE); one such file (its
        rows are the split ``all``); a FASTA file of positives (with `negatives`), or one whose names begin
        with Positive or Negative. Every file may be gzip or bgzip.
    negatives : path, optional
        FASTA file of the negative sequences.
    sequence_column, label_column : str, optional
        Column names of a table whose header has other than the usual ones.
    task : {"binary", "multiclass", "regression"}, optional
        What the labels are; default: decided from them, see `labels.resolve_labels`.
    positive_label : str, optional
        Which of two classes is the positive one; default: recognised by their names. Of labels 0 and 1
        another word is the name of 1.
    hints, must_be_known
        See `labels.resolve_labels`.
    allow_one_class : bool
        Accept labels that are all the same in ``train`` or ``all``.

    Raises
    ------
    InputError
        When something cannot be read, with file and line.
    """
    rows, metadata = rows_by_split(
        path, negatives=negatives, sequence_column=sequence_column, label_column=label_column
    )
    parts = {split: Rows.of(str(path), read()) for split, read in rows.items()}
    naming = Naming(task or metadata.get("task"), positive_label, hints or LabelHints(), must_be_known)
    dataset = dataset_of(parts, naming, metadata, str(path))
    if not allow_one_class:
        _require_classes(dataset)
    written = metadata.get("digest")
    if written is not None and written != dataset.digest:
        warn_of_digest(str(path))
    return dataset


def rows_by_split(
    path: Path | str,
    *,
    negatives: Path | str | None = None,
    sequence_column: str | None = None,
    label_column: str | None = None,
) -> tuple[dict[str, Callable[[], Iterator[Row]]], dict[str, Any]]:
    """Return what reads the rows of each split anew, and the content of ``dataset.json``.

    Parameters are those of `read_dataset`; labels are texts as the files hold them.
    """
    if not is_stream(path) and not Path(path).exists():
        raise InputError("no such file or folder", source=path, remedy="check the path")
    table = partial(table_rows, sequence_column=sequence_column, label_column=label_column)
    if not is_stream(path) and Path(path).is_dir():
        if negatives is not None:
            raise InputError(
                "a folder of splits has its own negatives",
                source=path,
                remedy="give a FASTA file, or leave --negatives out",
            )
        metadata = _read_metadata(Path(path))
        tables = _tables_of(Path(path))
        return {split: partial(table, file) for split, file in tables.items()}, metadata
    if negatives is not None:
        return {ALL_ROWS: partial(fasta_pair_rows, path, negatives)}, {"negatives": str(negatives)}
    if begins_as_fasta(path):
        return {ALL_ROWS: partial(named_fasta_rows, path)}, {}
    return {ALL_ROWS: partial(table, path)}, {}


def as_dataset(
    source: DatasetSource,
    *,
    task: Task | None = None,
    positive_label: str | None = None,
    hints: LabelHints | None = None,
    allow_one_class: bool = False,
) -> Dataset:
    """Return a data set from any form in which Python code may hold one.

    Parameters
    ----------
    source : Dataset, DataFrame, path, or pair of paths
        A path as `read_dataset` takes it; a pair is the FASTA files of the positives and the negatives. A
        DataFrame has the columns ``sequence`` and ``label``, and may have ``split`` (train, validation,
        test), ``name``, ``chrom``, ``start``, ``end`` (0-based, half-open) and ``strand``.
    task, positive_label, hints, allow_one_class
        See `read_dataset`.

    Raises
    ------
    InputError
        When it is something else, a column is missing, or rows cannot be read.
    """
    import pandas as pd

    if isinstance(source, Dataset):
        if task not in (None, source.task):
            raise InputError(
                f"the data set was read as {source.task}, not {task}", remedy="read it with the task wanted"
            )
        return source if positive_label is None else source.with_positive(positive_label)

    def read(path: str | Path, negatives: str | Path | None = None) -> Dataset:
        return read_dataset(
            path,
            negatives=negatives,
            task=task,
            positive_label=positive_label,
            hints=hints,
            allow_one_class=allow_one_class,
        )

    if isinstance(source, (str, Path)):
        return read(source)
    if (
        isinstance(source, tuple)
        and len(source) == 2
        and all(isinstance(part, (str, Path)) for part in source)
    ):
        return read(source[0], source[1])
    if not isinstance(source, pd.DataFrame):
        raise InputError(
            f"a data set cannot be read from {type(source).__name__}",
            remedy="give a path, a pair of FASTA paths (positives, negatives), a Dataset, or a DataFrame "
            "with the columns sequence and label",
        )
    if "split" in source.columns:
        unknown = [name for name in source["split"].unique().tolist() if name not in SPLIT_NAMES]
        if unknown:
            raise InputError(
                f"the column 'split' of the DataFrame holds {unknown[0]!r}",
                remedy=f"name the splits {', '.join(SPLIT_NAMES)}",
            )
        parts = {
            split: rows_of_frame(source[source["split"] == split])
            for split in SPLIT_NAMES
            if (source["split"] == split).any()
        }
    else:
        parts = {ALL_ROWS: rows_of_frame(source)}
    dataset = dataset_of(parts, Naming(task, positive_label, hints or LabelHints()), {}, "DataFrame")
    if not allow_one_class:
        _require_classes(dataset)
    return dataset


def _require_classes(dataset: Dataset) -> None:
    for split in ("train", ALL_ROWS):
        if split in dataset.splits:
            dataset.require_classes(split)


class Naming(NamedTuple):
    """What is known of the labels beside themselves; see `labels.resolve_labels`."""

    task: Task | None = None
    positive: str | None = None
    hints: LabelHints = LabelHints()
    must_be_known: bool = True


def dataset_of(parts: dict[str, Rows], naming: Naming, metadata: dict[str, Any], source: str) -> Dataset:
    """Return the data set of rows by split; the labels of all splits are numbered together."""
    labels = [label for rows in parts.values() for label in rows.labels]
    resolved = numbered_labels(labels, naming, metadata, source)
    splits: dict[str, pd.DataFrame] = {}
    first = 0
    for split, rows in parts.items():
        splits[split] = _frame(rows, resolved.numbers[first : first + len(rows)])
        first += len(rows)
    return Dataset(splits, resolved.task, resolved.names, metadata, source)


def numbered_labels(
    labels: Sequence[str], naming: Naming, metadata: Mapping[str, Any], source: str
) -> ResolvedLabels:
    """Return the labels of all splits of a data set as numbers, by `labels.resolve_labels`."""
    written = _written_names(metadata)
    numbered = set(map(str, range(len(written))))
    is_numbered = bool(written) and naming.task != "regression" and numbered.issuperset(labels)
    if is_numbered and len(written) == 2:
        labels = [written[int(label)] for label in labels]
    try:
        resolved = resolve_labels(
            labels,
            naming.task,
            positive=naming.positive or metadata.get("positive_label"),
            # the numbers tell where the words of dataset.json do not
            hints=LabelHints(naming.hints.task, (*naming.hints.positives, *written[1:2])),
            must_be_known=naming.must_be_known,
        )
    except InputError as error:
        raise InputError(error.problem, source=source, remedy=error.remedy) from None
    for note in resolved.notes:
        LOGGER.info("%s: labels: %s", source, note)
    if is_numbered and resolved.task == "multiclass":
        resolved = resolved._replace(names=written)
    if naming.must_be_known:
        LOGGER.info("%s: %s", source, labels_line(resolved.numbers, resolved.task, resolved.names))
    return resolved


def _written_names(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of two or more classes in ``dataset.json``, in the order of their numbers."""
    names = metadata.get("label_names")
    names = tuple(str(name) for name in names) if isinstance(names, list) else ()
    return names if len(names) > 1 and len(set(names)) == len(names) else ()


def _frame(rows: Rows, labels: Any) -> pd.DataFrame:  # NumPy integers or floats
    import pandas as pd

    return pd.DataFrame(
        {
            "chrom": rows.contigs,
            "start": pd.array(rows.starts, dtype="Int64"),
            "end": pd.array(rows.ends, dtype="Int64"),
            "strand": rows.strands,
            "label": labels,
            "sequence": rows.sequences,
            "name": rows.names,
        }
    )


def split_files(folder: Path) -> dict[str, Path]:
    """Return the table of each split that a folder holds, in the order train, validation, test.

    Raises
    ------
    InputError
        When two files are the same split.
    """
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        match = _SPLIT_FILE.fullmatch(file.name)
        if match is None or not file.is_file():
            continue
        split = _SPLIT_OF.get(match["split"].lower(), "validation")
        if split in found:
            raise InputError(
                f"{found[split].name} and {file.name} are both the {split} split",
                source=folder,
                remedy="remove one of them",
            )
        found[split] = file
    return {split: found[split] for split in SPLIT_NAMES if split in found}


def _tables_of(folder: Path) -> dict[str, Path]:
    found = split_files(folder)
    if not found:
        raise InputError(
            "the folder has no train, validation (or dev) or test table",
            source=folder,
            remedy="give a folder that make-dataset wrote, or one table",
        )
    return found


def _read_metadata(folder: Path) -> dict[str, Any]:
    file = folder / METADATA_FILE
    if not file.exists():
        return {}
    try:
        content = json.loads("\n".join(text for _, text in read_text_lines(file)))
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg}",
            source=file,
            location=f"line {error.lineno}",
            remedy="make the data set again",
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise InputError("not usable JSON", source=file, remedy="make the data set again") from None
    if not isinstance(content, dict):
        raise InputError("not a JSON object", source=file, remedy="make the data set again")
    return content


def warn_of_digest(source: str) -> None:
    """Tell that the digest of the rows is not the one in ``dataset.json``."""
    LOGGER.warning("%s: the tables are not those that dataset.json describes (edited since?)", source)


def begins_as_fasta(path: Path | str) -> bool:
    """Return whether a file is FASTA by its name or its first letter."""
    if not is_stream(path) and Path(path).is_dir():
        return False
    if str(path).lower().removesuffix(".gz").removesuffix(".bgz").endswith(FASTA_ENDINGS):
        return True
    first = next((text for _, text in read_text_lines(path) if text.strip()), "")
    return first.startswith(">")


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
    """Refuse a folder that holds tables which the given splits would not replace, or inputs which they would.

    Raises
    ------
    InputError
        Naming the first such table.
    """
    if not Path(folder).is_dir():
        return
    for name in (*(f"{split}.tsv.gz" for split in splits), METADATA_FILE):
        check_no_input(Path(folder) / name)
    for split, file in split_files(Path(folder)).items():
        if split not in splits or file.name != f"{split}.tsv.gz":
            raise InputError(
                f"the folder already holds {file.name}, which would be read as part of this data set",
                source=folder,
                remedy="give a new folder",
            )
