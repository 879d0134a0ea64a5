"""Golden checkpoints (engine/torch_encoder, engine/attentions, model/layouts, model/tokenizers)."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from original_networks import OriginalNetwork

from dnabert_enhancer.api import Model
from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, import_checkpoint
from dnabert_enhancer.sequence import encode_bases, reverse_complement

pytestmark = pytest.mark.data

FOLDERS = {
    "dnabert2_random": 53,
    "ntv2_random": 53,
    "ntv1_random": 53,
    "gena_random": 53,
    "gena_random/lastln": 53,
    "grover_random": 53,
    "deepvregulome_hub/models/CTCFL": 50,
    "deepvregulome_hub/models/H4K12ac": 50,
    "dnabert3_random": 54,
    "dnabert6_random": 54,
}
"""Rows of each golden checkpoint."""
MOST_TOKENS = {
    "gena_random": 512,
    "gena_random/lastln": 512,
    "grover_random": 512,
    "ntv1_random": 1000,
    "ntv2_random": 2048,
}


FORWARD = EngineSettings(device="cpu", backend="onnx", precision="float32", strand="forward")


class Golden(NamedTuple):
    """A golden checkpoint, imported, and what its own code says of its rows."""

    name: str
    folder: Path
    model: EnhancerModel
    rows: list[dict[str, Any]]

    def windows(self, rows: list[dict[str, Any]]) -> list[np.ndarray[Any, Any]]:
        """Return the windows as the original reads them: deepvregulome turns all to upper case."""
        keep = not self.name.startswith("deepvregulome")
        return [encode_bases(row["sequence"], keep_letters=keep) for row in rows]

    @property
    def whole(self) -> list[dict[str, Any]]:
        """The rows that the original tokenizer did not cut."""
        if self.name not in ("gena_random", "gena_random/lastln", "grover_random"):
            return self.rows
        return [row for row in self.rows if len(row["input_ids"]) < 512]


@pytest.fixture(scope="module", params=list(FOLDERS))
def golden(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Golden:
    folder = shared_data / "golden" / request.param
    if not folder.is_dir():
        pytest.skip(f"no golden checkpoint at {folder}")
    if not (folder / "model.safetensors").is_file():
        pytest.importorskip("torch")
    pytest.importorskip("onnx")
    model = import_checkpoint(folder, tmp_path_factory.mktemp("golden") / "model", window_length=60)
    with gzip.open(folder / "expected.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    assert len(rows) == FOLDERS[request.param]
    return Golden(request.param, folder, model, rows)


def engine_of(golden: Golden, backend: str, **settings: Any) -> Engine:
    if backend == "torch":
        pytest.importorskip("torch")
    chosen = {"device": "cpu", "precision": "float32", "strand": "forward", **settings}
    return Engine(golden.model, EngineSettings(backend=backend, **chosen))


def test_ids_are_those_of_the_original_tokenizer(golden: Golden) -> None:
    for row, window in zip(golden.rows, golden.windows(golden.rows), strict=True):
        found = golden.model.tokenizer.tokenize(window[None]).ids[0].tolist()
        if len(found) > len(row["input_ids"]) == 512:  # cut by the original, the last token [SEP] again
            found = [*found[:511], found[-1]]
        assert found == row["input_ids"]


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "tolerance"), [("torch", 2e-5), ("onnx", 1e-4)])
def test_logits_are_those_of_the_original_code(golden: Golden, backend: str, tolerance: float) -> None:
    found = engine_of(golden, backend).predict(golden.windows(golden.whole)).outputs
    np.testing.assert_allclose(found, [row["logits"] for row in golden.whole], atol=tolerance, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_no_bit_depends_on_batch_threads_or_neighbours(golden: Golden, backend: str) -> None:
    windows = golden.windows(golden.whole[::2])
    together = engine_of(golden, backend, threads=2).predict(windows).outputs
    engine = engine_of(golden, backend, threads=1, batch_size=5)
    assert np.array_equal(together[::-1], engine.predict(windows[::-1]).outputs)
    for place in (0, 17, len(windows) - 1):
        assert np.array_equal(together[place : place + 1], engine.predict([windows[place]]).outputs)


def test_letters_are_normalised_unless_kept(golden: Golden) -> None:
    """Rows of lower case and of IUPAC letters read as their twins in upper case and with N."""
    shift = 1 if golden.name.startswith("deepvregulome") else 0
    if golden.name.startswith("dnabert") and golden.name != "dnabert2_random":
        pytest.skip("older, without twins")
    for row, twin in zip((29, 30, 39, 40, 41), (42, 43, 44, 45, 46), strict=True):
        pair = [
            golden.model.tokenizer.tokenize(encode_bases(golden.rows[n - shift]["sequence"])[None]).ids[0]
            for n in (row, twin)
        ]
        assert pair[0].tolist() == pair[1].tolist() == golden.rows[twin - shift]["input_ids"]


def test_a_sequence_longer_than_the_model_reads_is_refused_with_the_limit(golden: Golden) -> None:
    most = MOST_TOKENS.get(golden.name)
    if most is None:
        pytest.skip("reads any length, or as DNABERT does")
    assert golden.model.tokenizer.maximum_tokens == most
    engine = engine_of(golden, "onnx")
    with pytest.raises(InputError, match=r"bp is longer than the \d+ bp that the model can read"):
        engine.predict(np.zeros((1, 6 * most + 100), dtype=np.uint8))
    # of unknown bases alone, each of which is a token to most
    unknown = np.full((1, most + 1), 4, dtype=np.uint8)
    if len(golden.model.tokenizer.tokenize(unknown).ids[0]) > most:
        with pytest.raises(InputError, match=f"more than the {most} that the model reads"):
            engine.predict(unknown)


def test_the_written_directory_has_the_tensors_of_the_original(golden: Golden, shared_data: Path) -> None:
    from dnabert_enhancer.model.checkpoint import read_outline, read_state

    original = read_state(shared_data / "golden" / golden.name)
    written = {name: values.shape for name, values in read_outline(golden.model.directory).items()}
    renamed = {
        name.replace(".gamma", ".weight").replace(".beta", ".bias"): values.shape
        for name, values in original.items()
    }
    assert written.items() <= renamed.items()
    unused = ("position_ids", "position_embeddings.weight", "inv_freq", "contact_head")
    assert all(any(part in name for part in unused) for name in renamed.keys() - written.keys())


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_attention_is_that_of_the_original_code(golden: Golden, backend: str) -> None:
    rows = [row for row in golden.whole if "cls_attention_last_layer_head_mean" in row][:47]
    if not rows:
        pytest.skip("older, without attention")
    found = engine_of(golden, backend).attentions(golden.windows(rows))
    assert found.ndim == 4
    for row, attention in zip(rows, found, strict=True):
        expected = row["cls_attention_last_layer_head_mean"]
        np.testing.assert_allclose(attention[-1].mean(axis=0)[: len(expected)], expected, atol=1e-5, rtol=0)
        np.testing.assert_allclose(attention.sum(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_rollout_is_the_product_of_the_layers_of_the_original_code(golden: Golden, backend: str) -> None:
    rows = [row for row in golden.whole if len(row["input_ids"]) < 120][:5]
    found = engine_of(golden, backend).attention_rollout(golden.windows(rows))
    network = OriginalNetwork(golden.folder)
    for row, rollout in zip(rows, found, strict=True):
        count = len(row["input_ids"])
        network(row["input_ids"])
        product = np.eye(count)
        for layer in network.attentions:
            product = (layer.mean(axis=0) + np.eye(count)) / 2 @ product
        np.testing.assert_allclose(rollout[:count], product[0], atol=1e-5, rtol=0)
        assert not rollout[count:].any()
        np.testing.assert_allclose(rollout.sum(), 1, atol=1e-5)


def special_tokens(golden: Golden) -> tuple[int, int]:
    """Return how many stand at the start and the end, by the golden README."""
    return (1, 0) if golden.name.startswith("ntv") else (1, 1)


@functools.cache
def original_network(folder: Path) -> OriginalNetwork:
    return OriginalNetwork(folder)


@functools.cache
def original_states(folder: Path, ids: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return the final states ``[token, width]`` of a row of token ids, which several tests ask for."""
    return original_network(folder)(list(ids)).states


