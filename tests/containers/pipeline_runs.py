"""Runs of the pipeline's test profile for the suites of engines and of Slurm."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
# what tells the time or the machine, so that it differs from run to run
OF_THE_RUN = ("pipeline_info/", ".run.json", ".html")


class Run(NamedTuple):
    """A finished run of the pipeline."""

    folder: Path
    returncode: int
    said: str

    @property
    def results(self) -> dict[str, bytes]:
        """Return what must not depend on where it was computed: the files' content by their name."""
        top = self.folder / "results"
        files = {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        return {
            name: content for name, content in files.items() if not any(part in name for part in OF_THE_RUN)
        }

    @property
    def tasks(self) -> list[dict[str, str]]:
        """Return the rows of the trace."""
        *_, trace = sorted((self.folder / "results" / "pipeline_info").glob("trace_*.tsv"))
        with trace.open(newline="") as table:
            return list(csv.DictReader(table, delimiter="\t"))

    def work(self, task: dict[str, str]) -> Path:
        """Return the folder of a task of the trace."""
        (folder,) = (self.folder / "work").glob(f"{task['hash']}*")
        return folder


def samplesheet(folder: Path) -> Path:
    """Write the test profile's analyses without training: the image without torch cannot train."""
    shutil.copytree(DEMO, folder / "demo")
    sheet = folder / "demo" / "sheet.csv"
    with (DEMO / "samplesheet_test.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if not row["train_regions"]]
    assert rows
    with sheet.open("w", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return sheet


def run(
    folder: Path,
    profiles: str,
    *arguments: str,
    configuration: str = "",
    sheet: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Run:
    """Run the test profile's analyses without training, or a sheet's, with more profiles and settings."""
    (folder / "more.config").write_text(configuration)
    program = shutil.which("nextflow") or str(REPOSITORY / "tools" / "nextflow" / "nextflow")
    given = ["-profile", profiles, "--input", str(sheet or samplesheet(folder)), "--outdir", "results"]
    done = subprocess.run(
        [program, "run", str(REPOSITORY / "main.nf"), "-c", "more.config", *given, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    return Run(folder, done.returncode, done.stdout + done.stderr)
