"""Tokenizers of text (six_mers, byte_pairs, tokenizer): by hand, from a vocabulary written here."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import (
    BytePairTokenizer,
    SixMerTokenizer,
    decode_letters,
    encode_bases,
    reverse_complement,
)

SPECIAL = ["<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>"]
THREE_MERS = [*SPECIAL, *map("".join, itertools.product("ATCG", repeat=3)), *"ATCGN"]
A, T, C, G, N = range(70, 75)


def kmer(text: str) -> int:
    """Return the id of a 3-mer: digits A T C G in base 4, after six special tokens."""
    first, second, third = ("ATCG".index(letter) for letter in text)
    return 6 + 16 * first + 4 * second + third


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ATTCCGAT", [kmer("ATT"), kmer("CCG"), A, T]),
        ("CC", [C, C]),
        ("ACGTNACG", [kmer("ACG"), T, N, kmer("ACG")]),
        ("NNACGTG", [N, N, kmer("ACG"), T, G]),
        ("ACGTracgACG", [kmer("ACG"), T, 0, kmer("ACG")]),
        ("NrN", [N, 0, N]),
    ],
)
def test_three_mers_do_not_overlap_and_single_bases_fill(text: str, ids: list[int]) -> None:
    tokenizer = SixMerTokenizer(THREE_MERS, 100)
    assert tokenizer.tokenize(encode_bases(text, keep_letters=True)[None]).ids.tolist() == [[3, *ids]]


def test_windows_with_and_without_unknown_bases_are_filled_up_together() -> None:
    tokenizer = SixMerTokenizer(THREE_MERS, 100, end="<eos>")
    ids, mask = tokenizer.tokenize(np.stack([encode_bases("ACGACG"), encode_bases("ACNACG")]))
    assert ids.tolist() == [[3, kmer("ACG"), kmer("ACG"), 4, 1, 1], [3, A, C, N, kmer("ACG"), 4]]
    assert mask is not None
    assert mask.sum(axis=1).tolist() == [4, 6]
    assert tokenizer.token_count(6) == 4
    assert (tokenizer.pad_id, tokenizer.mask_id) == (1, 2)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([token for token in THREE_MERS if token != "GCA"], "'GCA' is missing"),
        ([token for token in THREE_MERS if token != "<cls>"], "'<cls>' is missing"),
        (["<cls>", "A", "C"], "not a k-mer"),
        ([], "not a k-mer"),
    ],
)
def test_another_vocabulary_is_refused(tokens: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SixMerTokenizer(tokens, 100)


def test_letters_that_are_kept_come_back_and_turn_with_the_strand() -> None:
    codes = encode_bases("ACGTNacgtnRyU-", keep_letters=True)
    assert codes[:5].tolist() == [0, 1, 2, 3, 4]
    assert (codes[5:] > 4).all()
    assert decode_letters(codes) == "ACGTNacgtnRyU-"
    assert decode_letters(reverse_complement(codes)) == "-ArYnacgtNACGT"


@pytest.fixture
def byte_pairs(tmp_path: Path) -> Path:
    """Write a tokenizer that knows A, C, G, T and TA, with an empty piece as GROVER's file has one."""
    vocabulary = {
        "[UNK]": 0,
        "[CLS]": 1,
        "[SEP]": 2,
        "[PAD]": 3,
        "A": 4,
        "C": 5,
        "G": 6,
        "T": 7,
        "TA": 8,
        "": 9,
    }
    special = ("[UNK]", "[CLS]", "[SEP]", "[PAD]")
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    template = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    template.append({"SpecialToken": {"id": "[SEP]", "type_id": 0}})
    content = {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "added_tokens": [{"id": vocabulary[token], "content": token, **flags} for token in special],
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
            "merges": ["T A", " ", "A ", " T"],
        },
    }
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(content))
    return path


def test_merges_of_an_empty_piece_do_no_harm_and_nothing_is_cut(byte_pairs: Path) -> None:
    tokenizer = BytePairTokenizer(byte_pairs, 512, 9)
    ids, mask = tokenizer.tokenize(np.stack([encode_bases("TATAC"), encode_bases("GTANC")]))
    assert ids.tolist() == [[1, 8, 8, 5, 2, 3], [1, 6, 8, 0, 5, 2]]
    assert mask is not None
    assert mask.sum(axis=1).tolist() == [5, 6]


def test_a_token_that_the_model_has_not_is_refused(byte_pairs: Path) -> None:
    with pytest.raises(InputError, match=r"gives the token 8, but the model has 8 of them, counted from 0"):
        BytePairTokenizer(byte_pairs, 512, 8)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"model": 3}', '{"model": {"type": "BPE"}}', "\x00"])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match="no usable tokenizer"):
        BytePairTokenizer(tmp_path / "tokenizer.json", 512, 9)
