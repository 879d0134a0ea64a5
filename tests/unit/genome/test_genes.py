"""Genes of BED, GTF and GFF3: which features are genes, their names, places and starts."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames, read_genes, transcription_starts

ENSEMBL_GFF3 = """##gff-version 3
##sequence-region   16 1 90338345
16\tGRCh38\tchromosome\t1\t90338345\t.\t.\t.\tID=chromosome:16;Alias=CM000678.2,chr16
###
16\tx\tgene\t101\t200\t.\t+\t.\tID=gene:ENSG1;Name=HBA2;description=hb [Source:HGNC%3BAcc:1];gene_id=ENSG1
16\tx\tmRNA\t101\t200\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1;Name=HBA2-201
16\tx\tncRNA_gene\t301\t400\t.\t-\t.\tID=gene:ENSG2;biotype=lncRNA;gene_id=ENSG2
16\tx\tlnc_RNA\t301\t400\t.\t-\t.\tID=transcript:ENST2;Parent=gene:ENSG2
16\tx\tpseudogene\t501\t600\t.\t+\t.\tID=gene:ENSG3;Name=PSX1;gene_id=ENSG3
16\tx\tpseudogenic_transcript\t501\t600\t.\t+\t.\tID=transcript:ENST3;Parent=gene:ENSG3
"""
OLD_ENSEMBL_GFF3 = """##gff-version 3
16\tx\tlincRNA_gene\t1\t20\t.\t+\t.\tID=gene:ENSG1;Name=A%2CB
16\tx\tlincRNA\t1\t20\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1
16\tx\tprocessed_transcript\t41\t50\t.\t-\t.\tID=gene:ENSG2;Name=C
16\tx\tprocessed_pseudogene\t41\t50\t.\t-\t.\tID=transcript:ENST2;Parent=gene:ENSG2
16\tx\tmiRNA_gene\t41\t50\t.\t-\t.\tID=mir;Parent=gene:ENSG2
##FASTA
>16
ACGT
"""
REFSEQ_GFF3 = """##gff-version 3
NC_000016.10\tRefSeq\tregion\t1\t90338345\t.\t+\t.\tID=NC_000016.10:1..90338345;Name=16;chromosome=16
NC_000016.10\tBestRefSeq\tgene\t101\t200\t.\t+\t.\tID=gene-HBA2;Dbxref=GeneID:3040;Name=HBA2;gbkey=Gene;gene=HBA2
NC_000016.10\tBestRefSeq\tmRNA\t101\t200\t.\t+\t.\tID=rna-NM_1;Parent=gene-HBA2;Name=NM_1;gene=HBA2
NC_000016.10\tCurated\tpseudogene\t301\t400\t.\t-\t.\tID=gene-HBZP1;Name=HBZP1;gene=HBZP1
NC_000016.10\tCurated\tV_gene_segment\t501\t600\t.\t-\t.\tID=id-X;Parent=gene-X
"""
GENCODE_GTF = """##description: evidence-based annotation
chr16\tHAVANA\tgene\t101\t200\t.\t+\t.\tgene_id "ENSG1.5"; gene_name "HBA2"; level 2; tag "a; b";
chr16\tHAVANA\ttranscript\t101\t200\t.\t+\t.\tgene_id "ENSG1.5"; transcript_id "ENST1.1"; gene_name "HBA2";
chr16\tHAVANA\tgene\t301\t400\t.\t-\t.\tgene_id "ENSG2.1"; gene_name "LNC;X";
"""
GENCODE_GFF3 = """##gff-version 3
chr16\tHAVANA\tgene\t101\t200\t.\t+\t.\tID=ENSG1.5;gene_id=ENSG1.5;gene_type=protein_coding;gene_name=HBA2
chr16\tHAVANA\texon\t101\t200\t.\t+\t.\tID=exon:1;Parent=ENST1;gene_name=HBA2
"""
ENSEMBL_GTF = """#!genome-build GRCh38.p14
16\thavana\tgene\t101\t200\t.\t+\t.\tgene_id "ENSG1"; gene_version "7"; gene_biotype "lncRNA";
16\thavana\texon\t101\t200\t.\t+\t.\tgene_id "ENSG1"; exon_number "1";
"""
BED12 = "chr16\t100\t200\tHBA2\t0\t-\t100\t200\t0\t2\t10,20\t0,80\n"


def genes_of(
    folder: Path, content: str, names: list[str] | None = None
) -> list[tuple[str, int, int, str, str, int]]:
    path = folder / "genes.gz"
    path.write_bytes(gzip.compress(content.encode()))
    frame = read_genes(path, None if names is None else ContigNames(names))
    columns = [frame[name].tolist() for name in ("chrom", "start", "end", "name", "strand")]
    return list(zip(*columns, transcription_starts(frame).tolist(), strict=True))


@pytest.mark.parametrize(
    ("content", "expected", "said"),
    [
        (
            ENSEMBL_GFF3,
            [
                ("16", 100, 200, "HBA2", "+", 100),
                ("16", 300, 400, "ENSG2", "-", 399),
                ("16", 500, 600, "PSX1", "+", 500),
            ],
            "3 genes (gene 1, ncRNA_gene 1, pseudogene 1); features of other types left out: chromosome 1, "
            "mRNA 1, lnc_RNA 1, pseudogenic_transcript 1",
        ),
        (
            OLD_ENSEMBL_GFF3,
            [("16", 0, 20, "A,B", "+", 0), ("16", 40, 50, "C", "-", 49)],
            "2 genes (lincRNA_gene 1, processed_transcript 1); features of other types left out: lincRNA 1, "
            "processed_pseudogene 1, miRNA_gene 1",
        ),
        (
            REFSEQ_GFF3,
            [("NC_000016.10", 100, 200, "HBA2", "+", 100), ("NC_000016.10", 300, 400, "HBZP1", "-", 399)],
            "2 genes (gene 1, pseudogene 1); features of other types left out: region 1, mRNA 1, "
            "V_gene_segment 1",
        ),
        (
            GENCODE_GTF,
            [("chr16", 100, 200, "HBA2", "+", 100), ("chr16", 300, 400, "LNC;X", "-", 399)],
            "2 genes (gene 2); features of other types left out: transcript 1",
        ),
        (GENCODE_GFF3, [("chr16", 100, 200, "HBA2", "+", 100)], "1 genes (gene 1)"),
        (ENSEMBL_GTF, [("16", 100, 200, "ENSG1", "+", 100)], "1 genes (gene 1)"),
        # what is no attribute is passed over, however long
        (
            f'1\tx\tgene\t1\t9\t.\t+\t.\t{"(" * 200_000};a "b" c; gene_id "G";{" " * 200_000}"x\n',
            [("1", 0, 9, "G", "+", 0)],
            "1 genes",
        ),
        (BED12, [("chr16", 100, 200, "HBA2", "-", 199)], "1 genes"),
        ("track name=g\n" + BED12, [("chr16", 100, 200, "HBA2", "-", 199)], "1 genes"),
        # GENCODE's genes as some give them: the strand in column 5
        (
            "chr16\t100\t200\tE1\t-\nchr16\t300\t400\tE2\t+\n",
            [("chr16", 100, 200, "E1", "-", 199), ("chr16", 300, 400, "E2", "+", 300)],
            "2 genes",
        ),
        (
            "chr16\t100\t200\tE1\t960\n",
            [("chr16", 100, 200, "E1", ".", 100)],
            "1 without a strand: they start at",
        ),
    ],
)
def test_genes_of_a_file(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: str,
    expected: list[tuple[str, int, int, str, str, int]],
    said: str,
) -> None:
    caplog.set_level(logging.INFO)
    assert genes_of(tmp_path, content) == expected
    assert said in caplog.text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "no gene was found"),
        ("# nothing\n", "no gene was found"),
        (
            "##gff-version 3\n16\tx\tmRNA\t1\t9\t.\t+\t.\tID=t;Parent=g\n",
            "no gene was found: the types are mRNA 1",
        ),
        ('1\tx\texon\t1\t9\t.\t+\t.\tgene_id "a";\n1\tx\tgene\t1\n', "4 columns where GTF and GFF3 have 9"),
        ('1\tx\tgene\t1\t9\t.\t+\t.\tgene_id "a";\n1\tx\tgene\t9\t1\t.\t+\t.\ta\n', "start '9' and end '1'"),
        ('1\tx\tgene\t1\t9\t.\t+\t.\tgene_id "a";\n1\tx\tgene\t0\t1\t.\t+\t.\ta\n', "start '0' and end '1'"),
        ("1\tx\tgene\t1\n", "the start 'x' is not a whole number"),
    ],
)
def test_a_file_without_genes_or_with_a_broken_line_is_refused(
    tmp_path: Path, content: str, problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        genes_of(tmp_path, content)
    assert problem in caught.value.problem
    assert caught.value.remedy


def test_contigs_get_the_names_of_the_genome(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert [row[0] for row in genes_of(tmp_path, REFSEQ_GFF3, ["chr1", "chr16"])] == ["chr16", "chr16"]
    caplog.clear()
    more = BED12 + BED12.replace("chr16", "chrUn1")
    assert len(genes_of(tmp_path, more, ["16"])) == 1
    assert "1 of 2 genes are left out, since the genome lacks their contigs: 'chrUn1'" in caplog.text
    with pytest.raises(InputError, match="none of the genes is on a contig of the genome"):
        genes_of(tmp_path, BED12, ["chr1"])


@pytest.mark.data
def test_genes_of_gencode(shared_data: Path) -> None:
    frame = read_genes(shared_data / "annotation/gencode.v29.genes.gtf.bed.gz")
    content = (shared_data / "annotation/gencode.v29.genes.gtf.bed.gz").read_bytes()
    rows = [line.split("\t") for line in gzip.decompress(content).decode().splitlines()]
    assert frame["strand"].tolist() == [row[5] for row in rows]
    assert set(frame["strand"]) == {"+", "-"}
    starts = [int(row[2]) - 1 if row[5] == "-" else int(row[1]) for row in rows]
    assert transcription_starts(frame).tolist() == starts
