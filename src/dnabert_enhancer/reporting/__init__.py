"""What finished runs found, for others: one self-contained HTML page, a track hub, a bundle, MultiQC."""

from dnabert_enhancer.reporting.build import page_of_sections, sections_of
from dnabert_enhancer.reporting.bundle import write_bundle
from dnabert_enhancer.reporting.multiqc import multiqc_files
from dnabert_enhancer.reporting.published import read_published
from dnabert_enhancer.reporting.section import ReportSettings
from dnabert_enhancer.reporting.track_hub import write_track_hub

__all__ = [
    "ReportSettings",
    "multiqc_files",
    "page_of_sections",
    "read_published",
    "sections_of",
    "write_bundle",
    "write_track_hub",
]
