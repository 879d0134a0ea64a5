"""ClinVar, the GWAS catalog and GTEx: what is found for an allele, however it is written (known_alleles)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.variants import Allele, GenomeBases, open_clinical, place_allele
from dnabert_enhancer.variants.clinical import AskedAllele, clinical_findings
from dnabert_enhancer.vcf import VcfRecord, parse_record

# 1-based:  1234567890123456789012345
CONTIG = "ACGTTTGCACACACATGGATCCGGA"
HEAD = "##fileformat=VCFv4.1\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
GWAS = "DISEASE/TRAIT\tCHR_ID\tCHR_POS\tSTRONGEST SNP-RISK ALLELE\tSNPS\tP-VALUE\n"


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    (tmp_path / "g.fa").write_text(f">chr1\n{CONTIG}\n")
    return Genome(tmp_path / "g.fa")


def ask(
    genome: Genome, files: Sequence[tuple[str, Path]], line: str, number: int = 0
) -> list[list[str]] | None:
    record: VcfRecord = parse_record(line.replace(" ", "\t").encode(), 1, "x")
    bases = GenomeBases(genome)
    contig = genome.names.resolve(record.contig)
    placed = contig and place_allele(bases, contig, record.position, record.ref, record.alts[number])
    allele = placed if isinstance(placed, Allele) else None
    return clinical_findings(open_clinical(files, genome), AskedAllele(bases, contig, record, allele))


def clinvar_rows() -> str:
    return (
        HEAD + "1\t5\t11\tT\tC\t.\t.\tALLELEID=1;CLNDN=Alpha_thalassemia|not_provided;CLNSIG=Pathogenic\n"
        "1\t5\t12\tT\tG\t.\t.\tCLNDN=Asthma,_severe;CLNSIG=Benign/Likely_benign\n"
        # CA taken out of the repeat CACACACA, written at its first place
        "1\t7\t13\tGCA\tG\t.\t.\tCLNDN=Beta_thalassemia;CLNSIG=Uncertain_significance\n"
    )


@pytest.mark.parametrize("is_indexed", [False, True])
def test_clinvar_is_matched_by_what_an_allele_changes(
    genome: Genome, tmp_path: Path, *, is_indexed: bool
) -> None:
    path = tmp_path / "clinvar.vcf"
    path.write_text(clinvar_rows())
    if is_indexed:
        path = Path(pysam.tabix_index(str(path), preset="vcf"))
    files = [("clinvar", path)]
    assert ask(genome, files, "chr1 5 . T C") == [["Alpha thalassemia"], [], ["11:Pathogenic"], []]
    assert ask(genome, files, "chr1 5 . T A,G", 1) == [[], [], ["12:Benign/Likely_benign"], []]
    assert ask(genome, files, "chr1 5 . T A,G", 0) is None
    # the same deletion at the last place of the repeat, and with more bases than needed
    for line in ("chr1 13 . ACA A", "chr1 7 . GCACA GCA", "chr1 6 . TGCACACACATG TGCACACATG"):
        assert ask(genome, files, line) == [["Beta thalassemia"], [], ["13:Uncertain_significance"], []]
    assert ask(genome, files, "chr1 11 . ACACA A") is None
    assert ask(genome, files, "chr2 5 . T C") is None


def test_the_gwas_catalog_is_matched_by_rs_number_or_position(genome: Genome, tmp_path: Path) -> None:
    path = tmp_path / "gwas.tsv"
    path.write_text(
        GWAS + "Height\t1\t18\trs7-A\trs7\t5E-9\nAsthma\t\t\trs8-?\trs8\t1E-8\n"
        "Weight\t1;1\t18;20\trs9-A; rs10-C\trs9; rs10\t2E-10\n"
    )
    files = [("gwas", path)]
    assert ask(genome, files, "chr1 18 . G A") == [["Height"], ["rs7-A:5E-9"], [], []]
    assert ask(genome, files, "1 18 rs7 G T") == [["Height"], ["rs7-A:5E-9"], [], []]
    assert ask(genome, files, "chr9 3 rs8;rs10 G T") == [
        ["Asthma", "Weight"],
        ["rs8-?:1E-8", "rs9-A; rs10-C:2E-10"],
        [],
        [],
    ]
    # a deletion is placed one base behind POS of VCF
    assert ask(genome, files, "chr1 17 . GG G") == [["Height"], ["rs7-A:5E-9"], [], []]
    assert ask(genome, files, "chr1 17 . G A") is None


def test_gtex_is_matched_by_allele_and_names_the_tissue_and_the_gene(genome: Genome, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("Whole_Blood.v8.signif_variant_gene_pairs.txt", "Lung.txt")]
    paths[0].write_text("variant_id\tgene_id\nchr1_18_G_A_b38\tENSG1.5\nchr1_13_ACA_A_b38\tENSG2.1\n")
    paths[1].write_text("gene_name\tvariant_id\nISG15\tchr1_18_G_A_b38\n")
    files = [("eqtl", path) for path in paths]
    assert ask(genome, files, "chr1 18 . G A") == [[], [], [], ["Whole_Blood:ENSG1.5", "Lung:ISG15"]]
    assert ask(genome, files, "chr1 7 . GCA G") == [[], [], [], ["Whole_Blood:ENSG2.1"]]
    assert ask(genome, files, "chr1 18 . G T") is None


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("dbsnp", "", "--clinical dbsnp= is not known; give clinvar=FILE, gwas=FILE, eqtl=FILE"),
        ("gwas", "CHR_ID\tCHR_POS\n1\t2\n", "there is no column DISEASE/TRAIT"),
        ("gwas", GWAS + "Height\t1\n", "line 2: the line has 2 columns and needs 5"),
        ("eqtl", "variant_id\tgene_id\nrs1\tA\n", "line 2: 'rs1' is not a variant of GTEx"),
        ("clinvar", HEAD + "chr7\t5\t.\tT\tC\t.\t.\t.\n", "none of the records is on a contig of the genome"),
    ],
)
def test_what_is_no_such_file_is_told_in_one_line(
    genome: Genome, tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / "file").write_text(content)
    with pytest.raises(InputError) as caught:
        open_clinical([(name, tmp_path / "file")], genome)
    assert problem in str(caught.value)


def test_a_file_of_another_assembly_is_refused(genome: Genome, tmp_path: Path) -> None:
    # chr1 of hg19
    genome.contig_sizes["chr1"] = 249_250_621
    (tmp_path / "clinvar.vcf").write_text(clinvar_rows())
    (tmp_path / "gtex.tsv").write_text("variant_id\tgene_id\nchr1_18_G_A_b38\tENSG1.5\n")
    for name, file in (("clinvar", "clinvar.vcf"), ("eqtl", "gtex.tsv")):
        with pytest.raises(InputError, match=r"hg38, but .* is hg19"):
            open_clinical([(name, tmp_path / file)], genome)
