"""Commands killed at any moment: an output is the old one or the new one, whole; the next run works.

    python tests/robustness/kills.py [--kills 200] [--seed 0] [--command NAME ...]

Each command that writes runs once to the end, for its bytes and its time. Then it is started again over
outputs of an earlier run and killed after a random share of that time: SIGKILL, SIGTERM or SIGINT. Whatever
carries the name of an output must be the file of before or that of a whole run; then the command runs again,
must end well with the same bytes, and must leave nothing beside its outputs. Run records hold times: of them
only JSON is asked for. Prints what went wrong, then one closing line.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
OLD = b"an older output\n"


def commands(scratch: Path) -> dict[str, list[str]]:
    """Return a command line for each command that writes, with OUT for its folder; inputs are made here."""
    genome, regions = str(DEMO / "alpha-globin.fa.gz"), str(DEMO / "textbook-enhancers.bed")
    fasta = scratch / "sequences.fa"
    with gzip.open(genome, "rt") as text:
        bases = "".join(line.strip() for line in text.readlines()[1:])
    fasta.write_text("".join(f">s{n}\n{bases[20_000 + 500 * n :][:300]}\n" for n in range(60)))
    table = scratch / "table.tsv"
    rows = (f"{bases[30_000 + 700 * n :][:200]}\t{n % 2}\n" for n in range(60))
    table.write_text("sequence\tlabel\n" + "".join(rows))
    calls = scratch / "calls.bed"
    shutil.copyfile(DEMO / "ccre-pels.bed", calls)
    return {
        "predict": ["predict", "--genome", genome, "--regions", regions, "--output-prefix", "OUT/x"],
        "predict-fasta": ["predict", "--fasta", str(fasta), "--output-prefix", "OUT/x", "--windows"],
        "score-variants": [
            *("score-variants", "--genome", genome, "--vcf", str(DEMO / "variants.vcf")),
            *("--null-variants", "0", "--offsets", "1", "--output-prefix", "OUT/x"),
        ],
        "interpret": [
            *("interpret", "--genome", genome, "--vcf", str(DEMO / "variants.vcf"), "--flank", "0"),
            *("--logos", "1", "--output-prefix", "OUT/x"),
        ],
        "compare-db": [
            *("compare-db", "--calls", str(calls), "--genome-sizes", genome, "--assembly", "hg38"),
            *("--database", f"FANTOM5={DEMO / 'fantom5-enhancers.bed'}", "--permutations", "20"),
            *("--output-prefix", "OUT/x"),
        ],
        "make-dataset": [
            *("make-dataset", "--regions", str(DEMO / "ccre-pels.bed"), "--genome", genome),
            *("--length", "200", "--split-by", "block", "--block-size", "10000", "--allow-fewer"),
            *("--output-dir", "OUT/data"),
        ],
        "tokenize": ["tokenize", "--input", str(fasta), "--k", "6", "--output", "OUT/x.tsv.gz"],
        "evaluate": [
            *("evaluate", "--dataset", str(table), "--model", "default", "--bootstrap", "20"),
            *("--no-pictures", "--output-prefix", "OUT/x"),
        ],
        "index-genome": ["index-genome", "--genome", genome, "--output-dir", "OUT/genome"],
    }


def run(line: list[str], folder: Path, scratch: Path, kill_after: float | None, how: int) -> int:
    """Run a command, kill it after some seconds unless it has ended; return its exit status."""
    filled = [part.replace("OUT", str(folder)) for part in line]
    environment = os.environ | {"DNABERT_ENHANCER_CACHE": str(scratch / "cache"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dnabert_enhancer", *filled, "--quiet"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(how)
        process.communicate()
    # a writer of bigWig that lost its parent ends by itself; what is checked next must not race with it
    while _lives(process.pid):
        time.sleep(0.05)
    return process.returncode


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a folder; of records only that they are JSON."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        name = str(path.relative_to(folder))
        is_record = name.endswith(("run.json", "metrics.json", "dataset.json"))
        if is_record and content != OLD and not is_hidden(name):
            json.loads(content)
            content = b"JSON"
        found[name] = hashlib.sha256(content).hexdigest()
    return found


def is_hidden(name: str) -> bool:
    """Tell whether a name is that of a temporary file or lies in a temporary folder."""
    return any(part.startswith(".") for part in Path(name).parts)


def check(after: Mapping[str, str], whole: Mapping[str, str]) -> list[str]:
    """Return what is neither old nor whole."""
    old = hashlib.sha256(OLD).hexdigest()
    faults = []
    for name, digest in after.items():
        if not is_hidden(name) and digest not in (old, whole.get(name)):
            faults.append(f"{name} is neither the old nor the whole file")
    return faults


def kill_all(kills: int, seed: int, names: list[str]) -> tuple[Counter[str], list[str]]:
    """Kill commands; return how the runs ended, and what was wrong."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        lines = {name: line for name, line in commands(scratch).items() if not names or name in names}
        wholes: dict[str, tuple[dict[str, str], float]] = {}
        for name, line in lines.items():
            folder = scratch / name
            run(line, folder, scratch, None, 0)  # fills the cache
            shutil.rmtree(folder, ignore_errors=True)
            began = time.monotonic()
            status = run(line, folder, scratch, None, 0)
            if status:
                raise SystemExit(f"{name} ended with {status}: {' '.join(line)}")
            wholes[name] = (digests(folder), time.monotonic() - began)
        for number in range(kills):
            name = list(lines)[number % len(lines)]
            whole, seconds = wholes[name]
            rng = random.Random(f"{seed} {number}")
            how = rng.choice(SIGNALS)
            folder = scratch / f"{name}-{number}"
            _make_old(folder, whole)
            status = run(lines[name], folder, scratch, rng.uniform(0, 1.1) * seconds, how)
            counts["ended before" if status == 0 else "killed"] += 1
            told = f"{number} {name} {how.name}"
            faults += [f"{told}: {fault}" for fault in check(digests(folder), whole)]
            again = run(lines[name], folder, scratch, None, 0)
            if again:
                faults.append(f"{told}: the next run ended with {again}")
            elif digests(folder) != whole:
                left = sorted(set(digests(folder).items()) ^ set(whole.items()))
                faults.append(f"{told}: after the next run {left[0][0]} is not as it should be")
            shutil.rmtree(folder)
    return counts, faults


def _make_old(folder: Path, whole: Mapping[str, str]) -> None:
    """Put older outputs in place; a data set's folder starts empty, since only an own one is replaced."""
    folder.mkdir()
    for name in whole:
        path = folder / name
        if path.parent == folder:
            path.write_bytes(OLD)


def main() -> None:
    """Run, print the faults and a closing line; exit 1 when there are any."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", nargs="+", default=[])
    given = parser.parse_args()
    counts, faults = kill_all(given.kills, given.seed, given.command)
    print(*faults, sep="\n")
    print(
        f"{given.kills} kills (seed {given.seed}): {counts['killed']} met a running command, "
        f"{counts['ended before']} came late, {len(faults)} faults"
    )
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
