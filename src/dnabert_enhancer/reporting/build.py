"""From prefixes of runs to their sections, and from these to the page."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.reporting.bound import bounded_page
from dnabert_enhancer.reporting.browser import browser_of
from dnabert_enhancer.reporting.comparison_section import comparison_section
from dnabert_enhancer.reporting.dataset_section import dataset_section
from dnabert_enhancer.reporting.interpret_section import interpret_section
from dnabert_enhancer.reporting.learning_sections import evaluation_section, training_section, tuning_section
from dnabert_enhancer.reporting.page import page_of
from dnabert_enhancer.reporting.published import read_published, with_published
from dnabert_enhancer.reporting.run import Run, find_runs
from dnabert_enhancer.reporting.scan_section import predict_section
from dnabert_enhancer.reporting.section import ReportSettings, Section, of_one_genome
from dnabert_enhancer.reporting.variant_section import variants_section

SECTIONS: dict[str, Callable[[Run, ReportSettings], Section]] = {
    "predict": predict_section,
    "score-variants": variants_section,
    "compare-db": comparison_section,
    "interpret": interpret_section,
    "evaluate": evaluation_section,
    "finetune": training_section,
    "make-dataset": dataset_section,
    "tune": tuning_section,
}
"""What makes the section of a run, by the command that made the run; a further one is one entry."""


def sections_of(
    prefixes: Sequence[str | os.PathLike[str]],
    settings: ReportSettings,
    published: str | os.PathLike[str] | None = None,
) -> list[Section]:
    """Return the sections of runs.

    Parameters
    ----------
    prefixes : sequence of str or path
        See `find_runs`; a run that is named twice is shown once.
    settings : ReportSettings
    published : path, optional
        Published figures, which stand beside those of evaluate; see `read_published`.

    Raises
    ------
    InputError
        No run, one that cannot be read or shown, or runs of different genomes; published figures that cannot
        be read.
    """
    figures = [] if published is None else read_published(published)
    runs = {os.path.realpath(run.path): run for given in prefixes for run in find_runs(given)}
    if not runs:
        raise InputError("there is no run to report on", remedy="give the prefix of a run")
    sections = [_section(run, settings) for run in runs.values()]
    return of_one_genome(with_published(sections, figures))


def page_of_sections(sections: Sequence[Section], settings: ReportSettings) -> str:
    """Return the page of runs, as HTML of the size that is asked for at most."""

    def page(part: Sequence[Section]) -> str:
        return page_of(part, settings, browser_of(part, settings.browser))

    return bounded_page(sections, page, int(1e6 * settings.megabytes))


def _section(run: Run, settings: ReportSettings) -> Section:
    make = SECTIONS.get(run.command)
    if make is None:
        raise InputError(
            f"a report shows no runs of {run.command}",
            source=run.path,
            remedy=f"give runs of {', '.join(sorted(SECTIONS))}",
        )
    return make(run, settings)
