"""Settings given as keywords: ``model.scan(genome, stride=50)``."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Settings = TypeVar("_Settings", bound="DataclassInstance")


def with_keywords(
    kind: type[_Settings],
    settings: _Settings | None,
    keywords: Mapping[str, Any],  # the fields' types
) -> _Settings:
    """Return settings with some fields replaced.

    Parameters
    ----------
    kind : dataclass
        The settings' class, whose defaults hold where `settings` is None.
    settings : instance of `kind`, optional
    keywords : mapping
        Values by the names of fields.

    Raises
    ------
    InputError
        Settings of another class; a keyword that is no field, with the fields nearest to it.
    """
    if settings is None:
        settings = kind()
    if not isinstance(settings, kind):
        raise InputError(
            f"settings are a {type(settings).__name__}, not {kind.__name__}",
            remedy=f"give {kind.__name__}(...)",
        )
    names = [field.name for field in dataclasses.fields(kind)]
    for name in keywords:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3) or names
            raise InputError(
                f"{kind.__name__} has no field {name!r}", remedy=f"did you mean {', '.join(near)}?"
            )
    return dataclasses.replace(settings, **keywords)
