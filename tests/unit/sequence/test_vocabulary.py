"""The k-mer vocabulary: DNABERT's own files and its own encodings are the measure (tokenizer)."""

from __future__ import annotations

import gzip
import itertools
import json

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, encode_bases, vocabulary, window_view

DNABERT_KS = (3, 4, 5, 6)


@pytest.mark.data
@pytest.mark.parametrize("k", DNABERT_KS)
def test_tokens_are_those_of_dnabert(shared_data, k):
    path = shared_data / "dnabert-config" / f"bert-config-{k}" / "vocab.txt"
    ours = KmerVocabulary(k)
    assert ours.tokens == path.read_text().split("\n")[: ours.size]
    assert len(path.read_text().split()) == ours.size == 4**k + 5
    assert KmerVocabulary.from_file(path) == ours


@pytest.mark.data
@pytest.mark.parametrize("k", [3, 6])
def test_encodings_are_those_of_the_original_code(shared_data, k):
    tokenizer = KmerTokenizer(KmerVocabulary(k))
    path = shared_data / "golden" / f"dnabert{k}_random" / "expected.jsonl.gz"
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert len(rows) == 54
    kinds = {
        "lower case": any(row["sequence"].islower() for row in rows),
        "N": any("N" in row["sequence"] for row in rows),
        "IUPAC": any("R" in row["sequence"] for row in rows),
        "short": any(len(row["sequence"]) < 20 for row in rows),
    }
    assert all(kinds.values()), kinds
    for row in rows:
        codes = encode_bases(row["sequence"], keep_letters=True)
        batch = tokenizer.tokenize(codes[None])
        assert batch.ids[0].tolist() == row["input_ids"]
        assert batch.mask is None
        assert tokenizer.token_count(len(codes)) == len(row["input_ids"])


@pytest.mark.data
@pytest.mark.parametrize("k", [3, 6])
def test_by_default_lower_case_is_read_as_upper_case(shared_data, k):
    path = shared_data / "golden" / f"dnabert{k}_random" / "expected.jsonl.gz"
    rows = map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    lower = [row["sequence"] for row in rows if row["sequence"].islower()]
    assert lower
    for sequence in lower:
        ids = KmerVocabulary(k).encode(encode_bases(sequence)[None])[0]
        assert 1 not in ids
        assert ids.tolist() == KmerVocabulary(k).encode(encode_bases(sequence.upper())[None])[0].tolist()


@pytest.mark.data
@pytest.mark.parametrize("k", DNABERT_KS)
def test_kmer_strings_are_those_of_the_published_files(shared_data, k):
    folder = shared_data / "enhancers" / "ienhancer2L"
    sequences = {
        "1": [record.sequence for record in read_fasta(folder / "layer1_test_enhancers.fa")],
        "0": [record.sequence for record in read_fasta(folder / "layer1_test_nonenhancers.fa")],
    }
    # a line: k-mers separated by blanks, one more blank, a tab, the label; the order of the lines is shuffled
    published: dict[str, set[str]] = {"0": set(), "1": set()}
    lines = (folder / f"enhancer_{k}-mer_DNABERT_ind.txt").read_text().splitlines()
    for line in lines:
        kmers, label = line.split("\t")
        assert kmers.endswith(" ")
        published[label].add(kmers[:-1])
    assert len(lines) == 400
    for label, rows in sequences.items():
        ours = {KmerVocabulary(k).kmer_strings(encode_bases(row)) for row in rows}
        assert len(rows) == 200
        assert ours == published[label]


@pytest.mark.parametrize("k", [1, 2, 3, 6, 8])
def test_ids_agree_with_a_look_up_in_the_token_list(k):
    rng = np.random.default_rng(k)
    letters = "".join(rng.choice(list("ACGTN"), p=[0.24, 0.24, 0.24, 0.24, 0.04], size=300))
    tokens = {token: number for number, token in enumerate(KmerVocabulary(k).tokens)}
    expected = [tokens.get(letters[start : start + k], 1) for start in range(300 - k + 1)]
    ids = KmerVocabulary(k).kmer_ids(encode_bases(letters))
    assert ids.tolist() == expected
    assert ids.dtype == np.int32


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4])
def test_sequences_shorter_than_a_kmer_have_none(length):
    codes = encode_bases("ACGT"[:length])
    words = KmerVocabulary(3)
    assert len(words.kmer_ids(codes)) == max(0, length - 2)
    assert words.encode(codes[None]).tolist()[0][0] == 2
    assert words.encode(codes[None]).shape == (1, KmerTokenizer(words).token_count(length))
    assert words.kmer_strings(codes) == " ".join(["ACG", "CGT"][: max(0, length - 2)])


