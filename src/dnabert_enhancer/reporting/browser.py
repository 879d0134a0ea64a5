"""The genome browser of the page: igv.js as igv-notebook carries it, with the data of the runs inside."""

from __future__ import annotations

from typing import Any, NamedTuple


class Browser(NamedTuple):
    """What the page needs for the genome browser.

    Attributes
    ----------
    library : str
        The script of igv.js.
    data : dict
        JSON values: ``told``, a sentence for the page, and ``options``, what igv.js is made with.
    """

    library: str
    data: dict[str, Any]
