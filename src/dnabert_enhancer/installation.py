"""What is installed beside the library: versions of its packages, extras, programs."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata
from typing import NamedTuple

DISTRIBUTION = "dnabert-enhancer"
RECORDED_PACKAGES = (
    "numpy",
    "pandas",
    "pysam",
    "pyBigWig",
    "onnxruntime",
    "scikit-learn",
    "bioframe",
    "liftover",
    "torch",
    "transformers",
    "modisco-lite",
)
"""Packages whose versions a run notes, since results may depend on them."""
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^;]*(?:;.*extra\s*==\s*[\"']([A-Za-z0-9._-]+)[\"'])?")
_ASKING_SECONDS = 20


def version_of(package: str) -> str | None:
    """Return the installed version of a package, None where it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def package_versions(version: str, packages: Iterable[str] = RECORDED_PACKAGES) -> dict[str, str]:
    """Return the versions that a run notes: our own, as given, Python's, those of the packages there are."""
    found = {name: version_of(name) for name in packages}
    there = {name: number for name, number in found.items() if number is not None}
    return {DISTRIBUTION: version, "python": platform.python_version(), **there}


def packages_of_extras() -> dict[str, list[str]]:
    """Return what each extra asks for, ``""`` for the core; empty where the library is not installed."""
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for requirement in requirements:
        parts = _REQUIREMENT.match(requirement)
        if parts:
            found.setdefault(parts[2] or "", []).append(parts[1])
    return found


class Program(NamedTuple):
    """A program that parts of the suite start or that its messages recommend.

    Attributes
    ----------
    names : tuple of str
        Any of them will do.
    purpose : str
        What it is for.
    remedy : str
        How one gets it.
    asked : tuple of str
        Arguments that print the version; empty where asking is slow.
    """

    names: tuple[str, ...]
    purpose: str
    remedy: str
    asked: tuple[str, ...] = ()


PROGRAMS = (
    Program(("nextflow",), "the pipeline", "see nextflow.io, or tools/nextflow/nextflow in a clone"),
    Program(("java",), "Nextflow", "install a Java runtime, 17 or newer", ("-version",)),
    Program(
        ("docker", "podman", "apptainer", "singularity"),
        "a container profile of the pipeline",
        "install docker, podman or apptainer",
    ),
    Program(("bcftools",), "renaming the contigs of a VCF", "install bcftools", ("--version",)),
)


class FoundProgram(NamedTuple):
    """Where a program is: its name, path, and first version number that it prints (empty: not asked)."""

    name: str
    path: str
    version: str


def find_program(program: Program) -> FoundProgram | None:
    """Return the first of a program's names that is on the path."""
    for name in program.names:
        path = shutil.which(name)
        if path is not None:
            return FoundProgram(name, path, _version(path, program.asked))
    return None


def _version(path: str, asked: tuple[str, ...]) -> str:
    if not asked:
        return ""
    try:
        done = subprocess.run(
            [path, *asked],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASKING_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    number = re.search(r"\d+(?:\.\d+)+|\d+", done.stdout + done.stderr)
    return number[0] if number else ""
