"""How checkpoints name their tensors: the architecture is told by them, not by config.json."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.configuration import flag_value, text_value, whole_value
from dnabert_enhancer.model.encoder import ACTIVATIONS, Encoder, Norm, Positions, State, check_shapes

Shapes = Mapping[str, tuple[int, ...]]

_IN_LAYER = re.compile(r"(?P<layer>encoder\.layer\.\d+)\.(?P<part>.+)\.(?P<kind>weight|bias)")
_JOINED = "attention.self.Wqkv"
_PARTS = ("query", "key", "value")
_TOP = ("embeddings.", "encoder.", "pooler.")
_WRAPPERS = ("module.", "_orig_mod.")
_UNUSED = re.compile(
    r"(?:^|\.)(?:position_ids|token_type_ids|contact_head\..*|rotary_embeddings\.inv_freq)$|^(?:cls|lm_head)\."
)
_TOKEN_DROPOUT = 0.88  # ESM's 1 - 0.15 * 0.8


@dataclass(frozen=True)
class Layout:
    """One way to name the tensors of an encoder.

    Parameters
    ----------
    name : str
        The architecture.
    prefix : str
        What the names of the encoder begin with.
    marker : str
        A part of a tensor's name by which the layout is told.
    in_layer, outside : mapping of str to str
        Where a name, without prefix and layer, differs: from the checkpoint's to that of `Encoder.tensors`.
    is_joined : bool
        Whether query, key and value are one matrix.
    model_type : str
        What ``config.json`` says after an import. A name that transformers has only where its class computes
        the same, so that nothing else loads such weights in silence and gives other numbers.
    """

    name: str
    prefix: str
    marker: str
    model_type: str
    in_layer: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    is_joined: bool = False

    def common_name(self, name: str) -> str:
        """Return a tensor's name among `Encoder.tensors`."""
        found = _IN_LAYER.fullmatch(name.removeprefix(f"{self.prefix}."))
        if found:
            part = self.in_layer.get(found["part"], found["part"])
            return f"bert.{found['layer']}.{part}.{found['kind']}"
        stem, _, kind = name.rpartition(".")
        if stem in self.outside:
            return f"{self.outside[stem]}.{kind}"
        return f"bert.{name.removeprefix(f'{self.prefix}.')}" if name.startswith(f"{self.prefix}.") else name

    def own_name(self, name: str) -> str:
        """Return the checkpoint's name of one of `Encoder.tensors`; see `own_state` for joined ones."""
        found = _IN_LAYER.fullmatch(name.removeprefix("bert."))
        if found:
            part = _inverse(self.in_layer).get(found["part"], found["part"])
            return f"{self.prefix}.{found['layer']}.{part}.{found['kind']}"
        stem, _, kind = name.rpartition(".")
        own = _inverse(self.outside)
        if stem in own:
            return f"{own[stem]}.{kind}"
        return f"{self.prefix}.{name.removeprefix('bert.')}" if name.startswith("bert.") else name

    def common_state(self, state: State) -> State:
        """Return a checkpoint's tensors by the names of `Encoder.tensors`, query, key and value apart."""
        found: State = {}
        for name, tensor in state.items():
            common = self.common_name(name)
            if self.is_joined and f".{_JOINED}." in common:
                for part, values in zip(_PARTS, np.split(tensor, len(_PARTS)), strict=True):
                    found[common.replace(_JOINED, f"attention.self.{part}")] = values
            else:
                found[common] = tensor
        return found

    def own_state(self, state: State) -> State:
        """Return tensors by the names, and in the form, of the layout's own checkpoints."""
        found: State = {}
        for name, tensor in state.items():
            if not self.is_joined or ".attention.self." not in name:
                found[self.own_name(name)] = tensor
            elif ".query." in name:
                parts = [state[name.replace(".query.", f".{part}.")] for part in _PARTS]
                found[self.own_name(name.replace("attention.self.query", _JOINED))] = np.concatenate(parts)
        return found

    def own_shapes(self, encoder: Encoder) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the tensors of a checkpoint, by the names that they have in it."""
        shapes = {}
        for name, shape in encoder.tensors().items():
            if not self.is_joined or ".attention.self." not in name:
                shapes[self.own_name(name)] = shape
            elif ".query." in name:
                joined = self.own_name(name.replace("attention.self.query", _JOINED))
                shapes[joined] = (len(_PARTS) * shape[0], *shape[1:])
        return shapes

    def check(self, encoder: Encoder, found: Shapes, source: PathLike[str] | None = None) -> None:
        """Raise `InputError` unless a checkpoint has the encoder's tensors, and no others of an encoder."""
        check_shapes(self.own_shapes(encoder), found, source)

    def encoder(
        self, config: Mapping[str, Any], shapes: Shapes, source: PathLike[str] | None = None
    ) -> Encoder:
        """Return the description of a checkpoint: sizes by its configuration, parts by its tensors.

        Parameters
        ----------
        config : mapping
            Its ``config.json``.
        shapes : mapping of str to tuple
            The shape of each tensor, by its name in `plain_names`.
        source : path, optional
            For messages.
        """
        plain = Encoder.from_config(config, source)
        if self.name == BERT.name:
            return plain
        first = {self.common_name(name): shape for name, shape in shapes.items()}
        layer = "bert.encoder.layer.0"
        wide, narrow = (
            first.get(f"{layer}.{part}.dense.weight", (0, 0)) for part in ("intermediate", "output")
        )
        is_gated = len(wide) == len(narrow) == 2 and wide[0] == 2 * narrow[1]
        encoder = plain.replace(
            segments=plain.segments if "bert.embeddings.token_type_embeddings.weight" in first else 0,
            norm=Norm.PRE if f"{layer}.attention.LayerNorm.weight" in first else Norm.POST,
            last_norm="bert.encoder.LayerNorm.weight" in first,
            gated=is_gated,
            wide_bias=f"{layer}.intermediate.dense.bias" in first,
            narrow_bias=f"{layer}.output.dense.bias" in first,
            embedding_norm="bert.embeddings.LayerNorm.weight" in first,
        )
        if self.name == DNABERT2.name:
            return encoder.replace(position_kind=Positions.ALIBI, positions=0)
        if self.name != ESM.name:
            return encoder
        is_rotary = text_value(config, "position_embedding_type") == "rotary" or any(
            name.endswith("rotary_embeddings.inv_freq") for name in shapes
        )
        first_position = 0 if is_rotary else whole_value(config, "pad_token_id", 1) + 1
        if is_rotary and encoder.hidden // encoder.heads % 2:
            raise InputError(
                f"rotary positions need heads of an even size, not {encoder.hidden // encoder.heads}",
                source=source,
            )
        if not is_rotary and first_position >= plain.positions:
            raise InputError(
                f"pad_token_id {first_position - 1} leaves none of the {plain.positions} positions",
                source=source,
            )
        return encoder.replace(
            activation="silu" if is_gated else "gelu",
            word_factor=_TOKEN_DROPOUT if flag_value(config, "token_dropout") else 1.0,
            position_kind=Positions.ROTARY if is_rotary else Positions.LEARNED,
            positions=0 if is_rotary else plain.positions,
            first_position=first_position,
        )


