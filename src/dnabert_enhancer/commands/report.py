"""Write one HTML page of finished runs: what was asked, the figures that matter, pictures, tables, methods.

A run is named by its --output-prefix (or --output-dir), or by a folder with the records of several. The page
holds all that it shows: it opens from a disk or an e-mail, loads nothing and sends nothing. --track-hub
writes a folder for the genome browsers of UCSC, Ensembl and others: scores and importance as bigWig, calls,
novel calls and candidate variants as bigBed, with a description of each. --bundle writes the same results as
one ZIP for archives such as Zenodo: tracks and tables, a dictionary of their columns (Frictionless Data
Package), what made them (RO-Crate), checksums, licence and citation. --multiqc writes *_mqc.json for MultiQC.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from dnabert_enhancer.commands.options import Options, add_setting, positive_integer, positive_number
from dnabert_enhancer.reporting import ReportSettings

_log = logging.getLogger(__name__)
EXAMPLES = (
    "report out/scan out/variants --output report.html",
    "report out/scan out/variants --track-hub hub --email lab@example.org",
    "report out --multiqc out/multiqc",
    "report out --bundle calls.zip --author 'Curie, Marie' --licence CC0-1.0",
    'report out --title "Alpha-globin" --rows 500 --output report.html',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN_PREFIX",
        help="prefix of a finished run, the folder that it wrote, or a folder with the records of several",
    )
    parser.add_argument("--output", metavar="FILE", help="the page, such as report.html")
    parser.add_argument(
        "--track-hub",
        metavar="DIR",
        help="a track hub, in a new or empty folder, to be put on a web server (needs pybigtools)",
    )
    parser.add_argument(
        "--bundle", metavar="FILE", help="tracks and tables for an archive, such as calls.zip (needs rocrate)"
    )
    parser.add_argument(
        "--published",
        metavar="FILE",
        help="published figures to stand beside those of evaluate: a TSV with the columns metric (such as "
        "accuracy), value (0.8805 or 88.05%%) and source, and maybe method (of those judged; empty: the "
        "first) and run (its name; empty: each)",
    )
    add_setting(parser, ReportSettings, "title", "title of the page", metavar="TEXT")
    add_setting(
        parser,
        ReportSettings,
        "rows",
        "the most rows of a table, the best ones",
        type=positive_integer,
        metavar="N",
    )
    add_setting(
        parser,
        ReportSettings,
        "megabytes",
        "the most of the page: pictures of low ranks are left out and long tables shortened",
        type=positive_number,
        metavar="N",
    )
    add_setting(
        parser,
        ReportSettings,
        "browser",
        "put the genome browser igv.js into the page (default: where igv-notebook is installed)",
        action=argparse.BooleanOptionalAction,
    )
    add_setting(
        parser,
        ReportSettings,
        "assembly",
        "the genome's name at UCSC, such as hg38 or a GenArk accession (default: by the contigs' lengths)",
        metavar="NAME",
    )
    add_setting(
        parser,
        ReportSettings,
        "email",
        "whom to ask about the track hub; genome browsers take none without",
        metavar="TEXT",
    )
    parser.add_argument(
        "--multiqc", metavar="DIR", help="folder for sections of a MultiQC report, one file a kind of run"
    )
    parser.add_argument(
        "--author",
        action="append",
        dest="authors",
        metavar="TEXT",
        help="author of the bundle: 'Family, Given' or the name of a group; may be given several times",
    )
    add_setting(
        parser, ReportSettings, "licence", "licence of the bundle, by its SPDX identifier", metavar="NAME"
    )


def check(options: Options) -> None:
    """Raise what is wrong with the options, and with published figures whose file is here already."""
    from dnabert_enhancer.reporting import read_published

    options.settings(ReportSettings)
    published = options.get("published")
    if published is not None and Path(published).is_file():
        read_published(published)


def run(options: Options) -> None:
    """Read the runs, write the page."""
    from dnabert_enhancer.api import report

    outputs = {
        "output": options.get("output"),
        "track_hub": options.get("track_hub"),
        "bundle": options.get("bundle"),
        "multiqc": options.get("multiqc"),
    }
    published = options.get("published")
    report(options["runs"], settings=options.settings(ReportSettings), published=published, **outputs)
    for path in filter(None, outputs.values()):
        _log.info("%s is written", path)
