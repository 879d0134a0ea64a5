"""Add Debian's packages and the image itself to the list of Python packages: one CycloneDX 1.6 document.

Arguments: the image's version, the document that cyclonedx-py wrote. Standard input: dpkg-query's lines of
package, version, architecture and status. Standard output: the whole, refused where it does not keep to the
format's schema. Scanners read it as they read those of other tools: a component's ``purl`` names it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def debian_components(lines: Iterable[str]) -> list[dict[str, str]]:
    """Return a component for each installed package."""
    components = []
    for line in lines:
        name, version, architecture, status = line.rstrip("\n").split("\t")
        if status != "installed":
            continue
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version, safe='')}?arch={architecture}&distro=debian-12"
        components.append(
            {"bom-ref": purl, "name": name, "purl": purl, "type": "library", "version": version}
        )
    return components


def main() -> None:
    """Write the whole document."""
    version, document = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    document["components"] += debian_components(sys.stdin)
    document.setdefault("metadata", {})["component"] = {
        "bom-ref": "image",
        "name": "dnabert-enhancer",
        "type": "container",
        "version": version,
    }
    text = json.dumps(document, indent=1)
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"the list is no CycloneDX 1.6: {fault}")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
