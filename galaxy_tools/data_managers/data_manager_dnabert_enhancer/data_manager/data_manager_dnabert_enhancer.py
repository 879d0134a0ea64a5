#!/usr/bin/env python
"""Check a model, copy its files to where Galaxy moves them from, and describe its row of the data table."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from dnabert_enhancer.errors import DnabertEnhancerError, InputError
from dnabert_enhancer.model import EnhancerModel, model_files, open_model

TABLE = "huggingface"
FORMAT = "1"


def main() -> None:
    """Do what the form asks for; a model that cannot be used is one line and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="Galaxy's description of the job, overwritten"
    )
    parser.add_argument("--model", required=True, help="model directory or archive")
    parser.add_argument("--value", required=True, help="identifier, unique in the table")
    parser.add_argument("--name", default="", help="what users see; default: made from the card")
    parser.add_argument("--kind", choices=("enhancer", "tf-binding"), default="enhancer")
    args = parser.parse_args()
    try:
        install(args)
    except DnabertEnhancerError as error:
        sys.stderr.write(f"data manager: error: {error}\n")
        sys.exit(error.exit_code)


def install(args: argparse.Namespace) -> None:
    """Copy the model and write the row."""
    model = open_model(args.model)
    model.read_state()
    if model.card.task != "binary":
        raise InputError(
            f"predicts {model.card.task} outputs", source=args.model, remedy="give a model with two classes"
        )
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
    args.out.write_text(json.dumps({"data_tables": {TABLE: [row]}}, sort_keys=True))
    sys.stdout.write(f"installed {row['name']}, digest {model.digest}\n")


def described(model: EnhancerModel) -> str:
    """Return what users see of a model without a given name."""
    tokens = f"{model.card.k}-mers" if model.card.k else "own tokenizer"
    return f"{model.card.name} ({model.window_length} bp, {tokens})"


if __name__ == "__main__":
    main()
