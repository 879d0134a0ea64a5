"""Outputs that appear whole or not at all: written beside their place, renamed together at the end."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self, TextIO, cast

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.files.bgzip import open_bgzip
from dnabert_enhancer.files.inputs import check_no_input
from dnabert_enhancer.files.temporary import (
    let_go,
    remove_leftovers,
    remove_quietly,
    temporary_file,
    temporary_folder,
)

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_FINISHED: list[Path] = []
_INTERRUPTS = threading.local()


class _Output(NamedTuple):
    """Where a file is written, and where it belongs; equal for a device or a pipe."""

    temporary: Path
    final: Path


class OutputSet:
    r"""The outputs of one run, as a context manager.

    Inside the block every output has a temporary, hidden name in the folder where it belongs. When the
    block ends well, all are renamed in the order in which they were asked for; the one asked for last
    therefore marks the set as complete, and an older file of that name is removed before the first is
    renamed. When the block fails, all are removed. What a killed process left for the same output is
    removed by the next.

    Raises
    ------
    InputError
        An output that is a folder, that is asked for twice, that would replace an input of the command (see
        `inputs_kept`), or whose folder cannot be made or written.
    ResourceError
        No space left while writing.

    Examples
    --------
    >>> with OutputSet() as out, out.open_text("calls.bed.gz") as calls:  # doctest: +SKIP
    ...     calls.write("chr1\t0\t200\n")
    """

    def __init__(self) -> None:
        self._outputs: list[_Output] = []
        self._streams: list[IO[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._commit()
            except BaseException as late:
                self.discard()
                self._explain(late)
                raise
        else:
            self.discard()
            self._explain(error)

    def path(self, final: str | os.PathLike[str]) -> Path:
        """Return the temporary path under which an output is to be written.

        Parameters
        ----------
        final : str or path
            Where it belongs. Parent folders are made. A device or a pipe is returned as it is.

        Returns
        -------
        Path
            An empty file in the same folder, with the same ending.
        """
        if (direct := _device(final)) is not None:
            check_no_input(direct)
            self._outputs.append(_Output(direct, direct))
            return direct
        target = self._target(final)
        with _writable(target):
            temporary = temporary_file(target)
            self._outputs.append(_Output(temporary, target))
        return temporary

    def directory(self, final: str | os.PathLike[str]) -> Path:
        """Return a temporary folder that becomes `final`, which must not exist or be empty."""
        target = self._target(final, folder=True)
        with _writable(target):
            temporary = temporary_folder(target)
            self._outputs.append(_Output(temporary, target))
        return temporary

    def open_text(self, final: str | os.PathLike[str]) -> TextIO:
        r"""Open an output for text: UTF-8, ``\n``; bgzip when the name ends in ``.gz``.

        The same text gives the same bytes. The stream is closed with the set, or earlier by the caller.
        """
        stream_number = _own_stream(final)
        if stream_number is not None:
            check_no_input(final)
            stream: TextIO = os.fdopen(os.dup(stream_number), "w", encoding="utf-8", newline="\n")
            self._streams.append(stream)
            return stream
        temporary = self.path(final)
        if temporary.name.endswith(".gz"):
            stream = io.TextIOWrapper(open_bgzip(temporary), encoding="utf-8", newline="\n")
        else:
            stream = cast(TextIO, temporary.open("a", encoding="utf-8", newline="\n", buffering=1 << 18))
        self._streams.append(stream)
        return stream

    def _target(self, final: str | os.PathLike[str], *, folder: bool = False) -> Path:
        given = os.fspath(final)
        if "\0" in given:
            raise InputError("the output cannot be written (zero byte in its name)", source=repr(given))
        if not given or (given.endswith("/") and not folder):
            raise InputError(
                "an output needs a file name", source=given or "''", remedy="give a path to a file"
            )
        check_no_input(given)
        target = Path(os.path.realpath(given))
        with _writable(target):
            is_folder = target.is_dir()
        if is_folder:
            if not folder:
                raise InputError("the output is a folder", source=given, remedy="give a path to a file")
            if any(target.iterdir()):
                raise InputError(
                    "the output folder is not empty", source=given, remedy="give a new or an empty folder"
                )
        elif folder and target.exists():
            raise InputError(
                "the output folder is a file", source=given, remedy="give a new or an empty folder"
            )
        if any(output.final == target for output in self._outputs):
            raise InputError(
                "two outputs have the same path", source=given, remedy="give them different names"
            )
        with _writable(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        return target

    def _commit(self) -> None:
        self._close_streams()
        renamed = [output for output in self._outputs if output.temporary != output.final]
        for output in renamed:
            _check_written(output.temporary)
            check_no_input(output.final)  # what the run came to read meanwhile
        with uninterrupted():
            if len(renamed) > 1 and renamed[-1].final.is_file():
                renamed[-1].final.unlink()
            for output in renamed:
                with _writable(output.final):
                    output.temporary.replace(output.final)
                let_go(output.temporary)
            _FINISHED.extend(output.final for output in renamed)

    def _close_streams(self) -> None:
        for stream in self._streams:
            stream.close()

    def discard(self) -> None:
        """Remove what was written so far and close the streams; the set is then of no more use.

        An interrupt in the middle leaves no file behind; closing comes second, since a pipe that nobody reads
        makes it wait until it is interrupted.
        """
        with uninterrupted():
            for output in self._outputs:
                if output.temporary != output.final:
                    remove_quietly(output.temporary)
        for stream in self._streams:
            with contextlib.suppress(OSError, ValueError):
                stream.close()

    def _explain(self, error: BaseException) -> None:
        """Turn a bare "no space left" into an error that names the place."""
        if isinstance(error, OSError) and error.errno in _NO_SPACE and self._outputs:
            places = ", ".join(sorted({str(output.final.parent) for output in self._outputs}))
            raise ResourceError(
                f"no space left for the output ({error.strerror})",
                source=places,
                remedy="free some space or choose another place for the output",
            ) from error


def finished_outputs() -> list[Path]:
    """Return the outputs that this process has finished, in that order."""
    return list(_FINISHED)


def interrupt() -> None:
    """Raise KeyboardInterrupt; in the middle of renaming outputs only when that is done."""
    if getattr(_INTERRUPTS, "depth", 0):
        _INTERRUPTS.pending = True
    else:
        raise KeyboardInterrupt


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off what `interrupt` raises to the end of the block."""
    depth = getattr(_INTERRUPTS, "depth", 0)
    _INTERRUPTS.depth = depth + 1
    try:
        yield
    finally:
        _INTERRUPTS.depth = depth
    if not depth and getattr(_INTERRUPTS, "pending", False):
        _INTERRUPTS.pending = False
        raise KeyboardInterrupt


