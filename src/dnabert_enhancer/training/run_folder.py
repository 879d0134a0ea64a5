"""Files that let a training resume after a kill: lock, fingerprint, attempts, checkpoints."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from dnabert_enhancer.errors import InputError

FOLDER_NAME = ".checkpoints"
COMPLETE_NAME = "complete.json"
"""Written into a checkpoint last; one without it broke off."""
_STATE_NAME = "run.json"
_LOCK_NAME = "lock"
_PREFIX = "checkpoint-"


@dataclass
class Attempt:
    """One training from its first step, or as far as it came.

    Parameters
    ----------
    number : int
        From 1.
    seed : int
        Of everything random in it.
    outcome : str
        Empty while it runs; ``kept`` or ``collapsed``.
    reason : str
        What a collapsed model did.
    """

    number: int
    seed: int
    outcome: str = ""
    reason: str = ""


@dataclass
class RunState:
    """What is known of a run across kills: what decides its result, and its attempts."""

    fingerprint: dict[str, Any]
    attempts: list[Attempt] = field(default_factory=list)
    tracking_id: str = ""
    """Under which a logger knows the run, before and after a kill."""


class RunFolder:
    """The hidden folder of one training, locked while a process works in it.

    Parameters
    ----------
    output_directory : Path
        Where the model will be; the folder lies in it.

    Notes
    -----
    The lock is the kernel's (`fcntl.flock`): it ends with the process however that ends, and is never stale.
    """

    def __init__(self, output_directory: Path) -> None:
        self.output_directory = output_directory
        self.path = output_directory / FOLDER_NAME
        self._lock: IO[str] | None = None
        self._made_output = False

    def __enter__(self) -> Self:
        """Make the folder and lock it.

        Raises
        ------
        InputError
            When another process trains into the same output folder.
        """
        self._made_output = not self.output_directory.exists()
        while self._lock is None:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / _LOCK_NAME).open("w", encoding="utf-8")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                raise InputError(
                    "another finetune is running in this folder",
                    source=self.output_directory,
                    remedy="wait for it, or choose another --output-dir",
                ) from None
            if _is_at(lock, self.path / _LOCK_NAME):
                self._lock = lock
            else:
                lock.close()  # a process that ended has just removed the file; make a new one
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock; remove the folder of a run that was refused before it began."""
        if self.path.exists() and not (self.path / _STATE_NAME).exists():
            shutil.rmtree(self.path, ignore_errors=True)
        if self._made_output and self.output_directory.exists() and not any(self.output_directory.iterdir()):
            self.output_directory.rmdir()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def begin(self, fingerprint: Mapping[str, Any]) -> RunState:
        """Return the state to go on from, or a new one.

        Parameters
        ----------
        fingerprint : mapping
            What decides the result: settings, digests of data and base model.

        Raises
        ------
        InputError
            When the folder holds a run of other arguments.
        """
        plain = json.loads(json.dumps(fingerprint))
        stored = self._read()
        if stored is None:
            state = RunState(plain, tracking_id=secrets.token_hex(4))
            self.save(state)
            return state
        changes = differences(plain, stored.fingerprint)
        if changes:
            raise InputError(
                f"the folder holds checkpoints of a run with other arguments: {', '.join(changes)}",
                source=self.output_directory,
                remedy="give the same arguments to continue, --restart to start over, or a new --output-dir",
            )
        return stored

    def save(self, state: RunState) -> None:
        """Write the state, whole or not at all."""
        temporary = self.path / f"{_STATE_NAME}.new"
        temporary.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.path / _STATE_NAME)

    def attempt_directory(self, attempt: Attempt) -> Path:
        """Return where the checkpoints of an attempt are."""
        return self.path / f"attempt-{attempt.number}"

    def clear(self) -> None:
        """Remove everything but the lock."""
        for entry in self.path.iterdir():
            if entry.name == _LOCK_NAME:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def remove(self) -> None:
        """Remove the folder; the lock stays held until the block ends."""
        shutil.rmtree(self.path)

    def _read(self) -> RunState | None:
        try:
            content = json.loads((self.path / _STATE_NAME).read_text(encoding="utf-8"))
            return RunState(
                dict(content["fingerprint"]),
                [Attempt(**entry) for entry in content["attempts"]],
                str(content.get("tracking_id", "")),
            )
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            raise InputError(
                "the record of the run is damaged",
                source=self.path / _STATE_NAME,
                remedy="give --restart to start over",
            ) from None


def differences(ours: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    """Return what differs between the arguments of a run and those of an earlier one, as JSON has them."""
    plain = json.loads(json.dumps(ours))
    return [
        f"{name.replace('_', '-')} {_short(plain.get(name))} (was {_short(stored.get(name))})"
        for name in sorted({*plain, *stored})
        if plain.get(name) != stored.get(name)
    ]


def complete_checkpoints(directory: Path) -> list[Path]:
    """Return the checkpoints of an attempt that were written to their end, oldest first."""
    if not directory.is_dir():
        return []
    numbered = [
        (int(entry.name.removeprefix(_PREFIX)), entry)
        for entry in directory.iterdir()
        if entry.name.removeprefix(_PREFIX).isdigit() and (entry / COMPLETE_NAME).is_file()
    ]
    return [entry for _, entry in sorted(numbered)]


class Elapsed(NamedTuple):
    """What a training had come to when a checkpoint was written.

    Attributes
    ----------
    seconds : float
        Of training that led to it.
    loss : float
        Sum of the losses of the updates since the last one that was logged.
    logged_step : int or None
        That update; None where the checkpoint does not say it.
    """

    seconds: float = 0.0
    loss: float = 0.0
    logged_step: int | None = None


def mark_complete(checkpoint: Path, elapsed: Elapsed) -> None:
    """Say that a checkpoint is whole, and what the training had come to."""
    marker = checkpoint / COMPLETE_NAME
    temporary = marker.with_suffix(".new")
    temporary.write_text(json.dumps(elapsed._asdict()), encoding="utf-8")
    temporary.replace(marker)


def elapsed_before(checkpoint: Path) -> Elapsed:
    """Return what the training had come to when a checkpoint was written."""
    return Elapsed(**json.loads((checkpoint / COMPLETE_NAME).read_text(encoding="utf-8")))


def drop_checkpoints(directory: Path, keep: set[Path]) -> None:
    """Remove all the checkpoints of an attempt but some, those that broke off included."""
    kept = {path.resolve() for path in keep}
    for entry in directory.glob(f"{_PREFIX}*"):
        if entry.resolve() not in kept:
            shutil.rmtree(entry, ignore_errors=True)


def _is_at(file: IO[str], path: Path) -> bool:
    """Return whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _short(value: object) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:12]}..."
