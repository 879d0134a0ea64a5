"""A model directory as one file: packed into equal bytes, unpacked with every member checked."""

from __future__ import annotations

import atexit
import contextlib
import gzip
import json
import logging
import re
import tarfile
import tempfile
from collections.abc import Iterator
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import open_binary, remove_leftovers, remove_quietly, sha256_of, temporary_beside
from dnabert_enhancer.model.card import CARD_NAME
from dnabert_enhancer.model.checkpoint import SAFETENSORS_NAME
from dnabert_enhancer.model.directory import CONFIG_NAME, ONNX_INT8_NAME, ONNX_NAME, VOCABULARY_NAME

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
_ONNX = (ONNX_NAME, ONNX_INT8_NAME)
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
_EXTERNAL = b"location"
"""The key that a tensor of an ONNX file must carry, in these letters, to name another file."""

MAXIMUM_MEMBERS = 1000
MAXIMUM_TEXT_BYTES = 64 << 20
MAXIMUM_BYTES = 16 << 30
_FREE_BYTES = 64 << 20
_LARGEST_RATIO = 50
_COPY_BYTES = 1 << 20
_REMEDY = "pack one with finetune --archive, or the files of a model directory with tar"


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
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed,
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
        A tar file, plain or gzip. The files of one model, at the top or in one folder; documents and logs
        beside them are left out.

    Raises
    ------
    InputError
        No archive; a link, a device, a name that leads out of the archive; a pickle or code; two models; more
        members or bytes than a model has, by number or by the ratio of unpacked to packed.
    """
    source = Path(path)
    target = Path(tempfile.gettempdir()) / "dnabert-enhancer-model"
    remove_leftovers(target)
    folder = temporary_beside(target)
    folder.mkdir(mode=0o700)
    atexit.register(remove_quietly, folder)
    try:
        directory = _unpack(source, folder)
        _check(directory, source)
    except BaseException:
        remove_quietly(folder)
        raise
    return directory


class _Counted:
    """A stream that refuses to give more bytes than an archive of its size can honestly hold."""

    def __init__(self, stream: BinaryIO, source: Path) -> None:
        self._stream = stream
        self._source = source
        self._left = min(MAXIMUM_BYTES, max(_FREE_BYTES, _LARGEST_RATIO * source.stat().st_size))

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise InputError("unpacks to more than a model", source=self._source, remedy=_REMEDY)
        return data


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    with open_binary(source) as stream:
        counted = cast(IO[bytes], _Counted(stream, source))
        try:
            with tarfile.open(fileobj=counted, mode="r|") as archive:
                yield archive
        except (tarfile.TarError, EOFError, UnicodeError, ValueError, OverflowError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(
                f"is neither a model directory nor a whole model archive ({reason})",
                source=source,
                remedy=_REMEDY,
            ) from None


def _unpack(source: Path, folder: Path) -> Path:
    """Write the files of the model into a folder of their own in `folder`, which is returned."""
    seen: set[PurePosixPath] = set()
    home: PurePosixPath | None = None
    left_out = 0
    directory = folder / "model"
    with _opened(source) as archive:
        for number, member in enumerate(archive, start=1):
            if number > MAXIMUM_MEMBERS:
                raise InputError(f"holds more than {MAXIMUM_MEMBERS} members", source=source, remedy=_REMEDY)
            name = _checked_name(member, source)
            if member.isdir():
                continue
            if not _is_known(name.name):
                left_out += 1
                continue
            if home is None:
                home = name.parent
                directory = folder / _folder_name(home.name, source)
                directory.mkdir()
            if name.parent != home or name in seen:
                first = home / name.name
                raise InputError(f"holds two models ({first} and {name})", source=source, remedy=_REMEDY)
            seen.add(name)
            _write_member(archive, member, directory / name.name, source)
    if home is None:
        raise InputError(f"is an archive without a model ({CONFIG_NAME})", source=source, remedy=_REMEDY)
    if left_out:
        _log.info("%s: %d files that are not of the model were left out", source, left_out)
    return directory


def _checked_name(member: tarfile.TarInfo, source: Path) -> PurePosixPath:
    """Return the name of a member that is a plain file or a folder inside the archive."""

    def refused(problem: str) -> InputError:
        return InputError(problem, source=source, location=f"member {member.name[:80]!r}", remedy=_REMEDY)

    if not (member.isdir() or (member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse())):
        raise refused("links, devices and sparse files are not allowed in a model archive")
    if member.name.startswith("/") or "\\" in member.name or not member.name.isprintable():
        raise refused("is no plain relative name")
    name = PurePosixPath(member.name)
    if ".." in name.parts:
        raise refused("leads out of the archive")
    if name.suffix.lower() in _CODE:
        raise refused("is a pickle or code, which a model archive must not hold")
    return name


def _is_known(name: str) -> bool:
    return name in (*_TEXTS, *_ONNX, SAFETENSORS_NAME) or _PIECE.fullmatch(name) is not None


def _folder_name(inside: str, source: Path) -> str:
    """Return a name for the folder, which becomes the name of a model without a card."""
    stem = inside or re.sub(r"(\.tar)?(\.t?gz|\.tar)?$", "", source.name)
    return re.sub(r"[^A-Za-z0-9._-]", "_", stem).lstrip(".-")[:80] or "model"


def _write_member(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, source: Path) -> None:
    if member.name.endswith((".json", ".txt")) and member.size > MAXIMUM_TEXT_BYTES:
        raise InputError(f"has {member.size} bytes", source=source, location=member.name, remedy=_REMEDY)
    content = archive.extractfile(member)
    if content is None:
        raise InputError("cannot be read", source=source, location=member.name)
    with target.open("xb") as file:
        while part := content.read(_COPY_BYTES):
            file.write(part)


def _check(directory: Path, source: Path) -> None:
    """Refuse files whose content is not what their name says, where nothing later would."""
    for path in sorted(directory.glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise InputError("is not a JSON object", source=source, location=path.name)
    weights = directory / SAFETENSORS_NAME
    for path in (directory / name for name in _ONNX):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if _EXTERNAL in data:
            raise InputError("names files outside of the archive", source=source, location=path.name)
        if not weights.is_file() or sha256_of(weights).encode() not in data:
            raise InputError(
                f"was not made from the {SAFETENSORS_NAME} beside it", source=source, location=path.name
            )
