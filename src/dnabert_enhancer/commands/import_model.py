"""Make a model directory from a checkpoint: DNABERT's own, or a Hugging Face sequence classifier's.

The checkpoint's code is never run. The directory holds the weights as safetensors, the vocabulary and a card.
Before it is written, ONNX Runtime and torch, where installed, score the same windows and must agree.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnabert_enhancer.commands.options import Options
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.model import ModelCard

_log = logging.getLogger(__name__)
EXAMPLES = (
    "import-model checkpoint --window-length 200 --output-dir my-model",
    "import-model adapter --base-model dnabert-6 --output-dir merged",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="directory with config.json and pytorch_model.bin or safetensors, a name of the catalogue, or "
        "hub:NAME@REVISION/SUBFOLDER",
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
        help="length of the windows the model was trained on; needed where no card gives it",
    )
    parser.add_argument(
        "--labels", type=_names, metavar="A,B", help="names of the outputs, in the checkpoint's order"
    )
    parser.add_argument(
        "--positive-label",
        metavar="NAME",
        help="which of two outputs is the positive class, whose probability is reported; default: by their "
        "names (enhancer, bound, LABEL_1, ...), else the second",
    )
    parser.add_argument(
        "--base-model",
        metavar="DIR",
        help="of a LoRA adapter: the model that it was trained on (default: the one that it names)",
    )
    parser.add_argument("--half", action="store_true", help="store matrices as float16: half the size")


def run(options: Options) -> None:
    """Import the checkpoint and compare the files that were written."""
    from dnabert_enhancer.catalogue import checkpoint
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.engine import check_backends_agree
    from dnabert_enhancer.errors import InputError
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.model import import_checkpoint

    record, source, directory = RunRecord(options), options["source"], options["output_dir"]
    names = ("k", "window_length", "labels", "positive_label", "half", "base_model")
    chosen = {name: options[name] for name in names if name in options}
    name = options.get("name") or Path(source).resolve().name
    with (
        OutputSet() as outputs,
        _folder_beside(directory) as folder,
        checkpoint(source) as (files, origin),
    ):
        model = import_checkpoint(files, folder, name=name, **chosen)
        if model.card.window_length is None and model.card.is_trained:
            raise InputError(
                "the window length that the model was trained on is not known",
                source=source,
                remedy="give --window-length BP, as its authors say it (DeepVRegulome's factors: 301)",
            )
        record.set("source", origin)
        record.set("model", {"name": model.card.name, "digest": model.digest})
        if model.card.task == "binary":
            _tell_positive(model.card)
            record.set("positive_label", model.card.positive_label)
        record.set("largest_difference_of_outputs", check_backends_agree(model))
        _add_inputs(record, files)
        for path in sorted(folder.iterdir()):
            path.replace(outputs.path(directory / path.name))
        outputs.path(directory / "run.json").write_text(record.to_json(), encoding="utf-8")


def _tell_positive(card: ModelCard) -> None:
    if card.names_positive:
        _log.info("positive class %r, negative class %r", card.positive_label, card.negative_label)
    else:
        _log.warning(
            "neither of the outputs %s is known to be the positive class; %r is taken, and --positive-label "
            "names another",
            " and ".join(map(repr, card.labels)),
            card.positive_label,
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


@contextlib.contextmanager
def _folder_beside(directory: Path) -> Iterator[Path]:
    """Give a folder on the same disk, which goes when the block ends."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=directory.parent) as folder:
        yield Path(folder)


def _add_inputs(record: RunRecord, files: Path) -> None:
    for name in ("config.json", "vocab.txt", "pytorch_model.bin", "model.safetensors"):
        path = files / name
        if path.is_file():
            record.add_input("checkpoint", path)
