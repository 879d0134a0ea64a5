"""What both faces of score-variants do at the end: results, counts, shares of time."""

from __future__ import annotations

import logging
import time

from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.variants import ResultFiles, ScoredBlocks, write_results

_log = logging.getLogger(__name__)


def finish(record: RunRecord, files: ResultFiles, scored: ScoredBlocks) -> None:
    """Write the results and note what came out."""
    began = time.perf_counter()
    found = write_results(files, scored)
    for name, number in found.counts.items():
        record.count(name, number)
    for reason, number in found.skipped.items():
        record.skip(reason, number)
        _log.info("%d alleles have no score: %s", number, reason.replace("_", " "))
    record.set("null", found.null)
    record.set("indexed", found.indexed)
    seconds = scored.total_seconds()
    seconds["other"] += time.perf_counter() - began
    total = sum(seconds.values())
    shares = {f"{name}_seconds": round(value, 3) for name, value in seconds.items()}
    record.set("time", shares | {"model_share": round(seconds["model"] / total, 4) if total else 0.0})
    _log.info(
        "%d records, %d alleles scored; %d gains and %d losses of function",
        *(found.counts[name] for name in ("records", "scored", "gain", "loss")),
    )
