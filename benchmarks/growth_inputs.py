"""Inputs of any size for `growth.py`, each written from real data by a seed."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from dnabert_enhancer.catalogue import Catalogue, Store
from dnabert_enhancer.genome import ASSEMBLIES, Genome, read_regions
from dnabert_enhancer.model import Encoder, ModelParts, new_model, write_model
from dnabert_enhancer.sequence import decode_bases, encode_bases
from dnabert_enhancer.vcf import VcfReader, line_of

REAL_GENOME = "reference/hg19_chr20_partial_fulllength.fa.gz"
REAL_ELEMENTS = "annotation/F5.hg38.enhancers.bed.gz"
REAL_VARIANTS = "variants/1000G_b37_chr20_1-2Mb.vcf.gz"
KNOWN_BASES = 7_391_880
BASES_PER_ROW = 2000
WINDOW = 200
LINE = 60
SMALL = {"num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 1, "intermediate_size": 16}
_PIECE, _STRETCH = 16, 1 << 12


def write_small_model(folder: Path, seed: int) -> None:
    """Write a network so small that what is around it is what takes time."""
    made = new_model("tiny", k=3, window_length=WINDOW, seed=seed, name=folder.name)
    config = {**made.config, **SMALL}
    state = Encoder.from_config(config).fresh_state(np.random.default_rng(seed), 0.3)
    write_model(folder, ModelParts(config, state, made.card, made.vocabulary))


def write_genome(data: Path, folder: Path, bases: int) -> Path:
    """Write a chromosome of so many bases."""
    path = folder / "genome.fa"
    _write_contig(path, decode_bases(_bases(data, bases)))
    return path


def write_elements(data: Path, folder: Path, rows: int) -> Path:
    """Write two sets of elements of FANTOM5, sorted; of more than it has, as long ones at other places."""
    sizes = "".join(f"{name}\t{size}\n" for name, size in ASSEMBLIES["hg38"].items())
    (folder / "hg38.sizes").write_text(sizes)
    real = read_regions(data / REAL_ELEMENTS, ASSEMBLIES["hg38"], details=False).frame
    size = real["chrom"].map(ASSEMBLIES["hg38"]).to_numpy(np.int64)
    rng = _rng(rows)
    for name in ("calls.bed", "database.bed"):
        chosen = rng.integers(0, len(real), rows) if rows > len(real) else rng.permutation(len(real))[:rows]
        length = (real["end"] - real["start"]).to_numpy()[chosen]
        start = real["start"].to_numpy()[chosen]
        if rows > len(real):
            start = rng.integers(0, size[chosen] - length)
        table = pd.DataFrame({"chrom": real["chrom"].astype(str).to_numpy()[chosen], "start": start})
        table["end"] = start + length
        table.sort_values(["chrom", "start"]).to_csv(folder / name, sep="\t", header=False, index=False)
    return folder / "calls.bed"


def write_peaks(data: Path, folder: Path, rows: int) -> Path:
    """Write regions of 150 to 450 bp, one in each 2,000 bp of a genome that is written beside them."""
    write_genome(data, folder, rows * BASES_PER_ROW)
    rng = _rng(rows)
    start = np.arange(rows) * BASES_PER_ROW + rng.integers(0, BASES_PER_ROW - 450, rows)
    end = start + rng.integers(150, 450, rows)
    lines = [f"20\t{s}\t{e}\n" for s, e in zip(start.tolist(), end.tolist(), strict=True)]
    (folder / "peaks.bed").write_text("".join(lines))
    return folder / "peaks.bed"


def write_sequences(data: Path, folder: Path, rows: int) -> Path:
    """Write sequences of a window's length as a table, labelled 1 where their GC is above the median."""
    codes = _bases(data, max(rows * 50, 10 * WINDOW))
    starts = _rng(rows).integers(0, len(codes) - WINDOW, rows).tolist()
    sequences = [decode_bases(codes[start : start + WINDOW]) for start in starts]
    gc = np.array([sequence.count("G") + sequence.count("C") for sequence in sequences])
    labels = (gc > np.median(gc)).astype(int).tolist()
    lines = [
        f"{sequence}\t{label}\tsequence{number}\n"
        for number, (sequence, label) in enumerate(zip(sequences, labels, strict=True))
    ]
    path = folder / "sequences.tsv"
    path.write_text("sequence\tlabel\tname\n" + "".join(lines))
    return path


