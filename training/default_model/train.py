"""Does one job of the recipe, a JSON object: a teacher, a pool of answered windows, or a student."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from fitting import Workers, difference_loss, distilled, fit, known_loss, loss_of
from heads import refit
from judging import measure, measure_rows, outputs_of, summary
from networks import Student, Teacher
from pools import answered_rows, load_network, pairs
from rows import REPORTERS, Data, augmented, load, reporter_rows, turned, useful_motifs
from start import between, packaged_student

TEACHER_BATCH = 256
PART = 32
"""Windows of 200 bp that the student reads at once, of which layers are compiled."""


def run(job: dict[str, Any], folder: Path) -> None:
    """Do one job and write its result and ``NAME.json``.

    Parameters
    ----------
    job : dict
        ``name``; ``kind`` teacher, answers, pairs or student; ``seed``; ``data``, ``motifs`` (paths) and what
        `jobs.jobs` gives each kind.
    folder : Path
        Gets the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(job["seed"])
    torch.set_num_threads(1)
    data = load(Path(job["data"]), Path(job["motifs"]), "cpu")
    started = time.monotonic()
    note: dict[str, Any] = {"job": job, "device": "cpu"}
    note |= KINDS[job["kind"]](job, data, folder)
    note["seconds"] = round(time.monotonic() - started, 1)
    (folder / f"{job['name']}.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    print(f"{job['name']} done in {note['seconds']} s", flush=True)


def _teacher(job: dict[str, Any], data: Data, folder: Path) -> dict[str, Any]:
    codes, targets = reporter_rows(data, "train")
    if job.get("share", 1) < 1:
        kept = torch.randperm(len(codes))[: int(job["share"] * len(codes))]
        codes, targets = codes[kept], targets[kept]
    model = Teacher(len(REPORTERS), job["widths"], job["dropout"])
    model.read_motifs(useful_motifs(data))
    binary = torch.zeros(len(REPORTERS), dtype=torch.bool)

    def loss() -> torch.Tensor:
        rows = torch.randint(len(codes), (TEACHER_BATCH,))
        return loss_of(model(augmented(codes[rows], job["mutation"], 6)), targets[rows], binary)

    note: dict[str, Any] = {"fit_steps": fit(model, loss, job["fit"], job["name"])}
    for split in ("validation", "test"):
        note[split] = measure_rows(outputs_of(model, reporter_rows(data, split)[0]), data, split)
    print(f"{job['name']}: {summary(note['validation'])}", flush=True)
    saved = {"kind": "teacher", "outputs": len(REPORTERS), "widths": job["widths"]}
    torch.save(saved | {"state": model.state_dict()}, folder / f"{job['name']}.pt")
    return note


def _answers(job: dict[str, Any], data: Data, folder: Path) -> dict[str, Any]:
    start, answered = packaged_student(Path(job["start"]), data)
    pools = {str(length): list(part) for length, part in answered_rows(data, start).items()}
    torch.save({"answered": answered, "pools": pools}, folder / f"{job['name']}.pool.pt")
    return {split: measure(partial(outputs_of, start), data, split) for split in job["measured"]}


def _pairs(job: dict[str, Any], data: Data, folder: Path) -> dict[str, Any]:
    teachers = [load_network(Path(path)) for path in job["teachers"]]
    torch.save(list(pairs(data, teachers, job["count"])), folder / f"{job['name']}.pool.pt")
    note = {}
    for split in ("validation", "test"):
        rows = reporter_rows(data, split)[0]
        mean = torch.stack([outputs_of(teacher, rows) for teacher in teachers]).mean(0)
        note[split] = measure_rows(mean, data, split)
    return note


def _student(job: dict[str, Any], data: Data, folder: Path) -> dict[str, Any]:
    checkpoint = folder / f"{job['name']}.trained.pt"
    if not checkpoint.is_file():  # else the run ended between training and classifier
        _train_together(job, checkpoint)
    student, answered = packaged_student(Path(job["start"]), data)
    saved = torch.load(checkpoint, weights_only=True)
    student.load_state_dict(between(student.state_dict(), saved["state"], answered, job.get("share", 1.0)))
    note: dict[str, Any] = {"fit_steps": saved["steps"]}
    if job.get("refit"):
        refit(student, data, **job["refit"])
    state = {name: value.half() for name, value in student.state_dict().items()}
    kept = {"kind": "student", "outputs": len(data.tasks), "size": student.size.to_json()}
    torch.save(kept | {"state": state}, folder / f"{job['name']}.pt")
    torch.save(student.hugging_face_state(), folder / f"{job['name']}.bert.pt")
    for split in ("validation", "test"):
        note[split] = measure(partial(outputs_of, student), data, split)
    print(f"{job['name']}: {summary(note['validation'])}", flush=True)
    job["size"] = kept["size"]
    return note


def _train_together(job: dict[str, Any], trained: Path) -> None:
    """Train the student with all workers, and write its averaged weights and the steps."""
    with tempfile.TemporaryDirectory() as place:
        arguments = (job, f"file://{place}/meeting", str(trained))
        torch.multiprocessing.spawn(_work, arguments, nprocs=job["workers"])


def _work(rank: int, job: dict[str, Any], meeting: str, trained: str) -> None:
    """Train the student as one of several workers; the first writes the averaged weights and the steps."""
    torch.set_num_threads(1)
    torch.manual_seed(job["seed"] + rank)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=job["workers"])
    data = load(Path(job["data"]), Path(job["motifs"]), "cpu")
    start, _ = packaged_student(Path(job["start"]), data)
    student, _ = packaged_student(Path(job["start"]), data)
    if job.get("continued"):
        student.load_state_dict(load_network(Path(job["continued"])).state_dict())
    student.compile_layers(200)
    steps = fit(
        student,
        _student_loss(job, data, student, start.eval()),
        job["fit"],
        job["name"],
        Workers(job["workers"]),
        Path(trained).with_suffix(".part.pt") if rank == 0 else None,
    )
    if rank == 0:
        torch.save({"state": student.state_dict(), "steps": steps}, trained)
    torch.distributed.destroy_process_group()


