"""Checkpoint files: read right, or refused by one line; nothing that they hold is ever run."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import late
from safetensors.numpy import save

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.checkpoint import read_outline, read_state, write_state
from dnabert_enhancer.model.layouts import plain_names

torch = late("torch")

VALUES = np.linspace(-2, 2, 600, dtype=np.float32).reshape(20, 30)


class Hostile:
    """What a pickle does that makes a folder when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def saved(content: object, **settings: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, **settings)
    return stream.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("new_format", [True, False])
@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}])
def test_a_pytorch_checkpoint_of_either_format(
    tmp_path: Path, new_format: bool, wrap: Callable[..., Any]
) -> None:
    state = {"a": torch.from_numpy(VALUES), "b": torch.arange(3), "c": torch.ones(2, dtype=torch.float16)}
    (tmp_path / "pytorch_model.bin").write_bytes(
        saved(wrap(state), _use_new_zipfile_serialization=new_format)
    )
    found = read_state(tmp_path)
    np.testing.assert_array_equal(found["a"], VALUES)
    assert found["b"].tolist() == [0, 1, 2]
    assert found["c"].dtype == np.float32


@pytest.mark.parametrize(
    "content",
    [
        lambda mark: saved({"a": torch.zeros(2), "b": Hostile(mark)}),
        lambda mark: saved({"a": Hostile(mark)}, _use_new_zipfile_serialization=False),
        lambda mark: pickle.dumps(Hostile(mark)),
        lambda mark: pickle.dumps(Hostile(mark), protocol=0),
        lambda mark: zipped("archive/data.pkl", pickle.dumps(Hostile(mark), protocol=2)),
        lambda mark: saved(torch.nn.Linear(2, 2)),
    ],
)
def test_a_hostile_pickle_is_refused_and_never_run(tmp_path: Path, content: Callable[[Path], bytes]) -> None:
    mark = tmp_path / "run"
    (tmp_path / "pytorch_model.bin").write_bytes(content(mark))
    with pytest.raises(InputError, match=r"pytorch_model.bin: .*(never run|not a whole PyTorch checkpoint)"):
        read_state(tmp_path)
    assert not mark.exists()


def test_the_refusal_names_the_code(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(saved({"b": Hostile(tmp_path / "run")}))
    with pytest.raises(InputError, match=r"holds more than tensors \(posix.mkdir\)"):
        read_state(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 10, 100, 0.5, -1])
@pytest.mark.parametrize("new_format", [True, False])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, keep: float, new_format: bool) -> None:
    whole = saved({"a": torch.from_numpy(VALUES)}, _use_new_zipfile_serialization=new_format)
    (tmp_path / "pytorch_model.bin").write_bytes(
        whole[: int(len(whole) * keep) if keep == 0.5 else int(keep)]
    )
    with pytest.raises(InputError, match="not a whole PyTorch checkpoint"):
        read_state(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"some text\n" * 100, "not a whole PyTorch checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (zipped("letter.txt", b"hello"), "not a whole PyTorch checkpoint"),
        (pickle.dumps({"a": [1.0]}), "not a whole PyTorch checkpoint"),
        (saved([1, 2]), "no dictionary of tensors"),
        (saved({}), "no dictionary of tensors"),
        (saved({"a": torch.zeros(1), "epoch": 3}), "'epoch' is not a tensor"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_state(tmp_path)


def test_safetensors_of_every_floating_type(tmp_path: Path) -> None:
    from safetensors.torch import save as save_torch

    kinds = {"a": torch.float32, "b": torch.float16, "c": torch.bfloat16, "d": torch.float64}
    values = torch.from_numpy(VALUES[0, :8].copy())
    content = save_torch({name: values.to(kind) for name, kind in kinds.items()} | {"n": torch.arange(4)})
    (tmp_path / "model.safetensors").write_bytes(content)
    found = read_state(tmp_path)
    for name, kind in kinds.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], values.to(kind).float().numpy())
    assert found["n"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("keep", [0, 4, 20, -1])
def test_truncated_safetensors_are_refused(tmp_path: Path, keep: int) -> None:
    (tmp_path / "model.safetensors").write_bytes(save({"a": VALUES})[:keep])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_state(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float32, np.float16, np.float64])
