#!/usr/bin/env python3
"""Time and memory of the commands against the size of their input, over two to three orders of magnitude.

Each run is a process of its own: processor seconds, and the most memory that it had. Inputs are real ones,
cut, or where more is asked for than there is, made from them by a seed (`growth_inputs.py`). The network is
so small that what is around it is what takes time; a real one takes a number of windows times a constant.
Printed are the runs, and for each command the exponent b of the best
seconds = start + a * size ** b, and how much memory a tenfold input takes besides.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from child import Cost, run

MODULE = "dnabert_enhancer"
READ = (
    "import sys; from dnabert_enhancer.genome import ASSEMBLIES, read_regions; "
    "read_regions(sys.argv[1], ASSEMBLIES['hg38'])"
)
ENGINE = "--model {folder}/model --device cpu --threads 1 --quiet --output-prefix {folder}/out"
MOST_EXPONENT = 1.2
TOLD = 2
"""Where the seconds grow less than so many times, they are mostly the start, and no exponent is told."""
MOST_MEMORY = 1.25
"""Of a tenfold input, where memory is to be flat."""


@dataclass(frozen=True)
class Case:
    """A command, and how its input is made.

    Attributes
    ----------
    name, unit : str
    writer : str
        Function of `growth_inputs` that writes the input.
    sizes, more : tuple of int
        Of the input; `more` are those of --large.
    words : str
        The command, with ``{input}`` and ``{folder}``; ``-c`` first: a piece of Python.
    is_flat : bool
        Whether the memory must not grow with the input.
    """

    name: str
    unit: str
    writer: str
    sizes: tuple[int, ...]
    words: str
    more: tuple[int, ...] = ()
    is_flat: bool = False

    def command(self, path: Path) -> list[str]:
        """Return the command for an input."""
        words = [word.format(input=path, folder=path.parent) for word in self.words.split()]
        if words[0] == "-c":
            return [sys.executable, "-c", READ, *words[1:]]
        return [sys.executable, "-m", MODULE, *words]


class Growth(NamedTuple):
    """What a command's runs say.

    Attributes
    ----------
    start : float
        Seconds that it takes without any input.
    exponent : float
        Of the seconds beyond those.
    memory : float
        Of the largest input, as a multiple of that of the one before it.
    """

    start: float
    exponent: float
    memory: float


TENFOLD = (1000, 10_000, 100_000)
CASES = (
    Case("read BED", "rows", "write_elements", (*TENFOLD, 1_000_000), "-c {input}"),
    Case(
        "compare-db",
        "rows of the calls and of the database",
        "write_elements",
        TENFOLD,
        "compare-db --calls {input} --database one={folder}/database.bed,preset=bed --assembly hg38 "
        "--genome-sizes {folder}/hg38.sizes --permutations 20 --no-plots --threads 1 --quiet "
        "--output-prefix {folder}/out",
        more=(1_000_000,),
    ),
    Case(
        "make-dataset",
        "regions",
        "write_peaks",
        (100, 1000, 10_000),
        "make-dataset --regions {input} --genome {folder}/genome.fa --split-by block --block-size 20000 "
        "--allow-fewer --quiet --output-dir {folder}/dataset",
        more=(100_000,),
    ),
    Case(
        "tokenize",
        "sequences",
        "write_sequences",
        TENFOLD,
        "tokenize --input {input} --k 6 --quiet --output {folder}/out.tsv.gz",
    ),
    Case(
        "predict --tsv",
        "sequences",
        "write_sequences",
        (100, 1000, 10_000),
        f"predict --tsv {{input}} {ENGINE}",
        more=(100_000,),
        is_flat=True,
    ),
    Case(
        "predict --genome",
        "bases",
        "write_genome",
        (100_000, 1_000_000, 10_000_000),
        f"predict --genome {{input}} --stride 200 {ENGINE}",
        more=(100_000_000,),
        is_flat=True,
    ),
    Case(
        "index-genome",
        "bases",
        "write_genome",
        (1_000_000, 10_000_000, 100_000_000),
        "index-genome --genome {input} --quiet --output-dir {folder}/index",
        is_flat=True,
    ),
    Case(
        "score-variants",
        "variants",
        "write_variants",
        (100, 1000, 10_000),
        f"score-variants --vcf {{input}} --genome {{folder}}/genome.fa --null-variants 0 {ENGINE}",
        more=(100_000,),
        is_flat=True,
    ),
    Case(
        "score-variants --tf-panel",
        "models",
        "write_panel",
        (4, 10, 40, 100),
        "score-variants --vcf {folder}/variants.vcf --genome {folder}/genome.fa --tf-panel {input} "
        f"--offsets 1 --null-variants 0 {ENGINE}",
        more=(400,),
        is_flat=True,
    ),
    Case(
        "interpret",
        "regions",
        "write_peaks",
        (10, 30, 100),
        f"interpret --regions {{input}} --genome {{folder}}/genome.fa --logos 0 {ENGINE}",
        more=(1000,),
        is_flat=True,
    ),
    Case(
        "evaluate",
        "sequences",
        "write_sequences",
        (100, 1000, 10_000),
        f"evaluate --dataset {{input}} --no-pictures {ENGINE}",
        more=(100_000,),
    ),
    Case(
        "finetune",
        "sequences",
        "write_sequences",
        (1000, 3000, 10_000),
        "finetune --dataset {input} --base-model new:tiny --k 3 --epochs 1 --device cpu --threads 1 "
        "--quiet --output-dir {folder}/tuned",
        more=(100_000,),
    ),
    Case("models list", "models", "write_store", (10, 40, 100, 400), "models list --catalogue {input}"),
)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="these commands: " + ", ".join(one.name for one in CASES)
    )
    parser.add_argument(
        "--large", action="store_true", help="also inputs ten times as large, where seconds allow it"
    )
    parser.add_argument(
        "--results", type=Path, help="TSV that gets each run as it ends; what it has is not run again"
    )
    parser.add_argument("--picture", type=Path, help="draw the curves into this PNG")
    args = parser.parse_args()
    known = read_results(args.results)
    found: dict[str, tuple[Case, dict[int, Cost]]] = {}
    for case in CASES:
        if args.only is not None and case.name not in args.only:
            continue
        costs: dict[int, Cost] = {}
        for size in (*case.sizes, *(case.more if args.large else ())):
            costs[size] = known.get((case.name, size)) or measure(case, size, args.shared_data)
            if args.results is not None and (case.name, size) not in known:
                with args.results.open("a") as stream:
                    stream.write("\t".join(map(str, (case.name, size, *costs[size]))) + "\n")
            print(
                f"{case.name:<26} {size:>11,} {case.unit}: {costs[size].processor_seconds:8.2f} s, "
                f"{costs[size].peak_bytes / 2**20:,.0f} MiB",
                flush=True,
            )
        found[case.name] = case, costs
    print()
    print("| command | input | seconds of the processor | exponent | MiB | memory, times the next |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case, costs in found.values():
        print(row(case, costs))
    if args.picture is not None:
        draw(args.picture, list(found.values()))


def read_results(path: Path | None) -> dict[tuple[str, int], Cost]:
    """Return what was measured before, by the command's name and the size."""
    if path is None or not path.exists():
        return {}
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    return {(line[0], int(line[1])): Cost(float(line[2]), float(line[3]), int(line[4])) for line in lines}


