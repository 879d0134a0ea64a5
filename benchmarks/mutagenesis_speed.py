#!/usr/bin/env python3
"""How fast in-silico mutagenesis is, beside tangermeme's saturation_mutagenesis over the same network.

Both substitute the same bases of the same random window of 200 bp, average both strands, and run on one
thread with the same batch; tangermeme runs the model as transformers loads it, its tokens from a table.
It computes each window in full (fast=False), since its short cut is for convolutions.
Printed are bases per second of processor time, the median of the rounds, and the largest difference
between the two. Needs torch, transformers and tangermeme (pip install tangermeme).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW, K = 200, 6


def main() -> None:
    """Measure and print a line for each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bases", type=int, default=WINDOW, help="of the packaged model (default 200)")
    parser.add_argument("--bert-base-bases", type=int, default=4, help="of a BERT-base, 0: none (default 4)")
    parser.add_argument("--batch", type=int, default=32, help="windows at a time (default 32)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"

    import numpy as np

    import dnabert_enhancer as de
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.model import new_model, write_model
    from dnabert_enhancer.sequence import decode_bases

    settings = EngineSettings(threads=1, batch_size=args.batch, device="cpu", precision="float32")
    print("| model | bases | ours, bases/s | tangermeme, bases/s | ratio | largest difference |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        codes = np.random.default_rng(0).integers(0, 4, WINDOW).astype(np.uint8)
        fasta = Path(folder) / "window.fa"
        fasta.write_text(f">window\n{decode_bases(codes)}\n")
        models = [("packaged", "default", args.bases, args.rounds)]
        if args.bert_base_bases:
            write_model(Path(folder) / "base", new_model("base", k=K, window_length=WINDOW))
            models.append(("BERT-base, random", f"{folder}/base", args.bert_base_bases, 1))
        for name, source, bases, rounds in models:
            model = de.load_model(source, engine=settings)
            print(_line(name, model, bases, args.batch, rounds, fasta), flush=True)


def _line(name: str, model: Any, bases: int, batch: int, rounds: int, fasta: Path) -> str:
    import numpy as np
    import torch
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    from dnabert_enhancer.sequence import encode_bases

    torch.set_num_threads(1)
    codes = encode_bases(fasta.read_text().split()[1].encode())
    first = (WINDOW - bases) // 2
    one_hot = torch.from_numpy((codes[:, None] == np.arange(4)).T[None].astype(np.float32))
    network = network_of_letters(model)

    def ours() -> NDArray[Any]:
        found = model.interpret(fasta, f"window:{first + 1}-{first + bases}", window_length=WINDOW)
        return np.asarray(found[0].change)

    def theirs() -> NDArray[Any]:
        given = {"start": first, "end": first + bases, "batch_size": batch, "device": "cpu", "fast": False}
        before, after = saturation_mutagenesis(network, one_hot, raw_outputs=True, **given)
        return np.asarray(after[0, :, :, 0].T - before[0, 0])

    away = float(np.abs(ours() - theirs()).max())
    seconds = {run: [_seconds(run) for _ in range(rounds)] for run in (ours, theirs)}
    print(name, {run.__name__: values for run, values in seconds.items()}, file=sys.stderr)
    rates = [bases / statistics.median(values) for values in seconds.values()]
    return f"| {name} | {bases} | {rates[0]:.2f} | {rates[1]:.2f} | {rates[0] / rates[1]:.2f} | {away:.1e} |"


def _seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def network_of_letters(model: Any) -> Any:
    """Return a torch module from one-hot letters, shape (n, 4, length), to the target's logit, (n, 1).

    The model is the one that transformers loads from the directory; the mean of both strands.
    """
    import numpy as np
    import torch
    from transformers import AutoModelForSequenceClassification

    opened = model.engine.model
    words = np.stack(np.unravel_index(np.arange(4**K), (4,) * K), axis=1).astype(np.uint8)
    table = torch.from_numpy(opened.tokenizer.tokenize(words).ids.astype(np.int64))
    start, end, table = table[0, 0], table[0, -1], table[:, 1]
    column = opened.card.column
    powers = torch.tensor([4 ** (K - 1 - place) for place in range(K)])

    class OfLetters(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = AutoModelForSequenceClassification.from_pretrained(str(opened.directory)).eval()

        def one_strand(self, letters: torch.Tensor) -> torch.Tensor:
            places = (letters.argmax(dim=1).unfold(1, K, 1) * powers).sum(dim=2)
            edges = [edge.expand(len(places), 1) for edge in (start, end)]
            logits = self.network(torch.cat([edges[0], table[places], edges[1]], dim=1)).logits
            return logits[:, column : column + 1] if column is not None else logits[:, 1:] - logits[:, :1]

        def forward(self, letters: torch.Tensor) -> torch.Tensor:
            return (self.one_strand(letters) + self.one_strand(letters.flip(1, 2))) / 2

    return OfLetters()


if __name__ == "__main__":
    main()
