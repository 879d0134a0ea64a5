"""Import: DNABERT's checkpoints against its own logits (foreign_checkpoint, silence_transformers)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import late

from dnabert_enhancer.engine.backends import OnnxBackend
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, ModelParts, import_checkpoint
from dnabert_enhancer.model.checkpoint import write_state

torch = late("torch")


LEGACY = {"num_rnn_layer": 1, "rnn": "lstm", "split": 1, "finetuning_task": None, "output_past": True}


def legacy_names(name: str) -> str:
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


@pytest.fixture
def legacy(parts: ModelParts, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the model as DNABERT's code of 2020 did."""

    def write(
        changes: Mapping[str, Any] | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        drop: tuple[str, ...] = (),
        vocabulary: bool = True,
    ) -> Path:
        folder = tmp_path / "legacy"
        folder.mkdir()
        settings = {
            name: value for name, value in parts.config.items() if name not in ("model_type", "dtype")
        }
        (folder / "config.json").write_text(json.dumps(settings | LEGACY | dict(config or {})))
        state = {legacy_names(name): torch.from_numpy(values) for name, values in parts.state.items()}
        state = {name: value for name, value in state.items() if not name.startswith(drop)} if drop else state
        torch.save(
            state | dict(changes or {}), folder / "pytorch_model.bin", _use_new_zipfile_serialization=False
        )
        if vocabulary:
            assert parts.vocabulary is not None
            (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in parts.vocabulary.tokens))
        return folder

    return write


def same_weights(model: EnhancerModel, parts: ModelParts) -> bool:
    state = model.read_state()
    return set(state) == set(parts.state) and all(np.array_equal(state[n], parts.state[n]) for n in state)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"bert.embeddings.position_ids": torch.arange(512)},
        {"cls.predictions.bias": torch.zeros(69)},
    ],
)
def test_a_legacy_checkpoint_keeps_its_weights(
    legacy: Callable[..., Path], parts: ModelParts, tmp_path: Path, extra: dict[str, Any]
) -> None:
    model = import_checkpoint(legacy(extra), tmp_path / "new", name="mine", window_length=101)
    assert same_weights(model, parts)
    assert (model.card.name, model.card.k, model.window_length) == ("mine", 3, 101)
    assert "rnn" not in model.config
    assert not (tmp_path / "new" / "pytorch_model.bin").exists()


def test_labels_can_be_named(legacy: Callable[..., Path], tmp_path: Path) -> None:
    model = import_checkpoint(legacy(), tmp_path / "new", labels=["no", "yes"])
    assert model.card.labels == ("no", "yes")
    assert model.config["label2id"] == {"no": 0, "yes": 1}


@pytest.mark.parametrize("k", [None, 3])
def test_k_follows_from_the_weights_where_the_vocabulary_is_missing(
    legacy: Callable[..., Path], parts: ModelParts, tmp_path: Path, k: int | None
) -> None:
    model = import_checkpoint(legacy(vocabulary=False), tmp_path / "new", k=k)
    assert model.card.k == 3
    assert same_weights(model, parts)


def test_a_pretrained_model_gets_a_fresh_classifier_and_says_so(
    legacy: Callable[..., Path], parts: ModelParts, tmp_path: Path
) -> None:
    folder = legacy({"cls.predictions.bias": torch.zeros(69)}, drop=("classifier",))
    model = import_checkpoint(folder, tmp_path / "new")
    assert "not trained" in model.card.limits
    state = model.read_state()
    assert state["classifier.weight"].shape == (2, 32)
    assert np.array_equal(state["bert.pooler.dense.weight"], parts.state["bert.pooler.dense.weight"])