def measure(case: Case, size: int, data: Path) -> Cost:
    """Return what a command takes for an input of a size."""
    with tempfile.TemporaryDirectory() as name:
        # a process of its own, since the peak of a run is never below that of the process which starts it
        with ProcessPoolExecutor(1) as pool:
            path = pool.submit(write_input, case.writer, data, Path(name), size).result()
        return run(case.command(path), environment={"DNABERT_ENHANCER_CACHE": str(Path(name) / "cache")})


def write_input(writer: str, data: Path, folder: Path, size: int) -> Path:
    """Write the input of a size, and a model beside it; return its path."""
    import growth_inputs

    growth_inputs.write_small_model(folder / "model", 0)
    path: Path = getattr(growth_inputs, writer)(data, folder, size)
    return path


def growth_of(sizes: Sequence[float], costs: Sequence[Cost]) -> Growth:
    """Return how costs grow with sizes.

    Notes
    -----
    Of all exponents from 0.01 to 3 that one whose start and factor, both not below 0, leave the least sum of
    squares of the relative errors of the seconds.
    """
    seconds = np.array([cost.processor_seconds for cost in costs])
    scaled = np.array(sizes, dtype=float) / max(sizes)
    best = (np.inf, 0.0, 0.0)
    for exponent in np.arange(0.01, 3, 0.01):
        columns = np.stack([np.ones_like(scaled), scaled**exponent], axis=1) / seconds[:, None]
        start, factor = np.linalg.lstsq(columns, np.ones_like(seconds), rcond=None)[0]
        if min(start, factor) < 0:
            continue
        error = float(((columns @ [start, factor] - 1) ** 2).sum())
        best = min(best, (error, float(start), float(exponent)))
    return Growth(best[1], best[2], costs[-1].peak_bytes / costs[-2].peak_bytes)


def row(case: Case, costs: dict[int, Cost]) -> str:
    """Return a command's line of the table."""
    growth = growth_of([*costs], [*costs.values()])
    sizes = ", ".join(f"{size:,}" for size in costs)
    seconds = ", ".join(f"{cost.processor_seconds:.2f}" for cost in costs.values())
    memory = ", ".join(f"{cost.peak_bytes / 2**20:.0f}" for cost in costs.values())
    steep = " (steep)" if growth.exponent > MOST_EXPONENT else ""
    taken = [cost.processor_seconds for cost in costs.values()]
    exponent = f"{growth.exponent:.2f}{steep}" if max(taken) > TOLD * min(taken) else "mostly start"
    grows = " (not flat)" if case.is_flat and growth.memory > MOST_MEMORY else ""
    return (
        f"| `{case.name}` | {sizes} {case.unit} | {seconds} | {exponent} | {memory} "
        f"| {growth.memory:.2f}{grows} |"
    )


def draw(path: Path, found: Sequence[tuple[Case, dict[int, Cost]]]) -> None:
    """Draw seconds and memory of each command."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for number, (case, costs) in enumerate(found):
        style = {
            "marker": "osD^v"[number // 10],
            "color": f"C{number % 10}",
            "markersize": 4,
            "linewidth": 1.2,
        }
        sizes = [*costs]
        axes[0].plot(sizes, [cost.processor_seconds for cost in costs.values()], label=case.name, **style)
        axes[1].plot(sizes, [cost.peak_bytes / 2**20 for cost in costs.values()], **style)
    for axis, title in zip(axes, ("seconds of the processor", "peak memory, MiB"), strict=True):
        axis.set(
            xscale="log", yscale="log", xlabel="rows, sequences, variants, bases or models", ylabel=title
        )
        axis.grid(alpha=0.3)
    figure.legend(loc="outside right center", fontsize=8)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
