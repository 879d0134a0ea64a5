"""Import contract: a package takes the names of another one from its `__init__` alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "src" / "dnabert_enhancer"
PROGRAMS = sorted(
    path for folder in ("benchmarks", "tools", "training") for path in (REPOSITORY / folder).rglob("*.py")
)
NAME = "dnabert_enhancer"


def imported_modules(code: str) -> Iterator[str]:
    """Yield the modules of the library that a piece of code imports, without the library's own name."""
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) and not node.level else []
        yield from (name.removeprefix(f"{NAME}.") for name in names if name.startswith(f"{NAME}."))


def past_the_init(code: str, own_package: str = "") -> list[str]:
    """Return the modules that are imported from inside another package."""
    return [name for name in imported_modules(code) if "." in name and name.split(".")[0] != own_package]


@pytest.mark.parametrize(
    "path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY))
)
def test_packages_import_each_other_through_their_init(path: Path) -> None:
    inner = path.relative_to(LIBRARY).parts
    if inner == ("__main__.py",):
        return  # the entry point of `python -m` is the command line
    assert past_the_init(path.read_text(), inner[0] if len(inner) > 1 else "") == []


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_programs_import_packages_through_their_init(path: Path) -> None:
    # the command line has no names in its __init__
    assert past_the_init(path.read_text(), "commands") == []


def test_the_check_sees_an_import_past_the_init() -> None:
    code = "from dnabert_enhancer.scan.grid import plan_grid\nimport dnabert_enhancer.vcf.reader\n"
    assert past_the_init(code, "vcf") == ["scan.grid"]
    assert past_the_init(code) == ["scan.grid", "vcf.reader"]
