"""Models that predict the same thing, read as one: what they have in common, and what must not differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.card import ModelCard, Task, Threshold
from dnabert_enhancer.model.card_values import is_whole
from dnabert_enhancer.model.class_names import same_name
from dnabert_enhancer.model.configuration import CONFIG_NAME
from dnabert_enhancer.model.directory import EnhancerModel
from dnabert_enhancer.model.encoder import Encoder
from dnabert_enhancer.model.ensemble_backgrounds import ensemble_backgrounds
from dnabert_enhancer.model.json_text import read_object
from dnabert_enhancer.model.layouts import Layout
from dnabert_enhancer.sequence import Tokenizer

FOLDS_NAME = "folds.json"
"""In a folder of folds: how many there are, and what they were trained with."""
MIDDLE = 0.5
"""The threshold of models whose own thresholds differ."""
_LONGEST_NAME = 200


class EnsembleModel(EnhancerModel):
    """Models that predict the same thing of the same windows.

    It has a card and a digest, but neither weights nor a tokenizer of its own: each member is computed as it
    is.

    Parameters
    ----------
    members : sequence of EnhancerModel
        Two or more.
    name : str, optional
        What the ensemble is called; default: after its members.
    source : path, optional
        The folder that they lie in.

    Attributes
    ----------
    members : tuple of EnhancerModel

    Raises
    ------
    InputError
        Fewer than two models, one of them twice, or two that do not predict the same thing: both are named.
    """

    def __init__(
        self,
        members: Sequence[EnhancerModel],
        name: str | None = None,
        source: str | PathLike[str] | None = None,
    ) -> None:
        if len(members) < 2:
            raise InputError("an ensemble is of two models or more", remedy="name one more model")
        first, *others = members
        for other in others:
            _check_same(first, other)
        seen: dict[str, EnhancerModel] = {}
        for member in members:
            twin = seen.setdefault(member.digest, member)
            if twin is not member:
                raise InputError(
                    f"{twin.source} and {member.source} are the same model",
                    remedy="name each model of an ensemble once",
                )
        card = _card_of([member.card for member in members], name)
        if source is not None:
            found = ensemble_backgrounds(Path(source), members)
            card = card.replace(
                class_backgrounds=found if card.has_choice else {},
                background=None if card.has_choice else found.get(card.positive_label or card.labels[-1]),
            )
        super().__init__(first.directory, {}, card)
        self._members = tuple(members)
        self.source = first.source.parent if source is None else Path(source)

    @property
    def members(self) -> tuple[EnhancerModel, ...]:
        """The models."""
        return self._members

    def with_card(self, card: ModelCard) -> EnhancerModel:  # noqa: ARG002  there is nothing to read so
        """Raise `InputError`: outputs are chosen of each member, before they are put together."""
        raise InputError(f"the outputs of {self.card.name} are those of its models: choose them there")

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Raises `InputError`: each member has its own."""
        raise self.of_one_network()

    def of_one_network(self) -> InputError:
        """Return the error for what an ensemble doesn't have."""
        return InputError(
            f"embeddings, and the attention of tokens, are of one network, and {self.card.name} has "
            f"{len(self.members)}, whose axes and tokens are not the same: a mean of them says nothing",
            remedy="name one of its models",
        )

    @cached_property
    def layout(self) -> Layout | None:
        """None: there is no network of its own."""
        return None

    @cached_property
    def encoder(self) -> Encoder | None:
        """None: there is no network of its own."""
        return None

    @property
    def weights_size(self) -> int:
        """Size of all weight files in bytes."""
        return sum(member.weights_size for member in self.members)

    @cached_property
    def maximum_length(self) -> int:
        """Length in bp up to which all members can read every window."""
        return min(member.maximum_length for member in self.members)

    @cached_property
    def _digests(self) -> list[str]:
        return [f"{member.digest}  member" for member in self.members]

    def description(self) -> dict[str, Any]:
        """Return name, digest and place for the run record, and those of each member."""
        return {**super().description(), "members": [member.description() for member in self.members]}

    def check_window(self, length: int) -> None:
        """Raise `InputError` where windows of this length (bp) do not fit a member."""
        for member in self.members:
            member.check_window(length)


def common_threshold(thresholds: Sequence[float]) -> Threshold:
    """Return the threshold of an ensemble: that of its models where they agree, else one half."""
    if len(set(thresholds)) == 1:
        return Threshold(thresholds[0], f"the same in all {len(thresholds)} models")
    low, high = min(thresholds), max(thresholds)
    return Threshold(MIDDLE, f"one half, since those of the models differ ({low:g} to {high:g})")


