"""``python -m dnabert_enhancer COMMAND``: the same as the program ``dnabert-enhancer``."""

from __future__ import annotations

import signal
from typing import NoReturn


def start(command: str | None = None) -> NoReturn:
    """Run a command; Ctrl-C in the first moments, while modules are imported, ends it without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dnabert_enhancer.commands.cli import main

    main(command=command)


if __name__ == "__main__":
    start()
