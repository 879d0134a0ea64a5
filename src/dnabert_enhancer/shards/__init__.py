"""One file format for partial results, and the checks before the shards of a run are put together."""

from dnabert_enhancer.shards.file import SHARD_SUFFIX, ShardBlock, ShardFile, ShardWriter
from dnabert_enhancer.shards.merge import check_all_shards, check_equal, find_shards, shard_path

__all__ = [
    "SHARD_SUFFIX",
    "ShardBlock",
    "ShardFile",
    "ShardWriter",
    "check_all_shards",
    "check_equal",
    "find_shards",
    "shard_path",
]
