"""Makes the test data of the Galaxy tools: pieces of the demo locus, made-up rows, a model of random weights.

Usage: python tests/galaxy/make_test_data.py [FOLDER]     (default: galaxy_tools/test-data)

Equal sources give equal bytes.
"""

from __future__ import annotations

import dataclasses
import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pysam

from dnabert_enhancer.commands.predict import COLUMNS as SEQUENCE_COLUMNS
from dnabert_enhancer.comparison import summary_columns
from dnabert_enhancer.files import open_bgzip
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.interpret import REGION_COLUMNS, VARIANT_COLUMNS
from dnabert_enhancer.model import (
    Encoder,
    FurtherOutput,
    ModelCard,
    ModelParts,
    Threshold,
    new_model,
    write_archive,
    write_model,
)
from dnabert_enhancer.variants import CANDIDATE_COLUMNS

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "support"))
import written_runs as runs  # noqa: E402

DEMO = REPOSITORY / "assets" / "demo"
FOLDER = REPOSITORY / "galaxy_tools" / "test-data"

CONTIG = "chr16"
LOCUS_START, LOCUS_END = 159_000, 184_000
"""The piece with the alpha-globin genes and their variants; its contig is called ``locus``."""
PIECE = 8_000
PIECES = (60_000, 100_000, 112_000, 140_000, 172_000, 230_000)
"""Where the six contigs of the small genome begin in the demo's."""
REGION = 240
MOTIF = "TGACTCAGCATGACTC"
"""Stands in the made-up enhancers and not in the others, so that a small model learns in seconds."""
LINE = 60
OUTPUTS = ("enhancer", "activity", "bound")
"""Of the small model that has several."""
HG19_SHIFT = 500
"""Where the locus begins in the made-up older assembly."""


