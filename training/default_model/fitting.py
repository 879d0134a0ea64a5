"""Losses and the loop that every network is trained with."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def loss_of(outputs: torch.Tensor, targets: torch.Tensor, binary: torch.Tensor) -> torch.Tensor:
    """Return the mean over tasks of cross-entropy or squared error, weighted by the root of their rows."""
    known = ~targets.isnan()
    values = targets.nan_to_num()
    entropy = functional.binary_cross_entropy_with_logits(outputs, values, reduction="none")
    each = torch.where(binary, entropy, 0.5 * (outputs - values) ** 2) * known
    count = known.sum(0)
    weight = (count > 0) / (count.clamp(min=1) ** 0.5)
    return (each.sum(0) * weight).sum() / (count.float() ** 0.5).sum().clamp(min=1)


def distilled(
    outputs: torch.Tensor, answers: torch.Tensor, binary: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Return the loss against a teacher's outputs: cross-entropy with its probability, squared error."""
    answers = answers.float()
    entropy = functional.binary_cross_entropy_with_logits(outputs, answers.sigmoid(), reduction="none")
    entropy = entropy - functional.binary_cross_entropy_with_logits(
        answers, answers.sigmoid(), reduction="none"
    )
    square = (outputs - answers) ** 2
    return (torch.where(binary, 4 * entropy + 0.05 * square, square).mean(0) * weight).sum()


class Averaged:
    """A moving average of the weights, which is what is judged and kept."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model, self.decay = model, decay
        self.shadow = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                self.shadow[name].lerp_(value, 1 - decay)
            else:
                self.shadow[name].copy_(value)


def fit(model: nn.Module, loss: Any, job: dict[str, Any], label: str, extra: nn.Module | None = None) -> int:
    """Train until the job's steps are done or, where it names seconds, its time is over; return the steps.

    Parameters
    ----------
    model : Module
    loss : callable
        Gives the loss of the next batch.
    job : dict
        ``learning_rate``, ``weight_decay``, ``steps`` or ``seconds``, ``average``.
    label : str
        For the log.
    extra : Module, optional
        Whose weights are trained too and then dropped.
    """
    parameters = [*model.named_parameters(), *(extra.named_parameters() if extra else [])]
    decayed = [p for name, p in parameters if p.ndim >= 2 and "positions" not in name]
    others = [p for name, p in parameters if p.ndim < 2 or "positions" in name]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": job["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
        lr=job["learning_rate"],
        betas=(0.9, 0.98),
        fused=next(model.parameters()).is_cuda,
    )
    average = Averaged(model, job.get("average", 0.999))
    started, step, total = time.monotonic(), 0, job.get("steps", 0)
    device = next(model.parameters()).device.type
    model.train()
    running = 0.0
    while True:
        elapsed = time.monotonic() - started
        progress = step / total if total else elapsed / job["seconds"]
        if progress >= 1:
            break
        rate = min(1.0, progress / 0.06 + 0.01) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimiser.param_groups:
            group["lr"] = rate * job["learning_rate"]
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            value = loss()
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(step)
        step += 1
        if step % 200 == 0:
            running = float(value.detach())
            print(f"{label} step {step} {elapsed:.0f} s loss {running:.4f}", flush=True)
    model.load_state_dict(average.shadow)
    print(f"{label} {step} steps in {time.monotonic() - started:.1f} s", flush=True)
    return step
