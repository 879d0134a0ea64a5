"""Reading and writing files: text of any compression, whole-or-nothing outputs, the cache folder.

The door of the room: other rooms import the names below and nothing else.
"""

from dnabert_enhancer.files.bgzip import open_bgzip
from dnabert_enhancer.files.cache import cache_directory, cached_folder
from dnabert_enhancer.files.outputs import OutputSet, check_output
from dnabert_enhancer.files.reading import Compression, compression_of, open_binary, sha256_of
from dnabert_enhancer.files.tabix import TabixPreset, tabix_index
from dnabert_enhancer.files.temporary import remove_leftovers, remove_quietly, temporary_beside
from dnabert_enhancer.files.text import LineBlock, read_line_blocks, read_text_lines

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
