"""The network of a training, from a base of every architecture, with and without a head, whole and LoRA."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import late

from dnabert_enhancer.catalogue import open_model
from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import import_checkpoint
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.training import TrainingSettings, finetune
from dnabert_enhancer.training.base_model import Target, open_base
from dnabert_enhancer.training.network import torch_model, trained_parts, with_adapters

torch = late("torch")
late("peft")

pytestmark = pytest.mark.data

NAMES = [
    "dnabert2_random",
    "ntv2_random",
    "ntv1_random",
    "gena_random",
    "gena_random/lastln",
    "grover_random",
]
NAMES += ["dnabert6_random"]
TARGET = Target("binary", ("other", "enhancer"), 40)
ONE_EPOCH = TrainingSettings(
    epochs=1, batch_size=64, learning_rate=1e-3, device="cpu", precision="float32", collapse_restarts=6
)
LORA = ONE_EPOCH.replace(method="lora", lora_rank=2, shift=1)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    with gzip.open(folder / "expected.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def without_head(folder: Path, target: Path) -> Path:
    """Copy a checkpoint as its pre-training left it: a head of masked language models, no classifier."""
    shutil.copytree(folder, target)
    (target / "expected.jsonl.gz").unlink()
    weights = target / "pytorch_model.bin"
    if weights.is_file():
        state = torch.load(weights, weights_only=True)
    else:
        from safetensors.torch import load_file

        state = load_file(target / "model.safetensors")
        (target / "model.safetensors").unlink()
    state = {n: v for n, v in state.items() if not n.startswith("classifier.") and ".pooler." not in n}
    state |= {"cls.predictions.bias": torch.zeros(7), "lm_head.dense.weight": torch.zeros(3, 3)}
    torch.save(state, weights)
    return target


@pytest.mark.parametrize("name", NAMES)
def test_a_padded_batch_gives_the_original_logits(name: str, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "golden" / name
    base = open_base(str(folder), None, tmp_path)
    network = torch_model(base, TARGET, ONE_EPOCH, 0).eval()
    rows = [row for row in rows_of(folder) if len(row["input_ids"]) < 300]
    width = max(len(row["input_ids"]) for row in rows)
    ids = np.full((len(rows), width), base.pad_id)
    mask = np.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row["input_ids"])] = row["input_ids"]
        mask[place, : len(row["input_ids"])] = 1
    with torch.no_grad():
        found = network(torch.from_numpy(ids), torch.from_numpy(mask))["logits"].numpy()
    np.testing.assert_allclose(found, [row["logits"] for row in rows], atol=2e-5, rtol=0)
    assert len({len(row["input_ids"]) for row in rows}) > 3


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_what_was_read(name: str, shared_data: Path, tmp_path: Path) -> None:
    base = open_base(str(shared_data / "golden" / name), None, tmp_path)
    assert base.opened is not None
    parts = trained_parts(torch_model(base, TARGET, ONE_EPOCH, 0), base, TARGET, ONE_EPOCH)
    from dnabert_enhancer.model.checkpoint import read_state

    before = read_state(base.opened.directory)
    unused = ("position_ids", "position_embeddings.weight", "inv_freq", "contact_head")
    assert all(any(part in tensor for part in unused) for tensor in before.keys() - parts.state.keys())
    assert all(np.array_equal(values, before[tensor]) for tensor, values in parts.state.items())


@pytest.mark.parametrize("name", NAMES)
def test_adapters_leave_the_encoder_alone_until_merged(name: str, shared_data: Path, tmp_path: Path) -> None:
    base = open_base(str(shared_data / "golden" / name), None, tmp_path)
    model = with_adapters(torch_model(base, TARGET, ONE_EPOCH, 0), LORA)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert all("lora_" in n or ".pooler." in n or ".classifier." in n for n in trained)
    # query, key, value, context and the two of the feed-forward part, each with A and B, of every layer
    assert sum("lora_" in n for n in trained) == 6 * 2 * model.base_model.model.encoder.layers


@pytest.mark.slow
@pytest.mark.parametrize("settings", [ONE_EPOCH, LORA], ids=["whole", "lora"])
@pytest.mark.parametrize("name", NAMES)
def test_a_base_without_a_head_is_tuned_and_computed_by_both_backends(
    name: str, settings: TrainingSettings, shared_data: Path, tmp_path: Path, motif_dataset: Dataset
) -> None:
    folder = without_head(shared_data / "golden" / name, tmp_path / "base")
    result = finetune(motif_dataset, str(folder), tmp_path / "out", settings)
    assert result.model is not None
    assert result.model.encoder is not None
    windows = [encode_bases(text) for text in motif_dataset.splits["validation"]["sequence"][:20]]
    torch_, onnx = (
        Engine(result.model, EngineSettings(device="cpu", backend=backend, precision="float32"))
        .predict(windows)
        .outputs
        for backend in ("torch", "onnx")
    )
    np.testing.assert_allclose(torch_, onnx, atol=1e-4)
    again = import_checkpoint(result.model.directory, tmp_path / "again")
    assert again.weights_digest == result.model.weights_digest


def test_a_base_without_a_head_is_said_to_get_a_fresh_one(
    shared_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = without_head(shared_data / "golden" / "grover_random", tmp_path / "base")
    base = open_base(str(folder), None, tmp_path / "work")
    assert "not trained" in caplog.text
    assert base.opened is not None
    assert not base.opened.card.is_trained


@pytest.mark.parametrize(("base", "label", "row"), [
    ("default", "enhancer", "enhancer"),
    ("default", "liver", None),
    ("default:accessible", "enhancer", "accessible"),
])  # fmt: skip
def test_training_goes_on_from_the_output_that_the_label_names(
    base: str, label: str, row: str | None, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    opened = open_base(base, None, tmp_path)
    network = torch_model(opened, Target("binary", ("other", label), 200), ONE_EPOCH, 1)
    packaged = open_model("default")
    names = list(packaged.config["id2label"].values())
    rows = load_file(packaged.directory / "model.safetensors")["classifier.weight"].astype(np.float32)
    weight = network.get_submodule("classifier").weight.detach().numpy()
    np.testing.assert_allclose(weight[1] - weight[0], rows[0 if row is None else names.index(row)], rtol=1e-5)
