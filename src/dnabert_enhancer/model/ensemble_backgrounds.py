"""The backgrounds of an ensemble: a file beside its models, which holds for these models alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.background import Background
from dnabert_enhancer.model.directory import EnhancerModel
from dnabert_enhancer.model.json_text import read_object

BACKGROUNDS_NAME: Final = "backgrounds.json"
"""In a folder of models: by label, the digests of the models and the background of their mean."""


def ensemble_backgrounds(folder: Path, members: Sequence[EnhancerModel]) -> dict[str, Background]:
    """Return the backgrounds, by label, that a folder holds of the mean of these models.

    Raises
    ------
    InputError
        The file is not such a file.
    """
    digests = sorted(member.digest for member in members)
    return {
        label: background for label, (of_models, background) in _read(folder).items() if of_models == digests
    }


def backgrounds_text(folder: Path, members: Sequence[EnhancerModel], found: Mapping[str, Background]) -> str:
    """Return the file of a folder with the backgrounds of some labels put in or replaced."""
    digests = sorted(member.digest for member in members)
    entries = _read(folder) | {label: (digests, background) for label, background in found.items()}
    content = {
        label: {"models": of_models, "background": background.to_json()}
        for label, (of_models, background) in sorted(entries.items())
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _read(folder: Path) -> dict[str, tuple[list[str], Background]]:
    path = folder / BACKGROUNDS_NAME
    if not path.is_file():
        return {}
    content = read_object(path)
    try:
        return {
            str(label): (sorted(map(str, entry["models"])), Background.from_json(entry["background"]))
            for label, entry in content.items()
        }
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(
            f"holds no backgrounds of models ({error})", source=path, remedy="remove the file"
        ) from None
