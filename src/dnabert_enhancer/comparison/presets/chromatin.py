"""Presets of chromatin annotation: candidate elements, states, promoters, CpG islands."""

from __future__ import annotations

from dnabert_enhancer.comparison.preset import Layout, Preset

_STATES = r"(?:\d+_)?(?:TxReg|.*Enh.*)"

PRESETS = (
    Preset(
        name="screen",
        title="ENCODE SCREEN candidate elements (class: dELS, pELS, PLS, CA-CTCF, CA, TF …)",
        layouts=(
            Layout(chrom="chromosome", start="start", end="end", name="accession_e", kind="ccre_type"),
            Layout(name=4, kind=5, columns=6),
            Layout(name=3, kind=9, columns=10),
            Layout(name=3, kind=9, columns=11),
            Layout(columns=3),
        ),
        assembly="hg38",
        download="screen.encodeproject.org, GRCh38-cCREs.bed or one class, such as GRCh38-cCREs.pELS.bed",
        licence="ENCODE data use policy (open)",
        citation="ENCODE Project Consortium 2020, Nature 583:699, doi:10.1038/s41586-020-2493-4",
        evidence="V4 pELS (172,026) and PLS (40,887) with nearest genes, V4 PLS and CA-CTCF as BED3",
        verified=True,
        note="pELS,CTCF-bound is both pELS and CTCF-bound",
    ),
    Preset(
        name="chromhmm",
        title="ChromHMM segments of Roadmap or ENCODE; only enhancer states (class: the state)",
        layouts=(Layout(kind=3, name=3, keep={3: _STATES}),),
        assembly="hg19",
        download="egg2.wustl.edu/roadmap, E…_25_imputed12marks_mnemonics.bed.gz, 15 and 18 states too",
        licence="open",
        citation="Roadmap Epigenomics Consortium 2015, Nature 518:317, doi:10.1038/nature14248",
        evidence="E116 with 25 states, 648,372 segments",
        verified=True,
        note="kept are 9_TxReg to 18_EnhAc of 25 states, 6_EnhG, 7_Enh and 12_EnhBiv of 15, Enh of 18",
    ),
    Preset(
        name="chromhmm-all",
        title="ChromHMM segments, all states (class: the state)",
        layouts=(Layout(kind=3, name=3),),
        assembly="hg19",
        download="egg2.wustl.edu/roadmap",
        licence="open",
        citation="Roadmap Epigenomics Consortium 2015, Nature 518:317, doi:10.1038/nature14248",
        evidence="E116 with 25 states, 648,372 segments",
        verified=True,
        note="name the states wanted: class=13_EnhA1,class=14_EnhA2",
    ),
    Preset(
        name="catlas",
        title="CATlas cCREs of single-cell ATAC (class: Promoter, Promoter Proximal, Distal)",
        layouts=(Layout(chrom="Chromosome", start="hg38_Start", end="hg38_End", kind="Class"),),
        assembly="hg38",
        download="catlas.org/humanenhancer, cCRE_hg38.tsv",
        licence="open; cite the paper",
        citation="Zhang 2021, Cell 184:5985, doi:10.1016/j.cell.2021.10.024",
        evidence="a sample of 999 rows",
        verified=True,
    ),
    Preset(
        name="epdnew",
        title="EPDnew promoters (blank-separated BED)",
        layouts=(Layout(name=3, score=4),),
        assembly="hg38",
        download="epd.expasy.org/ftp/epdnew, H_sapiens",
        licence="open; cite the paper",
        citation="Meylan 2020, Nucleic Acids Res 48:D65, doi:10.1093/nar/gkz1014",
        evidence="29,598 promoters of hg38",
        verified=True,
    ),
    Preset(
        name="cpg-islands",
        title="CpG islands of the UCSC Genome Browser (BED)",
        layouts=(Layout(name=3, columns=4), Layout()),
        assembly="hg19",
        download="UCSC Table Browser, track CpG Islands",
        licence="open",
        citation="Gardiner-Garden 1987, J Mol Biol 196:261",
        evidence="28,691 islands of hg19",
        verified=True,
        note="say assembly=hg38 for those of hg38",
    ),
)
"""The entries of this file."""
