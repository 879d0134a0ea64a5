"""Reading and writing files: text of any compression, whole-or-nothing outputs, the cache folder.

Other packages import the names below and nothing else.
"""

from dnabert_enhancer.files.bgzip import COMPRESSION_LEVEL, TabixPreset, open_bgzip, tabix_index
from dnabert_enhancer.files.cache import (
    CACHE_VARIABLE,
    CacheState,
    cache_directory,
    cache_state,
    cached_folder,
    wanted_cache_directory,
)
from dnabert_enhancer.files.csv_rows import csv_rows
from dnabert_enhancer.files.folder_swap import replaced_folder
from dnabert_enhancer.files.idle import IdleFile
from dnabert_enhancer.files.inputs import check_no_input, inputs_kept, keep_input
from dnabert_enhancer.files.outputs import (
    OutputSet,
    check_output,
    finished_outputs,
    interrupt,
)
from dnabert_enhancer.files.parquet import check_parquet
from dnabert_enhancer.files.reading import (
    Compression,
    LineBlock,
    compression_of,
    open_binary,
    read_line_blocks,
    read_text_lines,
    sha256_of,
    size_of,
)
from dnabert_enhancer.files.streams import describe_source, is_stream, open_stream, path_for_others
from dnabert_enhancer.files.temporary import (
    let_go,
    move_into,
    remove_leftovers,
    remove_quietly,
    temporary_file,
    temporary_folder,
)

__all__ = [
    "CACHE_VARIABLE",
    "COMPRESSION_LEVEL",
    "CacheState",
    "Compression",
    "IdleFile",
    "LineBlock",
    "OutputSet",
    "TabixPreset",
    "cache_directory",
    "cache_state",
    "cached_folder",
    "check_no_input",
    "check_output",
    "check_parquet",
    "compression_of",
    "csv_rows",
    "describe_source",
    "finished_outputs",
    "inputs_kept",
    "interrupt",
    "is_stream",
    "keep_input",
    "let_go",
    "move_into",
    "open_bgzip",
    "open_binary",
    "open_stream",
    "path_for_others",
    "read_line_blocks",
    "read_text_lines",
    "remove_leftovers",
    "remove_quietly",
    "replaced_folder",
    "sha256_of",
    "size_of",
    "tabix_index",
    "temporary_file",
    "temporary_folder",
    "wanted_cache_directory",
]
