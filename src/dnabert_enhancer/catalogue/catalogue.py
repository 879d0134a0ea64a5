"""Catalogues: files of entries, found by name; the suite's own, and a user's."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dnabert_enhancer.catalogue.entry import CatalogueEntry, PositiveOutput
from dnabert_enhancer.catalogue.source import Source
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import DEFAULT_NAME, EnhancerModel, open_model

CATALOGUE_FORMAT = 1
CATALOGUE_VARIABLE = "DNABERT_ENHANCER_CATALOGUE"
"""Names a user's own catalogue file (several: separated as in ``$PATH``), read beside the suite's."""

_OWN = Path(__file__).with_name("models.json")
_NEAREST = 5


class Catalogue:
    """Models by name.

    Parameters
    ----------
    entries : iterable of CatalogueEntry
        One that comes later hides an earlier one of the same name.
    """

    def __init__(self, entries: Iterable[CatalogueEntry]) -> None:
        self._entries = {entry.name: entry for entry in entries}

    @classmethod
    def load(cls, *files: str | os.PathLike[str]) -> Catalogue:
        """Return the suite's catalogue, that of ``$DNABERT_ENHANCER_CATALOGUE``, and those of files.

        Raises
        ------
        InputError
            A file that cannot be read, or an entry in it; both are named.
        """
        named = [name for name in os.environ.get(CATALOGUE_VARIABLE, "").split(os.pathsep) if name]
        entries = list(_suite_entries())
        for file in (*named, *files):
            entries += read_catalogue(file)
        return cls(entries)

    def __iter__(self) -> Iterator[CatalogueEntry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def get(self, name: str) -> CatalogueEntry | None:
        """Return the entry of a name, None where there is none."""
        return self._entries.get(name)

    def __getitem__(self, name: str) -> CatalogueEntry:
        """Return the entry of a name; an `InputError` shows the nearest names."""
        entry = self._entries.get(name)
        if entry is None:
            raise InputError(f"no model {name!r} in the catalogue", remedy=self.advice(name))
        return entry

    def at(self, source: Source) -> CatalogueEntry | None:
        """Return the entry of the source that a place is, whatever the revision; None where there is none."""
        return next((entry for entry in self if entry.is_at(source)), None)

    def find(self, text: str = "", type: str | None = None) -> list[CatalogueEntry]:
        """Return the entries of a type whose name or description holds a text, in any letter case."""
        wanted = text.casefold()
        return [
            entry
            for entry in self
            if type in (None, entry.type)
            and (wanted in entry.name.casefold() or wanted in entry.predicts.casefold())
        ]

    def nearest(self, name: str) -> list[str]:
        """Return the names that are like a name that is not there, the nearest first."""
        by_folded = {known.casefold(): known for known in self._entries}
        by_member = {known.rpartition("/")[2].casefold(): known for known in self._entries}
        asked = name.casefold()
        whole = difflib.get_close_matches(asked, by_folded, _NEAREST, 0.6)
        part = difflib.get_close_matches(asked.rpartition("/")[2], by_member, _NEAREST, 0.75)
        found = [by_folded[text] for text in whole] + [by_member[text] for text in part]
        found.sort(key=lambda known: (-_likeness(asked, known.casefold()), known))
        return list(dict.fromkeys(found))[:_NEAREST]

    def advice(self, name: str) -> str:
        """Return what to do about a name that is not there."""
        near = self.nearest(name)
        listed = "see dnabert-enhancer models list"
        return f"nearest: {', '.join(near)}; {listed}" if near else listed


def read_catalogue(path: str | os.PathLike[str]) -> list[CatalogueEntry]:
    """Return the entries of a catalogue file.

    Parameters
    ----------
    path : path
        JSON: ``{"format": 1, "groups": {…}, "models": [{…}, …]}``. A model that names a ``group`` has its
        fields too, where ``{member}`` stands for the model's ``member``.

    Raises
    ------
    InputError
        No such file; not JSON; a newer format; an entry that cannot be read, or comes twice.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", source=path) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})", source=path) from None
    if not isinstance(content, dict) or not isinstance(content.get("models"), list):
        raise InputError("is not a catalogue", source=path, remedy='it needs a list "models"')
    if content.get("format", CATALOGUE_FORMAT) != CATALOGUE_FORMAT:
        raise InputError(
            f"the catalogue has format {content['format']!r}", source=path, remedy="update dnabert-enhancer"
        )
    entries: dict[str, CatalogueEntry] = {}
    for number, model in enumerate(content["models"], start=1):
        try:
            entry = CatalogueEntry.from_json(_with_group(model, content.get("groups", {})))
        except InputError as error:
            raise InputError(
                error.problem, source=path, location=f"model {number}", remedy=error.remedy
            ) from None
        if entry.name in entries:
            raise InputError(f"the name {entry.name!r} occurs twice", source=path, location=f"model {number}")
        entries[entry.name] = entry
    return list(entries.values())


def _with_group(model: Any, groups: Any) -> dict[str, Any]:  # JSON values
    """Return the fields of a model with those of its group below them."""
    if not isinstance(model, dict):
        raise InputError("is not an entry")
    fields = {name: value for name, value in model.items() if name not in ("group", "member")}
    if "group" not in model:
        return fields
    group = groups.get(model["group"]) if isinstance(groups, dict) else None
    if not isinstance(group, dict):
        raise InputError(f"names a group {model['group']!r} that the file has not")
    member = str(model.get("member", ""))
    shared = {
        name: value.replace("{member}", member) if isinstance(value, str) else value
        for name, value in group.items()
    }
    return shared | fields


@cache
def _suite_entries() -> tuple[CatalogueEntry, ...]:
    return (*_packaged_entries(), *read_catalogue(_OWN))


def _packaged_entries() -> Iterator[CatalogueEntry]:
    """Yield the packaged model and its outputs, as its card has them."""
    try:
        model = open_model()
    except InputError:  # an installation without it
        return
    card = model.card
    shared: dict[str, Any] = {
        "architecture": "DNABERT-like BERT, small",
        "where": DEFAULT_NAME,
        "k": card.k,
        "licence": card.licence,
        "size_bytes": sum(path.stat().st_size for path in model.directory.iterdir() if path.is_file()),
        "assembly": ", ".join(map(str, card.training.get("assembly", ()))) or "unknown",
        "layout_seen": True,
        "layout": "comes with the package",
        "figures_source": "docs/model-quality.md",
    }
    yield _of_card(model, DEFAULT_NAME, f"the packaged model: {card.labels[-1]}", shared)
    for output, described in card.further_outputs.items():
        yield _of_card(model.select(output), f"{DEFAULT_NAME}:{output}", described.meaning, shared)


def _of_card(model: EnhancerModel, name: str, predicts: str, shared: Mapping[str, Any]) -> CatalogueEntry:
    card = model.card
    threshold = card.thresholds.get("default")
    chosen: dict[str, Any] = (
        {} if threshold is None else {"threshold": threshold.value, "threshold_source": threshold.source}
    )
    is_tf = "_tf" in name
    return CatalogueEntry(
        name=name,
        type="tf" if is_tf else "enhancer",
        predicts=predicts,
        window_length=card.window_length,
        positive=PositiveOutput(card.column or 0, card.labels[-1]),
        **chosen,
        **shared,
    )


def _likeness(asked: str, known: str) -> float:
    whole = difflib.SequenceMatcher(None, asked, known).ratio()
    return max(whole, difflib.SequenceMatcher(None, asked, known.rpartition("/")[2]).ratio())
