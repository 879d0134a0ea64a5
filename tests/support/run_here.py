"""A command in this process, which imports what it needs once for all tests.

A new process spends a second of a processor and more on imports.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from dnabert_enhancer.commands.cli import main


def run_here(name: str, *arguments: object, folder: Path | None = None) -> None:
    """Run a command to its good end.

    Parameters
    ----------
    name : str
        Of the command.
    *arguments
        Words of its line, as text or what is written as such.
    folder : Path, optional
        From which relative paths count.
    """
    with contextlib.chdir(folder or Path.cwd()), pytest.raises(SystemExit) as stop:
        main([str(item) for item in arguments], command=name)
    assert not stop.value.code, name
