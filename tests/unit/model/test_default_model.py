"""The packaged model: found by name, small, whole, alike in torch and ONNX, as good as its card says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.engine import BackendName, Engine, EngineSettings, Precision, Strand, Way
from dnabert_enhancer.engine.backends import load_backend
from dnabert_enhancer.engine.engine import outputs_of
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import binary_metrics
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.model import EnhancerModel, open_model
from dnabert_enhancer.sequence import encode_bases

special = late("scipy.special")

LARGEST_BYTES = 5_000_000
MOST_FLOP_A_WINDOW = 0.2e9
FIRST = "regulatory_element"
ACTIVE = ["active_hepg2", "active_k562", "active_wtc11"]
OUTPUTS = {FIRST, "enhancer", "lentimpra_hepg2", "lentimpra_k562", "lentimpra_wtc11", *ACTIVE}
OUTPUTS |= {f"gue_tf{number}" for number in range(5)}
OUTPUTS |= {"accessible", "dnase_site", "distal", "versus_promoter", "versus_cpg_island"}
OUTPUTS |= {"ienhancer", "davuluri", "nhlf", "dnase_gm12878", "dnase_k562"}
OUTPUTS |= {"h3k27ac_gm12878", "chromhmm_enhancer", "ctcf"}
ORGANS = 15
"""Organ systems of the DHS index (Meuleman 2020), an output each."""
FILES = {
    "config.json",
    "enhancer_model.json",
    "model.safetensors",
    "tokenizer_config.json",
    "vocab.txt",
}


@pytest.fixture(scope="module")
def model() -> EnhancerModel:
    return open_model()


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 4, (24, 200)).astype(np.uint8)


def test_the_default_is_the_packaged_model(model: EnhancerModel) -> None:
    assert model.directory.name == "default"
    assert open_model("default").digest == model.digest
    assert {path.name for path in model.directory.iterdir()} == FILES
    assert model.window_length == 200
    assert model.card.k == 6
    assert model.card.labels == ("other", FIRST)
    outputs = list(model.config["id2label"].values())
    assert set(outputs) >= OUTPUTS
    assert sum(name.startswith("dhs_") for name in outputs) == ORGANS
    assert [FIRST, *model.card.further_outputs] == outputs
    assert [model.card.column, *(one.column for one in model.card.further_outputs.values())] == list(
        range(len(outputs))
    )


@pytest.mark.parametrize("name", ["sharpr_hepg2", "sharpr_k562", "promoter_like"])
def test_an_output_that_was_withdrawn_says_what_to_take(model: EnhancerModel, name: str) -> None:
    with pytest.raises(
        InputError, match=f"the output '{name}' of the model {model.card.name} was withdrawn"
    ) as error:
        open_model(f"default:{name}")
    replacement = error.value.remedy.partition(":")[0].removeprefix("take ").split(" or ")
    assert set(replacement) <= set(model.card.further_outputs)


def test_the_threshold_that_was_withdrawn_says_what_to_take(model: EnhancerModel) -> None:
    with pytest.raises(InputError, match="the threshold 'max-mcc' was withdrawn") as error:
        model.card.threshold("max-mcc")
    assert error.value.remedy.startswith("take default, strict or top:1%")
    assert set(model.card.thresholds) == {"default", "strict"}


def test_the_output_of_earlier_versions_is_there_under_its_name(model: EnhancerModel) -> None:
    enhancer = open_model("default:enhancer")
    assert enhancer.card.labels == ("not_enhancer", "enhancer")
    assert set(enhancer.card.thresholds) == {"default", "strict"}


def test_the_first_output_tells_regulatory_dna_from_dna_of_the_same_gc(model: EnhancerModel) -> None:
    tracks = model.card.metrics["hg19_chr20"]["tracks"]
    for name, least in (("dnase_k562", 0.75), ("dnase_gm12878", 0.75), ("fantom5", 0.7)):
        assert tracks[name]["gc_matched"]["model"]["auroc"][0] >= least
        assert abs(tracks[name]["gc_matched"]["gc_alone"]["auroc"][0] - 0.5) < 0.01


def test_it_is_small(model: EnhancerModel) -> None:
    assert sum(path.stat().st_size for path in model.directory.iterdir()) <= LARGEST_BYTES
    assert flop_of_a_window(model) <= MOST_FLOP_A_WINDOW


def flop_of_a_window(model: EnhancerModel) -> float:
    """Two for each multiplication of the matrix products of one 200-bp window on one strand."""
    shape, tokens = model.encoder, model.tokenizer.token_count(200)
    assert shape is not None
    dense = tokens * (4 * shape.hidden**2 + 2 * shape.hidden * shape.intermediate)
    return 2.0 * shape.layers * (dense + 2 * tokens**2 * shape.hidden)


def test_the_card_tells_where_the_model_comes_from_and_what_it_is_not_for(model: EnhancerModel) -> None:
    card = model.card
    assert card.licence == "Apache-2.0"
    assert "not for clinical use" in card.limits
    assert len(card.training["dataset_digest"]) == 64
    for source in card.training["sources"].values():
        assert source["labels"]
        assert source["licence"]
    for name in ("splits_by", "splits", "never_trained_on", "removed", "student", "recipe"):
        assert card.training[name], name
    assert card.calibration.kind in ("temperature", "isotonic")
    assert 0 < card.threshold() < card.threshold("strict") < 1


def test_the_card_shows_the_model_beside_the_ridge_with_intervals(model: EnhancerModel) -> None:
    metrics = model.card.metrics
    sets = [metrics["held_out_contigs"], *metrics["by_source"].values(), *metrics["public_sets"].values()]
    tracks = metrics["hg19_chr20"]["tracks"].values()
    sets += [track["gc_matched"] for track in tracks]
    for result in sets:
        assert 0 < result["positives"] < result["rows"]
        for name in ("model", "ridge", "gc_alone"):
            value, low, high = result[name]["auroc"]
            assert low <= value <= high


def test_the_card_names_the_files_by_their_digests(model: EnhancerModel) -> None:
    digests = model.card.versions["sha256"]
    assert set(digests) == FILES - {"enhancer_model.json"}
    assert {name: sha256_of(model.directory / name) for name in digests} == digests


@pytest.mark.parametrize("name", ["config.json", "enhancer_model.json", "tokenizer_config.json"])
def test_no_path_of_the_machine_that_made_it_is_in_the_text(model: EnhancerModel, name: str) -> None:
    text = (model.directory / name).read_text(encoding="utf-8")
    assert not [part for part in ('"/', "/home/", "/tmp/") if part in text]


def test_transformers_loads_it_and_says_the_same_as_the_engine(
    model: EnhancerModel, windows: np.ndarray
) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(
        model.directory, dtype=torch.float32
    )
    loaded.eval()
    ids = torch.from_numpy(model.tokenizer.tokenize(windows).ids)
    with torch.no_grad():
        outputs = loaded(input_ids=ids).logits.numpy()
    settings = EngineSettings(precision=Precision.FLOAT32, backend=BackendName.TORCH, strand=Strand.FORWARD)
    ours = Engine(model, settings).predict(windows).logit
    np.testing.assert_allclose(ours, outputs[:, 0], atol=2e-5)


@pytest.mark.parametrize("backend", [BackendName.ONNX, BackendName.TORCH])
def test_each_output_is_that_of_a_computation_in_float64(
    model: EnhancerModel, windows: np.ndarray, backend: BackendName
) -> None:
    if backend == BackendName.TORCH:
        pytest.importorskip("torch")
    loaded = load_backend(Way(backend, Precision.FLOAT32, "cpu"), model, 1)
    rows = np.arange(len(windows))
    found = outputs_of(loaded, model.tokenizer, windows, rows, both_strands=False)
    np.testing.assert_allclose(found, _outputs_in_float64(model, windows), atol=2e-5)


def _outputs_in_float64(model: EnhancerModel, windows: np.ndarray) -> np.ndarray:
    """Return all outputs as NumPy and SciPy compute them from the published formulas."""
    state = {name: tensor.astype(np.float64) for name, tensor in model.read_state().items()}

    def linear(name: str, x: np.ndarray) -> np.ndarray:
        return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def normalised(name: str, x: np.ndarray) -> np.ndarray:
        unit = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-12)
        return unit * state[f"{name}.LayerNorm.weight"] + state[f"{name}.LayerNorm.bias"]

    tables = "bert.embeddings.{}_embeddings.weight"
    ids = model.tokenizer.tokenize(windows).ids
    x = state[tables.format("word")][ids] + state[tables.format("position")][: ids.shape[1]]
    x = normalised("bert.embeddings", x + state[tables.format("token_type")][0])
    for layer in range(2):
        name = f"bert.encoder.layer.{layer}"
        query, key, value = (
            linear(f"{name}.attention.self.{part}", x).reshape(*ids.shape, 4, 32).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        weights = special.softmax(query @ key.swapaxes(2, 3) / np.sqrt(32), axis=-1)
        context = (weights @ value).swapaxes(1, 2).reshape(x.shape)
        x = normalised(f"{name}.attention.output", linear(f"{name}.attention.output.dense", context) + x)
        wide = linear(f"{name}.intermediate.dense", x)
        wide *= special.ndtr(wide)  # GELU
        x = normalised(f"{name}.output", linear(f"{name}.output.dense", wide) + x)
    return linear("classifier", np.tanh(linear("bert.pooler.dense", x[:, 0])))


@pytest.mark.parametrize("name", ACTIVE)
def test_an_active_output_is_the_activity_behind_a_logistic_curve(windows: np.ndarray, name: str) -> None:
    settings = EngineSettings(precision=Precision.FLOAT32)
    activity = open_model(f"default:{name.replace('active', 'lentimpra')}")
    active = open_model(f"default:{name}")
    values = Engine(activity, settings).predict(windows).outputs[:, 0]
    found = Engine(active, settings).predict(windows)
    np.testing.assert_allclose(found.logit - values, (found.logit - values)[0], atol=1e-4)
    temperature = active.card.calibration.parameters["temperature"]
    np.testing.assert_allclose(found.probability, 1 / (1 + np.exp(-found.logit / temperature)), atol=1e-5)
    assert (active.card.task, active.window_length) == ("binary", activity.window_length)


@pytest.mark.slow
@pytest.mark.data
def test_the_independent_set_of_ienhancer_gives_the_auroc_of_the_card(
    model: EnhancerModel, shared_data: Path
) -> None:
    folder = shared_data / "enhancers/ienhancer2L"
    sequences: list[str] = []
    labels: list[int] = []
    for kind, label in (("enhancers", 1), ("nonenhancers", 0)):
        records = list(read_fasta(folder / f"layer1_test_{kind}.fa", unique_names=False))
        sequences += [record.sequence for record in records]
        labels += [label] * len(records)
    codes = encode_bases("".join(sequences)).reshape(len(sequences), 200)
    probability = Engine(model, EngineSettings(precision=Precision.FLOAT32)).predict(codes).probability
    found = binary_metrics(labels, probability, model.card.threshold())
    expected = model.card.metrics["public_sets"]["ienhancer2l_independent"]["model"]
    assert found["auroc"] == pytest.approx(expected["auroc"][0], abs=2e-3)
    assert found["accuracy"] == pytest.approx(expected["accuracy"][0], abs=1e-2)
