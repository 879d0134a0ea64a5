"""One page of finished runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from dnabert_enhancer.api.inputs import with_keywords
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.reporting import ReportSettings, page_of_runs

PathLike = str | os.PathLike[str]


def report(
    runs: PathLike | Sequence[PathLike],
    output: PathLike,
    settings: ReportSettings | None = None,
    **keywords: Any,  # fields of the settings
) -> None:
    """Write one self-contained HTML page of finished runs.

    The page opens from a disk without a network. Of equal runs its bytes are equal.

    Parameters
    ----------
    runs : path or sequence of path
        Prefixes of runs (``--output-prefix``), the folders that they wrote, or a folder with their records.
    output : path
        The page, written whole or not at all; an older one is replaced.
    settings : ReportSettings, optional
    **keywords
        Fields of the settings, such as ``title="My locus"``.

    Raises
    ------
    InputError
        No run at a prefix; a record that is damaged, of a shard or of a newer version; files of a run that
        are missing or damaged; runs of different genomes; an output that cannot be written.

    Examples
    --------
    >>> report(["out/scan", "out/variants"], "report.html")  # doctest: +SKIP
    """
    settings = with_keywords(ReportSettings, settings, keywords)
    prefixes = [runs] if isinstance(runs, (str, os.PathLike)) else list(runs)
    with OutputSet() as outputs:
        stream = outputs.open_text(output)
        stream.write(page_of_runs(prefixes, settings))
