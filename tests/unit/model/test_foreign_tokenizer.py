"""Tokenizers that are not DNABERT's: a small byte-pair one made here, and one that reads no DNA."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer
from dnabert_enhancer.sequence import encode_bases

late("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a byte-pair tokenizer that knows A, C, G, T, N, TA and TATA."""
    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[PAD]": 3, "A": 4, "C": 5, "G": 6, "T": 7, "N": 8}
    vocabulary |= {"TA": 9, "TATA": 10}
    special = [
        {"id": vocabulary[t], "content": t, "special": True} for t in ("[UNK]", "[CLS]", "[SEP]", "[PAD]")
    ]
    settings = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    template = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    template.append({"SpecialToken": {"id": "[SEP]", "type_id": 0}})
    content = {
        "version": "1.0",
        "added_tokens": [token | settings for token in special],
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template,
            "pair": template,
            "special_tokens": {
                name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")
            },
        },
        "model": {
            "type": "BPE",
            "unk_token": "[UNK]",
            "vocab": vocabulary,
            "merges": [["T", "A"], ["TA", "TA"]],
        },
    }
    made = tmp_path_factory.mktemp("bpe")
    (made / "tokenizer.json").write_text(json.dumps(content))
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    (made / "tokenizer_config.json").write_text(
        json.dumps(names | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64})
    )
    return made


def test_windows_of_one_length_have_differing_tokens(folder: Path) -> None:
    tokenizer = ForeignTokenizer(folder, {"max_position_embeddings": 512})
    windows = np.stack([encode_bases(text) for text in ("TATAC", "GTANC", "ACGTG")])
    ids, mask = tokenizer.tokenize(windows)
    assert ids.tolist() == [[1, 10, 5, 2, 3, 3, 3], [1, 6, 9, 8, 5, 2, 3], [1, 4, 5, 6, 7, 6, 2]]
    assert mask is not None
    assert mask.sum(axis=1).tolist() == [4, 6, 7]


def test_windows_of_equally_many_tokens_have_no_mask(folder: Path) -> None:
    tokenizer = ForeignTokenizer(folder, {"max_position_embeddings": 512})
    ids, mask = tokenizer.tokenize(np.zeros((2, 3), dtype=np.uint8))
    assert ids.tolist() == [[1, 4, 4, 4, 2]] * 2
    assert mask is None


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"max_position_embeddings": 512}, 64),
        ({"max_position_embeddings": 40}, 40),
        ({"max_position_embeddings": 40, "model_type": "esm", "pad_token_id": 1}, 38),
        ({"max_position_embeddings": 40, "model_type": "esm", "position_embedding_type": "rotary"}, 64),
        ({}, 64),
    ],
)
def test_the_most_tokens_are_what_tokenizer_and_model_allow(
    folder: Path, config: dict[str, object], tokens: int
) -> None:
    assert ForeignTokenizer(folder, config).maximum_tokens == tokens


def test_a_tokenizer_that_does_not_know_dna_is_refused(tmp_path: Path, folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text()
    for letter in "ACGT":
        text = text.replace(f'"{letter}": ', f'"{letter.lower()}": ')
    text = text.replace('["T", "A"], ["TA", "TA"]', "")
    (tmp_path / "tokenizer.json").write_text(text)
    (tmp_path / "tokenizer_config.json").write_bytes((folder / "tokenizer_config.json").read_bytes())
    with pytest.raises(InputError, match="does not know DNA"):
        ForeignTokenizer(tmp_path, {})


def test_a_folder_without_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "esm"}')
    with pytest.raises(InputError, match="no usable tokenizer"):
        ForeignTokenizer(tmp_path, {})
