"""What finished runs found, as one page, for genome browsers and for archives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnabert_enhancer.api.inputs import with_keywords
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.reporting import (
    ReportSettings,
    multiqc_files,
    page_of_sections,
    sections_of,
    write_bundle,
    write_track_hub,
)

PathLike = str | os.PathLike[str]


def report(
    runs: PathLike | Sequence[PathLike],
    output: PathLike | None = None,
    settings: ReportSettings | None = None,
    *,
    track_hub: PathLike | None = None,
    bundle: PathLike | None = None,
    multiqc: PathLike | None = None,
    published: PathLike | None = None,
    **keywords: Any,  # fields of the settings
) -> None:
    """Write finished runs as one self-contained HTML page, a track hub, or a bundle for archives.

    The page opens from a disk without a network. Of equal runs all bytes are equal. All outputs appear
    together, or none.

    Parameters
    ----------
    runs : path or sequence of path
        Prefixes of runs (``--output-prefix``), the folders that they wrote, or a folder with their records.
    output : path, optional
        The page; an older one is replaced.
    settings : ReportSettings, optional
    track_hub : path, optional
        Folder, new or empty, for a UCSC track hub; needs ``email``, and pybigtools.
    bundle : path, optional
        ZIP of the tracks and tables with a data dictionary and metadata; needs ``authors``, and rocrate.
    multiqc : path, optional
        Folder for ``*_mqc.json``, which MultiQC finds there; may hold other files.
    published : path, optional
        TSV of published figures, which stand beside those of evaluate: the columns ``metric`` (such as
        ``accuracy``), ``value`` (``0.8805`` or ``88.05%``) and ``source``, and maybe ``method`` (which of
        those judged; empty: the first) and ``run`` (name of the run; empty: each).
    **keywords
        Fields of the settings, such as ``title="My locus"``.

    Raises
    ------
    InputError
        Nothing to write; no run at a prefix; a record that is damaged, of a shard or of a newer version;
        files of a run that are missing or damaged; runs of different genomes; published figures that cannot
        be read; an output that cannot be written.

    Examples
    --------
    >>> report(["out/scan", "out/variants"], "report.html")  # doctest: +SKIP
    >>> report("out/scan", track_hub="hub", email="lab@example.org")  # doctest: +SKIP
    """
    settings = with_keywords(ReportSettings, settings, keywords)
    if {output, track_hub, bundle, multiqc} == {None}:
        raise InputError(
            "there is nothing to write", remedy="give --output, --track-hub, --bundle or --multiqc"
        )
    prefixes = [runs] if isinstance(runs, (str, os.PathLike)) else list(runs)
    with OutputSet() as outputs:
        stream = None if output is None else outputs.open_text(output)
        folder = None if track_hub is None else outputs.directory(track_hub)
        archive = None if bundle is None else outputs.path(bundle)
        sections = sections_of(prefixes, settings, published)
        if folder is not None:
            write_track_hub(sections, folder, settings)
        if archive is not None:
            write_bundle(sections, archive, settings)
        if multiqc is not None:
            for name, text in multiqc_files(sections).items():
                outputs.open_text(Path(multiqc) / name).write(text)
        if stream is not None:
            stream.write(page_of_sections(sections, settings))
