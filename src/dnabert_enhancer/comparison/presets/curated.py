"""Presets of databases with experiments or literature behind each element."""

from __future__ import annotations

from dnabert_enhancer.comparison.preset import Layout, Preset

PRESETS = (
    Preset(
        name="vista",
        title="VISTA Enhancer Browser, FASTA with places and tissues in the headers (class: positive …)",
        layouts=(
            Layout(
                places=(
                    r"human\s*\|\s*(?P<chrom>chr\w+):(?P<start>\d+)-(?P<end>\d+)"
                    r"\s*\|\s*(?P<name>element \d+|hs\d+)\s*\|\s*(?P<kind>positive|negative)"
                    r"\s*(?:\|\s*(?P<cell>.*))?"
                ),
                cell_pattern=r"([^|\[\]]+)\[",
            ),
        ),
        assembly="hg19",
        base=1,
        fasta=True,
        download="enhancer.lbl.gov, experimental data set as FASTA",
        licence="open; cite the paper",
        citation="Visel 2007, Nucleic Acids Res 35:D88, doi:10.1093/nar/gkl822",
        evidence="header lines quoted in Ensembl's ensembl-funcgen, project_external_features_vista.pl",
        verified=False,
        note="mouse elements are left out; add class=positive for those with activity",
    ),
    Preset(
        name="vista-bed",
        title="VISTA elements as the UCSC Genome Browser gives them (BED)",
        layouts=(Layout(name=3, score=4, columns=6), Layout(name=3, score=4, columns=5), Layout()),
        assembly="hg19",
        download="UCSC Table Browser, hg19, track VISTA Enhancers",
        licence="open; cite the paper",
        citation="Visel 2007, Nucleic Acids Res 35:D88, doi:10.1093/nar/gkl822",
        evidence="1,339 elements of hg19",
        verified=True,
        note="score 900 is positive, 200 negative: add min_score=900",
    ),
    Preset(
        name="endb",
        title="ENdb, enhancers from the literature, complete table (class: enhancer, super-enhancer)",
        layouts=(
            Layout(
                chrom="Chromosome",
                start="Start_position",
                end="End_position",
                name="Enhancer_id",
                cell="Biosample_name",
                kind="Enhancer_type",
                keep={"Species": "human", "Reference_genome": "hg19"},
            ),
        ),
        assembly="hg19",
        quoted=True,
        encodings=("utf-8", "gb18030", "utf-8"),
        download="licpathway.net/ENdb, ENdb_enhancer.txt",
        licence="open to academics",
        citation="Bai 2020, Nucleic Acids Res 48:D51, doi:10.1093/nar/gkz973",
        evidence="737 records, 425 of them human",
        verified=True,
        note="mouse records are left out",
    ),
    Preset(
        name="endb-bed",
        title="ENdb, human enhancers as BED (class: enhancer, super-enhancer)",
        layouts=(Layout(name=3, kind=4, cell=5, columns=6),),
        assembly="hg19",
        download="licpathway.net/ENdb, ENdb_human_hg19.bed",
        licence="open to academics",
        citation="Bai 2020, Nucleic Acids Res 48:D51, doi:10.1093/nar/gkz973",
        evidence="425 elements",
        verified=True,
    ),
    Preset(
        name="diseaseenhancer",
        title="DiseaseEnhancer, enhancers with variants in disease (class: disease)",
        layouts=(
            Layout(name=0, chrom=1, start=2, end=3, kind=5, columns=6),
            Layout(name=0, chrom=3, start=4, end=5, columns=10),
            Layout(columns=4),
        ),
        assembly="hg19",
        download="biocc.hrbmu.edu.cn/DiseaseEnhancer, enh2disease-1.0.2.txt or enhInfo-1.0.2.txt",
        licence="open to academics",
        citation="Zhang 2018, Nucleic Acids Res 46:D78, doi:10.1093/nar/gkx920",
        evidence="columns of github.com/juan-mulero/cisreg, Rcodes/DiseaseEnhancer102.R",
        verified=False,
        note="rows without a place (NA) are left out",
    ),
    Preset(
        name="hedd",
        title="HEDD, Human Enhancer Disease Database, table of enhancers",
        layouts=(Layout(name=0, chrom="Chr", start="Start", end="End"),),
        assembly="hg19",
        base=1,
        download="zdzlab.einsteinmed.edu/1/hedd, enhancers of hg19",
        licence="open to academics",
        citation="Wang 2018, Nucleic Acids Res 46:D113, doi:10.1093/nar/gkx988",
        evidence="columns (identifier, Chr without chr, Start, End, Source) used by a public script of 2024",
        verified=False,
    ),
    Preset(
        name="raedb",
        title="RAEdb, enhancers and epromoters from STARR-seq and MPRA",
        layouts=(Layout(score=3, columns=4), Layout()),
        assembly="hg38",
        download="computationalbiology.cn/RAEdb, one BED a cell line",
        licence="open",
        citation="Cai 2019, Database 2019:bay140, doi:10.1093/database/bay140",
        evidence="columns of github.com/juan-mulero/cisreg, Rcodes/RAEdb.R",
        verified=False,
        note="unpack the RAR archive first; epromoter files have no score",
    ),
    Preset(
        name="crispri",
        title="CRISPRi-tested element-gene pairs (EPCrisprBenchmark); only elements that regulate a gene",
        layouts=(
            Layout(
                chrom="chrom",
                start="chromStart",
                end="chromEnd",
                name="measuredGeneSymbol",
                score="EffectSize",
                cell="CellType",
                kind="elementChromatinCategory",
                keep={"Regulated": "true"},
            ),
        ),
        assembly="hg38",
        download="github.com/EngreitzLab/CRISPR_comparison, EPCrisprBenchmark",
        licence="MIT",
        citation="Gschwind 2023, bioRxiv, doi:10.1101/2023.11.09.563812",
        evidence="10,356 pairs of K562",
        verified=True,
    ),
)
"""The entries of this file."""
