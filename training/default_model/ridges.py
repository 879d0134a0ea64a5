"""6-mer ridges of all tasks as one network: the simple teacher, and what every other one must beat."""

from __future__ import annotations

import torch
from networks import K
from torch import nn

PENALTY = 3.0
_AT_ONCE = 4096


def canonical_columns() -> torch.Tensor:
    """Return for each 6-mer, int64[4096], the number of the pair that it and its reverse complement make."""
    numbers = torch.arange(4**K)
    digits = torch.stack([numbers // 4 ** (K - 1 - place) % 4 for place in range(K)])
    turned = torch.zeros_like(numbers)
    for place in reversed(range(K)):
        turned = turned * 4 + 3 - digits[place]
    return torch.unique(torch.minimum(numbers, turned), return_inverse=True)[1]


class Ridges(nn.Module):
    """Linear in log counts of k-mers, each window's vector scaled to length 1, as `evaluation.KmerRidge`."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.register_buffer("columns", canonical_columns())
        self.register_buffer("weights", torch.zeros(int(self.columns.max()) + 1, outputs))
        self.register_buffer("intercepts", torch.zeros(outputs))

    def features(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the scaled log counts, float32[n, pairs]."""
        places = codes.shape[1] - K + 1
        number = torch.zeros((len(codes), places), dtype=torch.long, device=codes.device)
        for place in range(K):
            number = number * 4 + codes[:, place : place + places].clamp(max=3).long()
        known = (codes <= 3).unfold(1, K, 1).all(2).float()
        counts = torch.zeros((len(codes), len(self.weights)), device=codes.device)
        counts.scatter_add_(1, self.columns[number], known)
        logs = counts.log1p()
        return logs / logs.norm(dim=1, keepdim=True).clamp(min=1e-9)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the scores, [n, outputs], of base codes."""
        with torch.autocast(codes.device.type, enabled=False):
            return self.features(codes) @ self.weights + self.intercepts

    @torch.no_grad()
    def fit(self, parts: list[tuple[torch.Tensor, torch.Tensor]], penalty: float = PENALTY) -> Ridges:
        """Fit each task on its rows in the parts, (codes, targets with NaN), by the normal equations."""
        for task in range(self.weights.shape[1]):
            count, total = 0.0, 0.0
            size = len(self.weights)
            gram = torch.zeros(size, size, device=self.weights.device)
            moment, mean = (torch.zeros(size, device=self.weights.device) for _ in range(2))
            for codes, targets in parts:
                rows = torch.nonzero(~targets[:, task].isnan())[:, 0]
                for chosen in rows.split(_AT_ONCE):
                    x, y = self.features(codes[chosen]), targets[chosen, task]
                    gram += x.T @ x
                    moment += x.T @ y
                    mean += x.sum(0)
                    count, total = count + len(y), total + float(y.sum())
            if not count:
                continue
            mean /= count
            gram = gram - count * torch.outer(mean, mean) + penalty * torch.eye(size, device=gram.device)
            weights = torch.linalg.solve(gram, moment - total * mean)
            self.weights[:, task] = weights
            self.intercepts[task] = total / count - mean @ weights
        return self
