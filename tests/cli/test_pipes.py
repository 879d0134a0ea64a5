"""Every input of every command gives the same bytes as a file, packed, and through pipes (files/streams)."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import gzip
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from written_runs import write_record

from dnabert_enhancer.commands.cli import COMMANDS, build_parser, main
from dnabert_enhancer.model import Encoder, new_model, write_archive, write_model

WINDOW = 60
PATHS = re.compile(
    r"PATH|RUN_PREFIX|FILE|BED|MEME|PANEL|VCF|JSON|FASTA|TSV|MODEL|SOURCE|PREFIX|DIR|NAME=BED|NAME=MODEL|"
    r"NAME=BED,share=S|NAME=FILE|(NAME=)?FILE\[,key=value…\]|FILE\|FRACTIONS|[a-z|-]+\|BED"
)
OTHERS = re.compile(
    r"A,B|ACTION|BP|COMMAND|I/N|K|LOR|N|NAME|NORM|P|R|RATE|SHARE|TEXT|TITLE\|N|X|hg38\|hg19|0\|1|[a-z|]+|NAME,NAME|"
    r"p:P\|q:Q\|none|SHARE\|FIRST:LAST:STEP|N\|adaptive"
)
OUTPUTS = {
    "--output",
    "--embeddings",
    "--output-prefix",
    "--output-dir",
    "--archive",
    "--log-dir",
    "--dir",
    "--track-hub",
    "--bundle",
    "--multiqc",
}
# read from the middle, or a folder
NOT_PIPES = {
    ("tokenize", "--genome"): "a genome cannot be read from a pipe",
    ("make-dataset", "--genome"): "a genome cannot be read from a pipe",
    ("predict", "--genome"): "a genome cannot be read from a pipe",
    ("score-variants", "--genome"): "a genome cannot be read from a pipe",
    ("compare-db", "--genome"): "a genome cannot be read from a pipe",
    ("interpret", "--genome"): "a genome cannot be read from a pipe",
    ("models", "--genome"): "a genome cannot be read from a pipe",
    ("import-model", "--base-model"): "",  # a folder
    ("tune", "--base-model"): "",  # is read for every trial; refused by a test of its own
    ("tune", "--merge"): "",  # folders
    ("report", "RUN_PREFIX"): "",  # stands for the files of a run
    ("index-genome", "--genome"): "a genome cannot be read from a pipe",
}
FOLDER_NAMES = ("g.fa", "judged")
"""Words of cases that name a file, or the prefix of a run, in the folder, and are no pipe."""
# says what it found about this machine, and writes no file
PRINTS_ONLY = {("check", "FILE"), ("doctor", "--model"), ("models", "--catalogue")}


class Input(NamedTuple):
    """An input of a run: a file of the folder, and how the option names it."""

    name: str
    form: str = "{}"
    packed: bool = False


class Case(NamedTuple):
    """A run of a command; its outputs go to ``{out}``."""

    command: str
    words: tuple[str | Input, ...]

    def options(self) -> set[str]:
        """Return the options (or SOURCE) that have inputs."""
        found = set()
        option = "SOURCE"
        for word in self.words:
            if isinstance(word, Input):
                found.add(option)
            elif word.startswith("--"):
                option = word
        return found


ENGINE = ("--backend", "onnx", "--precision", "float32", "--threads", "1")
TRAINING = ("--epochs", "4", "--batch-size", "8", "--learning-rate", "0.01", "--device", "cpu")
MODEL = Input("model.tar.gz", packed=True)
REPORT = ("--assembly-report", Input("report.txt"))
CASES = {
    "report": Case(
        "report", ("judged", "--published", Input("figures.tsv"), "--output", "{out}/page.html")
    ),
    "tokenize fasta": Case("tokenize", ("--input", Input("pos.fa"), "--k", "3", "--output", "{out}/t.tsv")),
    "tokenize pair": Case(
        "tokenize",
        ("--input", Input("pos.fa"), "--negatives", Input("neg.fa"), "--k", "3", "--output", "{out}/t.tsv"),
    ),
    "tokenize table": Case(
        "tokenize", ("--input", Input("rows.tsv"), "--k", "3", "--output", "{out}/t.tsv.gz")
    ),
    "tokenize bed": Case(
        "tokenize",
        ("--input", Input("regions.bed"), "--genome", "g.fa", *REPORT, "--k", "3", "--output", "{out}/t.tsv"),
    ),
    "evaluate table": Case(
        "evaluate",
        (
            *("--dataset", Input("rows.tsv"), "--model", MODEL, "--bootstrap", "10", "--no-pictures"),
            *("--exclude-duplicates-of", Input("pos.fa"), "--output-prefix", "{out}/e", *ENGINE),
            *("--train-dataset", Input("train.csv"), "--baselines", "GNB"),
        ),
    ),
    "evaluate pair": Case(
        "evaluate",
        (
            *("--dataset", Input("pos.fa"), "--negatives", Input("neg.fa"), "--model", "none"),
            *("--train-dataset", Input("pos.fa"), "--train-negatives", Input("neg.fa"), "--baselines", "GNB"),
            *("--exclude-duplicates-of", Input("rows.tsv"), "--bootstrap", "10", "--no-pictures"),
            *("--output-prefix", "{out}/e", *ENGINE),
        ),
    ),
    "evaluate genes": Case(
        "evaluate",
        (
            *("--dataset", Input("placed.tsv"), "--model", MODEL, "--bootstrap", "10", "--no-pictures"),
            *("--by", "tss", "--genes", Input("genes.gtf"), "--output-prefix", "{out}/e", *ENGINE),
        ),
    ),
    "compare-db": Case(
        "compare-db",
        (
            *("--calls", Input("regions.bed"), "--database", Input("near.bed", "near={},preset=bed")),
            *("--databases", Input("manifest.tsv"), "--genome-sizes", Input("g.sizes"), "--assembly", "hg38"),
            *("--chain", Input("hg19.chain"), "--scanned", Input("scanned.bed"), "--gaps", Input("gaps.bed")),
            *("--genes", Input("genes.gtf", "{},preset=gtf"), *REPORT, "--permutations", "20", "--no-plots"),
            *("--output-prefix", "{out}/c"),
        ),
    ),
    "compare-db with a FASTA": Case(
        "compare-db",
        (
            *("--calls", Input("regions.bed"), "--database", Input("near.bed", "near={}")),
            *("--genome-sizes", Input("g.sizes"), "--genes", Input("genes.bed"), "--null", "none"),
            *("--assembly", "hg38", "--no-plots", "--output-prefix", "{out}/c"),
        ),
    ),
    "score-variants": Case(
        "score-variants",
        (
            *("--vcf", Input("in.vcf"), "--genome", "g.fa", "--model", MODEL),
            *("--tf", Input("model.tar.gz", "T={}", packed=True)),
            *("--motifs", Input("motifs.meme"), *REPORT, "--genes", Input("genes.gtf")),
            *("--regions", Input("scanned.bed"), "--annotate", Input("near.bed", "near={}")),
            *("--clinical", Input("in.vcf", "clinvar={}"), "--clinical", Input("gwas.tsv", "gwas={}")),
            *("--null-variants", "0", "--output-prefix", "{out}/v", *ENGINE),
        ),
    ),
    "score-variants names": Case(
        "score-variants",
        (
            *("--variant-list", Input("names.txt"), "--dbsnp", Input("in.vcf"), "--genome", "g.fa"),
            *("--model", MODEL, "--null-variants", "0", "--output-prefix", "{out}/v", *ENGINE),
        ),
    ),
    "score-variants panel": Case(
        "score-variants",
        (
            *("--vcf", Input("in.vcf"), "--genome", "g.fa", "--tf-panel", Input("panel.tsv")),
            *("--null-variants", "0", "--offsets", "1", "--output-prefix", "{out}/v", *ENGINE),
        ),
    ),
    "score-variants part": Case(
        "score-variants",
        (
            *("--part", Input("v.part-1-of-1.records", packed=True), "--genome", "g.fa", "--model", MODEL),
            *("--null-variants", "0", "--output-prefix", "{out}/v", *ENGINE),
        ),
    ),
    "score-variants merge": Case(
        "score-variants",
        ("--merge", Input("v.shard-1-of-1.scores", packed=True), "--output-prefix", "{out}/v"),
    ),
    "make-dataset": Case(
        "make-dataset",
        (
            *("--regions", Input("regions.bed"), "--genome", "g.fa", "--exclude", Input("gaps.bed")),
            *("--splits", Input("splits.tsv"), "--negatives", Input("background.bed"), "--length", "60"),
            *("--ratio", "1", "--negatives-from", Input("hard.bed", "hard={},share=0.1"), "--allow-fewer"),
            *REPORT,
            *("--output-dir", "{out}/d"),
        ),
    ),
    "finetune table": Case(
        "finetune",
        (
            *("--dataset", Input("train.csv"), "--validation", Input("rows.tsv"), "--base-model", MODEL),
            *TRAINING,
            *("--output-dir", "{out}/m"),
        ),
    ),
    "tune": Case(
        "tune",
        (
            *("--dataset", Input("pos.fa"), "--negatives", Input("neg.fa")),
            *("--validation", Input("rows.tsv"), "--base-model", "new:tiny", "--k", "3"),
            *("--trials", "1", "--learning-rates", "0.01"),
            *("--epochs", "4", "--batch-size", "8", "--device", "cpu", "--output-dir", "{out}/m"),
        ),
    ),
    "finetune pair": Case(
        "finetune",
        (
            *("--dataset", Input("pos.fa"), "--negatives", Input("neg.fa"), "--base-model", "new:tiny"),
            *("--k", "3", *TRAINING, "--output-dir", "{out}/m"),
        ),
    ),
    "models calibrate": Case(
        "models",
        (
            *("calibrate", MODEL, "--dataset", Input("pos.fa"), "--negatives", Input("neg.fa")),
            *("--output-dir", "{out}/m"),
        ),
    ),
    "models background": Case(
        "models",
        (
            *("background", MODEL, "--genome", "g.fa", "--regions", Input("regions.bed")),
            *("--output-dir", "{out}/m"),
        ),
    ),
    "models quantize": Case(
        "models",
        (
            *("quantize", Input("wide.tar.gz", packed=True), "--sequences", Input("pos.fa")),
            *("--output-dir", "{out}/m"),
        ),
    ),
    "import-model": Case("import-model", (MODEL, "--name", "x", "--output-dir", "{out}/m")),
    "predict fasta": Case(
        "predict", ("--fasta", Input("pos.fa"), "--model", MODEL, "--output-prefix", "{out}/p", *ENGINE)
    ),
    "the screen of a scan": Case(
        "predict",
        (
            *("--genome", "g.fa", "--model", MODEL, "--screen", Input("model.tar.gz", packed=True)),
            *("--stride", "60", "--no-null", "--threshold", "0.5", "--output-prefix", "{out}/p", *ENGINE),
        ),
    ),
    "predict table": Case(
        "predict", ("--tsv", Input("rows.tsv"), "--model", MODEL, "--output-prefix", "{out}/p", *ENGINE)
    ),
    "predict genome": Case(
        "predict",
        (
            *("--genome", "g.fa", "--regions", Input("regions.bed"), "--model", MODEL, *REPORT),
            *("--stride", "60", "--null", "genome", "--null-exclude", Input("near.bed")),
            *("--null-fraction", "0.1"),
            *("--output-prefix", "{out}/p", *ENGINE),
        ),
    ),
    "interpret fasta": Case(
        "interpret",
        ("--fasta", Input("few.fa"), "--model", MODEL, "--logos", "0", "--output-prefix", "{out}/i", *ENGINE),
    ),
    "interpret genome": Case(
        "interpret",
        (
            *("--genome", "g.fa", "--regions", Input("few.bed"), *REPORT, "--model", MODEL, "--logos", "0"),
            *("--output-prefix", "{out}/i", *ENGINE),
        ),
    ),
    "interpret variants": Case(
        "interpret",
        (
            *("--genome", "g.fa", "--vcf", Input("few.vcf"), "--motifs", Input("motifs.meme")),
            *("--genes", Input("genes.gtf"), "--annotate", Input("near.bed", "near={}")),
            *("--model", MODEL, "--logos", "0", "--output-prefix", "{out}/i", *ENGINE),
        ),
    ),
    "interpret merge": Case(
        "interpret", ("--merge", Input("i.shard-1-of-1.scores", packed=True), "--output-prefix", "{out}/i")
    ),
    "predict merge": Case(
        "predict", ("--merge", Input("p.shard-1-of-1.scores", packed=True), "--output-prefix", "{out}/p")
    ),
}  # fmt: skip
OTHER_CASES = {
    "compare-db": Case(
        "compare-db",
        (
            *(
                "--calls",
                Input("regions.bed"),
                "--database",
                Input("near.bed", "near={}"),
                "--genome",
                "g.fa",
            ),
            *("--genome-sizes", Input("g.sizes"), "--assembly", "hg38", "--output-prefix", "{out}/c"),
        ),
    ),
    "index-genome": Case("index-genome", ("--genome", "g.fa", "--output-dir", "{out}/g")),
}


def run(command: str, words: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as stop:
        main([*words], command=command)
    return int(stop.value.code or 0)


def bases(rng: np.random.Generator, n: int = WINDOW, label: int = 0) -> str:
    """Return random bases, of label 1 rich in A."""
    return "".join(rng.choice(list("AAAACGT" if label else "ACGT"), n))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one small file for each kind of input."""
    made = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(7)
    contigs = {"chr1": bases(rng, 30_000), "chr2": bases(rng, 12_000), "chr3": bases(rng, 9000)}
    texts = {
        "g.fa": "".join(f">{name}\n{letters}\n" for name, letters in contigs.items()),
        "g.sizes": "".join(f"{name}\t{len(letters)}\n" for name, letters in contigs.items()),
        "pos.fa": "".join(f">p{n}\n{bases(rng, label=1)}\n" for n in range(40)),
        "few.fa": f">f1\n{bases(rng)}\n>f2\n{bases(rng)}\n",
        # NCBI's columns
        "report.txt": "# Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\t"
        "GenBank-Accn\tRelationship\tRefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name\n"
        + "".join(
            f"{name[3:]}\tassembled-molecule\t{name[3:]}\tChromosome\tCM{name[3:]}.1\t=\tNC_{name[3:]}.1\t"
            f"Primary Assembly\t{len(letters)}\t{name}\n"
            for name, letters in contigs.items()
        ),
        "few.bed": "chr1\t1000\t1060\tone\nchr2\t500\t560\ttwo\n",
        "neg.fa": "".join(f">n{n}\n{bases(rng)}\n" for n in range(40)),
        "rows.tsv": "sequence\tlabel\n" + "".join(f"{bases(rng, label=n % 2)}\t{n % 2}\n" for n in range(60)),
        "placed.tsv": "chrom\tstart\tend\tsequence\tlabel\n"
        + "".join(f"chr1\t{n * 60}\t{n * 60 + 60}\t{bases(rng, label=n % 2)}\t{n % 2}\n" for n in range(60)),
        "train.csv": "sequence,label\n" + "".join(f"{bases(rng, label=n % 2)},{n % 2}\n" for n in range(60)),
        "regions.bed": "".join(
            f"{name}\t{start}\t{start + 200}\tr{start}\t{start % 7}\n"
            for name, letters in contigs.items()
            for start in range(1000, len(letters) - 1000, 1500)
        ),
        "near.bed": "".join(f"chr1\t{at}\t{at + 150}\ts{at}\n" for at in range(900, 28_000, 1700)),
        "scanned.bed": "chr1\t0\t29000\nchr2\t0\t12000\nchr3\t100\t9000\n",
        "gaps.bed": "chr2\t11000\t11500\n",
        "background.bed": "".join(f"{name}\t0\t{len(letters)}\n" for name, letters in contigs.items()),
        "hard.bed": "".join(f"{name}\t2000\t2060\n" for name in contigs),
        "splits.tsv": "chr1\ttrain\nchr2\tvalidation\nchr3\ttest\n",
        "genes.bed": "chr1\t5000\t9000\tABC\t0\t+\nchr2\t100\t2000\tXYZ\t0\t-\n",
        "genes.gtf": 'chr1\tx\tgene\t5001\t9000\t.\t+\t.\tgene_id "a"; gene_name "ABC";\n'
        'chr2\tx\tgene\t101\t2000\t.\t-\t.\tgene_id "b"; gene_name "XYZ";\n',
        "manifest.tsv": f"name\tfile\tpreset\nfar\t{made}/far.bed\tbed\n",
        "far.bed": "chr2\t3000\t3600\tf1\nchr3\t4000\t4100\tf2\n",
        # UCSC's chain format: score tName tSize tStrand tStart tEnd qName qSize qStrand qStart qEnd id
        "hg19.chain": "chain 1000 chr1 249250621 + 0 30000 chr1 248956422 + 0 30000 1\n30000\n\n",
        "panel.tsv": "name\tmodel\nT\tdefault:gue_tf0\n",
        "figures.tsv": "metric\tvalue\tsource\naccuracy\t88.05%\tsomewhere\n",
        "judged.metrics.tsv": "method\tsubset\tprevalence\taccuracy\none\tall\tas given\t0.5\n",
        "names.txt": f"chr1:500:{contigs['chr1'][499]}:{'AC'[contigs['chr1'][499] == 'A']}\nchr1:9:N:A\n",
        "gwas.tsv": "DISEASE/TRAIT\tCHR_ID\tCHR_POS\tSNPS\nHeight\t1\t1400\trs1\n",
        "motifs.meme": "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1\n"
        "letter-probability matrix: alength= 4 w= 6 nsites= 20 E= 0\n"
        + "0.85 0.05 0.05 0.05\n0.05 0.85 0.05 0.05\n" * 3,
        "few.vcf": "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t500\t.\t{contigs['chr1'][499]}\t{'AC'[contigs['chr1'][499] == 'A']}\t.\t.\t.\n",
        "in.vcf": "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=30000>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        + "".join(
            f"chr1\t{place}\t.\t{(ref := contigs['chr1'][place - 1])}\t{'AC'[ref == 'A']}\t.\t.\t.\n"
            for place in range(500, 28_000, 900)
        ),
    }  # fmt: skip
    for name, text in texts.items():
        (made / name).write_text(text)
    write_record(made / "judged", "evaluate")
    write_model(made / "model", new_model("tiny", k=3, window_length=WINDOW, name="tiny model"))
    write_archive(made / "model", made / "model.tar.gz")
    # int8 quantises no smaller matrices than these
    tiny = new_model("tiny", k=3, window_length=WINDOW, name="wide model")
    config = tiny.config | {"hidden_size": 256}
    state = Encoder.from_config(config).fresh_state(np.random.default_rng(0))
    write_model(made / "wide", dataclasses.replace(tiny, config=config, state=state))
    write_archive(made / "wide", made / "wide.tar.gz")
    common = ("--genome", f"{made}/g.fa", "--model", f"{made}/model", "--shard", "1/1", *ENGINE)
    assert run("predict", (*common, "--stride", "60", "--output-prefix", f"{made}/p")) == 0
    variants = ("--vcf", f"{made}/in.vcf", "--null-variants", "0", "--output-prefix", f"{made}/v")
    assert run("score-variants", (*common, *variants)) == 0
    cut = (
        "--genome",
        f"{made}/g.fa",
        "--vcf",
        f"{made}/in.vcf",
        "--cut",
        "9",
        "--output-prefix",
        f"{made}/v",
    )
    assert run("score-variants", cut) == 0
    interpreted = ("--regions", f"{made}/few.bed", "--output-prefix", f"{made}/i")
    assert run("interpret", (*common, *interpreted)) == 0
    return made


