"""Mutated inputs for all readers: each is read or refused by an error of ours; never a traceback or a hang.

    python tests/robustness/fuzz.py [--inputs 5000] [--seed 0]

Prints what went wrong, then one closing line.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import random
import resource
import shutil
import signal
import tarfile
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from dnabert_enhancer.catalogue import read_catalogue, read_panel
from dnabert_enhancer.comparison import PRESETS, Selection, read_chain_header, read_elements, read_manifest
from dnabert_enhancer.dataset import read_dataset
from dnabert_enhancer.errors import DnabertEnhancerError
from dnabert_enhancer.genome import (
    ContigNames,
    Genome,
    read_assembly_report,
    read_contig_sizes,
    read_fasta,
    read_genes,
    read_regions,
)
from dnabert_enhancer.model import open_model
from dnabert_enhancer.sequence import BytePairTokenizer, read_table
from dnabert_enhancer.shards import ShardBlock, ShardFile, ShardWriter
from dnabert_enhancer.variants import VariantList, read_meme
from dnabert_enhancer.vcf import VariantFormat, VcfReader

SECONDS = 20
MEGABYTES = 1000
MODEL_FILES = (
    "config.json",
    "enhancer_model.json",
    "vocab.txt",
    "tokenizer_config.json",
    "model.safetensors",
)
BED = "".join(f"chr{n % 3 + 1}\t{n * 100}\t{n * 100 + 50}\tr{n}\t{n}\t+\n" for n in range(30))
VCF = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=3000>\n##INFO=<ID=A,Number=1,Type=Integer,Description=\"x\">\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts\n"
    + "".join(f"chr1\t{n * 10 + 1}\t.\tA\tC,<DEL>\t9.5\tPASS\tA=1\tGT:PS\t0|1:7\n" for n in range(20))
)  # fmt: skip
MEME = (
    "MEME version 4\n\nALPHABET= ACGT\n\nBackground letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\n\n"
    "MOTIF M1 one\nletter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0\n"
    "0.7 0.1 0.1 0.1\n0.1 0.7 0.1 0.1\n0.1 0.1 0.7 0.1\n"
)
GTF = "".join(
    f'chr1\tx\tgene\t{n * 100 + 1}\t{n * 100 + 90}\t.\t+\t.\tgene_id "g{n}"; gene_name "N{n}";\n'
    for n in range(20)
)
# presets whose files are no BED, each with rows as its site gives them
DATABASES = {
    "vista": ">Human|chr16:86430087-86430726 | element 1 | positive  | neural tube[12/12]\nACGT\n",
    "hacer": "\t".join(
        ["AE1", "chr1", "100", "200", "150", *["x"] * 9, "GRO-seq", "K562", "hg19", *["x"] * 7]
    )
    + "\n",
    "sedb": "cell_id\tse_id\tse_chr\tse_start\tse_end\tse_rank\nSample_1\tSE_1\tchr2\t5\t9\t1\n",
    "tied": "Chr\tChr start\tChr end\tEnhancer\tTissues\nchr3\t7\t90\tenh1\tBrain,Liver\n",
    "hedd": "EnhID\tChr\tStart\tEnd\tSource\nh1\t1\t11\t20\tFANTOM\n",
    "diseaseenhancer": "DE1\tchrx\t5\t9\tGENE\tcancer\nDE2\tNA\tNA\tNA\tG\tc\n",
    "chromhmm": "chr1\t0\t200\t15_Quies\nchr1\t200\t400\t7_Enh\n",
    "dbsuper": "chr1\t5\t9\tSE_1\n",
    "endb": "Enhancer_id\tReference_genome\tChromosome\tStart_position\tEnd_position\tSpecies\t"
    'Biosample_name\tEnhancer_type\nE_1\thg19\tchr1\t5\t9\tHuman\t"MCF-7,T-47D"\tEnhancer\n',
    "crispri": "chrom\tchromStart\tchromEnd\tCellType\tEffectSize\tElementChromatinCategory\t"
    "measuredGeneSymbol\tRegulated\nchr1\t5\t9\tK562\t-0.3\tH3K27ac\tMYC\tTRUE\n",
    "epiraction": "chr\tstart\tend\tname\tclass\tCellType\tscore\nchr1\t5\t9\te1\tEnhancer\tliver\t0.5\n",
    "catlas": "Chromosome\thg38_Start\thg38_End\tClass\nchr1\t5\t9\tDistal\n",
    "table": "chrom,start,end,name\nchr1,5,9,x\n",
    "gtf": GTF,
}
REPORT = "# Assembly name: x\n" + "".join(
    f"{n}\tassembled-molecule\t{n}\tChromosome\tCM{n:06}.1\t=\tNC_{n:06}.1\tPrimary Assembly\t3000\tchr{n}\n"
    for n in range(1, 4)
)
LISTS = {
    VariantFormat.BED: "chr1\t4\t5\tA\tC\n",
    VariantFormat.CHROMBPNET: "chr1\t5\tA\tC\trs1\n",
    VariantFormat.VEP: "chr1 5 5 A/C +\n",
    VariantFormat.HGVS_G: "chr1:g.5A>C\n",
    VariantFormat.SPDI: "chr1:4:A:C\n",
    VariantFormat.CANDIDATES: "1\tchr1\t5\t4\t5\trs1\tA\tC\n",
}
CATALOGUE = {
    "format": 1,
    "groups": {"g": {"type": "tf", "architecture": "BERT", "where": "hub:o/r@main/{member}"}},
    "models": [
        {"name": "mine/CTCF", "group": "g", "member": "CTCF", "predicts": "CTCF", "window_length": 301}
    ],
}
MANIFEST = "name\tfile\tpreset\tcell\nA\ta.bed\tbed\t\nB\tb.bed\tvista\tlimb|heart\n"
PANEL = "name\tmodel\tregions\nCTCF\tdefault:gue_tf0\t\nGATA1\tdefault:gue_tf1\t\n"
BYTE_PAIRS = {
    "version": "1.0",
    "added_tokens": [
        {"id": n, "special": True, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False}
        for n, name in enumerate(("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"))
    ],
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}},
    },
    "model": {
        "type": "BPE",
        "unk_token": "[UNK]",
        "vocab": {
            name: n
            for n, name in enumerate(
                ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "A", "C", "G", "T", "AC", "GT", "ACGT"]
            )
        },
        "merges": [["A", "C"], ["G", "T"], ["AC", "GT"]],
    },
}  # fmt: skip
TINY = Path(__file__).resolve().parents[2] / "galaxy_tools" / "test-data" / "tiny-model.tar.gz"
TABLE = "sequence\tlabel\n" + "".join(f"ACGTACGTAC\t{n % 2}\n" for n in range(20))


class Reader(NamedTuple):
    """A reader and a right input for it."""

    name: str
    content: bytes
    read: Callable[[Path], Any]


def _exhaust(iterator: Any) -> None:
    for _ in iterator:
        pass


def _vcf(path: Path) -> None:
    with VcfReader(path) as reader:
        _exhaust(reader.blocks())


def _genome(path: Path) -> None:
    with Genome(path) as genome:
        for name, size in genome.contig_sizes.items():
            genome.fetch(name, 0, min(size, 100))


def _indexed(path: Path) -> None:
    fasta = path.with_name("genome.fa")
    fasta.write_text(">chr1\nACGTACGT\nACGT\n>chr2\nAACC\n")
    path.replace(path.with_name("genome.fa.fai")).touch()  # an index older than its genome isn't read
    _genome(fasta)


def _packed_genome(folder: Path) -> tuple[Path, Path]:
    """Return a genome packed by bgzip and the index of its blocks."""
    import pysam

    plain, packed = folder / "genome.fa", folder / "genome.fa.gz"
    plain.write_text(">chr1\n" + "ACGTACGTAC\n" * 20_000)
    pysam.tabix_compress(str(plain), str(packed), force=True)
    pysam.faidx(str(packed))
    return packed, folder / "genome.fa.gz.gzi"


def _block_index(path: Path) -> None:
    packed, index = _packed_genome(path.parent)
    path.replace(index).touch()
    with Genome(packed) as genome:
        genome.fetch("chr1", 150_000, 150_100)


def _model_with(name: str) -> Callable[[Path], None]:
    """Return a function that opens a small model, of which one file may be wrong."""

    def opened(path: Path) -> None:
        with tarfile.open(TINY) as archive:
            # as an attribute, since Python 3.11 takes no such argument before 3.11.4
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(path.parent)
        path.replace(path.parent / "model" / name)
        _ = open_model(path.parent / "model").digest

    return opened


def _model_file(name: str) -> bytes:
    with tarfile.open(TINY) as archive:
        found = archive.extractfile(f"model/{name}")
        assert found is not None
        return found.read()


def _archive(path: Path) -> None:
    _ = open_model(path.replace(path.with_name("model.tar.gz"))).digest


def _archive_content() -> bytes:
    """Return the archive without its packing, so that a fault is one of its members' headers or contents."""
    return gzip.decompress(TINY.read_bytes())


