"""The image with torch: a real builder reads its file, its lock resolves; with CONTAINER_GPU=1 it trains."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_commands import DATASET, LOCUS
from test_image import canonical, locked

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILE = REPOSITORY / "containers" / "Dockerfile.gpu"
EXTRAS = ("train", "parquet")
STATE = Path(os.environ.get("DNABERT_ENHANCER_ENGINES", "/nowhere"))

pytestmark = pytest.mark.containers


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the builder that tests/containers/run uses."""
    script = f". {REPOSITORY / 'tests' / 'containers' / 'engines.sh'} && docker_build " + " ".join(arguments)
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=600)


def test_the_builder_reads_the_file_to_its_end(tmp_path: Path) -> None:
    """A builder reads all stages before it builds one: that it misses a stage shows that it came so far."""
    done = build("-f", str(DOCKERFILE), "--target", "no-such-stage", str(REPOSITORY))
    assert "no-such-stage could not be found" in done.stderr, done.stderr

    broken = tmp_path / "Dockerfile.gpu"
    broken.write_text(DOCKERFILE.read_text() + "\nINSTALL torch\n")
    done = build("-f", str(broken), "--target", "no-such-stage", str(REPOSITORY))
    assert "unknown instruction: INSTALL" in done.stderr, done.stderr


def test_both_images_are_made_in_the_same_way() -> None:
    """All that differs is what makes one small and the other able to train."""
    lines = {
        name: (REPOSITORY / "containers" / name).read_text().split("FROM ", 1)[1].splitlines()
        for name in ("Dockerfile", "Dockerfile.gpu")
    }
    unshared = set(lines["Dockerfile"]) ^ set(lines["Dockerfile.gpu"])
    words = (
        "#",
        "requirements",
        "dependencies",
        "COPY containers/install.sh",
        "python3-venv",
        "description",
        "NVIDIA",
        "NOUSERSITE",
    )
    assert not [line for line in unshared if not any(word in line for word in words)]


def test_the_build_asks_for_the_extras_that_are_tried_here() -> None:
    assert f"install.sh dependencies {' '.join(EXTRAS)}\n" in DOCKERFILE.read_text()


def test_its_python_packages_resolve_from_the_lock_for_the_images_python() -> None:
    lock = REPOSITORY / "requirements" / "all.txt"
    sources = [lock, REPOSITORY / "pyproject.toml", REPOSITORY / "containers" / "install.sh"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    report = STATE / f"torch-plan-{'-'.join(EXTRAS)}-{digest}.json"
    if report.exists():
        print(f"resolved before, from the same files (digest {digest})")
    else:
        mounts = [f"{lock}:/build/requirements/lock.txt:ro"]
        mounts += [f"{path}:/build/{path.relative_to(REPOSITORY)}:ro" for path in sources[1:]]
        options = [word for mount in mounts for word in ("--volume", mount)]
        step = [
            "docker",
            "run",
            "--rm",
            *options,
            "dnabert-enhancer:build",
            "containers/install.sh",
            "plan",
            *EXTRAS,
        ]
        done = subprocess.run(step, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        report.write_text(done.stdout)
    planned = {
        canonical(item["metadata"]["name"]): item["metadata"]["version"]
        for item in json.loads(report.read_text())["install"]
    }
    pins = locked("all.txt")
    assert planned == {name: pins[name] for name in planned}
    assert {"torch", "transformers", "accelerate", "peft", "onnx", "onnxruntime", "pyarrow"} <= set(planned)
    assert [name for name in planned if name.startswith("nvidia-")], "torch came without its CUDA libraries"


@pytest.mark.skipif(
    os.environ.get("CONTAINER_GPU") != "1", reason="CONTAINER_GPU=1 builds the image with torch"
)
def test_it_trains_on_the_processor_and_the_model_predicts_in_the_small_image(
    docker: Any, version: str, anyones: Path
) -> None:
    torch_image = type(docker)("docker", f"dnabert-enhancer:{version}-torch")
    folders = [f"{REPOSITORY / 'assets' / 'demo'}:/demo:ro", f"{anyones}:/work"]
    train = "finetune --dataset data --base-model default --epochs 1 --device cpu --output-dir model"
    torch_image.run("bash", "-c", f"cd /work && {DATASET} && {train}", folders=folders)
    scan = f"predict --model model {LOCUS} --regions /demo/textbook-enhancers.bed --output-prefix out"
    docker.run("bash", "-c", f"cd /work && {scan}", folders=folders)
    assert json.loads((anyones / "out.run.json").read_text())["command"] == "predict"