def reference_embeddings(golden: Golden, rows: list[list[int]], pooling: str) -> np.ndarray[Any, Any]:
    """Return the embeddings of rows of token ids by the formulas of the golden README, in float64."""
    before, after = special_tokens(golden)
    states = [original_states(golden.folder, tuple(ids)) for ids in rows]
    if pooling == "first":
        return np.stack([row[0] for row in states])
    return np.stack([row[before : len(row) - after].mean(axis=0) for row in states])


def test_the_formulas_give_the_logits_of_the_original_code(golden: Golden) -> None:
    network = OriginalNetwork(golden.folder)
    for row in golden.rows[:47]:
        np.testing.assert_allclose(network(row["input_ids"]).logits, row["logits"], atol=1e-5)


@pytest.mark.parametrize("backend", [pytest.param("torch", marks=pytest.mark.slow), "onnx"])
@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_embeddings_are_those_of_the_original_network(golden: Golden, backend: str, pooling: str) -> None:
    rows = golden.whole[:47]
    found = engine_of(golden, backend).embed(golden.windows(rows), pooling)
    assert found.dtype == np.float32
    expected = reference_embeddings(golden, [row["input_ids"] for row in rows], pooling)
    np.testing.assert_allclose(found, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_of_both_strands_the_embeddings_are_averaged(golden: Golden, pooling: str) -> None:
    windows = golden.windows(golden.whole[5:10])
    strands = [windows, [reverse_complement(window) for window in windows]]
    ids = [[golden.model.tokenizer.tokenize(w[None]).ids[0].tolist() for w in some] for some in strands]
    expected = sum(reference_embeddings(golden, some, pooling) for some in ids) / 2
    engine = engine_of(golden, "onnx", strand="both")
    np.testing.assert_allclose(engine.embed(windows, pooling), expected, atol=2e-5, rtol=0)
    forward = engine_of(golden, "onnx").embed(windows, pooling)
    assert np.array_equal(engine.embed(windows, pooling, "forward"), forward)
    assert np.array_equal(
        engine_of(golden, "onnx").embed(windows, pooling, "both"), engine.embed(windows, pooling)
    )


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_no_bit_of_an_embedding_depends_on_batch_threads_or_neighbours(golden: Golden, backend: str) -> None:
    """Of the mean: what the first token comes to is seen in the logits, above."""
    windows = golden.windows(golden.whole[:47:2])
    together = engine_of(golden, backend, threads=2).embed(windows, "mean")
    engine = engine_of(golden, backend, threads=1, batch_size=5)
    assert np.array_equal(together[::-1], engine.embed(windows[::-1], "mean"))
    for place in (0, 17, len(windows) - 1):
        assert np.array_equal(together[place : place + 1], engine.embed([windows[place]], "mean"))


@pytest.mark.slow
def test_the_final_states_are_those_of_transformers(golden: Golden) -> None:
    classes = {"grover_random": "BertModel", "ntv1_random": "EsmModel"}
    if golden.name not in classes:
        pytest.skip("transformers has no class for it, or cannot read its old names")
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    network = getattr(transformers, classes[golden.name]).from_pretrained(golden.folder).eval()
    before, after = special_tokens(golden)
    rows = golden.whole[:12]
    first, mean = (engine_of(golden, "onnx").embed(golden.windows(rows), how) for how in ("first", "mean"))
    for place, row in enumerate(rows):
        with torch.inference_mode():
            states = network(torch.tensor([row["input_ids"]])).last_hidden_state[0].numpy()
        np.testing.assert_allclose(first[place], states[0], atol=2e-5)
        own = states[before : len(states) - after].mean(axis=0)
        np.testing.assert_allclose(mean[place], own, atol=2e-5)


def as_fasta(rows: list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(f">row{number}\n{row['sequence']}\n" for number, row in enumerate(rows)))
    return path


def library_model(golden: Golden) -> Model:
    """Return the model as the library gives it."""
    return Model(golden.model, engine=FORWARD)


def test_letters_of_a_fasta_that_are_kept_give_the_logits_of_the_original_code(
    golden: Golden, tmp_path: Path
) -> None:
    if golden.name.startswith("deepvregulome"):
        pytest.skip("its package turns all to upper case before it cuts tokens")
    rows = golden.whole[:47]
    path = as_fasta(rows, tmp_path / "rows.fa")
    found: list[float] = []
    window = max(len(row["sequence"]) for row in rows)
    model = library_model(golden)
    model.predict(
        path,
        keep_letters=True,
        max_unknown=1.0,
        window_length=window,
        on_windows=lambda *told: found.extend(told[3].rank.tolist()),
    )
    logits = np.array([row["logits"] for row in rows])
    assert logits.shape[1] == 2
    sign = 1 if golden.model.card.positive_index == 1 else -1
    expected = sign * (logits[:, 1] - logits[:, 0])
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)
    # the rows of lower and mixed case and of IUPAC letters are others than those of upper case and N
    plain = model.predict(path, max_unknown=1.0, window_length=window)
    kept = model.predict(path, max_unknown=1.0, window_length=window, keep_letters=True)
    differs = (plain["probability"] != kept["probability"]).to_numpy()
    is_plain = np.array([set(row["sequence"]) <= set("ACGTN") for row in rows])
    assert not differs[is_plain].any()
    if golden.name not in ("dnabert3_random", "dnabert6_random"):  # to DNABERT an IUPAC letter is as N
        assert differs[29:31].all()


