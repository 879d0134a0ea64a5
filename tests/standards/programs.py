"""The standards' own programs, in an environment of their own; as a program it only installs them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def environment() -> Path:
    """Return the folder of the programs, after installing what is missing."""
    listed = HERE / "requirements.txt"
    key = hashlib.sha256(listed.read_bytes() + "{}.{}".format(*sys.version_info).encode()).hexdigest()[:12]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    venv = base / "dnabert-enhancer-standards" / f"venv-{key}"
    if not (venv / "complete").exists():
        print(f"installing the standards' programs into {venv}", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", "-r", str(listed)], check=True)
        (venv / "complete").touch()
    return venv / "bin"


if __name__ == "__main__":
    environment()
