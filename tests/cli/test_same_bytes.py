"""Two runs of a command on one machine give the same bytes (the engine, the cache, every command's writers).

Threads, batch size, home, cache, locale, time zone, hash seed and folder of the process differ between the
runs; the scan is also run with a cache that is made, and one that is damaged. Records of runs (`*.json`) are
compared without what tells of these.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
GALAXY = REPOSITORY / "galaxy_tools" / "test-data"
PROGRAM = "from dnabert_enhancer.commands.cli import main; main()"
ENGINE = "--device cpu --threads {threads} --batch-size {batch}"
VOLATILE = {
    "seconds",
    "training_seconds",
    "sequences_per_second",
    "started",
    "time",
    "versions",
    "command_line",
    "arguments",
    "engine",
    "threads",
    "jobs",
}
COMMANDS = {
    "scan": (
        "predict --genome {inputs}/genome.fa.gz --regions {demo}/textbook-enhancers.bed --null-fraction 0.5 "
        "--windows --bedgraph {engine} --output-prefix {out}/scan",
    ),
    "sequences": (
        "predict --fasta {galaxy}/enhancers.fa --windows {engine} --embeddings {out}/embeddings.npz "
        "--pooling mean --output-prefix {out}/fasta",
    ),
    "torch": (
        "predict --fasta {galaxy}/enhancers.fa --backend torch --precision bfloat16 {engine} "
        "--output-prefix {out}/fasta",
    ),
    "variants": (
        "score-variants --vcf {demo}/variants.vcf --genome {inputs}/genome.fa.gz --offsets 3 "
        "--null-variants 100 --motifs {galaxy}/motifs.meme --tf TF0=default:gue_tf0 "
        "--annotate pELS={demo}/ccre-pels.bed {engine} --output-prefix {out}/variants",
    ),
    "dataset and evaluation": (
        "make-dataset --regions {demo}/ccre-pels.bed --genome {inputs}/genome.fa.gz --split-by block "
        "--block-size 20000 --allow-fewer --output-dir {out}/data",
        "evaluate --dataset {out}/data --baselines ridge RF --bootstrap 100 --jobs {threads} {engine} "
        "--output-prefix {out}/judged",
    ),
    "comparison": (
        "compare-db --calls {demo}/ccre-pels.bed --assembly hg38 "
        "--genome-sizes {demo}/alpha-globin.fa.gz.fai --permutations 100 "
        "--database FANTOM5={demo}/fantom5-enhancers.bed,preset=fantom5 "
        "--threads {threads} --output-prefix {out}/compared",
    ),
}
# a training adds up in an order that depends on its number of threads
TRAINING = (
    "finetune --dataset {galaxy} --base-model new:tiny --epochs 1 --batch-size 8 --threads 2 "
    "--device cpu --precision float32 --output-dir {out}/model",
)


def command_lines(commands: tuple[str, ...], inputs: Path, out: Path, threads: int) -> list[list[str]]:
    places = {"inputs": inputs, "demo": DEMO, "galaxy": GALAXY, "out": out, "threads": threads}
    engine = ENGINE.format(threads=threads, batch=7 * threads)
    return [command.format(engine=engine, **places).split() for command in commands]


def run(
    commands: tuple[str, ...], inputs: Path, out: Path, threads: int, **environment: str
) -> dict[str, Any]:
    """Run commands in a folder and return their outputs by name."""
    cleared = {"HOME", "XDG_CACHE_HOME", "DNABERT_ENHANCER_CACHE", "OMP_NUM_THREADS"}
    kept = {name: value for name, value in os.environ.items() if name not in cleared}
    out.mkdir()
    for line in command_lines(commands, inputs, out, threads):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *line],
            env=kept | environment,
            cwd=out,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return outputs_of(out)


def outputs_of(folder: Path) -> dict[str, Any]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith("logs/"):
            found[name] = path.read_bytes()
            if path.suffix == ".json":
                text = path.read_text(encoding="utf-8").replace(str(folder), "OUT")
                found[name] = without(json.loads(text), VOLATILE)
    return found


def without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: without(item, names) for name, item in value.items() if name not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def damage(cache: Path) -> None:
    """Cut every file of a cache in half, and change what is left."""
    for path in cache.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            path.write_bytes(bytes(255 - byte for byte in content[: len(content) // 2]))


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Return a folder that nobody may write, with a genome that must be packed anew into the cache."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    with gzip.open(DEMO / "alpha-globin.fa.gz") as source, gzip.open(folder / "genome.fa.gz", "wb") as copy:
        shutil.copyfileobj(source, copy)
    folder.chmod(0o555)
    return folder


OTHER = {"LC_ALL": "C", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "4711"}


def plain_environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of first runs; the cache is empty before."""
    places = {"HOME": str(tmp_path / "home"), "DNABERT_ENHANCER_CACHE": str(tmp_path / "cache")}
    return places | {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def environment_without_cache(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a HOME in which nothing can be kept."""
    (tmp_path / "file").write_text("no folder")
    threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    return {"HOME": str(tmp_path / "file"), "PYTHONHASHSEED": "random"} | threads


def different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


@pytest.mark.slow(seconds=20)
@pytest.mark.parametrize("job", COMMANDS)
def test_a_command_gives_the_same_bytes_again(job: str, tmp_path: Path, inputs: Path) -> None:
    """With everything different at once, and no cache the second time."""
    if job == "torch":
        pytest.importorskip("torch")
    first = run(COMMANDS[job], inputs, tmp_path / "first", 1, **plain_environment(tmp_path))
    again = run(COMMANDS[job], inputs, tmp_path / "again", 2, **OTHER | environment_without_cache(tmp_path))
    assert first
    assert different(first, again) == []


@pytest.mark.slow
def test_a_cache_that_is_there_or_damaged_changes_nothing(tmp_path: Path, inputs: Path) -> None:
    """The scan reads what is kept in the cache: the genome as packed letters."""
    plain = plain_environment(tmp_path)
    first = run(COMMANDS["scan"], inputs, tmp_path / "first", 1, **plain)
    assert any(path.is_file() for path in (tmp_path / "cache").rglob("*"))
    assert different(first, run(COMMANDS["scan"], inputs, tmp_path / "cached", 3, **plain | OTHER)) == []
    damage(tmp_path / "cache")
    assert different(first, run(COMMANDS["scan"], inputs, tmp_path / "damaged", 2, **plain)) == []


@pytest.mark.slow(seconds=40)
def test_a_training_gives_the_same_model_again(tmp_path: Path, inputs: Path) -> None:
    pytest.importorskip("torch")
    first = run(TRAINING, inputs, tmp_path / "first", 1, **plain_environment(tmp_path))
    again = run(TRAINING, inputs, tmp_path / "again", 2, **OTHER | environment_without_cache(tmp_path))
    assert "model/model.safetensors" in first
    assert different(first, again) == []
