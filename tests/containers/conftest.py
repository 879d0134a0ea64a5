"""The engines of this folder are started by tests/containers/run: without it its tests are not collected."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
STARTED = "DNABERT_ENHANCER_ENGINES"
# no account of this number exists in the image or here, as on a cluster
STRANGER = "43210:43210"

collect_ignore_glob = [] if STARTED in os.environ else ["test_*.py"]
sys.path.append(str(Path(__file__).parent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "containers: real container engines; started by tests/containers/run")


@dataclasses.dataclass(frozen=True)
class Engine:
    """A container engine and the image under test in it."""

    name: str
    image: str

    def run(
        self, *command: str, user: str | None = STRANGER, folders: Sequence[str] = (), fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the image: nothing but /tmp and the given folders can be written, no network."""
        options = ["--rm", "--read-only", "--tmpfs", "/tmp", "--network", "none"]
        options += ["--user", user] if user else []
        for folder in folders:
            options += ["--volume", folder]
        done = subprocess.run(
            [self.name, "run", *options, self.image, *command], capture_output=True, text=True, timeout=600
        )
        assert fails or done.returncode == 0, f"{self.name}: {command}\n{done.stdout}{done.stderr}"
        return done

    def inspect(self, template: str) -> str:
        """Return what the engine knows of the image."""
        return subprocess.run(
            [self.name, "image", "inspect", "--format", template, self.image],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()


@pytest.fixture(scope="session")
def version() -> str:
    """Return the library's version as its source says it."""
    text = (REPOSITORY / "src" / "dnabert_enhancer" / "__init__.py").read_text()
    found = re.search(r'__version__ = "(.+)"', text)
    assert found
    return found[1]


@pytest.fixture(scope="session", params=["docker", "podman"])
def engine(request: pytest.FixtureRequest, version: str) -> Engine:
    assert shutil.which(request.param), f"{request.param} is missing: start this through tests/containers/run"
    return Engine(request.param, f"dnabert-enhancer:{version}")


@pytest.fixture(scope="session")
def docker(version: str) -> Engine:
    return Engine("docker", f"dnabert-enhancer:{version}")


@pytest.fixture
def anyones(tmp_path: Path) -> Path:
    """Return a folder in which a user of any number can write."""
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(0o777)
    return folder
