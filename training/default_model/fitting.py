"""Losses and the loop that every network is trained with."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from dnabert_enhancer.engine import this_processor

LOGGED_STEPS = 100
CHECKPOINT_STEPS = 200
DIFFERENCES = 0.1
"""How much the differences within pairs count beside the values."""


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


def known_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of the targets that are known (not NaN)."""
    known = ~targets.isnan()
    return (((outputs - targets.nan_to_num()) ** 2) * known).sum() / known.sum().clamp(min=1)


def difference_loss(
    outputs: torch.Tensor, answers: torch.Tensor, change: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Return the loss of the differences within pairs of windows against those of a teacher.

    Parameters
    ----------
    outputs, answers : float[n, 2, task]
    change : float[task]
        Root of the mean square of the teacher's differences, which the errors are divided by.
    weight : float[task]
    """
    error = (outputs[:, 1] - outputs[:, 0]) - (answers[:, 1] - answers[:, 0])
    return DIFFERENCES * ((error / change).square().mean(0) * weight).sum()


def has_bfloat16(device: torch.device) -> bool:
    """Return whether products in bfloat16 are quick there; other processors only imitate them."""
    return device.type == "cuda" or this_processor().has("avx512_bf16")


class Workers:
    """Processes that train one network together: each step takes the mean of their gradients.

    Parameters
    ----------
    count : int
        All of them have called `torch.distributed.init_process_group`.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def agree(self, model: nn.Module) -> None:
        """Replace the gradients by their mean over the workers."""
        parameters = [p for p in model.parameters() if p.requires_grad]
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([part.flatten() for part in parts])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        sizes = [p.numel() for p in parameters]
        for p, mean in zip(parameters, flat.split(sizes), strict=True):
            p.grad = mean.view_as(p)


class Averaged:
    """A moving average of the weights, which is what is judged and kept."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.shadow = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, share: torch.Tensor) -> None:
        """Take in the weights after a step; `share` is what they count."""
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                self.shadow[name].lerp_(value, share)
            else:
                self.shadow[name].copy_(value)


def fit(
    model: nn.Module,
    loss: Callable[[], torch.Tensor],
    job: Mapping[str, float],
    workers: Workers | None = None,
    checkpoint: Path | None = None,
) -> int:
    """Train until the job's steps are done; return them.

    Parameters
    ----------
    model : Module
    loss : callable
        Gives the loss of the next batch.
    job : mapping
        ``learning_rate``, ``weight_decay``, ``steps``, ``average`` (how much of the moving average stays at a
        step).
    workers : Workers, optional
        Those that take each step together, each with batches of its own.
    checkpoint : Path, optional
        Gets the averaged weights every `CHECKPOINT_STEPS` steps.
    """
    parameters = list(model.named_parameters())
    decayed = [p for name, p in parameters if p.ndim >= 2 and "positions" not in name]
    others = [p for name, p in parameters if p.ndim < 2 or "positions" in name]
    device = next(model.parameters()).device
    share = torch.ones((), device=device)
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": job["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
        lr=torch.zeros((), device=device),
        betas=(0.9, 0.98),
        capturable=device.type == "cuda",
    )
    average = Averaged(model)

    model.train()
    started, last = time.monotonic(), int(job["steps"])
    for step in range(1, last + 1):
        progress = (step - 1) / job["steps"]
        warmth = min(1.0, progress / 0.06 + 0.01)
        rate = job["learning_rate"] * warmth * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimiser.param_groups:
            group["lr"].fill_(rate)
        share.fill_(1 - min(job.get("average", 0.999), step / (9 + step)))
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            value = loss()
        value.backward()
        if workers is not None:
            workers.agree(model)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(share)
        if step % LOGGED_STEPS == 0:
            elapsed = time.monotonic() - started
            print(f"step {step} {elapsed:.0f} s loss {float(value.detach()):.4f}", flush=True)
        if checkpoint is not None and step % CHECKPOINT_STEPS == 0:
            torch.save({"state": average.shadow, "steps": step}, checkpoint)
    model.load_state_dict(average.shadow)
    print(f"{last} steps in {time.monotonic() - started:.1f} s", flush=True)
    return last
