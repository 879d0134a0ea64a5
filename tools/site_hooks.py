"""Hooks of mkdocs: the public names on docs/api.md, and notebooks that are run and turned into pages.

A notebook docs/notebooks/NAME.ipynb is kept without outputs; `mkdocs build` runs it with nbclient and makes
notebooks/NAME.md of it, with its tables and pictures. A cell that fails ends the build. `mkdocs serve` shows
the cells without running them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

sys.path.insert(0, str(Path(__file__).parent))
from public_api import entries, faults

SECONDS = 600  # of one cell at most
_state = {"runs": True}
# what a page of this site must not load: anything from the network
_LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]+src=\"(?:https?:)?//|<link[^>]+rel=\"stylesheet\"[^>]+//"
)


def on_startup(*, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:  # noqa: ARG001
    """Note whether notebooks are to be run."""
    _state["runs"] = command != "serve"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook; stop for a public name without documentation."""
    if missing := faults():
        raise PluginError("public names are not documented:\n  " + "\n  ".join(missing))
    for path in sorted(Path(config.docs_dir, "notebooks").glob("*.ipynb")):
        for file in _pages(path, config):
            files.append(file)
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill in the public names, and let links to notebooks lead to their pages."""
    return re.sub(
        r"(notebooks/[\w-]+)\.ipynb\)", r"\1.md)", markdown.replace("<!-- public names -->", entries())
    )


def on_post_page(output: str, page: object, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Refuse a page that would load something from the network."""
    if found := _LOADED.search(output):
        raise PluginError(f"{page} loads from the network: {found.group()}")
    return output


def _pages(path: Path, config: MkDocsConfig) -> Iterator[File]:
    notebook = nbformat.read(path, as_version=4)
    if _state["runs"]:
        NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=_here(path)).execute()
    for cell in (
        cell for cell in notebook.cells if cell.cell_type == "code"
    ):  # tqdm's advice to install widgets
        cell.outputs = [
            output for output in cell.outputs if "IProgress not found" not in output.get("text", "")
        ]
    text, resources = MarkdownExporter().from_notebook_node(
        notebook, resources={"output_files_dir": f"{path.stem}_files", "unique_key": path.stem}
    )
    text = re.sub(r"<style scoped>.*?</style>", "", text, flags=re.DOTALL)  # of each table of pandas
    yield File.generated(config, f"notebooks/{path.stem}.md", content=text)
    for name, content in resources["outputs"].items():
        yield File.generated(config, f"notebooks/{name}", content=content)


def _here(path: Path) -> dict[str, dict[str, str]]:
    return {"metadata": {"path": str(path.parent)}}
