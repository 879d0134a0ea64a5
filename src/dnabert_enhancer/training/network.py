"""The network that a training changes: an encoder with a head for the target, adapters, final weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import (
    BERT,
    NO_PADDING,
    Encoder,
    EnhancerModel,
    ModelCard,
    State,
    Task,
    classifier_config,
    name_padding,
    number_value,
    same_name,
)
from dnabert_enhancer.training.base_model import BaseModel, Target, fresh_parts

if TYPE_CHECKING:
    import torch

    from dnabert_enhancer.training.settings import TrainingSettings

_HEAD = ("pooler", "classifier")
_DROPOUT, _ATTENTION_DROPOUT = "hidden_dropout_prob", "attention_probs_dropout_prob"
_NOT_FOR_THE_MODEL = ("_name_or_path", "transformers_version", "torch_dtype", "dtype")


def torch_model(
    base: BaseModel, target: Target, settings: TrainingSettings, seed: int, attention: str | None = None
) -> Any:  # an EncoderNetwork, or a transformers.PreTrainedModel
    """Return the base model with a head for the target, in float32.

    Notes
    -----
    A head of another size than the target's is replaced by a fresh one, drawn with the seed. Of a model of
    several outputs the training starts with the one that was chosen (the first, or ``DIR:NAME``), where its
    task is the target's. Outputs of a head that is kept are put in the order of the target's labels by their
    names; of two classes the positive one stays the positive one. ``attention`` is ``"eager"`` for attention
    written out; None leaves the choice. Architectures that are not computed here are transformers' own
    classes.
    """
    import transformers

    from dnabert_enhancer.engine import encoder_network

    transformers.set_seed(seed)
    if base.opened is not None and base.opened.encoder is None:
        return _foreign_model(base, target, settings, attention)
    config = dropout_config(base, settings)
    if base.opened is None or base.opened.encoder is None:
        parts = fresh_parts(base, target, seed)
        encoder, state = Encoder.from_config(parts.config), parts.state
    else:
        encoder, state = base.opened.encoder, base.opened.read_state()
        if encoder.outputs != len(target.labels):
            encoder = encoder.replace(outputs=len(target.labels))
            state |= _fresh_classifier(encoder, seed)
        elif base.opened.card.column is None:
            order = _order_of_outputs(base.opened.card, target)
            state |= {name: state[name][order] for name in ("classifier.weight", "classifier.bias")}
    model = encoder_network(
        encoder,
        state,
        dropout=number_value(config, _DROPOUT, 0.0),
        attention_dropout=number_value(config, _ATTENTION_DROPOUT, 0.0),
        mask_id=base.mask_id,
        fused=attention != "eager",
    )
    if base.opened is not None and base.opened.card.column is not None:
        _start_head(model.get_submodule("classifier"), base.opened, target)
    return model


def dropout_config(base: BaseModel, settings: TrainingSettings) -> dict[str, Any]:
    """Return the base's configuration with the shares of dropout that the settings ask for."""
    attention = settings.attention_dropout
    if base.is_fresh and attention is None:
        attention = 0.0
    asked = {_DROPOUT: settings.dropout, _ATTENTION_DROPOUT: attention}
    return base.config | {name: share for name, share in asked.items() if share is not None}


def with_adapters(model: Any, settings: TrainingSettings) -> Any:  # torch to peft model
    """Return the model with low-rank adapters on all its linear layers; the head is trained whole."""
    import peft

    options: dict[str, Any] = {"task_type": peft.TaskType.SEQ_CLS, "target_modules": "all-linear"}
    if hasattr(model, "encoder") and isinstance(model.encoder, Encoder):
        import torch

        linear = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)]
        options = {
            "target_modules": [name for name in linear if name not in _HEAD],
            "modules_to_save": list(_HEAD),
        }
    return peft.get_peft_model(
        model,
        peft.LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            **options,
        ),
    )


class TrainedParts(NamedTuple):
    """What a trained network leaves: ``config.json``, and the weights by their names in it."""

    config: dict[str, Any]
    state: State


def trained_parts(
    model: Any, base: BaseModel, target: Target, settings: TrainingSettings
) -> TrainedParts:  # of torch_model
    """Return configuration and weights of a trained model, its adapters merged."""
    if not (hasattr(model, "encoder") and isinstance(model.encoder, Encoder)):
        return TrainedParts(_foreign_config(model), _foreign_state(model))
    layout = BERT if base.opened is None or base.opened.layout is None else base.opened.layout
    config = classifier_config(layout, dropout_config(base, settings), target.labels, target.task)
    return TrainedParts(config, layout.own_state(model.state()))


