"""The pipeline on a real Nextflow: the demo locus, scattered and merged, against the command run by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
RESULTS = ("bw", "calls.bed.gz", "calls.bed.gz.tbi", "scanned.bed")

pytestmark = [pytest.mark.nextflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    if shutil.which("java") is None:
        pytest.fail("Java is missing: the pipeline cannot be tested (Java 17 and Maven are needed)")
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NXF_ANSI_LOG": "false",
    }


def nextflow(*arguments: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = shutil.which("nextflow") or str(REPOSITORY / "tools" / "nextflow" / "nextflow")
    return subprocess.run(
        [program, "-q", "run", str(REPOSITORY / "main.nf"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )


def test_shards_through_nextflow_give_the_bytes_of_one_run(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    regions = tmp_path / "regions.bed"
    regions.write_text("chr16\t100000\t112000\nchr16\t170000\t190000\n")
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"sample,genome,regions,model\nlocus,{DEMO / 'alpha-globin.fa.gz'},regions.bed,\n")

    done = nextflow(
        "-profile",
        "test",
        "--input",
        str(sheet),
        "--outdir",
        str(tmp_path / "out"),
        folder=tmp_path,
        environment=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    alone = [
        sys.executable,
        str(REPOSITORY / "bin" / "predict"),
        "--genome",
        str(DEMO / "alpha-globin.fa.gz"),
    ]
    alone += ["--regions", str(regions), "--backend", "onnx", "--precision", "float32", "--device", "cpu"]
    alone += ["--threshold", "strict"]
    subprocess.run(
        [*alone, "--output-prefix", str(tmp_path / "alone"), "--threads", "1"], check=True, timeout=600
    )
    for name in RESULTS:
        assert (tmp_path / "out" / "scan" / f"locus.{name}").read_bytes() == (
            tmp_path / f"alone.{name}"
        ).read_bytes(), name

    versions = (tmp_path / "out" / "pipeline_info" / "software_versions.tsv").read_text()
    assert "PREDICT_MERGE\tdnabert-enhancer\t" in versions


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("sample,genome\n../evil,x.fa\n", "sample '../evil'"),
        ("sample,genome\ngood,\n", "the column genome is empty"),
        ("sample,genome\ngood,missing.fa\n", "missing.fa"),
    ],
)
def test_a_wrong_samplesheet_is_named_before_anything_runs(
    sheet: str, said: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "sheet.csv").write_text(sheet)
    done = nextflow("--input", str(tmp_path / "sheet.csv"), folder=tmp_path, environment=environment)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert not (tmp_path / "results" / "scan").exists()
