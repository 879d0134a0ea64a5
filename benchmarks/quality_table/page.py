"""The page: what is told from DNA of the same GC, what each output tells, then set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import gkm
from .kinds import WITHIN_GC
from .methods import FOREST, GC, GKM, MODEL_ROWS_RIDGE, RIDGE

MODEL = "model"
_METRICS = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "mcc": "MCC",
    "accuracy": "accuracy",
    "recall": "recall",
    "precision": "precision",
    "pearson": "Pearson r",
    "spearman": "Spearman",
    "top_bottom_auroc": "AUROC, top against bottom quartile",
    "signs": "right signs",
    "ece": "ECE",
    "brier": "Brier",
}
_AT_THRESHOLD = ("precision", "recall")
"""Shown of the model only: the baselines' threshold follows the balance of their training rows."""
_BASELINES = (RIDGE, MODEL_ROWS_RIDGE, GKM, FOREST, GC)
_ORGAN = "DNase sites of one organ system"
NOTES = (
    "Every number was measured by `benchmarks/quality.py`; `model-quality.json` has them all. In brackets: "
    "95 % bootstrap intervals (stratified by class). Bold: above the reference, and the interval of the "
    "difference leaves 0 out.",
    "",
    "- **model**: the first output, `{first}`. **model, NAME**: the output for this very task.",
    f"- **{RIDGE}**: ridge regression on 6-mers (both strands as one), fitted on the set's *own* training "
    "rows: it is told what the set calls positive.",
    f"- **{MODEL_ROWS_RIDGE}**: the same ridge fitted on the training rows of the model's first output, "
    "as one model that has to serve all sets.",
    "- The **reference** is the better of the two ridges on a set's first line.",
    f"- **{GKM}**: gapped k-mers (words of 11 bp, 7 positions of them read, at most 3 mismatches: the "
    "settings of LS-GKM) by the package gkmsvm-lite 0.1.0, fitted on the own training rows, at most "
    "{gkm_most:,} of them drawn at random, since the time grows with the square; only where at most "
    "{gkm_scored:,} sequences are to be scored.",
    f"- **{FOREST}**: 300 trees on counts of 5-mers, own training rows (at most 10,000).",
    f"- **{GC}**: the share of G and C; nothing is fitted. Below 0.5 means that positives have less.",
    "- **Within bins of GC**: only windows whose GC differs by less than 2 points are compared, every "
    "positive with all negatives of its bin, and bins count by their positives. Composition alone has 0.5.",
    "",
)


def page(result: Mapping[str, Any], picture: str | None) -> str:
    """Return the Markdown text.

    Parameters
    ----------
    result : mapping
        What `benchmarks/quality.py` writes as JSON.
    picture : str, optional
        File name of the calibration picture.
    """
    model = result["model"]
    lines = [
        "# What the default model can do",
        "",
        "<!-- written by benchmarks/quality.py; do not edit -->",
        "",
        f"Model `{model['name']}` (weights {model['digest'][:12]}), outputs: {', '.join(model['outputs'])}.",
        "",
        "## Told from DNA of the same GC",
        "",
        *_within_gc(result["sets"], model["first"]),
        "",
        "## What each output tells",
        "",
        *_summary(result["sets"], model["first"]),
        "",
        "## How to read the tables",
        "",
        *(
            line.format(first=model["first"], gkm_most=gkm.MOST_TRAINING, gkm_scored=gkm.MOST_SCORED)
            for line in NOTES
        ),
        "Random forest and gkm-SVM take long and are shown only where they were fitted (`--fit-slow`).",
        "",
    ]
    for name, item in result["sets"].items():
        lines += _section(name, item)
        if picture and name == "held_out":
            lines += [f"![Calibration on held-out contigs]({picture})", ""]
    return "\n".join(lines).rstrip() + "\n"


def best_output(methods: Mapping[str, Any]) -> str:
    """Return the model's own output for a set if it has one, else the first output."""
    return next((name for name in methods if name.startswith(f"{MODEL}, ")), MODEL)


