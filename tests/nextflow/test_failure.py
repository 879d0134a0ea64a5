"""A run that fails says which sample, which command, and how to go on; wrong files fail early."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=30)]

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"


def closing_lines(said: str) -> list[str]:
    lines = said.splitlines()
    return lines[next(n for n, line in enumerate(lines) if line.startswith("Failed: ")) :]


def test_a_genome_that_is_none_stops_the_run_at_once(tmp_path: Path, pipeline: Callable) -> None:
    (tmp_path / "protein.fa").write_text(">p\nMKTAYIAKQR\n")
    (tmp_path / "s.csv").write_text("sample,genome,scan_regions\na,protein.fa,all\n")
    done = pipeline("--input", "s.csv")
    assert done.returncode != 0
    assert "protein.fa, line 2: this looks like protein" in done.said
    assert done.said.count("Submitted process") == 1
    failed, command, folder, resume = closing_lines(done.said)
    assert failed == "Failed: INDEX_GENOME, protein.fa"
    assert command == "Command: index-genome --genome given/protein.fa --output-dir genome"
    assert (Path(folder.split()[2]) / ".command.err").is_file()
    assert resume.endswith("main.nf --input s.csv -resume")


def test_what_was_finished_before_a_fault_is_not_done_again(tmp_path: Path, pipeline: Callable) -> None:
    shutil.copyfile(DEMO / "alpha-globin.fa.gz", tmp_path / "g.fa.gz")
    (tmp_path / "r.bed").write_text("chr16\t113000\t114000\n")
    (tmp_path / "v.vcf").write_text("this is no VCF\n")
    (tmp_path / "s.csv").write_text("sample,genome,scan_regions,vcf\nlocus,g.fa.gz,r.bed,v.vcf\n")
    first = pipeline("-profile", "test", "--input", "s.csv", "--shards", "1", "--skip_report")
    assert first.returncode != 0
    failed, command, *_ = closing_lines(first.said)
    assert failed == "Failed: VARIANTS:CUT_VARIANTS, sample locus"
    assert command.startswith(
        "Command: score-variants --vcf vcf/v.vcf --genome genome/genome.fa.gz --cut 1 --most-parts 1"
    )
    shutil.copyfile(DEMO / "variants.vcf", tmp_path / "v.vcf")
    second = pipeline("-profile", "test", "--input", "s.csv", "--shards", "1", "--skip_report", "-resume")
    assert second.returncode == 0, second.said
    for task in ("INDEX_GENOME (g.fa.gz)", "SCAN:PREDICT (locus:1/1)"):
        assert f"Cached process > {task}" in second.said
