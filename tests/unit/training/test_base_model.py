"""Base models that are not ours: DNABERT's legacy form, Hugging Face classifiers with own tokenizers."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import new_model, write_model
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.training import TrainingSettings, finetune
from dnabert_enhancer.training.base_model import Target, open_base
from dnabert_enhancer.training.network import torch_model

torch = late("torch")
transformers = late("transformers")


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
    torch.manual_seed(0)
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
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("make", [esm_directory, bpe_directory])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_hugging_face_classifier_is_tuned_with_its_own_tokenizer(
    make: object, method: str, tmp_path: Path, motif_dataset: Dataset
) -> None:
    base = make(tmp_path / "base")  # type: ignore[operator]  # one of the two functions above
    settings = ONE_EPOCH.replace(method=method, shift=2, epochs=4, learning_rate=0.01, batch_size=16)
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
    name = "layers.0.narrow.weight"
    assert torch.equal(weights[0][name], weights[1][name])
    assert not torch.equal(weights[0][name], weights[2][name])


def test_a_fresh_model_drops_no_attention_unless_asked(tmp_path: Path) -> None:
    base = open_base("new:tiny", 3, tmp_path)
    layer = torch_model(base, TARGET, ONE_EPOCH, 0).layers[0]
    assert (layer.dropout.p, layer.attention_dropout) == (0.1, 0.0)
    asked = ONE_EPOCH.replace(dropout=0.2, attention_dropout=0.3)
    layer = torch_model(base, TARGET, asked, 0).layers[0]
    assert (layer.dropout.p, layer.attention_dropout) == (0.2, 0.3)


HEADS = [
    # outputs of the base, the positive one on its card, labels of the target, rows of the base's head
    (("non-enhancer", "enhancer"), "", ("other", "enhancer"), [0, 1]),
    (("enhancer", "non-enhancer"), "", ("other", "enhancer"), [1, 0]),
    (("enhancer", "promoter"), "promoter", ("promoter", "enhancer"), [1, 0]),
    (("promoter", "enhancer"), "promoter", ("promoter", "Enhancer"), [0, 1]),
    (("bound", "unbound"), "", ("weak", "strong"), [1, 0]),
    (("weak", "strong"), "", ("background", "bound"), [0, 1]),
    (("b", "c", "a"), "", ("a", "b", "c"), [2, 0, 1]),
    (("b", "c", "a"), "", ("a", "b", "d"), [0, 1, 2]),
]


@pytest.mark.parametrize(("labels", "positive", "wanted", "rows"), HEADS)
def test_a_head_is_taken_over_by_the_names_of_its_outputs(
    labels: tuple[str, ...], positive: str, wanted: tuple[str, ...], rows: list[int], tmp_path: Path
) -> None:
    task = "binary" if len(labels) == 2 else "multiclass"
    parts = new_model("tiny", k=3, window_length=40, task=task, labels=labels, seed=5)
    card = parts.card.replace(limits="", positive=positive)
    write_model(tmp_path / "base", dataclasses.replace(parts, card=card))
    base = open_base(str(tmp_path / "base"), None, tmp_path / "work")
    head = torch_model(base, Target(task, wanted, 40), ONE_EPOCH, 0).get_submodule("classifier")
    np.testing.assert_array_equal(head.weight.detach().numpy(), parts.state["classifier.weight"][rows])
    np.testing.assert_array_equal(head.bias.detach().numpy(), parts.state["classifier.bias"][rows])


def test_a_head_of_transformers_own_class_is_taken_over_by_name_too(tmp_path: Path) -> None:
    folder = bpe_directory(tmp_path / "base")
    config = transformers.DistilBertConfig(vocab_size=200, dim=16, n_layers=1, n_heads=2, hidden_dim=32)
    config.pad_token_id = 3
    config.id2label = {0: "enhancer", 1: "other"}
    made = transformers.DistilBertForSequenceClassification(config)
    made.save_pretrained(folder)
    base = open_base(str(folder), None, tmp_path / "work")
    model = torch_model(base, TARGET, ONE_EPOCH, 0)
    assert torch.equal(model.classifier.weight, made.classifier.weight.flip(0))
    assert torch.equal(model.pre_classifier.weight, made.pre_classifier.weight)


def test_fresh_bases_differ_in_their_digests(tmp_path: Path) -> None:
    digests = {open_base(name, k, tmp_path).digest for name in ("new:tiny", "new:small") for k in (3, 4)}
    assert len(digests) == 4


def test_token_dropout_needs_a_mask_token(tmp_path: Path, motif_dataset: Dataset) -> None:
    base = esm_directory(tmp_path / "base")
    vocabulary = (base / "vocab.txt").read_text().replace("<mask>", "<other>")
    (base / "vocab.txt").write_text(vocabulary)
    with pytest.raises(InputError, match="the base model has no known mask token"):
        finetune(motif_dataset, str(base), tmp_path / "out", ONE_EPOCH.replace(token_dropout=0.1))


def test_a_base_with_weights_that_are_not_finite_is_refused(tmp_path: Path) -> None:
    base = esm_directory(tmp_path / "base")
    module = transformers.AutoModelForSequenceClassification.from_pretrained(base)
    with torch.no_grad():
        module.classifier.dense.bias[3] = float("inf")
    module.save_pretrained(base)
    with pytest.raises(InputError, match=r"tensor classifier.dense.bias holds values that are not finite"):
        open_base(str(base), None, tmp_path / "work")
