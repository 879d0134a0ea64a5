"""Training speed by precision, attention and dropout, on random windows: sequences per second of one update.

Run with nothing else on the machine: ``python benchmarks/training.py --threads 2``. On a busy one
``--threads 1 --processor-seconds`` counts the processor's time instead of the clock's.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dnabert_enhancer.training import (
    Augmentation,
    Collator,
    Loss,
    Target,
    TrainingSettings,
    WindowStore,
    cpu_has_bfloat16_units,
    open_base,
    torch_model,
)

UPDATES = 6


def sequences_per_second(
    configuration: str,
    length: int,
    batch: int,
    precision: str,
    attention: str,
    dropout: float,
    device: str,
    clock: Callable[[], float],
) -> float:
    """Return the best rate of some updates, the first of which is not counted."""
    base = open_base(f"new:{configuration}", 6, Path())
    settings = TrainingSettings(attention_dropout=dropout)
    model = torch_model(base, Target("binary", ("other", "enhancer"), length), settings, 0, attention)
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, fused=True)
    rows = batch * (UPDATES + 1)
    codes = np.random.default_rng(0).integers(0, 4, (rows, length)).astype(np.uint8)
    collate = Collator(
        WindowStore(codes), np.arange(rows) % 2, base.tokenizer, base.pad_id, Augmentation(0, shift=10)
    )
    loss_of = Loss("binary")
    best = float("inf")
    for update in range(UPDATES + 1):
        begun = clock()
        inputs = {
            name: value.to(device)
            for name, value in collate(range(update * batch, (update + 1) * batch)).items()
        }
        labels = inputs.pop("labels")
        half = (
            torch.autocast(device, dtype=torch.bfloat16)
            if precision == "bfloat16"
            else contextlib.nullcontext()
        )
        with half:
            outputs = model(**inputs).logits
        loss_of(outputs, labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()
        if update:
            best = min(best, clock() - begun)
    return batch / best


def main() -> None:
    """Print a table of rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configuration", nargs="+", default=["small"], help="of new models")
    parser.add_argument("--length", type=int, default=200, help="bp")
    parser.add_argument("--batch-size", nargs="+", type=int, default=[64, 128])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--processor-seconds", action="store_true", help="for a busy machine, with one thread"
    )
    args = parser.parse_args()
    clock = time.process_time if args.processor_seconds else time.perf_counter
    if args.threads:
        torch.set_num_threads(args.threads)
    print(
        f"{platform.machine()}, {torch.get_num_threads()} threads, bfloat16 units: {cpu_has_bfloat16_units()}"
    )
    print("configuration\tbatch\tprecision\tattention\tattention_dropout\tsequences_per_second")
    for configuration in args.configuration:
        for batch in args.batch_size:
            for precision in ("float32", "bfloat16"):
                for attention in ("sdpa", "eager"):
                    for dropout in (0.1, 0.0):
                        rate = sequences_per_second(
                            configuration,
                            args.length,
                            batch,
                            precision,
                            attention,
                            dropout,
                            args.device,
                            clock,
                        )
                        cells = (configuration, batch, precision, attention, dropout, f"{rate:.1f}")
                        print(*cells, sep="\t", flush=True)


if __name__ == "__main__":
    main()
