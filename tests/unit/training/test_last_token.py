"""Causal classifiers, which read the last token, with and without a padding token (model/last_token)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training import TrainingSettings

torch = late("torch")
transformers = late("transformers")


WINDOW = 40
ENGINE = de.EngineSettings(backend="torch", precision="float32", device="cpu", threads=1, strand="forward")
BYTE_PAIRS = ["AC", "GT", "ACGT", "TT", "GG"]


def sequences(number: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGT"), WINDOW)) for _ in range(number)]


def causal(folder: Path, kind: str = "gpt2", words: list[str] | None = None, pad: str | None = None) -> Path:
    """Write a classifier whose config.json names no padding token; its tokenizer does where `pad` is given.

    Tokens are letters, and pairs of such where there are words.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {token: place for place, token in enumerate(["<unk>", "<eos>", *"ACGTN", *(words or [])])}
    if words:
        merges = [(word[: len(word) // 2], word[len(word) // 2 :]) for word in words]
        tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    else:
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<eos>", pad_token=pad
    )
    fast.save_pretrained(folder)
    sizes = {"vocab_size": len(vocabulary), "num_labels": 2, "eos_token_id": 1, "bos_token_id": None}
    torch.manual_seed(1)
    if kind == "gpt2":
        config = transformers.GPT2Config(**sizes, n_positions=64, n_embd=32, n_layer=2, n_head=2)
        model = transformers.GPT2ForSequenceClassification(config)
    else:
        config = transformers.LlamaConfig(
            **sizes, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2
        )
        model = transformers.LlamaForSequenceClassification(config)
    with torch.no_grad():
        model.score.weight.mul_(50)
    model.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text()).get("pad_token_id") is None
    return folder


def logits_one_by_one(folder: Path, texts: list[str]) -> list[float]:
    """Return the log odds by transformers itself, a sequence a call, which needs no padding token."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found = []
    for text in texts:
        with torch.no_grad():
            negative, positive = model(input_ids=torch.tensor([tokenizer(text)["input_ids"]])).logits[0]
        found.append(float(positive - negative))
    return found


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("words", [None, BYTE_PAIRS], ids=["letters", "pairs"])
def test_many_windows_have_the_numbers_that_each_has_alone(
    tmp_path: Path, kind: str, words: list[str] | None
) -> None:
    folder = causal(tmp_path / "model", kind, words)
    texts = sequences(20, seed=2)
    model = de.load_model(folder, engine=ENGINE)
    table = model.predict(texts, window_length=WINDOW)
    expected = np.array(logits_one_by_one(folder, texts))
    np.testing.assert_allclose(table["probability"], 1 / (1 + np.exp(-expected)), atol=1e-5)
    assert expected.std() > 1


def train(folder: Path, base: Path, output: Path) -> de.Model:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"sequence": sequences(60, seed=4), "label": rng.permutation([0, 1] * 30)})
    rows.to_csv(folder / "train.tsv", sep="\t", index=False)
    settings = TrainingSettings(
        epochs=1, batch_size=8, validation_fraction=0.2, device="cpu", threads=1, collapse_restarts=0
    )
    return de.finetune(folder / "train.tsv", str(base), output, settings, engine=ENGINE)


@pytest.mark.slow
@pytest.mark.parametrize(("words", "pad"), [(None, None), (BYTE_PAIRS, "<eos>")], ids=["letters", "pairs"])
def test_a_trained_one_predicts_as_it_was_trained(
    tmp_path: Path, words: list[str] | None, pad: str | None
) -> None:
    train(tmp_path, causal(tmp_path / "base", words=words, pad=pad), tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config.get("pad_token_id") == (None if pad is None else 1)
    texts = sequences(8, seed=5)
    calibration = de.load_model(tmp_path / "model", engine=ENGINE).opened.card.calibration
    found = de.load_model(tmp_path / "model", engine=ENGINE).predict(texts)["probability"]
    expected = calibration.apply(np.array(logits_one_by_one(tmp_path / "model", texts), dtype=np.float32))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_padding_that_nothing_names_is_refused_in_one_line(tmp_path: Path) -> None:
    base = causal(tmp_path / "base", words=BYTE_PAIRS)
    with pytest.raises(InputError, match="nor the tokenizer of the base model names the padding token"):
        train(tmp_path, base, tmp_path / "model")
    assert not (tmp_path / "model" / "config.json").exists()
