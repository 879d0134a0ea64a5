"""LoRA adapters: merged as PEFT merges them, or a line that says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import late
from safetensors.numpy import load_file, save_file

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import ModelParts, import_checkpoint, open_model, write_model

torch = late("torch")
peft = late("peft")
transformers = late("transformers")


WEIGHTS = "adapter_model.safetensors"


class Adapted:
    """An adapter's folder, its base's, and the weights of PEFT's own merging."""

    def __init__(self, folder: Path, base: Path, expected: dict[str, Any]) -> None:
        self.folder, self.base, self.expected = folder, base, expected


@pytest.fixture
def adapted(parts: ModelParts, tmp_path: Path) -> Callable[..., Adapted]:
    """Return a function that trains nothing, but gives random adapters to a model."""

    def make(**settings: Any) -> Adapted:
        base = write_model(tmp_path / "base", parts).directory
        model = transformers.AutoModelForSequenceClassification.from_pretrained(base)
        settings = {"r": 4, "lora_alpha": 8, "target_modules": ["query", "value"]} | settings
        model = peft.get_peft_model(model, peft.LoraConfig(task_type="SEQ_CLS", **settings))
        torch.manual_seed(5)
        with torch.no_grad():
            for values in model.parameters():
                if values.requires_grad:
                    values.copy_(torch.randn_like(values) * 0.1)
        model.peft_config["default"].base_model_name_or_path = str(base)
        model.save_pretrained(tmp_path / "adapter")
        state = model.merge_and_unload().state_dict()
        return Adapted(tmp_path / "adapter", base, {name: values.numpy() for name, values in state.items()})

    return make


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_rslora": True, "r": 9},
        {"target_modules": "all-linear"},
        {"bias": "all"},
        {"alpha_pattern": {"query": 3}, "rank_pattern": {"value": 2}},
    ],
)
def test_it_is_merged_as_peft_merges(
    adapted: Callable[..., Adapted], tmp_path: Path, settings: dict[str, Any]
) -> None:
    made = adapted(**settings)
    model = import_checkpoint(made.folder, tmp_path / "new", window_length=60)
    state = model.read_state()
    assert set(state) == set(made.expected)
    for name, values in made.expected.items():
        np.testing.assert_allclose(state[name], values, atol=1e-6)
    assert (model.card.name, model.card.k, model.card.is_trained) == ("adapter", 3, True)


def test_a_pickle_with_a_base_that_is_named_and_another_number_of_outputs(
    adapted: Callable[..., Adapted], tmp_path: Path
) -> None:
    made = adapted()
    change(made.folder / "adapter_config.json", base_model_name_or_path="somebody/elsewhere")
    state = load_file(made.folder / WEIGHTS)
    head = "base_model.model.classifier"
    state |= {f"{head}.weight": np.ones((3, 32), np.float32), f"{head}.bias": np.ones(3, np.float32)}
    torch.save({name: torch.from_numpy(v) for name, v in state.items()}, made.folder / "adapter_model.bin")
    (made.folder / WEIGHTS).unlink()
    with pytest.raises(InputError, match="a LoRA adapter of somebody/elsewhere, which is not a directory"):
        import_checkpoint(made.folder, tmp_path / "new", window_length=60)
    model = import_checkpoint(made.folder, tmp_path / "new", window_length=60, base_model=made.base)
    assert model.card.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert model.card.task == "multiclass"


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


LAYER = "base_model.model.bert.encoder.layer.0.attention.self"


@pytest.mark.parametrize(
    ("settings", "tensors", "message"),
    [
        ({"peft_type": "IA3"}, {}, "an adapter of the type 'IA3'; only LoRA is merged here"),
        ({"use_dora": True}, {}, "LoRA adapter with use_dora"),
        ({"lora_alpha": "8"}, {}, "lora_alpha is not a number"),
        ({"alpha_pattern": {"(a+)+$": 3}}, {}, "patterns of alpha"),
        ({"alpha_pattern": [1]}, {}, "patterns of alpha"),
        ({}, {f"{LAYER}.query.lora_A.weight": None}, "lacks one half of the adapter of .*query"),
        ({}, {f"{LAYER}.query.lora_A.weight": (4, 31)}, "query as 32 x 31, but its base has"),
        ({}, {f"{LAYER}.query.lora_A.weight": (3, 32)}, "halves of the adapter of .* do not fit"),
        ({}, {f"{LAYER}.query.lora_magnitude_vector": (32,)}, "which is not merged here"),
        (
            {},
            {f"{LAYER}.other.lora_A.weight": (4, 32), f"{LAYER}.other.lora_B.weight": (32, 4)},
            "adapts .*other, which its base does not have",
        ),
        ({}, {"base_model.model.classifier.bias": (7,)}, "classifier.bias has shape"),
    ],
)
def test_what_cannot_be_merged_is_one_line(
    adapted: Callable[..., Adapted],
    tmp_path: Path,
    settings: dict[str, Any],
    tensors: dict[str, tuple[int, ...] | None],
    message: str,
) -> None:
    made = adapted()
    change(made.folder / "adapter_config.json", **settings)
    state = load_file(made.folder / WEIGHTS)
    for name, shape in tensors.items():
        state.pop(name, None)
        if shape is not None:
            state[name] = np.ones(shape, np.float32)
    save_file(state, made.folder / WEIGHTS)
    with pytest.raises(InputError, match=message) as caught:
        import_checkpoint(made.folder, tmp_path / "new", window_length=60)
    assert str(caught.value).startswith(str(made.folder))
    assert not (tmp_path / "new").exists()


def test_other_commands_say_how_it_becomes_a_model(adapted: Callable[..., Adapted]) -> None:
    with pytest.raises(InputError, match=r"is a LoRA adapter .* import-model '.*adapter' --base-model DIR"):
        open_model(adapted().folder)


def test_a_whole_model_has_no_base(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted()
    with pytest.raises(InputError, match="is a whole model, not an adapter; leave out --base-model"):
        import_checkpoint(made.base, tmp_path / "new", base_model=made.base)
