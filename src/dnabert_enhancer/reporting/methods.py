"""Methods text: what was run by which version on which files, and whom to cite."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

from dnabert_enhancer.installation import DISTRIBUTION
from dnabert_enhancer.reporting.run import Run


class Citation(NamedTuple):
    """A publication: how it is cited, and its DOI where it has one."""

    text: str
    doi: str = ""


CITATIONS = (
    Citation(
        "Sathian R, Dutta P, Ay F, Davuluri RV. Genomic Language Model for Predicting Enhancers and Their "
        "Allele-Specific Activity in the Human Genome. bioRxiv 2025",
        "10.1101/2025.03.18.644040",
    ),
    Citation(
        "Ji Y, Zhou Z, Liu H, Davuluri RV. DNABERT: pre-trained Bidirectional Encoder Representations from "
        "Transformers model for DNA-language in genome. Bioinformatics 2021;37:2112-2120",
        "10.1093/bioinformatics/btab083",
    ),
)
"""Of every report; those of CITATION.cff."""
_FALSE_DISCOVERY = Citation(
    "Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289-300",
    "10.1111/j.2517-6161.1995.tb02031.x",
)


class Method(NamedTuple):
    """What is said of one run: rows of a name and a value, and its input files."""

    title: str
    command: str
    facts: list[tuple[str, str]]
    inputs: list[tuple[str, str, str]]


def method_of(run: Run, title: str) -> Method:
    """Return what the record of a run says: command, versions, model, engine, inputs with SHA-256."""
    versions = dict(run.record["versions"])
    own = versions.pop(DISTRIBUTION, "?")
    facts = [
        ("Version", f"{DISTRIBUTION} {own}"),
        ("Packages", _listed(versions)),
        ("Started", run.entry("started")),
    ]
    model = run.entry("model")
    for entry in [model, *_members(model), *_named(run.entry("tf_models")), *_named(run.entry("models"))]:
        if isinstance(entry, dict) and entry.get("digest"):
            name = entry.get("name") or entry.get("directory") or "model"
            facts.append(("Model", f"{name}, digest {entry['digest']}"))
    engine = run.entry("engine")
    for one in engine if isinstance(engine, list) else [engine]:
        if isinstance(one, dict):
            names = ("backend", "device", "precision", "strand")
            facts.append(("Engine", _listed({name: one[name] for name in names if one.get(name)})))
    for name in ("scan", "scoring"):
        simple = run.entry(name)
        if isinstance(simple, dict):
            kept = {
                key: value
                for key, value in simple.items()
                if isinstance(value, (int, float)) and not isinstance(value, bool)
            }
            facts.append(("Settings", _listed(kept)))
    inputs = [
        (str(item.get("role", "")), str(item.get("path", "")), str(item.get("sha256", "")))
        for item in run.record["inputs"]
        if isinstance(item, dict)
    ]
    words = [str(word) for word in run.record["command_line"]]
    told = [(name, str(value)) for name, value in facts if value]
    return Method(title, shlex.join(words), list(dict.fromkeys(told)), inputs)


def citations_of(runs: Sequence[Run]) -> list[Citation]:
    """Return whom to cite: this suite's papers, the statistics, the databases that were compared with."""
    found = [*CITATIONS, _FALSE_DISCOVERY]
    for run in runs:
        for name, database in (run.entry("databases") or {}).items():
            if isinstance(database, dict) and database.get("citation"):
                text = str(database["citation"])
                paper, _, doi = text.partition(", doi:")
                found.append(Citation(f"{name}: {paper}", doi))
    return list(dict.fromkeys(found))


def _members(model: Any) -> list[Any]:
    members = model.get("members") if isinstance(model, dict) else None
    return members if isinstance(members, list) else []


def _named(models: Any) -> list[Any]:
    if not isinstance(models, dict):
        return []
    return [{"name": name, **entry} for name, entry in models.items() if isinstance(entry, dict)]


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
