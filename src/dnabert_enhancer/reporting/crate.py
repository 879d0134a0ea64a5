"""The metadata of a bundle by RO-Crate: what the files are, and which run made them from what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.installation import DISTRIBUTION
from dnabert_enhancer.reporting.dictionary import licence_address
from dnabert_enhancer.reporting.methods import citations_of, method_of
from dnabert_enhancer.reporting.section import ReportSettings

if TYPE_CHECKING:
    from dnabert_enhancer.reporting.bundle import Member

PACKAGE = "rocrate"
_VERSION = "1.1"
_DOCUMENTS = {
    "README.md": ("text/markdown", "What the files and their columns are"),
    "datapackage.json": ("application/json", "The columns of the tables, as a Frictionless Data Package"),
    "CITATION.cff": ("text/yaml", "How to cite this"),
    "sha256sums.txt": ("text/plain", "Checksums"),
}


def crate_of(members: Sequence[Member], settings: ReportSettings, date: str) -> dict[str, Any]:
    """Return the content of ``ro-crate-metadata.json``.

    Parameters
    ----------
    members : sequence of Member
    settings : ReportSettings
    date : str
        When it is published.
    """
    try:
        from rocrate.model.contextentity import ContextEntity
        from rocrate.rocrate import ROCrate
    except ImportError:
        raise ResourceError(
            f"a bundle needs the package {PACKAGE}",
            source="--bundle",
            remedy="pip install '.[report]' in a clone of the suite",
        ) from None
    crate = ROCrate(version=_VERSION)

    def entity(identifier: str, **properties: Any) -> Any:  # rocrate has no types
        names = {key: _one(value) for key, value in properties.items() if value}
        names["@type"] = names.pop("type")
        return crate.add(ContextEntity(crate, identifier, properties=names))

    sections = list({member.section.run.path: member.section for member in members}.values())
    root = crate.root_dataset
    root["name"] = settings.title
    root["description"] = " ".join(f"{section.title}. {section.sentence}" for section in sections)
    root["datePublished"] = date
    root["license"] = entity(licence_address(settings.licence), type="CreativeWork", name=settings.licence)
    root["author"] = _one(
        [
            entity(f"#author-{at}", type="Person" if "," in author else "Organization", name=author)
            for at, author in enumerate(settings.authors, start=1)
        ]
    )
    root["citation"] = [
        entity(
            f"https://doi.org/{paper.doi}" if paper.doi else f"#citation-{at}",
            type="ScholarlyArticle",
            name=paper.text,
        )
        for at, paper in enumerate(citations_of([section.run for section in sections]), start=1)
    ]
    for name, (media, told) in _DOCUMENTS.items():
        crate.add_file(dest_path=name, properties={"name": told, "encodingFormat": media})
    files: dict[str, list[Any]] = {}
    for member in members:
        size, digest = member.facts
        made = crate.add_file(
            dest_path=member.name,
            properties={
                "name": f"{member.title} of {member.section.run.name}",
                "description": member.told,
                "encodingFormat": member.media,
                "contentSize": str(size),
                "sha256": digest,
            },
        )
        files.setdefault(member.section.run.path, []).append(made)
    for at, section in enumerate(sections, start=1):
        run = section.run
        method = method_of(run, section.title)
        version = str(run.entry("versions", DISTRIBUTION) or "unknown")
        program = entity(
            f"#{DISTRIBUTION}-{version}",
            type="SoftwareApplication",
            name=DISTRIBUTION,
            version=version,
        )
        inputs = [
            entity(
                f"#run-{at}-input-{number}", type="CreativeWork", name=path, description=role, sha256=digest
            )
            for number, (role, path, digest) in enumerate(method.inputs, start=1)
        ]
        action = entity(
            f"#run-{at}",
            type="CreateAction",
            name=section.title,
            description=method.command,
            instrument=program,
            object=inputs,
            result=files[run.path],
            startTime=str(run.entry("started") or ""),
        )
        root.append_to("mentions", action)
    return dict(crate.metadata.generate())


def _one(value: Any) -> Any:  # any value of JSON-LD
    """Return a value, of a list of one the one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
