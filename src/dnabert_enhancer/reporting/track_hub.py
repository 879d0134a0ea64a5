"""A track hub of runs, for the genome browsers of UCSC, Ensembl, IGV and JBrowse."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyBigWig

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ASSEMBLIES, assembly_name, recognised_assembly
from dnabert_enhancer.reporting.annotation import Annotation, annotations_of, plain_name
from dnabert_enhancer.reporting.bigbed import Field, write_bigbed
from dnabert_enhancer.reporting.methods import citations_of, method_of
from dnabert_enhancer.reporting.page import template
from dnabert_enhancer.reporting.section import ReportSettings, Section
from dnabert_enhancer.reporting.track import track_contigs

_SHORT, _LONG = 17, 76
"""How long UCSC wants labels to be at most."""
_DRAWN = {"scores": "0,114,178", "importance": "0,158,115"}
_KEYS = {
    "scores": "The line is the threshold of the calls.",
    "importance": "Above the line bases raise the score, below it they lower it.",
    "calls": "The darker, the higher the maximum; the thick part is the summit.",
    "novel": "All are of one colour.",
    "candidates": "Gains of function are green, losses orange.",
}
_MOUSE_OVER = {
    "calls": ("maximum", "percentile", "q_value"),
    "novel": ("rank", "nearest_gene"),
    "candidates": ("predicted_functional_effect", "reference_probability", "alternative_probability"),
}


class _Track(NamedTuple):
    """A track of the hub: an annotation, its name there, its settings, and its fields (of a bigBed)."""

    annotation: Annotation
    name: str
    settings: dict[str, str]
    fields: list[Field]


def write_track_hub(sections: Sequence[Section], folder: Path, settings: ReportSettings) -> None:
    """Write ``hub.txt``, ``genomes.txt``, and in a folder of the genome ``trackDb.txt`` and the tracks.

    Parameters
    ----------
    sections : sequence of Section
        Of runs of one genome. Those without tracks are passed over.
    folder : Path
        An empty folder.
    settings : ReportSettings

    Raises
    ------
    InputError
        No e-mail address, no known genome, no run with tracks, or a file that is missing or damaged.
    ResourceError
        pybigtools is missing, or there is no space left.
    """
    if settings.email is None:
        raise InputError(
            "genome browsers take no hub without an e-mail address",
            source="--track-hub",
            remedy="give --email, whom to ask about the tracks",
        )
    found = [(section, annotations_of(section.run)) for section in sections]
    found = [(section, parts) for section, parts in found if parts]
    if not found:
        raise InputError(
            "none of the runs has tracks",
            source="--track-hub",
            remedy="give runs of predict --genome, score-variants, interpret or compare-db",
        )
    contigs = _contigs(found)
    assembly = _assembly(contigs, settings.assembly)
    contigs = {**ASSEMBLIES.get(assembly, {}), **contigs}
    genome = folder / assembly
    genome.mkdir(parents=True)
    stanzas: list[dict[str, str]] = []
    taken: set[str] = set()
    for section, parts in found:
        group = plain_name(f"{section.run.command}_{section.run.name}", taken)
        made = [(one, _track(group, one, genome, contigs, taken)) for one in parts]
        tracks = [track for _, track in made if track is not None]
        if tracks:
            stanzas += _stanzas(group, section, tracks)
            missing = [one for one, track in made if track is None]
            _describe(genome / f"{group}.html", section, tracks, missing)
            for track in tracks:
                _describe(genome / f"{track.name}.html", section, [track])
    if not stanzas:
        raise InputError("the tracks of the runs are all empty", source="--track-hub")
    (genome / "trackDb.txt").write_text("\n".join(map(_stanza, stanzas)), encoding="utf-8")
    (folder / "genomes.txt").write_text(
        _stanza({"genome": assembly, "trackDb": f"{assembly}/trackDb.txt"}), encoding="utf-8"
    )
    title = _line(settings.title) or ReportSettings.title
    hub = {
        "hub": plain_name(title, set()),
        "shortLabel": _cut(title, _SHORT),
        "longLabel": _cut(title, _LONG),
        "genomesFile": "genomes.txt",
        "email": settings.email,
        "descriptionUrl": "hub.html",
    }
    (folder / "hub.txt").write_text(_stanza(hub), encoding="utf-8")
    text = template("track_hub.html.j2").render(
        title=settings.title,
        sections=[section for section, _ in found],
        citations=citations_of([section.run for section, _ in found]),
        email=settings.email,
    )
    (folder / "hub.html").write_text(text, encoding="utf-8")


def _contigs(found: Sequence[tuple[Section, list[Annotation]]]) -> dict[str, int]:
    """Return the lengths of the contigs that the runs know."""
    contigs = {name: length for section, _ in found for name, length in section.contigs.items()}
    for _, parts in found:
        for one in parts:
            if one.place is None and one.name != "scores":  # a scan's section has read its own
                contigs |= track_contigs(one.path)
    return contigs


def _assembly(contigs: Mapping[str, int], given: str | None) -> str:
    """Return the genome's name at UCSC."""
    told = None if given is None else assembly_name(given)
    named = told if told in ASSEMBLIES else given
    known = recognised_assembly(contigs)
    if named is None and known is None:
        raise InputError(
            "the lengths of the contigs do not tell which genome this is",
            source="--track-hub",
            remedy="give its name at UCSC, such as --assembly hg38",
        )
    if named in ASSEMBLIES and known is not None and named != known:
        raise InputError(
            f"the contig lengths of the runs are those of {known}, but --assembly says {given}",
            remedy=f"give --assembly {known}, or runs of {named}",
        )
    return str(named or known)


