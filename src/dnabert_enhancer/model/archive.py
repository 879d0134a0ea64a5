"""A model directory as one file: packed into equal bytes, unpacked with every member checked."""

from __future__ import annotations

import gzip
import json
import logging
import re
import tarfile
import tempfile
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import IO, cast

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import COMPRESSION_LEVEL, remove_leftovers, remove_quietly, temporary_folder
from dnabert_enhancer.model.archive_members import REMEDY, members_of, write_member
from dnabert_enhancer.model.card import CARD_NAME
from dnabert_enhancer.model.checkpoint import SAFETENSORS_NAME
from dnabert_enhancer.model.configuration import CONFIG_NAME
from dnabert_enhancer.model.vocabulary_files import VOCABULARY_NAME

_log = logging.getLogger(__name__)
_TEXTS = (
    CONFIG_NAME,
    CARD_NAME,
    VOCABULARY_NAME,
    f"{SAFETENSORS_NAME}.index.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    "vocab.json",
)
_PIECE = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_CODE = (
    ".bin",
    ".pt",
    ".pth",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".joblib",
    ".h5",
    ".npy",
    ".npz",
    ".py",
    ".pyc",
    ".so",
)
_PICKLES = re.compile(r"pytorch_model(-\d{5}-of-\d{5})?\.bin(\.index\.json)?")
"""What a published checkpoint may hold beside: read without running anything (`checkpoint`)."""


def model_files(directory: str | PathLike[str]) -> list[Path]:
    """Return the files in a directory that belong to its model, by name; logs and records do not."""
    return sorted(entry for entry in Path(directory).iterdir() if entry.is_file() and _is_known(entry.name))


def write_archive(directory: str | PathLike[str], path: str | PathLike[str]) -> None:
    """Write the model files of a directory as a ``.tar.gz``; equal files give equal bytes.

    Parameters
    ----------
    directory : path
        A model directory; what is not of the model (logs, records) stays out.
    path : path
        The file to write; callers take it from an `OutputSet`.
    """
    with (
        Path(path).open("wb") as file,
        gzip.GzipFile(
            filename="", mode="wb", compresslevel=COMPRESSION_LEVEL, fileobj=file, mtime=0
        ) as packed,
        tarfile.open(fileobj=cast(IO[bytes], packed), mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for entry in model_files(directory):
            member = tarfile.TarInfo(f"model/{entry.name}")
            member.size = entry.stat().st_size
            member.mode = 0o644
            with entry.open("rb") as content:
                archive.addfile(member, content)


def unpacked(path: str | PathLike[str]) -> Path:
    """Return the model directory that an archive holds, unpacked for as long as this process lives.

    Parameters
    ----------
    path : path
        A tar file, plain or gzip, or a zip file. The files of one model, at the top or in one folder;
        documents and logs beside them are left out.

    Raises
    ------
    InputError
        No archive; a link, a device, a name that leads out of the archive; a pickle or code; two models; more
        members or bytes than a model has, by number or by the ratio of unpacked to packed.
    """
    source = Path(path)
    target = Path(tempfile.gettempdir()) / "dnabert-enhancer-model"
    remove_leftovers(target)
    folder = temporary_folder(target, 0o700)
    try:
        directory = _unpack(source, folder)
        _check(directory, source)
    except BaseException:
        remove_quietly(folder)
        raise
    return directory


def unpack_checkpoint(path: str | PathLike[str], folder: Path, part: str = "") -> Path:
    """Return the folder of the checkpoint that a published archive holds.

    Parameters
    ----------
    path : path
        A tar or zip file. Of the checkpoint's folder the files that `import_checkpoint` reads are unpacked;
        code, optimizer states, logs and the like are left out.
    folder : Path
        Where to unpack; it is made.
    part : str
        Text in the name of the folder that is meant, where there are several.

    Raises
    ------
    InputError
        As `unpacked`; no checkpoint, or several, which are listed.
    """
    source = Path(path)
    folder.mkdir(parents=True)
    homes: dict[PurePosixPath, Path] = {}
    for member in members_of(source):
        if not (_is_known(member.name.name) or _PICKLES.fullmatch(member.name.name)):
            continue
        home = member.name.parent
        if home not in homes:
            homes[home] = folder / f"{len(homes)}-{_folder_name(home.name, source)}"
            homes[home].mkdir()
        if (homes[home] / member.name.name).exists():
            raise InputError(f"holds {member.name} twice", source=source, remedy=REMEDY)
        write_member(member, homes[home] / member.name.name, source)
    found = [home for home, place in homes.items() if (place / CONFIG_NAME).is_file()]
    fitting = [home for home in found if part in str(home)] if len(found) > 1 and part else found
    if len(fitting) != 1:
        if not found:
            raise InputError(f"is an archive without a model ({CONFIG_NAME})", source=source, remedy=REMEDY)
        raise InputError(
            f"holds {len(found)} checkpoints: {', '.join(sorted(map(str, found)))}",
            source=source,
            remedy="unpack it, and import the right folder",
        )
    _check(homes[fitting[0]], source)
    return homes[fitting[0]]


def _unpack(source: Path, folder: Path) -> Path:
    """Write the files of the model into a folder of their own in `folder`, which is returned."""
    seen: set[PurePosixPath] = set()
    home: PurePosixPath | None = None
    left_out = 0
    directory = folder / "model"
    for member in members_of(source):
        name = member.name
        if name.suffix.lower() in _CODE:
            raise InputError(
                "is a pickle or code, which a model archive must not hold",
                source=source,
                location=f"member {str(name)[:80]!r}",
                remedy=REMEDY,
            )
        if not _is_known(name.name):
            left_out += 1
            continue
        if home is None:
            home = name.parent
            directory = folder / _folder_name(home.name, source)
            directory.mkdir()
        if name.parent != home or name in seen:
            first = home / name.name
            raise InputError(f"holds two models ({first} and {name})", source=source, remedy=REMEDY)
        seen.add(name)
        write_member(member, directory / name.name, source)
    if home is None:
        raise InputError(f"is an archive without a model ({CONFIG_NAME})", source=source, remedy=REMEDY)
    if left_out:
        _log.info("%s: %d files that are not of the model were left out", source, left_out)
    return directory


def _is_known(name: str) -> bool:
    return name in (*_TEXTS, SAFETENSORS_NAME) or _PIECE.fullmatch(name) is not None


def _folder_name(inside: str, source: Path) -> str:
    """Return a name for the folder, which becomes the name of a model without a card."""
    stem = inside or re.sub(r"(\.tar)?(\.t?gz|\.tar|\.zip)?$", "", source.name)
    return re.sub(r"[^A-Za-z0-9._-]", "_", stem).lstrip(".-")[:80] or "model"


def _check(directory: Path, source: Path) -> None:
    """Refuse files whose content is not what their name says, where nothing later would."""
    for path in sorted(directory.glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise InputError("is not a JSON object", source=source, location=path.name)
