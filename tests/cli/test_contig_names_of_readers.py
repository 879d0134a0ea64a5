"""Every reader of contig names (genome/contig_names.py) bridges them, and says where they don't meet.

An option that takes a file is in READERS or in OTHERS: a new one fails here until it is in one of them.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.model import new_model, write_model

SIZES = {"chr1": 30_000, "chr2": 20_000}
RNG = np.random.default_rng(3)
BASES = {name: "".join(RNG.choice(list("ACGT"), size)) for name, size in SIZES.items()}
STARTS = range(1000, 19_000, 1500)


def bed(contig: str) -> str:
    return "".join(f"{contig}\t{start}\t{start + 200}\tr{start}\t0\t+\n" for start in STARTS)


def gff3(contig: str) -> str:
    return "".join(
        f"{contig}\tx\tgene\t{start}\t{start + 99}\t.\t+\t.\tID=gene:g{start}\n" for start in STARTS
    )


def splits(contig: str) -> str:
    split = "train" if contig.endswith(("1", "1.11")) else "test"
    return f"{contig}\t0\t9000\t{split}\n{contig}\t9000\t20000\tvalidation\n"


def alleles(line: Callable[[str, int, str], str]) -> Callable[[str], str]:
    """Return what writes substitutions, by a line's contig, 0-based start and base."""
    own = BASES["chr1"]
    return lambda contig: "".join(line(contig, start, own[start]) for start in STARTS)


def other(base: str) -> str:
    return "ACGT"[("ACGT".index(base) + 1) % 4]


LINES = {
    "vcf": lambda contig, start, base: f"{contig}\t{start + 1}\t.\t{base}\t{other(base)}\t.\t.\t.\n",
    "bed": lambda contig, start, base: f"{contig}\t{start}\t{start + 1}\t{base}\t{other(base)}\n",
    "chrombpnet": lambda contig, start, base: f"{contig}\t{start + 1}\t{base}\t{other(base)}\tn\n",
    "vep": lambda contig, start, base: f"{contig}\t{start + 1}\t{start + 1}\t{base}/{other(base)}\t+\n",
    "hgvs-g": lambda contig, start, base: f"{contig}:g.{start + 1}{base}>{other(base)}\n",
    "spdi": lambda contig, start, base: f"{contig}:{start}:{base}:{other(base)}\n",
    "candidates": lambda contig, start, base: (
        f"1\t{contig}\t{start + 1}\t{start}\t{start + 1}\tn\t{base}\t{other(base)}\n"
    ),
}


def clinvar(contig: str) -> str:
    return alleles(LINES["vcf"])(contig)


def named(contig: str, start: int, base: str) -> str:
    return f"{contig}:{start + 1}:{base}:{other(base)}\n"


def gwas(contig: str) -> str:
    return "".join(f"Height\t{contig}\t{start}\trs{start}\n" for start in STARTS)


def gtex(contig: str) -> str:
    return "".join(f"{contig}_{start}_A_C_b38\tG\n" for start in STARTS)


TITLES = {gwas: "DISEASE/TRAIT\tCHR_ID\tCHR_POS\tSNPS\n", gtex: "variant_id\tgene_id\n"}


class Reader(NamedTuple):
    """An option that reads contig names: how its rows are written, and the command around it."""

    command: str
    option: str
    rows: Callable[[str], str]
    around: str
    value: str = "FILE"
    of_a_part: bool = False
    """Whether the names are compared with a data set's, which need not have all contigs."""
    some_stops: bool = False
    """Whether one contig that the genome lacks is an error, as without --skip-outside."""


