"""Make a model directory from a checkpoint: DNABERT's own, or a Hugging Face sequence classifier's.

The checkpoint's code is never run. The directory holds the weights as safetensors, ONNX files for machines
without torch, the vocabulary and a card; the outputs of all are compared before it counts as written.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnabert_enhancer.commands.options import Options
    from dnabert_enhancer.commands.run_record import RunRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="directory with config.json and pytorch_model.bin or safetensors, or hub:NAME@REVISION",
    )
    parser.add_argument(
        "--output-dir", required=True, type=Path, metavar="DIR", help="model directory to write"
    )
    parser.add_argument("--name", metavar="TEXT", help="name on the model's card (default: the source's)")
    parser.add_argument(
        "--k", type=int, metavar="N", help="length of the k-mers (default: what the vocabulary says)"
    )
    parser.add_argument(
        "--window-length",
        type=int,
        metavar="BP",
        help="length of the windows the model was trained on (default: what its card says, else 200)",
    )
    parser.add_argument(
        "--labels", type=_names, metavar="A,B", help="names of the outputs, the positive class second"
    )
    parser.add_argument("--half", action="store_true", help="store matrices as float16: half the size")


def run(options: Options) -> None:
    """Import the checkpoint and compare the files that were written."""
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.engine import check_backends_agree
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.model import import_checkpoint

    record, source, directory = RunRecord(options), options["source"], options["output_dir"]
    chosen = {name: options[name] for name in ("k", "window_length", "labels", "half") if name in options}
    name = options.get("name") or Path(source).resolve().name
    with OutputSet() as outputs, _folder_beside(directory) as folder:
        model = import_checkpoint(source, folder, name=name, **chosen)
        record.set("model", {"name": model.card.name, "digest": model.digest})
        record.set("largest_difference_of_outputs", check_backends_agree(model))
        _add_inputs(record, source)
        for path in sorted(folder.iterdir()):
            path.replace(outputs.path(directory / path.name))
        outputs.path(directory / "run.json").write_text(record.to_json(), encoding="utf-8")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


@contextlib.contextmanager
def _folder_beside(directory: Path) -> Iterator[Path]:
    """Give a folder on the same disk, which goes when the block ends."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=directory.parent) as folder:
        yield Path(folder)


def _add_inputs(record: RunRecord, source: str) -> None:
    for name in ("config.json", "vocab.txt", "pytorch_model.bin", "model.safetensors"):
        path = Path(source) / name
        if path.is_file():
            record.add_input("checkpoint", path)
