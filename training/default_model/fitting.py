"""Losses and the loop that every network is trained with."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
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
    job: dict[str, Any],
    label: str,
) -> int:
    """Train until the job's steps are done or, where it names seconds, its time is over; return the steps.

    Parameters
    ----------
    model : Module
    loss : callable
        Gives the loss of the next batch.
    job : dict
        ``learning_rate``, ``weight_decay``, ``steps`` or ``seconds``, ``average`` (of how much of the moving
        average stays at a step), ``recorded`` (as a CUDA graph; the loss must not wait for the card).
    label : str
        For the log.
    """
    parameters = list(model.named_parameters())
    decayed = [p for name, p in parameters if p.ndim >= 2 and "positions" not in name]
    others = [p for name, p in parameters if p.ndim < 2 or "positions" in name]
    device = next(model.parameters()).device
    share = torch.ones((), device=device)
    on_card = device.type == "cuda"
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": job["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
        lr=torch.zeros((), device=device),
        betas=(0.9, 0.98),
        fused=on_card,
        capturable=on_card,
    )
    average = Averaged(model)

    def step_once() -> torch.Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=on_card):
            value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update(share)
        return value

    def eager() -> torch.Tensor:
        optimiser.zero_grad(set_to_none=True)
        return step_once()

    model.train()
    advance = _recorded(eager, step_once, optimiser) if on_card and job.get("recorded") else eager
    started, step, total = time.monotonic(), 0, job.get("steps", 0)
    while True:
        elapsed = time.monotonic() - started
        progress = step / total if total else elapsed / job["seconds"]
        if progress >= 1:
            break
        warmth = min(1.0, progress / 0.06 + 0.01)
        rate = job["learning_rate"] * warmth * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimiser.param_groups:
            group["lr"].fill_(rate)
        share.fill_(1 - min(job.get("average", 0.999), (1 + step) / (10 + step)))
        value = advance()
        step += 1
        if step % 500 == 0:
            print(f"{label} step {step} {elapsed:.0f} s loss {float(value.detach()):.4f}", flush=True)
        elif on_card and step % 20 == 0:
            torch.cuda.synchronize()  # so that the clock means steps that are done
    model.load_state_dict(average.shadow)
    print(f"{label} {step} steps in {time.monotonic() - started:.1f} s", flush=True)
    return step


def _recorded(
    eager: Callable[[], torch.Tensor], step_once: Callable[[], torch.Tensor], optimiser: torch.optim.Optimizer
) -> Callable[[], torch.Tensor]:
    """Return the step as a recorded CUDA graph: small networks are else bound by the processor.

    The three steps before it is recorded have learning rate 0.
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            eager()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    optimiser.zero_grad(set_to_none=True)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        value = step_once()

    def replay() -> torch.Tensor:
        graph.replay()
        return value

    return replay
