"""Every command of bin/ in the image: its version, and a real run by a user without account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
COMMANDS = sorted(path.name for path in (REPOSITORY / "bin").iterdir())
LOCUS = "--genome /demo/alpha-globin.fa.gz"
DATASET = (
    f"make-dataset --regions /demo/ccre-pels.bed {LOCUS} --output-dir data"
    " --split-by block --block-size 20000 --allow-fewer"
)
# a new command needs a run here
RUNS = {
    "check": ("echo '[]' > planned.json && check planned.json --json > faults.json", ["faults.json"]),
    "compare-db": (
        "compare-db --calls /demo/ccre-pels.bed --assembly hg38 --genome-sizes /demo/alpha-globin.fa.gz.fai"
        " --database FANTOM5=/demo/fantom5-enhancers.bed,preset=fantom5"
        " --permutations 100 --output-prefix out",
        ["out.summary.tsv", "out.per_call.tsv.gz", "out.run.json"],
    ),
    "doctor": ("doctor --json > doctor.json", ["doctor.json"]),
    "evaluate": (
        f"{DATASET} && evaluate --dataset data --bootstrap 100 --output-prefix out",
        ["out.metrics.tsv", "out.roc.png", "out.run.json"],
    ),
    "index-genome": (
        f"index-genome {LOCUS} --output-dir indexed",
        ["indexed/genome.fa.gz", "indexed/genome.fa.gz.gzi"],
    ),
    "interpret": (
        f"interpret {LOCUS} --vcf /demo/variants.vcf --flank 0 --logos 1 --output-prefix out",
        ["out.variants.tsv", "out.variant-1.png", "out.run.json"],
    ),
    "make-dataset": (DATASET, ["data/train.tsv.gz", "data/dataset.json"]),
    "models": ("models list enhancer > models.txt", ["models.txt"]),
    "predict": (
        f"predict {LOCUS} --regions /demo/textbook-enhancers.bed --output-prefix out",
        ["out.bw", "out.calls.bed.gz.tbi", "out.run.json"],
    ),
    "report": (
        "compare-db --calls /demo/ccre-pels.bed --assembly hg38 --genome-sizes /demo/alpha-globin.fa.gz.fai"
        " --database FANTOM5=/demo/fantom5-enhancers.bed,preset=fantom5 --permutations 20"
        " --output-prefix runs/out && report runs --output page.html",
        ["page.html"],
    ),
    "score-variants": (
        f"score-variants --vcf /demo/variants.vcf {LOCUS} --offsets 1 --null-variants 100"
        " --output-prefix out",
        ["out.vcf.gz", "out.tsv.gz", "out.run.json"],
    ),
    "tokenize": (
        f"tokenize --input /demo/textbook-enhancers.bed {LOCUS} --k 6 --output out.tsv.gz",
        ["out.tsv.gz"],
    ),
}
CONFIG = json.dumps(
    {
        "model_type": "bert",
        "vocab_size": 69,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
        "max_position_embeddings": 64,
    }
)
# what the small image answers with one line that names what is missing
NEEDS_TORCH = {
    "finetune": f"{DATASET} && finetune --dataset data --base-model new:tiny --output-dir model",
    "tune": f"{DATASET} && tune --dataset data --base-model new:tiny --output-dir model",
    # safetensors are imported without it
    "import-model": f"mkdir old && echo '{CONFIG}' > old/config.json && echo pickled > old/pytorch_model.bin"
    " && import-model old --k 3 --window-length 50 --output-dir model",
}

pytestmark = pytest.mark.containers


def test_every_command_is_on_each_engines_path_and_says_the_librarys_version(
    engine: Any, version: str
) -> None:
    said = engine.run("bash", "-c", f"for name in {' '.join(COMMANDS)}; do $name --version || exit; done")
    assert said.stdout.splitlines() == [f"dnabert-enhancer {version}"] * len(COMMANDS)


def test_every_command_has_a_real_run_here() -> None:
    assert set(COMMANDS) == set(RUNS) | set(NEEDS_TORCH)


@pytest.mark.parametrize("command", sorted(RUNS))
def test_the_command_does_its_work(command: str, docker: Any, anyones: Path) -> None:
    script, files = RUNS[command]
    folders = [f"{REPOSITORY / 'assets' / 'demo'}:/demo:ro", f"{anyones}:/work"]
    docker.run("bash", "-c", f"cd /work && {script}", folders=folders)
    for name in files:
        written = anyones / name
        assert written.stat().st_size > 0, name
        assert written.stat().st_uid == 43210, name
    for record in anyones.glob("*.run.json"):
        assert json.loads(record.read_text())["command"] == command


def says_what_to_take(docker: Any, folder: Path, script: str, words: str, output: str) -> None:
    """Check that a script ends for want of a package, in one line with these words, and leaves no output."""
    folders = [f"{REPOSITORY / 'assets' / 'demo'}:/demo:ro", f"{folder}:/work"]
    done = docker.run("bash", "-c", f"cd /work && {script}", folders=folders, fails=True)
    assert done.returncode == 3
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (folder / output).exists()


def test_without_pyarrow_tokenize_says_what_to_take(docker: Any, anyones: Path) -> None:
    script = f"tokenize --input /demo/textbook-enhancers.bed {LOCUS} --k 6 --output out.parquet"
    says_what_to_take(docker, anyones, script, "write the table (.tsv.gz)", "out.parquet")


@pytest.mark.parametrize("command", sorted(NEEDS_TORCH))
def test_without_torch_the_command_says_what_to_take(command: str, docker: Any, anyones: Path) -> None:
    says_what_to_take(docker, anyones, NEEDS_TORCH[command], "[train]", "model")