def _order_of_outputs(card: ModelCard, target: Target) -> list[int]:
    """Return the places of a base model's outputs in the order of as many labels of the target."""
    unchanged = list(range(len(target.labels)))
    if card.task != target.task or not card.is_trained:
        return unchanged
    if card.task == Task.BINARY:
        negative, positive = target.labels
        exchanged = same_name(positive, card.negative_label) or same_name(negative, card.positive_label)
        first = card.positive_index if exchanged else 1 - card.positive_index
        return [first, 1 - first]
    places = [
        next((place for place, name in enumerate(card.labels) if same_name(name, label)), None)
        for label in target.labels
    ]
    found = [place for place in places if place is not None]
    return found if sorted(found) == unchanged else unchanged


def _fresh_classifier(encoder: Encoder, seed: int) -> State:
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((encoder.outputs, encoder.hidden), dtype=np.float32) * np.float32(0.02)
    return {"classifier.weight": weight, "classifier.bias": np.zeros(encoder.outputs, np.float32)}


def _foreign_model(
    base: BaseModel, target: Target, settings: TrainingSettings, attention: str | None
) -> Any:  # transformers.PreTrainedModel
    import torch
    import transformers

    assert base.opened is not None
    names = dict(enumerate(target.labels))
    dropout = {_DROPOUT: settings.dropout, _ATTENTION_DROPOUT: settings.attention_dropout}
    try:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            base.opened.directory,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            attn_implementation=attention,
            num_labels=len(names),
            id2label=names,
            label2id={name: number for number, name in names.items()},
            problem_type="regression" if target.task == "regression" else "single_label_classification",
            **{name: share for name, share in dropout.items() if share is not None},
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"transformers cannot load it as a sequence classifier: {reason}", source=base.name
        ) from None
    name_padding(model, NO_PADDING if base.pad_id is None else base.pad_id)
    if len(base.opened.card.labels) == len(target.labels):
        order = _order_of_outputs(base.opened.card, target)
        with torch.no_grad():
            for tensor in _last_linear(model, len(order)).parameters():
                tensor.copy_(tensor[order].clone())
    return model


def _last_linear(model: torch.nn.Module, outputs: int) -> torch.nn.Module:
    """Return the layer of a classifier that has its outputs; an empty one where none is a plain product."""
    import torch

    layers = [
        part for part in model.modules() if isinstance(part, torch.nn.Linear) and part.out_features == outputs
    ]
    return layers[-1] if layers else torch.nn.Identity()


def _foreign_config(model: Any) -> dict[str, Any]:  # transformers.PreTrainedModel; JSON values
    config: dict[str, Any] = {
        name: value for name, value in model.config.to_dict().items() if name not in _NOT_FOR_THE_MODEL
    }
    if config.get("pad_token_id") == NO_PADDING:
        del config["pad_token_id"]
    config["id2label"] = {str(number): name for number, name in model.config.id2label.items()}
    return config | {"architectures": [type(model).__name__]}


def _foreign_state(model: torch.nn.Module) -> State:
    """Return the weights as float32 arrays (integers as they are) by name."""
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).detach().cpu().numpy()
        for name, tensor in model.state_dict().items()
    }


def _start_head(classifier: Any, opened: EnhancerModel, target: Target) -> None:
    """Fill a classifier with one output of a model of several, or with small weights.

    The one that was chosen; where none was, the one of the target's positive label, else the first.
    """
    import torch

    card = opened.card
    column = card.column
    if card.task == Task.BINARY and column == 0:
        named = (found for name, found in card.further_outputs.items() if same_name(name, target.labels[-1]))
        column = next((found.column for found in named if found.task == card.task), column)
    with torch.no_grad():
        if target.task != card.task:
            torch.nn.init.normal_(classifier.weight, std=0.02)
            torch.nn.init.zeros_(classifier.bias)
            return
        state = opened.read_state()
        signs = torch.tensor([[-0.5], [0.5]] if card.task == Task.BINARY else [[1.0]])
        classifier.weight.copy_(signs * torch.from_numpy(state["classifier.weight"][column]))
        classifier.bias.copy_(signs[:, 0] * float(state["classifier.bias"][column]))
