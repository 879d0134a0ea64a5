"""The page: sections put into the template, with style, script and data inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.reporting.browser import Browser
from dnabert_enhancer.reporting.methods import citations_of, method_of
from dnabert_enhancer.reporting.section import ReportSettings, Section

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).with_name("templates")


def page_of(sections: Sequence[Section], settings: ReportSettings, browser: Browser | None = None) -> str:
    """Return the page as HTML.

    Whatever comes from a run is text there: the template escapes it, tables are filled in by `textContent`,
    and the page's policy lets the browser run the scripts written here alone and load nothing.
    """
    from dnabert_enhancer import __version__

    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    scripts = [script] if browser is None else [browser.library, script]
    runs = [section.run for section in sections]
    return template("page.html.j2").render(
        title=settings.title,
        version=__version__,
        sections=sections,
        methods=[method_of(section.run, section.title) for section in sections],
        citations=citations_of(runs),
        style=_markup((_TEMPLATES / "page.css").read_text(encoding="utf-8")),
        scripts=[_markup(text) for text in scripts],
        hashes=[_hash(text) for text in scripts],
        browser=None if browser is None else browser.data,
    )


@cache
def template(name: str) -> Template:
    """Return a template; what is put into it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def _hash(script: str) -> str:
    """Return what the page's policy knows a script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _markup(text: str) -> Any:  # a text that is not escaped: ours, never a run's
    from markupsafe import Markup

    return Markup(text)
