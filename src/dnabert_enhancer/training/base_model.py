"""The model that a training starts from: fresh, a DNABERT, one of ours, a Hugging Face classifier."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnabert_enhancer.catalogue import open_model
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import (
    NEW_PREFIX,
    Encoder,
    EnhancerModel,
    ForeignTokenizer,
    ModelParts,
    import_checkpoint,
    needs_import,
    new_model,
    reads_last_token,
    whole_value,
)
from dnabert_enhancer.model import tokenizer_files as directory_tokenizer_files
from dnabert_enhancer.sequence import (
    MASK_ID,
    PAD_ID,
    SPECIAL_TOKENS,
    KmerTokenizer,
    KmerVocabulary,
    Tokenizer,
)

logger = logging.getLogger(__name__)

_WEIGHT_SUFFIXES = (".safetensors", ".bin")


@dataclass(frozen=True)
class Target:
    """What the trained model will say.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        By the labels.
    labels : tuple of str
        Names of its outputs.
    window_length : int
        Length in bp of the windows it is trained on.
    """

    task: str
    labels: tuple[str, ...]
    window_length: int


@dataclass(frozen=True)
class BaseModel:
    """Where a training starts.

    Parameters
    ----------
    name : str
        As the user gave it.
    digest : str
        SHA-256 that changes with its files, or with the configuration of a fresh one.
    tokenizer : Tokenizer
        Turns base codes into its token ids.
    k : int or None
        Length of its k-mers.
    pad_id, mask_id : int or None
        Its tokens; None where it has none: padding, where the head must tell it from the last token.
    special_ids : tuple of int
        Its tokens that are never masked.
    opened : EnhancerModel or None
        None for a fresh one.
    config : dict
        Its ``config.json``.
    """

    name: str
    digest: str
    tokenizer: Tokenizer
    k: int | None
    pad_id: int | None
    mask_id: int | None
    special_ids: tuple[int, ...]
    opened: EnhancerModel | None
    config: dict[str, Any]

    @property
    def is_fresh(self) -> bool:
        """Whether its weights are random."""
        return self.opened is None


def open_base(spec: str, k: int | None, work: Path) -> BaseModel:
    """Open a base model.

    Parameters
    ----------
    spec : str
        ``new:CONFIGURATION``, ``default``, a name of the catalogue such as ``dnabert-6``,
        ``hub:NAME@REVISION/SUBFOLDER``, or a directory: ours, a Hugging Face classifier, or a DNABERT
        checkpoint. What is not written as we write it, or has no head, is imported into the work folder.
    k : int, optional
        Length of the k-mers of a fresh model (default 6); for another it must be the model's own.
    work : Path
        For an imported checkpoint.

    Raises
    ------
    InputError
        An unknown configuration or directory; a k that is not the model's.
    """
    if spec.startswith(NEW_PREFIX):
        return _fresh(spec, 6 if k is None else k)
    directory = Path(spec)
    is_legacy = directory.is_dir() and needs_import(directory)
    model = open_model(_imported(directory, work) if is_legacy else spec, as_base=True)
    if k is not None and k != model.card.k:
        has = f"reads {model.card.k}-mers" if model.card.k else "has its own tokenizer"
        raise InputError(
            f"the base model {has}, not {k}-mers", source=spec, remedy="leave out --k, or name another model"
        )
    tensors = model.read_state()  # transformers would load weights that are not finite
    tokenizer = model.tokenizer
    return BaseModel(
        name=spec,
        digest=_digest(directory) if is_legacy else model.digest,
        tokenizer=tokenizer,
        k=model.card.k,
        pad_id=_pad_id(tokenizer, model.config) if reads_last_token(tensors) else tokenizer.pad_id,
        mask_id=tokenizer.mask_id,
        special_ids=tokenizer.special_ids,
        opened=model,
        config=model.config,
    )


def fresh_parts(base: BaseModel, target: Target, seed: int) -> ModelParts:
    """Return a fresh model of the base's configuration for the target."""
    return new_model(
        base.name,
        k=base.k or 6,
        window_length=target.window_length,
        task=target.task,
        labels=target.labels,
        seed=seed,
    )


def tokenizer_files(base: BaseModel) -> dict[str, bytes]:
    """Return the files of a tokenizer that is not ours, by name."""
    if base.opened is None or base.k is not None:
        return {}
    return directory_tokenizer_files(base.opened.directory)


def _fresh(spec: str, k: int) -> BaseModel:
    parts = new_model(spec, k=k)
    if parts.vocabulary is None:
        raise InputError(f"{spec} has no k-mer vocabulary")
    content = f"{sorted(parts.config.items())}"
    return BaseModel(
        name=spec,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        tokenizer=KmerTokenizer(parts.vocabulary, Encoder.from_config(parts.config).positions),
        k=k,
        pad_id=PAD_ID,
        mask_id=MASK_ID,
        special_ids=tuple(range(len(SPECIAL_TOKENS))),
        opened=None,
        config=parts.config,
    )


def vocabulary_of(base: BaseModel) -> KmerVocabulary | None:
    """Return the k-mer vocabulary of a base model, or None for another tokenizer."""
    return base.tokenizer.vocabulary if isinstance(base.tokenizer, KmerTokenizer) else None


def _imported(directory: Path, work: Path) -> Path:
    target = work / "base"
    if not (target / "config.json").is_file():
        import_checkpoint(directory, target)
    return target


def _pad_id(tokenizer: Tokenizer, config: dict[str, Any]) -> int | None:
    """Return the padding token of a head that reads the last other one, None where nothing names it."""
    if config.get("pad_token_id") is not None:
        return whole_value(config, "pad_token_id", 0)
    return tokenizer.pad_id if isinstance(tokenizer, ForeignTokenizer) and tokenizer.has_padding else None


def _digest(directory: Path) -> str:
    paths = sorted(
        path for path in directory.iterdir() if path.suffix in (*_WEIGHT_SUFFIXES, ".json", ".txt")
    )
    lines = [f"{sha256_of(path)}  {path.name}\n" for path in paths]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def width_of(base: BaseModel) -> int:
    """Return the hidden size of a base model."""
    widths = (whole_value(base.config, name, 0) for name in ("hidden_size", "d_model", "dim"))
    return next((width for width in widths if width), 0)
