"""The model that a training starts from: fresh, a DNABERT, one of ours, a Hugging Face classifier."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import (
    NEW_PREFIX,
    EnhancerModel,
    ModelParts,
    Task,
    import_checkpoint,
    new_model,
    open_model,
)
from dnabert_enhancer.sequence import (
    MASK_ID,
    PAD_ID,
    SPECIAL_TOKENS,
    KmerTokenizer,
    KmerVocabulary,
    Tokenizer,
)

if TYPE_CHECKING:
    import torch

    from dnabert_enhancer.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

_TOKENIZER_FILES = (
    "tokenizer_config.json",
    "tokenizer.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    "vocab.json",
    "vocab.txt",
)
_WEIGHT_SUFFIXES = (".safetensors", ".bin")
_NOT_FOR_THE_MODEL = ("_name_or_path", "transformers_version", "torch_dtype", "dtype")


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
    pad_id, mask_id : int
        Its tokens; the mask is None where it has none.
    opened : EnhancerModel or None
        None for a fresh one.
    """

    name: str
    digest: str
    tokenizer: Tokenizer
    k: int | None
    pad_id: int
    mask_id: int | None
    special_ids: tuple[int, ...]
    opened: EnhancerModel | None

    @property
    def is_fresh(self) -> bool:
        """Whether its weights are random."""
        return self.opened is None


