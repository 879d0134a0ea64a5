"""The shape of a BERT sequence classifier: its tensors by name, its configuration, fresh weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

State = dict[str, NDArray[Any]]  # tensors of any number type by name

_KEPT_SETTINGS = (
    "attention_probs_dropout_prob",
    "hidden_act",
    "hidden_dropout_prob",
    "hidden_size",
    "initializer_range",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "pad_token_id",
    "type_vocab_size",
    "vocab_size",
)


@dataclass(frozen=True)
class BertShape:
    """The sizes of a BERT classifier.

    Parameters
    ----------
    vocabulary, hidden, layers, heads, intermediate, positions, segments, outputs : int
        Numbers of tokens, of hidden units, and so on.
    activation : str
        Hugging Face's name of the feed-forward activation.
    epsilon : float
        Added to the variance in each layer normalisation.
    """

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    segments: int
    outputs: int
    activation: str = "gelu"
    epsilon: float = 1e-12

    @classmethod
    def from_config(cls, config: Mapping[str, Any], source: PathLike[str] | None = None) -> BertShape:
        """Read the sizes from a Hugging Face configuration of type ``bert``."""
        try:
            shape = cls(
                vocabulary=int(config["vocab_size"]),
                hidden=int(config["hidden_size"]),
                layers=int(config["num_hidden_layers"]),
                heads=int(config["num_attention_heads"]),
                intermediate=int(config["intermediate_size"]),
                positions=int(config["max_position_embeddings"]),
                segments=int(config.get("type_vocab_size", 2)),
                outputs=number_of_outputs(config),
                activation=str(config.get("hidden_act", "gelu")),
                epsilon=float(config.get("layer_norm_eps", 1e-12)),
            )
        except KeyError as error:
            raise InputError(f"the configuration lacks {error.args[0]!r}", source=source) from None
        except (TypeError, ValueError) as error:
            raise InputError(f"the configuration has a wrong value: {error}", source=source) from None
        if min(shape.vocabulary, shape.hidden, shape.heads, shape.layers, shape.positions) < 1:
            raise InputError("the configuration has a size below 1", source=source)
        if shape.hidden % shape.heads:
            raise InputError(
                f"hidden_size {shape.hidden} is not a multiple of num_attention_heads {shape.heads}",
                source=source,
            )
        return shape

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each tensor of the classifier, by its Hugging Face name, in model order."""
        h, f = self.hidden, self.intermediate
        shapes: dict[str, tuple[int, ...]] = {
            "bert.embeddings.word_embeddings.weight": (self.vocabulary, h),
            "bert.embeddings.position_embeddings.weight": (self.positions, h),
            "bert.embeddings.token_type_embeddings.weight": (self.segments, h),
            **_normalisation("bert.embeddings.LayerNorm", h),
        }
        for layer in range(self.layers):
            name = f"bert.encoder.layer.{layer}"
            for part in ("query", "key", "value"):
                shapes |= _linear(f"{name}.attention.self.{part}", h, h)
            shapes |= _linear(f"{name}.attention.output.dense", h, h)
            shapes |= _normalisation(f"{name}.attention.output.LayerNorm", h)
            shapes |= _linear(f"{name}.intermediate.dense", f, h)
            shapes |= _linear(f"{name}.output.dense", h, f)
            shapes |= _normalisation(f"{name}.output.LayerNorm", h)
        return shapes | _linear("bert.pooler.dense", h, h) | _linear("classifier", self.outputs, h)

    def check(self, state: Mapping[str, NDArray[Any]], source: PathLike[str] | None = None) -> None:
        """Raise `InputError` unless the state holds all the tensors with the right shapes."""
        expected = self.tensors()
        missing = [name for name in expected if name not in state]
        if missing:
            raise InputError(
                f"the weights lack {len(missing)} of the {len(expected)} tensors that config.json asks for, "
                f"such as {missing[0]}",
                source=source,
            )
        for name, shape in expected.items():
            if tuple(state[name].shape) != shape:
                raise InputError(
                    f"tensor {name} has shape {tuple(state[name].shape)}, but config.json asks for {shape}",
                    source=source,
                )

    def fresh_state(self, rng: np.random.Generator, deviation: float = 0.02) -> State:
        """Return random weights as BERT begins: normal matrices, zero biases, unit normalisation.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.
        deviation : float
            Standard deviation of the matrices (BERT's ``initializer_range``).
        """
        state: State = {}
        for name, shape in self.tensors().items():
            if name.endswith("LayerNorm.weight"):
                state[name] = np.ones(shape, dtype=np.float32)
            elif name.endswith(".bias"):
                state[name] = np.zeros(shape, dtype=np.float32)
            else:
                state[name] = rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
        state["bert.embeddings.word_embeddings.weight"][0] = 0.0
        return state


def _linear(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _normalisation(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def number_of_outputs(config: Mapping[str, Any]) -> int:
    """Return the number of outputs of a Hugging Face classifier (2 where its configuration does not say)."""
    if config.get("id2label"):
        return len(config["id2label"])
    return int(config.get("num_labels", 2))


def bert_config(settings: Mapping[str, Any], labels: Sequence[str], problem_type: str) -> dict[str, Any]:
    """Return a current Hugging Face configuration of a BERT classifier.

    Parameters
    ----------
    settings : mapping
        A configuration, DNABERT's legacy ones too; what the classifier does not use is left out.
    labels : sequence of str
        Names of the outputs.
    problem_type : {"single_label_classification", "regression"}
        Hugging Face's name for the loss.
    """
    config: dict[str, Any] = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
    config |= {name: settings[name] for name in _KEPT_SETTINGS if name in settings}
    config |= label_settings(labels, problem_type)
    config["dtype"] = "float32"
    return config


def label_settings(labels: Sequence[str], problem_type: str) -> dict[str, Any]:
    """Return the entries of a Hugging Face configuration that name the outputs."""
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
        "problem_type": problem_type,
    }


def longest_window(tokens: int, k: int) -> int:
    """Return the length in bp of the longest window that fits `tokens` tokens, [CLS] and [SEP] included."""
    return tokens - 2 + k - 1


def check_window(length: int, longest: int, source: PathLike[str] | str | None = None) -> None:
    """Raise `InputError` where a window is longer than the model can read; it is never cut silently."""
    if length > longest:
        raise InputError(
            f"a window of {length} bp is longer than the {longest} bp that the model can read",
            source=source,
            remedy="give shorter windows or another model",
        )
