"""Base models that are not ours: DNABERT's legacy form, Hugging Face classifiers with own tokenizers."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.training import TrainingSettings, finetune
from dnabert_enhancer.training.base_model import Target, open_base, torch_model

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

ONE_EPOCH = TrainingSettings(epochs=1, batch_size=32, learning_rate=1e-3, device="cpu", precision="float32")
TARGET = Target("binary", ("other", "enhancer"), 40)


def esm_directory(folder: Path) -> Path:
    """Write a tiny random ESM classifier in Nucleotide Transformer's layout: 6-mers that do not overlap."""
    special = ["<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>"]
    tokens = [*special, *map("".join, itertools.product("ATCG", repeat=6)), *"ATCGN"]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    settings = {"tokenizer_class": "EsmTokenizer", "model_max_length": 100, "eos_token": None}
    settings |= {f"{name}_token": f"<{name}>" for name in ("cls", "mask", "pad", "unk")}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    config = transformers.EsmConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=102,
        pad_token_id=1,
        mask_token_id=2,
        token_dropout=False,
        position_embedding_type="rotary",
    )
    transformers.EsmForSequenceClassification(config).save_pretrained(folder)
    return folder


def bpe_directory(folder: Path) -> Path:
    """Write a tiny random BERT classifier with a byte-pair tokenizer of DNA, as DNABERT-2 has one."""
    from tokenizers import Tokenizer, models, processors, trainers

    rng = np.random.default_rng(0)
    corpus = ["".join(rng.choice(list("ACGT"), 200)) for _ in range(50)]
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=200, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=128,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("unk", "cls", "sep", "pad", "mask")},
    ).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=200,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        pad_token_id=3,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("make", [esm_directory, bpe_directory])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_hugging_face_classifier_is_tuned_with_its_own_tokenizer(
    make: object, method: str, tmp_path: Path, motif_dataset: Dataset
) -> None:
    base = make(tmp_path / "base")  # type: ignore[operator]  # one of the two functions above
    settings = ONE_EPOCH.replace(method=method, shift=2, collapse_restarts=5)
    result = finetune(motif_dataset, str(base), tmp_path / "out", settings)
    assert result.model is not None
    assert result.model.card.tokenizer == "huggingface"
    windows = np.stack([encode_bases(text) for text in motif_dataset.frame("validation")["sequence"]])
    ours = Engine(result.model, EngineSettings("cpu", precision="float32", strand="forward")).predict(windows)
    plain = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    reader = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    texts = motif_dataset.frame("validation")["sequence"].tolist()
    with torch.no_grad():
        batch = reader(texts, padding=True, return_tensors="pt")
        batch.pop("token_type_ids", None)
        expected = plain(**batch).logits.numpy()
    np.testing.assert_allclose(ours.outputs, expected, atol=2e-5)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 6])
def test_dnaberts_legacy_checkpoint_is_tuned_directly(
    k: int, shared_data: Path, tmp_path: Path, motif_dataset: Dataset
) -> None:
    base = shared_data / "golden" / f"dnabert{k}_random"
    result = finetune(motif_dataset, str(base), tmp_path / "out", ONE_EPOCH.replace(collapse_restarts=5))
    assert result.model is not None
    assert result.model.card.k == k
    assert result.model.card.training["base_model"]["name"] == f"dnabert{k}_random"


def test_a_fresh_model_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    base = open_base("new:tiny", 3, tmp_path)
    weights = [torch_model(base, TARGET, ONE_EPOCH, seed).state_dict() for seed in (1, 1, 2)]
    name = "bert.encoder.layer.0.output.dense.weight"
    assert torch.equal(weights[0][name], weights[1][name])
    assert not torch.equal(weights[0][name], weights[2][name])


def test_a_fresh_model_drops_no_attention_unless_asked(tmp_path: Path) -> None:
    base = open_base("new:tiny", 3, tmp_path)
    config = torch_model(base, TARGET, ONE_EPOCH, 0).config
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.1, 0.0)
    asked = ONE_EPOCH.replace(dropout=0.2, attention_dropout=0.3)
    config = torch_model(base, TARGET, asked, 0).config
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.2, 0.3)


def test_fresh_bases_differ_in_their_digests(tmp_path: Path) -> None:
    digests = {open_base(name, k, tmp_path).digest for name in ("new:tiny", "new:small") for k in (3, 4)}
    assert len(digests) == 4


def test_token_dropout_needs_a_mask_token(tmp_path: Path, motif_dataset: Dataset) -> None:
    base = esm_directory(tmp_path / "base")
    with pytest.raises(InputError, match="the base model has no mask token that is known"):
        finetune(motif_dataset, str(base), tmp_path / "out", ONE_EPOCH.replace(token_dropout=0.1))
