"""The sections of a judged model and of a trained one."""

from __future__ import annotations

from dataclasses import replace

from dnabert_enhancer.evaluation import DEFINITIONS
from dnabert_enhancer.reporting.meanings import history_meanings, metric_meanings, trial_meanings
from dnabert_enhancer.reporting.picture import Picture, kept_picture, losses, search_marks
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import KeyFigure, ReportSettings, Section, shown, skipped_notes
from dnabert_enhancer.reporting.table import Table, best_rows, number
from dnabert_enhancer.training import SEARCHED

_TELLING = ("auroc", "auprc", "mcc", "pearson", "spearman", "rmse", "accuracy", "macro_f1", "macro_auroc")
"""Metrics of which the first three that there are stand at the top."""
_PICTURES = {
    "roc": ("ROC", "Share of positives found against share of negatives called."),
    "pr": ("Precision and recall", "Precision against recall, as given and with rare positives."),
    "calibration": ("Calibration", "Observed share of positives against the predicted probability."),
    "strata": ("Groups of sequences", "How good each method is by chromosome, GC or distance to genes."),
    "scatter": ("Measured and predicted", "Measured against predicted values."),
}
_LIMITS = (
    "Figures hold for sequences like the judged ones. On a genome positives are rarer: see the rows with "
    "more negatives to each positive.",
    "Sequences that were also trained on make a model look better; a subset without duplicates leaves them "
    "out.",
)


def evaluation_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a run of evaluate."""
    table = best_rows(run.file("metrics.tsv"), "Metrics", settings.rows, meanings=metric_meanings())
    hidden = [name for name in table.columns if name.endswith(("_low", "_high")) or name == "positive_label"]
    first = dict(zip(table.columns, table.rows[0], strict=True)) if table.rows else {}
    figures = [
        KeyFigure(
            shown(number(first[name])),
            f"{DEFINITIONS[name].title}{_interval(first, name)}",
        )
        for name in _TELLING
        if name in first
    ]
    methods = dict.fromkeys(table.column("method"))
    asked = "does" if len(methods) == 1 else "do"
    sentence = (
        f"How well {asked} {', '.join(methods)} tell what {run.count('sequences'):,} labelled sequences are? "
        f"The figures are those of {first.get('method', 'no method')}."
    )
    tables = [replace(table, hidden=hidden)]
    for name, told in (("differences", "Differences between methods"), ("strata", "Groups of sequences")):
        if (path := run.optional(f"{name}.tsv")) is not None:
            more = best_rows(path, told, settings.rows, meanings=metric_meanings())
            tables.append(
                replace(more, hidden=[one for one in more.columns if one.endswith(("_low", "_high"))])
            )
    return Section(
        run,
        f"Evaluation {run.name}",
        sentence,
        figures[:3],
        [one for name, told in _PICTURES.items() for one in kept_picture(run.optional(f"{name}.svg"), *told)],
        tables,
        _LIMITS,
        [*skipped_notes(run, "sequences"), *_warnings(run)],
    )


def training_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a run of finetune, of one model or of folds."""
    folds = run.entry("folds")
    parts = [f"fold{at}/" for at in range(1, len(folds) + 1)] if isinstance(folds, list) else [""]
    meanings = history_meanings()
    tables, pictures = [], []
    for part in parts:
        of = f" of {part[:-1]}" if part else ""
        table = best_rows(run.file(f"{part}history.tsv"), f"Epochs{of}", settings.rows, meanings=meanings)
        tables.append(table)
        pictures += _course(table, f"Loss by epoch{of}")
    metrics = (
        [run.entry("metrics")] if not isinstance(folds, list) else [fold.get("metrics") for fold in folds]
    )
    split = next((name for name in ("test", "validation") if _metric(metrics[:1], name)), "validation")
    scores = _metric(metrics, split)
    of = f" of the {split} split" + (f", mean of {len(metrics)} folds" if len(metrics) > 1 else "")
    figures = [
        KeyFigure(shown(sum(values) / len(values)), f"{DEFINITIONS[name].title}{of}")
        for name in _TELLING
        if (values := scores.get(name)) and len(values) == len(metrics)
    ]
    sequences = sum(run.count(f"sequences_{name}") for name in ("train", "validation", "test"))
    return Section(
        run,
        f"Training {run.name}",
        f"What does a model learn from {run.count('sequences_train'):,} of {sequences:,} labelled sequences, "
        f"starting from {run.entry('arguments', 'base_model') or 'its base'}?",
        figures[:3],
        pictures,
        tables,
        _LIMITS[:1],
        [*skipped_notes(run, "sequences"), *_warnings(run)],
    )


