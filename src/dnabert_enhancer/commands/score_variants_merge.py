"""`score-variants --merge`: shards put together into the files of one run."""

from __future__ import annotations

import argparse

from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.commands.score_variants_output import finish
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.shards import find_shards
from dnabert_enhancer.variants import BlockFile, ResultFiles, check_shards


def run_merge(args: argparse.Namespace) -> None:
    """Put shards together."""
    record = RunRecord(args)
    paths = find_shards(args.merge)
    for path in paths:
        record.add_input("shard", path)
    scored = check_shards([BlockFile(path) for path in paths])
    with OutputSet() as out:
        files = ResultFiles(out, args.output_prefix)
        finish(record, files, scored)
        record.set("scoring", scored.trailer["settings"])
        record.set("engine", scored.trailer["engine"])
        out.open_text(f"{args.output_prefix}.run.json").write(record.to_json())
    scored.close()
