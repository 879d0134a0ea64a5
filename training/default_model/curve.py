"""How much the reporter assays' rows bring: students that read a share of them, or take fewer steps.

Prints a line a student: Pearson's r of the assays and the mean AUROC of the binding sets, on validation and
test rows. Each student is trained by one process, with half of the batch of the packaged one, whose
classifier is fitted anew afterwards; here it is not.

Run: python training/default_model/curve.py --work-dir WORK --start-from VERSION5 [--shares 0.1,1,0.3]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import plan
import torch
from fitting import fit
from judging import measure, outputs_of
from rows import REPORTERS, load, reporter_rows
from start import packaged_student
from train import MEASURED_SPLITS, ONE_THREAD, pool_path, student_loss, write_answers

BINDING = tuple(f"gue_tf{number}" for number in range(5))


def main() -> None:
    """Train the students, two at once, and print their figures."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument(
        "--work-dir", type=Path, required=True, help="as build.py leaves it, with the answers"
    )
    parser.add_argument("--start-from", type=Path, required=True, help="as of build.py")
    parser.add_argument("--shares", default="0.1,1,0.3", help="of the training rows (default 0.1,1,0.3)")
    parser.add_argument("--steps", type=int, default=500, help="of each student (default 500)")
    args = parser.parse_args()
    os.environ.update(ONE_THREAD)
    (args.work_dir / "models").mkdir(exist_ok=True)
    if not pool_path(args.work_dir).is_file():
        torch.set_num_threads(1)
        torch.manual_seed(plan.SEED)
        write_answers(args.work_dir, args.start_from, load(args.work_dir / "tasks.npz"))
    jobs = [(args.work_dir, args.start_from, float(share), args.steps) for share in args.shares.split(",")]
    print(f"| rows | steps | {' | '.join(REPORTERS)} | binding sets |\n|{'---|' * (len(REPORTERS) + 3)}")
    context = multiprocessing.get_context("spawn")
    with context.Pool(plan.WORKERS, maxtasksperchild=1) as pool:
        for line in pool.imap(_line, jobs, chunksize=1):
            print(line, flush=True)


def _line(job: tuple[Path, Path, float, int]) -> str:
    """Return the line of one student, which is kept."""
    work, start, share, steps = job
    kept = work / "models" / f"curve.{share:g}.{steps}.json"
    if not kept.is_file():
        torch.set_num_threads(1)
        torch.manual_seed(plan.SEED)
        kept.write_text(json.dumps(_trained(work, start, share, steps), indent=1) + "\n", encoding="utf-8")
    found = json.loads(kept.read_text(encoding="utf-8"))
    cells = [f"{_shown(found, name)}" for name in (*REPORTERS, "binding")]
    return f"| {found['rows']:,} | {steps:,} | {' | '.join(cells)} |"


def _shown(found: Mapping[str, dict[str, float]], name: str) -> str:
    """Return the validation and test figures of a task."""
    return " / ".join(f"{found[split][name]:.3f}" for split in MEASURED_SPLITS)


def _trained(work: Path, start: Path, share: float, steps: int) -> dict[str, object]:
    """Train a student; return the rows that it read and its figures by split and task."""
    data = load(work / "tasks.npz")
    student, _ = packaged_student(start, data)
    student.compile_layers(200)
    fit(student, student_loss(pool_path(work), data, student, share), plan.FIT | {"steps": steps})
    figures: dict[str, object] = {"rows": round(share * len(reporter_rows(data, "train")[0]))}
    for split in MEASURED_SPLITS:
        known = measure(partial(outputs_of, student), data, split)
        known["binding"] = sum(known[name] for name in BINDING) / len(BINDING)
        figures[split] = known
    return figures


if __name__ == "__main__":
    main()
