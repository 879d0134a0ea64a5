"""Panels: many models of transcription factors that are applied to the same variants, one after another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dnabert_enhancer.catalogue.catalogue import Catalogue
from dnabert_enhancer.catalogue.entry import ModelType
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import is_stream, read_text_lines
from dnabert_enhancer.model import split_output

COLUMNS = ("name", "model", "regions")
"""Titles of a panel file; ``regions`` may be left out."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class PanelMember:
    """A model of a panel.

    Parameters
    ----------
    name : str
        What the outputs call it: letters, digits, ``_``, ``.`` and ``-``.
    model : str
        What `load_model` takes.
    regions : str, optional
        A BED; variants elsewhere are not scored with this model, such as outside the factor's peaks.
    """

    name: str
    model: str
    regions: str | None = None


def read_panel(spec: str | os.PathLike[str], catalogue: Catalogue | None = None) -> list[PanelMember]:
    """Return the models of a panel, in its order.

    Parameters
    ----------
    spec : str or path
        A file with the columns ``name`` and ``model``, and maybe ``regions``, separated by tabs below a line
        of titles; paths in it are relative to its folder, those of a pipe to the current one. Or
        ``COLLECTION``, such as ``deepvregulome``: all transcription factors of the catalogue below that name.
        Or ``COLLECTION:NAME,NAME…``, or ``COLLECTION:FILE`` with a name a line: some of them.
    catalogue : Catalogue, optional
        Default: `Catalogue.load`.

    Raises
    ------
    InputError
        No such file, collection or name; a name that occurs twice; a line that is no member.
    """
    text = os.fspath(spec)
    if is_stream(text) or Path(text).exists():
        return _distinct(_read_file(text), text)
    collection, colon, chosen = text.partition(":")
    known = Catalogue.load() if catalogue is None else catalogue
    below = [entry for entry in known if entry.name.startswith(f"{collection}/")]
    if not below:
        raise InputError(
            f"no panel {collection!r}: neither a file nor a collection of the catalogue",
            remedy=f"collections: {', '.join(_collections(known))}; a file has the columns name, model and "
            "maybe regions",
        )
    if not colon:
        factors = [entry.name for entry in below if entry.type == ModelType.TF]
        return [PanelMember(_member(name), name) for name in factors]
    names = _names_of(chosen)
    for name in names:
        known[f"{collection}/{name}"]  # unknown ones are said with the nearest names
    return _distinct([PanelMember(name, f"{collection}/{name}") for name in names], text)


def _collections(catalogue: Catalogue) -> list[str]:
    return sorted({entry.name.partition("/")[0] for entry in catalogue if "/" in entry.name}) or ["none"]


def _member(name: str) -> str:
    return name.rpartition("/")[2]


def _names_of(chosen: str) -> list[str]:
    if Path(chosen).exists():
        names = [line.strip() for _, line in read_text_lines(chosen) if line.strip() and line[0] != "#"]
    else:
        names = [name.strip() for name in chosen.split(",") if name.strip()]
    if not names:
        raise InputError("the panel has no model", source=chosen or "--tf-panel", remedy="name some")
    return names


def _read_file(path: str) -> Iterable[PanelMember]:
    lines = ((number, line) for number, line in read_text_lines(path) if line.strip() and line[0] != "#")
    _, first = next(lines, (0, ""))
    titles = first.split("\t")
    if titles not in (list(COLUMNS), list(COLUMNS[:2])):
        raise InputError(
            f"the titles are {first[:60]!r}",
            source=path,
            remedy="a panel has the columns name, model and maybe regions, separated by tabs",
        )
    folder = Path() if is_stream(path) else Path(path).parent
    for number, line in lines:
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) > len(titles) or len(fields) < 2 or not fields[1] or not _NAME.fullmatch(fields[0]):
            raise InputError(
                f"{line[:60]!r} is not a model of a panel",
                source=path,
                location=f"line {number}",
                remedy="give a name of letters, digits, _ . and -, a tab, and a model",
            )
        regions = fields[2] if len(fields) > 2 and fields[2] else None
        yield PanelMember(
            fields[0], _beside(folder, fields[1]), None if regions is None else str(folder / regions)
        )


def _beside(folder: Path, model: str) -> str:
    """Return a model's path seen from the panel's folder; names and places elsewhere as they are."""
    network, output = split_output(model)
    try:
        for path, end in ((model, ""), (str(network), f":{output}")):
            if (folder / path).exists():
                return f"{folder / path}{end}"
    except OSError:  # longer than the name of a file can be
        pass
    return model


def _distinct(members: Iterable[PanelMember], source: str) -> list[PanelMember]:
    found: dict[str, PanelMember] = {}
    for member in members:
        if member.name in found:
            raise InputError(f"the panel names {member.name} twice", source=source, remedy="name it once")
        found[member.name] = member
    if not found:
        raise InputError("the panel has no model", source=source, remedy="name some")
    return list(found.values())
