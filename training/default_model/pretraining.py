"""Tasks without labels that a student can be given first."""

from __future__ import annotations

import torch
from motifs import MotifScanner
from networks import MASK, SPECIAL, Student, kmer_tokens, one_hot
from torch import nn
from torch.nn import functional


class MotifTask(nn.Module):
    """Finding known motifs: which are at each token, and from the pooled vector the best match of each."""

    def __init__(self, scanner: MotifScanner, hidden: int) -> None:
        super().__init__()
        self.scanner = scanner
        self.local = nn.Linear(hidden, len(scanner.thresholds))
        self.overall = nn.Linear(hidden, len(scanner.thresholds))

    def forward(self, student: Student, codes: torch.Tensor) -> torch.Tensor:
        """Return the loss on windows."""
        with torch.no_grad():
            scores = self.scanner(one_hot(codes))
            present = (scores[:, 3:-2] >= self.scanner.thresholds).float()
            best = (scores.amax(1) - self.scanner.centre) / self.scanner.scale
        hidden = student.hidden(kmer_tokens(codes))
        local = self.local(hidden[:, 1:-1])
        found = functional.binary_cross_entropy_with_logits(
            local, present, pos_weight=torch.tensor(20.0, device=codes.device)
        )
        return 10 * found + functional.mse_loss(self.overall(student.pooled(hidden)), best)


class MaskedTask(nn.Module):
    """DNABERT's own pretraining: spans of tokens are masked and told from the rest."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.change = nn.Linear(hidden, hidden)

    def forward(self, student: Student, codes: torch.Tensor) -> torch.Tensor:
        """Return the loss on windows."""
        ids = kmer_tokens(codes)
        start = torch.rand(ids.shape, device=ids.device) < 0.02
        masked = functional.max_pool1d(start.float()[:, None], 9, 1, 4)[:, 0] > 0
        masked &= ids >= SPECIAL
        hidden = student.hidden(torch.where(masked, MASK, ids))
        scores = self.change(hidden[masked]) @ student.words.table()[SPECIAL:].T
        return functional.cross_entropy(scores, ids[masked] - SPECIAL)
