"""The store: models that were brought once, as model directories, shared by all processes of a machine."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dnabert_enhancer.catalogue.fetching import digest_of
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.files import (
    CACHE_VARIABLE,
    cache_directory,
    let_go,
    remove_leftovers,
    remove_quietly,
    temporary_file,
    temporary_folder,
    wanted_cache_directory,
)

STORE_FORMAT = 1
RECORD_NAME = "stored.json"
_FORMAT_NAME = "store.json"
_LOCKS = ".locks"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class StoredModel:
    """What the store knows of a model.

    Parameters
    ----------
    name : str
        As users write it: a name of the catalogue, or a place.
    source : str
        Where it came from, with the commit.
    brought : str
        When, in UTC.
    files : dict of str to str
        SHA-256 of the files of the model directory by name.
    directory : Path
        Where it lies.
    """

    name: str
    source: str
    brought: str
    files: dict[str, str]
    directory: Path

    @property
    def size_bytes(self) -> int:
        """Bytes on the disk."""
        return sum((self.directory / name).stat().st_size for name in self.files)

    def damage(self) -> str:
        """Return what is wrong with its files, an empty text where they are as they were written."""
        for name, digest in self.files.items():
            path = self.directory / name
            if not path.is_file():
                return f"{name} is missing"
            if digest_of(path) != digest:
                return f"{name} has changed"
        return ""


class Store:
    """The folder ``models`` of the cache folder.

    Parameters
    ----------
    folder : Path, optional
        Another one.

    Notes
    -----
    A model is made under another name and renamed when it is whole, with a lock held, so that two processes
    that want the same one make it once; what a killed process left is removed by the next.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = (wanted_cache_directory() or cache_directory()) / "models"
        self.folder = folder

    def find(self, name: str) -> StoredModel | None:
        """Return a model by the name under which it was brought, None where it is not here.

        Raises
        ------
        InputError
            A store that a newer version has written, or a record that cannot be read.
        """
        directory = self.folder / _key(name)
        if not directory.is_dir():
            return None
        self._check_format()
        return _record_of(directory)

    def __iter__(self) -> Iterator[StoredModel]:
        """Yield all models by name."""
        if not self.folder.is_dir():
            return
        self._check_format()
        found = [
            _record_of(path)
            for path in self.folder.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        ]
        yield from sorted(found, key=lambda model: model.name.casefold())

    def find_or_make(self, name: str, make: Callable[[Path], str]) -> StoredModel:
        """Return a model, made where it is not here.

        Parameters
        ----------
        name : str
            Under which it is found.
        make : callable
            Called with an empty folder that it makes a model directory; returns where from.

        Raises
        ------
        ResourceError
            A store that cannot be written; no space left.
        """
        if (found := self.find(name)) is not None:
            return found
        final = self.folder / _key(name)
        with self._locked(final):
            if (found := self.find(name)) is not None:  # another process has made it meanwhile
                return found
            remove_leftovers(final)
            temporary = final
            try:
                temporary = temporary_folder(final)
                self._write_record(temporary, name, make(temporary))
                temporary.rename(final)
            except OSError as error:
                if error.errno not in _NO_SPACE:
                    raise
                raise ResourceError(
                    f"no space left for {name}",
                    source=self.folder,
                    remedy=f"free some (models remove NAME), or set {CACHE_VARIABLE} to another folder",
                ) from None
            finally:
                if temporary != final:
                    remove_quietly(temporary)
        return _record_of(final)

    def remove(self, name: str) -> None:
        """Remove a model.

        Raises
        ------
        InputError
            It is not here.
        """
        directory = self.folder / _key(name)
        if not directory.is_dir():
            here = ", ".join(model.name for model in self) or "nothing"
            raise InputError(f"no model {name!r} in the store", source=self.folder, remedy=f"it has {here}")
        with self._locked(directory):
            gone = temporary_folder(directory)
            directory.replace(gone)
            remove_quietly(gone)

    def rewrite(self, name: str, change: Callable[[Path], None]) -> StoredModel:
        """Let a function change the files of a model, with the lock held, and record their digests anew."""
        found = self.find(name)
        if found is None:
            raise InputError(f"no model {name!r} in the store", source=self.folder)
        with self._locked(found.directory):
            change(found.directory)
            self._write_record(found.directory, name, found.source, brought=found.brought)
        return _record_of(found.directory)

    def _check_format(self) -> None:
        path = self.folder / _FORMAT_NAME
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            number = int(content["format"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                "cannot be read", source=path, remedy=f"remove the folder, or set {CACHE_VARIABLE}"
            ) from None
        if number > STORE_FORMAT:
            raise InputError(
                f"the store has format {number}, which a newer version has written",
                source=self.folder,
                remedy=f"update dnabert-enhancer, or set {CACHE_VARIABLE} to another folder",
            )

    @contextlib.contextmanager
    def _locked(self, final: Path) -> Iterator[None]:
        from filelock import FileLock

        try:
            (self.folder / _LOCKS).mkdir(parents=True, exist_ok=True)
            path = self.folder / _FORMAT_NAME
            if not path.exists():
                beside = temporary_file(path)
                beside.write_text(json.dumps({"format": STORE_FORMAT}) + "\n", encoding="utf-8")
                beside.replace(path)
                let_go(beside)
            self._check_format()
            lock = FileLock(self.folder / _LOCKS / f"{final.name}.lock")
            lock.acquire()
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise ResourceError("no space left", source=self.folder) from None
            raise ResourceError(
                f"the store cannot be written ({error.strerror})",
                source=self.folder,
                remedy=f"run dnabert-enhancer models get where it can, or set {CACHE_VARIABLE}",
            ) from None
        try:
            yield
        finally:
            lock.release()

    @staticmethod
    def _write_record(directory: Path, name: str, source: str, *, brought: str | None = None) -> None:
        files = {
            path.name: digest_of(path)
            for path in sorted(directory.iterdir())
            if path.is_file() and path.name != RECORD_NAME
        }
        content: dict[str, Any] = {
            "format": STORE_FORMAT,
            "name": name,
            "source": source,
            "brought": brought or datetime.now(UTC).isoformat(timespec="seconds"),
            "files": files,
        }
        temporary = temporary_file(directory / RECORD_NAME)
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(content, indent=2) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(directory / RECORD_NAME)
        let_go(temporary)


def _record_of(directory: Path) -> StoredModel:
    path = directory / RECORD_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if int(content["format"]) > STORE_FORMAT:
            raise InputError(
                "was stored by a newer version", source=directory, remedy="update dnabert-enhancer"
            )
        files = {str(name): str(digest) for name, digest in content["files"].items()}
        return StoredModel(
            str(content["name"]), str(content["source"]), str(content["brought"]), files, directory
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "is not a stored model: its record cannot be read", source=path, remedy="remove the folder"
        ) from None


def _key(name: str) -> str:
    """Return the folder of a name: readable, and unlike that of any other name."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "--", name).strip(".-")[:100]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