def open_base(spec: str, k: int | None, work: Path) -> BaseModel:
    """Open a base model.

    Parameters
    ----------
    spec : str
        ``new:CONFIGURATION``, ``default``, ``hub:NAME@REVISION``, or a directory: ours, a Hugging Face
        classifier, or a DNABERT checkpoint (its legacy form is imported into the work folder).
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
    is_legacy = directory.is_dir() and _is_legacy(directory)
    model = open_model(_imported(directory, work) if is_legacy else spec)
    if k is not None and k != model.card.k:
        has = f"reads {model.card.k}-mers" if model.card.k else "has its own tokenizer"
        raise InputError(
            f"the base model {has}, not {k}-mers", source=spec, remedy="leave out --k, or name another model"
        )
    kmer = model.card.k is not None
    pad = model.config.get("pad_token_id")
    return BaseModel(
        name=spec,
        digest=_digest(directory) if is_legacy else model.digest,
        tokenizer=model.tokenizer,
        k=model.card.k,
        pad_id=PAD_ID if pad is None else int(pad),
        mask_id=MASK_ID if kmer else getattr(model.tokenizer, "mask_id", None),
        special_ids=tuple(range(len(SPECIAL_TOKENS)))
        if kmer
        else tuple(getattr(model.tokenizer, "special_ids", ())),
        opened=model,
    )


def torch_model(
    base: BaseModel, target: Target, settings: TrainingSettings, seed: int, attention: str | None = None
) -> Any:  # transformers.PreTrainedModel
    """Return the base model with a head for the target, in float32.

    Notes
    -----
    A head of another size than the target's is replaced by a fresh one, drawn with the seed. Of a model of
    several outputs the training starts with the one that was chosen (the first, or ``DIR:NAME``), where its
    task is the target's. ``attention`` names one of transformers' implementations; None leaves the choice to
    it.
    """
    import torch
    import transformers

    dropout = {
        "hidden_dropout_prob": settings.dropout,
        "attention_probs_dropout_prob": 0.0
        if base.is_fresh and settings.attention_dropout is None
        else settings.attention_dropout,
    }
    changed = {name: share for name, share in dropout.items() if share is not None}
    transformers.set_seed(seed)
    names = dict(enumerate(target.labels))
    head = {
        "num_labels": len(names),
        "id2label": names,
        "label2id": {name: number for number, name in names.items()},
        "problem_type": "regression" if target.task == "regression" else "single_label_classification",
    }
    if base.opened is None:
        parts = fresh_parts(base, target, seed)
        config = transformers.AutoConfig.for_model(**(parts.config | changed))
        model = transformers.AutoModelForSequenceClassification.from_config(
            config, dtype=torch.float32, attn_implementation=attention
        )
        model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in parts.state.items()})
        return model
    try:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            base.opened.directory,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            attn_implementation=attention,
            **head,
            **changed,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"transformers cannot load it as a sequence classifier: {reason}", source=base.name
        ) from None
    if base.opened.card.column is not None:
        _start_head(model.classifier, base.opened, target)
    return model


def _start_head(classifier: torch.nn.Linear, opened: EnhancerModel, target: Target) -> None:
    """Fill a classifier with the one output that a model of several was chosen for, or with small weights."""
    import torch

    card = opened.card
    with torch.no_grad():
        if target.task != card.task:
            torch.nn.init.normal_(classifier.weight, std=0.02)
            torch.nn.init.zeros_(classifier.bias)
            return
        state = opened.read_state()
        signs = torch.tensor([[-0.5], [0.5]] if card.task == Task.BINARY else [[1.0]])
        classifier.weight.copy_(signs * torch.from_numpy(state["classifier.weight"][card.column]))
        classifier.bias.copy_(signs[:, 0] * float(state["classifier.bias"][card.column]))


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


def with_adapters(model: Any, settings: TrainingSettings) -> Any:  # transformers to peft model
    """Return the model with low-rank adapters on all its linear layers; the head is trained whole."""
    import peft

    return peft.get_peft_model(
        model,
        peft.LoraConfig(
            task_type=peft.TaskType.SEQ_CLS,
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules="all-linear",
        ),
    )


def plain_config(model: Any) -> dict[str, Any]:  # transformers.PreTrainedModel; JSON values
    """Return the configuration of a trained model as it belongs into ``config.json``."""
    config: dict[str, Any] = {
        name: value for name, value in model.config.to_dict().items() if name not in _NOT_FOR_THE_MODEL
    }
    config["id2label"] = {str(number): name for number, name in model.config.id2label.items()}
    return config | {"architectures": [type(model).__name__]}


def tokenizer_files(base: BaseModel) -> dict[str, bytes]:
    """Return the files of a tokenizer that is not ours, by name."""
    if base.opened is None or base.k is not None:
        return {}
    paths = [base.opened.directory / name for name in _TOKENIZER_FILES]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _fresh(spec: str, k: int) -> BaseModel:
    parts = new_model(spec, k=k)
    if parts.vocabulary is None:
        raise InputError(f"{spec} has no k-mer vocabulary")
    content = f"{sorted(parts.config.items())}"
    return BaseModel(
        name=spec,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        tokenizer=KmerTokenizer(parts.vocabulary, int(parts.config["max_position_embeddings"])),
        k=k,
        pad_id=PAD_ID,
        mask_id=MASK_ID,
        special_ids=tuple(range(len(SPECIAL_TOKENS))),
        opened=None,
    )


def vocabulary_of(base: BaseModel) -> KmerVocabulary | None:
    """Return the k-mer vocabulary of a base model, or None for another tokenizer."""
    return base.tokenizer.vocabulary if isinstance(base.tokenizer, KmerTokenizer) else None


def _is_legacy(directory: Path) -> bool:
    return not any(directory.glob("*.safetensors*")) and (directory / "pytorch_model.bin").is_file()


def _imported(directory: Path, work: Path) -> Path:
    target = work / "base"
    if not (target / "config.json").is_file():
        import_checkpoint(directory, target)
    return target


def _digest(directory: Path) -> str:
    paths = sorted(
        path for path in directory.iterdir() if path.suffix in (*_WEIGHT_SUFFIXES, ".json", ".txt")
    )
    lines = [f"{sha256_of(path)}  {path.name}\n" for path in paths]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def width_of(base: BaseModel) -> int:
    """Return the hidden size of a base model."""
    config = new_model(base.name, k=base.k or 6).config if base.opened is None else base.opened.config
    return int(config.get("hidden_size") or config.get("d_model") or config.get("dim") or 0)
