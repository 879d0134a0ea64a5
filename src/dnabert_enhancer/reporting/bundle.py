"""The annotation bundle: what runs found on a genome as one ZIP, described for people and for archives."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import open_bgzip, sha256_of, temporary_folder
from dnabert_enhancer.reporting.annotation import Annotation, annotations_of, plain_name
from dnabert_enhancer.reporting.crate import crate_of
from dnabert_enhancer.reporting.dictionary import Column, columns_of, data_package
from dnabert_enhancer.reporting.methods import citations_of
from dnabert_enhancer.reporting.section import ReportSettings, Section
from dnabert_enhancer.reporting.table import read_rows

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all members: the earliest that a ZIP can say."""
_STORED = (".gz", ".bw")
"""Endings of what is compressed already."""


class Member(NamedTuple):
    """A file of the bundle.

    Attributes
    ----------
    name : str
        Its path there.
    path : Path
        Where its content is.
    media : str
        Media type.
    title, told : str
        What it is.
    section : Section
        Of its run.
    columns : list of Column
        Of a table.
    """

    name: str
    path: Path
    media: str
    title: str
    told: str
    section: Section
    columns: list[Column]

    @property
    def facts(self) -> tuple[int, str]:
        """Bytes and SHA-256."""
        return self.path.stat().st_size, sha256_of(self.path)


def write_bundle(sections: Sequence[Section], path: Path, settings: ReportSettings) -> None:
    """Write the tracks and tables of runs with their records, a data dictionary, metadata and checksums.

    ``data/`` holds bigWigs and tables, tab-separated with titles; ``datapackage.json`` describes every column
    (Frictionless Data Package); ``ro-crate-metadata.json`` says what made which file from what (RO-Crate);
    ``CITATION.cff``, ``README.md``, ``sha256sums.txt``. Of equal runs the bytes are equal.

    Parameters
    ----------
    sections : sequence of Section
        Runs without tracks and tables of places are passed over.
    path : Path
    settings : ReportSettings

    Raises
    ------
    InputError
        No author, no run with annotations, or a file that is missing or damaged.
    ResourceError
        rocrate is missing, or there is no space left.
    """
    if not any(author.strip() for author in settings.authors):
        raise InputError(
            "archives take nothing without an author",
            source="--bundle",
            remedy="give --author, such as --author 'Curie, Marie'",
        )
    found = [(section, annotations_of(section.run)) for section in sections]
    found = [(section, parts) for section, parts in found if parts]
    if not found:
        raise InputError(
            "none of the runs annotates a genome",
            source="--bundle",
            remedy="give runs of predict --genome, score-variants, interpret or compare-db",
        )
    folder = temporary_folder(path)
    try:
        members = _members(found, folder)
        date = _date(sections)
        texts = {
            "CITATION.cff": _citation(found, settings, date),
            "README.md": _readme(members, settings),
            "datapackage.json": _json(data_package(members, settings)),
            "ro-crate-metadata.json": _json(crate_of(members, settings, date)),
        }
        _write(path, members, texts)
    finally:
        shutil.rmtree(folder)


def _members(found: Sequence[tuple[Section, list[Annotation]]], folder: Path) -> list[Member]:
    members: list[Member] = []
    taken: set[str] = set()
    for section, parts in found:
        run = section.run
        group = plain_name(f"{run.command}_{run.name}", taken)
        for one in parts:
            told = (one.title, one.told, section)
            if one.place is None:
                members.append(
                    Member(f"data/{group}.{one.name}.bw", one.path, "application/octet-stream", *told, [])
                )
            else:
                name = f"{group}.{one.name}.tsv.gz"
                columns = columns_of(one)
                _copy_table(one.path, folder / name)
                members.append(Member(f"data/{name}", folder / name, "application/gzip", *told, columns))
        told_of_run = ("Record", "Arguments, versions, digests and counts of the run.", section)
        members.append(Member(f"data/{group}.run.json", Path(run.path), "application/json", *told_of_run, []))
    return members


def _copy_table(path: Path, copy: Path) -> None:
    """Write a table with its titles as the first line, whatever stands before them in the file."""
    with open_bgzip(copy) as stream:
        for _, cells in read_rows(path):
            stream.write(("\t".join(cells) + "\n").encode())


def _date(sections: Sequence[Section]) -> str:
    """Return the day of the last run, the only date that the bundle knows."""
    days = [str(section.run.entry("started") or "")[:10] for section in sections]
    return max((day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)), default="1980-01-01")


def _citation(found: Sequence[tuple[Section, list[Annotation]]], settings: ReportSettings, date: str) -> str:
    """Return a citation file; the texts in it are JSON's, which YAML reads as they are."""
    people = [
        {"family-names": family, "given-names": given} if given else {"name": family}
        for family, given in map(split_name, settings.authors)
    ]
    references = [
        {
            "type": "article",
            "title": text.text,
            "authors": [{"name": text.text.split(".")[0]}],
            **({"doi": text.doi} if re.fullmatch(r"10\.\d{4,9}/\S+", text.doi) else {}),
        }
        for text in citations_of([section.run for section, _ in found])
    ]
    entries = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them and the references.",
        "type": "dataset",
        "title": settings.title,
        "authors": people,
        "date-released": date,
        "license": settings.licence,
        "references": references,
    }
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in entries.items())


def split_name(author: str) -> tuple[str, str]:
    """Return the family name and the given one of an author, the latter empty for a group."""
    family, _, given = author.partition(",")
    return family.strip(), given.strip()


def _readme(members: Sequence[Member], settings: ReportSettings) -> str:
    lines = [
        f"# {_plain(settings.title)}",
        "",
        f"{'; '.join(map(_plain, settings.authors))}. {settings.licence}.",
        "",
    ]
    for section in dict.fromkeys(member.section.title for member in members):
        own = [member for member in members if member.section.title == section]
        lines += [f"## {_plain(section)}", "", _plain(own[0].section.sentence), ""]
        for member in own:
            lines += [f"- `{member.name}`: {member.title}. {_plain(member.told)}"]
            lines += [f"    - `{_plain(column.name)}`: {_plain(column.meaning)}" for column in member.columns]
        lines += ["", *(f"- {limit}" for limit in own[0].section.limits), ""]
    lines += [
        "## Reading it",
        "",
        "Coordinates are 0-based and half-open unless a column says otherwise. Tables are tab-separated with",
        "one line of titles; `NA` and `.` stand for no value. `datapackage.json` describes the columns",
        "for programs, `ro-crate-metadata.json` says what made the files, and `sha256sums.txt` holds their",
        "checksums for `sha256sum -c`.",
        "",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text as one line in which Markdown finds no markup."""
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", " ".join(text.split()))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, members: Sequence[Member], texts: dict[str, str]) -> None:
    digests = {member.name: member.facts[1] for member in members}
    digests |= {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sorted({**texts, "sha256sums.txt": sums}.items()):
            archive.writestr(_entry(name), text)
        for member in members:
            with (
                member.path.open("rb") as source,
                archive.open(_entry(member.name), "w", force_zip64=True) as target,
            ):
                shutil.copyfileobj(source, target, 1 << 20)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIXED_DATE)
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    return entry
