"""The page for users names every preset and every column, as the code has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def test_tables_of_the_page_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tools/compare_db_tables.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
