"""What is imported: packages by their `__init__` alone, programs that start, nothing heavy too early."""

from __future__ import annotations

import ast
import functools
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "src" / "dnabert_enhancer"
PROGRAMS = sorted(
    path for folder in ("benchmarks", "tools", "training") for path in (REPOSITORY / folder).rglob("*.py")
)
NAME = "dnabert_enhancer"
COMMAND_LINES = [path for path in PROGRAMS if "ArgumentParser(" in path.read_text()]


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


def missing_names(code: str) -> list[str]:
    """Return the names that a piece of code takes from the library though it has them not."""
    tree = list(ast.walk(ast.parse(code)))
    taken = [
        (str(node.module), alias.name)
        for node in tree
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == NAME
        for alias in node.names
    ]
    shorts = [
        alias.asname
        for node in tree
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == NAME and alias.asname
    ]
    taken += [
        (NAME, node.attr)
        for node in tree
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in shorts
    ]
    return [f"{module}.{name}" for module, name in taken if not _has(module, name)]


def _has(module: str, name: str) -> bool:
    loaded = importlib.import_module(module)
    if name in getattr(loaded, "__all__", ()) or name in vars(loaded):
        return True
    folder = LIBRARY.parent.joinpath(*module.split("."))
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_programs_take_names_that_the_library_has(path: Path) -> None:
    assert missing_names(path.read_text()) == []


def test_the_check_sees_a_name_that_is_missing() -> None:
    code = (
        "import dnabert_enhancer as de\nfrom dnabert_enhancer.vcf import VcfReader, VcfWrong\n"
        "from dnabert_enhancer import Model, api\nde.load_model()\nde.load_modell()\n"
    )
    assert missing_names(code) == ["dnabert_enhancer.vcf.VcfWrong", "dnabert_enhancer.load_modell"]


_ASK_FOR_HELP = """
import contextlib, io, runpy, sys
sys.path.insert(0, sys.argv[1])
for path in sys.argv[2:]:
    print(path)
    sys.argv = [path, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        runpy.run_path(path, run_name="__main__")
    assert said.getvalue().startswith("usage: "), said.getvalue()
"""
"""One process for the programs of a folder, since most of the time goes into the same imports."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in COMMAND_LINES}), ids=lambda path: path.name
)
def test_programs_start(folder: Path) -> None:
    programs = [str(path) for path in COMMAND_LINES if path.parent == folder]
    done = subprocess.run(
        [sys.executable, "-c", _ASK_FOR_HELP, folder, *programs],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(LIBRARY.parent)},
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, "", programs)


HEAVY = {"torch", "transformers", "peft", "accelerate", "scipy", "sklearn", "matplotlib", "onnxruntime"}
TESTS = [path for path in (REPOSITORY / "tests").rglob("test_*.py") if path.parent.name != "nextflow"]


def at_once(code: str) -> set[str]:
    """Return the modules that a file imports when it is imported itself."""
    names: set[str] = set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
        elif isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Call | ast.Attribute):
            asked = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
            names |= {
                str(part.args[0].value)
                for part in asked
                if ast.unparse(part.func) == "pytest.importorskip" and isinstance(part.args[0], ast.Constant)
            }
    return names


def roots(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@functools.cache
def heavy_modules() -> set[str]:
    """Return the modules of the library that import a heavy package at once."""
    return {
        f"{NAME}.{'.'.join(module.relative_to(LIBRARY).with_suffix('').parts)}"
        for module in LIBRARY.rglob("*.py")
        if roots(at_once(module.read_text())) & HEAVY
    }


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_tests_are_collected_without_heavy_packages(path: Path) -> None:
    """`late` names them; every worker and every `pytest -k` would import them otherwise."""
    found = at_once(path.read_text())
    assert found & heavy_modules() == set()
    assert roots(found) & HEAVY == set()


def test_the_check_sees_what_a_file_imports_at_once() -> None:
    code = (
        "import scipy.stats\nfrom sklearn import metrics\ntorch = pytest.importorskip('torch')\n"
        "Mode = pytest.importorskip('peft.tuners').Mode\npytest.importorskip('onnxruntime')\n"
        "def test(): import matplotlib\n"
    )
    assert at_once(code) == {"scipy.stats", "sklearn", "torch", "peft.tuners", "onnxruntime"}


SECONDS = HEAVY | {"pandas", "rich"}
STARTS: dict[str, set[str]] = {
    "make-dataset": {"pandas", "matplotlib"},
    "evaluate --no-pictures": {"pandas", "onnxruntime"},
    "predict --fasta": {"pandas", "onnxruntime"},
    "predict --genome": {"pandas", "onnxruntime"},
    "score-variants": {"onnxruntime"},
    "interpret --logos 0": {"pandas", "onnxruntime"},
    "compare-db --no-plots": {"pandas", "scipy"},
    "report": {"matplotlib"},
    "index-genome": set(),
    "models list": set(),
}
"""What a run of benchmarks/startup.py imports of what takes a tenth of a second or more."""


@pytest.fixture(scope="module")
def startup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, Path]]:
    sys.path.insert(0, str(REPOSITORY / "benchmarks"))
    module = importlib.import_module("startup")
    folder = tmp_path_factory.mktemp("startup")
    module.prepare(folder)
    yield module, folder
    sys.path.remove(str(REPOSITORY / "benchmarks"))
    for name in ("startup", "child"):
        sys.modules.pop(name, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTS)
def test_a_run_imports_what_it_uses_alone(name: str, startup: tuple[ModuleType, Path]) -> None:
    module, folder = startup
    words = [sys.executable, "-X", "importtime", *module.words_of(name, folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert roots(imported) & SECONDS == STARTS[name]
    assert "matplotlib.pyplot" not in imported
