"""Known motifs of transcription factors as filters of the teachers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

RARITY = 2e-4
"""Share of places of a window at which a motif counts as present."""
ALIKE = 0.7
"""Motifs whose strongest matches in windows correlate more than this are taken as one."""
_SITES, _PSEUDO = 200.0, 0.1


def motif_filters(path: Path) -> NDArray[np.float32]:
    """Return the motifs of a MEME file as log2 odds against even letters, float32[motif, 4, width].

    Shorter motifs are centred and filled with zeros: the middle of each filter is that of its motif.
    """
    from dnabert_enhancer.variants import read_meme

    motifs = read_meme(path).motifs
    width = max(len(motif.shares) for motif in motifs) | 1
    filters = np.zeros((len(motifs), 4, width), dtype=np.float32)
    for number, motif in enumerate(motifs):
        odds = np.log2((motif.shares * _SITES + _PSEUDO) / (_SITES + 4 * _PSEUDO) / 0.25)
        first = (width - len(odds)) // 2
        filters[number, :, first : first + len(odds)] = odds.T
    return filters


def patches(one_hot: torch.Tensor, width: int) -> torch.Tensor:
    """Return what an odd filter sees of [window, 4, length] at each place, [window, place, 4 * width]."""
    padded = functional.pad(one_hot, (width // 2, width // 2))
    return padded.unfold(2, width, 1).permute(0, 2, 1, 3).flatten(2)


class MotifScanner(torch.nn.Module):
    """Scores of a set of motifs along windows, the better strand at each place.

    Parameters
    ----------
    filters : float32[motif, 4, width]
        Log odds; A, C, G, T.
    """

    def __init__(self, filters: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("filters", filters)
        self.register_buffer("thresholds", torch.zeros(len(filters)))
        self.register_buffer("centre", torch.zeros(len(filters)))
        self.register_buffer("scale", torch.ones(len(filters)))

    def forward(self, one_hot: torch.Tensor) -> torch.Tensor:
        """Return the scores, [window, place, motif], of one-hot windows, [window, 4, length].

        Those of the reverse complement are the same, with the places in reverse order.
        """
        seen = patches(one_hot, self.filters.shape[2])
        forward = functional.linear(seen, self.filters.flatten(1))
        backward = functional.linear(seen, self.filters.flip(1, 2).flatten(1))
        return torch.maximum(forward, backward)

    @torch.no_grad()
    def fit(self, one_hot: torch.Tensor) -> MotifScanner:
        """Set each motif's score that `RARITY` of all places reach, and mean and deviation of maxima."""
        maxima, places = [], []
        for part in one_hot.split(256):
            scores = self(part)
            maxima.append(scores.amax(1))
            keep = max(1, round(RARITY * 40 * scores.shape[1] * len(part)))
            places.append(scores.flatten(0, 1).topk(keep, dim=0).values)
        top = torch.cat(places)
        count = max(1, round(RARITY * one_hot.shape[2] * len(one_hot)))
        self.thresholds.copy_(top.topk(count, dim=0).values[-1])
        best = torch.cat(maxima)
        self.centre.copy_(best.mean(0))
        self.scale.copy_(best.std(0) + 1e-3)
        return self


@torch.no_grad()
def distinct_motifs(filters: torch.Tensor, one_hot: torch.Tensor, alike: float = ALIKE) -> torch.Tensor:
    """Return the numbers of motifs of which no two find the same windows, the first of each kind."""
    scanner = MotifScanner(filters)
    scanner.to(one_hot.device)
    best = torch.cat([scanner(part).amax(1) for part in one_hot.split(256)])
    best = (best - best.mean(0)) / (best.std(0) + 1e-6)
    correlation = (best.T @ best / len(best)).cpu().numpy()
    chosen: list[int] = []
    for number in range(len(filters)):
        if not chosen or correlation[number, chosen].max() < alike:
            chosen.append(number)
    return torch.tensor(chosen)
