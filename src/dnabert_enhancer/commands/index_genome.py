"""A copy of a genome with its index, made once for many tasks that need random access to it.

Plain and bgzip FASTA are copied byte for byte; plain gzip, and lines of differing length, become bgzip. Every
letter is checked on the way. Writes DIR/genome.fa or DIR/genome.fa.gz with .fai, .gzi and .gaps.bed (runs of
1,000 N or more, and the digest of the FASTA), and DIR/run.json. Where it finds the gaps beside a genome,
predict --shard cuts by known bases, and does not digest the genome again.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnabert_enhancer.commands.options import Options

EXAMPLES = (
    "index-genome --genome hg38.fa.gz --output-dir indexed",
    "index-genome --genome indexed/genome.fa.gz --output-dir copy",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--genome", required=True, metavar="FASTA", help="the genome: plain, gzip or bgzip")
    parser.add_argument(
        "--output-dir", required=True, metavar="DIR", help="folder of the genome and its index"
    )


def run(options: Options) -> None:
    """Copy the FASTA, then its indexes and gaps, which must not be older."""
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.genome import GAPS_ENDING, Genome, find_gaps, indexed_fasta

    record = RunRecord(options)
    record.add_input("genome", options["genome"])
    with OutputSet() as outputs:
        found = indexed_fasta(options["genome"], check=True)
        name = "genome.fa" if found.gzi is None else "genome.fa.gz"
        base = Path(options["output_dir"]) / name
        for source, ending in ((found.fasta, ""), (found.gzi, ".gzi"), (found.fai, ".fai")):
            if source is not None:
                shutil.copyfile(source, outputs.path(f"{base}{ending}"))
        with Genome(options["genome"]) as genome, outputs.open_text(f"{base}{GAPS_ENDING}") as file:
            file.writelines(find_gaps(genome, found.fasta).lines())
        record.count("contigs", len(found.fai.read_text(encoding="utf-8").splitlines()))
        outputs.path(Path(options["output_dir"]) / "run.json").write_text(record.to_json(), encoding="utf-8")