@pytest.mark.parametrize("piece", [1, 3, 64])
def test_pieces_of_a_contig_join_without_a_seam(monkeypatch, piece):
    codes = encode_bases("".join(np.random.default_rng(1).choice(list("ACGTN"), size=500)))
    whole = KmerVocabulary(6).kmer_ids(codes)
    monkeypatch.setattr(vocabulary, "_CHUNK_BASES", piece)
    assert KmerVocabulary(6).kmer_ids(codes).tolist() == whole.tolist()


def test_ids_of_windows_are_windows_of_ids():
    codes = encode_bases("".join(np.random.default_rng(2).choice(list("ACGTacgtN"), size=400)))
    words = KmerVocabulary(6)
    of_windows = words.kmer_ids(window_view(codes, 50, 7))
    assert of_windows.tolist() == window_view_of_ids(words.kmer_ids(codes), 45, 7)


def window_view_of_ids(ids, length, stride):
    return [ids[start : start + length].tolist() for start in range(0, len(ids) - length + 1, stride)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "0 tokens are not a k-mer vocabulary"),
        ("[PAD]\n[UNK]\n", "2 tokens are not a k-mer vocabulary"),
        ("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "A", "C", "G", "T"]), "8 tokens are not"),
        ("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"ACG"]), "8 tokens are not"),
        ("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"ACGTA"]), "6 and 10: token 'A' stands"),
        ("\n".join(f"word{number}" for number in range(69)), "69 tokens are not"),
    ],
)
def test_foreign_vocabularies_are_refused(tmp_path, content, message):
    path = tmp_path / "vocab.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        KmerVocabulary.from_file(path)


def test_a_vocabulary_written_line_by_line_is_read_back(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\r\n".join(KmerVocabulary(4).tokens) + "\r\n\r\n")
    assert KmerVocabulary.from_file(path).k == 4


def test_it_is_a_value():
    assert KmerVocabulary(3) == KmerVocabulary(3) != KmerVocabulary(4)
    assert len({KmerVocabulary(3), KmerVocabulary(3)}) == 1
    assert repr(KmerVocabulary(3)) == "KmerVocabulary(3)"
    assert KmerTokenizer(KmerVocabulary(3)).maximum_tokens == 512


@pytest.mark.parametrize("k", [0, -1, 13])
def test_impossible_lengths_are_refused(k):
    with pytest.raises(InputError, match=f"k-mers of length {k} are not supported"):
        KmerVocabulary(k)


SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TWO_MERS = ["".join(pair) for pair in itertools.product("ACGT", repeat=2)]
OWN_ORDERS = {
    "alphabet": [*SPECIAL, *TWO_MERS],
    "special ones last": [*TWO_MERS, *reversed(SPECIAL)],
    "with N": [*SPECIAL, *TWO_MERS, "NN", "AN", "unused"],
    "shuffled": list(np.random.default_rng(0).permutation([*SPECIAL, *TWO_MERS])),
}


@pytest.mark.parametrize("case", OWN_ORDERS)
def test_a_vocabulary_in_another_order_is_read_as_it_is(tmp_path, case):
    tokens = OWN_ORDERS[case]
    (tmp_path / "vocab.txt").write_text("\n".join(tokens) + "\n")
    words = KmerVocabulary.from_file(tmp_path / "vocab.txt")
    assert (words.k, words.size, words.tokens) == (2, len(tokens), tokens)
    letters = "".join(np.random.default_rng(3).choice(list("ACGTN"), size=200))
    place = {token: number for number, token in enumerate(tokens)}
    expected = [place.get(letters[start : start + 2], place["[UNK]"]) for start in range(199)]
    codes = encode_bases(letters)
    assert words.kmer_ids(codes).tolist() == expected
    whole = [place["[CLS]"], *expected, place["[SEP]"]]
    assert words.encode(window_view(codes, 200, 1)).tolist() == [whole]
    assert words.special_ids == tuple(place[token] for token in SPECIAL)
    assert words != KmerVocabulary(2)


def test_dnaberts_order_given_as_tokens_is_dnaberts():
    assert KmerVocabulary(3, KmerVocabulary(3).tokens) == KmerVocabulary(3)


def test_a_file_that_is_no_vocabulary_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "vocab.txt").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="larger than a k-mer vocabulary"):
        KmerVocabulary.from_file(tmp_path / "vocab.txt")
