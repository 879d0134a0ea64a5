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
from safetensors.numpy import save

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.checkpoint import current_names, read_state, write_state

torch = pytest.importorskip("torch")
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
        ("nonsense", "not an index"),
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
    assert list(current_names({old: VALUES})) == ([] if new is None else [new])