def write_variants(data: Path, folder: Path, records: int) -> Path:
    """Write records of 1000 Genomes; of more than it has, substitutions at places drawn by the seed."""
    with Genome(data / REAL_GENOME) as genome:
        bases = genome.fetch(next(iter(genome.contig_sizes)), 0, KNOWN_BASES).decode()
    _write_contig(folder / "genome.fa", bases)
    with VcfReader(data / REAL_VARIANTS) as reader:
        real = [line_of(record).decode() for block in reader.blocks() for record in block]
    words = [line.split("\t")[:7] for line in real[:: max(1, len(real) // records)][:records]]
    taken = {int(line[1]) - 1 for line in words}
    places = (
        _rng(records).permutation(np.arange(100_000, KNOWN_BASES)).tolist() if len(words) < records else []
    )
    for place in places:
        ref = bases[place].upper()
        if ref in "ACGT" and place not in taken:
            words.append(["20", str(place + 1), ".", ref, "CGTA"["ACGT".index(ref)], ".", "PASS"])
        if len(words) == records:
            break
    words.sort(key=lambda line: int(line[1]))
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    path = folder / "variants.vcf"
    path.write_text(head + "".join("\t".join(line) + "\t.\n" for line in words))
    return path


def write_panel(data: Path, folder: Path, models: int) -> Path:
    """Write a panel of networks, each with weights of its own, and 200 variants for it."""
    write_variants(data, folder, 200)
    lines = ["name\tmodel\n"]
    for number in range(models):
        write_small_model(folder / f"model{number}", number)
        lines.append(f"M{number}\t{folder / f'model{number}'}\n")
    path = folder / "panel.tsv"
    path.write_text("".join(lines))
    return path


def write_store(data: Path, folder: Path, models: int) -> Path:
    """Write a catalogue of so many models of the suite's, under other names, and a store that has them."""
    del data
    entries, store = [], Store(folder / "cache" / "models")
    for number, entry in zip(range(models), itertools.cycle(Catalogue.load()), strict=False):
        name = f"own/{number}"
        facts = {key: str(getattr(entry, key)) for key in ("type", "predicts", "architecture")}
        entries.append({"name": name, "where": "hub:a/b@main", **facts})
        store.find_or_make(name, _copy_of(folder / "model"))
    path = folder / "catalogue.json"
    path.write_text(json.dumps({"format": 1, "models": entries}))
    return path


def _write_contig(path: Path, bases: str) -> None:
    lines = (bases[start : start + LINE] for start in range(0, len(bases), LINE))
    path.write_text(">20\n" + "\n".join(lines) + "\n")


def _copy_of(model: Path) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        shutil.copytree(model, folder, dirs_exist_ok=True)
        return "a benchmark"

    return make


def _bases(data: Path, count: int) -> np.ndarray:
    """Return codes of real bases; of more than there are, pieces of 16 bp in an order drawn by the seed.

    Composition and its changes along the contig stay, repeats of 40 bp, which would be leaks, do not come.
    """
    with Genome(data / REAL_GENOME) as genome:
        contig = next(iter(genome.contig_sizes))
        real = encode_bases(genome.fetch(contig, 60_000, KNOWN_BASES))
    real = real[: len(real) // _STRETCH * _STRETCH]
    parts, rng = [real[:count]], _rng(count)
    while sum(map(len, parts)) < count:
        pieces = real.reshape(-1, _STRETCH // _PIECE, _PIECE)
        order = rng.permuted(np.tile(np.arange(_STRETCH // _PIECE), (len(pieces), 1)), axis=1)
        parts.append(np.take_along_axis(pieces, order[:, :, None], axis=1).reshape(-1))
    return np.concatenate(parts)[:count]


def _rng(size: int) -> np.random.Generator:
    return np.random.default_rng([22, size])