def model_folders(folder: str | PathLike[str] | None) -> list[Path]:
    """Return the model directories in a folder that is none itself, in the order of the numbers in names.

    Parameters
    ----------
    folder : path, optional
        Anything else than a folder of two models or more gives an empty list.

    Raises
    ------
    InputError
        Folds whose training is not finished.
    """
    if folder is None or not Path(folder).is_dir() or (Path(folder) / CONFIG_NAME).exists():
        return []
    found = [path.parent for path in Path(folder).glob(f"*/{CONFIG_NAME}") if path.parent.name[0] != "."]
    folds = read_folds(Path(folder))
    if folds is not None and len(found) < folds["folds"]:
        raise InputError(
            f"holds {len(found)} of {folds['folds']} folds",
            source=folder,
            remedy="start the same finetune --folds again to finish them, or name the models one by one",
        )
    return sorted(found, key=in_order) if len(found) > 1 else []


def read_folds(folder: Path) -> dict[str, Any] | None:
    """Return what `FOLDS_NAME` of a folder says, None without one.

    Raises
    ------
    InputError
        It doesn't say how many folds there are.
    """
    path = folder / FOLDS_NAME
    if not path.is_file():
        return None
    content = read_object(path)
    if not is_whole(content.get("folds")) or content["folds"] < 2:
        raise InputError("does not say how many folds there are", source=path, remedy="remove the folder")
    return content


def in_order(path: Path) -> list[tuple[int, str]]:
    """Return what sorts fold2 before fold10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _check_same(first: EnhancerModel, other: EnhancerModel) -> None:
    """Raise `InputError` where two models do not predict the same thing."""
    ours, theirs = first.card, other.card
    facts = [
        ("predicts", _classes(ours), _classes(theirs), _same_outputs(ours, theirs)),
        (
            "reads windows of",
            _bp(ours.window_length),
            _bp(theirs.window_length),
            ours.window_length == theirs.window_length,
        ),
    ]
    for what, own, foreign, agree in facts:
        if not agree:
            raise InputError(
                f"the models of an ensemble must predict the same thing: {first.source} {what} {own}, "
                f"{other.source} {foreign}",
                remedy="leave one of them out, or run them one by one",
            )


def _same_outputs(ours: ModelCard, theirs: ModelCard) -> bool:
    if ours.task != theirs.task or len(ours.labels) != len(theirs.labels):
        return False
    if ours.task == Task.BINARY:
        return same_name(ours.positive_label, theirs.positive_label) and same_name(
            ours.negative_label, theirs.negative_label
        )
    return all(map(same_name, ours.labels, theirs.labels))


def _classes(card: ModelCard) -> str:
    labels = f"{card.positive_label} against {card.negative_label}"
    if card.task != Task.BINARY:
        labels = ", ".join(card.labels[:10]) + (" …" if len(card.labels) > 10 else "")
    return f"{labels} ({card.task})"


def _bp(length: int | None) -> str:
    return "an unknown length" if length is None else f"{length} bp"


def _card_of(cards: Sequence[ModelCard], name: str | None) -> ModelCard:
    """Return what the cards have in common, under the name of the ensemble."""
    first = cards[0]
    names = ", ".join(dict.fromkeys(card.name for card in cards))
    shared = {
        key: common_threshold([card.threshold(key) for card in cards])
        for key in first.thresholds
        if all(key in card.thresholds for card in cards)
        and len({card.thresholds[key].value for card in cards}) == 1
    }
    if first.task == Task.BINARY:
        shared["default"] = common_threshold([card.threshold() for card in cards])
    k = max((card.k for card in cards if card.k is not None), default=None)
    return ModelCard(
        name=(name or f"ensemble of {len(cards)}: {names}")[:_LONGEST_NAME],
        window_length=first.window_length,
        labels=first.labels,
        task=first.task,
        k=k,
        tokenizer="huggingface" if k is None else "kmer",
        thresholds=shared,
        training=_training(cards),
        licence=", ".join(dict.fromkeys(card.licence for card in cards)),
        limits=" ".join(dict.fromkeys(card.limits for card in cards if card.limits)),
        positive=first.positive_label,
    )


def _training(cards: Sequence[ModelCard]) -> dict[str, Any]:
    """Return the assemblies that the cards name."""
    named: list[Any] = []
    for card in cards:
        assembly = card.training.get("assembly") or []
        named += assembly if isinstance(assembly, list) else [assembly]
    return {"assembly": list(dict.fromkeys(map(str, named)))} if named else {}
