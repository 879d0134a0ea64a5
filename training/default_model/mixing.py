"""Teachers, ridges and a student mixed into one teacher, and the windows that it answers for the students."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ensemble import mixture_of, stack
from judging import EVALUATION_BATCH, measure, outputs_of, summary
from motifs import MotifScanner
from networks import BertSize, Student, Teacher, matches, one_hot
from ridges import Ridges
from rows import BATCHES, Data, augmented, load, turned
from torch import nn


class Ensemble:
    """Teachers, ridges and students, mixed task by task.

    Parameters
    ----------
    members : sequence of Module
    mixture : mapping of str to float array
        ``scale``, ``offset``, ``weight`` ([member, task]), ``matrix`` and ``shift``; see `ensemble`.
    """

    def __init__(self, members: Sequence[nn.Module], mixture: Mapping[str, np.ndarray]) -> None:
        self.members = members
        device = next(members[0].buffers()).device
        self.slope = torch.from_numpy(mixture["weight"] * mixture["scale"]).float().to(device)
        self.offset = torch.from_numpy((mixture["weight"] * mixture["offset"]).sum(0)).float().to(device)
        self.matrix = torch.from_numpy(mixture["matrix"]).float().to(device)
        self.shift = torch.from_numpy(mixture["shift"]).float().to(device)

    @torch.no_grad()
    def __call__(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the calibrated outputs, mean over both strands, float32[n, tasks]."""
        scanner = next((m.scanner for m in self.members if isinstance(m, Teacher) and m.scanner), None)
        results = []
        for part in codes.split(EVALUATION_BATCH):
            total = self.offset.expand(len(part), -1)
            with torch.autocast(codes.device.type, torch.bfloat16, enabled=codes.is_cuda):
                known = matches(scanner, one_hot(part)) if scanner is not None else None
                for member, slope in zip(self.members, self.slope, strict=True):
                    if isinstance(member, Teacher):
                        both = (
                            member(part, known).float()
                            + member(turned(part), None if known is None else known.flip(1)).float()
                        )
                    elif isinstance(member, Ridges):
                        both = 2 * member(part)
                    else:
                        both = member(part).float() + member(turned(part)).float()
                    total = total + slope * both / 2
            results.append(total @ self.matrix.T + self.shift)
        return torch.cat(results)


def mix(job: dict[str, Any], folder: Path) -> None:
    """Mix the members of a job on the validation rows, and let them answer a pool of windows.

    Writes ``NAME.npz`` (the mixture), ``NAME.pool.pt`` and ``NAME.json`` (metrics of members and mixture).
    """
    device = job.get("device", "cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(job["seed"])
    started = time.monotonic()
    data = load(Path(job["data"]), Path(job["motifs"]), device)
    members = [load_member(Path(path), len(data.tasks), device) for path in job["members"]]
    groups = [group for _, group in sorted(data.groups.items())]
    targets = np.concatenate([group.targets[group.split == 1].cpu().numpy() for group in groups])
    outputs = [
        np.concatenate([outputs_of(member, group.codes[group.split == 1]).cpu().numpy() for group in groups])
        for member in members
    ]
    mixture = mixture_of(outputs, targets, data.binary.cpu().numpy())
    answers = np.einsum("mt,mrt->rt", mixture.weight * mixture.scale, np.stack(outputs))
    answers += (mixture.weight * mixture.offset).sum(0)
    matrix, shift = stack(answers, targets, data.tasks.index("enhancer"))
    arrays = {**mixture._asdict(), "matrix": matrix, "shift": shift}
    np.savez(folder / f"{job['name']}.npz", **arrays)
    ensemble = Ensemble(members, arrays)
    note: dict[str, Any] = {"job": job}
    for split in ("validation", "test"):
        note[split] = measure(ensemble, data, split)
        note[f"members_{split}"] = {
            Path(path).stem: measure(partial(outputs_of, member), data, split)
            for path, member in zip(job["members"], members, strict=True)
        }
    print(
        f"{job['name']} mixed in {time.monotonic() - started:.0f} s: {summary(note['validation'])}",
        flush=True,
    )
    pools = {
        length: pool(data, ensemble, int(job["pool"] * share), length)
        for length, share in BATCHES.items()
        if length in data.groups
    }
    torch.save({str(length): list(part) for length, part in pools.items()}, folder / f"{job['name']}.pool.pt")
    note["seconds"] = round(time.monotonic() - started, 1)
    (folder / f"{job['name']}.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    print(f"{job['name']} done in {note['seconds']} s", flush=True)


def load_member(path: Path, tasks: int, device: str) -> nn.Module:
    """Return a teacher, a student or the ridges of a file."""
    saved = torch.load(path, map_location=device, weights_only=True)
    state = {
        name: value.float() if value.is_floating_point() else value for name, value in saved["state"].items()
    }
    if saved["kind"] == "ridges":
        member: nn.Module = Ridges(tasks)
    elif saved["kind"] == "student":
        member = Student(BertSize(**saved["size"]), tasks)
    else:
        filters = state.get("scanner.filters")
        member = Teacher(tasks, None if filters is None else MotifScanner(filters), saved["channels"])
    member.to(device).load_state_dict(state)
    return member.eval()


def pool(
    data: Data, answer: Callable[[torch.Tensor], torch.Tensor], count: int, length: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return new windows and the teachers' answers to them, uint8[n, length] and float16[n, tasks].

    A third are training windows with few bases changed, a third have up to 20 % changed, and a third are two
    put together.
    """
    group = data.groups[length]
    codes, answers = [], []
    for start in range(0, count, 16384):
        size = min(16384, count - start)
        rows = group.drawn(size)
        light = augmented(group.codes[rows], 0.02, length // 8)
        heavy = augmented(group.codes[rows], 0.2, length // 8)
        cut = torch.randint(length // 5, length - length // 5, (size, 1), device=light.device)
        both = torch.where(torch.arange(length, device=light.device) < cut, light, heavy.roll(1, 0))
        kind = torch.randint(0, 3, (size, 1), device=light.device)
        mixed = torch.where(kind == 0, light, torch.where(kind == 1, heavy, both))
        codes.append(mixed)
        answers.append(answer(mixed).half())
    return torch.cat(codes), torch.cat(answers)
