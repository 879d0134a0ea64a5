"""`compare`: calls against enhancer databases, with overlap, enrichment and what is in none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.api.comparison_inputs import (
    PathLike,
    assembly_of,
    calls_of,
    databases_of,
    effective_genome_of,
    genes_of,
)
from dnabert_enhancer.api.inputs import GenomeInput, opened_genome, with_keywords
from dnabert_enhancer.comparison import (
    CompareSettings,
    ControlTest,
    DatabaseResult,
    EnrichmentTests,
    MappedElements,
    Novel,
    Progress,
    agreement,
    agreement_figure,
    compare_all,
    controls_frame,
    databases_with,
    distance_figure,
    enrichment_figure,
    load_calls,
    matrix_frame,
    novel_calls,
    novel_frame,
    per_call_frame,
    summary_frame,
    sweep_figure,
    sweep_frame,
    upset_figure,
    write_per_call,
    write_table,
)
from dnabert_enhancer.evaluation import drawing, write_figure
from dnabert_enhancer.files import OutputSet, move_into, tabix_index

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from dnabert_enhancer.scan import Scan

PLOT_KINDS = ("png", "svg")


@dataclass(eq=False, repr=False)
class Comparison:
    """Calls compared with databases; made by `compare`.

    Attributes
    ----------
    calls : MappedElements
    results : list of DatabaseResult
        One a database.
    unlisted : Novel
        Calls in no database.
    control_tests : list of ControlTest
        Random calls under the nulls; empty unless ``controls`` was set.
    settings : CompareSettings
    counts, skipped : dict of str to int
        What was read and compared, and what was left out, by reason.
    gc_window : int, optional
        Length of the windows whose GC the re-sampling matched, in base pairs.
    """

    calls: MappedElements
    results: list[DatabaseResult]
    unlisted: Novel
    control_tests: list[ControlTest]
    settings: CompareSettings
    counts: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    gc_window: int | None = None

    def __repr__(self) -> str:
        names = ", ".join(result.database.name for result in self.results)
        return f"<Comparison of {len(self.calls):,} calls with {names}>"

    def _repr_html_(self) -> str:
        """Return the summary as a notebook shows it."""
        return self.summary.to_html()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per database; docs/compare-db.md says what each column is."""
        return summary_frame(self.results)

    @cached_property
    def per_call(self) -> pd.DataFrame:
        """One row per call, by position.

        ``chrom``, ``start``, ``end`` (0-based, half-open), ``name``, ``score``, ``n_databases``, and for
        each database NAME ``NAME.overlap_bp``, ``NAME.elements``, ``NAME.nearest_bp`` and ``NAME.best``.
        """
        return per_call_frame(self.calls, self._databases_with, self.results)

    @cached_property
    def novel(self) -> pd.DataFrame:
        """The calls in no database, best first.

        ``chrom``, ``start``, ``end``, ``name``, ``score``, ``strand``, ``rank``, ``nearest_gene`` and
        ``gene_distance`` (0 within the gene, else 1 plus the bases between).
        """
        return novel_frame(self.calls, self.unlisted)

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Agreement of all sets: ``statistic``, ``set``, ``calls`` and a column a database.

        Jaccard of the bases, then the share of the row's elements that share a base with the column's set.
        """
        return matrix_frame(*self._agreement)

    @cached_property
    def controls(self) -> pd.DataFrame:
        """One row per control (random calls), null and database; empty unless ``controls`` was set."""
        return controls_frame(self.control_tests)

    @cached_property
    def sweep(self) -> pd.DataFrame:
        """One row for each database and share of a range ``min_fraction``; empty for a single share.

        How many calls and elements one partner covers for at least that share, and their shares.
        """
        fractions = self.settings.sweep_fractions
        return sweep_frame(self.results if fractions else [], fractions)

    @property
    def calls_by_number_of_databases(self) -> dict[int, int]:
        """How many calls are in how many databases."""
        return dict(sorted(Counter(self._databases_with.tolist()).items()))

    def plot_upset(self) -> Figure:
        """Return a picture of how many calls are in which combination of databases."""
        return self._plot("upset")

    def plot_enrichment(self) -> Figure:
        """Return a picture of observed by expected calls in each database, with what the nulls leave."""
        return self._plot("enrichment")

    def plot_distance(self) -> Figure:
        """Return a picture of the share of calls that have an element within a distance."""
        return self._plot("distance")

    def plot_sweep(self) -> Figure:
        """Return a picture of the shares of calls and elements that are covered, by the least share."""
        return self._plot("sweep")

    def plot_agreement(self) -> Figure:
        """Return two heat maps of how the calls and the databases agree."""
        return self._plot("agreement")

    def write(self, prefix: PathLike, *, plots: bool = True, outputs: OutputSet | None = None) -> None:
        """Write the files of the command compare-db.

        ``summary.tsv``, ``matrix.tsv``, ``per_call.tsv.gz`` with its index, ``novel.bed.gz``, where controls
        were tested ``controls.tsv``, for a range of shares ``sweep.tsv``, and plots.

        Parameters
        ----------
        prefix : str or path
            What the names of the files begin with.
        plots : bool
            Write the plots too, as PNG and SVG.
        outputs : OutputSet, optional
            Files that appear together with others; default: when all of these are written.
        """
        if outputs is None:
            with OutputSet() as own:
                self.write(prefix, plots=plots, outputs=own)
            return
        with outputs.open_text(f"{prefix}.summary.tsv") as stream:
            write_table(stream, self.summary)
        with outputs.open_text(f"{prefix}.matrix.tsv") as stream:
            write_table(stream, self.matrix)
        with outputs.open_text(f"{prefix}.per_call.tsv.gz") as stream:
            write_per_call(stream, self.calls, self._databases_with, self.results)
        written = Path(stream.name)
        tabix_index(written)
        made = next(path for end in (".tbi", ".csi") if (path := Path(f"{written}{end}")).exists())
        move_into(outputs.path(f"{prefix}.per_call.tsv.gz.tbi"), made)
        with outputs.open_text(f"{prefix}.novel.bed.gz") as stream:
            write_table(stream, self.novel, title="#")
        if self.settings.sweep_fractions:
            with outputs.open_text(f"{prefix}.sweep.tsv") as stream:
                write_table(stream, self.sweep)
        if self.settings.controls:
            with outputs.open_text(f"{prefix}.controls.tsv") as stream:
                write_table(stream, self.controls)
        for name in plot_names(self.settings) if plots else ():
            figure = self._plot(name)
            with drawing():
                for kind in PLOT_KINDS:
                    write_figure(figure, outputs.path(f"{prefix}.{name}.{kind}"))

    @cached_property
    def _databases_with(self) -> NDArray[np.int64]:
        return databases_with([result.hits for result in self.results], len(self.calls))

    @cached_property
    def _agreement(self) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
        return agreement(self.calls, self.results)

    def _plot(self, name: str) -> Figure:
        with drawing():
            if name == "sweep":
                return sweep_figure(self.results, self.settings.sweep_fractions)
            if name == "agreement":
                return agreement_figure(*self._agreement)
            draw = {"upset": upset_figure, "enrichment": enrichment_figure, "distance": distance_figure}
            return draw[name](self.results)


def compare(
    calls: PathLike | Sequence[PathLike] | pd.DataFrame | Scan,
    databases: Mapping[str, PathLike | pd.DataFrame] | Sequence[str] | PathLike,
    genome: GenomeInput | Mapping[str, int],
    settings: CompareSettings | None = None,
    *,
    scanned: PathLike | pd.DataFrame | None = None,
    gaps: PathLike | pd.DataFrame | None = None,
    genes: PathLike | pd.DataFrame | None = None,
    chains: Sequence[PathLike] | PathLike = (),
    gc_genome: GenomeInput | None = None,
    assembly_report: PathLike | None = None,
    progress: Progress | None = None,
    **keywords: Any,  # fields of the settings
) -> Comparison:
    """Compare calls with public enhancer databases.

    Parameters
    ----------
    calls : path, sequence of path, DataFrame or Scan
        BED files such as predict's ``.calls.bed.gz``; a table with ``chrom``, ``start``, ``end`` (0-based,
        half-open) and perhaps ``name`` and ``score``; or what `Model.scan` returned.
    databases : mapping, sequence of str, or path
        Names with files or tables: ``{"FANTOM5": "F5.bed.gz"}``. What the command takes may follow a file's
        name: ``"F5.bed.gz,preset=fantom5"``. A sequence holds ``"NAME=FILE,…"``; a path is a manifest.
    genome : Genome, path or mapping
        Genome of the calls: a FASTA, a file of contig lengths, or the lengths.
    settings : CompareSettings, optional
    scanned : path or DataFrame, optional
        What was scanned: only this counts. Default: the whole genome, or what the `Scan` covered.
    gaps : path or DataFrame, optional
        What does not count, such as assembly gaps.
    genes : path or DataFrame, optional
        BED, GTF or GFF3, to name the gene nearest to each novel call; see `genome.read_genes`.
    chains : path or sequence of path
        UCSC chain files for databases of the other assembly.
    gc_genome : Genome or path, optional
        Sequence of the genome, to match GC in the re-sampling (and in a second control).
    assembly_report : path, optional
        NCBI's report of the assembly of the calls: files may name contigs as in any of its columns.
    progress : callable, optional
        Called with a task, how many steps it has and their unit; gives a context whose value takes how many
        are done since its last call.
    **keywords
        Fields of `CompareSettings`.

    Returns
    -------
    Comparison
        Its tables are ``summary``, ``per_call``, ``novel``, ``matrix``, ``sweep`` and ``controls``.

    Raises
    ------
    InputError
        What cannot be read, is of another assembly, or lies nowhere in the genome.
    """
    settings = with_keywords(CompareSettings, settings, keywords)
    chains = [chains] if isinstance(chains, str) or not isinstance(chains, Sequence) else chains
    if scanned is None and hasattr(calls, "regions"):
        scanned = calls.regions
    assembly = assembly_of(genome, settings, chains, assembly_report)
    given = databases_of(databases, assembly.name)
    effective, skipped = effective_genome_of(assembly, scanned, gaps)
    mapped = load_calls(*calls_of(calls, settings), assembly, effective)
    genes_known = genes_of(genes, assembly)
    with ExitStack() as stack:
        sequence = None if gc_genome is None else stack.enter_context(opened_genome(gc_genome))
        tracked = progress or (lambda *_: nullcontext(lambda _: None))
        with tracked("databases", len(given), "databases") as advance:
            results = compare_all(effective, mapped, given, assembly, settings, advance)
        unlisted = novel_calls(effective, mapped, [result.hits for result in results], genes_known)
        tests = EnrichmentTests(mapped, effective, results, settings, sequence, progress)
        tests.test_calls()
        controls = tests.test_controls() if settings.controls else []
    counts = {} if genes_known is None else {"genes": len(genes_known)}
    if tests.unplaceable:
        counts["calls_longer_than_any_segment"] = tests.unplaceable
    read = mapped.elements.counts
    counts |= {
        "bases_that_count": effective.bases,
        "calls_read": read["rows"],
        "calls": len(mapped),
        "novel": len(unlisted.calls),
    }
    skipped |= {f"calls_{code}": number for code, number in read.items() if code != "rows"}
    return Comparison(mapped, results, unlisted, controls, settings, counts, skipped, tests.gc_window)


def plot_names(settings: CompareSettings) -> list[str]:
    """Return the plots that there are of a comparison."""
    names = ["upset", *(["enrichment"] if settings.null != "none" else []), "distance", "agreement"]
    return [*names, *(["sweep"] if settings.sweep_fractions else [])]


def comparison_files(prefix: PathLike, settings: CompareSettings, *, plots: bool = True) -> list[str]:
    """Return the names of the files that `Comparison.write` writes."""
    ends = ["summary.tsv", "matrix.tsv", "per_call.tsv.gz", "per_call.tsv.gz.tbi", "novel.bed.gz"]
    ends += ["controls.tsv"] if settings.controls else []
    ends += ["sweep.tsv"] if settings.sweep_fractions else []
    if plots:
        ends += [f"{name}.{kind}" for name in plot_names(settings) for kind in PLOT_KINDS]
    return [f"{prefix}.{end}" for end in ends]
