"""Names of contigs and regions: those that an output could not hold are refused when they are read."""

from __future__ import annotations

import re
from os import PathLike

from dnabert_enhancer.errors import InputError

_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def check_name(name: str, source: str | PathLike[str], location: str | None = None) -> None:
    """Raise `InputError` where a name holds a control character.

    htslib takes a table that begins with such a name for no text and doesn't index it.
    """
    found = _CONTROL.search(name)
    if found:
        raise InputError(
            f"the name {name[:60]!r} holds a control character (0x{ord(found[0]):02x})",
            source=source,
            location=location,
            remedy="give it a name of printable characters",
        )


def may_hold_control(content: bytes) -> bool:
    """Tell whether lines hold a control character other than tabs and line ends."""
    return len(content.translate(None, _CONTROLS)) != len(content) or b"\xc2" in content
