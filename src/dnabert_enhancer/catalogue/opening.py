"""What users name as a model, opened: the packaged one, a directory or archive, a catalogue's or a hub's."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from dnabert_enhancer.catalogue import hub, web
from dnabert_enhancer.catalogue.catalogue import Catalogue
from dnabert_enhancer.catalogue.entry import DEFAULT_THRESHOLD_SOURCE, CatalogueEntry, ModelType
from dnabert_enhancer.catalogue.fetching import Announce, Brought
from dnabert_enhancer.catalogue.source import (
    HubSource,
    Source,
    looks_like_hub_name,
    parse_source,
)
from dnabert_enhancer.catalogue.store import Store, StoredModel
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, is_stream, remove_quietly
from dnabert_enhancer.model import (
    CARD_NAME,
    CONFIG_NAME,
    DEFAULT_NAME,
    NOT_CALIBRATED,
    EnhancerModel,
    ModelCard,
    Task,
    Threshold,
    import_checkpoint,
    replace_card,
    split_output,
)
from dnabert_enhancer.model import open_model as open_path

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Named:
    """A model that was named and lies elsewhere: the name under which it is stored, its place, its facts."""

    name: str
    source: Source
    entry: CatalogueEntry | None


def open_model(spec: str | PathLike[str] | None = None, *, as_base: bool = False) -> EnhancerModel:
    """Open a model.

    Parameters
    ----------
    spec : str or path, optional
        None or ``"default"``: the packaged model. A directory, or an archive of one, which is unpacked into
        a temporary folder that goes with the process. A name of the catalogue, such as
        ``deepvregulome/CTCFL``. ``hub:NAME@REVISION``, ``hub:NAME@REVISION/SUBFOLDER``, ``zenodo:DOI/FILE``
        or ``https://…#sha256=…``: brought on first use and kept in the store. ``:OUTPUT`` at the end chooses
        one of the model's outputs; the first is what is meant without.
    as_base : bool
        It is to be fine-tuned or to embed; pre-trained models without a trained head are refused otherwise.

    Raises
    ------
    InputError
        No such directory, archive, name or place; a file in it that is missing or wrong.
    ResourceError
        It could not be downloaded.
    """
    whole, output = split_output(spec)
    found = locate(whole)
    model = open_path(found)
    if not as_base and is_pretrained_only(model):
        raise without_head(str(spec))
    return model.select(output) if output else model


def is_pretrained_only(model: EnhancerModel) -> bool:
    """Tell whether a model's head is not trained: a base model's, or that of an import without one."""
    return model.card.origin.get("type") == ModelType.BASE or not model.card.is_trained


def without_head(spec: str | PathLike[str]) -> InputError:
    """Return the error of a base model that is asked for predictions."""
    return InputError(
        f"{spec} is pre-trained only: it has no head that predicts anything",
        remedy=f"fine-tune it first: dnabert-enhancer finetune --base-model {spec}; or take its embeddings: "
        "predict --embeddings FILE.npz",
    )


def locate(spec: str | PathLike[str] | None) -> str | PathLike[str] | None:
    """Return the directory or archive that a name stands for, brought where it must be.

    A path that exists is itself; so is the packaged model's name.
    """
    if (
        spec is None
        or not isinstance(spec, str)
        or spec == DEFAULT_NAME
        or is_stream(spec)
        or Path(spec).exists()
    ):
        return spec
    stored = Store().find(spec)
    return (stored or get(spec)).directory


def named(spec: str, catalogue: Catalogue | None = None) -> Named:
    """Return what a name or place stands for.

    Raises
    ------
    InputError
        Neither; the nearest names are shown, and the form of a hub name where it looks like one.
    """
    known = Catalogue.load() if catalogue is None else catalogue
    if (source := parse_source(spec)) is not None:
        return Named(spec, source, known.at(source))
    entry = known.get(spec)
    if entry is None or entry.source is None:
        raise _unknown(spec, known)
    return Named(spec, entry.source, entry)


def get(
    spec: str,
    *,
    window_length: int | None = None,
    catalogue: Catalogue | None = None,
    store: Store | None = None,
) -> StoredModel:
    """Bring a model into the store, where it is not there yet.

    Parameters
    ----------
    spec : str
        A name of the catalogue, or a place (see `open_model`).
    window_length : int, optional
        Length in bp of the windows that it was made for, where neither the catalogue nor its card says it.
    catalogue, store
        Others than the usual ones.

    Raises
    ------
    InputError, ResourceError
        As `open_model`; a window length that nobody knows.
    """
    place = named(spec, catalogue)
    return (store or Store()).find_or_make(spec, lambda folder: _make(place, folder, window_length))


def copy_to(stored: StoredModel, folder: Path) -> Path:
    """Put a copy of a stored model into a folder, as a folder of the model's name, and return it."""
    target = folder / stored.name.rpartition("/")[2].replace(":", "_")
    with OutputSet() as outputs:
        for name in stored.files:
            outputs.path(target / name).write_bytes((stored.directory / name).read_bytes())
    return target