@contextlib.contextmanager
def given_as(form: str, path: Path, *, packed: bool) -> Iterator[str]:
    """Give a path under which a file is found in some form; a pipe is filled by a thread."""
    content = path.read_bytes()
    if "gzip" in form and not packed:
        content = gzip.compress(content)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(_scratch(path.parent)))
        name = path.name if packed or "gzip" not in form else f"{path.name}.gz"
        if form in ("file", "gzip"):
            (scratch / name).write_bytes(content)
            yield str(scratch / name)
        elif form.startswith("named pipe"):
            os.mkfifo(scratch / name)
            stack.enter_context(_filled(lambda: (scratch / name).write_bytes(content)))
            yield str(scratch / name)
        else:
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            stack.enter_context(_filled(lambda: _fill(writing, content)))
            yield f"/dev/fd/{reading}"


@contextlib.contextmanager
def _scratch(parent: Path) -> Iterator[str]:
    folder = parent / f"as-{os.urandom(6).hex()}"
    folder.mkdir()
    yield str(folder)
    shutil.rmtree(folder)


def _fill(descriptor: int, content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(descriptor, "wb") as stream:
        stream.write(content)


@contextlib.contextmanager
def _filled(work: object) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)  # type: ignore[arg-type]  # a function
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive(), "nobody read the pipe"


