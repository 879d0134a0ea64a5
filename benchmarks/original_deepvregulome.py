"""The package deepvregulome scoring variants, run by itself (for benchmarks/panel.py).

Not a program for users: it starts with the folder of the unpacked wheel (the original's code is not in this
project), a folder that stands for its repository on the hub, a genome, a table of variants and the models'
names, and writes the package's own table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> None:
    """Score the variants with all models, with the package's defaults."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, help="folder of the unpacked wheel")
    parser.add_argument("hub", type=Path, help="folder with models/NAME")
    parser.add_argument("genome", help="FASTA")
    parser.add_argument("variants", type=Path, help="TSV with chrom, pos, ref, alt")
    parser.add_argument("out", type=Path, help="the table of the results")
    parser.add_argument("models", nargs="+", metavar="NAME")
    args = parser.parse_args()
    sys.path.insert(0, str(args.package))
    import pandas as pd
    from deepvregulome.dvr import DVR
    from deepvregulome.registry import ModelInfo

    # the folder in place of the hub; any model's tokenizer is everyone's
    ModelInfo.hf_repo = property(lambda _: str(args.hub))
    ModelInfo.subfolder = property(
        lambda info: f"models/{info.name if info.name in args.models else args.models[0]}"
    )
    found = DVR(genome=args.genome, device="cpu").score_variants(
        pd.read_csv(args.variants, sep="\t"), models=args.models
    )
    found.to_csv(args.out, sep="\t", index=False)


if __name__ == "__main__":
    main()
