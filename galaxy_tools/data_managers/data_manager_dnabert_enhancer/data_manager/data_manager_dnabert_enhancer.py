#!/usr/bin/env python
"""Bring or check a model, copy its files to where Galaxy moves them from, and describe its table rows."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from pathlib import Path

from dnabert_enhancer.catalogue import Store, get
from dnabert_enhancer.errors import DnabertEnhancerError, InputError
from dnabert_enhancer.model import EnhancerModel, Task, model_files, open_model

TABLE = "huggingface"
OUTPUTS_TABLE = "dnabert_enhancer_outputs"
FORMAT = "1"
BASE = "base"


def main() -> None:
    """Do what the form asks for; a model that cannot be used is one line and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="Galaxy's description of the job, overwritten"
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", help="model directory or archive")
    source.add_argument("--named", help="name of the catalogue, or hub:NAME@REVISION/SUBFOLDER and the like")
    parser.add_argument("--store", type=Path, help="cache folder that may have the named model already")
    parser.add_argument("--window-length", type=int, help="of a named model of which nobody knows it, in bp")
    parser.add_argument("--value", required=True, help="identifier, unique in the table")
    parser.add_argument("--name", default="", help="what users see; default: made from the card")
    parser.add_argument("--kind", choices=("enhancer", "tf-binding", BASE), default="enhancer")
    args = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        install(args)
    except DnabertEnhancerError as error:
        sys.stderr.write(f"data manager: error: {error}\n")
        sys.exit(error.exit_code)


def install(args: argparse.Namespace) -> None:
    """Copy the model and write its row, and one for each output where it has several."""
    model = open_model(brought(args) if args.named else args.model)
    model.read_state()
    check(model, args)
    job = json.loads(args.out.read_text())
    target = Path(job["output_data"][0]["extra_files_path"]) / args.value
    target.mkdir(parents=True)
    for path in model_files(model.directory):
        shutil.copyfile(path, target / path.name)
    row = {
        "value": args.value,
        "name": args.name or described(model),
        "pipeline_tag": "text-classification",
        "domain": "sequence",
        "free_tag": args.kind,
        "version": FORMAT,
        "path": args.value,
    }
    args.out.write_text(
        json.dumps({"data_tables": {TABLE: [row], OUTPUTS_TABLE: outputs(model, args.value)}}, sort_keys=True)
    )
    sys.stdout.write(f"installed {row['name']}, digest {model.digest}\n")


def brought(args: argparse.Namespace) -> Path:
    """Return the directory of a named model, downloaded where the store does not have it."""
    if args.store is not None and not args.store.is_dir():
        raise InputError("no such folder", source=args.store, remedy="leave the store out, or make it before")
    store = None if args.store is None else Store(args.store / "models")
    return get(args.named, window_length=args.window_length, store=store).directory


def check(model: EnhancerModel, args: argparse.Namespace) -> None:
    """Refuse a model that is not of the kind that the form says."""
    source = args.named or args.model
    is_base = model.card.origin.get("type") == BASE
    if is_base != (args.kind == BASE):
        raise InputError(
            "is pre-trained only: it predicts nothing" if is_base else "predicts: it is no base model",
            source=source,
            remedy="choose 'A base for fine-tuning'" if is_base else "choose what it tells",
        )
    if not is_base and model.card.task != "binary":
        raise InputError(
            f"predicts {model.card.task} outputs", source=source, remedy="give a model with two classes"
        )


def outputs(model: EnhancerModel, value: str) -> list[dict[str, str]]:
    """Return a row for each output of a model that has several, the first one first."""
    card = model.card
    if not card.further_outputs:
        return []
    first = card.labels[-1]
    said = {first: (f"{first}: the model's main output", card.task)}
    for name, output in card.further_outputs.items():
        measured = "; a measured value" if output.task == Task.REGRESSION else ""
        said[name] = (f"{name}: {output.meaning or output.task}{measured}", output.task)
    return [
        # a table's row is a line, and its columns are divided by tabs
        {"value": name, "name": " ".join(text.split()), "model": value, "task": str(task)}
        for name, (text, task) in said.items()
    ]


def described(model: EnhancerModel) -> str:
    """Return what users see of a model without a given name."""
    card = model.card
    tokens = f"{card.k}-mers" if card.k else "own tokenizer"
    window = BASE if card.origin.get("type") == BASE else f"{model.window_length} bp"
    return f"{card.name} ({window}, {tokens})"


if __name__ == "__main__":
    main()
