#!/usr/bin/env python3
"""Which importance of bases can be believed: planted sites, saturation mutagenesis.

Planted: one strong site of a factor (the consensus of its JASPAR motif) is put into the middle of windows of
real DNA of a contig that no model was trained on, each with the GC of a FANTOM5 enhancer. The AUROC within a
window says how well the planted bases are told from the others by the size of their importance: 0.5 is
chance. The median score before and after says whether the output knows the factor at all. Intervals:
bootstrap over windows, 95 %; of differences over the windows that both methods have. Windows that gradients
refuse for their completeness error are left out.

Measured: the largest measured effect at a base of an element against the largest predicted one, Spearman,
over bases all of whose three substitutions have at least 10 barcodes. Beside the model stand a 6-mer ridge
fitted to lentiMPRA activity, and the best match of a HOCOMOCO motif over each base. Intervals: bootstrap over
bases.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

import dnabert_enhancer as de
from dnabert_enhancer.genome import read_regions
from dnabert_enhancer.interpret import Method
from dnabert_enhancer.sequence import decode_bases, encode_bases, gc_fraction
from dnabert_enhancer.variants import MotifLibrary, read_meme
from importance import (
    Floats,
    Importance,
    gc_matched,
    importance,
    interval,
    mean_draws,
    motif_scores,
    rank_correlation_draws,
    ridge_importance,
)
from satmut import FEWEST_BARCODES, _fitted_ridge, measured_variants

# motif in JASPAR 2022, outputs that may know the factor, the one that is nearest to it first
PLANTED = {
    "NF-Y": ("MA0060.3", ("default:lentimpra_hepg2", "default:regulatory_element")),
    "AP-1": ("MA0099.3", ("default:dnase_k562", "default:lentimpra_hepg2", "default:regulatory_element")),
    "SP1": ("MA0079.5", ("default:lentimpra_hepg2", "default:regulatory_element")),
    "HNF4A": ("MA0114.4", ("default:lentimpra_hepg2", "default:regulatory_element")),
    "CTCF": ("MA0139.1", ("default:ctcf", "default:regulatory_element")),
    "GATA1::TAL1": ("MA0140.2", ("default:dnase_k562", "default:regulatory_element")),
}
MEASURED_BY = (
    "default:lentimpra_hepg2",
    "default:regulatory_element",
    "default:dnase_k562",
    "default:accessible",
)
CONTIG = "chr20"
WINDOW = 200
PARTS = ("planted", "measured")


class Way(NamedTuple):
    """A method as it is compared; `name` is its column."""

    name: str
    method: str
    keywords: dict[str, Any]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="which (default: all)")
    parser.add_argument("--methods", nargs="+", choices=[*Method], default=[*Method], help="default: all")
    parser.add_argument(
        "--factors", nargs="+", choices=list(PLANTED), default=list(PLANTED), help="planted (default: all)"
    )
    parser.add_argument("--windows", type=int, default=200, help="windows with a planted site (default 200)")
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        help="ask one in so many of the bases that are not planted (default 1: all)",
    )
    parser.add_argument(
        "--gradient-windows", type=int, help="for gradients only the first so many (default: all)"
    )
    parser.add_argument(
        "--gradient-outputs", type=int, help="for gradients only the first so many of each list"
    )
    parser.add_argument("--steps", type=int, default=16, help="of gradients (default 16)")
    parser.add_argument(
        "--outputs", type=int, default=len(MEASURED_BY), help="the first so many of each list (default: all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice of windows (default 0)")
    args = parser.parse_args()
    ways = list(_ways(args.methods, args.steps))
    if "planted" in args.parts:
        print_planted(args, ways)
    if "measured" in args.parts:
        print_measured(args, ways)


def _ways(methods: Sequence[str], steps: int) -> Iterator[Way]:
    for method in methods:
        yield Way(method, method, {"steps": steps} if method == Method.GRADIENTS else {})
        if method == Method.ATTENTION:
            yield Way("rollout", method, {"rollout": True})


def _outputs_of(way: Way, args: argparse.Namespace) -> int | None:
    """Return for how many outputs a method is asked, None for all; attention is the same for all."""
    if way.method == Method.ATTENTION:
        return 1
    return args.gradient_outputs if way.method == Method.GRADIENTS else None


def print_planted(args: argparse.Namespace, ways: Sequence[Way]) -> None:
    """Print how well the bases of planted sites are found; attention is the same for all outputs."""
    rng = np.random.default_rng(args.seed)
    motifs = read_meme(
        args.shared_data / "motifs/JASPAR2022_CORE_vertebrates_non-redundant_pfms_meme.txt.gz"
    ).motifs
    background = _background(args.shared_data, args.windows, rng)
    gc = gc_fraction(background)
    print(f"{len(background)} windows of {CONTIG}, GC {gc.mean():.3f} ({gc.min():.3f} to {gc.max():.3f})\n")
    print("| factor | output | median score before, after | method | windows | AUROC | less that of ism |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    means: dict[str, list[tuple[Floats, Floats]]] = {way.name: [] for way in ways}
    for factor in args.factors:
        identifier, outputs = PLANTED[factor]
        site = _consensus(motifs, identifier)
        outputs = outputs[: args.outputs]
        models = [de.load_model(output) for output in outputs]
        first = (WINDOW - len(site)) // 2
        is_site = np.zeros(WINDOW, dtype=bool)
        is_site[first : first + len(site)] = True
        asked = np.union1d(np.flatnonzero(is_site), np.flatnonzero(~is_site)[:: args.every])
        planted = background.copy()
        planted[:, is_site] = site
        scores = [[np.median(_scores(model, codes)) for codes in (background, planted)] for model in models]
        by_ism: list[Floats] = []
        for way in ways:
            some = args.gradient_windows if way.method == Method.GRADIENTS else None
            keywords = {**way.keywords, **({"places": asked} if way.method == Method.ISM else {})}
            told = models[: _outputs_of(way, args)]
            found = [importance(told, codes, way.method, WINDOW, **keywords) for codes in planted[:some]]
            for number in range(len(told)):
                areas = np.array([_area(values[number], is_site, asked) for values in found])
                if way.method == Method.ISM:
                    by_ism.append(areas)
                gain = areas - by_ism[number][: len(areas)] if by_ism else np.full(len(areas), np.nan)
                if number == 0:
                    means[way.name].append((mean_draws(areas), mean_draws(gain)))
                output = "all" if way.method == Method.ATTENTION else f"`{outputs[number]}`"
                score = "{:.2f}, {:.2f}".format(*scores[number])
                explained = np.count_nonzero(~np.isnan(areas))
                cells = (way.name, explained, interval(mean_draws(areas)), interval(mean_draws(gain)))
                print(f"| {factor} ({decode_bases(site)}) | {output} | {score} |", end="")
                print("".join(f" {cell} |" for cell in cells), flush=True)
    print("\nmean over the factors, of the first output each\n\n| method | AUROC | less that of ism |")
    print("| --- | --- | --- |")
    for name, pairs in means.items():
        both = [interval(np.mean([pair[part] for pair in pairs], axis=0)) for part in (0, 1)]
        print(f"| {name} | {both[0]} | {both[1]} |")


def print_measured(args: argparse.Namespace, ways: Sequence[Way]) -> None:
    """Print how well the importance of bases follows measured effects, by element and in the mean."""
    shared_data, outputs = args.shared_data, MEASURED_BY[: args.outputs]
    vcf, fasta = (shared_data / "variants" / name for name in ("satmut_dev.vcf.gz", "satmut_dev.fa"))
    measured = measured_variants(vcf)
    measured = measured[measured["barcodes"] >= FEWEST_BARCODES]
    models = [de.load_model(output) for output in outputs]
    ridge = _fitted_ridge(shared_data)
    library = MotifLibrary(shared_data / "motifs/H13CORE_meme_format.meme.gz")
    with de.Genome(fasta) as genome:
        elements = {name: encode_bases(genome.fetch(name).upper()) for name in genome.contig_sizes}
    by_element: dict[str, list[Floats]] = {}
    print("\n| element | bases | method | Spearman |\n| --- | --- | --- | --- |")
    for element, codes in elements.items():
        groups = measured[measured["chrom"] == element].groupby("pos")["lfc"]
        truth = groups.apply(lambda values: values.abs().max())[groups.size() == 3]
        places = truth.index.to_numpy() - 1
        predicted = {}
        for way in ways:
            told = models[: _outputs_of(way, args)]
            found = importance(told, codes, way.method, WINDOW, **way.keywords)
            for output, values in zip(outputs, found, strict=False):
                name = way.name if way.method == Method.ATTENTION else f"{way.name}, `{output}`"
                predicted[name] = values.largest
        predicted["6-mer ridge"] = ridge_importance(ridge, codes, WINDOW).largest
        predicted["best motif"] = motif_scores(library, codes)
        for name, values in predicted.items():
            sample = rank_correlation_draws(values[places], truth.to_numpy())
            by_element.setdefault(name, []).append(sample)
            print(f"| {element} | {len(places)} | {name} | {interval(sample)} |", flush=True)
    reference = next(iter(by_element))
    print(
        f"\nmean over the elements\n\n| method | Spearman | less that of {reference} |\n| --- | --- | --- |"
    )
    for name, samples in by_element.items():
        mean = np.mean(samples, axis=0)
        less = mean - np.mean(by_element[reference], axis=0)
        print(f"| {name} | {interval(mean)} | {interval(less)} |")


def _consensus(motifs: Sequence[Any], identifier: str) -> NDArray[np.uint8]:
    for motif in motifs:
        if motif.name.split()[0] == identifier:
            return np.asarray(motif.shares.argmax(axis=1), dtype=np.uint8)
    raise SystemExit(f"{identifier} is not in the file of motifs")


def _background(shared_data: Path, number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return windows apart from enhancers, each with the GC of one, uint8[number, WINDOW]."""
    with de.Genome(shared_data / "reference/hg38_4chr_prefixes.fa.gz") as genome:
        contigs = {name: encode_bases(genome.fetch(name).upper()) for name in genome.contig_sizes}
        enhancers = read_regions(
            shared_data / "annotation/F5.hg38.enhancers.bed.gz", genome.contig_sizes, skip_outside=True
        ).frame
    is_free = np.ones(len(contigs[CONTIG]), dtype=bool)
    wanted = []
    for row in enhancers.itertuples():
        if row.chrom == CONTIG:
            is_free[row.start : row.end] = False
        middle = (row.start + row.end - WINDOW) // 2
        codes = contigs[row.chrom][max(0, middle) : middle + WINDOW]
        if len(codes) == WINDOW and (codes < 4).all():
            wanted.append(int(np.isin(codes, (1, 2)).sum()))
    targets = np.resize(rng.permutation(wanted), number)
    starts = gc_matched(contigs[CONTIG], is_free, targets, WINDOW, rng)
    return np.stack([contigs[CONTIG][start : start + WINDOW] for start in starts])


def _scores(model: de.Model, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(model.target.scores(model.engine.predict(windows)).score)


def _area(found: Importance, is_site: NDArray[np.bool_], asked: NDArray[np.int64]) -> float:
    """Return the AUROC of the planted bases among those asked for; NaN where the window was refused."""
    sizes = np.abs(found.signed[asked])
    return float("nan") if np.isnan(sizes).any() else float(roc_auc_score(is_site[asked], sizes))


if __name__ == "__main__":
    main()
