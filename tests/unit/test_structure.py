"""Each module of the library has a test file of its own name, or one whose first line names it."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "src" / "dnabert_enhancer"
TESTS = sorted((REPOSITORY / "tests").rglob("test_*.py"))
MODULES = sorted(path for path in LIBRARY.rglob("*.py") if not path.stem.startswith("__"))


def named_modules(line: str, package: str) -> set[str]:
    """Return the modules that a first line names.

    ``package/module`` anywhere, and in parentheses further modules of that package, or else of the one
    whose folder the test file is in: ``Data sets (dataset/build, negatives)``.
    """
    named = set(re.findall(r"\b\w+/\w+", line))
    for inside in re.findall(r"\(([^)]*)\)", line):
        own = package
        for word in re.findall(r"[\w/]+", inside):
            own, _, module = word.rpartition("/") if "/" in word else (own, "", word)
            named.add(f"{own}/{module}")
    return named


@functools.cache
def covered_modules() -> set[str]:
    """Return the modules that test files name in their first lines or by their own names."""
    covered = set()
    for path in TESTS:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        package = path.parent.name if path.parent.name != "cli" else "commands"
        covered |= named_modules(text.partition("\n")[0], package)
        covered.add(f"{package}/{path.stem.removeprefix('test_')}")
    return covered


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_every_module_has_a_test_file(module: Path) -> None:
    name = f"{module.parent.name}/{module.stem.lstrip('_')}"
    assert name in covered_modules(), f"no test file is called after {name}, and no first line names it"


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("Data sets (dataset/build, negatives)", {"dataset/build", "dataset/negatives"}),
        ("Windows (windows, grid).", {"scan/windows", "scan/grid"}),
        ("Windows in engine/loop.py, cut.", {"engine/loop"}),
        ("Windows of regions.", set()),
    ],
)
def test_modules_that_a_line_names(line: str, modules: set[str]) -> None:
    assert named_modules(line, "scan") == modules
