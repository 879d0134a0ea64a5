"""One model of a catalogue: what it is, what is known of it, and where it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dnabert_enhancer.catalogue.source import HubSource, Source, ZenodoSource, parse_source
from dnabert_enhancer.errors import InputError

DEFAULT_THRESHOLD_SOURCE = "not known: 0.5 by default"


class ModelType(StrEnum):
    """What a model is for."""

    ENHANCER = "enhancer"
    """Enhancers and other active regulatory elements."""
    TF = "tf"
    """Binding of a transcription factor."""
    HISTONE = "histone"
    """A histone mark."""
    SPLICE = "splice"
    """Splice sites."""
    BASE = "base"
    """Pre-trained only: `finetune` gives it a head."""


@dataclass(frozen=True)
class PositiveOutput:
    """Which output of the network is the positive class, counted from 0, and its name."""

    index: int
    name: str


@dataclass(frozen=True)
class CatalogueEntry:
    """A model that can be named.

    Parameters
    ----------
    name : str
        What users write.
    type : {"enhancer", "tf", "histone", "splice", "base"}
        See `ModelType`.
    predicts : str
        In a sentence.
    architecture : str
        Family of the network, such as ``DNABERT-6``.
    where : str
        ``hub:``, ``zenodo:`` or ``https:``, as `parse_source` reads it; ``default`` for the packaged model.
    k : int or None
        Length of its overlapping k-mers; None for another tokenizer.
    window_length : int or None
        Length in bp of the windows that it was made for; None where it has none (base) or it is not known.
    positive : PositiveOutput or None
        None for a base model, and where the outputs are not known.
    threshold : float
        On the probability of the positive output.
    threshold_source : str
        Where it comes from.
    assembly : str
        Of the training data.
    size_bytes : int or None
        Of what travels, by arithmetic from the number of weights where it was not seen.
    licence, citation : str
        Of the weights.
    figures : mapping
        Reported figures by name: fractions, counts.
    figures_source : str
        Where they are reported.
    part : str
        Text in the name of the file that is meant, or of its folder, where `where` names a whole record.
    layout_seen : bool
        Whether files of this layout were read by this suite's tests.
    layout : str
        What is known of the files.
    """

    name: str
    type: str
    predicts: str
    architecture: str
    where: str
    k: int | None = None
    window_length: int | None = None
    positive: PositiveOutput | None = None
    threshold: float = 0.5
    threshold_source: str = DEFAULT_THRESHOLD_SOURCE
    assembly: str = "unknown"
    size_bytes: int | None = None
    licence: str = "unknown"
    citation: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    figures_source: str = ""
    part: str = ""
    layout_seen: bool = False
    layout: str = ""

    def __post_init__(self) -> None:
        if self.type not in tuple(ModelType):
            raise InputError(f"unknown type {self.type!r}", remedy=f"one of {', '.join(ModelType)}")
        if not self.name or self.name != self.name.strip() or ":" in self.name.removeprefix("default:"):
            raise InputError(
                f"{self.name!r} is not a valid name for a model", remedy="leave out colons and blanks"
            )
        if self.window_length is not None and self.window_length < 1:
            raise InputError(f"window_length must be at least 1, not {self.window_length}")
        if not 0 <= self.threshold <= 1:
            raise InputError(f"a threshold is a probability in 0..1, not {self.threshold!r}")

    @property
    def is_packaged(self) -> bool:
        """Whether it is the model that comes with the package, or one of its outputs."""
        return self.where == "default"

    @property
    def source(self) -> Source | None:
        """Where it comes from; None for the packaged model."""
        return None if self.is_packaged else parse_source(self.where)

    @property
    def labels(self) -> tuple[str, str] | None:
        """Names of the two outputs of a binary model, the positive one second."""
        if self.positive is None:
            return None
        return f"not_{self.positive.name}", self.positive.name

    @property
    def is_non_commercial(self) -> bool:
        """Whether the licence forbids commercial use."""
        return "-NC" in self.licence.upper()

    def is_at(self, source: Source) -> bool:
        """Whether this is what lies at a place, whatever the revision."""
        own = self.source
        if isinstance(own, HubSource) and isinstance(source, HubSource):
            return (own.repository, own.folder) == (source.repository, source.folder)
        if isinstance(own, ZenodoSource) and isinstance(source, ZenodoSource):
            return bool(own.file) and own == source
        return own == source

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> CatalogueEntry:
        """Return the entry that plain values describe.

        Raises
        ------
        InputError
            A field that is missing, unknown, or of another kind.
        """
        known = {item.name: item for item in dataclasses.fields(cls)}
        unknown = sorted(set(content) - set(known))
        if unknown:
            raise InputError(f"an entry has no field {unknown[0]!r}", remedy=f"it has {', '.join(known)}")
        lacking = [
            name
            for name, item in known.items()
            if name not in content
            and item.default is dataclasses.MISSING
            and item.default_factory is dataclasses.MISSING
        ]
        if lacking:
            raise InputError(f"the entry {content.get('name', '')!r} lacks {', '.join(lacking)}")
        values = dict(content)
        try:
            if values.get("positive") is not None:
                values["positive"] = PositiveOutput(
                    int(values["positive"]["index"]), str(values["positive"]["name"])
                )
            values["threshold"] = float(values.get("threshold", 0.5))
            for name in ("k", "window_length", "size_bytes"):
                values[name] = None if values.get(name) is None else int(values[name])
            entry = cls(**values)
            entry.source  # noqa: B018  a place that cannot be read is said now
        except (TypeError, ValueError, OverflowError, KeyError, AttributeError) as error:
            raise InputError(f"the entry {content.get('name', '')!r} cannot be read: {error}") from None
        return entry
