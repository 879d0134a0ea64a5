"""The errors that users see: one line that names the file, the place, the problem and the remedy."""

from __future__ import annotations

import dataclasses
from numbers import Integral, Real
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class DnabertEnhancerError(Exception):
    """An error that a command prints as one line, without a traceback.

    Parameters
    ----------
    problem : str
        What is wrong, with the offending value.
    source : str or path, optional
        The file (or option) in which it was found.
    location : str, optional
        Where in the source: ``"line 7"``, ``"record chr1:100"``, ``"contig chr2"``.
    remedy : str, optional
        What the user can do about it.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        source: str | PathLike[str] | None = None,
        location: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.source = None if source is None else str(source)
        self.location = location
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.source, self.location) if part)
        text = f"{where}: {self.problem}" if where else self.problem
        if self.remedy:
            text = f"{text}; {self.remedy}"
        text = " ".join(text.split())
        # what came from a file must not command the terminal
        return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


class InputError(DnabertEnhancerError):
    """The arguments or the input are not usable (exit code 2)."""

    exit_code = 2


class ResourceError(DnabertEnhancerError):
    """Disk, memory, a device or an optional package is missing (exit code 3)."""

    exit_code = 3


def require_setting(settings: object, name: str, fulfilled: bool, what: str) -> None:
    """Raise an `InputError` that names an option, its value and what it must be, unless it is fulfilled."""
    if not fulfilled:
        option = "--" + name.replace("_", "-")
        raise InputError(f"{option} is {getattr(settings, name)!r}; it must be {what}")


def require_numbers(settings: DataclassInstance) -> None:
    """Raise an `InputError` for a field that is no number, or no whole number, where its default is one."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if type(field.default) is int:
            require_setting(settings, field.name, isinstance(value, Integral), "a whole number")
        elif type(field.default) is float:
            require_setting(settings, field.name, isinstance(value, Real), "a number")