def _inverse(names: Mapping[str, str]) -> dict[str, str]:
    return {common: own for own, common in names.items()}


BERT = Layout("BERT", "bert", ".attention.self.query.", "bert")
DNABERT2 = Layout(
    "DNABERT-2",
    "bert",
    ".mlp.gated_layers.",
    "dnabert2",
    {"mlp.gated_layers": "intermediate.dense", "mlp.wo": "output.dense", "mlp.layernorm": "output.LayerNorm"},
    is_joined=True,
)
GENA = Layout(
    "GENA-LM",
    "bert",
    ".pre_attention_ln.",
    "gena_lm",
    {"pre_attention_ln": "attention.LayerNorm", "post_attention_ln": "LayerNorm"},
    {"bert.encoder.last_layer_ln": "bert.encoder.LayerNorm"},
)
ESM = Layout(
    "Nucleotide Transformer",
    "esm",
    ".attention.LayerNorm.",
    "esm",
    {},
    {
        "esm.embeddings.layer_norm": "bert.embeddings.LayerNorm",
        "esm.encoder.emb_layer_norm_after": "bert.encoder.LayerNorm",
        "classifier.dense": "bert.pooler.dense",
        "classifier.out_proj": "classifier",
    },
)
LAYOUTS = (DNABERT2, GENA, ESM, BERT)
"""Another architecture is one more entry; the first whose marker is found is meant."""
_BERT_TYPES = ("bert", "dna")
_OTHERS = (".distance_embedding.", ".crossattention.", ".adapter.")


def layout_of(names: Collection[str], config: Mapping[str, Any]) -> Layout | None:
    """Return the layout of a checkpoint, None for an architecture that is not computed here.

    Parameters
    ----------
    names : collection of str
        Of its tensors, as `plain_names` has them.
    config : mapping
        Its ``config.json``, for the activation, and to tell BERT from what has the same tensors.
    """
    if text_value(config, "hidden_act", "gelu") not in ACTIVATIONS or flag_value(config, "is_decoder"):
        return None  # a decoder's tokens see those before them alone
    if any(other in name for name in names for other in _OTHERS):
        return None
    for layout in LAYOUTS:
        marker = f"{layout.prefix}.encoder.layer.0{layout.marker}"
        if any(name.startswith(marker) for name in names):
            # RoBERTa and others have BERT's tensors without being computed alike
            return (
                layout
                if layout is not BERT or text_value(config, "model_type", "bert") in _BERT_TYPES
                else None
            )
    return None


def plain_names(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the tensors of a checkpoint that an encoder has, from their names there to today's.

    DNABERT's code (transformers 2.5, and TensorFlow before it) wrote ``LayerNorm.gamma`` and ``beta``;
    wrappers put prefixes before the names, and a bare encoder has none. Buffers such as ``position_ids`` and
    the heads of pre-training (``cls``, ``lm_head``) are left out.
    """
    prefix = "esm" if any(ESM.marker in name for name in state) else "bert"
    found = {}
    for name in state:
        short = name
        for wrapper in _WRAPPERS:
            short = short.removeprefix(wrapper)
        if short.endswith(".gamma"):
            short = short.removesuffix("gamma") + "weight"
        elif short.endswith(".beta"):
            short = short.removesuffix("beta") + "bias"
        if short.startswith(_TOP):
            short = f"{prefix}.{short}"
        found[name] = short
    return {name: short for name, short in found.items() if not _UNUSED.search(short)}


def plain_shapes(state: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors that an encoder has, by the names of `plain_names`."""
    return {short: tuple(state[name].shape) for name, short in plain_names(state).items()}


def require_known(encoder: Encoder, layout: Layout, names: Collection[str], source: PathLike[str]) -> None:
    """Raise `InputError` where a checkpoint has tensors that its architecture has not."""
    unused = [] if encoder.positions else [f"{layout.prefix}.embeddings.position_embeddings.weight"]
    unknown = sorted(set(names) - set(layout.own_shapes(encoder)) - set(unused))
    if unknown:
        raise InputError(
            f"has {len(unknown)} tensors that a {layout.name} classifier has not, such as {unknown[0]}",
            source=source,
            remedy="only sequence classifiers and pre-trained encoders can be read",
        )
