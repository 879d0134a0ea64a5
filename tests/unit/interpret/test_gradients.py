"""Integrated gradients (engine/gradients, interpret/gradients, window_method) against other ways."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.api import interpret_shard
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.interpret import completeness_error, shuffled_windows
from dnabert_enhancer.model import Encoder, import_checkpoint
from dnabert_enhancer.sequence import decode_bases, encode_bases

torch = late("torch")


def loaded(strand: str = "both") -> de.Model:
    return de.load_model(engine=EngineSettings("cpu", "onnx", "float32", threads=1, strand=strand))


@pytest.fixture(scope="module")
def model() -> de.Model:
    return loaded()


@pytest.fixture(scope="module")
def text() -> str:
    return decode_bases(np.random.default_rng(8).integers(0, 4, 50, dtype=np.uint8))


def test_of_a_tanh_of_a_linear_map_they_are_what_calculus_says() -> None:
    """f = c tanh(s), s = w . mean of embeddings: a token's share of s, times the mean slope of f."""
    from dnabert_enhancer.engine.gradients import integrated_gradients
    from dnabert_enhancer.engine.torch_encoder import EncoderNetwork

    encoder = Encoder(
        vocabulary=7,
        hidden=4,
        layers=0,
        heads=1,
        intermediate=4,
        positions=0,
        segments=0,
        outputs=1,
        position_kind="none",
        norm="pre",
        embedding_norm=False,
        pooling="mean",
    )
    rng = np.random.default_rng(1)
    words, weights = rng.normal(size=(7, 4)), rng.normal(size=4)
    state = {name: np.zeros(shape, np.float32) for name, shape in encoder.tensors().items()}
    state["bert.embeddings.word_embeddings.weight"][:] = words
    state["bert.pooler.dense.weight"][0] = weights
    state["classifier.weight"][0, 0] = 3.0
    state["classifier.bias"][0] = 0.7
    ids, baselines = np.array([1, 2, 3, 4, 5]), np.array([[1, 5, 2, 2, 6], [0, 2, 6, 1, 1]])
    expected = np.zeros(5)
    for baseline in baselines:
        steps = (words[ids] - words[baseline]) @ weights / 5
        high, low = (words[row].mean(axis=0) @ weights for row in (ids, baseline))
        expected += steps * 3 * (np.tanh(high) - np.tanh(low)) / (high - low) / 2
    (found,) = integrated_gradients(
        EncoderNetwork(encoder, state).for_gradients("cpu"),
        lambda outputs: outputs[:, 0],
        [torch.tensor(ids)],
        [torch.tensor(baselines)],
        steps=20,
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.sum() != pytest.approx(0, abs=0.01)


@pytest.mark.slow
def test_they_are_a_plain_sum_over_the_path_in_transformers(text: str) -> None:
    transformers = pytest.importorskip("transformers")
    model = loaded("forward")
    region = model.interpret([text], method="gradients", window_length=50, baselines=2, steps=24)[0]
    network = transformers.AutoModelForSequenceClassification.from_pretrained(model.opened.directory).eval()
    vocabulary = (model.opened.directory / "vocab.txt").read_text().split()
    k = len(vocabulary[-1])
    embeddings = network.get_input_embeddings().weight.detach()

    def vectors(letters: str) -> torch.Tensor:
        kmers = ["[CLS]", *(letters[i : i + k] for i in range(50 - k + 1)), "[SEP]"]
        return embeddings[[vocabulary.index(kmer) for kmer in kmers]]

    def logit(vectors: torch.Tensor) -> torch.Tensor:
        outputs = network(inputs_embeds=vectors).logits
        column = model.opened.card.column
        return outputs[:, column] if column is not None else outputs[:, 1] - outputs[:, 0]

    expected, points = np.zeros(50), (torch.arange(300) + 0.5) / 300
    for codes in shuffled_windows(encode_bases(text), 2, 0):
        start, end = vectors(decode_bases(codes)), vectors(text)
        between = (start + points[:, None, None] * (end - start)).requires_grad_()
        (slopes,) = torch.autograd.grad(logit(between).sum(), between)
        tokens = ((end - start) * slopes.mean(dim=0)).sum(dim=1).numpy()[1:-1]
        for first, value in enumerate(tokens):
            expected[first : first + k] += value / k / 2
    np.testing.assert_allclose(region.importance, expected, atol=2e-3 * np.abs(expected).max())


def test_they_sum_to_the_score_less_that_of_the_shuffles(model: de.Model, text: str) -> None:
    found = model.interpret([text], method="gradients", window_length=50, baselines=3, steps=48)
    windows = [encode_bases(text), *shuffled_windows(encode_bases(text), 3, 0)]
    logits = model.engine.predict(np.stack(windows)).logit.astype(float)
    difference = logits[0] - logits[1:].mean()
    assert abs(difference) > 0.01
    total = np.abs(found[0].importance).sum()
    assert found[0].importance.sum() == pytest.approx(difference, abs=1e-3 * float(total))
    assert 0 < found.regions["completeness_error"][0] < 1e-3
    opposite = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    mirrored = model.interpret([opposite], method="gradients", window_length=50, baselines=3, steps=48)
    np.testing.assert_allclose(mirrored[0].importance[::-1], found[0].importance, atol=1e-5)
    assert found.plot().get_supylabel() == "importance (logit)"


def test_the_error_is_a_share_of_the_absolute_sum() -> None:
    assert completeness_error(np.array([2.0, -1.0, 1.0]), 1.9) == pytest.approx(0.1 / 4)
    assert completeness_error(np.zeros(3), 1e-6) == pytest.approx(1e-3)


def test_regions_above_the_limit_are_refused_and_shards_are_as_one_run(
    model: de.Model, text: str, tmp_path: Path
) -> None:
    chosen = {"method": "gradients", "window_length": 50, "baselines": 2, "steps": 3}
    texts = {"a": text, "b": text[::-1], "c": "N" * 30 + text[:20]}
    found = model.interpret(texts, completeness_limit=1e-9, **chosen)
    table = found.regions
    assert table["note"].tolist() == [*["completeness_error_above_limit"] * 2, "too_many_unknown_bases"]
    assert table["explained"].tolist() == [0, 0, 0]
    errors = table["completeness_error"].to_numpy()
    assert (errors[:2] > 1e-9).all()
    assert np.isnan(errors[2])
    counts = found.write(tmp_path / "x")
    assert counts["regions_above_completeness_limit"] == 2
    found = model.interpret(texts, completeness_limit=errors[:2].max(), **chosen)
    assert found.regions["explained"].tolist() == [50, 50, 0]
    assert model.interpret(texts, completeness_limit=1, seed=1, **chosen)[0].importance[9] != pytest.approx(
        found[0].importance[9], abs=1e-6
    )
    found.write(tmp_path / "one")
    for index in (1, 2):
        settings = de.InterpretSettings(completeness_limit=errors[:2].max(), shard=(index, 2), **chosen)
        interpret_shard(model, f"{tmp_path}/s.shard-{index}-of-2.scores", texts, None, settings)
    de.merge_attributions([tmp_path / "s"]).write(tmp_path / "merged")
    for ending in ("regions.tsv", "attributions.npz"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"merged.{ending}").read_bytes()


def test_shuffles_keep_dinucleotides_and_are_mirrored_on_the_other_strand() -> None:
    codes = np.random.default_rng(3).integers(0, 4, 120, dtype=np.uint8)
    codes[60] = 4

    def pairs(row: np.ndarray) -> list[int]:
        return np.bincount(row[:-1].astype(int) * 5 + row[1:], minlength=25).tolist()

    found = shuffled_windows(codes, 4, 7)
    assert all(pairs(row) == pairs(codes) for row in found)
    assert len(np.unique(found, axis=0)) == 4
    opposite = np.where(codes < 4, 3 - codes, 4).astype(np.uint8)[::-1]
    mirrored = shuffled_windows(np.ascontiguousarray(opposite), 4, 7)[:, ::-1]
    np.testing.assert_array_equal(np.where(mirrored < 4, 3 - mirrored, 4), found)
    assert (shuffled_windows(codes, 4, 8) != found).any()


@pytest.mark.slow
@pytest.mark.data
def test_tokens_that_do_not_overlap_and_those_without_fixed_places(shared_data: Path, tmp_path: Path) -> None:
    text = decode_bases(np.random.default_rng(2).integers(0, 4, 64, dtype=np.uint8))
    text = text[:20] + "N" + text[21:]
    import_checkpoint(shared_data / "golden" / "ntv2_random", tmp_path / "nt", window_length=64)
    engine = EngineSettings("cpu", "onnx", "float32", threads=1)
    model = de.load_model(tmp_path / "nt", engine=engine)
    found = model.interpret([text], method="gradients", baselines=2, completeness_limit=1e9)[0]
    windows = [encode_bases(text), *shuffled_windows(encode_bases(text), 2, 0)]
    logits = model.engine.predict(np.stack(windows)).logit.astype(float)
    total = np.nansum(np.abs(found.importance))
    assert np.nansum(found.importance) == pytest.approx(
        logits[0] - logits[1:].mean(), abs=0.01 * float(total)
    )
    assert np.flatnonzero(np.isnan(found.importance)).tolist() == [20]
    import_checkpoint(shared_data / "golden" / "dnabert2_random", tmp_path / "pairs", window_length=64)
    with pytest.raises(de.InputError, match="byte pairs"):
        de.load_model(tmp_path / "pairs", engine=engine).interpret([text], method="gradients")


def test_without_torch_there_is_one_line(model: de.Model, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(de.ResourceError, match=r"gradients need torch.*train"):
        model.interpret([text], method="gradients")
