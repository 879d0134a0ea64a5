"""What users give to an evaluation: models by the names to show, labelled rows, genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from dnabert_enhancer.api.model import Model, opened_model
from dnabert_enhancer.dataset import Dataset, DatasetSource, LabelHints, Task, as_dataset
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import EvaluationSettings
from dnabert_enhancer.genome import ContigNames, read_genes

if TYPE_CHECKING:
    import pandas as pd

ModelSource = Model | str | Path | Sequence[str | Path]


def labelled_rows(dataset: DatasetSource, models: Iterable[Model], settings: EvaluationSettings) -> Dataset:
    """Return the data set to judge models on; what its labels leave open is as the models have it."""
    cards = [model.opened.card for model in models]
    tasks = {card.task for card in cards}
    hints = LabelHints(
        cast(Task, str(*tasks)) if len(tasks) == 1 else None,
        tuple(dict.fromkeys(card.positive_label for card in cards if card.positive_label)),
    )
    return as_dataset(
        dataset, task=settings.task, positive_label=settings.positive_label, hints=hints, allow_one_class=True
    )


def genes_of(genes: str | Path | None, dataset: Dataset) -> pd.DataFrame | None:
    """Return genes on the contigs of a data set, all its splits."""
    if genes is None:
        return None
    frames = [frame for frame in dataset.splits.values() if "chrom" in frame]
    contigs = dict.fromkeys(str(name) for frame in frames for name in frame["chrom"].dropna().unique())
    return read_genes(genes, ContigNames(contigs), holder="the data set")


class _Given(NamedTuple):
    """A model as it was given and opened."""

    spec: str
    model: Model


def named_models(
    models: ModelSource | Iterable[ModelSource] | Mapping[str, ModelSource], engine: EngineSettings | None
) -> dict[str, Model]:
    """Return opened models by the names to show; see `evaluate`."""

    def opened(source: ModelSource) -> Model:
        if isinstance(source, (str, Path, list, tuple)):
            return opened_model(source, engine=engine)
        if not isinstance(source, Model):
            raise InputError(
                f"{type(source).__name__} is not a model", remedy="give what load_model returns, or a path"
            )
        return source

    if isinstance(models, Mapping):
        return {name: opened(source) for name, source in models.items()}
    sources = [models] if isinstance(models, (Model, str, Path)) else list(models)
    entries = [
        _Given(str(source.opened.source if isinstance(source, Model) else source), opened(source))
        for source in sources
    ]
    named: dict[str, Model] = {}
    for spec, model in entries:
        name = model.name
        if sum(entry.model.name == name for entry in entries) > 1:
            name = f"{name} ({spec})"
        if name in named:
            raise InputError(
                "the model is named twice", source="--model", location=spec, remedy="name it once"
            )
        named[name] = model
    return named


def members_by_name(name: str, model: Model) -> dict[str, Model]:
    """Return the models of an ensemble by the names to show, or a single model by its own."""
    if len(model.members) == 1:
        return {name: model}
    return {f"{name}: {own}": member for own, member in named_models(model.members, None).items()}
