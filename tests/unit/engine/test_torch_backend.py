"""The torch backend (torch_backend, torch_encoder, torch_packed): transformers' outputs, threads put back."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from late import late
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings, check_backends_agree
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import (
    Encoder,
    EnhancerModel,
    ModelParts,
    import_checkpoint,
    open_model,
    write_model,
)

torch = late("torch")
transformers = late("transformers")


TORCH = EngineSettings(device="cpu", backend="torch", precision="float32", threads=2)
FORWARD = dataclasses.replace(TORCH, strand="forward")


def theirs(directory: Path, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    module = transformers.AutoModelForSequenceClassification.from_pretrained(directory).eval()
    with torch.no_grad():
        outputs: NDArray[np.float32] = module(input_ids=torch.from_numpy(ids)).logits.numpy()
    return outputs


@pytest.mark.parametrize("activation", ["gelu", "relu", "gelu_new", "silu", "mish"])
def test_outputs_are_those_of_transformers(
    parts: ModelParts, windows: NDArray[np.uint8], tmp_path: Path, activation: str
) -> None:
    changed = dataclasses.replace(parts, config=parts.config | {"hidden_act": activation})
    model = write_model(tmp_path / "model", changed)
    assert model.has_onnx == (activation != "mish")
    expected = theirs(model.directory, model.tokenizer.tokenize(windows).ids)
    np.testing.assert_allclose(Engine(model, FORWARD).predict(windows).outputs, expected, atol=1e-5)


def test_a_start_does_not_load_torchs_compiler() -> None:
    """Its import takes as long as all the rest of a small prediction."""
    code = (
        "import sys, numpy; from dnabert_enhancer.engine import Engine, EngineSettings\n"
        "from dnabert_enhancer.model import open_model\n"
        "settings = EngineSettings(device='cpu', backend='torch', precision='float32', threads=1)\n"
        "engine = Engine(open_model('default'), settings)\n"
        "print(engine.predict(numpy.zeros((1, 200), numpy.uint8)).logit.shape)\n"
        "print({'sympy', 'torch._dynamo'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["(1,)", "set()"]


def test_bfloat16_is_near(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    exact = Engine(model, TORCH).predict(windows).logit
    near = Engine(model, dataclasses.replace(TORCH, precision="bfloat16")).predict(windows).logit
    assert 0 < np.abs(near - exact).mean() < 0.05 * exact.std()


def test_weights_that_onednn_does_not_lay_out_give_the_same(
    model: EnhancerModel, windows: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dnabert_enhancer.engine import torch_packed

    packed = Engine(model, TORCH).predict(windows).logit
    monkeypatch.setattr(torch_packed, "_has_onednn", lambda: False)
    plain = Engine(model, TORCH).predict(windows).logit
    np.testing.assert_allclose(plain, packed, atol=1e-5)


def test_the_threads_of_the_process_are_put_back(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    before = torch.get_num_threads()
    Engine(model, TORCH).predict(windows)
    assert torch.get_num_threads() == before


def test_both_backends_agree(model: EnhancerModel) -> None:
    assert check_backends_agree(model)["onnx_and_torch"] < 1e-5


def test_a_disagreement_is_an_error(
    parts: ModelParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dnabert_enhancer.model import directory

    other = Encoder.from_config(parts.config).fresh_state(np.random.default_rng(7), 0.3)
    encoder_to_onnx = directory.encoder_to_onnx
    monkeypatch.setattr(
        directory, "encoder_to_onnx", lambda shape, _state, **rest: encoder_to_onnx(shape, other, **rest)
    )
    model = write_model(tmp_path / "model", parts)
    with pytest.raises(InputError, match="ONNX Runtime gives other outputs than torch"):
        check_backends_agree(model)


def test_cuda_where_there_is_none(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(ResourceError, match="no CUDA device"):
        Engine(model, dataclasses.replace(TORCH, device="cuda")).predict(windows)


def test_nucleotide_transformers_layout_is_predicted_as_transformers_does(
    tmp_path: Path, windows: NDArray[np.uint8]
) -> None:
    special = ["<unk>", "<pad>", "<mask>", "<cls>", "<eos>", "<bos>"]
    tokens = [*special, *map("".join, itertools.product("ATCG", repeat=6)), *"ATCGN"]
    folder = tmp_path / "esm"
    torch.manual_seed(0)
    transformers.EsmForSequenceClassification(
        transformers.EsmConfig(
            vocab_size=len(tokens),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=48,
            max_position_embeddings=102,
            pad_token_id=1,
            mask_token_id=2,
            token_dropout=False,
            initializer_range=0.3,
        )
    ).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    settings = {"tokenizer_class": "EsmTokenizer", "model_max_length": 100, "eos_token": None}
    settings |= {f"{name}_token": f"<{name}>" for name in ("cls", "mask", "pad", "unk")}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    codes = windows.copy()
    codes[::3, 7] = 4  # an unknown base: these windows have more tokens than the others
    ids, mask = import_checkpoint(folder, tmp_path / "new").tokenizer.tokenize(codes)
    assert mask is not None
    module = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        padded = module(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits.numpy()
    for directory in (folder, tmp_path / "new"):
        found = Engine(open_model(directory), FORWARD).predict(codes)
        np.testing.assert_allclose(found.outputs, padded, atol=1e-5)
    assert padded.std() > 0.01
