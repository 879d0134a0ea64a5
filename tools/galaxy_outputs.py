"""Write the lists of the packaged model's outputs into galaxy_tools/macros.xml; with --check, tell if old.

The Galaxy tools offer the outputs as lists: all, those that are probabilities (for score variants), and those
among them that stand beside the first (as a transcription factor). They are made from the model's card.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from dnabert_enhancer.model import ModelCard, Task, open_model

MACROS = Path(__file__).resolve().parents[1] / "galaxy_tools" / "macros.xml"
BEGIN = "    <!-- outputs of the packaged model: by tools/galaxy_outputs.py, from its card -->\n"
END = "    <!-- end of the outputs of the packaged model -->\n"


def block(card: ModelCard) -> str:
    """Return the macros ``first_output``, ``further_probabilities`` and ``activities``.

    Parameters
    ----------
    card : ModelCard
        Of a model with several outputs.
    """
    return "".join(_lines(card))


def _lines(card: ModelCard) -> Iterator[str]:
    first = card.labels[-1]
    yield '    <xml name="first_output">\n'
    yield _option(first, f"{first}: the model's main output", ' selected="true"')
    yield "    </xml>\n"
    for macro, wanted in (("further_probabilities", Task.BINARY), ("activities", Task.REGRESSION)):
        yield f'    <xml name="{macro}">\n'
        for name, output in card.further_outputs.items():
            if output.task == wanted:
                said = f"{name}: {output.meaning}" if output.meaning else name
                if output.task == Task.REGRESSION:
                    said += "; a measured value"
                if output.window_length != card.window_length:
                    said += f"; windows of {output.window_length} bp"
                yield _option(name, said)
        yield "    </xml>\n"


def _option(value: str, text: str, more: str = "") -> str:
    return f"        <option value={quoteattr(value)}{more}>{escape(text)}</option>\n"


def with_block(text: str, made: str) -> str:
    """Return the text of macros.xml with other lists between the two comments."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{MACROS}: the comments around the outputs of the packaged model are missing")
    return f"{before}{BEGIN}{made}{END}{after}"


def main() -> None:
    """Write the lists, or tell whether they are what the card says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the lists are old")
    args = parser.parse_args()
    old = MACROS.read_text(encoding="utf-8")
    new = with_block(old, block(open_model().card))
    if args.check:
        sys.exit(old != new)
    MACROS.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
