"""Shard files: ZIP archives of NumPy arrays, JSON and texts, whose header is written last.

``numpy.load`` opens one. Members of the whole file are ``NAME.npy``; members of numbered blocks
``000123/NAME.npy``, ``000123/NAME.json`` and ``000123/NAME.txt``. The last member is ``header.json`` with the
format's name: a file that broke off has none. Time stamps are fixed, so that equal content has equal bytes,
and the ZIP's CRC-32 is checked whenever a member is read.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import IdleFile, is_stream, open_stream

SHARD_SUFFIX = ".scores"
_HEADER = "header.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TEXT_LEVEL = 1
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


class ShardBlock(NamedTuple):
    """A numbered block of a shard file.

    Attributes
    ----------
    number : int
        Its place among the blocks of the whole run, from 0.
    arrays : mapping of str to array
    json : mapping of str to JSON value
    texts : mapping of str to bytes
        `json` and `texts` are empty when only the arrays were read.
    """

    number: int
    arrays: Mapping[str, NDArray[Any]]
    json: Mapping[str, Any] = {}
    texts: Mapping[str, bytes] = {}


class ShardWriter:
    """Writes a shard file; a context manager that lets go of the file after an error.

    Parameters
    ----------
    target : path or binary file
        Where to write; a file object, such as a nameless temporary file, is left open.
    format : str
        Name and version of what the file holds, which the reader asks for.
    """

    def __init__(self, target: str | os.PathLike[str] | IO[bytes], format: str) -> None:
        self._format = format
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED)
        self._stream: IO[bytes] | None = None
        self._missing = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        # closing writes, and fails again where the disk is full
        for part in (self._stream, self._zip):
            with contextlib.suppress(OSError, ValueError):
                if part is not None:
                    part.close()

    def begin_array(self, name: str, shape: tuple[int, ...], dtype: str) -> None:
        """Announce an array that `append_rows` will fill before anything else is written.

        Parameters
        ----------
        shape : tuple of int
            Of the whole array; the first is the number of rows.
        dtype : str
            As NumPy writes it, such as ``"<f4"``.
        """
        self._end_array()
        self._stream = self._zip.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True)
        np.lib.format.write_array_header_1_0(
            self._stream, {"descr": dtype, "fortran_order": False, "shape": shape}
        )
        self._missing = shape[0]

    def append_rows(self, rows: NDArray[Any]) -> None:
        """Append rows of the announced dtype to the announced array."""
        assert self._stream is not None
        self._missing -= len(rows)
        self._stream.write(np.ascontiguousarray(rows).tobytes())

    def add_array(self, name: str, array: NDArray[Any], *, compress: bool = False) -> None:
        """Add an array as a whole; Python objects are refused with a ValueError."""
        content = io.BytesIO()
        np.lib.format.write_array(content, array, allow_pickle=False)
        self._add(f"{name}.npy", content.getvalue(), zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)

    def add_block(self, block: ShardBlock) -> None:
        """Add the next numbered block: arrays as they are, JSON and texts deflated."""
        folder = f"{block.number:06d}"
        for name, array in block.arrays.items():
            self.add_array(f"{folder}/{name}", array)
        for name, value in block.json.items():
            content = json.dumps(value, separators=(",", ":")).encode()
            self._add(f"{folder}/{name}.json", content, zipfile.ZIP_DEFLATED, _TEXT_LEVEL)
        for name, text in block.texts.items():
            self._add(f"{folder}/{name}.txt", text, zipfile.ZIP_DEFLATED, _TEXT_LEVEL)

    def finish(self, header: Mapping[str, Any]) -> None:
        """Write the header; only now is the file whole.

        Raises
        ------
        ValueError
            Rows that `begin_array` announced were not written.
        """
        self._end_array()
        content = json.dumps({"format": self._format, **header}, indent=1) + "\n"
        self._add(_HEADER, content.encode(), zipfile.ZIP_DEFLATED)
        self._zip.close()

    def _add(self, name: str, content: bytes, method: int, level: int | None = None) -> None:
        self._end_array()
        self._zip.writestr(zipfile.ZipInfo(name, _EPOCH), content, method, level)

    def _end_array(self) -> None:
        if self._stream is None:
            return
        if self._missing:
            raise ValueError(f"{self._missing} rows were announced but not written")
        self._stream.close()
        self._stream = None


class ShardFile:
    """A shard file, open for reading.

    Parameters
    ----------
    source : path or binary file
        What `ShardWriter` wrote.
    format : str
        What it must hold.

    Attributes
    ----------
    name : str
        For messages.
    header : dict
        What `ShardWriter.finish` was given.

    Raises
    ------
    InputError
        No file, one of another format, or one that broke off; later, when a member is read, a damaged one.
    """

    def __init__(self, source: str | os.PathLike[str] | IO[bytes], format: str) -> None:
        is_path = isinstance(source, (str, os.PathLike))
        self.name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "the scores"
        if is_path and Path(self.name).is_dir():
            raise InputError(
                "a folder, not a shard file", source=self.name, remedy="give a file that --shard wrote"
            )
        try:
            opened: Any = source  # binary files of several types, for which zipfile has no common one
            if is_path:
                opened = open_stream(self.name) if is_stream(self.name) else IdleFile(self.name)
            self._source = opened
            with self._whole("not a whole shard file"), contextlib.ExitStack() as stack:
                stack.callback(self._let_go)
                self._zip = zipfile.ZipFile(opened)
                self.header: dict[str, Any] = json.loads(self._zip.read(_HEADER))
                found = self.header.pop("format")
                stack.pop_all()
        except OSError as error:
            problem = (
                "no such file" if isinstance(error, FileNotFoundError) else f"cannot open: {error.strerror}"
            )
            raise InputError(problem, source=self.name, remedy="check the path") from None
        if found != format:
            self._let_go()
            raise InputError(
                f"holds {found!r}, not {format!r}",
                source=self.name,
                remedy="give shards that the same command and version wrote",
            )

    def array(self, name: str) -> NDArray[Any]:
        """Return an array as a whole."""
        with self._whole():
            return self._array(f"{name}.npy")

    def rows(self, name: str, size: int) -> Iterator[NDArray[Any]]:
        """Yield an array in order, `size` rows at a time (the last piece may be shorter)."""
        with self._whole(), self._zip.open(f"{name}.npy") as member:
            if np.lib.format.read_magic(member) != (1, 0):
                raise ValueError("another version of NumPy's format")
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
            row_bytes = dtype.itemsize * int(np.prod(shape[1:]))
            for first in range(0, shape[0], size):
                count = min(size, shape[0] - first)
                yield np.frombuffer(member.read(row_bytes * count), dtype).reshape(count, *shape[1:])
            member.read(1)  # at the end the CRC-32 of all bytes is checked

    def blocks(self, *, with_texts: bool = True) -> Iterator[ShardBlock]:
        """Yield the blocks in the order in which they were written.

        Parameters
        ----------
        with_texts : bool
            Whether to read JSON and texts beside the arrays.
        """
        for folder in self._folders:
            yield self._block(folder, with_texts=with_texts)

    def block(self, number: int) -> ShardBlock:
        """Return one block by its place in the file, from 0."""
        return self._block(list(self._folders)[number], with_texts=True)

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        folders: dict[str, list[str]] = {}
        for path in self._zip.namelist():
            folder, slash, member = path.partition("/")
            if slash:
                folders.setdefault(folder, []).append(member)
        return folders

    def _block(self, folder: str, *, with_texts: bool) -> ShardBlock:
        with self._whole():
            arrays, values, texts = {}, {}, {}
            for member in self._folders[folder]:
                name, _, ending = member.rpartition(".")
                if ending == "npy":
                    arrays[name] = self._array(f"{folder}/{member}")
                elif with_texts and ending == "json":
                    values[name] = json.loads(self._zip.read(f"{folder}/{member}"))
                elif with_texts:
                    texts[name] = self._zip.read(f"{folder}/{member}")
            return ShardBlock(int(folder), arrays, values, texts)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._let_go()

    def _let_go(self) -> None:
        if isinstance(self._source, IdleFile):
            self._source.close()

    def _array(self, path: str) -> NDArray[Any]:
        return np.lib.format.read_array(io.BytesIO(self._zip.read(path)), allow_pickle=False)

    @contextlib.contextmanager
    def _whole(self, problem: str = "the shard file is damaged") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno != errno.EINVAL:  # a place before the start of the file
                raise
            raise InputError(problem, source=self.name, remedy="run this shard again") from None
        except _READ_ERRORS:
            raise InputError(problem, source=self.name, remedy="run this shard again") from None
