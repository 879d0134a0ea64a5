#!/usr/bin/env python3
"""Hashes of the outputs of every command on fixed inputs: shows what a change of the code changed.

    tools/battery.py OUT                    # all parts but nextflow, about 12 minutes on one core
    tools/battery.py OUT scan variants      # these parts only (`compare` also runs scan where it is missing)
    tools/battery.py OUT nextflow           # the pipeline's test profile
    tools/battery.py --list                 # the parts and what each runs
    tools/battery.py OUT --suite DIR        # the code of another checkout (default: the one of this file)

It prints one sorted list of `sha256  PART/FILE`. To print only what differs from an older list in these parts
(exit code 1 when anything does):

    tools/battery.py OUT scan --against before.txt

A part runs anew each time, in OUT/PART, beside OUT/inputs; `--hash-only` lists what is there without running.
Every run is on one thread, in float32, by ONNX Runtime, with fixed seeds. The real data are read from
../shared/data beside the checkout, or from --data. How an output is listed:

- a `.gz` file twice: as it is, and its content (`FILE|gunzip`); of an archive (`.tar.gz`) each member;
- a record (`*.json`): without times, measured speeds, package versions, folders and the command line; the
  arguments that it holds, which a change of the parser may change, on a line of their own (`FILE|arguments`);
- TensorBoard files, logs and the shards themselves (a format of our own; what they merge to is listed) are
  left out.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ("--device", "cpu", "--backend", "onnx", "--precision", "float32", "--threads", "1")
# entries of records that differ from run to run, or from machine to machine
VOLATILE = {"seconds", "started", "finished", "created", "date", "time", "measured", "sequences_per_second"}
VOLATILE |= {"why", "versions", "host", "cache", "command_line", "arguments", "threads", "jobs"}
LEFT_OUT = (".scores", ".log", ".tfevents", ".pid")
SHARDS = 3


@dataclass(frozen=True)
class Part:
    """One part of the battery: its commands, run in OUT/NAME, and the parts whose outputs it reads."""

    commands: tuple[str, ...]
    needs: tuple[str, ...] = ()


def _sharded(command: str, prefix: str, name: str) -> tuple[str, ...]:
    """Return the command once a shard, then their merging."""
    shards = tuple(f"{command} --shard {i}/{SHARDS} --output-prefix {prefix}" for i in range(1, SHARDS + 1))
    return (*shards, f"{name} --merge {prefix} --output-prefix {prefix}")


LOCUS = "../inputs/alpha-globin.fa.gz"
SCAN = f"predict --genome {LOCUS} --threshold strict --stride 50 --windows --bedgraph --null {{engine}}"
THOUSAND = (
    "score-variants --vcf ../inputs/1000g.vcf.gz --genome ../inputs/hg19/genome.fa.gz "
    "--offsets 3 --null-variants 300 {engine}"
)
PARTS = {
    "scan": Part((f"{SCAN} --output-prefix whole",)),
    "shards": Part(
        (
            *_sharded(SCAN, "merged", "predict --windows --bedgraph"),
            f"predict --genome {LOCUS} --regions ../inputs/test-regions.bed --merge-gap 100 --no-null "
            "--stride 20 --strand forward {engine} --output-prefix regions",
        )
    ),
    "sequences": Part(
        (
            "predict --fasta ../inputs/satmut_dev.fa --windows {engine} --output-prefix fasta",
            "predict --tsv ../inputs/dev.tsv {engine} --output-prefix tsv",
            "predict --tsv ../inputs/dev.tsv --model default:gue_tf0 {engine} --output-prefix tsv-tf",
        )
    ),
    "chr20": Part(
        (
            "predict --genome ../inputs/hg38-chr20.fa.gz --stride 100 --null-fraction 0.05 "
            "{engine} --output-prefix chr20",
        )
    ),
    "variants": Part(
        (
            f"score-variants --vcf ../inputs/variants.vcf --genome {LOCUS} --genes ../inputs/genes.bed.gz "
            "--annotate pELS=../inputs/ccre-pels.bed --annotate FANTOM5=../inputs/fantom5-enhancers.bed "
            "--motifs ../inputs/motifs.meme.gz --tf GUE0=default:gue_tf0 --null-variants 300 "
            "{engine} --output-prefix demo",
        )
    ),
    "1000g": Part((f"{THOUSAND} --output-prefix whole",)),
    "1000g-shards": Part(_sharded(THOUSAND, "merged", "score-variants")),
    "compare": Part(
        (
            "compare-db --calls ../scan/whole.calls.bed.gz --scanned ../scan/whole.scanned.bed "
            f"--assembly hg38 --genome-sizes ../inputs/hg38.chrom.sizes --genome {LOCUS} "
            "--genes ../inputs/genes.bed.gz "
            "--database FANTOM5=../inputs/F5.hg38.enhancers.bed.gz,preset=fantom5 "
            "pELS=../inputs/cCRE_pELS_nearest_gene.bed.gz,preset=screen "
            "VISTA=../inputs/VISTA_ucsc_hg19.bed.gz,preset=vista-bed "
            "--chain ../inputs/GRCh37_to_GRCh38.chain.gz --controls "
            "--permutations 300 --threads 1 --output-prefix demo",
        ),
        needs=("scan",),
    ),
    "dataset": Part(
        (
            "make-dataset --regions ../inputs/positives.bed --genome ../inputs/hg38_4chr_prefixes.fa.gz "
            "--exclude ../inputs/hg38-blacklist.v2.bed.gz --splits 0.6,0.2,0.2 --split-by block "
            "--block-size 100000 --allow-fewer --skip-outside --output-dir set",
            "tokenize --input set --split train --k 6 --output train.tsv.gz",
            "tokenize --input ../inputs/test-regions.bed --genome ../inputs/alpha-globin.fa.gz --k 4 "
            "--output bed.tsv",
        )
    ),
    "training": Part(
        (
            "finetune --dataset ../dataset/set --base-model default --output-dir model "
            "--archive model.tar.gz --epochs 1 --batch-size 32 --threads 1 --device cpu --precision float32",
            "evaluate --dataset ../dataset/set --model model --model default --baselines ridge "
            "--bootstrap 200 --jobs 1 {engine} --output-prefix judged",
        ),
        needs=("dataset",),
    ),
    "import": Part(
        (
            "import-model ../inputs/dnabert6_random --window-length 200 --output-dir model",
            "predict --fasta ../inputs/satmut_dev.fa --model model {engine} --output-prefix imported",
        )
    ),
    "nextflow": Part(()),
}


def main() -> int:
    """Run the parts and print their hashes, or what differs from an older list."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--suite", type=Path, default=ROOT, help="checkout whose code runs")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--against", type=Path, metavar="LIST", help="an older list: print only what differs")
    parser.add_argument("--hash-only", action="store_true", help="run nothing, list what is there")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list or args.out is None:
        for name, part in PARTS.items():
            print(name, *part.commands, sep="\n    ")
        return 0
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    out, suite = args.out.resolve(), args.suite.resolve()
    names = args.parts or [name for name in PARTS if name != "nextflow"]
    if not args.hash_only:
        make_inputs(out / "inputs", suite, args.data.resolve())
        for name in names:
            run_part(name, out, suite, again=True)
    lines = sorted(
        (line for name in names for line in hashes(out / name, suite)),
        key=lambda line: line.split(maxsplit=1)[1],
    )
    if args.against is None:
        print("\n".join(lines))
        return 0
    return _differences(lines, names, args.against)


