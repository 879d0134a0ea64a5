"""What the arithmetic of a training costs and changes: bfloat16 beside float32, fused and plain attention.

Updates as `finetune` makes them, on random windows. All ways of one model are measured in turns, an update
each, on the same weights; told are the median over the rounds, in sequences per second, and how many times
that of float32 with fused attention it is. On a busy machine ``--threads 1 --processor-seconds`` counts the
processor's time instead of the clock's.

With --dataset models are trained in both precisions from the same seeds, and the AUROCs on the validation
split are told: what bfloat16 changes beside what another seed does.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from dnabert_enhancer import finetune
from dnabert_enhancer.engine import this_processor
from dnabert_enhancer.training import (
    Augmentation,
    Collator,
    Loss,
    Target,
    TrainingSettings,
    WindowStore,
    open_base,
    torch_model,
)


class Way(NamedTuple):
    """How an update is computed: number format, kind of attention, share of its weights dropped."""

    precision: str
    attention: str
    dropout: float


def main() -> None:
    """Measure updates, or train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base-model", nargs="+", default=["new:small"], help="as finetune takes it")
    parser.add_argument("--length", type=int, default=200, help="bp")
    parser.add_argument("--batch-size", nargs="+", type=int, default=[64])
    parser.add_argument("--attention-dropout", nargs="+", type=float, default=[0.0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--processor-seconds", action="store_true", help="for a busy machine, with one thread"
    )
    parser.add_argument("--dataset", help="train on this instead, as finetune takes it")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3], help="of --dataset")
    parser.add_argument("--epochs", type=int, default=2, help="of --dataset")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{this_processor().name}, {args.threads} threads; {this_processor().about_bfloat16}")
    for spec in args.base_model:
        if args.dataset is not None:
            train(spec, args)
            continue
        print("model\tbatch\tprecision\tattention\tattention_dropout\tsequences_per_second\ttimes_float32")
        for batch in args.batch_size:
            speed(spec, batch, args)


def speed(spec: str, batch: int, args: argparse.Namespace) -> None:
    """Print the rates of a model's updates."""
    ways = [
        Way(precision, attention, dropout)
        for precision in ("float32", "bfloat16")
        for attention in ("fused", "eager")
        for dropout in args.attention_dropout
    ]
    base = open_base(spec, 6, Path())
    target = Target("binary", ("other", "enhancer"), args.length)
    model = torch_model(base, target, TrainingSettings(), 0).to(args.device).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-5, fused=True)
    rng = np.random.default_rng(0)
    clock = time.process_time if args.processor_seconds else time.perf_counter
    taken: dict[Way, list[float]] = {way: [] for way in ways}
    for number in range(args.rounds + 1):
        codes = rng.integers(0, 4, (batch, args.length)).astype(np.uint8)
        collate = Collator(
            WindowStore(codes), np.arange(batch) % 2, base.tokenizer, base.pad_id, Augmentation(0, shift=10)
        )
        for way in ways:
            for layer in model.layers:
                layer.fused, layer.attention_dropout = way.attention == "fused", way.dropout
            seconds = update(model, optimizer, partial(collate, range(batch)), way.precision, clock)
            if number:  # the first round warms up
                taken[way].append(seconds)
    rates = {way: batch / statistics.median(seconds) for way, seconds in taken.items()}
    for way, rate in rates.items():
        first = rates[Way("float32", "fused", way.dropout)]
        print(spec, batch, *way, f"{rate:.4g}", f"{rate / first:.2f}", sep="\t", flush=True)


def update(
    model: Any,  # an EncoderNetwork
    optimizer: torch.optim.Optimizer,
    make_batch: Callable[[], dict[str, torch.Tensor]],
    precision: str,
    clock: Callable[[], float],
) -> float:
    """Return the seconds of an update."""
    device = next(model.parameters()).device
    begun = clock()
    inputs = {name: value.to(device) for name, value in make_batch().items()}
    labels = inputs.pop("labels")
    is_half = precision == "bfloat16"
    with torch.autocast(device.type, dtype=torch.bfloat16) if is_half else contextlib.nullcontext():
        logits = model(**inputs)["logits"]
    Loss("binary")(logits, labels).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return clock() - begun


def train(spec: str, args: argparse.Namespace) -> None:
    """Print what models trained in both precisions reach."""
    print("model\tseed\tprecision\tAUROC_of_each_epoch\tprocessor_seconds")
    for seed in args.seeds:
        for precision in ("float32", "bfloat16"):
            begun = time.process_time()
            with tempfile.TemporaryDirectory() as folder:
                trained = finetune(
                    args.dataset,
                    spec,
                    Path(folder) / "model",
                    epochs=args.epochs,
                    batch_size=args.batch_size[0],
                    precision=precision,
                    seed=seed,
                    threads=args.threads,
                    device=args.device,
                )
                reached = " ".join(f"{score:.4f}" for score in trained.history["validation_auroc"])
            print(spec, seed, precision, reached, f"{time.process_time() - begun:.0f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
