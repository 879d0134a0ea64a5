"""Which files a command line names as inputs, so that no output of the command replaces one."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dnabert_enhancer.commands.options import Options
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import check_no_input

INPUTS = frozenset(
    {
        *("annotate", "assembly_report", "base_model", "calls", "catalogue", "chain", "clinical", "database"),
        *("databases", "dataset", "dbsnp", "exclude", "exclude_duplicates_of", "fasta", "gaps", "genes"),
        *("genome", "genome_sizes", "input", "merge", "model", "motifs", "negatives", "negatives_from"),
        *(
            "null_exclude",
            "part",
            "planned",
            "published",
            "regions",
            "scanned",
            "screen",
            "sequences",
            "source",
            "splits",
        ),
        *("tf", "tf_panel", "train_dataset", "train_negatives", "tsv", "validation", "variant_list", "vcf"),
    }
)
"""Options whose values are or name files that are read; models may be calibrated in place, runs are kept as
the report finds them."""
_FOLDERS = ("output_dir", "track_hub")
_RECORD = "run.json"


def input_paths(options: Options) -> Iterator[str | Path]:
    """Yield the files and folders that a command's options name, and of models and data sets the files."""
    for name in sorted(INPUTS & set(options)):
        for text in _texts(options[name]):
            yield from named_files(text)


def named_files(text: str) -> Iterator[str | Path]:
    """Yield what may be a path in ``NAME=PATH,key=value`` or ``PATH:OUTPUT``; of a folder its files, too."""
    for part in {text, text.partition("=")[2]}:
        for end in (*(mark.start() for mark in re.finditer("[,:]", part)), len(part)):
            path = part[:end]
            yield path
            if os.path.isdir(path):  # noqa: PTH112  a text that is too long is none
                yield from _files_of(Path(path))


def check_outputs(options: Options) -> None:
    """Raise `InputError` where outputs lack a name, or a folder or record to be written is read."""
    for name in _FOLDERS:
        if name in options:
            check_no_input(options[name])
            check_no_input(os.path.join(options[name], _RECORD))  # noqa: PTH118  may be an empty text
    if "output_prefix" in options:
        prefix = options["output_prefix"]
        if prefix.rpartition("/")[2] in ("", ".", ".."):
            raise InputError(
                f"--output-prefix {prefix!r} has no file name",
                remedy=f"give a path with a name, such as {os.path.join(prefix, 'run')}",  # noqa: PTH118  as above
            )
        check_no_input(f"{prefix}.{_RECORD}")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, (str, os.PathLike)):
        yield os.fspath(value)


def _files_of(folder: Path) -> Iterator[Path]:
    """Yield the files of a model, of models in sub-folders, or of a data set."""
    from dnabert_enhancer.dataset import METADATA_FILE, split_files
    from dnabert_enhancer.model import CONFIG_NAME, model_files

    with contextlib.suppress(OSError, InputError):  # told by what reads the folder
        for place in (folder, *(path.parent for path in folder.glob(f"*/{CONFIG_NAME}"))):
            yield from model_files(place)
        yield folder / METADATA_FILE
        yield from split_files(folder).values()