GENOME = "--genome genome.fa --model tiny --backend onnx --precision float32 --threads 1"
SCAN = f"{GENOME} --no-null --output-prefix out"
EXPLAIN = f"{GENOME} --output-prefix out --logos 0 --flank 2"
MAKE = "--genome genome.fa --output-dir out --length 150 --splits 1,0,0"
SCORE = f"{GENOME} --null-variants 0 --output-prefix out"
COMPARE = "--assembly hg38 --genome-sizes sizes --output-prefix out --no-plots --null none"
CALLS = f"{COMPARE} --calls own.bed"
READERS = [
    Reader("predict", "--regions", bed, f"{SCAN} --skip-outside"),
    Reader("predict", "--regions", bed, SCAN, some_stops=True),
    Reader(
        "predict",
        "--null-exclude",
        bed,
        f"{GENOME} --null genome --contigs chr2 --null-fraction 0.1 --stride 300 --output-prefix out",
    ),
    Reader(
        "models",
        "--regions",
        bed,
        "background tiny --genome genome.fa --output-dir out --skip-outside --threads 1",
    ),
    Reader("interpret", "--regions", bed, f"{GENOME} --output-prefix out --logos 0 --skip-outside"),
    Reader("interpret", "--vcf", alleles(LINES["vcf"]), f"{GENOME} --output-prefix out --logos 0"),
    Reader("interpret", "--genes", bed, f"{EXPLAIN} --vcf own.vcf"),
    Reader("interpret", "--annotate", bed, f"{EXPLAIN} --vcf own.vcf", value="A=FILE"),
    Reader("make-dataset", "--regions", bed, f"{MAKE} --skip-outside"),
    Reader("make-dataset", "--exclude", bed, f"{MAKE} --regions far.bed"),
    Reader("make-dataset", "--negatives", bed, f"{MAKE} --regions far.bed --skip-outside"),
    Reader(
        "make-dataset",
        "--negatives-from",
        bed,
        f"{MAKE} --regions far.bed --skip-outside --allow-fewer",
        value="A=FILE,share=0.1",
    ),
    Reader(
        "make-dataset",
        "--splits",
        splits,
        "--genome genome.fa --output-dir out --length 150 --regions own.bed",
    ),
    Reader("tokenize", "--input", bed, "--genome genome.fa --k 6 --output out.tsv", some_stops=True),
    *(
        Reader("score-variants", "--vcf", alleles(line), f"{SCORE} --vcf-format {form}")
        for form, line in LINES.items()
    ),
    Reader("score-variants", "--variant-list", alleles(named), SCORE),
    Reader("score-variants", "--genes", gff3, f"{SCORE} --vcf own.vcf"),
    Reader("score-variants", "--genes", bed, f"{SCORE} --vcf own.vcf"),
    Reader("score-variants", "--regions", bed, f"{SCORE} --vcf own.vcf"),
    Reader("score-variants", "--annotate", bed, f"{SCORE} --vcf own.vcf", value="A=FILE"),
    Reader(
        "evaluate",
        "--genes",
        gff3,
        "--dataset labelled.tsv --by tss --bootstrap 0 --no-pictures --model tiny --backend onnx "
        "--precision float32 --threads 1 --output-prefix out",
        of_a_part=True,
    ),
    Reader("score-variants", "--clinical", clinvar, f"{SCORE} --vcf own.vcf", value="clinvar=FILE"),
    Reader("score-variants", "--clinical", gwas, f"{SCORE} --vcf own.vcf", value="gwas=FILE"),
    Reader("score-variants", "--clinical", gtex, f"{SCORE} --vcf own.vcf", value="eqtl=FILE"),
    Reader("compare-db", "--calls", bed, f"{COMPARE} --database A=own.bed"),
    Reader("compare-db", "--database", bed, CALLS, value="A=FILE,preset=bed"),
    Reader("compare-db", "--databases", bed, CALLS, value="manifest.tsv"),
    Reader("compare-db", "--genes", gff3, f"{CALLS} --database A=own.bed"),
    Reader("compare-db", "--scanned", bed, f"{CALLS} --database A=own.bed"),
    Reader("compare-db", "--gaps", bed, f"{CALLS} --database A=own.bed"),
]
OTHERS = {
    # the genome, whose names are asked for; models, sequences and tables without places; what is written
    *(
        "--genome",
        "--genome-sizes",
        "--assembly-report",
        *("--dbsnp", "--part", "--track-hub", "--bundle", "--multiqc", "--published"),
        "--model",
        "--tf",
        "--motifs",
        "--fasta",
        "--sequences",
        "--tsv",
    ),
    *("--dataset", "--train-dataset", "--validation", "--exclude-duplicates-of", "--train-negatives"),
    *(
        "--output-dir",
        "--output-prefix",
        "--output",
        "--archive",
        "--embeddings",
        "--log-dir",
        "--base-model",
        "--catalogue",
        "--dir",
    ),
    # tested with lift-over (tests/unit/comparison/test_lift.py): it has two assemblies
    "--chain",
}
WITHOUT_PLACES = {
    (name, "--negatives") for name in ("tokenize", "finetune", "tune", "evaluate", "models")
} | {("tune", "--merge")}
FILES = ("FILE", "BED", "PATH", "VCF", "FASTA", "TSV", "DIR", "GTF", "GFF")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("readers")
    (path / "genome.fa").write_text("".join(f">{name}\n{bases}\n" for name, bases in BASES.items()))
    (path / "sizes").write_text("".join(f"{name}\t{size}\n" for name, size in SIZES.items()))
    (path / "own.bed").write_text(bed("chr1") + bed("chr2"))
    rows = [f"chr1\t{s}\t{s + 60}\t{s // 60 % 2}\t{BASES['chr1'][s : s + 60]}\n" for s in range(0, 1200, 60)]
    (path / "labelled.tsv").write_text("chrom\tstart\tend\tlabel\tsequence\n" + "".join(rows))
    far = "".join(f"chr1\t{start}\t{start + 200}\n" for start in range(20_000, 29_000, 900))
    (path / "far.bed").write_text(far)
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (path / "own.vcf").write_text(head + alleles(LINES["vcf"])("chr1"))
    (path / "manifest.tsv").write_text("name\tfile\tpreset\nA\tgiven\tbed\n")
    write_model(path / "tiny", new_model("tiny", window_length=60, seed=5))
    return path