def _differences(lines: list[str], names: list[str], against: Path) -> int:
    old = dict(line.split(maxsplit=1)[::-1] for line in against.read_text().splitlines() if line.strip())
    old = {file: sha for file, sha in old.items() if file.split("/")[0] in names}
    new = dict(line.split(maxsplit=1)[::-1] for line in lines)
    for file in sorted(old.keys() | new.keys()):
        if old.get(file) != new.get(file):
            print(
                f"{'missing' if file not in new else 'new' if file not in old else 'differs'}  {file}",
                flush=True,
            )
    equal = sum(old.get(file) == sha for file, sha in new.items())
    print(f"{equal} of {len(old)} hashes are equal")
    return int(old != new)


def run_part(name: str, out: Path, suite: Path, *, again: bool) -> None:
    """Run a part in its own folder, emptied before, and first the parts it needs, where they are missing."""
    folder = out / name
    for needed in PARTS[name].needs:
        run_part(needed, out, suite, again=False)
    if folder.exists() and not again:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if name == "nextflow":
        _nextflow(folder, suite)
        return
    for command in PARTS[name].commands:
        words = [word for part in command.split() for word in (ENGINE if part == "{engine}" else (part,))]
        _run([sys.executable, "-m", "dnabert_enhancer", *words], folder, suite)


def _nextflow(folder: Path, suite: Path) -> None:
    """Run the pipeline's test profile; its processes choose their backend by speed."""
    launcher = shutil.which("nextflow") or str(suite / "tools" / "nextflow" / "nextflow")
    words = [
        launcher,
        "run",
        str(suite / "main.nf"),
        "-profile",
        "test",
        "--outdir",
        "results",
        "-work-dir",
        "work",
    ]
    _run(words, folder, suite)
    for scrap in ("work", ".nextflow", "results/pipeline_info", "results/report"):  # pages quote the records
        shutil.rmtree(folder / scrap, ignore_errors=True)