@pytest.mark.parametrize(
    ("settings", "options", "message"),
    [
        ({}, {"k": 6}, "k = 6 was given, but the checkpoint has 3-mers"),
        ({"vocabulary": False}, {"k": 4}, "k = 4 was given, but the checkpoint has 3-mers"),
        (
            {"config": {"vocab_size": 70}, "vocabulary": False},
            {"k": 3},
            "k = 3 has 69 tokens, but the model has 70",
        ),
        ({"config": {"vocab_size": 261}}, {}, "k = 3 has 69 tokens, but the model has 261"),
        ({}, {"labels": ["a", "b", "c"]}, "3 labels were given, but the checkpoint has 2 outputs"),
        ({}, {"window_length": 513}, "513 bp is longer than the 512 bp"),
        ({"config": {"num_hidden_layers": 4}}, {}, "lack 32 of the 73 tensors"),
        ({"config": {"num_hidden_layers": 1}}, {}, "has 16 tensors that a BERT classifier has not"),
        ({"changes": {"rnn.weight_ih_l0": torch.zeros(4)}}, {}, "such as rnn.weight_ih_l0"),
        ({"config": {"hidden_size": 48}}, {}, r"has shape \(69, 32\), but config.json asks for \(69, 48\)"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    legacy: Callable[..., Path],
    tmp_path: Path,
    settings: dict[str, Any],
    options: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        import_checkpoint(legacy(**settings), tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_our_own_directory_can_be_imported_again(model: EnhancerModel, tmp_path: Path) -> None:
    again = import_checkpoint(model.directory, tmp_path / "new")
    assert again.card == model.card
    assert again.weights_digest == model.weights_digest


@pytest.mark.data
@pytest.mark.parametrize("k", [3, 6])
def test_logits_are_those_of_dnaberts_own_code(shared_data: Path, tmp_path: Path, k: int) -> None:
    folder = shared_data / "golden" / f"dnabert{k}_random"
    model = import_checkpoint(folder, tmp_path / "new")
    backend = OnnxBackend(model, "cpu", "float32", 1)
    with gzip.open(folder / "expected.jsonl.gz", "rt", encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream]
    assert len(records) == 54
    for record in records:
        ids = np.array([record["input_ids"]], dtype=np.int32)
        found = backend.run(ids)[0]
        np.testing.assert_allclose(found, record["logits"], atol=2e-5)


def esm_folder(folder: Path) -> Path:
    """Write a small random ESM classifier in Nucleotide Transformer's layout: 6-mers that do not overlap."""
    import itertools

    transformers = pytest.importorskip("transformers")
    special = ["<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>"]
    tokens = [*special, *map("".join, itertools.product("ATCG", repeat=6)), *"ATCGN"]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    settings = {"tokenizer_class": "EsmTokenizer", "model_max_length": 100, "eos_token": None}
    settings |= {f"{name}_token": f"<{name}>" for name in ("cls", "mask", "pad", "unk")}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    torch.manual_seed(0)
    config = transformers.EsmConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=102,
        pad_token_id=1,
        mask_token_id=2,
        token_dropout=False,
        initializer_range=0.3,
    )
    transformers.EsmForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_two_checkpoints_that_differ_are_refused(
    legacy: Callable[..., Path], parts: ModelParts, tmp_path: Path
) -> None:
    folder = legacy()
    state = {legacy_names(name): values for name, values in parts.state.items()}
    (folder / "model.safetensors").write_bytes(write_state(state))
    assert import_checkpoint(folder, tmp_path / "new").card.k == 3
    state["classifier.bias"] = state["classifier.bias"] + 1
    (folder / "model.safetensors").write_bytes(write_state(state))
    with pytest.raises(InputError, match=r"two checkpoints, .* that differ in classifier.bias; delete"):
        import_checkpoint(folder, tmp_path / "new")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_type": "hyenadna", "auto_map": {"AutoConfig": "x.Config"}},
            "'hyenadna', which brings code of",
        ),
        ({"model_type": "caduceus"}, "'caduceus', which is not known here; DNABERT, DNABERT-2"),
        ({"model_type": ["gpt2"]}, "model_type must be a text, not"),
        (
            {"model_type": "gpt2", "hidden_size": 5000, "num_hidden_layers": 500},
            "asks for .* weights, but",
        ),
        (
            {"model_type": "gpt2", "hidden_size": 30, "num_attention_heads": 7},
            "transformers cannot build a classifier of type",
        ),
        ({"model_type": "gpt2", "n_embd": "wide"}, "transformers cannot build a classifier of type"),
    ],
)
def test_an_architecture_that_cannot_be_built_is_one_line(
    legacy: Callable[..., Path], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    pytest.importorskip("transformers")
    folder = legacy(config=changes, vocabulary=False)
    with pytest.raises(InputError, match=message):
        import_checkpoint(folder, tmp_path / "new")


def test_nucleotide_transformers_layout_with_its_own_tokenizer(tmp_path: Path) -> None:
    model = import_checkpoint(esm_folder(tmp_path / "esm"), tmp_path / "new", window_length=66)
    assert model.card.tokenizer == "huggingface"
    assert model.card.k is None
    assert model.has_onnx
    # ATTCCG is 6-mer 0*1024 + 1*256 + 1*64 + 2*16 + 2*4 + 3 = 363 in order A T C G, after 6 special tokens
    codes = np.array([[0, 3, 3, 1, 1, 2, 0, 3]], dtype=np.uint8)
    assert model.tokenizer.tokenize(codes).ids.tolist() == [[3, 369, 6 + 4096, 6 + 4096 + 1]]
    assert model.tokenizer.maximum_tokens == 100
    # 98 6-mers and one base more are 100 tokens with <cls>, and so are 99 6-mers
    assert model.maximum_length == 98 * 6 + 1
    model.check_window(99 * 6)
    with pytest.raises(InputError, match="590 bp is longer than the 589 bp"):
        model.check_window(590)
    assert len(model.read_state()) > 30


def test_an_architecture_that_brings_its_own_code_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    folder = tmp_path / "remote"
    folder.mkdir()
    (folder / "model.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    settings = {"model_type": "mine", "auto_map": {"AutoConfig": "model.Config"}, "vocab_size": 69}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(InputError, match="brings code of its own, which is never run"):
        import_checkpoint(folder, tmp_path / "new")
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "new").exists()


def test_weights_of_another_architecture_are_refused(tmp_path: Path, parts: ModelParts) -> None:
    folder = esm_folder(tmp_path / "esm")
    (folder / "model.safetensors").unlink()
    torch.save({n: torch.from_numpy(v) for n, v in parts.state.items()}, folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="the weights lack"):
        import_checkpoint(folder, tmp_path / "new")
