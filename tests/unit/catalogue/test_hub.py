"""Which files of a folder of the hub travel, and how they are checked (hub.py, fetching.py)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dnabert_enhancer.catalogue.fetching import FileFacts, checked
from dnabert_enhancer.catalogue.hub import _files_of_checkpoint
from dnabert_enhancer.catalogue.source import HubSource
from dnabert_enhancer.errors import InputError, ResourceError

SOURCE = HubSource("owner/name", "main")


@pytest.mark.parametrize(
    ("inside", "chosen"),
    [
        (
            ["README.md", "config.json", "pytorch_model.bin", "model.safetensors", "modeling.py"],
            ["config.json", "model.safetensors"],
        ),
        (
            ["config.json", "optimizer.pt", "training_args.bin", "pytorch_model.bin"],
            ["config.json", "pytorch_model.bin"],
        ),
        (
            [
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors.index.json",
                "config.json",
                "vocab.txt",
            ],
            [
                "config.json",
                "vocab.txt",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
            ],
        ),
        (
            ["adapter_config.json", "adapter_model.safetensors"],
            ["adapter_config.json", "adapter_model.safetensors"],
        ),
        (["config.json", "model.safetensors", "sub/model.safetensors"], ["config.json", "model.safetensors"]),
    ],
)  # fmt: skip
def test_one_form_of_weights_is_chosen_and_nothing_else(inside: list[str], chosen: list[str]) -> None:
    assert _files_of_checkpoint(inside, SOURCE) == chosen


def test_weights_of_other_frameworks_are_refused() -> None:
    with pytest.raises(InputError, match="has no weights"):
        _files_of_checkpoint(["config.json", "tf_model.h5"], SOURCE)


def test_size_and_digest_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    right = f"sha256:{hashlib.sha256(b'abc').hexdigest()}"
    checked(path, FileFacts("f", 3, right), "hub:x")
    with pytest.raises(ResourceError, match="hub:x: f: arrived damaged: 3 bytes came, not 4"):
        checked(path, FileFacts("f", 4, None), "hub:x")
    with pytest.raises(ResourceError, match="its md5 is 900150983cd24fb0d6963f7d28e17f72, not 0"):
        checked(path, FileFacts("f", 3, "md5:0"), "hub:x")
