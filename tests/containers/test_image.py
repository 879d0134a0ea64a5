"""What the CPU image is: its size, its user, what is inside and what is not, and the list of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT = 600_000_000
CACHES = {"HOME", "HF_HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME"}
COMPILERS = "cc gcc g++ c++ clang cpp as ld make cmake rustc cargo go pip pip3 uv"

pytestmark = pytest.mark.containers


def locked(lock: str) -> dict[str, str]:
    """Return the versions that a requirements file pins for the image's Python 3.11 on Linux."""
    environment = {
        "python_version": "3.11",
        "python_full_version": "3.11.2",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    pins = {}
    for line in (REPOSITORY / "requirements" / lock).read_text().splitlines():
        if not line.strip() or line.startswith(("#", " ")):
            continue
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            pins[canonical(requirement.name)] = pin.version
    return pins


def canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


@pytest.fixture(scope="module")
def sbom(docker: Any) -> dict[str, Any]:
    path = docker.inspect('{{index .Config.Labels "dnabert-enhancer.sbom"}}')
    document: dict[str, Any] = json.loads(docker.run("cat", path).stdout)
    return document


@pytest.fixture(scope="module")
def installed(docker: Any) -> dict[str, str]:
    """Return the Python packages that the image's own interpreter finds."""
    code = (
        "import importlib.metadata, json;"
        " print(json.dumps([(one.name, one.version) for one in importlib.metadata.distributions()]))"
    )
    return {
        canonical(name): version for name, version in json.loads(docker.run("python3", "-c", code).stdout)
    }


def test_the_image_is_small(docker: Any) -> None:
    size = int(docker.inspect("{{.Size}}"))
    print(f"image: {size / 1e6:.0f} MB of at most {LIMIT / 1e6:.0f} MB")
    assert size < LIMIT


def test_the_default_user_is_no_root_and_any_other_user_works_too(engine: Any) -> None:
    assert engine.run("id", "-u", user=None).stdout.strip() == "10001"
    assert engine.run("id", "-u").stdout.strip() == "43210"


def test_no_compiler_and_no_installer_is_left_inside(engine: Any) -> None:
    found = engine.run("bash", "-c", f"for name in {COMPILERS}; do command -v $name; done; true").stdout
    assert found == ""
    packages = engine.run("dpkg-query", "--show", "--showformat", "${Package}\n").stdout.split()
    assert "procps" in packages  # the list is one
    assert not [
        name
        for name in packages
        if name.startswith(("gcc-1", "g++", "binutils", "build-ess")) and name != "gcc-12-base"
    ]


def test_nextflow_finds_bash_and_ps(engine: Any) -> None:
    assert "bash" in engine.run("bash", "-c", "ps -o comm= -p $$; true").stdout


def test_only_tmp_can_be_written_and_all_caches_are_there(engine: Any) -> None:
    refused = engine.run(
        "bash",
        "-c",
        "for top in / /opt/dnabert-enhancer /usr /home; do touch $top/x 2>/dev/null && echo $top; done; true",
    )
    assert refused.stdout == ""
    for name in CACHES:
        done = engine.run("bash", "-c", f'mkdir -p "${name}" && touch "${name}/x" && echo "${name}"')
        assert done.stdout.startswith("/tmp"), name


def test_the_image_says_what_it_is_and_starts_nothing_by_itself(docker: Any, version: str) -> None:
    labels = json.loads(docker.inspect("{{json .Config.Labels}}"))
    assert labels["org.opencontainers.image.version"] == version
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.title"] == "dnabert-enhancer"
    configuration = json.loads(docker.inspect("{{json .Config}}"))
    assert not configuration.get("Healthcheck")
    assert not configuration.get("Entrypoint")
    assert not configuration.get("Volumes")
    assert not configuration.get("ExposedPorts")


def test_every_python_package_has_the_version_of_the_lock(installed: dict[str, str], version: str) -> None:
    assert installed == locked("core.txt") | {"dnabert-enhancer": version}


def test_the_list_names_every_package_that_is_inside(
    docker: Any, sbom: dict[str, Any], installed: dict[str, str], version: str
) -> None:
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom["metadata"]["component"]["version"] == version
    listed: dict[str, set[tuple[str, str]]] = {"pypi": set(), "deb": set()}
    for component in sbom["components"]:
        kind = component["purl"].removeprefix("pkg:").split("/")[0]
        name = canonical(component["name"]) if kind == "pypi" else component["name"]
        listed[kind].add((name, component["version"]))
    assert listed["pypi"] == set(installed.items())
    debian = docker.run(
        "dpkg-query", "--show", "--showformat", "${db:Status-Status}\t${Package}\t${Version}\n"
    ).stdout
    rows = [line.split("\t") for line in debian.splitlines()]
    assert listed["deb"] == {(name, number) for status, name, number in rows if status == "installed"}


def test_nothing_of_the_checkout_but_the_library_and_its_commands_is_inside(docker: Any) -> None:
    tracked = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "bin"], capture_output=True, text=True, check=True
    )
    commands = {Path(line).name for line in tracked.stdout.splitlines()}
    inside = set(docker.run("ls", "/opt/dnabert-enhancer/bin").stdout.split())
    assert commands <= inside
    assert docker.run("bash", "-c", "ls -d /build /root/.cache /tmp/* 2>/dev/null; true").stdout == ""


def test_the_packaged_model_is_the_checkouts(docker: Any) -> None:
    here = REPOSITORY / "src" / "dnabert_enhancer" / "model" / "default"
    code = "import dnabert_enhancer.model as m; print(m.__path__[0])"
    folder = docker.run("python3", "-c", code).stdout.strip() + "/default"
    sums = docker.run("bash", "-c", f"cd {folder} && sha256sum *").stdout
    expected = subprocess.run(
        ["bash", "-c", "sha256sum *"], cwd=here, capture_output=True, text=True, check=True
    ).stdout
    assert sums == expected