def test_weights_that_are_not_finite_are_refused_with_their_tensor(
    tmp_path: Path, value: float, kind: type
) -> None:
    spoilt = VALUES.astype(kind)
    spoilt[0, 0] = value
    (tmp_path / "model.safetensors").write_bytes(save({"fine": VALUES, "layer.3.bias": spoilt}))
    with pytest.raises(InputError, match=r"tensor layer\.3\.bias holds values that are not finite"):
        read_state(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({"layer.3.bias": torch.from_numpy(spoilt)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"tensor layer\.3\.bias holds values that are not finite"):
        read_state(tmp_path)


HEADER = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def with_header(header: bytes, length: int | None = None) -> bytes:
    return (len(header) if length is None else length).to_bytes(8, "little") + header + bytes(8)


def changed(**changes: object) -> bytes:
    return with_header(json.dumps({"a": HEADER["a"] | changes}).encode())


WHOLE = json.dumps(HEADER).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (with_header(WHOLE, 1 << 62), "not a whole safetensors file"),
        (with_header(WHOLE, (1 << 64) - 1), "not a whole safetensors file"),
        (with_header(WHOLE + b" " * (3 << 20)), "a header of .* bytes, more than a model's"),
        (with_header(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "nested more than 64 deep"),
        (with_header(WHOLE.replace(b"[2]", b"[" + b"9" * 5000 + b"]")), "5000 digits"),
        (with_header(WHOLE[:-1] + b', "a": 1}'), "the key 'a' stands twice"),
        (with_header(WHOLE.replace(b'"a"', b'"\xff"')), "not a whole safetensors file"),
        (with_header(b"[]"), "not a JSON object"),
        (changed(data_offsets=[-8, 0]), "not a whole safetensors file"),
        (changed(data_offsets=[0, 1 << 40]), "not a whole safetensors file"),
        (changed(shape=[1 << 62, 4]), "not a whole safetensors file"),
        (changed(dtype="F64"), "not a whole safetensors file"),
        (changed(dtype="pickle"), "not a whole safetensors file"),
        # two tensors in the same place
        (with_header(json.dumps(HEADER | {"b": HEADER["a"]}).encode()), "not a whole safetensors file"),
    ],
)
@pytest.mark.parametrize("read", [read_state, read_outline])
def test_a_hostile_header_of_safetensors_is_refused(
    tmp_path: Path, content: bytes, message: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "model.safetensors"))


@pytest.mark.parametrize("kind", [np.int32, np.bool_, np.uint8])
def test_a_weight_is_a_floating_point_number(tmp_path: Path, kind: type) -> None:
    buffers = {"bert.embeddings.position_ids": np.arange(3)}
    (tmp_path / "model.safetensors").write_bytes(save(buffers | {"a.bias": np.ones(3, kind)}))
    with pytest.raises(InputError, match=r"tensor a\.bias is of type"):
        read_state(tmp_path)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(1).expand(1 << 20, 1 << 20), "tensor a has 1099511627776 elements, more than are in"),
        (torch.zeros(2, device="meta"), "tensor a is of a kind that cannot be read"),
        (torch.zeros(2).to_sparse(), "tensor a is of a kind that cannot be read"),
        (torch.zeros(2, dtype=torch.complex64), "tensor a is of a kind that cannot be read"),
    ],
)
def test_a_tensor_that_is_not_in_the_file_is_refused(tmp_path: Path, tensor: Any, message: str) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(saved({"a": tensor}))
    with pytest.raises(InputError, match=message):
        read_state(tmp_path)


def test_parameters_are_tensors(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(saved({"a": torch.nn.Parameter(torch.ones(2))}))
    assert read_state(tmp_path)["a"].tolist() == [1, 1]


def test_a_checkpoint_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(io.BytesIO(saved({"a": torch.zeros(1 << 20)}))) as plain,
        zipfile.ZipFile(tmp_path / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    with pytest.raises(InputError, match=r"unpacks to 419.* bytes, more than it has"):
        read_state(tmp_path)


def test_pieces_are_put_together_by_their_index(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"model-{number}.safetensors").write_bytes(save({f"t{number}": VALUES * number}))
    index = {"weight_map": {"t1": "model-1.safetensors", "t2": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert sorted(read_state(tmp_path)) == ["t1", "t2"]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ('{"weight_map": {"a": "../../etc/passwd"}}', "passwd"),
        ('{"weight_map": {"a": "gone.safetensors"}}', "gone.safetensors"),
        ("{}", "not an index"),
        ("nonsense", "not JSON"),
    ],
)
def test_a_wrong_index_is_refused(tmp_path: Path, index: str, message: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    with pytest.raises(InputError, match=message):
        read_state(tmp_path)


def test_a_folder_without_weights_says_which_it_wants(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither model.safetensors nor pytorch_model.bin"):
        read_state(tmp_path)


def test_the_same_tensors_give_the_same_bytes_in_any_order() -> None:
    other = np.ones(3, np.float16)
    assert write_state({"a": VALUES, "b": other}) == write_state({"b": other, "a": VALUES})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"),
        ("bert.embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias"),
        ("module.bert.pooler.dense.weight", "bert.pooler.dense.weight"),
        ("embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight"),
        ("bert.embeddings.position_ids", None),
        ("cls.predictions.bias", None),
        ("classifier.bias", "classifier.bias"),
    ],
)
def test_names_of_old_code_become_those_of_today(old: str, new: str | None) -> None:
    assert list(plain_names({old: VALUES}).values()) == ([] if new is None else [new])
