"""Files of runs with chosen content, as the commands write them, for reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig

from dnabert_enhancer import __version__
from dnabert_enhancer.scan import CALL_COLUMNS
from dnabert_enhancer.variants import COLUMNS


def write_record(prefix: Path, command: str, **entries: Any) -> Path:
    """Write ``PREFIX.run.json`` and return the prefix."""
    record = {
        "command": command,
        "command_line": [command, "--output-prefix", str(prefix)],
        "arguments": {"output_prefix": str(prefix)},
        "versions": {"dnabert-enhancer": __version__, "python": "3.11.0"},
        "started": "2026-01-02T03:04:05+00:00",
        "inputs": [{"role": "genome", "path": "genome.fa", "bytes": 7, "sha256": "ab" * 32}],
        "counts": {},
        "skipped": {},
        "model": {"name": "a-model", "digest": "cd" * 32},
        "engine": {"backend": "onnx", "device": "cpu", "precision": "float32", "strand": "both"},
    }
    prefix.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{prefix}.run.json").write_text(json.dumps(record | entries), encoding="utf-8")
    return prefix


def write_scan(
    prefix: Path,
    calls: Sequence[tuple[str, int, int, float]],
    contigs: Mapping[str, int],
    **entries: Any,
) -> Path:
    """Write a scan whose track is 0.25 everywhere and whose calls are contig, start, end and maximum."""
    write_record(
        prefix,
        "predict",
        **{
            "scan": {"window_length": 200, "stride": 50},
            "calls_made_with": {"threshold": 0.5, "merge_gap": 0},
            "counts": {
                "calls": len(calls),
                "called_bases": sum(end - start for _, start, end, _ in calls),
                "scanned_bases": sum(contigs.values()),
            },
            **entries,
        },
    )
    known = [
        {
            "chrom": contig,
            "start": start,
            "end": end,
            "name": f"call_{n}",
            "score": round(1000 * score),
            "strand": ".",
            "summit": (start + end) // 2,
            "mean": score,
            "maximum": score,
            "q_value": 0.5,
        }
        for n, (contig, start, end, score) in enumerate(calls, start=1)
    ]
    rows = [[row.get(name, "NA") for name in CALL_COLUMNS] for row in known]
    write_rows(Path(f"{prefix}.calls.bed.gz"), CALL_COLUMNS, rows, title="#")
    with pyBigWig.open(f"{prefix}.bw", "w") as track:
        track.addHeader(sorted(contigs.items()))
        for contig, length in sorted(contigs.items()):
            track.addEntries([contig], [0], ends=[length], values=[0.25])
    return prefix


def write_variants(
    prefix: Path, rows: Sequence[Mapping[str, object]], contigs: Mapping[str, int], **entries: Any
) -> Path:
    """Write scored variants; columns that a row leaves out have no value."""
    model = {"name": "enhancer", "threshold": 0.5, "window_length": 200}
    counts = {"alleles": len(rows), "scored": len(rows), "gain": 0, "loss": 0}
    write_record(prefix, "score-variants", **{"scoring": {"models": [model]}, "counts": counts, **entries})
    table = [[row.get(name, "NA") for name in COLUMNS] for row in rows]
    write_rows(Path(f"{prefix}.tsv.gz"), COLUMNS, table)
    declared = "".join(f"##contig=<ID={name},length={size}>\n" for name, size in contigs.items())
    head = f"##fileformat=VCFv4.2\n{declared}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    Path(f"{prefix}.vcf.gz").write_text(head, encoding="utf-8")
    return prefix


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Write a table."""
    lines = [title + "\t".join(columns), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def many_variants(number: int) -> list[dict[str, object]]:
    """Return rows whose |LogitDifference| are different, in random order."""
    sizes = np.random.default_rng(5).permutation(number) + 1
    return [
        {
            "chrom": "chr1",
            "pos": at + 1,
            "dbsnp_id": f"rs{at}",
            "reference_probability": 0.25,
            "alternative_probability": 0.375,
            "LogitDifference": float(size) * (-1) ** at,
            "p_value": 0.5,
            "q_value": 0.75,
            "predicted_functional_effect": "No change",
        }
        for at, size in enumerate(sizes)
    ]
