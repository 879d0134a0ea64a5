#!/usr/bin/env python3
"""Models of TF binding, from training to effects: GUE's five sets by finetune, evaluate and score_variants.

For each set a model is trained by ``finetune`` on the training table, a tenth of which it splits off for
validation, and judged by ``evaluate`` on the development table, which neither it nor the 6-mer ridge beside
it has seen; both again without the rows that stand in the training table on either strand. Then
``Model.score_variants`` takes all models at once: saturation mutagenesis of regulatory elements (Spearman of
LogitDifference with the measured log2 change, by element and model) and the first records of the 1000 Genomes
file (gains, losses, p-values, alleles a second). Models and metrics in the work folder are not made again, so
that training can be done on another machine: --steps train there, --steps evaluate score here.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

import dnabert_enhancer as de

STEPS = ("train", "evaluate", "score")
SETS = tuple(range(5))
GENOME = "reference/hg19_chr20_partial_fulllength.fa.gz"
VCF = "variants/1000G_b37_chr20_1-2Mb.vcf.gz"


def main() -> None:
    """Do the steps that are asked for and print their tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--work-dir", type=Path, required=True, help="keeps models and results")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--sets", nargs="+", type=int, choices=SETS, default=SETS)
    parser.add_argument("--base-model", default="new:small", help="for finetune (default new:small)")
    parser.add_argument("--device", default="auto", help="for all steps: auto, cpu, cuda")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rows", type=int, help="of each training split (default: all)")
    parser.add_argument("--records", type=int, default=2000, help="of the 1000 Genomes file (default 2000)")
    parser.add_argument("--elements", type=int, default=8, help="of the mutagenesis (default 8: all)")
    parser.add_argument("--model", default="default", help="the enhancer model")
    parser.add_argument(
        "--settings", nargs="+", default=[], metavar="NAME=VALUE", help="of finetune: epochs=3"
    )
    args = parser.parse_args()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    for step in STEPS:
        if step in args.steps:
            {"train": _train, "evaluate": _evaluate, "score": _score}[step](args)


def _engine(args: argparse.Namespace) -> de.EngineSettings:
    return de.EngineSettings(device=args.device, threads=args.threads)


def _tables(args: argparse.Namespace, number: int) -> tuple[Path, Path]:
    """Return the training table of a set, cut to the rows that are asked for, and the development table."""
    given: Path = args.shared_data / f"enhancers/gue/tf/{number}"
    train = given / "train.csv.gz"
    if args.rows is not None:
        cut: Path = args.work_dir / f"train{number}-{args.rows}.csv"
        with gzip.open(train, "rt") as stream, cut.open("w") as out:
            out.writelines(islice(stream, args.rows + 1))
        train = cut
    return train, given / "dev.csv.gz"


def _model(args: argparse.Namespace, number: int) -> Path:
    folder: Path = args.work_dir / f"TF{number}"
    return folder


def _train(args: argparse.Namespace) -> None:
    print("set           rows  epochs  best  seconds  base model", flush=True)
    settings = {"metric": "auroc", "device": args.device, "threads": args.threads}
    settings |= dict(map(_setting, args.settings))
    for number in args.sets:
        model = _model(args, number)
        card = model / "enhancer_model.json"
        if not card.is_file():
            de.finetune(_tables(args, number)[0], args.base_model, model, **settings)
        training = json.loads(card.read_text())["training"]
        rows = sum(split["sequences"] for split in training["splits"].values())
        print(
            f"TF{number}  {rows:>13,}  {len(training['epochs']):>6}  {training['best_epoch']:>4}  "
            f"{training['seconds']:>7.0f}  {training['base_model']['name']}",
            flush=True,
        )


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def _evaluate(args: argparse.Namespace) -> None:
    print("set  rows   method  AUROC                    AUPRC                    MCC", flush=True)
    for number in args.sets:
        (train, dev), prefix = _tables(args, number), args.work_dir / f"evaluate-TF{number}"
        if not Path(f"{prefix}.metrics.tsv").is_file():
            evaluation = de.evaluate(
                _model(args, number),
                dev,
                train_dataset=train,
                exclude_duplicates_of=train,
                baselines="ridge",
                engine=_engine(args),
            )
            evaluation.write(prefix, plots=False)
        table = pd.read_csv(f"{prefix}.metrics.tsv", sep="\t")
        for row in table[table["prevalence"] == table["prevalence"][0]].to_dict("records"):
            cells = [
                f"{row[name]:6.3f} ({row[f'{name}_low']:.3f} to {row[f'{name}_high']:.3f})"
                for name in ("auroc", "auprc", "mcc")
            ]
            method = "model" if row["kind"] == "model" else "ridge"
            print(f"TF{number}  {row['rows']:>5,}  {method:<6} {' '.join(cells)}", flush=True)