def check_output(final: str | os.PathLike[str]) -> None:
    """Raise now what asking an `OutputSet` for the output would raise after hours of work."""
    outputs = OutputSet()
    try:
        outputs.path(final)
    finally:
        outputs.discard()


def write_through(path: Path) -> None:
    """Wait until a file is on the disk: a full disk may say so only now."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


@contextlib.contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise
        raise InputError(
            f"the output cannot be written ({error.strerror})",
            source=target,
            remedy="choose another place for it",
        ) from None


def _own_stream(final: str | os.PathLike[str]) -> int | None:
    """Return the number of the process's own open stream that a path such as ``/dev/stdout`` means."""
    match = re.fullmatch(r"/dev/(?:std(out|err)|fd/(\d+))", os.fspath(final))
    if match is None:
        return None
    return int(match.group(2)) if match.group(2) else {"out": 1, "err": 2}[match.group(1)]


def _device(final: str | os.PathLike[str]) -> Path | None:
    """Return a path that is written in place: a device or a pipe."""
    path = Path(final)
    with _writable(path):
        is_special = path.exists() and not path.is_file() and not path.is_dir()
    return path if is_special or _own_stream(final) is not None else None


def _check_written(temporary: Path) -> None:
    if temporary.is_file():
        write_through(temporary)
    elif not temporary.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the output was not written", str(temporary))