def _track(
    group: str, annotation: Annotation, genome: Path, contigs: Mapping[str, int], taken: set[str]
) -> _Track | None:
    """Write the file of a track; return the track, None where it would be empty."""
    name = plain_name(f"{group}_{annotation.name}", taken)
    run = annotation.run
    drawn = {
        "track": name,
        "parent": group,
        "shortLabel": _cut(f"{annotation.name} {_line(run.name)}", _SHORT),
        "longLabel": _cut(f"{annotation.title} of {_line(run.name)}", _LONG),
    }
    if annotation.place is None:
        shutil.copyfile(annotation.path, genome / f"{name}.bw")
        drawn |= _signal(annotation, f"{name}.bw")
        return _Track(annotation, name, drawn, [])
    fields = write_bigbed(genome / f"{name}.bb", annotation, contigs)
    if not fields:
        return None
    return _Track(annotation, name, drawn | _items(annotation, f"{name}.bb", fields), fields)


def _signal(annotation: Annotation, file: str) -> dict[str, str]:
    with pyBigWig.open(str(annotation.path)) as track:
        ends = [track.stats(contig, type=kind)[0] for contig in track.chroms() for kind in ("min", "max")]
    known = [value for value in ends if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if annotation.name == "scores" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    threshold = annotation.run.entry("calls_made_with", "threshold")
    line = {"yLineMark": f"{threshold:g}", "yLineOnOff": "on"} if isinstance(threshold, (int, float)) else {}
    return {
        "bigDataUrl": file,
        "type": f"bigWig {low:g} {high:g}",
        "visibility": "full",
        "autoScale": "off",
        "viewLimits": f"{low:g}:{high:g}",
        "maxHeightPixels": "128:64:8",
        "color": _DRAWN[annotation.name],
        **line,
    }


def _items(annotation: Annotation, file: str, fields: Sequence[Field]) -> dict[str, str]:
    kinds = {field.name: field.kind for field in fields}
    told = [f"{name} ${{{name}}}" for name in _MOUSE_OVER[annotation.name] if name in kinds]
    settings = {
        "bigDataUrl": file,
        "type": "bigBed 9 +",
        "visibility": "pack",
        "itemRgb": "on",
        "mouseOver": f"${{name}}: {', '.join(told)}",
    }
    if kinds.get("maximum") == "double":
        settings |= {f"{setting}.maximum": "0:1" for setting in ("filter", "filterLimits")}
        settings["filterByRange.maximum"] = "on"
    if "predicted_functional_effect" in kinds:
        settings["filterValues.predicted_functional_effect"] = "Gain of function,Loss of function,No change"
    return settings


def _stanzas(group: str, section: Section, tracks: Sequence[_Track]) -> list[dict[str, str]]:
    """Return the stanzas of a run: a super track and its tracks."""
    head = {
        "track": group,
        "superTrack": "on show",
        "shortLabel": _cut(_line(section.run.name), _SHORT),
        "longLabel": _cut(_line(section.title), _LONG),
        "html": f"{group}.html",
    }
    return [head, *({**track.settings, "html": f"{track.name}.html"} for track in tracks)]


def _describe(
    path: Path, section: Section, tracks: Sequence[_Track], missing: Sequence[Annotation] = ()
) -> None:
    text = template("track.html.j2").render(
        section=section,
        tracks=tracks,
        keys=_KEYS,
        missing=missing,
        method=method_of(section.run, section.title),
        citations=citations_of([section.run]),
    )
    path.write_text(text, encoding="utf-8")


def _stanza(settings: Mapping[str, str]) -> str:
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _line(text: str) -> str:
    """Return a text as one line: a line break would begin a setting."""
    return " ".join(text.split())


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip()
