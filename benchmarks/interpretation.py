#!/usr/bin/env python3
"""Which importance of bases can be believed: planted sites, and measured saturation mutagenesis.

Planted: one strong site of a factor (the consensus of its JASPAR motif) is put into the middle of windows of
real DNA of a contig that no model was trained on. The AUROC within a window says how well the planted bases
are told from the others by the size of their importance: 0.5 is chance. The median score before and after
says whether the output knows the factor at all. Intervals: bootstrap over windows, 95 %.

Measured: the largest measured effect at a base of an element against the largest predicted one, Spearman,
over bases all of whose three substitutions have at least 10 barcodes; a 6-mer ridge fitted to lentiMPRA
activity stands beside. Intervals: bootstrap over bases.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

import dnabert_enhancer as de
from dnabert_enhancer.evaluation import KmerRidge
from dnabert_enhancer.interpret import Method, other_bases, substituted, tiles
from dnabert_enhancer.sequence import decode_bases, encode_bases, gc_fraction
from dnabert_enhancer.variants import read_meme
from satmut import FEWEST_BARCODES, _fitted_ridge, correlation, measured_variants

# motif in JASPAR 2022, outputs that may know the factor
PLANTED = {
    "CTCF": ("MA0139.1", ("default:ctcf", "default")),
    "AP-1": ("MA0099.3", ("default", "default:lentimpra_hepg2", "default:dnase_k562")),
    "GATA1::TAL1": ("MA0140.2", ("default", "default:dnase_k562")),
    "HNF4A": ("MA0114.4", ("default:lentimpra_hepg2", "default")),
    "SP1": ("MA0079.5", ("default:lentimpra_hepg2", "default")),
    "NF-Y": ("MA0060.3", ("default:lentimpra_hepg2", "default")),
}
MEASURED_BY = ("default", "default:lentimpra_hepg2", "default:dnase_k562", "default:accessible")
CONTIG = "chr20"
WINDOW = 200
RESAMPLES = 1000


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--windows", type=int, default=200, help="windows with a planted site (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of windows (default 0)")
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=[*Method],
        default=[*Method],
        help="which methods (default: all); attention is told by the last layer and by rollout",
    )
    parser.add_argument(
        "--factors", nargs="+", choices=list(PLANTED), default=list(PLANTED), help="planted (default: all)"
    )
    parser.add_argument(
        "--outputs",
        nargs="+",
        choices=MEASURED_BY,
        default=MEASURED_BY,
        help="of the measured elements (default: all)",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--planted-only", action="store_true", help="leave the measured elements out")
    only.add_argument("--measured-only", action="store_true", help="leave the planted sites out")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    if not args.measured_only:
        print_planted(args.shared_data, args.windows, rng, args.methods, args.factors)
    if not args.planted_only:
        print_measured(args.shared_data, args.methods, args.outputs)


def print_planted(
    shared_data: Path,
    number: int,
    rng: np.random.Generator,
    methods: Sequence[str],
    factors: Sequence[str],
) -> None:
    """Print how well the bases of planted sites are found; attention is the same for all outputs."""
    motifs = read_meme(
        shared_data / "motifs/JASPAR2022_CORE_vertebrates_non-redundant_pfms_meme.txt.gz"
    ).motifs
    background = _background(shared_data / "reference/hg38_4chr_prefixes.fa.gz", number, rng)
    print(f"{len(background)} windows of {CONTIG}, GC {gc_fraction(background).mean():.3f}")
    print(f"{'factor':<12} {'method':<10} {'output':<25} {'site':<20} score          AUROC of bases")
    for factor in factors:
        identifier, outputs = PLANTED[factor]
        found = [motif for motif in motifs if motif.name.split()[0] == identifier]
        if not found:
            raise SystemExit(f"{identifier} is not in the file of motifs")
        site = found[0].shares.argmax(axis=1).astype(np.uint8)
        first = (WINDOW - len(site)) // 2
        planted = background.copy()
        planted[:, first : first + len(site)] = site
        is_site = np.zeros(WINDOW, dtype=bool)
        is_site[first : first + len(site)] = True
        for method, output, keywords in _cases(methods, outputs):
            model = de.load_model(output)
            before = _scores(model, background)
            texts = map(decode_bases, planted)
            explained = list(model.interpret(texts, window_length=WINDOW, **keywords))
            after = np.array([region.score for region in explained])
            areas = [roc_auc_score(is_site, np.abs(region.importance)) for region in explained]
            told = f"{np.median(before):5.2f} > {np.median(after):5.2f}"
            case = f"{factor:<12} {method:<10} {output:<25} {decode_bases(site):<20}"
            print(f"{case} {told}  {_interval(np.array(areas))}", flush=True)


def _cases(methods: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return name, output and settings of what is compared; attention is the same for all outputs."""
    cases: list[tuple[str, str, dict[str, Any]]] = [
        (method, output, {"method": method})
        for method in methods
        if method != Method.ATTENTION
        for output in outputs
    ]
    if Method.ATTENTION in methods:
        keywords = {"method": Method.ATTENTION}
        cases.append(("attention", outputs[0], keywords))
        cases.append(("rollout", outputs[0], {**keywords, "rollout": True}))
    return cases