def tuning_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a search over hyper-parameters."""
    best, metric = run.entry("best"), str(run.entry("metric"))
    table = best_rows(
        run.file("trials.tsv"),
        "Trials",
        settings.rows,
        lambda row: -number(row["rank"]),
        needed=("rank", metric, *SEARCHED),
        order="the best first",
        meanings=trial_meanings(),
    )
    tables, pictures = [table], _search(table, metric, title := _title(metric))
    if (path := run.optional("best/history.tsv")) is not None:
        of_best = "of the best trial"
        tables.append(best_rows(path, f"Epochs {of_best}", settings.rows, meanings=history_meanings()))
        pictures += _course(tables[-1], f"Loss by epoch {of_best}")
    values = best if isinstance(best, dict) else {}
    base = run.entry("arguments", "base_model") or run.entry("base_model") or "the model"
    figures = [KeyFigure(shown(float(values[metric])), f"{title} of the best trial, on the validation rows")]
    figures += [
        KeyFigure(shown(float(values[name])), f"{name.replace('_', ' ')} of the best trial")
        for name in ("learning_rate", "weight_decay")
    ]
    return Section(
        run,
        f"Search {run.name}",
        f"With which hyper-parameters does {base} learn best? "
        f"{table.total:,} trials on {run.count('sequences_train'):,} labelled sequences: "
        f"{run.count('trials_complete')} completed, {run.count('trials_pruned')} ended early, "
        f"{run.count('trials_failed')} failed.",
        figures,
        pictures,
        tables,
        (
            "The best of many trials looks better on the validation rows than it is: judge its model on the "
            "test rows with evaluate.",
        ),
        skipped_notes(run, "sequences"),
    )


def _title(metric: str) -> str:
    return DEFINITIONS[metric].title if metric in DEFINITIONS else metric


def _warnings(run: Run) -> list[str]:
    """Return what a run warned of, as its record has it."""
    warnings = run.entry("warnings")
    return [str(one) for one in warnings] if isinstance(warnings, list) else []


def _search(table: Table, metric: str, title: str) -> list[Picture]:
    """Return the picture of a search, whose first row is the best; none where all trials had equal values."""
    columns = {
        name.replace("_", " ").replace("warmup", "warm-up"): [number(cell) for cell in table.column(name)]
        for name in SEARCHED
    }
    tried = {name: values for name, values in columns.items() if len({*values}) > 1}
    reached = [number(cell) for cell in table.column(metric)]
    return [search_marks(tried, reached, 0, title)] if tried else []


def _course(table: Table, title: str) -> list[Picture]:
    if not {"epoch", "train_loss", "validation_loss"} <= {*table.columns}:
        return []
    lines = {
        name.replace("_", " "): [number(cell) for cell in table.column(name)]
        for name in ("train_loss", "validation_loss")
    }
    return [losses([number(cell) for cell in table.column("epoch")], lines, title)]


def _metric(metrics: list[object], split: str) -> dict[str, list[float]]:
    """Return the values of each metric of a split, one a model."""
    found: dict[str, list[float]] = {}
    for one in metrics:
        values = one.get(split) if isinstance(one, dict) else None
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, (int, float)):
                found.setdefault(name, []).append(float(value))
    return found


def _interval(row: dict[str, str], name: str) -> str:
    low, high = (number(row.get(f"{name}_{end}", "")) for end in ("low", "high"))
    return "" if low != low else f", 95 % interval {shown(low)} to {shown(high)}"
