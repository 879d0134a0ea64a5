"""No package of the core install holds code under the GPL (tools/licences.py)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", REPOSITORY / "tools" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["licences"] = module
    spec.loader.exec_module(module)
    return module


def test_the_core_install_has_no_gpl(tool: ModuleType) -> None:
    found = list(tool.licences(REPOSITORY / "requirements" / "core.txt"))
    assert len(found) > 20
    assert [licence for licence in found if licence.is_gpl] == []


def test_what_is_taken_for_the_gpl(tool: ModuleType) -> None:
    assert [text for text in TEXTS if tool.Licence("a", "1", text).is_gpl] == TEXTS[:5]


TEXTS = [
    "GPL-3.0-or-later",
    "MIT License; GPL-3.0-or-later (part)",
    "GNU General Public License v3 (GPLv3)",
    "AGPL-3.0-only",
    "GNU Affero General Public License",
    "MIT OR GPL-3.0-or-later",
    "GPL-3.0-or-later WITH GCC-exception-3.1",
    "LGPL-2.1-or-later",
    "GNU Lesser General Public License v3",
    "MIT",
    "",
]


def test_the_library_that_pillow_lists_is_not_in_its_wheel() -> None:
    features = pytest.importorskip("PIL.features")
    assert not features.check("libimagequant")