def print_measured(shared_data: Path, methods: Sequence[str], outputs: Sequence[str]) -> None:
    """Print how well the importance of bases follows measured effects; the ridge beside mutagenesis."""
    vcf, fasta = (shared_data / "variants" / name for name in ("satmut_dev.vcf.gz", "satmut_dev.fa"))
    measured = measured_variants(vcf)
    measured = measured[measured["barcodes"] >= FEWEST_BARCODES]
    cases = {f"{name} {output}": (output, more) for name, output, more in _cases(methods, outputs)}
    models = {output: de.load_model(output) for output in outputs}
    ridge = _fitted_ridge(shared_data) if Method.ISM in methods else None
    with de.Genome(fasta) as genome:
        elements = {name: genome.fetch(name).decode().upper() for name in genome.contig_sizes}
    names = [*cases, *([] if ridge is None else ["6-mer ridge"])]
    print("\nelement  bases  " + "  ".join(f"{name:<33}" for name in names))
    totals: dict[str, list[float]] = {name: [] for name in names}
    for element, letters in elements.items():
        rows = measured[measured["chrom"] == element]
        groups = rows.groupby("pos")["lfc"]
        largest = groups.apply(lambda values: values.abs().max())[groups.size() == 3]
        places = largest.index.to_numpy() - 1
        cells = []
        for name in names:
            if name in cases:
                output, keywords = cases[name]
                found = models[output].interpret({element: letters}, **keywords)[0]
                sizes = found.importance if found.given is not None else found.change
            else:
                assert ridge is not None
                sizes = _ridge_change(ridge, letters)
            sizes = np.abs(sizes[places])
            predicted = sizes if sizes.ndim == 1 else np.nanmax(sizes, axis=1)
            truth = largest.to_numpy()
            totals[name].append(correlation(predicted, truth, ranks=True))
            cells.append(_correlation_interval(predicted, truth))
        print(f"{element:<8} {len(places):>5}  " + "  ".join(f"{cell:<33}" for cell in cells), flush=True)
    means = "  ".join(f"{np.mean(totals[name]):<33.3f}" for name in names)
    print(f"{'mean':<8} {'':>5}  {means}")


def _background(fasta: Path, number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return windows without unknown bases, uint8[number, WINDOW]."""
    with de.Genome(fasta) as genome:
        codes = encode_bases(genome.fetch(CONTIG))
    windows: list[NDArray[np.uint8]] = []
    while len(windows) < number:
        start = int(rng.integers(0, len(codes) - WINDOW))
        window = codes[start : start + WINDOW]
        if (window < 4).all():
            windows.append(window)
    return np.stack(windows)


def _scores(model: de.Model, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(model.target.scores(model.engine.predict(windows)).score)


def _ridge_change(ridge: KmerRidge, letters: str) -> NDArray[np.float64]:
    """Return what `Attributions` has for a model: the change of the ridge by each substitution."""
    codes = encode_bases(letters)
    change = np.zeros((len(codes), 4))
    for tile in tiles(0, len(codes), len(codes), WINDOW):
        window = codes[tile.start : tile.start + tile.length]
        places = np.arange(tile.first, tile.last) - tile.start
        values = ridge.predict(np.concatenate([window[None], substituted(window, places)]))
        change[tile.first + np.arange(len(places))[:, None], other_bases(window[places])] = (
            values[1:] - values[0]
        ).reshape(-1, 3)
    return change


def _interval(values: NDArray[np.float64]) -> str:
    rng = np.random.default_rng(0)
    means = [rng.choice(values, len(values)).mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def _correlation_interval(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> str:
    rng = np.random.default_rng(0)
    n = len(predicted)
    draws = [rng.integers(0, n, n) for _ in range(RESAMPLES)]
    values = [correlation(predicted[rows], measured[rows], ranks=True) for rows in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return f"{correlation(predicted, measured, ranks=True):6.3f} ({low:6.3f} to {high:6.3f})"


if __name__ == "__main__":
    main()
