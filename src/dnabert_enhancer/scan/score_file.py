"""The file that a shard leaves: raw scores of a run of windows, counts for the null, and what made them.

A ZIP of NumPy arrays that ``numpy.load`` opens, with a JSON header:

``scores.npy``
    float32[windows, 2]: ranking score (logit) and score (probability) of each window; NaN where skipped.
``scored_counts.npy``, ``null_counts.npy``
    int64[`nulls.SCORE_BINS`]: how many real and shuffled windows have a ranking score in each bin.
``contig_index.npy``, ``start.npy``, ``end.npy``
    The spans of the whole scan, as in `grid.ScanGrid`.
``header.json``
    `ScoreHeader`, last in the file: a file that broke off has none.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan.grid import ScanGrid

FORMAT = "dnabert-enhancer scores 1"
SCORES_SUFFIX = ".scores"
_SCORES = "scores.npy"
_HEADER = "header.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ScoreHeader:
    """What a score file says about itself.

    Parameters
    ----------
    settings : mapping
        All that the scores depend on: model, genome, grid, engine, null. Shards of one scan have it equal.
    calls : mapping
        ``threshold`` and ``merge_gap`` to make calls with, unless others are asked for.
    contigs : tuple of (str, int)
        Contigs of the genome, sorted by name.
    windows : tuple of (int, int)
        Numbers of the first window in the file and of the one after the last.
    shard : tuple of (int, int)
        Which shard of how many.
    counts : mapping of str to int
        Windows, scored ones, skipped ones by reason, shuffled ones.
    engine : mapping
        The engine's description of itself.
    seconds : mapping of str to float
        ``model`` and ``other``: time in and outside of the model.
    largest : float
        The largest absolute score.
    """

    settings: Mapping[str, Any]
    calls: Mapping[str, Any]
    contigs: tuple[tuple[str, int], ...]
    windows: tuple[int, int]
    shard: tuple[int, int] = (1, 1)
    counts: Mapping[str, int] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    largest: float = 1.0

    def to_json(self) -> str:
        """Return the text of ``header.json``."""
        return json.dumps({"format": FORMAT} | dataclasses.asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ScoreHeader:
        """Read the text of ``header.json``; raises ValueError, KeyError or TypeError when it is another's."""
        content = json.loads(text)
        if content.pop("format") != FORMAT:
            raise ValueError("another format")
        content["contigs"] = tuple((str(name), int(size)) for name, size in content["contigs"])
        content["windows"] = (int(content["windows"][0]), int(content["windows"][1]))
        content["shard"] = (int(content["shard"][0]), int(content["shard"][1]))
        return cls(**content)


class ScoreWriter:
    """Writes a score file, streaming the scores; a context manager that lets go of the file after an error.

    Parameters
    ----------
    target : path or binary file
        Where to write; a file object is left open.
    n_windows : int
        How many windows will be appended in all.
    """

    def __init__(self, target: str | os.PathLike[str] | IO[bytes], n_windows: int) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED)
        self._member = self._zip.open(zipfile.ZipInfo(_SCORES, _EPOCH), "w", force_zip64=True)
        shape = (n_windows, 2)
        np.lib.format.write_array_header_1_0(
            self._member, {"descr": "<f4", "fortran_order": False, "shape": shape}
        )
        self._missing = n_windows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            # closing writes, and fails again where the disk is full
            for part in (self._member, self._zip):
                with contextlib.suppress(OSError, ValueError):
                    part.close()

    def append(self, ranks: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """Add the next windows, float32[n] each, NaN where skipped."""
        self._missing -= len(ranks)
        self._member.write(np.stack([ranks, scores], axis=1).astype("<f4", copy=False).tobytes())

    def finish(
        self,
        header: ScoreHeader,
        scored_counts: NDArray[np.int64],
        null_counts: NDArray[np.int64],
        grid: ScanGrid,
    ) -> None:
        """Write the rest; only now is the file whole."""
        if self._missing:
            raise ValueError(f"{self._missing} windows were announced but not written")
        self._member.close()
        arrays: dict[str, NDArray[Any]] = {
            "scored_counts": scored_counts,
            "null_counts": null_counts,
            "contig_index": grid.contig_index,
            "start": grid.start,
            "end": grid.end,
        }
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            self._zip.writestr(
                zipfile.ZipInfo(f"{name}.npy", _EPOCH), content.getvalue(), zipfile.ZIP_DEFLATED
            )
        self._zip.writestr(zipfile.ZipInfo(_HEADER, _EPOCH), header.to_json(), zipfile.ZIP_DEFLATED)
        self._zip.close()


class ScoreFile:
    """A score file, open for reading.

    Parameters
    ----------
    source : path or binary file
        What `ScoreWriter` wrote.

    Raises
    ------
    InputError
        Not a score file, or one that broke off.
    """

    def __init__(self, source: str | os.PathLike[str] | IO[bytes]) -> None:
        self.name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "the scores"
        if isinstance(source, (str, os.PathLike)) and Path(source).is_dir():
            raise InputError("this is a folder", source=self.name, remedy="give a file of `predict --shard`")
        try:
            self._zip = zipfile.ZipFile(source)
            self.header = ScoreHeader.from_json(self._zip.read(_HEADER).decode())
            self.scored_counts = self._array("scored_counts")
            self.null_counts = self._array("null_counts")
        except FileNotFoundError:
            raise InputError("no such file", source=self.name) from None
        except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError):
            raise InputError(
                "not a whole file of scores", source=self.name, remedy="run `predict --shard` for it again"
            ) from None

    def grid(self) -> ScanGrid:
        """Return the grid of the whole scan."""
        settings = self.header.settings
        return ScanGrid(
            self.header.contigs,
            self._array("contig_index"),
            self._array("start"),
            self._array("end"),
            int(settings["window_length"]),
            int(settings["stride"]),
            int(settings["block_windows"]),
        )

    def blocks(self, size: int) -> Iterator[NDArray[np.float32]]:
        """Yield the scores in order, float32[`size`, 2] at a time (the last may be shorter).

        Raises
        ------
        InputError
            When the bytes are not those that were written.
        """
        try:
            with self._zip.open(_SCORES) as member:
                version = np.lib.format.read_magic(member)
                if version != (1, 0):
                    raise ValueError(version)
                shape = np.lib.format.read_array_header_1_0(member)[0]
                missing = shape[0]
                while missing:
                    n = min(size, missing)
                    content = member.read(8 * n)
                    yield np.frombuffer(content, dtype="<f4").reshape(n, 2)
                    missing -= n
                member.read(1)  # reaching the end checks the sum over all bytes
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError):
            raise InputError(
                "the scores are damaged", source=self.name, remedy="run `predict --shard` for it again"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _array(self, name: str) -> NDArray[Any]:
        with self._zip.open(f"{name}.npy") as member:
            return np.lib.format.read_array(io.BytesIO(member.read()), allow_pickle=False)