def _student_loss(
    job: dict[str, Any], data: Data, student: Student, start: Student
) -> Callable[[], torch.Tensor]:
    """Return the loss of the next windows: labels, pairs against the teachers, others against the start.

    Where the job has a ``start_share``, the starting model is so much of the teachers of those reporter tasks
    that it answers itself and that the share names.
    """
    saved = torch.load(job["answers"], weights_only=True)
    pools = cycle((codes, answers.float()) for codes, answers in saved["pools"].values())
    parts = [torch.load(path, weights_only=True) for path in job["pairs"]]
    codes, answers = (torch.cat(same) for same in zip(*parts, strict=True))
    answers = answers.float()
    spread = answers[:, 0].std(0)
    change = (answers[:, 1] - answers[:, 0]).square().mean(0).sqrt()
    reporters = [data.tasks.index(name) for name in REPORTERS]
    emphasis = torch.tensor([job["emphasis"].get(name, job["background"]) for name in data.tasks])
    emphasis = emphasis * saved["answered"]
    emphasis[reporters] = 0.0
    emphasis = emphasis / emphasis.sum()
    own, labels = reporter_rows(data, "train")
    core = data.groups[70]
    start_share = torch.tensor([job.get("start_share", {}).get(name, 0.0) for name in REPORTERS])

    def loss() -> torch.Tensor:
        total = torch.zeros(())
        for _ in range(job["label_parts"]):
            rows = torch.randint(len(own), (PART,))
            said = student(augmented(own[rows], 0.02, 6))[:, reporters]
            total = total + known_loss(said, labels[rows]) / job["label_parts"]
        rows = torch.randint(len(codes), (PART // 2,))
        seen = codes[rows].flatten(0, 1)
        seen = turned(seen) if torch.rand(()) < 0.5 else seen
        told = answers[rows]
        if start_share.any():
            with torch.no_grad():
                told = torch.lerp(told, start(seen)[:, reporters].float().view_as(told), start_share)
        said = student(seen)[:, reporters].view_as(told)
        total = total + difference_loss(said, told, spread, change)
        windows, kept = next(pools)
        rows = torch.randint(len(windows), (PART,))
        said = student(augmented(windows[rows], 0.0, 0))
        total = total + job["keeping"] * distilled(said, kept[rows], data.binary, emphasis)
        rows = core.drawn(PART // 2)
        said = student(augmented(core.codes[rows], 0.02, 2))
        return total + 0.1 * loss_of(said, core.targets[rows], data.binary)

    return loss


KINDS: dict[str, Callable[[dict[str, Any], Data, Path], dict[str, Any]]] = {
    "teacher": _teacher,
    "answers": _answers,
    "pairs": _pairs,
    "student": _student,
}


def main() -> None:
    """Run the job of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", required=True, help="a JSON object, or the path of one")
    parser.add_argument("--output-dir", type=Path, required=True)
    args = parser.parse_args()
    text = args.job if args.job.startswith("{") else Path(args.job).read_text(encoding="utf-8")
    run(json.loads(text), args.output_dir)


if __name__ == "__main__":
    main()
