"""One self-contained HTML page of finished runs: what was asked, figures, pictures, tables, methods."""

from dnabert_enhancer.reporting.build import page_of_runs
from dnabert_enhancer.reporting.section import ReportSettings

__all__ = ["ReportSettings", "page_of_runs"]
