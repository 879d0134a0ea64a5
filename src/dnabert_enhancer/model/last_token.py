"""Classifiers that read the last token of a row, as causal models do: which token is padding, to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NO_PADDING = -1
"""An id that no token has."""
_HEAD = "score."


def reads_last_token(names: Iterable[str]) -> bool:
    """Return whether a classifier of transformers reads the last token, by the names of its tensors.

    It takes the last one that isn't padding, and refuses several rows where its configuration names no
    padding token.
    """
    return any(name.startswith(_HEAD) for name in names)


def name_padding(module: Any, pad_id: int) -> None:  # transformers has no types
    """Name the padding token of such a classifier, where its configuration doesn't."""
    config = module.config.get_text_config()
    if config.pad_token_id is None and reads_last_token(module.state_dict()):
        config.pad_token_id = pad_id
