"""Attention as the importance of bases (interpret/attention), against counts by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.api import interpret_shard
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.interpret import base_attention, high_attention
from dnabert_enhancer.model import import_checkpoint
from dnabert_enhancer.sequence import decode_bases, encode_bases

GOLDEN = ("dnabert6_random", "dnabert2_random", "ntv2_random", "gena_random", "grover_random")


@pytest.fixture(scope="module")
def model() -> de.Model:
    return de.load_model(engine=EngineSettings("cpu", "onnx", "float32", threads=1))


def test_a_base_has_the_mean_of_the_kmers_that_cover_it() -> None:
    """Three 3-mers of five bases: the first and last base are in one, the middle one in all."""
    attention = np.array([0.5, 0.1, 0.2, 0.3, 0.4], dtype=np.float32)
    spans = np.array([[0, 0], [0, 3], [1, 4], [2, 5], [0, 0]])
    found = base_attention(attention, spans, 5, overlapping=True)
    np.testing.assert_allclose(found, [0.1, 0.15, 0.2, 0.25, 0.3], rtol=1e-6)


def test_a_base_has_its_share_of_its_token() -> None:
    attention = np.array([0.1, 0.6, 0.2, 0.1], dtype=np.float32)
    spans = np.array([[0, 0], [0, 6], [6, 7], [7, 7]])
    found = base_attention(attention, spans, 7, overlapping=False)
    np.testing.assert_allclose(found, [0.1] * 6 + [0.2], rtol=1e-6)


def test_runs_of_high_attention_are_those_of_dnaberts_rule() -> None:
    """The mean is 0.0303 and ten times the minimum 0.01: above 0.0303 is high, five in a row a run."""
    values = np.full(100, 0.001)
    values[10:15] = 0.5
    values[40:44] = 0.1
    values[50] = np.nan
    runs = high_attention(values, times_minimum=10, shortest=5)
    assert [(run.start, run.end) for run in runs] == [(10, 15)]
    assert runs[0].mean == pytest.approx(0.5)
    assert [run.start for run in high_attention(values, times_minimum=10, shortest=4)] == [10, 40]
    assert high_attention(values, times_minimum=600, shortest=4) == []
    assert high_attention(np.full(9, np.nan), times_minimum=10, shortest=1) == []


def test_both_strands_are_averaged(model: de.Model) -> None:
    rng = np.random.default_rng(5)
    text = decode_bases(rng.integers(0, 4, 200, dtype=np.uint8))
    complement = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    found = model.interpret([text], method="attention")[0]
    opposite = model.interpret([complement], method="attention")[0]
    np.testing.assert_allclose(found.importance, opposite.importance[::-1], atol=1e-7)
    k = model.opened.card.k
    assert k is not None
    expected = np.zeros(200)
    for letters in (text, complement):
        kmers = model.engine.attentions([encode_bases(letters)])[0][-1].mean(axis=0)[1:-1]
        bases = np.array([np.mean(kmers[max(0, i - k + 1) : i + 1]) for i in range(200)])
        expected += (bases if letters == text else bases[::-1]) / 2
    np.testing.assert_allclose(found.importance, expected, atol=1e-6)
    assert found.score == pytest.approx(float(model.predict([text])["probability"][0]), abs=1e-6)


def test_rollout_is_what_two_layers_give_by_hand() -> None:
    """Through transformers' own attention of all tokens, in numpy."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    import torch

    engine = EngineSettings("cpu", "onnx", "float32", threads=1, strand="forward")
    model = de.load_model(engine=engine)
    text = decode_bases(np.random.default_rng(7).integers(0, 4, 60, dtype=np.uint8))
    network = transformers.AutoModelForSequenceClassification.from_pretrained(
        model.opened.directory, attn_implementation="eager"
    ).eval()
    ids = torch.from_numpy(model.opened.tokenizer.tokenize(encode_bases(text)[None]).ids)
    with torch.no_grad():
        first, second = (
            layer[0].mean(dim=0).double().numpy() for layer in network(ids, output_attentions=True).attentions
        )
    kmers = ((second + np.eye(len(second))) / 2 @ ((first + np.eye(len(first))) / 2))[0]
    assert kmers.sum() == pytest.approx(1, abs=1e-6)
    found = model.interpret([text], method="attention", rollout=True, window_length=60)[0].importance
    k = len(text) - len(kmers) + 3
    expected = [kmers[1:-1][max(0, i - k + 1) : i + 1].mean() for i in range(60)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    last = model.interpret([text], method="attention", window_length=60)[0].importance
    assert np.abs(last - found).max() > 1e-4


def test_files_of_attention_and_shards(model: de.Model, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    texts = {f"s{n}": decode_bases(rng.integers(0, 4, 260, dtype=np.uint8)) for n in range(5)}
    texts["s2"] = "N" * 20 + texts["s2"][20:]
    chosen: dict[str, Any] = {"method": "attention", "layers": (1, 2), "heads": (1,), "shortest_run": 2}
    found = model.interpret(texts, times_minimum=2.0, **chosen)
    assert found.regions["strongest_substitution"].isna().all()
    assert len(found.substitutions) == 0
    assert np.isnan(found[2].importance).tolist() == [True] * 20 + [False] * 240
    found.write(tmp_path / "whole", logos=1)
    rows = (tmp_path / "whole.high_attention.bed").read_text().splitlines()
    assert rows
    for row in rows:
        name, start, end, region, mean = row.split("\t")
        assert name == region
        values = found[name].importance[int(start) : int(end)]
        assert (values > np.nanmean(found[name].importance)).all()
        assert float(mean) == pytest.approx(values.mean(), rel=1e-5)
    for index in (1, 2):
        settings = de.InterpretSettings(times_minimum=2.0, shard=(index, 2), **chosen)
        interpret_shard(model, f"{tmp_path}/s.shard-{index}-of-2.scores", texts, None, settings)
    de.merge_attributions([tmp_path / "s"]).write(tmp_path / "merged", logos=1)
    for path in sorted(tmp_path.glob("whole.*")):
        assert path.read_bytes() == (tmp_path / path.name.replace("whole", "merged")).read_bytes()


def test_a_logo_says_that_it_is_attention(model: de.Model) -> None:
    found = model.interpret(["ACGTTGCA" * 20], method="attention")
    assert found.plot().get_supylabel() == "importance (attention)"


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", GOLDEN)
def test_attention_of_the_original_codes_tokens_goes_to_their_bases(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    folder = shared_data / "golden" / name
    import_checkpoint(folder, tmp_path / "m", window_length=60)
    engine = EngineSettings("cpu", "onnx", "float32", threads=1, strand="forward")
    model = de.load_model(tmp_path / "m", engine=engine)
    checked = 0
    with gzip.open(folder / "expected.jsonl.gz", "rt") as stream:
        for row in map(json.loads, stream):
            attention = np.array(row["cls_attention_last_layer_head_mean"])
            text = row["sequence"]
            if set(text) - set("ACGT") or len(attention) >= 500 or checked == 12:
                continue
            found = model.interpret([text], method="attention", window_length=len(text))[0].importance
            if model.opened.card.k:
                kmers = attention[1:-1]
                assert len(kmers) == len(text) - 5
                expected = [kmers[max(0, i - 5) : i + 1].mean() for i in range(len(text))]
            else:
                tokens = model.opened.tokenizer.tokenize(encode_bases(text)[None]).ids[0].tolist()
                assert tokens == row["input_ids"]
                spans = model.opened.tokenizer.spans(encode_bases(text))  # type: ignore[attr-defined]
                sizes = spans[:, 1] - spans[:, 0]
                assert sizes.sum() == len(text)
                expected = np.repeat(attention[sizes > 0] / sizes[sizes > 0], sizes[sizes > 0])
            np.testing.assert_allclose(found, expected, atol=1e-5)
            checked += 1
    assert checked == 12


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "attention", "layers": (3,)}, "there is no layer 3: the model has 2"),
        ({"method": "attention", "heads": (99,)}, "there is no head 99"),
        ({"layers": (1,)}, "layers and heads and rollout are of attention"),
        ({"rollout": True}, "layers and heads and rollout are of attention"),
        ({"method": "attention", "rollout": True, "heads": (1,)}, "rollout is through all layers"),
        ({"method": "attention", "offsets": 3}, "offsets are of substitutions"),
        ({"method": "attention", "ism_deletions": 3}, "deletions are of mutagenesis"),
        ({"ism_deletions": 11}, "--ism-deletions 11 is out of range; give a whole number from 1 to 10"),
        ({"method": "magic"}, "--method magic is out of range; give ism or attention or gradients"),
        ({"method": "gradients", "heads": (1,)}, "layers and heads and rollout are of attention"),
        ({"method": "gradients", "offsets": 1}, "leave --offsets out with gradients"),
        ({"method": "gradients", "steps": 0}, "--steps 0 is out of range"),
        ({"method": "gradients", "completeness_limit": 0}, "--completeness-limit 0 is out of range"),
        ({"method": "attention", "shortest_run": 0}, "--shortest-run 0 is out of range"),
    ],
)
def test_what_makes_no_sense_is_one_line(model: de.Model, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(de.InputError) as error:
        model.interpret(["ACGT" * 50], **settings)
    assert said in str(error.value)