def _variant_list(form: VariantFormat) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        fasta = path.with_name("genome.fa")
        fasta.write_text(">chr1\nCCCCACCCCCACGTACGTACGTACGTACGT\n")
        with Genome(fasta) as genome:
            records = VariantList.read(path, form, genome, ContigNames(genome.contig_sizes))
            _exhaust(records.blocks())

    return read


def _folder(path: Path) -> None:
    folder = path.with_name("set")
    folder.mkdir(exist_ok=True)
    path.replace(folder / "dataset.json")
    (folder / "train.tsv").write_text(TABLE)
    read_dataset(folder)


def _shard(path: Path) -> None:
    shard = ShardFile(path, "fuzz 1")
    _exhaust(shard.blocks())
    _exhaust(shard.rows("score", 3))
    shard.close()


def _shard_content(folder: Path) -> bytes:
    import numpy as np

    with ShardWriter(folder / "s", "fuzz 1") as writer:
        writer.add_array("score", np.arange(9, dtype="<f4"))
        writer.add_block(ShardBlock(0, {"a": np.arange(3)}, {"j": [1, 2]}, {"t": b"text"}))
        writer.finish({"of": 1})
    return (folder / "s").read_bytes()


def readers(folder: Path) -> list[Reader]:
    """Return all readers."""
    fasta = b">a one\nACGTNNACGT\nACGT\n>b\nacgtu\n"
    found = [
        Reader("fasta", fasta, lambda path: _exhaust(read_fasta(path))),
        Reader("genome", fasta, _genome),
        Reader("genome.fa.gz", gzip.compress(fasta), _genome),
        Reader("fai", b"chr1\t12\t6\t8\t9\nchr2\t4\t26\t4\t5\n", _indexed),
        Reader("bed", BED.encode(), read_regions),
        Reader("bed.gz", gzip.compress(BED.encode()), read_regions),
        Reader("vcf", VCF.encode(), _vcf),
        Reader("vcf.gz", gzip.compress(VCF.encode()), _vcf),
        Reader("table", TABLE.encode(), read_table),
        Reader("csv", TABLE.replace("\t", ",").encode(), read_dataset),
        Reader("dataset.json", b'{"task": "binary", "label_names": ["a", "b"], "digest": "x"}', _folder),
        Reader("genes", GTF.encode(), read_genes),
        Reader("meme", MEME.encode(), read_meme),
        Reader("chain", b"chain 9 chr1 100 + 0 50 chr1 120 + 0 50 1\n50\n\n", read_chain_header),
        Reader("sizes", b"chr1\t3000\nchr2\t500\n", read_contig_sizes),
        Reader("shard", _shard_content(folder), _shard),
        Reader("gzi", _packed_genome(folder)[1].read_bytes(), _block_index),
        Reader("assembly report", REPORT.encode(), read_assembly_report),
        Reader("catalogue", json.dumps(CATALOGUE).encode(), read_catalogue),
        Reader("manifest", MANIFEST.encode(), lambda path: read_manifest(path, "hg38")),
        Reader("panel", PANEL.encode(), read_panel),
        Reader(
            "tokenizer.json", json.dumps(BYTE_PAIRS).encode(), lambda path: BytePairTokenizer(path, 64, 12)
        ),
        Reader("archive", _archive_content(), _archive),
    ]
    found += [Reader(name, _model_file(name), _model_with(name)) for name in MODEL_FILES]
    found += [Reader(f"list {form}", 9 * text.encode(), _variant_list(form)) for form, text in LISTS.items()]
    for name, preset in PRESETS.items():
        found.append(
            Reader(
                f"preset {name}",
                DATABASES.get(name, BED).encode(),
                lambda path, p=preset: read_elements(path, p, Selection()),
            )
        )
    return found


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return a content with one to three faults."""
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(13)
        at = rng.randrange(len(content) + 1)
        lines = content.split(b"\n")
        line = rng.randrange(len(lines))
        if kind == 0 and content:
            at = min(at, len(content) - 1)
            content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
        elif kind == 1:
            content = content[:at]
        elif kind == 2:
            content = b"\n".join(lines[:line] + lines[line + 1 :])
        elif kind == 3:
            content = b"\n".join(lines[: line + 1] + lines[line:])
        elif kind == 4:
            numbers = [i for i, byte in enumerate(content) if 48 <= byte < 58] or [0]
            at = rng.choice(numbers)
            content = (
                content[:at]
                + rng.choice([b"9" * 5000, b"9" * 19, b"-1", b"1e400", b"nan"])
                + content[at + 1 :]
            )
        elif kind == 5:
            content = content[:at] + bytes([rng.choice([0, 1, 7, 11, 12, 27, 127, 133])]) + content[at:]
        elif kind == 6:
            content = content.decode("latin-1").encode(rng.choice(["utf-16", "utf-32", "utf-8-sig"]))
        elif kind == 7:
            content = content.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n"]))
        elif kind == 8:
            content = gzip.compress(content)[: rng.choice([10, 30, None])]
        elif kind == 9:
            content = rng.choice([b"", b"\n", b" ", content[:1]])
        elif kind == 10:
            content = content.replace(b"\t", rng.choice([b" ", b",", b"\t\t", b""]))
        elif kind == 11:
            content = content[:at] + rng.choice([b"[", b'{"a":', b"("]) * 50_000 + content[at:]
        else:
            content = content[:at] + rng.choice(["é", "\u2028", "٣", "\ud7ff"]).encode() + content[at:]
    return content


def _hang(*_: object) -> None:
    raise TimeoutError


def fuzz(inputs: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how the inputs ended, and what went wrong."""
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _hang)
    counts: Counter[str] = Counter()
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        every = readers(Path(scratch))
        for number in range(inputs):
            rng = random.Random(f"{seed} {number}")
            reader = every[number % len(every)]
            folder = Path(scratch) / str(number)
            folder.mkdir()
            path = folder / "input"
            path.write_bytes(mutated(reader.content, rng))
            signal.alarm(SECONDS)
            try:
                reader.read(path)
                counts["read"] += 1
            except DnabertEnhancerError as error:
                counts["refused"] += 1
                if "\n" in str(error):
                    faults.append(f"{number} {reader.name}: several lines: {error}")
            except TimeoutError:
                counts["hangs"] += 1
                faults.append(f"{number} {reader.name}: longer than {SECONDS} s")
            except BaseException as error:
                counts["tracebacks"] += 1
                place = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(place.filename).name}:{place.lineno}"
                faults.append(f"{number} {reader.name}: {type(error).__name__} {str(error)[:80]} ({where})")
            finally:
                signal.alarm(0)
            _remove(folder)
    logging.disable(logging.NOTSET)
    return counts, faults


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run, print the faults and a closing line; exit 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    counts, faults = fuzz(given.inputs, given.seed)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    print(*faults, sep="\n")
    print(
        f"{given.inputs} mutated inputs (seed {given.seed}): {counts['read']} read, "
        f"{counts['refused']} refused, {counts['tracebacks']} tracebacks, {counts['hangs']} hangs, "
        f"{megabytes} MB"
    )
    raise SystemExit(bool(faults) or megabytes > MEGABYTES)


if __name__ == "__main__":
    main()
