#!/usr/bin/env python3
"""The licence of every package that requirements/core.txt (or another lock) names, as its metadata has it.

    tools/licences.py                            # the core install
    tools/licences.py requirements/all.txt       # with training, tests and lint

One line a package: name, version, licence; those of code inside a wheel too, where its list of components
names them. Packages with code under the GPL are marked with !, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?===)")
_GPL = re.compile(r"\bA?GPL|\bGNU (Affero )?General Public", re.IGNORECASE)
_CLASSIFIER = "License :: "
_AND = "; "
_ONLY_LISTED = {("pillow", "libimagequant")}
"""Components that a wheel's list names although the wheel leaves them out; a test looks after it."""


class Licence(NamedTuple):
    """What the metadata of a package says: its name, version and licence (empty: it is not installed)."""

    package: str
    version: str
    text: str

    @property
    def is_gpl(self) -> bool:
        """Whether parts are under the GPL or AGPL, with no other choice; the LGPL is not meant."""
        parts = (part for part in self.text.split(_AND) if " OR " not in part and " WITH " not in part)
        return any(map(_GPL.search, parts))


def licence_of(package: str) -> Licence:
    """Return the licence of an installed package."""
    try:
        found = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return Licence(package, "", "")
    text = found.get("License-Expression", "")
    if not text:
        classifiers = [line for line in found.get_all("Classifier", []) if line.startswith(_CLASSIFIER)]
        text = "; ".join(line.rpartition(" :: ")[2] for line in classifiers)
    if not text:
        text = next((line.strip() for line in found.get("License", "").splitlines() if line.strip()), "")
    texts = dict.fromkeys([text or "not stated", *_of_components(package)])
    return Licence(package, found["Version"], _AND.join(texts))


def _of_components(package: str) -> Iterator[str]:
    """Yield the GPL-like licences of the components that the wheel's own lists (CycloneDX) name."""
    for path in metadata.files(package) or []:
        if path.parent.name != "sboms" or path.suffix != ".json":
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        for component in [content.get("metadata", {}).get("component", {}), *content.get("components", [])]:
            for entry in component.get("licenses", []):
                stated = entry.get("license", {})
                text = entry.get("expression") or stated.get("id") or stated.get("name", "")
                if _GPL.search(text) and (package, component.get("name")) not in _ONLY_LISTED:
                    yield f"{text} ({component.get('name')})"


def licences(lock: Path) -> Iterator[Licence]:
    """Return the licences of the packages that a lock file names; those for other Pythons are empty."""
    names = {
        match[0] for line in lock.read_text(encoding="utf-8").splitlines() if (match := _NAME.match(line))
    }
    return map(licence_of, sorted(names))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lock", nargs="?", type=Path, default=REQUIREMENTS / "core.txt")
    found = [licence for licence in licences(parser.parse_args().lock) if licence.version]
    for licence in found:
        print(f"{'!' if licence.is_gpl else ' '} {licence.package:<28} {licence.version:<14} {licence.text}")
    sys.exit(any(licence.is_gpl for licence in found))


if __name__ == "__main__":
    main()
