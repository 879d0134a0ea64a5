"""What the Galaxy tests need and the project does not: Galaxy, its viewer, planemo, a browser, its driver."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PLAYWRIGHT = "playwright-core@1.65.1"
AXE = "axe-core@4.14.1"
VIEWERS = {"igv": "@galaxyproject/igv@0.0.25"}
"""Galaxy's visualisations by id, at the version of its client/visualizations.yml; PyPI's Galaxy has none."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Installation(NamedTuple):
    """Where things are; no browser where none could be had."""

    venv: Path
    node_modules: Path
    browser: str
    viewers: dict[str, Path]


def installation() -> Installation:
    """Return what is installed in the cache folder, after installing what is missing.

    Raises
    ------
    SystemExit
        With the reason, where something can't be installed here.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(base) / "dnabert-enhancer-galaxy"
    viewers = {name: _node_package(cache, package) for name, package in VIEWERS.items()}
    return Installation(_venv(cache), _node_package(cache, PLAYWRIGHT).parent, _browser(), viewers)


def browser_driver_and_axe() -> tuple[str, Path, Path]:
    """Return Chromium, the folder of Node packages that drive it, axe-core; installs what is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(base) / "dnabert-enhancer-galaxy"
    return _browser(), _node_package(cache, PLAYWRIGHT).parent, _node_package(cache, AXE)


def node_packages(*packages: str) -> list[Path]:
    """Return a folder of modules for each npm package (NAME@VERSION), after installing what is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnabert-enhancer-galaxy"
    found = [_node_package(cache, package) for package in packages]
    return [next(up for up in path.parents if up.name == "node_modules") for path in found]


def _venv(cache: Path) -> Path:
    """Return an environment that is made anew when the list of its packages changes."""
    listed = HERE / "requirements.txt"
    version = "{}.{}".format(*sys.version_info)
    key = hashlib.sha256(listed.read_bytes() + version.encode()).hexdigest()[:12]
    venv = cache / f"venv-{key}"
    if not (venv / "complete").exists():
        print(f"installing Galaxy and planemo into {venv}", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(venv)])
        _run([f"{venv}/bin/pip", "install", "--quiet", "uv"])
        environment = {**os.environ, "VIRTUAL_ENV": str(venv)}
        _run([f"{venv}/bin/uv", "pip", "install", "--quiet", "-r", str(listed)], environment)
        (venv / "complete").touch()
    return venv


def _node_package(cache: Path, package: str) -> Path:
    """Return the folder of an npm package, given as NAME@VERSION."""
    folder = cache / package.strip("@").replace("@", "-").replace("/", "-")
    installed = folder / "node_modules" / package.rpartition("@")[0]
    if not installed.is_dir():
        if shutil.which("npm") is None:
            raise SystemExit("the browser test needs Node.js with npm (Debian: apt install nodejs npm)")
        folder.mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--silent", "--no-save", "--prefix", str(folder), package])
    return installed


def _browser() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run(["apt-get", "update", "-qq"], environment)
        _run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"], environment)
        found = shutil.which("chromium")
    if found is None:
        raise SystemExit("the browser test needs Chromium (Debian: apt install chromium)")
    return found


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=environment, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")


if __name__ == "__main__":
    installation()
    browser_driver_and_axe()