def outputs(folder: Path, inputs: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a run by name: of records what depends on the content of the inputs."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for given in inputs:
            content = content.replace(given.encode(), b"INPUT")
            content = content.replace(f'"{Path(given).name}"'.encode(), b'"INPUT"')
        name = str(path.relative_to(folder))
        if path.suffix == ".db":  # has the times of the trials
            continue
        if path.name.endswith("run.json"):
            record = json.loads(content)
            content = json.dumps([record["counts"], record["skipped"]]).encode()
        elif path.suffix == ".scores":  # its header has the seconds
            with zipfile.ZipFile(path) as scores:
                names = [name for name in scores.namelist() if name != "header.json"]
                content = b"".join(scores.read(name) for name in names)
        elif path.suffix == ".json":
            content = re.sub(rb'"(seconds|sequences_per_second)": [0-9.]+', b"", content)
        found[name] = content
    return found


def result(case: Case, form: str, folder: Path, out: Path) -> dict[str, bytes]:
    with contextlib.ExitStack() as stack:
        words, inputs = [], []
        for word in case.words:
            if isinstance(word, Input):
                context = given_as(form, folder / word.name, packed=word.packed)
                inputs.append(stack.enter_context(context))
                words.append(word.form.format(inputs[-1]))
            else:
                words.append(str(folder / word) if word in FOLDER_NAMES else word.format(out=out))
        out.mkdir()
        assert run(case.command, words) == 0
    return outputs(out, inputs)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name.startswith(("finetune", "tune")) else name
        for name in CASES
    ],
)
def test_the_form_of_an_input_changes_nothing(name: str, folder: Path, tmp_path: Path) -> None:
    if name.startswith(("finetune", "tune")) and not importlib.util.find_spec("torch"):
        pytest.skip("training needs torch")
    case = CASES[name]
    expected = result(case, "file", folder, tmp_path / "file")
    assert expected
    for number, form in enumerate(("gzip", "pipe", "named pipe of gzip")):
        found = result(case, form, folder, tmp_path / f"run{number}")
        assert found.keys() == expected.keys()
        different = [path for path, content in found.items() if content != expected[path]]
        assert different == [], form


