"""Where a model comes from, as users write it: ``hub:``, ``zenodo:`` and ``https:``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from dnabert_enhancer.errors import InputError

HUB_PREFIX = "hub:"
ZENODO_PREFIX = "zenodo:"
_HUB_FORM = "hub:NAME@REVISION or hub:NAME@REVISION/SUBFOLDER, such as hub:owner/model@main"
_ZENODO_FORM = "zenodo:DOI/FILE, such as zenodo:10.5281/zenodo.1234567/model.tar.gz"
_URL_FORM = "https://…/FILE#sha256=DIGEST; the digest is what sha256sum prints for the file"
_HUB_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})?")
_DOI = re.compile(r"(10\.\d{4,9}/[A-Za-z0-9._;()-]+)(?:/(.+))?")
_DIGEST = re.compile(r"(?i)(?:sha256|md5)=[0-9a-f]{32,64}")


@dataclass(frozen=True)
class HubSource:
    """A folder of a repository of the Hugging Face hub.

    Parameters
    ----------
    repository : str
        ``owner/name``.
    revision : str
        A branch, a tag or a commit.
    folder : str
        The folder in it; empty for the top.
    """

    repository: str
    revision: str
    folder: str = ""

    def __str__(self) -> str:
        place = f"{HUB_PREFIX}{self.repository}@{self.revision}"
        return f"{place}/{self.folder}" if self.folder else place


@dataclass(frozen=True)
class ZenodoSource:
    """A file of a Zenodo record; an empty name where the record was named alone."""

    doi: str
    file: str = ""

    def __str__(self) -> str:
        return f"{ZENODO_PREFIX}{self.doi}/{self.file}" if self.file else f"{ZENODO_PREFIX}{self.doi}"


@dataclass(frozen=True)
class UrlSource:
    """A file of any server, with the digest that it must have (``sha256:…`` or ``md5:…``)."""

    url: str
    digest: str

    def __str__(self) -> str:
        return f"{self.url}#{self.digest.replace(':', '=')}"


Source = HubSource | ZenodoSource | UrlSource


def parse_source(spec: str) -> Source | None:
    """Return the place that a name stands for, None where it names none outside of this machine.

    Raises
    ------
    InputError
        A name with one of the prefixes that is not of its form; the form is shown.
    """
    if spec.startswith(HUB_PREFIX):
        return _hub_source(spec)
    if spec.startswith(ZENODO_PREFIX):
        found = _DOI.fullmatch(spec.removeprefix(ZENODO_PREFIX).removeprefix("doi:"))
        if found is None:
            raise InputError(f"{spec!r} names no file on Zenodo", remedy=f"write {_ZENODO_FORM}")
        return ZenodoSource(found[1], found[2] or "")
    if spec.startswith(("https://", "http://")):
        url, _, digest = spec.partition("#")
        if _DIGEST.fullmatch(digest) is None:
            raise InputError(f"{spec!r} names no digest", remedy=f"write {_URL_FORM}")
        return UrlSource(url, digest.lower().replace("=", ":"))
    return None


def looks_like_hub_name(spec: str) -> bool:
    """Whether a text could be ``owner/name`` of the hub."""
    return spec.count("/") == 1 and _HUB_NAME.fullmatch(spec) is not None


def _hub_source(spec: str) -> HubSource:
    name, separator, rest = spec.removeprefix(HUB_PREFIX).partition("@")
    revision, folder = _revision_and_folder(rest)
    if not name or not separator or not revision:
        raise InputError(f"{spec!r} names no revision", remedy=f"write {_HUB_FORM}")
    owner, _, inner = name.partition("/")
    short, _, before = inner.partition("/")
    if before and folder:
        raise InputError(f"{spec!r} names two folders", remedy=f"write {_HUB_FORM}")
    # hub:owner/name/models/X@main is what some write for hub:owner/name@main/models/X
    folder = before or folder
    repository = f"{owner}/{short}" if short else owner
    if _HUB_NAME.fullmatch(repository) is None:
        raise InputError(f"{repository!r} is not a name on the hub", remedy=f"write {_HUB_FORM}")
    parts = PurePosixPath(folder).parts
    if ".." in parts or any(not part.isprintable() or "\\" in part for part in parts):
        raise InputError(f"{folder!r} is not a folder of a repository", remedy=f"write {_HUB_FORM}")
    return HubSource(repository, revision, "/".join(part for part in parts if part != "/"))


def _revision_and_folder(rest: str) -> tuple[str, str]:
    """Split ``main/models/X`` and ``refs/pr/1/models/X``; a colon may stand before the folder too."""
    before, colon, after = rest.partition(":")
    if colon:
        return before, after
    parts = rest.split("/")
    length = 3 if parts[0] == "refs" else 1
    return "/".join(parts[:length]), "/".join(parts[length:])
