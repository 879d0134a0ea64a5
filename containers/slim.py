"""Take out of an environment what no program of it reads: test suites, C sources, debugging symbols.

Argument: the environment's site-packages. A library keeps its symbols where it does not load without them
(some wheels were patched in a way that `strip` breaks). What was taken is said in megabytes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

TEST_SUITES = {"test", "tests"}
SOURCES = {".a", ".c", ".cpp", ".f90", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"}
# what no command reads: the C library beside Python's own, tools that convert models, all of Biopython but
# its bgzip (which lies beside these folders), examples, fonts of PDF and PostScript
UNUSED = (
    "onnxruntime/capi/libonnxruntime.so*",
    "onnxruntime/datasets",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnx/reference",
    "Bio/*/",
    "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/sample_data",
)
WORTH = 200_000  # bytes; below that a library is left as it came


def size(folder: Path) -> int:
    """Return the bytes of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def unneeded(packages: Path) -> list[Path]:
    """Return files and folders to remove."""
    inside = [path for path in packages.rglob("*") if not path.is_symlink()]
    suites = [path for path in inside if path.is_dir() and path.name in TEST_SUITES]
    sources = [path for path in inside if path.is_file() and path.suffix in SOURCES]
    return [*suites, *sources, *(path for pattern in UNUSED for path in packages.glob(pattern))]


def strip(library: Path) -> None:
    """Drop a library's symbols where that is worth it and the library loads without them."""
    stripped = library.with_name(
        f"stripped-{library.name}"
    )  # in the same folder, from which it finds its own libraries
    loads = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    try:
        subprocess.run(["strip", "--strip-unneeded", "-o", stripped, library], check=True)
        if library.stat().st_size - stripped.stat().st_size < WORTH:
            return
        if subprocess.run([sys.executable, "-c", loads, stripped], capture_output=True).returncode == 0:
            shutil.copymode(library, stripped)
            stripped.replace(library)
        else:
            sys.stderr.write(f"slim: {library.name} keeps its symbols: it does not load without them\n")
    finally:
        stripped.unlink(missing_ok=True)


def main() -> None:
    """Remove, strip, and say how much."""
    packages = Path(sys.argv[1])
    before = size(packages)
    for path in unneeded(packages):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for library in packages.rglob("*.so*"):
        strip(library)
    sys.stderr.write(f"slim: {before / 1e6:.0f} MB, now {size(packages) / 1e6:.0f} MB\n")


if __name__ == "__main__":
    main()
