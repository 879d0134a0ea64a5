"""How fast the engine is: DNABERT's own code, transformers and our backends on one model, in one run.

A BERT-base (12 layers of 768 units) with random weights reads windows of 200 bp, on one strand. All
contenders are loaded, then measured in turns for several rounds. The table gives each one's median of windows
per second, its ratio to DNABERT's code as its users run it (padded to --original-length tokens), and for
float32 the share of the rate at which this machine multiplies float32 matrices, measured in the same rounds;
operations that no output needs, which our backends leave out, are not counted for them.

With --gate MODEL and --fasta the faster precisions are compared with float32 on real windows: mean change of
the probability, the Jaccard index of the calls, and speed by processor time, in turns; then what the engine's
own check says, which is of its fixed windows and of the least alike of the model's outputs. With --quantize
so is int8 of the weights that `models quantize` makes by sequences, against float32 of the given ones.

With --busy processor time is measured in place of time, for machines that do other work too; with --backend
that backend of ours alone.

With --table the measurements behind the engine's rule are printed, a line for each machine; with --record a
run adds that of this machine to them.

    python benchmarks/engine.py --original CHECKOUT_OF_DNABERT
    python benchmarks/engine.py --gate MODEL_DIRECTORY --fasta hg19_chr20.fa.gz
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

LENGTH = 200
K = 6
TABLE = Path(__file__).with_name("engine_measurements.tsv")
GOAL_FLOAT32, GOAL_AUTO, GOAL_AUTO_BFLOAT16 = 3, 6, 10


class Contender(NamedTuple):
    """Something that predicts: its name, a function that returns windows done and seconds, what it is."""

    name: str
    measure: Callable[[], tuple[int, float]]
    exact: bool
    operations: float


def main() -> None:
    """Measure and print."""
    options = _options()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    if options.table:
        _print_table()
        return
    if options.gate:
        _print_gate(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DNABERT_ENHANCER_CACHE"] = folder  # so that auto measures anew
        rates = _measure(options, Path(folder))
    _print_speed(options, rates)
    if options.record is not None:
        _record(options, rates)


def _print_table() -> None:
    """Print what was measured on each machine, and what the rule takes on this one."""
    from dnabert_enhancer.engine import this_processor

    for number, line in enumerate(TABLE.read_text().splitlines()):
        cells = line.split("\t")
        print(f"| {' | '.join(cells)} |")
        if number == 0:
            print(f"|{'---|' * len(cells)}")
    processor = this_processor()
    ways = ["bfloat16 (with torch)"] if processor.gains_by_bfloat16 else []
    ways += ["int8"] if processor.gains_by_int8 else []
    ways = [*(ways[::-1] if processor.is_faster_in_int8 else ways), "float32"]
    print(f"\nhere ({processor.name}) the rule takes the first of {', '.join(ways)} that agrees with float32")


def _record(options: argparse.Namespace, rates: dict[str, tuple[Contender, list[float]]]) -> None:
    """Add a line for this machine to the table: medians over the rounds, against the faster float32."""
    from dnabert_enhancer.engine import TELLING_FEATURES, this_processor

    medians = {name: statistics.median(values) for name, (_, values) in rates.items()}
    exact = max(rate for name, rate in medians.items() if name.startswith("ours") and "float32" in name)
    times = [medians.get(f"ours, {way}", float("nan")) / exact for way in ("torch bfloat16", "onnx int8")]
    processor = this_processor()
    features = " ".join(one for one in TELLING_FEATURES if processor.has(one))
    figures = ("NA" if np.isnan(x) else f"{x:.2f}" for x in (np.nan if options.busy else exact, *times))
    cells = [processor.name, features, str(options.threads), *figures]
    with TABLE.open("a", encoding="utf-8") as table:
        table.write("\t".join([*cells, options.record]) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--original",
        type=Path,
        default=os.environ.get("DNABERT_ORIGINAL"),
        help="checkout of DNABERT with src/ and examples/ (default: $DNABERT_ORIGINAL; left out without)",
    )
    parser.add_argument("--original-length", type=int, default=350, help="its max_seq_length (default 350)")
    parser.add_argument("--original-batch", type=int, default=32, help="its batch (default 32)")
    parser.add_argument(
        "--configuration", default="base", help="named configuration of the model (default base)"
    )
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each contender in each round")
    parser.add_argument("--gate", type=Path, metavar="MODEL", help="compare precisions on this model instead")
    parser.add_argument("--fasta", type=Path, help="sequence for --gate")
    parser.add_argument("--windows", type=int, default=10_000, help="for --gate")
    parser.add_argument("--quantize", metavar="SEQUENCES", help="for --gate: also after models quantize")
    parser.add_argument("--backend", choices=("onnx", "torch"), help="our precisions of this alone")
    parser.add_argument("--busy", action="store_true", help="measure processor time")
    parser.add_argument("--table", action="store_true", help="print what was measured on each machine")
    parser.add_argument("--record", metavar="NOTE", help="add this machine to the table, such as: quiet")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser.parse_args()


def _measure(options: argparse.Namespace, folder: Path) -> dict[str, tuple[Contender, list[float]]]:
    from dnabert_enhancer.model import new_model, write_model

    parts = new_model(options.configuration, k=K, window_length=LENGTH)
    model = write_model(folder / "model", parts)
    windows = np.random.default_rng(0).integers(0, 4, size=(4096, LENGTH), dtype=np.uint8)
    operations = _operations(model.encoder, model.tokenizer.token_count(LENGTH))
    contenders: list[Contender] = []
    children: list[subprocess.Popen[str]] = []
    if not options.backend:
        contenders.append(_matrix_product(options))
        if options.original:
            contenders += _original(options, model, windows, folder / "original", children)
        contenders += _transformers(model, windows, options, operations.whole)
    contenders += _ours(model, windows, options, operations.done)
    rates: dict[str, tuple[Contender, list[float]]] = {item.name: (item, []) for item in contenders}
    for number in range(options.rounds + 1):
        for item in contenders:
            count, seconds = item.measure()
            if number:  # the first round warms up
                rates[item.name][1].append(count / seconds)
            print(f"round {number}  {item.name:<42}{count / seconds:10.2f}/s", file=sys.stderr, flush=True)
    for child in children:
        child.stdin.close()
        child.wait()
    return rates


class _Operations(NamedTuple):
    """Multiplications and additions for a window: in the whole model, and without what no output needs."""

    whole: float
    done: float


def _operations(encoder, tokens: int) -> _Operations:
    h, f = encoder.hidden, encoder.intermediate
    attention = 4 * tokens * tokens * h
    layer = 2 * tokens * (4 * h * h + 2 * h * f) + attention
    # of the first token alone, and without keys and values (which torch still computes)
    last = 4 * tokens * h * encoder.heads + 2 * (4 * h * h + 2 * h * f)
    return _Operations(encoder.layers * layer, (encoder.layers - 1) * layer + last)


def _matrix_product(options: argparse.Namespace) -> Contender:
    import torch

    a, b = torch.randn(1600, 768), torch.randn(768, 3072)
    operations = 2 * 1600 * 768 * 3072
    clock = _clock(options)

    def measure() -> tuple[int, float]:
        torch.set_num_threads(options.threads)
        best = min(_seconds(lambda: torch.mm(a, b), clock) for _ in range(60))
        return operations, best * 1e9

    return Contender("float32 matrix product, Gflop", measure, exact=True, operations=0)


def _clock(options: argparse.Namespace) -> Callable[[], float]:
    return time.process_time if options.busy else time.perf_counter


def _seconds(function: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    function()
    return clock() - start


def _for_seconds(
    function: Callable[[np.ndarray], object],
    windows: np.ndarray,
    batch: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
):
    """Return a measurement that predicts batches of windows until the time is over."""

    def measure() -> tuple[int, float]:
        done, start = 0, clock()
        while (passed := clock() - start) < seconds:
            first = done % (len(windows) - batch)
            function(windows[first : first + batch])
            done += batch
        return done, passed

    return measure


def _original(options, model, windows, folder: Path, children: list) -> list[Contender]:
    import torch

    from dnabert_enhancer.sequence import KmerVocabulary

    folder.mkdir()
    vocabulary = KmerVocabulary(K)
    torch.save(
        {name: torch.from_numpy(value.copy()) for name, value in model.read_state().items()},
        folder / "pytorch_model.bin",
    )
    for name in ("config.json", "vocab.txt"):
        (folder / name).write_bytes((model.directory / name).read_bytes())
    rows = [
        f"{vocabulary.kmer_strings(window)}\t{i % 2}"
        for i, window in enumerate(windows[: options.original_batch])
    ]
    (folder / "dev.tsv").write_text("\n".join(["sequence\tlabel", *rows]) + "\n")
    program = [sys.executable, str(Path(__file__).with_name("original_dnabert.py"))]
    child = subprocess.Popen(
        [*program, str(options.original), str(folder), "--threads", str(options.threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("w"),
        text=True,
    )
    children.append(child)

    def measure(length: int) -> tuple[int, float]:
        child.stdin.write(f"{length} {options.original_batch}\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            sys.exit(f"DNABERT's code failed:\n{(folder / 'log').read_text()[-2000:]}")
        found = json.loads(answer)
        return found["windows"], found["seconds"]

    tokens = model.tokenizer.token_count(LENGTH)
    return [
        Contender("DNABERT, as it is run", lambda: measure(options.original_length), True, 0),
        Contender("DNABERT, not padded", lambda: measure(tokens), True, 0),
    ]


def _transformers(model, windows, options, operations: float) -> list[Contender]:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    contenders = []
    for attention in ("eager", "sdpa"):
        module = transformers.AutoModelForSequenceClassification.from_pretrained(
            model.directory, attn_implementation=attention, dtype=torch.float32
        ).eval()

        def predict(codes: np.ndarray, module=module) -> None:
            torch.set_num_threads(options.threads)
            ids = torch.from_numpy(model.tokenizer.tokenize(codes).ids)
            with torch.inference_mode():
                module(input_ids=ids, attention_mask=torch.ones_like(ids))

        measure = _for_seconds(predict, windows, 8, options.seconds, _clock(options))
        contenders.append(Contender(f"transformers, {attention}", measure, True, operations))
    return contenders


def _ours(model, windows, options, operations: float) -> list[Contender]:
    from dnabert_enhancer.engine import Engine, EngineSettings

    ways = [
        ("torch", "float32"),
        ("onnx", "float32"),
        ("torch", "bfloat16"),
        ("onnx", "int8"),
        ("auto", "auto"),
    ]
    if options.backend:
        ways = [way for way in ways if way[0] == options.backend]
    clock = _clock(options)
    contenders = []
    for backend, precision in ways:
        settings = EngineSettings("cpu", backend, precision, threads=options.threads, strand="forward")
        engine = Engine(model, settings)
        engine.predict(windows[:1])
        name = f"ours, {backend} {precision}"
        if precision == "auto":
            chosen = engine.description()
            name = f"ours, auto: {chosen['backend']} {chosen['precision']}"
        batch = 16 * options.threads
        measure = _for_seconds(engine.predict, windows, batch, options.seconds, clock)
        contenders.append(Contender(name, measure, precision == "float32", operations))
    return contenders


def _print_speed(options: argparse.Namespace, rates: dict[str, tuple[Contender, list[float]]]) -> None:
    from dnabert_enhancer.engine import this_processor

    medians = {name: statistics.median(values) for name, (_, values) in rates.items()}
    product = medians.pop("float32 matrix product, Gflop", float("nan")) * 1e9
    base = medians.get("DNABERT, as it is run")
    print(f"BERT {options.configuration}, {LENGTH} bp, one strand, {options.threads} threads; ", end="")
    print(f"float32 matrix product {product / 1e9:.0f} Gflop/s\n" if product > 0 else "ours alone\n")
    print("| contender | windows/s | times DNABERT as it is run | share of the matrix-product rate |")
    print("|---|---:|---:|---:|")
    figures = {"matrix_product_flops": product}
    for name, rate in medians.items():
        contender = rates[name][0]
        ratio = f"{rate / base:.1f}" if base else ""
        share = (
            f"{rate * contender.operations / product:.0%}"
            if contender.exact and contender.operations and product > 0
            else ""
        )
        print(f"| {name} | {rate:.2f} | {ratio} | {share} |")
        figures[name] = rate
    if base:
        exact = max(rate for name, rate in medians.items() if name.startswith("ours") and "float32" in name)
        auto = next(rate for name, rate in medians.items() if "auto" in name)
        goal = GOAL_AUTO_BFLOAT16 if this_processor().gains_by_bfloat16 else GOAL_AUTO
        print(
            f"\nfloat32 {exact / base:.1f} times (goal {GOAL_FLOAT32}), auto {auto / base:.1f} (goal {goal})"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _print_gate(options: argparse.Namespace) -> None:
    """Print how far each precision is from float32 on real windows."""
    from dnabert_enhancer.engine import (
        Engine,
        EngineSettings,
        Precision,
        Way,
        agreement,
        compare_models,
        possible_ways,
        this_processor,
    )
    from dnabert_enhancer.model import open_model

    model = open_model(options.gate)
    chosen = _real_windows(options.fasta, model.window_length, options.windows)
    exact = Way("onnx" if model.has_onnx else "torch", "float32", "cpu")
    ways = [way for way in possible_ways(model, "cpu") if options.backend in (None, way.backend)]
    contenders = {str(way): (model, way) for way in dict.fromkeys([exact, *ways])}
    with tempfile.TemporaryDirectory() as folder:
        if options.quantize:
            rounded = _quantized(options, Path(folder) / "model")
            contenders |= {
                f"{way}, by models quantize": (rounded, way)
                for way in ways
                if way.precision == Precision.INT8
            }
        engines = {
            name: Engine(one, EngineSettings(*_asked(way), threads=options.threads))
            for name, (one, way) in contenders.items()
        }
        for engine in engines.values():
            engine.predict(chosen[:64])
        outputs: dict[str, list[np.ndarray]] = {name: [] for name in engines}
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for part in np.array_split(chosen, max(options.rounds, len(chosen) // 500)):
            for name, engine in engines.items():
                start = time.process_time()
                outputs[name].append(engine.predict(part).outputs)
                seconds[name].append(time.process_time() - start)
        first = str(exact)
        reference = np.concatenate(outputs[first])
        for name, (one, way) in contenders.items():
            found = agreement(reference, np.concatenate(outputs[name]), model.card)
            times = statistics.median(np.array(seconds[first]) / seconds[name])
            print(f"{name}: {len(chosen)} real windows, {_told(found)}; {times:.2f} times {first}")
            if way.precision != Precision.FLOAT32:
                check = compare_models((one, way), (model, exact), options.threads)
                print(f"    the engine's check: {_told(check)}")
    print(f"here {this_processor().about_bfloat16}")


def _real_windows(fasta: Path, length: int, count: int) -> np.ndarray:
    """Return windows without unknown bases that do not overlap, spread over the sequences."""
    from dnabert_enhancer.genome import read_fasta
    from dnabert_enhancer.sequence import encode_bases, window_view

    codes = np.concatenate([encode_bases(record.sequence) for record in read_fasta(fasta)])
    view = window_view(codes, length)
    known = np.flatnonzero((view[::length] < 4).all(axis=1)) * length
    return view[known[np.linspace(0, len(known) - 1, min(count, len(known))).astype(int)]]


def _quantized(options: argparse.Namespace, folder: Path):
    """Return the model of --gate with weights rounded by sequences, or itself where int8 has no matrix."""
    from dnabert_enhancer import quantize_model
    from dnabert_enhancer.model import open_model

    given = open_model(options.gate)
    if not given.matrix_inputs().matrices:
        print("all matrices are too small for int8, which therefore computes what float32 does")
        return given
    return quantize_model(options.gate, options.quantize, folder).opened


def _asked(way) -> tuple[str, str, str]:
    return way.device, way.backend, way.precision


def _told(found) -> str:
    return (
        f"mean |change of p| {found.mean_change:.2g}, Jaccard of calls {found.jaccard:.4f}, "
        f"expected {found.expected_jaccard:.4f}, {'passes' if found.passes else 'FAILS'}"
    )


if __name__ == "__main__":
    main()
