"""The plain files in an archive, tar or zip, each checked before a byte of it is read."""

from __future__ import annotations

import contextlib
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, NamedTuple, cast

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import is_stream, open_binary, size_of

MAXIMUM_MEMBERS = 1000
MAXIMUM_TEXT_BYTES = 64 << 20
MAXIMUM_BYTES = 16 << 30
REMEDY = "pack one with finetune --archive, or the files of a model directory with tar"
_FREE_BYTES = 64 << 20
_LARGEST_RATIO = 50
_COPY_BYTES = 1 << 20
_ENCRYPTED = 1
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    UnicodeError,
    ValueError,
    OverflowError,
    NotImplementedError,
)


class Member(NamedTuple):
    """A plain file of an archive: its checked name, its size as stated, and how its bytes are read."""

    name: PurePosixPath
    size: int
    open: Callable[[], IO[bytes] | None]


class _Counted:
    """A stream that refuses to give more bytes than an archive of its size can honestly hold."""

    def __init__(self, stream: BinaryIO, source: Path) -> None:
        self._stream = stream
        self._source = source
        self._left = min(MAXIMUM_BYTES, max(_FREE_BYTES, _LARGEST_RATIO * size_of(source)))

    def follow(self, stream: BinaryIO) -> _Counted:
        """Go on counting in another stream."""
        self._stream = stream
        return self

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise InputError("unpacks to more than a model", source=self._source, remedy=REMEDY)
        return data


def members_of(source: Path) -> Iterator[Member]:
    """Yield the plain files of an archive; each is to be read before the next is asked for.

    Raises
    ------
    InputError
        No archive; a link, a device, an encrypted member or a name that leads out of the archive; more
        members or bytes than a model has, by number or by the ratio of unpacked to packed.
    """
    with _broken_said(source):
        is_zip = not is_stream(source) and zipfile.is_zipfile(source)
        yield from _zip_members(source) if is_zip else _tar_members(source)


def write_member(member: Member, target: Path, source: Path) -> None:
    """Write a member's bytes to a new file."""
    if member.name.suffix in (".json", ".txt") and member.size > MAXIMUM_TEXT_BYTES:
        raise InputError(f"has {member.size} bytes", source=source, location=str(member.name), remedy=REMEDY)
    with target.open("xb") as file, _broken_said(source):
        content = member.open()
        if content is None:
            raise InputError("cannot be read", source=source, location=str(member.name))
        while part := content.read(_COPY_BYTES):
            file.write(part)


@contextlib.contextmanager
def _broken_said(source: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"is neither a model directory nor a whole model archive ({reason})", source=source, remedy=REMEDY
        ) from None


def _tar_members(source: Path) -> Iterator[Member]:
    with open_binary(source) as stream:
        counted = cast(IO[bytes], _Counted(stream, source))
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            for number, member in enumerate(archive, start=1):
                _check_number(number, source)
                is_plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
                name = _checked_name(member.name, source, is_plain=is_plain or member.isdir())
                if not member.isdir():
                    yield Member(name, member.size, lambda item=member: archive.extractfile(item))  # type: ignore[misc]  # mypy infers no default


def _zip_members(source: Path) -> Iterator[Member]:
    with source.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        counted = _Counted(stream, source)
        for number, member in enumerate(archive.infolist(), start=1):
            _check_number(number, source)
            kind = stat.S_IFMT(member.external_attr >> 16)
            is_plain = kind in (0, stat.S_IFREG, stat.S_IFDIR) and not member.flag_bits & _ENCRYPTED
            name = _checked_name(member.filename, source, is_plain=is_plain)
            if member.is_dir():
                continue
            with archive.open(member) as content:
                reader = cast(IO[bytes], counted.follow(cast(BinaryIO, content)))
                yield Member(name, member.file_size, lambda file=reader: file)  # type: ignore[misc]


def _check_number(number: int, source: Path) -> None:
    if number > MAXIMUM_MEMBERS:
        raise InputError(f"holds more than {MAXIMUM_MEMBERS} members", source=source, remedy=REMEDY)


def _checked_name(text: str, source: Path, *, is_plain: bool) -> PurePosixPath:
    """Return the name of a member that is a plain file or a folder inside the archive."""

    def refused(problem: str) -> InputError:
        return InputError(problem, source=source, location=f"member {text[:80]!r}", remedy=REMEDY)

    if not is_plain:
        raise refused("links, devices, sparse and encrypted files are not allowed in a model archive")
    if text.startswith("/") or "\\" in text or not text.isprintable():
        raise refused("is not a plain relative name")
    name = PurePosixPath(text)
    if ".." in name.parts:
        raise refused("leads out of the archive")
    return name
