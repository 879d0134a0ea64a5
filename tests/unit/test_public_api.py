"""The public names are documented, and those that pages and notebooks use exist.

`make docs` runs the notebooks (tools/site_hooks.py): a cell that fails ends the build.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import dnabert_enhancer as de

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((REPOSITORY / "docs" / "notebooks").glob("*.ipynb"))
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")), *NOTEBOOKS]


@pytest.fixture(scope="module")
def public_api() -> ModuleType:
    """Return tools/public_api.py as a module."""
    spec = importlib.util.spec_from_file_location("public_api", REPOSITORY / "tools" / "public_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_public_names_are_documented(public_api: ModuleType) -> None:
    assert public_api.faults() == []


def test_every_public_name_has_an_entry(public_api: ModuleType) -> None:
    entries = public_api.entries()
    assert [
        name for name in public_api.public_names() if f"::: dnabert_enhancer.{name}\n" not in entries
    ] == []


def test_the_check_sees_what_is_missing(public_api: ModuleType) -> None:
    def undocumented(chrom: str, start: int) -> int:
        """Do something with chrom."""
        return len(chrom) + start

    faults = list(public_api._faults("f", undocumented))

    assert faults == ["f: the parameter start is not documented", "f: what it returns is not documented"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_names_on_a_page_exist(page: Path) -> None:
    names = set(re.findall(r"\bde\.([A-Za-z_]+)", page.read_text(encoding="utf-8")))
    assert sorted(name for name in names if name not in de.__all__) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs_and_parse(notebook: Path) -> None:
    cells = list(_code_cells(notebook))
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)
    for cell in cells:
        ast.parse("".join(line for line in cell["source"] if not line.startswith("%")))


def _code_cells(notebook: Path) -> Iterator[dict[str, list[str]]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return (cell for cell in cells if cell["cell_type"] == "code")