def main(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    with Genome(DEMO / "alpha-globin.fa.gz") as genome:
        locus = genome.fetch(CONTIG, LOCUS_START, LOCUS_END).decode()
        pieces = {
            f"piece{number}": genome.fetch(CONTIG, start, start + PIECE).decode()
            for number, start in enumerate(PIECES, start=1)
        }
        enhancer = genome.fetch(CONTIG, 113_380, 113_908).decode()  # HS-40, of textbook-enhancers.bed
    write_genomes(folder, locus, pieces)
    write_sequences(folder, enhancer)
    write_regions(folder, pieces)
    write_variants(folder, locus)
    write_databases(folder)
    write_labelled(folder)
    write_models(folder)
    write_runs(folder)


def write_genomes(folder: Path, locus: str, pieces: dict[str, str]) -> None:
    """Write the two genomes, the tables that name one for the server, and contig lengths."""
    (folder / "locus.fa").write_text(fasta({"locus": locus}))
    # an index beside it, since the server's jobs would write one into the checkout
    (folder / "locus.fa.fai").write_text(f"locus\t{len(locus)}\t{len('>locus') + 1}\t{LINE}\t{LINE + 1}\n")
    with open_bgzip(folder / "genome.fa.gz") as stream:
        stream.write(fasta(pieces).encode())
    (folder / "locus.sizes").write_text(f"locus\t{len(locus)}\n")
    (folder / "all_fasta.loc").write_text(
        "#value\tdbkey\tname\tpath\nlocus\thg38\tAlpha-globin locus\t${__HERE__}/locus.fa\n"
    )
    (folder / "huggingface.loc").write_text(
        "#value\tname\tpipeline_tag\tdomain\tfree_tag\tversion\tpath\n"
        + "".join(
            f"{value}\t{name}\ttext-classification\tsequence\t{tag}\t1\t${{__HERE__}}/models/tiny\n"
            for value, name, tag in (
                ("dnabert-enhancer/tiny", "Random weights, for tests", "enhancer"),
                ("dnabert-enhancer/tiny-tf", "Random weights as a factor, for tests", "tf-binding"),
                ("dnabert-enhancer/tiny-base", "Random weights as a base, for tests", "base"),
            )
        )
        + "dnabert-enhancer/tiny-outputs\tRandom weights of three outputs, for tests\t"
        "text-classification\tsequence\tenhancer\t1\t${__HERE__}/models/tiny-outputs\n"
        "others/text\tA model of another suite\ttext-generation\ttext\t\t1\t${__HERE__}/models/tiny\n"
    )
    (folder / "dnabert_enhancer_outputs.loc").write_text(
        "#value\tname\tmodel\ttask\n"
        + "".join(
            f"{name}\t{said}\tdnabert-enhancer/{model}\t{task}\n"
            for name, said, model, task in (
                ("enhancer", "enhancer: the model's main output", "tiny-outputs", "binary"),
                ("activity", "activity: log2(RNA/DNA); a measured value", "tiny-outputs", "regression"),
                ("bound", "bound: bound by a factor", "tiny-outputs", "binary"),
                ("others", "others: of a model that is not installed", "not-here", "binary"),
            )
        )
    )


def write_sequences(folder: Path, enhancer: str) -> None:
    """Write sequences to score: an enhancer, its shuffle, a short one, and one shorter than a k-mer."""
    shuffled = "".join(np.random.default_rng(1).permutation(list(enhancer)))
    sequences = {"HS-40": enhancer, "shuffled": shuffled, "short": enhancer[:90], "too_short": "ACGTA"}
    (folder / "sequences.fa").write_text(fasta(sequences))
    with gzip.GzipFile(folder / "sequences.fa.gz", "wb", mtime=0) as stream:
        stream.write(fasta(sequences).encode())
    rows = [f"{name}\t{text}\n" for name, text in list(sequences.items())[:3]]
    (folder / "sequences.tsv").write_text("name\tsequence\n" + "".join(rows))
    (folder / "not-dna.fa").write_text(">protein\nMKVLAAGIVGLLLAQWERPTY\n")


def write_regions(folder: Path, pieces: dict[str, str]) -> None:
    """Write regions of the two genomes."""
    rng = np.random.default_rng(2)
    regions = []
    for contig in pieces:
        starts = np.arange(300, PIECE - 700, 900) + rng.integers(0, 300, 8 + (PIECE - 1000) // 900 - 7)
        regions += [(contig, int(start), int(start) + REGION) for start in starts]
    (folder / "peaks.bed").write_text(bed(regions))
    (folder / "blacklist.bed").write_text(bed([("piece2", 0, 2000)]))
    (folder / "others.bed").write_text(
        bed([(contig, start - 280, start - 20) for contig, start, _ in regions])
    )
    (folder / "regions.bed").write_text(bed([("locus", 600, 1000), ("locus", 17_000, 17_400)]))
    hs40 = 113_600 - PIECES[2]  # 200 bases with both sites of NF-E2/AP-1
    (folder / "hs40.bed").write_text(f"piece3\t{hs40}\t{hs40 + 200}\tHS-40\n")
    (folder / "regions-outside.bed").write_text(bed([("piece1", 600, 1000), ("nowhere", 0, 500)]))
    (folder / "splits.tsv").write_text(
        "".join(
            f"piece{number}\t{split}\n"
            for number, split in enumerate(["train"] * 4 + ["validation", "test"], start=1)
        )
    )


def write_variants(folder: Path, locus: str) -> None:
    """Write the demo's variants of the locus, with some that cannot be scored and genotypes; a list."""
    position = 159_710 - LOCUS_START
    (folder / "variants.hgvs").write_text(f"NC_999999.1:g.{position}T>C\nNC_999999.1:g.{position + 9}del\n")
    report = (
        "locus",
        "assembled-molecule",
        "na",
        "na",
        "na",
        "<>",
        "NC_999999.1",
        "Primary Assembly",
        len(locus),
        "na",
    )
    (folder / "assembly_report.txt").write_text("\t".join(map(str, report)) + "\n")
    head = [
        "##fileformat=VCFv4.2",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##INFO=<ID=NOTE,Number=1,Type=String,Description="Why it is here">',
        '##INFO=<ID=END,Number=1,Type=Integer,Description="End, which htslib adds to BCF">',
        f"##contig=<ID=locus,length={len(locus)}>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tmother\tfather",
    ]
    rows = []
    for line in (DEMO / "variants.vcf").read_text().splitlines():
        fields = line.split("\t")
        if line.startswith("#") or not LOCUS_START < int(fields[1]) <= LOCUS_END:
            continue
        rows.append((int(fields[1]) - LOCUS_START, fields[2], fields[3], fields[4], "."))
    rows = rows[:6]  # few: the packaged model reads ten windows and more for each
    place = 20_000
    base = locus[place - 1].upper()
    other = "A" if base != "A" else "C"
    wrong = next(letter for letter in "ACGT" if letter not in (base, other))
    rows += [
        (place, "wrong_reference", wrong, other, "NOTE=not_the_base_of_the_genome"),
        (place, "symbolic", base, "<DEL>", "NOTE=no_sequence"),
        (place, "insertion", base, f"{base}GATTACA", "."),
    ]
    body = [
        "\t".join(("locus", str(pos), name, ref, alt, ".", ".", info, "GT", "0|1", "1|0"))
        for pos, name, ref, alt, info in rows
    ]
    text = "\n".join([*head, *body]) + "\n"
    (folder / "variants.vcf").write_text(text)
    with open_bgzip(folder / "variants.vcf.gz") as stream:
        stream.write(text.encode())
    with (
        pysam.VariantFile(str(folder / "variants.vcf")) as read,
        pysam.VariantFile(str(folder / "variants.bcf"), "wb", header=read.header) as written,
    ):
        for record in read:
            written.write(record)
    (folder / "not.vcf").write_text("this is no VCF\n")
    (folder / "genes.bed").write_text(bed([("locus", 13_000, 14_500), ("locus", 17_800, 18_600)], "HBA"))
    (folder / "genes.gtf").write_text(
        'locus\ttest\tgene\t13001\t14500\t.\t+\t.\tgene_id "G1"; gene_name "HBA2";\n'
    )
    (folder / "placed.tsv").write_text(
        "chrom\tstart\tend\tsequence\tlabel\n"
        + "".join(
            f"locus\t{start}\t{start + 60}\t{locus[start : start + 60].upper()}\t{start // 250 % 2}\n"
            for start in range(12_500, 18_500, 250)
        )
    )
    (folder / "gwas.tsv").write_text(
        "DISEASE/TRAIT\tCHR_ID\tCHR_POS\tSTRONGEST SNP-RISK ALLELE\tSNPS\tP-VALUE\n"
        "Height\tlocus\t710\trs1-C\trs1\t5E-9\n"
    )
    (folder / "dbsnp.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nlocus\t710\trs1\tT\tC\t.\t.\t.\n"
    )
    (folder / "names.txt").write_text("rs1\nrs404\nlocus:711:A:C\n")
    (folder / "gtex.tsv").write_text("variant_id\tgene_name\nlocus_710_T_C_b38\tHBA2\n")
    (folder / "motifs.meme").write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
        "Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n\n"
        + "\n".join(
            f"MOTIF {name} made_up\nletter-probability matrix: alength= 4 w= {len(word)} nsites= 20 E= 0\n"
            + "".join(
                " ".join("0.94" if letter == base else "0.02" for letter in "ACGT") + "\n" for base in word
            )
            # the second is what the first variant makes, on the reverse strand
            for name, word in (("GATA", "AGATAA"), ("rSNP", "CTGATAATGT"))
        )
    )


def write_databases(folder: Path) -> None:
    """Write calls as the scan makes them, and two databases of the demo moved into the locus."""
    for source, target, columns in (
        ("fantom5-enhancers.bed", "fantom5.bed", 6),
        ("ccre-pels.bed", "pels.tsv", None),
    ):
        lines = []
        for line in (DEMO / source).read_text().splitlines():
            fields = line.split("\t")
            if line.startswith("#"):
                lines.append(line)
            elif int(fields[1]) >= LOCUS_START and int(fields[2]) <= LOCUS_END:
                moved = [str(int(text) - LOCUS_START) for text in fields[1:3]]
                lines.append("\t".join(["locus", *moved, *fields[3:columns]]))
        (folder / target).write_text("\n".join(lines) + "\n")
    title = "#chrom\tstart\tend\tname\tscore\tstrand\tsummit\tmean\tmaximum\tq_value\n"
    starts = (600, 5_900, 6_500, 8_150, 11_100, 15_500, 16_800, 18_500, 19_700, 22_200, 23_900)
    rows = []
    for number, start in enumerate(starts, start=1):
        place = f"locus\t{start}\t{start + 300}\tcall{number}\t{500 + 30 * number}\t."
        rows.append(f"{place}\t{start + 150}\t0.4{number:02d}\t{0.5 + 0.03 * number:.2f}\t0.1\n")
    (folder / "calls.bed").write_text(title + "".join(rows))
    (folder / "scanned.bed").write_text(bed([("locus", 0, LOCUS_END - LOCUS_START)]))
    (folder / "gaps.bed").write_text(bed([("locus", 24_500, 25_000)]))
    (folder / "locus-others.bed").write_text(
        bed([("locus", start + 350, start + 650) for start in starts[:-1]])
    )
    (folder / "own.csv").write_text(
        "id,place,from,to,signal\nfirst,locus,601,900,5\nsecond,locus,10001,10500,3\nweak,locus,16001,16500,1\n"
    )
    older = [
        (contig, start + HG19_SHIFT, end + HG19_SHIFT) for contig, start, end in [("locus", 16_790, 17_215)]
    ]
    (folder / "fantom5-hg19.bed").write_text(bed(older))
    length = LOCUS_END - LOCUS_START
    before = length + HG19_SHIFT
    (folder / "hg19ToHg38.chain").write_text(
        # a real chromosome too, by whose lengths the assemblies are recognised
        "chain 1000 chr16 90354753 + 0 1000 chr16 90338345 + 0 1000 1\n1000\n\n"
        f"chain 1000 locus {before} + {HG19_SHIFT} {before} locus {length} + 0 {length} 2\n{length}\n\n"
    )


def write_labelled(folder: Path) -> None:
    """Write labelled sequences: tables of three splits, and the same as two FASTA files."""
    rng = np.random.default_rng(3)
    for split, count in (("train", 96), ("dev", 48), ("test", 48)):
        lines, groups = ["sequence\tlabel"], {0: {}, 1: {}}
        for number in range(count):
            letters = rng.choice(list("ACGT"), LINE)
            label = number % 2
            if label:
                letters[12 : 12 + len(MOTIF)] = list(MOTIF)
                letters[36 : 36 + len(MOTIF)] = list(MOTIF)
            groups[label][f"{split}{number}"] = "".join(letters)
            lines.append(f"{''.join(letters)}\t{label}")
        (folder / f"{split}.tsv").write_text("\n".join(lines) + "\n")
        if split == "test":
            (folder / "enhancers.fa").write_text(fasta(groups[1]))
            (folder / "others.fa").write_text(fasta(groups[0]))
            known = dict(list(groups[1].items())[:2])
            (folder / "known.fa").write_text(fasta(known))
    (folder / "odd-columns.csv").write_text("dna,active\nACGTACG,1\nTTTTGCA,0\n")
    (folder / "one-class.tsv").write_text("sequence\tlabel\n" + f"{'ACGT' * 15}\t1\n{'AACC' * 15}\t1\n")


def write_runs(folder: Path) -> None:
    """Write what the tools' outputs of several runs hold, for the tool that puts them on a page."""
    base, sizes = folder / "report", {"chr1": 5000, "chr2": 3000}
    same = {"command_line": ["made", "up"], "arguments": {}}
    calls = [("chr1", 100, 400, 0.75), ("chr2", 50, 250, 0.875)]
    scan = {"window_length": 200, "label": "enhancer"}
    runs.write_scan(Path(f"{base}-scan"), calls, sizes, scan=scan, **same)
    Path(f"{base}-scan.calls.bed.gz").rename(f"{base}-scan.calls.bed")
    titles = ("chrom", "start", "end", "name", "maximum", "label")
    rows = [["chr1", 0, 500, "a", 0.75, "enhancer"], ["chr1", 500, 900, "b", 0.25, "other"]]
    runs.write_rows(Path(f"{base}-scan.regions.tsv"), titles, rows)

    runs.write_variants(Path(f"{base}-variants"), runs.many_variants(30), sizes, **same)
    Path(f"{base}-variants.tsv.gz").rename(f"{base}-variants.tsv")
    Path(f"{base}-variants.vcf.gz").rename(f"{base}-variants.vcf")
    ranked = {"rank": 1, "chrom": "chr1", "pos": 7}
    cells = [ranked.get(name, "NA") for name in CANDIDATE_COLUMNS]
    runs.write_rows(Path(f"{base}-variants.candidates.tsv"), CANDIDATE_COLUMNS, [cells])

    runs.write_record(Path(f"{base}-sequences"), "predict", **same)
    row = {"name": "s", "length": 300, "windows": 1, "maximum": 0.5, "label": "enhancer"}
    cells = [row.get(name, "NA") for name in SEQUENCE_COLUMNS]
    runs.write_rows(Path(f"{base}-sequences.tsv"), SEQUENCE_COLUMNS, [cells])

    runs.write_record(Path(f"{base}-interpret"), "interpret", **same)
    row = {"name": "a", "chrom": "chr1", "start": 0, "end": 500, "score": 0.75, "maximum": 1.5}
    cells = [row.get(name, "NA") for name in REGION_COLUMNS]
    runs.write_rows(Path(f"{base}-interpret.regions.tsv"), REGION_COLUMNS, [cells])
    Path(f"{base}-interpret.seqlets.bed").write_text("chr1\t26\t33\ta\t200\t.\t1.5\t0.01\t0.01\n")
    runs.write_record(Path(f"{base}-interpret-variants"), "interpret", **same)
    row = {"chrom": "chr1", "pos": 7, "id": "rs7", "change": 0.25, "rewiring": 0.5}
    cells = [row.get(name, "NA") for name in VARIANT_COLUMNS]
    runs.write_rows(Path(f"{base}-interpret-variants.tsv"), VARIANT_COLUMNS, [cells])

    runs.write_record(Path(f"{base}-compare"), "compare-db", counts={"calls": 2, "novel": 1}, **same)
    row = {"database": "FANTOM5", "circular_fold": 2.5}
    columns = tuple(summary_columns())
    runs.write_rows(Path(f"{base}-compare.summary.tsv"), columns, [[row.get(name, "NA") for name in columns]])
    titles = ("chrom", "start", "end", "name", "score", "strand", "rank", "nearest_gene", "gene_distance")
    novel = [["chr1", 100, 400, "call_1", 0.75, ".", 1, "NA", "NA"]]
    runs.write_rows(Path(f"{base}-compare.novel.bed"), titles, novel, title="#")

    runs.write_record(Path(f"{base}-evaluate"), "evaluate", counts={"sequences": 40}, **same)
    metrics = [["tiny", "all", "as given", 0.75]]
    titles = ("method", "subset", "prevalence", "auroc")
    runs.write_rows(Path(f"{base}-evaluate.metrics.tsv"), titles, metrics)
    published = [["auroc", "80.5%", "Somebody et al. 2020"]]
    runs.write_rows(Path(f"{base}-published.tsv"), ("metric", "value", "source"), published)
    groups = [["tiny", "gc", group, auroc] for group, auroc in (("0.3-0.4", 0.75), ("0.4-0.5", 0.625))]
    runs.write_rows(Path(f"{base}-evaluate.strata.tsv"), ("method", "by", "group", "auroc"), groups)
    write_learning_runs(str(base))
    Path(f"{base}-picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\n')


def write_learning_runs(base: str) -> None:
    """Write what make-dataset, finetune (one model, and models of two parts) and tune tell and tabulate."""
    same = {"command_line": ["made", "up"], "arguments": {"base_model": "new:tiny"}}
    counts = {f"{split}_{kind}": 24 for split in ("train", "test") for kind in ("positives", "negatives")}
    runs.write_record(Path(f"{base}-dataset"), "make-dataset", counts={"regions": 60, **counts}, **same)

    known = {"counts": {"sequences_train": 96, "sequences_validation": 48}, **same}
    metrics = {"validation": {"auroc": 0.875, "auprc": 0.75, "mcc": 0.5}}
    runs.write_record(Path(f"{base}-training"), "finetune", metrics=metrics, **known)
    titles = ("epoch", "train_loss", "validation_loss", "validation_auroc")
    epochs = [[1, 0.75, 0.6875, 0.5], [2, 0.5, 0.5625, 0.75], [3, 0.375, 0.5, 0.875]]
    runs.write_rows(Path(f"{base}-training.history.tsv"), titles, epochs)
    runs.write_record(Path(f"{base}-folds"), "finetune", folds=[{"metrics": metrics}] * 2, **known)

    values = {"learning_rate": 0.001, "weight_decay": 0.01, "warmup": 0.1}
    best = {"trial": 2, "auroc": 0.875, **values}
    known["counts"] |= {"trials_complete": 2, "trials_pruned": 1, "trials_failed": 1}
    runs.write_record(Path(f"{base}-search"), "tune", metric="auroc", best=best, **known)
    titles = ("trial", "state", "rank", "auroc", *values, "epochs", "best_epoch", "reason")
    trials = [
        [1, "complete", 2, 0.75, 0.0001, 0.01, 0.1, 3, 3, ""],
        [2, "complete", 1, 0.875, 0.001, 0.01, 0.1, 3, 2, ""],
        [3, "pruned", "NA", "NA", 0.00001, 0.02, 0.2, 2, "NA", ""],
        [4, "failed", "NA", "NA", 0.003, 0.01, 0.2, 3, "NA", "collapsed: predicts one class"],
    ]
    runs.write_rows(Path(f"{base}-search.trials.tsv"), titles, trials)


def write_models(folder: Path) -> None:
    """Write the model directories for the server's table, one and another as archives, and no archive."""
    made = new_model("tiny", k=3, window_length=60, seed=1, name="tiny")
    state = Encoder.from_config(made.config).fresh_state(np.random.default_rng(1), 0.3)
    directory = folder / "models" / "tiny"
    shutil.rmtree(directory, ignore_errors=True)
    thresholds = {
        name: Threshold(value, "made up for the tests")
        for name, value in (("default", 0.5), ("max-mcc", 0.45), ("strict", 0.6))
    }
    card = dataclasses.replace(made.card, thresholds=thresholds)
    write_model(directory, ModelParts(made.config, state, card, made.vocabulary))
    write_archive(directory, folder / "tiny-model.tar.gz")
    other = Encoder.from_config(made.config).fresh_state(np.random.default_rng(2), 0.3)
    with tempfile.TemporaryDirectory() as work:
        second = dataclasses.replace(card, name="tiny-2")
        write_model(Path(work) / "tiny-2", ModelParts(made.config, other, second, made.vocabulary))
        write_archive(Path(work) / "tiny-2", folder / "tiny-model-2.tar.gz")
    three = new_model("tiny", k=3, window_length=60, task="multiclass", labels=OUTPUTS, seed=4, name="three")
    outputs = {
        "activity": FurtherOutput(1, "regression", "log2(RNA/DNA)", 60),
        "bound": FurtherOutput(2, "binary", "bound by a factor", 30),
    }
    card = ModelCard("tiny-outputs", 60, k=3, column=0, further_outputs=outputs)
    directory = folder / "models" / "tiny-outputs"
    shutil.rmtree(directory, ignore_errors=True)
    write_model(directory, dataclasses.replace(three, card=card))
    with gzip.GzipFile(folder / "not-a-model.tar.gz", "wb", mtime=0) as stream:
        stream.write(b"this is no archive\n")


def fasta(sequences: dict[str, str]) -> str:
    """Return a FASTA with lines of equal length."""
    return "".join(
        f">{name}\n" + "".join(f"{text[at : at + LINE]}\n" for at in range(0, len(text), LINE))
        for name, text in sequences.items()
    )


def bed(regions: Iterable[tuple[str, int, int]], name: str | None = None) -> str:
    """Return a BED of three columns, or of six with names."""
    rest = "" if name is None else "\t{name}{number}\t0\t+"
    return "".join(
        f"{contig}\t{start}\t{end}{rest.format(name=name, number=number)}\n"
        for number, (contig, start, end) in enumerate(regions, start=1)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