@pytest.mark.parametrize(("command", "option"), [key for key, said in NOT_PIPES.items() if said])
def test_what_is_read_from_the_middle_is_refused_with_a_line(
    command: str, option: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = (case for case in CASES.values() if case.command == command and option in case.words)
    words = [
        word.form.format(folder / word.name) if isinstance(word, Input) else word
        for word in next(cases, OTHER_CASES.get(command, Case("", ()))).words
    ]
    with given_as("pipe", folder / "g.sizes", packed=False) as pipe:
        assert run(command, [pipe if word == "g.fa" else word.format(out=tmp_path) for word in words]) == 2
        os.read(int(pipe.rpartition("/")[2]), 1 << 16)
    assert NOT_PIPES[command, option] in capsys.readouterr().err


def test_no_input_of_any_command_is_forgotten() -> None:
    """An option with a path is an output, refuses pipes, or is in a case above."""
    covered = {(case.command, option) for case in CASES.values() for option in case.options()}
    missing = []
    for command in COMMANDS:
        for action in build_parser(command)._actions:
            metavar = action.metavar or ""
            if isinstance(metavar, tuple) or not metavar or isinstance(action, argparse._HelpAction):
                continue
            assert PATHS.fullmatch(metavar) or OTHERS.fullmatch(metavar), (
                command,
                action.option_strings,
                metavar,
            )
            option = next(iter(action.option_strings), metavar)
            if PATHS.fullmatch(metavar) and option not in OUTPUTS:
                known = (command, option) in {*covered, *NOT_PIPES, *PRINTS_ONLY}
                missing += [] if known else [(command, option)]
    assert missing == []


@pytest.mark.slow
def test_the_pipes_of_a_shell(folder: Path, tmp_path: Path) -> None:
    """Tables of 20,000 rows, of which a reader that opens a pipe twice loses a part without a word."""
    rng = np.random.default_rng(1)
    text = "sequence\tlabel\n" + "".join(f"{bases(rng, 40)}\t{n % 2}\n" for n in range(20_000))
    (tmp_path / "big.tsv").write_text(text)
    program = f"{sys.executable} -m dnabert_enhancer tokenize --k 3 --quiet"
    for number, given in enumerate(("<(cat big.tsv)", "- < big.tsv", "/dev/stdin < big.tsv", "big.tsv")):
        command = f"{program} --input {given} --output out{number}.tsv"
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
    done = subprocess.run(
        ["bash", "-c", f"cat big.tsv | {program} --input - --output out4.tsv"], cwd=tmp_path
    )
    assert done.returncode == 0
    contents = {(tmp_path / f"out{number}.tsv").read_bytes() for number in range(5)}
    assert len(contents) == 1
    assert contents.pop().count(b"\n") == 20_001