@pytest.fixture
def run(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[[Reader, str], tuple[int, str]]:
    """Run a reader on a file; return exit code, and warnings and errors."""
    monkeypatch.chdir(folder)

    def command(reader: Reader, content: str) -> tuple[int, str]:
        head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        is_vcf = reader.rows is clinvar or (
            reader.option == "--vcf"
            and ("--vcf-format" not in reader.around or "format vcf" in reader.around)
        )
        Path("given").write_text((head if is_vcf else TITLES.get(reader.rows, "")) + content)
        shutil.rmtree("out", ignore_errors=True)
        caplog.clear()
        arguments = [
            reader.command,
            reader.option,
            reader.value.replace("FILE", "given"),
            *reader.around.split(),
        ]
        with pytest.raises(SystemExit) as stopped:
            cli.main([*arguments, "--quiet"])
        warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        return int(stopped.value.code or 0), "\n".join([*warned, capfd.readouterr().err])

    return command


def shown(reader: Reader) -> str:
    form = reader.around.partition("--vcf-format ")[2]
    end = " stops" if reader.some_stops else ""
    return f"{reader.command} {reader.option} {form or reader.rows.__name__}{end}"


Run = Callable[[Reader, str], tuple[int, str]]


@pytest.mark.parametrize("reader", READERS, ids=shown)
def test_names_that_do_not_meet_are_reported(reader: Reader, run: Run) -> None:
    code, said = run(reader, reader.rows("scaffold_7"))
    assert code == 2, said
    assert "'scaffold_7'" in said
    assert "chr1" in said
    assert "bcftools annotate --rename-chrs" in said


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=shown)
def test_some_names_that_do_not_meet_are_warned_of(reader: Reader, run: Run) -> None:
    code, said = run(reader, reader.rows("chr1") + reader.rows("scaffold_7") + reader.rows("scaffold_8"))
    assert code == (2 if reader.some_stops else 0), said
    if reader.of_a_part:
        assert said == ""
        return
    assert "'scaffold_7'" in said
    if not reader.some_stops:
        rows = len(reader.rows("scaffold_7").splitlines())
        assert f"{2 * rows} of {3 * rows} " in said
        assert "'scaffold_7' and 1 more (the genome has 'chr1')" in said


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=shown)
@pytest.mark.parametrize("spelling", ["1", "NC_000001.11"])
def test_other_spellings_meet_without_a_word(reader: Reader, spelling: str, run: Run) -> None:
    code, said = run(reader, reader.rows(spelling))
    assert code == 0, said
    assert "of the genome" not in said
    assert "lacks" not in said


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=shown)
def test_two_names_of_one_contig_are_warned_of(reader: Reader, run: Run) -> None:
    if reader.rows is splits:
        pytest.skip("a part of a contig named twice is an error there")
    _, said = run(reader, reader.rows("chr1") + reader.rows("1"))
    assert "'chr1' and '1' are both 'chr1' of the genome" in said


def test_every_option_that_takes_a_file_is_known_here() -> None:
    tested = {(reader.command, reader.option) for reader in READERS} | WITHOUT_PLACES
    unknown = [
        (command, option)
        for command in cli.COMMANDS
        for action in cli.build_parser(command)._actions
        for option in action.option_strings[:1]
        if any(word in str(action.metavar) for word in FILES)
        and option not in OTHERS
        and (command, option) not in tested
    ]
    assert unknown == []
