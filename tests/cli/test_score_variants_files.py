"""`score-variants` on real and on ugly VCF files, with an engine that answers at once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine import Engine, Predictions
from dnabert_enhancer.model import new_model, write_model

pytestmark = [pytest.mark.slow, pytest.mark.data]
CHR20 = "reference/hg19_chr20_partial_fulllength.fa.gz"


def instant_predictions(_: Engine, windows: NDArray[np.uint8]) -> Predictions:
    """Return the share of A less that of C as the logit."""
    logit = ((windows == 0).mean(axis=1) - (windows == 1).mean(axis=1)).astype(np.float32)
    probability = (1 / (1 + np.exp(-logit.astype(np.float64)))).astype(np.float32)
    return Predictions(logit, probability, np.stack([-logit, logit], axis=1))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    write_model(folder, new_model("tiny", window_length=200, seed=5))
    return folder


@pytest.fixture(autouse=True)
def _instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "predict", instant_predictions)
    monkeypatch.setattr(Engine, "description", lambda _: {"backend": "instant"})


def run(vcf: Path, genome: Path, model: Path, prefix: Path, *more: str) -> int:
    options = ["--vcf", vcf, "--genome", genome, "--model", model, "--null-variants", 0, "--quiet", *more]
    with pytest.raises(SystemExit) as stopped:
        cli.main(["score-variants", *map(str, options), "--output-prefix", str(prefix)])
    return int(stopped.value.code or 0)


def counts(prefix: Path) -> tuple[dict[str, int], dict[str, int]]:
    record = json.loads(Path(f"{prefix}.run.json").read_text())
    return record["counts"], record["skipped"]


def test_all_records_of_1000_genomes_come_out(shared_data: Path, model: Path, tmp_path: Path) -> None:
    vcf = shared_data / "variants/1000G_b37_chr20_1-2Mb.vcf.gz"
    assert run(vcf, shared_data / CHR20, model, tmp_path / "out") == 0
    found, skipped = counts(tmp_path / "out")
    assert (found["records"], found["alleles"], found["scored"]) == (28_998, 29_144, 29_120)
    assert skipped == {"symbolic": 24}
    given, written = (
        [line.split(b"\t") for line in gzip.decompress(path.read_bytes()).splitlines() if line[:1] != b"#"]
        for path in (vcf, tmp_path / "out.vcf.gz")
    )
    assert [line[:7] for line in given] == [line[:7] for line in written]
    assert all(new[7].startswith(old[7]) for old, new in zip(given, written, strict=True))
    assert (tmp_path / "out.vcf.gz.tbi").exists()


def test_wrong_references_are_all_flagged(shared_data: Path, model: Path, tmp_path: Path) -> None:
    vcf = shared_data / "variants/dbsnp.b37.chr20.small_BADREF.vcf.gz"
    assert run(vcf, shared_data / CHR20, model, tmp_path / "out") == 2
    assert run(vcf, shared_data / CHR20, model, tmp_path / "out", "--allow-mismatches") == 0
    found, skipped = counts(tmp_path / "out")
    assert found["records"] == 5000
    assert skipped["ref_mismatch"] == 2660


def test_an_indel_scores_the_same_normalised_or_not(shared_data: Path, model: Path, tmp_path: Path) -> None:
    scores = []
    for name in ("01_IN", "01_OUT"):
        vcf = shared_data / f"ugly/vt_normalize/{name}.vcf"
        assert run(vcf, shared_data / CHR20, model, tmp_path / name) == 0
        table = gzip.decompress((tmp_path / f"{name}.tsv.gz").read_bytes()).decode()
        rows = [line.split("\t") for line in table.splitlines()]
        place = rows[0].index("LogitDifference")
        scores.append(sorted(row[place] for row in rows[1:] if row[place] != "NA"))
    assert len(scores[0]) == 21
    assert scores[0] == scores[1]


@pytest.mark.parametrize("version", ["4.1", "4.2", "4.3"])
def test_what_hts_specs_passes_runs_and_what_it_fails_is_named(
    shared_data: Path,
    model: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    version: str,
) -> None:
    folder = shared_data / "ugly/hts-specs_vcf" / version
    lines = (line for path in folder.glob("*/*.vcf") for line in path.read_bytes().splitlines())
    contigs = {line.split()[0].decode("latin-1") for line in lines if line.strip() and line[:1] != b"#"}
    genome = tmp_path / "genome.fa"
    genome.write_text("".join(f">{name}\n{'ACGT' * 30}\n" for name in sorted(contigs)))
    anything = ("--allow-mismatches", "--allow-empty")
    for path in sorted(folder.glob("passed/*.vcf")):
        assert run(path, genome, model, tmp_path / "out", "--check", *anything) == 0, path
    for path in sorted(folder.glob("failed/*.vcf")):
        caplog.clear()
        code = run(path, genome, model, tmp_path / "out", "--check")
        said = capsys.readouterr().err.splitlines()
        named = [line for line in said if str(path) in line]
        if code:
            assert (code, len(named), len(said)) == (2, 1, 1), path
        else:
            assert any(str(path) in record.getMessage() for record in caplog.records), path
