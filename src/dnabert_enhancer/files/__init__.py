"""Reading and writing files: text of any compression, whole-or-nothing outputs, the cache folder.

Other packages import the names below and nothing else.
"""

from dnabert_enhancer.files.bgzip import TabixPreset, open_bgzip, tabix_index
from dnabert_enhancer.files.cache import cache_directory, cached_folder
from dnabert_enhancer.files.outputs import (
    OutputSet,
    check_output,
    remove_leftovers,
    remove_quietly,
    temporary_beside,
)
from dnabert_enhancer.files.reading import (
    Compression,
    LineBlock,
    compression_of,
    open_binary,
    read_line_blocks,
    read_text_lines,
    sha256_of,
)

__all__ = [
    "Compression",
    "LineBlock",
    "OutputSet",
    "TabixPreset",
    "cache_directory",
    "cached_folder",
    "check_output",
    "compression_of",
    "open_bgzip",
    "open_binary",
    "read_line_blocks",
    "read_text_lines",
    "remove_leftovers",
    "remove_quietly",
    "sha256_of",
    "tabix_index",
    "temporary_beside",
]
