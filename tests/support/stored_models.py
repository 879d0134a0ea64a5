"""A store of models that were brought, without bringing any: copies of the packaged model by other names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from dnabert_enhancer.catalogue import Store

PACKAGED = Path(__file__).resolve().parents[2] / "src" / "dnabert_enhancer" / "model" / "default"


def store_model(cache: Path, name: str, kind: str) -> None:
    """Put a copy of the packaged model into a store, under a name, as one of a type."""

    def make(folder: Path) -> str:
        for path in PACKAGED.iterdir():
            if path.is_file():
                shutil.copy(path, folder)
        card = json.loads((folder / "enhancer_model.json").read_text())
        origin = {"name": name, "source": f"from {name}", "type": kind}
        (folder / "enhancer_model.json").write_text(json.dumps(card | {"origin": origin}))
        return f"from {name}"

    Store(cache / "models").find_or_make(name, make)