def verdicts(sets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return for the first view of each set the metric, the model, the ridge and the difference."""
    rows = []
    for item in sets.values():
        view = next(iter(item["views"].values()))
        metric = item["shown"][0]
        ours = view["methods"][best_output(view["methods"])]
        rows.append(
            {
                "title": item["title"],
                "metric": metric,
                "output": best_output(view["methods"]),
                "model": ours[metric],
                "reference": view["reference"],
                "ridge": view["methods"][view["reference"]][metric],
                "difference": ours["minus_reference"][metric],
                "gc": view["methods"].get(GC, {}).get(metric),
                "within_gc": WITHIN_GC in item["views"],
            }
        )
    return rows


def _within_gc(sets: Mapping[str, Any], first: str) -> list[str]:
    """Return the table that the page begins with: AUROC within bins of GC, set by set."""
    lines = [
        "Most of what tells regulatory DNA from a genome is its share of G and C, which needs no model. "
        f"So this is the figure to judge by: the AUROC of `{first}`, which every command takes, within "
        "bins of GC, against DNA that no annotation marks, on contigs that were never trained on.",
        "",
        f"| positives | n | `{first}` | its own output | {RIDGE}, own rows | {MODEL_ROWS_RIDGE} | {GC} |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in sets.values():
        view = item["views"].get(WITHIN_GC)
        if view is None:
            continue
        methods = view["methods"]
        own = best_output(methods)
        name = own.removeprefix(f"{MODEL}, ")
        cells = (
            item["title"],
            _size(view),
            f"**{_interval(methods[MODEL]['auroc'])}**",
            f"{_interval(methods[own]['auroc'])} (`{name}`)" if own != MODEL else "",
            *(_interval(methods.get(method, {}).get("auroc")) for method in (RIDGE, MODEL_ROWS_RIDGE, GC)),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _summary(sets: Mapping[str, Any], first: str) -> list[str]:
    rows = [row for row in verdicts(sets) if not row["within_gc"]]
    lines = [
        *_sentences(sets),
        "",
        f"| set | metric | output | model | {RIDGE} of reference | difference | {GC} |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        rows_of = "own rows" if row["reference"] == RIDGE else "the model's rows"
        cells = (
            row["title"],
            _METRICS[row["metric"]],
            row["output"].removeprefix(f"{MODEL}, ") if row["output"] != MODEL else first,
            _interval(row["model"]),
            f"{_interval(row['ridge'])}, {rows_of}",
            _difference(row["difference"]),
            f"{row['gc'][0]:.3f}" if row["gc"] else "",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _sentences(sets: Mapping[str, Any]) -> list[str]:
    """Return a sentence each on calibration, on the effects of variants and on the organs."""
    lines = []
    if "held_out" in sets:
        view = sets["held_out"]["views"]["all"]
        chance = view["ece_if_perfect"][MODEL]
        value = view["methods"][MODEL]["ece"]
        lines.append(
            f"Expected calibration error on held-out contigs: {_interval(value)}. By chance perfect "
            f"calibration comes to {chance['mean']:.3f} on so many rows, in one case of 20 to more than "
            f"{chance['p95']:.3f}: {value[0] - chance['mean']:+.3f} is the model's own."
        )
    if "satmut" in sets:
        row = verdicts({"satmut": sets["satmut"]})[0]
        strong = sets["satmut"]["views"].get("strong")
        signs = strong and strong["methods"][best_output(strong["methods"])]["signs"]
        share = (
            f"; of {strong['rows']:,} strong effects {_interval(signs)} have the right sign" if strong else ""
        )
        lines.append(
            f"Saturation mutagenesis, mean Spearman over the elements: {_interval(row['model'])}, ridge "
            f"{_interval(row['ridge'])}{share}."
        )
    organs = [row["model"][0] for row in verdicts(sets) if row["title"].startswith(_ORGAN)]
    if organs:
        lines.append(
            f"DNase sites by organ system, mean AUROC of {len(organs)} outputs: "
            f"{sum(organs) / len(organs):.3f}."
        )
    return [f"- {line}" for line in lines]


def _section(name: str, item: Mapping[str, Any]) -> list[str]:
    lines = [f"## {item['title']}", "", item["about"], ""]
    views = list(item["views"].values())
    columns = _columns(views)
    training = f"Own training rows: {item['training_rows']:,}. " if item["training_rows"] else ""
    earlier = item.get("measured_with")
    version = f" Measured with `{earlier}`, whose output for this set is the same." if earlier else ""
    lines += [f"{training}Name in the JSON: `{name}`.{version}", ""]
    head = ["rows", "n", "metric", *columns, "model - reference"]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for view in views:
        measured = [
            name for name in item["shown"] if any(name in method for method in view["methods"].values())
        ]
        for number, metric in enumerate(measured):
            cells = [view["title"], _size(view)] if number == 0 else ["", ""]
            cells += [_metric_name(metric)]
            cells += [
                _interval(view["methods"].get(column, {}).get(metric))
                if column.startswith(MODEL) or metric.split()[0] not in _AT_THRESHOLD
                else ""
                for column in columns
            ]
            cells += [_differences(view, metric)]
            lines.append("| " + " | ".join(cells) + " |")
    if item["published"]:
        lines += ["", *_published(item["published"])]
    return [*lines, ""]


def _columns(views: Sequence[Mapping[str, Any]]) -> list[str]:
    there = {name for view in views for name in view["methods"]}
    own = sorted(name for name in there if name.startswith(f"{MODEL}, "))
    return [*({MODEL} & there), *own, *(name for name in _BASELINES if name in there)]


def _size(view: Mapping[str, Any]) -> str:
    return f"{view['positives']:,} of {view['rows']:,}" if "positives" in view else f"{view['rows']:,}"


def _metric_name(metric: str) -> str:
    name, _, condition = metric.partition(" ")
    return f"{_METRICS[name]} at {condition}" if condition else _METRICS[name]


def _interval(values: Sequence[float] | None) -> str:
    if not values:
        return ""
    return f"{values[0]:.3f} ({values[1]:.3f} to {values[2]:.3f})"


def _difference(values: Sequence[float]) -> str:
    text = f"{values[0]:+.3f} ({values[1]:+.3f} to {values[2]:+.3f})"
    return f"**{text}**" if values[1] > 0 else text


def _differences(view: Mapping[str, Any], metric: str) -> str:
    values = view["methods"][best_output(view["methods"])]["minus_reference"].get(metric)
    if not values or metric not in view["methods"][view["reference"]] or metric.split()[0] in _AT_THRESHOLD:
        return ""
    return _difference(values) if metric not in ("ece", "brier") else f"{values[0]:+.3f}"


def _published(entries: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a line a source."""
    sources = dict.fromkeys(entry["source"] for entry in entries)
    lines = []
    for source in sources:
        own = [f"{entry['method']} {entry['figure']}" for entry in entries if entry["source"] == source]
        lines.append(f"Published ({source}): {'; '.join(own)}.")
    return lines
