#!/usr/bin/env python3
"""Put DeepVRegulome's models into the catalogue, with the figures that its package states.

usage: tools/deepvregulome_entries.py REGISTRY [--check]

REGISTRY is deepvregulome/registry.py of the wheel of deepvregulome 0.4.1 (PyPI); its table of figures is read
as text, its code is not run. The models of the catalogue's deepvregulome groups are replaced.
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parent.parent / "src/dnabert_enhancer/catalogue/models.json"
GROUPS = {"TF": "deepvregulome-tf", "HISTONE": "deepvregulome-histone", "SPLICE": "deepvregulome-splice"}


def table_of(registry: Path) -> list[tuple[str, str, float, float, float, float, int]]:
    """Return the rows name, type, accuracy, F1, AUROC and AUPRC (percent), peaks."""
    for node in ast.parse(registry.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_MODEL_DATA":
            rows: list[tuple[str, str, float, float, float, float, int]] = ast.literal_eval(node.value)
            return rows
    raise SystemExit(f"{registry}: no table _MODEL_DATA")


def models_of(registry: Path) -> list[dict[str, object]]:
    """Return the models as the catalogue's file has them, by type and name."""
    rows = sorted(table_of(registry), key=lambda row: (list(GROUPS).index(row[1]), row[0].casefold()))
    return [
        {
            "group": GROUPS[kind],
            "member": name,
            "figures": {
                figure: round(percent / 100, 4)
                for figure, percent in (
                    ("accuracy", accuracy),
                    ("f1", f1),
                    ("auroc", auroc),
                    ("auprc", auprc),
                )
                if percent  # 0 stands for what is not reported
            }
            | ({"peaks": peaks} if peaks else {}),
        }
        for name, kind, accuracy, f1, auroc, auprc, peaks in rows
    ]


def text_of(content: dict[str, object]) -> str:
    """Return the file's text: groups spread out, a model of a group on one line."""
    models = content["models"]
    assert isinstance(models, list)
    head = json.dumps({**content, "models": []}, indent=2, ensure_ascii=False).removesuffix("[]\n}")
    lines = [
        json.dumps(model, ensure_ascii=False)
        if "member" in model
        else json.dumps(model, indent=2, ensure_ascii=False).replace("\n", "\n    ")
        for model in models
    ]
    return head + "[\n    " + ",\n    ".join(lines) + "\n  ]\n}\n"


def main() -> None:
    """Write the catalogue anew, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", type=Path)
    parser.add_argument("--check", action="store_true", help="fail where the file would change")
    options = parser.parse_args()
    before = CATALOGUE.read_text(encoding="utf-8")
    content = json.loads(before)
    others = [model for model in content["models"] if model.get("group") not in GROUPS.values()]
    after = text_of({**content, "models": [*others, *models_of(options.registry)]})
    if options.check and before != after:
        raise SystemExit(f"{CATALOGUE.name} differs from {options.registry}")
    CATALOGUE.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