@contextlib.contextmanager
def checkpoint(spec: str) -> Iterator[tuple[Path, str]]:
    """Give the files of a checkpoint as they were published, and where they come from.

    A directory or archive is given as it is; what is brought goes when the block ends.
    """
    if spec == DEFAULT_NAME or is_stream(spec) or Path(spec).exists():
        yield Path(spec), spec
        return
    place = named(spec)
    with tempfile.TemporaryDirectory(prefix="dnabert-enhancer-") as folder:
        brought = _bring(place, Path(folder) / "checkpoint", lambda known: _tell(place, known), keep=True)
        yield Path(folder) / "checkpoint", brought.source


def _make(place: Named, folder: Path, window_length: int | None) -> str:
    """Make the model directory of a checkpoint; return where it came from."""
    raw = folder / ".checkpoint"

    def announce(brought: Brought) -> None:
        if (raw / CONFIG_NAME).is_file() and not _is_pretrained_only(place, raw):
            _window_of(place, raw, window_length)
        _tell(place, brought)

    try:
        brought = _bring(place, raw, announce)
        is_base = _is_pretrained_only(place, raw)
        window = window_length if is_base else _window_of(place, raw, window_length)
        labels = None if place.entry is None or is_base else place.entry.labels
        model = import_checkpoint(raw, folder, name=place.name, window_length=window, labels=labels)
    finally:
        remove_quietly(raw)
    replace_card(folder, _card_of(model.card, place, brought))
    return brought.source


def _bring(place: Named, target: Path, announce: Announce, *, keep: bool = False) -> Brought:
    if isinstance(place.source, HubSource):
        target.mkdir(parents=True)
        return hub.bring(place.source, target, announce, keep=keep)
    part = "" if place.entry is None else place.entry.part
    return web.bring(place.source, target, announce, part=part)


def _tell(place: Named, brought: Brought) -> None:
    """Say what is about to travel, and under which licence."""
    licence = _licence(place, brought)
    size = f", {brought.size_bytes / 1e6:,.0f} MB" if brought.size_bytes else ""
    restricted = "; NOT for commercial use" if "-NC" in licence.upper() else ""
    _log.warning("%s: licence %s%s%s, from %s", place.name, licence, restricted, size, brought.source)


def _licence(place: Named, brought: Brought) -> str:
    if place.entry is not None and place.entry.licence != "unknown":
        return place.entry.licence
    return brought.licence or "unknown"


def _window_of(place: Named, raw: Path, given: int | None) -> int | None:
    """Return the window length for the card, None where the checkpoint's own card says it."""
    if given is not None or (raw / CARD_NAME).is_file():
        return given
    if place.entry is not None and place.entry.window_length is not None:
        return place.entry.window_length
    raise InputError(
        "the window length that it was made for is not known",
        source=place.name,
        remedy=f"give it once: dnabert-enhancer models get {place.name} --window-length BP",
    )


def _is_pretrained_only(place: Named, raw: Path) -> bool:
    """Whether the catalogue, or the configuration, says that there is no classifier."""
    if place.entry is not None:
        return place.entry.type == ModelType.BASE
    try:
        names = json.loads((raw / CONFIG_NAME).read_text(encoding="utf-8")).get("architectures") or []
        return any(str(name).endswith(("ForMaskedLM", "ForPreTraining")) for name in names)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return False


def _card_of(card: ModelCard, place: Named, brought: Brought) -> ModelCard:
    """Return the card with what the catalogue and the server know, and what nobody knows."""
    entry = place.entry
    origin = {"name": place.name, "source": brought.source}
    changes: dict[str, Any] = {"licence": _licence(place, brought), "origin": origin}
    if entry is not None:
        origin |= {"type": str(entry.type), "citation": entry.citation, "layout": entry.layout}
        changes["training"] = {**card.training, "assembly": entry.assembly}
        if entry.figures:
            reported = {**entry.figures, "source": entry.figures_source}
            changes["metrics"] = {**card.metrics, "reported": reported}
    if card.task == Task.BINARY and not card.thresholds and card.is_trained:
        threshold = Threshold(0.5, DEFAULT_THRESHOLD_SOURCE)
        if entry is not None:
            threshold = Threshold(entry.threshold, entry.threshold_source)
        changes["thresholds"] = {"default": threshold}
        changes["limits"] = NOT_CALIBRATED
    return card.replace(**changes)


def _unknown(spec: str, known: Catalogue) -> InputError:
    advice = known.advice(spec)
    if looks_like_hub_name(spec):
        advice = f"for a model of the hub write hub:{spec}@main; {advice}"
    return InputError(
        "no such model directory, and no model of this name in the catalogue", source=spec, remedy=advice
    )
