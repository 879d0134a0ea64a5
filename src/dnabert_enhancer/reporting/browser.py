"""The genome browser of the page: igv.js as igv-notebook carries it, with the data of the runs inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyBigWig

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.reporting.section import Section
from dnabert_enhancer.reporting.table import Table

PACKAGE, _SCRIPT = "igv-notebook", "igv_notebook/js/igv.iife.js"
_MARGIN = 2000
"""Bases shown beside each place of a table, for which the signal is kept."""
_MOST_POINTS = 100_000
"""Of the signal, over all places; then places further down in their tables have none."""
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


class Browser(NamedTuple):
    """What the page needs for the genome browser.

    Attributes
    ----------
    library : str
        The script of igv.js.
    data : dict
        JSON values: ``told``, a sentence for the page, ``contigs`` with their lengths, and ``options``, what
        igv.js is made with.
    """

    library: str
    data: dict[str, Any]


class _Spot(NamedTuple):
    """A row's place (0-based, half-open)."""

    contig: str
    start: int
    end: int
    name: str


def browser_of(sections: Sequence[Section], wanted: bool | None) -> Browser | None:
    """Return the genome browser of the page, None where it is not wanted or there is nothing to show.

    Parameters
    ----------
    sections : sequence of Section
    wanted : bool, optional
        Default: where igv-notebook is installed.

    Raises
    ------
    ResourceError
        It is wanted, and igv-notebook is not installed.
    """
    if wanted is False:
        return None
    data = data_of(sections)
    library = None if data is None else _library(needed=wanted is True)
    return None if data is None or library is None else Browser(library, data)


def data_of(sections: Sequence[Section]) -> dict[str, Any] | None:
    """Return the data of the `Browser`, None where no row has a place or no run knows the contigs."""
    contigs = {name: length for section in sections for name, length in section.contigs.items()}
    spots = [_spots(table) for section in sections for table in section.tables]
    if not contigs or not any(spots):
        return None
    first = next(one for one in spots if one)[0]
    start = f"{first.contig}:{max(1, first.start + 1 - _MARGIN)}-{first.end + _MARGIN}"
    tracks: list[dict[str, Any]] = []
    cut = False
    for section in sections:
        if section.track is not None:
            points, is_cut = _signal(section.track, [spot for part in spots for spot in part])
            cut |= is_cut
            name = _harmless(section.title)
            shape = {"type": "wig", "color": _COLOURS[0], "altColor": _COLOURS[1], "height": 80}
            tracks.append({"name": name, **shape, **_axis(section.limits_of_track), "features": points})
        for table in section.tables:
            features = _features(table)
            if features:
                colour = _COLOURS[len(tracks) % len(_COLOURS)]
                shape = {"type": "annotation", "displayMode": "EXPANDED", "height": 45, "color": colour}
                tracks.append(
                    {"name": _harmless(f"{table.title} {section.run.name}"), **shape, "features": features}
                )
    told = "Scores and importance around the places of the tables, and the tables' rows."
    if cut:
        told += " Of places far down in their tables only the rows are shown."
    options = {"locus": start, "tracks": tracks, "loadDefaultGenomes": False, "showChromosomeWidget": False}
    return {"told": told, "contigs": contigs, "options": options}


def _axis(limits: tuple[float, float] | None) -> dict[str, Any]:
    """Return igv.js's words for the limits of an axis."""
    return {"autoscale": True} if limits is None else {"autoscale": False, "min": limits[0], "max": limits[1]}


def _library(*, needed: bool) -> str | None:
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(_SCRIPT)))
        text = path.read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError):
        if needed:
            raise ResourceError(
                f"the genome browser needs the package {PACKAGE}",
                source="--browser",
                remedy="pip install '.[report]' in a clone of the suite",
            ) from None
        return None
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _harmless(name: str) -> str:
    """Return a name in which igv.js, which puts some into its HTML, finds no tag."""
    return name.replace("&", "＆").replace("<", "‹").replace(">", "›")


def _spots(table: Table) -> list[_Spot]:
    place, columns = table.place, list(table.columns)
    if place is None or not {*place[:3]} <= {*columns}:
        return []
    at = [columns.index(name) for name in place[:3]]
    label = next((columns.index(name) for name in ("dbsnp_id", "id", "name") if name in columns), at[0])
    return [
        _Spot(row[at[0]], int(row[at[1]]) - place.base, int(row[at[2]]), row[label])
        for row in table.rows
        if row[at[1]].isdigit() and row[at[2]].isdigit()
    ]


def _features(table: Table) -> list[dict[str, Any]]:
    return [
        {
            "chr": spot.contig,
            "start": spot.start,
            "end": max(spot.end, spot.start + 1),
            "name": _harmless(spot.name),
        }
        for spot in _spots(table)
    ]


def _signal(path: Path, spots: Iterable[_Spot]) -> tuple[list[dict[str, Any]], bool]:
    """Return the runs of a track around places, and whether there were too many places for all."""
    seen: dict[tuple[str, int, int], float] = {}
    with pyBigWig.open(str(path)) as track:
        contigs = track.chroms()
        for spot in spots:
            length = contigs.get(spot.contig, 0)
            start, end = max(0, spot.start - _MARGIN), min(length, spot.end + _MARGIN)
            if end <= start:
                continue
            for low, high, value in track.intervals(spot.contig, start, end) or ():
                seen[spot.contig, low, high] = value
            if len(seen) > _MOST_POINTS:
                break
        else:
            return _points(seen), False
    return _points(seen), True


def _points(seen: dict[tuple[str, int, int], float]) -> list[dict[str, Any]]:
    return [
        {"chr": contig, "start": start, "end": end, "value": float(np.format_float_positional(value, 4))}
        for (contig, start, end), value in sorted(seen.items())
    ]
