"""Embeddings of sequences and their file (embeddings, embedding_file)."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, new_model, open_model, write_model
from dnabert_enhancer.scan import (
    Embeddings,
    EmbeddingSettings,
    NamedSequence,
    embed_sequences,
    write_embeddings,
)
from dnabert_enhancer.sequence import encode_bases, reverse_complement

K = 6
LONGEST = 515
"""The 510 tokens that DNABERT reads beside [CLS] and [SEP] are so many bases of 6-mers."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EnhancerModel:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    write_model(folder, new_model("tiny", window_length=60, seed=5))
    return open_model(folder)


@pytest.fixture(scope="module")
def engine(model: EnhancerModel) -> Engine:
    return Engine(model, EngineSettings(backend="onnx", device="cpu", threads=1))


def sequences(*texts: str) -> list[NamedSequence]:
    return [NamedSequence(f"s{number}", text) for number, text in enumerate(texts)]


def bases(n: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), n))


def embedded(engine: Engine, given: list[NamedSequence], chunk: int, **settings: object) -> list[Embeddings]:
    return list(embed_sequences(engine, given, EmbeddingSettings(**settings), chunk))


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_each_sequence_has_the_row_that_it_has_alone_in_chunks_of_any_size(
    engine: Engine, pooling: str
) -> None:
    given = sequences(*(bases(20 + 7 * number, number) for number in range(11)))
    whole = embedded(engine, given, 100, pooling=pooling)
    parts = embedded(engine, given, 3, pooling=pooling)
    alone = [embedded(engine, [each], 1, pooling=pooling)[0].embedding for each in given]
    assert [len(part.name) for part in parts] == [3, 3, 3, 2]
    assert [name for part in parts for name in part.name] == whole[0].name == [each.name for each in given]
    for found in (parts, [Embeddings([], values, []) for values in alone]):
        assert np.array_equal(np.concatenate([part.embedding for part in found]), whole[0].embedding)


def test_lower_case_and_u_are_read_as_upper_case_and_t(engine: Engine) -> None:
    (found,) = embedded(engine, sequences("ACGTTGCAACGGT", "acgttgcaacggt", "ACGUUGCAACGGU"), 9)
    assert np.array_equal(found.embedding[0], found.embedding[1])
    assert np.array_equal(found.embedding[0], found.embedding[2])


def test_both_strands_are_the_mean_of_two_embeddings_and_the_engine_s_default(engine: Engine) -> None:
    text = bases(50, 1)
    opposite = "".join("TGCA"["ACGT".index(base)] for base in reversed(text))
    (forward,) = embedded(engine, sequences(text, opposite), 9, strand="forward")
    (both,) = embedded(engine, sequences(text), 9)
    np.testing.assert_allclose(both.embedding[0], forward.embedding.mean(axis=0), atol=1e-6)
    assert np.abs(forward.embedding[0] - forward.embedding[1]).max() > 0.001
    direct = engine.embed([reverse_complement(encode_bases(text))], "first", "forward")
    assert np.array_equal(direct[0], forward.embedding[1])


def test_a_model_of_one_strand_is_read_on_it_alone(model: EnhancerModel, engine: Engine) -> None:
    single = Engine(model.with_card(model.card.replace(strand="forward")), engine.settings)
    (found,) = embedded(single, sequences(bases(50, 1)), 9, strand="both")
    (forward,) = embedded(engine, sequences(bases(50, 1)), 9, strand="forward")
    assert np.array_equal(found.embedding, forward.embedding)
    assert single.embedding_description("both")["strand"] == "forward"