def test_letters_of_a_fasta_that_are_kept_give_the_embeddings_of_the_original_network(
    golden: Golden, tmp_path: Path
) -> None:
    if golden.name.startswith("deepvregulome"):
        pytest.skip("as above")
    rows = golden.whole[27:47]
    path = as_fasta(rows, tmp_path / "rows.fa")
    found = library_model(golden).embed(path, pooling="mean", keep_letters=True, max_unknown=1.0)
    expected = reference_embeddings(golden, [row["input_ids"] for row in rows], "mean")
    np.testing.assert_allclose(found, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("ending", ["parquet", "tsv"])
def test_tokenize_gives_the_ids_and_kmers_of_the_original_code(
    golden: Golden, tmp_path: Path, ending: str
) -> None:
    if golden.name not in ("dnabert3_random", "dnabert6_random"):
        pytest.skip("tokenize is for DNABERT's k-mers")
    parquet = pytest.importorskip("pyarrow.parquet")
    k = int(golden.name.removeprefix("dnabert")[0])
    # what holds no known k-mer is left out: N alone, and lower case, which is unknown to DNABERT
    rows = [row for row in golden.rows if set(row["input_ids"][1:-1]) != {1}]
    assert any(row not in rows for row in golden.rows if row["sequence"].islower())
    path, output = as_fasta(rows, tmp_path / "rows.fa"), tmp_path / f"ids.{ending}"
    given = ["tokenize", "--input", path, "--k", k, "--output", output, "--keep-letters"]
    with pytest.raises(SystemExit) as stopped:
        cli.main([str(part) for part in given])
    assert stopped.value.code in (0, None)
    if ending == "parquet":
        found = parquet.read_table(output)["input_ids"].to_pylist()
        assert found == [row["input_ids"] for row in rows]
    else:
        texts = [line.split("\t")[0] for line in output.read_text().splitlines()[1:]]
        assert [text[:k] + "".join(word[-1] for word in text.split(" ")[1:]) for text in texts] == [
            row["sequence"] for row in rows
        ]


def test_a_checkpoint_without_a_head_has_the_same_embeddings_and_predicts_nothing(
    golden: Golden, tmp_path: Path
) -> None:
    numpy_file = pytest.importorskip("safetensors.numpy")
    (tmp_path / "base").mkdir()
    for path in golden.folder.iterdir():
        if path.is_file() and path.suffix not in (".bin", ".safetensors", ".gz"):
            (tmp_path / "base" / path.name).write_bytes(path.read_bytes())
    tensors = OriginalNetwork(golden.folder).tensors
    kept = {
        name: values.astype(np.float32)
        for name, values in tensors.items()
        if not name.startswith("classifier") and ".pooler." not in name
    }
    assert len(kept) == len(tensors) - 4
    numpy_file.save_file(kept, tmp_path / "base" / "model.safetensors")
    base = Model(import_checkpoint(tmp_path / "base", tmp_path / "model"), engine=FORWARD)
    assert base.embeds_only
    texts = [row["sequence"] for row in golden.whole[:12]]
    for pooling in ("first", "mean"):
        expected = library_model(golden).embed(texts, pooling=pooling)
        assert np.array_equal(base.embed(texts, pooling=pooling), expected)
    with pytest.raises(InputError, match="has no head that predicts anything"):
        base.predict(texts)
