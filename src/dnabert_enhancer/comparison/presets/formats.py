"""Presets of general formats, for any file of the user's own."""

from __future__ import annotations

from dnabert_enhancer.comparison.preset import Layout, Preset

_PEAKS = Layout(name=3, score=6)
_FORMATS = "genome.ucsc.edu/FAQ/FAQformat.html"

PRESETS = (
    Preset(
        name="bed",
        title="any BED with 3 columns or more (name 4, score 5)",
        layouts=(Layout(name=3, score=4),),
        download="-",
        licence="-",
        citation=_FORMATS,
        evidence="predict's calls, VISTA, CpG islands, GENCODE genes",
        verified=True,
    ),
    Preset(
        name="narrowpeak",
        title="ENCODE narrowPeak (score: signal)",
        layouts=(_PEAKS,),
        download="encodeproject.org",
        licence="ENCODE data use policy (open)",
        citation=_FORMATS,
        evidence="DNase of GM12878 and K562, P300 of both",
        verified=True,
    ),
    Preset(
        name="broadpeak",
        title="ENCODE broadPeak (score: signal)",
        layouts=(_PEAKS,),
        download="encodeproject.org",
        licence="ENCODE data use policy (open)",
        citation=_FORMATS,
        evidence="H3K27ac of GM12878",
        verified=True,
    ),
    Preset(
        name="table",
        title="any table with titles (tab, comma, semicolon); chrom=, start=, end=, name=, score= say which",
        layouts=(Layout(chrom="chrom", start="start", end="end"),),
        quoted=True,
        download="-",
        licence="-",
        citation="-",
        evidence="CRISPRi pairs and dbSUPER by their titles",
        verified=True,
        note="usual titles (chr, chromosome, chromStart, stop …) are found without being named",
    ),
    Preset(
        name="gtf",
        title="GTF or GFF3, its genes (for --genes)",
        layouts=(
            Layout(
                chrom=0,
                start=3,
                end=4,
                name=8,
                kind=1,
                keep={2: "gene"},
                name_pattern=(
                    r"(?:gene_name[ =]\"?|Name=|^(?!.*(?:gene_name|Name=)).*?gene_id[ =]\"?)([^\";]+)"
                ),
            ),
        ),
        base=1,
        download="gencodegenes.org",
        licence="open",
        citation="ensembl.org/info/website/upload/gff.html",
        evidence="the specification",
        verified=False,
    ),
)
"""The entries of this file."""