def _score(args: argparse.Namespace) -> None:
    from satmut import FEWEST_BARCODES, correlation, measured_variants

    data = args.shared_data / "variants"
    elements = args.work_dir / f"elements-{args.elements}.vcf"
    with gzip.open(data / "satmut_dev.vcf.gz", "rt") as stream, elements.open("w") as out:
        out.writelines(_first_contigs(stream, args.elements))
    table = _scored(args, elements, data / "satmut_dev.fa", null_variants=0)
    table = table.set_index("model")
    measured = measured_variants(elements)
    kept = (measured["barcodes"] >= FEWEST_BARCODES).to_numpy()
    names = ["enhancer", *(f"TF{number}" for number in args.sets)]
    print(f"{kept.sum():,} measured variants; Spearman of LogitDifference with the log2 change")
    for element in [*table.loc["enhancer", "chrom"].drop_duplicates(), "all"]:
        cells = []
        for name in names:
            column = "LogitDifference" if name == "enhancer" else "tf_LogitDifference"
            rows = table.loc[name].reset_index(drop=True)
            use = kept & rows[column].notna().to_numpy()
            if element != "all":
                use &= (rows["chrom"] == element).to_numpy()
            pair = (rows.loc[use, column].to_numpy(), measured.loc[use, "lfc"].to_numpy())
            value = correlation(*pair, ranks=True)
            cells.append(f"{name} {value:6.3f}")
        print(f"{element:<10} {'  '.join(cells)}", flush=True)
    _score_genomes(args, names)


def _score_genomes(args: argparse.Namespace, names: Sequence[str]) -> None:
    vcf = args.work_dir / f"records-{args.records}.vcf"
    with gzip.open(args.shared_data / VCF, "rt") as stream, vcf.open("w") as out:
        out.writelines(_first_records(stream, args.records))
    began = time.perf_counter()
    table = _scored(args, vcf, args.shared_data / GENOME)
    seconds = time.perf_counter() - began
    scored = int(table.loc[table["model"] == "enhancer", "skipped"].isna().sum())
    print(f"{scored:,} alleles of 1000 Genomes, {len(names)} models, the null included:")
    print(f"{scored / seconds:.1f} a second")
    print("model     gains  losses  p < 0.05  q < 0.05  null  KS of the null (p)")
    for name in names:
        prefix = "" if name == "enhancer" else "tf_"
        rows = table[table["model"] == name]
        effect = rows[f"{prefix}predicted_functional_effect"].value_counts()
        null = table.attrs["null"][name]
        print(
            f"{name:<9} {effect.get('Gain of function', 0):>5}  {effect.get('Loss of function', 0):>6}  "
            f"{(rows[f'{prefix}p_value'] < 0.05).sum():>8}  {(rows[f'{prefix}q_value'] < 0.05).sum():>8}  "
            f"{null['null_variants']:>4}  {null.get('ks_statistic', 0):.4f} ({null.get('ks_p_value', 1):.2f})"
        )


def _scored(args: argparse.Namespace, vcf: Path, genome: Path, **settings: Any) -> pd.DataFrame:
    engine = _engine(args)
    tf = {f"TF{number}": de.load_model(_model(args, number), engine=engine) for number in args.sets}
    return de.load_model(args.model, engine=engine).score_variants(vcf, genome, tf=tf, **settings)


def _first_contigs(lines: Iterator[str], count: int) -> Iterator[str]:
    seen: dict[str, None] = {}
    for line in lines:
        if not line.startswith("#"):
            seen[line.split("\t", 1)[0]] = None
        if len(seen) > count:
            break
        yield line


def _first_records(lines: Iterator[str], count: int) -> Iterator[str]:
    for line in lines:
        count -= not line.startswith("#")
        if count < 0:
            break
        yield line


if __name__ == "__main__":
    main()
