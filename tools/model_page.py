"""Write docs/models.md, the entry of the packaged model, from its card; with --check, tell if it is old."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dnabert_enhancer.model import EnhancerModel, open_model

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models.md"


def page(model: EnhancerModel) -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: EnhancerModel) -> Iterator[str]:
    card, training = model.card, model.card.training
    size = sum(path.stat().st_size for path in model.directory.iterdir())
    yield "# The packaged model"
    yield ""
    yield f"`{card.name}`. This page is made by `tools/model_page.py` from the card, `enhancer_model.json`,"
    yield "which has the full details."
    yield ""
    shape = model.encoder
    yield (
        f"- **Network:** BERT of {shape.layers} layers x {shape.hidden}, {shape.heads} heads, {card.k}-mers; "
        f"{size / 1e6:.1f} MB; float16 matrices, computed in float32."
    )
    assemblies = " and ".join(training["assembly"])
    yield f"- **Windows:** {card.window_length} bp, both strands averaged; of {assemblies}."
    yield f"- **Licence of the weights:** {card.licence}. **Recipe:** `{training['recipe']}`."
    yield f"- **Limits:** {card.limits}"
    yield f"- **Never trained on:** {training['never_trained_on']}."
    yield f"- **Splits:** {training['splits_by']}."
    calibration = training["calibration"]
    yield (
        f"- **Calibration:** {calibration['kind']}; expected calibration error on folds of the validation "
        f"split {calibration['ece_after']:.3f}. The picture for the held-out contigs is in "
        "[model-quality.md](model-quality.md)."
    )
    yield ""
    yield "## Outputs"
    yield ""
    yield "Figures: AUROC of a binary output, Pearson's r of a regression, on validation and test split;"
    yield "those of `default`, with intervals, are further down. The outputs of single organs are weak, some"
    yield "no better than chance, and few rows stand behind their figures."
    yield ""
    yield "| `--model` | task | windows | meaning | validation | test |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield f"| `default` | {card.task} | {card.window_length} bp | {training['positive']} | | |"
    for name, output in card.further_outputs.items():
        found = card.metrics["further_outputs"][name]
        validation, test = (
            f"{found[split]:.3f}" if split in found else "" for split in ("validation", "test")
        )
        yield (
            f"| `default:{name}` | {output.task} | {output.window_length} bp | {output.meaning} | "
            f"{validation} | {test} |"
        )
    yield ""
    yield "Thresholds of `default`: " + "; ".join(
        f"`{name}` {threshold.value:g} ({threshold.source})" for name, threshold in card.thresholds.items()
    )
    if card.withdrawn:
        yield ""
        yield "Withdrawn: " + "; ".join(f"`{name}` ({instead})" for name, instead in card.withdrawn.items())
    yield ""
    yield "## Data"
    yield ""
    yield "| source | labels | licence |"
    yield "| --- | --- | --- |"
    for name, source in training["sources"].items():
        yield f"| {name} | {source['labels']} | {source['licence']} |"
    yield ""
    yield "## Figures"
    yield ""
    yield "AUROC with 95 % bootstrap interval, beside a 6-mer ridge fitted on the same rows and the share of"
    yield "G and C alone."
    yield ""
    yield "| set | positives of rows | model | 6-mer ridge | GC |"
    yield "| --- | --- | --- | --- | --- |"
    for name, result in _sets(card.metrics):
        value, low, high = result["model"]["auroc"]
        yield (
            f"| {name} | {result['positives']:,} of {result['rows']:,} | "
            f"{value:.3f} ({low:.3f} to {high:.3f}) | {result['ridge']['auroc'][0]:.3f} | "
            f"{result['gc_alone']['auroc'][0]:.3f} |"
        )
    yield ""
    yield "## SHA-256"
    yield ""
    for name, digest in card.versions["sha256"].items():
        yield f"    {digest}  {name}"


def _sets(metrics: Any) -> Iterator[tuple[str, Any]]:  # free JSON values of the card
    yield "validation split", metrics["validation"]
    yield "held-out contigs 11 and 17", metrics["held_out_contigs"]
    for name, result in metrics["by_source"].items():
        yield f"held-out rows of {name}", result
    for name, result in metrics["public_sets"].items():
        yield name, result
    for track, kinds in metrics["hg19_chr20"]["tracks"].items():
        for kind, result in kinds.items():
            yield f"hg19 chr20, {track}, {kind.replace('_', '-')}", result


def main() -> None:
    """Write the page, or tell whether it is what the card says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is old")
    args = parser.parse_args()
    text = page(open_model())
    if args.check:
        sys.exit(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
