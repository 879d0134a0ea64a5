"""DNABERT's own prediction loop, run by itself and told what to do line by line (for benchmarks/engine.py).

Not a program for users: it starts with the folder of a checkout of DNABERT (the original's code is not in
this project) and a folder with its model and data. Each line on standard input names a `max_seq_length` and
a batch size; each answer is a line of JSON with the windows, and the seconds that the loop "Predicting" of
its run_finetune.py took, features already made. Packages that its transformers 2.5 imports but never uses in
this loop are stood in for.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import types
from pathlib import Path

UNUSED = ("boto3", "botocore", "botocore.config", "botocore.exceptions", "sentencepiece", "sacremoses", "six")


class StandIn(types.ModuleType):
    """A module every name of which is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Stopwatch:
    """What run_finetune.py takes for its progress bar: passes the batches on and adds up the seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, batches, **_settings):
        """Yield the batches; the time from the first to the end counts."""
        start = time.perf_counter()
        yield from batches
        self.seconds = time.perf_counter() - start


def main() -> None:
    """Load the model once, then predict as often as asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", type=Path, help="folder with DNABERT's src/ and examples/")
    parser.add_argument("folder", type=Path, help="folder with its model, and dev.tsv")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    answers = sys.stdout
    sys.stdout = sys.stderr
    for name in (*UNUSED, "six.moves"):
        sys.modules.setdefault(name, StandIn(name))
    sys.path[:0] = [str(options.checkout / "src"), str(options.checkout / "examples")]
    import run_finetune
    import torch

    torch.set_num_threads(options.threads)
    _, model_class, tokenizer_class = run_finetune.MODEL_CLASSES["dna"]
    tokenizer = tokenizer_class.from_pretrained(str(options.folder), do_lower_case=False)
    model = model_class.from_pretrained(str(options.folder))
    stopwatch = run_finetune.tqdm = Stopwatch()
    windows = len((options.folder / "dev.tsv").read_text().splitlines()) - 1
    for line in sys.stdin:
        length, batch = map(int, line.split())
        settings = argparse.Namespace(
            task_name="dnaprom",
            output_mode="classification",
            model_type="dna",
            model_name_or_path=str(options.folder),
            data_dir=str(options.folder),
            predict_dir=str(options.folder / "result"),
            max_seq_length=length,
            per_gpu_pred_batch_size=batch,
            n_process=1,
            n_gpu=0,
            local_rank=-1,
            device=torch.device("cpu"),
            do_predict=True,
            do_ensemble_pred=False,
            overwrite_cache=True,
        )
        run_finetune.predict(settings, model, tokenizer)
        print(json.dumps({"windows": windows, "seconds": stopwatch.seconds}), file=answers, flush=True)


if __name__ == "__main__":
    main()
