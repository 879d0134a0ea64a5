"""Packages that take seconds to import: tests are collected without them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


class _Late:
    """A module that is imported when something of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:  # whatever the module has
        if name.startswith("_"):
            raise AttributeError(name)  # pytest asks everything in a file for such ones when it collects
        return getattr(import_module(self._name), name)


def late(name: str) -> Any:  # stands for a module
    """Return a module that is imported at its first use; without its package skip the file that asks."""
    if find_spec(name.partition(".")[0]) is None:
        pytest.skip(f"{name} is not installed", allow_module_level=True)
    return _Late(name)
