"""How much more rows of the reporter assays would bring: a small convolutional network on shares of them.

Prints a line a share: Pearson's r of the assays on validation and test rows. The network starts from nothing,
so that nothing but the rows speaks; what the packaged student reaches beside it is in README.

Run: python training/default_model/curve.py --work-dir WORK [--shares 1,0.3,0.1]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import plan
import torch
from fitting import fit, known_loss
from rows import REPORTERS, augmented, load, reporter_rows, turned
from torch import nn
from torch.nn import functional
from train import MEASURED_SPLITS, ONE_THREAD

FIT = {"learning_rate": 2e-3, "weight_decay": 0.01, "average": 0.995, "steps": 2000}
BATCH = 128
CHANNELS = 128


class Convolutions(nn.Module):
    """Three convolutions with pooling between them, then the mean and the largest value of each channel."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        widths = ((4, 15), (CHANNELS, 7), (CHANNELS, 5))
        self.layers = nn.ModuleList(nn.Conv1d(w, CHANNELS, k, padding=k // 2) for w, k in widths)
        self.norms = nn.ModuleList(nn.BatchNorm1d(CHANNELS) for _ in widths)
        self.head = nn.Linear(2 * CHANNELS, outputs)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return float32[n, outputs] of base codes, uint8[n, L]."""
        x = functional.one_hot(codes.long(), 5)[:, :, :4].transpose(1, 2).float()
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = functional.max_pool1d(functional.relu(norm(layer(x))), 4)
        x = torch.cat([x.mean(2), x.amax(2)], 1)
        return self.head(functional.dropout(x, 0.2, self.training))


def main() -> None:
    """Train a network on each share, two at once, and print their figures."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--work-dir", type=Path, required=True, help="as build.py --until data leaves it")
    parser.add_argument("--shares", default="1,0.3,0.1", help="of the training rows (default 1,0.3,0.1)")
    args = parser.parse_args()
    os.environ.update(ONE_THREAD)
    shares = [float(share) for share in args.shares.split(",")]
    print(f"| rows | {' | '.join(REPORTERS)} |\n|{'---|' * (len(REPORTERS) + 1)}", flush=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(plan.WORKERS, context) as pool:
        for line in pool.map(_line, [args.work_dir] * len(shares), shares):
            print(line, flush=True)


def _line(work: Path, share: float) -> str:
    """Train a network on a share of the rows; return its rows and its figures by split."""
    torch.set_num_threads(1)
    torch.manual_seed(plan.SEED)
    data = load(work / "tasks.npz")
    codes, labels = reporter_rows(data, "train")
    read = torch.randperm(len(codes))[: round(share * len(codes))]
    codes, labels = codes[read], labels[read]
    network = Convolutions(len(REPORTERS))

    def loss() -> torch.Tensor:
        rows = torch.randint(len(codes), (BATCH,))
        return known_loss(network(augmented(codes[rows], 0.02, 6)), labels[rows])

    fit(network, loss, FIT)
    found = [_figures(network, *reporter_rows(data, split)) for split in MEASURED_SPLITS]
    cells = [" / ".join(f"{value:.3f}" for value in column) for column in zip(*found, strict=True)]
    return f"| {len(codes):,} | {' | '.join(cells)} |"


@torch.no_grad()
def _figures(network: Convolutions, codes: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """Return Pearson's r of each assay; the mean over both strands is what is said."""
    network.eval()
    parts = [(network(part) + network(turned(part))) / 2 for part in codes.split(512)]
    said, truth = torch.cat(parts).numpy(), labels.numpy()
    known = ~np.isnan(truth)
    return [float(np.corrcoef(said[k, n], truth[k, n])[0, 1]) for n, k in enumerate(known.T)]


if __name__ == "__main__":
    main()