def _run(words: list[str], folder: Path, suite: Path) -> None:
    print("battery:", folder.name, *words[1:], file=sys.stderr, flush=True)
    environment = os.environ | {
        "PYTHONPATH": str(suite / "src"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        "NXF_ANSI_LOG": "false",
    }
    with (folder / "commands.log").open("a") as log:
        done = subprocess.run(words, cwd=folder, env=environment, stdout=log, stderr=log, check=False)
    if done.returncode:
        last = (folder / "commands.log").read_text().splitlines()[-15:]
        raise SystemExit(
            f"battery: {' '.join(words[2:5])} … ended with {done.returncode}\n" + "\n".join(last)
        )


def make_inputs(folder: Path, suite: Path, data: Path) -> None:
    """Put copies of the inputs and pieces of larger files in one folder: records name the same paths."""
    if (folder / "complete").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not data.is_dir():
        raise SystemExit(f"battery: the data are not in {data}; give their folder with --data")
    for file in (suite / "assets" / "demo").iterdir():  # copies: no index may be written beside the originals
        shutil.copy(file, folder / file.name)
    copied = {
        "satmut_dev.fa": "variants/satmut_dev.fa",
        "dev.tsv": "enhancers/davuluri/dev.tsv",
        "motifs.meme.gz": "motifs/H12CORE_meme_format.meme.gz",
        "genes.bed.gz": "annotation/gencode.v29.genes.gtf.bed.gz",
        "F5.hg38.enhancers.bed.gz": "annotation/F5.hg38.enhancers.bed.gz",
        "hg38-blacklist.v2.bed.gz": "annotation/hg38-blacklist.v2.bed.gz",
        "cCRE_pELS_nearest_gene.bed.gz": "databases/cCRE_pELS_nearest_gene.bed.gz",
        "VISTA_ucsc_hg19.bed.gz": "databases/VISTA_ucsc_hg19.bed.gz",
        "GRCh37_to_GRCh38.chain.gz": "reference/GRCh37_to_GRCh38.chain.gz",
        "hg38.chrom.sizes": "reference/hg38.chrom.sizes",
        "hg38_4chr_prefixes.fa.gz": "reference/hg38_4chr_prefixes.fa.gz",
        "dnabert6_random": "golden/dnabert6_random",
    }
    for name, source in copied.items():
        original = data / source
        (shutil.copytree if original.is_dir() else shutil.copyfile)(original, folder / name)
    _write_lines(folder / "hg38-chr20.fa", _contig(data / "reference" / "hg38_4chr_prefixes.fa.gz", "chr20"))
    subprocess.run(["gzip", "-n", str(folder / "hg38-chr20.fa")], check=True)
    records = _first_records(data / "variants" / "1000G_b37_chr20_1-2Mb.vcf.gz", 3000)
    _write_lines(folder / "1000g.vcf", records)
    subprocess.run(["gzip", "-n", str(folder / "1000g.vcf")], check=True)
    ends = {"chr1": 1_000_000, "chr2": 2_333_275, "chr16": 2_648_800, "chr20": 1_000_000}
    _write_lines(
        folder / "positives.bed",
        (
            line
            for line in _lines(folder / "F5.hg38.enhancers.bed.gz")
            if int(line.split("\t")[2]) <= ends.get(line.split("\t")[0], 0)
        ),
    )
    genome = str(data / "reference" / "hg19_chr20_partial_fulllength.fa.gz")
    index = ["index-genome", "--genome", genome, "--output-dir", "hg19"]
    _run([sys.executable, "-m", "dnabert_enhancer", *index], folder, suite)
    (folder / "complete").touch()


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt") as stream:
        yield from stream


def _contig(path: Path, name: str) -> Iterator[str]:
    inside = False
    for line in _lines(path):
        if line.startswith(">"):
            inside = line[1:].split()[0] == name
        if inside:
            yield line


def _first_records(path: Path, number: int) -> Iterator[str]:
    for line in _lines(path):
        number -= not line.startswith("#")
        if number < 0:
            return
        yield line


def _write_lines(path: Path, lines: Iterator[str]) -> None:
    with path.open("w") as stream:
        stream.writelines(lines)


def hashes(folder: Path, suite: Path) -> Iterator[str]:
    """Yield ``sha256  PART/FILE`` of each output of a part."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(mark in path.name for mark in LEFT_OUT):
            for name, content in _listed(path.relative_to(folder.parent).as_posix(), path.read_bytes()):
                for place, word in ((suite, "SUITE"), (folder, "OUT")):
                    content = content.replace(str(place).encode(), word.encode())
                yield f"{hashlib.sha256(content).hexdigest()}  {name}"


def _listed(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is hashed of a file, by name."""
    if name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive.getmembers():
                if (stream := archive.extractfile(member)) is not None:
                    yield from _listed(f"{name}|{member.name}", stream.read())
    elif name.endswith(".json"):
        value = json.loads(content)
        if isinstance(value, dict) and "arguments" in value:
            yield f"{name}|arguments", _text(value["arguments"], set())
        yield name, _text(value, VOLATILE)
    else:
        yield name, content
        if name.endswith(".gz"):
            yield f"{name}|gunzip", gzip.decompress(content)


def _text(value: Any, volatile: set[str]) -> bytes:  # any JSON value
    return json.dumps(_without(value, volatile), indent=1, sort_keys=True).encode()


def _without(value: Any, names: set[str]) -> Any:  # any JSON value
    if isinstance(value, dict):
        return {name: _without(part, names) for name, part in value.items() if name not in names}
    return [_without(part, names) for part in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