def test_what_has_no_embedding_has_nan_and_a_note(engine: Engine) -> None:
    given = sequences("ACGTA", bases(30, 2), "N" * 4 + bases(36, 3), "N" * 5 + bases(36, 3), "", "ACGTAC")
    (found,) = embedded(engine, given, 9)
    # four of 40 bases unknown are no more than a tenth, five of 41 are
    short, unknown = "shorter_than_a_token", "too_many_unknown_bases"
    assert found.note == [short, "", "", unknown, short, ""]
    assert np.isnan(found.embedding).all(axis=1).tolist() == [bool(note) for note in found.note]
    (all_of_them,) = embedded(engine, given, 9, max_unknown=1)
    assert all_of_them.note == [short, "", "", "", short, ""]


def test_a_sequence_longer_than_the_model_reads_is_named(engine: Engine) -> None:
    (longest,) = embedded(engine, sequences("A" * LONGEST), 9)
    assert np.isfinite(longest.embedding).all()
    with pytest.raises(InputError, match="516 bp is longer than the 515 bp that the model can read") as error:
        embedded(engine, sequences("ACGTACGT", "A" * (LONGEST + 1)), 9)
    assert (error.value.source, error.value.location) == ("sequences", "s1")


def test_an_architecture_that_is_not_computed_here_has_none(
    model: EnhancerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(model)
    monkeypatch.setitem(vars(model), "encoder", None)
    with pytest.raises(InputError, match="only encoders that are computed here"):
        embedded(engine, sequences("ACGTACGT"), 9)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pooling": "max"}, "unknown pooling 'max'"),
        ({"strand": "reverse"}, "unknown strand 'reverse'"),
        ({"max_unknown": 2}, "--max-unknown 2 is not a number from 0 to 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        EmbeddingSettings(**settings)


def parts_of(rows: int, hidden: int, size: int) -> Iterator[Embeddings]:
    for start in range(0, rows, size):
        count = min(size, rows - start)
        values = np.arange(start * hidden, (start + count) * hidden, dtype=np.float32)
        names = [f"peak{number}" for number in range(start, start + count)]
        yield Embeddings(names, values.reshape(count, hidden), [""] * count)


def test_the_file_holds_names_numbers_and_facts_without_pickles(tmp_path: Path) -> None:
    odd = Embeddings(["a\nb", "", "é\u2028😀"], np.full((3, 2), np.nan, np.float32), [""] * 3)
    path = tmp_path / "e.npz"
    assert write_embeddings(path, [odd, *parts_of(5, 2, 2)], 2, {"pooling": "mean"}, tmp_path) == 8
    with np.load(path, allow_pickle=False) as found:
        assert found["name"].tolist() == ["a\nb", "", "é\u2028😀", *(f"peak{n}" for n in range(5))]
        assert found["name"].dtype == np.dtype("<U5")
        assert found["embedding"].dtype == np.float32
        np.testing.assert_array_equal(found["embedding"][3:], np.arange(10).reshape(5, 2))
        assert np.isnan(found["embedding"][:3]).all()
        assert found["pooling"].shape == ()
        assert str(found["pooling"]) == "mean"
        header = json.loads(found["header.json"])
    assert header == {"format": "dnabert-enhancer embeddings 1", "pooling": "mean"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["e.npz"]


def test_equal_embeddings_have_equal_bytes_in_parts_of_any_size(tmp_path: Path) -> None:
    for name, size in (("a", 10_000), ("b", 77)):
        write_embeddings(tmp_path / name, parts_of(9000, 3, size), 3, {"pooling": "first"}, tmp_path)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_sequences_are_an_empty_array_of_the_right_width(tmp_path: Path) -> None:
    assert write_embeddings(tmp_path / "e.npz", [], 7, {}, tmp_path) == 0
    with np.load(tmp_path / "e.npz") as found:
        assert found["embedding"].shape == (0, 7)
        assert found["name"].shape == (0,)


def test_memory_does_not_grow_with_the_number_of_sequences(tmp_path: Path) -> None:
    peaks = []
    for rows in (20_000, 80_000):
        tracemalloc.start()
        write_embeddings(tmp_path / "e.npz", parts_of(rows, 128, 4096), 128, {}, tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # 41 MB against 10 MB of numbers
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 12e6
