"""Tables that are not VCF are refused by their name (vcf/foreign_formats.py and vcf/reader.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.vcf import VcfReader

FOREIGN = [
    ("chr16\t113500\tC\tT\trs1\nchr16\t113540\tC\tG\trs2\n", "ChromBPNet's list"),
    ("chr16\t113500\tC\tT\n", "ChromBPNet's list"),
    ("chr16\t113500\tCA\t-\t.\n", "ChromBPNet's list"),
    ("chr16\t113499\t113500\tC\tT\trs1\n", "a BED-like table"),
    ("chr16\t113499\t113502\tCAT\tC\trs1\n", "a BED-like table"),
    ("#chr\tstart\tend\tref\talt\nchr16\t113499\t113500\tC\tT\n", "a BED-like table"),
    ("chr16\t113499\t990011\tC\tT\nchr16\t113499\t113500\tC\tT\n", "a BED-like table"),
    ("16\t113500\t113500\tC\tT\tnote\n", "ANNOVAR's input"),
    ("16\t113500\t113501\tCA\t-\n", "ANNOVAR's input"),
    ("16\t113500\t113500\tC/T\t+\n", "Ensembl VEP's default"),
    ("16 113541 113540 -/C +\n", "Ensembl VEP's default"),
    ("chr16\t100\t200\tpeak1\t0\t+\n", "a BED file"),
    ("# gains\nrank\tchrom\tpos\tvariant_start_0based\n1\tchr16\t5\t4\n", "the candidates of score-variants"),
    ("16\trs1\t0\t113500\tC\tT\n", "PLINK's .bim"),
    ("# rsid\tchromosome\tposition\tgenotype\nrs1\t16\t113500\tCT\n", "23andMe's table"),
    ("NC_000016.10:g.113500C>T\n", "HGVS"),
    ("NC_000016.10:113499:C:T\n", "SPDI"),
    ("chr16:113500:C:T\n", "CHROM:POS:REF:ALT"),
    ("16-113500-C-T\n", "CHROM:POS:REF:ALT"),
    ("rs12345\n", "dbSNP's names"),
    ("chrom\tpos\tid\tref\talt\nchr1\t1\t.\tA\tC\n", "a table with titles"),
    ("#version 2.4\nHugo_Symbol\tChromosome\tStart\nX\t1\t5\n", "a table with titles"),
    (">chr1\nACGT\n", "FASTA"),
    ('{"chrom": 1}\n', "JSON"),
    ("chr1\t5\t.\tgene\tC\n", "the fourth column, REF"),
    ("chr1\t5\t.\tA\tn/a\n", "the fifth column, ALT"),
    ("chr1\tfive\t.\tA\tC\n", "the second column, POS"),
    ("chr1 5 . A C . . .\n", "five columns"),
]


@pytest.mark.parametrize(("content", "name"), FOREIGN)
def test_a_table_of_another_format_is_refused_by_its_name(tmp_path: Path, content: str, name: str) -> None:
    path = tmp_path / "in.txt"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        VcfReader(path)
    assert caught.value.problem.startswith("this is not VCF: ")
    assert name in caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        "chr1\t500\trs5\tA\tC\n",
        "chr1\t500\t12345\tA\tC\n\n#late\nchr1\t501\t12346\tR\tC,<DEL>\t.\t.\t.\n",
        "chr1\t500\tA\tC\tT\n",
        "chr1\t500\t.\tA\t.\tnote\n",
        "chr1\t500\t.\tG\tG]chr2:5]\t.\t.\t.\tGT\t0/1\n",
        "#chrom\tpos\tid\tref\talt\nchr1\t500\t.\tA\tC\n",
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr1\t500\t501\tA\tC\n",
        "#CHROM\tPOS\tID\tREF\tALT\nchr1\t500\tC\tA\trs1\n",
        "".join(f"chr1\t{position}\t.\tA\tC\n" for position in range(100, 160)),
    ],
)
def test_what_has_the_columns_of_vcf_or_is_called_one_is_read_whole(tmp_path: Path, content: str) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(content)
    with VcfReader(path) as reader:
        lines = [record.line for block in reader.blocks() for record in block]
    assert lines == [
        number for number, line in enumerate(content.splitlines(), 1) if line and not line.startswith("#")
    ]
