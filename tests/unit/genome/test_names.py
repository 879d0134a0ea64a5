"""Names with control characters are refused by every reader of contigs and regions, with their line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, read_contig_sizes, read_fasta, read_regions
from dnabert_enhancer.genome.names import check_name, may_hold_control


def contigs_of(path: Path) -> dict[str, int]:
    with Genome(path) as genome:
        return genome.contig_sizes


READERS: list[tuple[Callable[[Path], Any], str, str]] = [
    (lambda path: list(read_fasta(path)), ">a\nACGT\n>{}\nACGT\n", "line 3"),
    (contigs_of, ">a\nACGT\n>{}\nACGT\n", "line 3"),
    (read_contig_sizes, "a\t100\n{}\t100\n", "line 2"),
    (read_regions, "a\t1\t2\n{}\t3\t4\n", "line 2"),
    (lambda path: read_regions(path, details=True), "a\t1\t2\tx\na\t3\t4\t{}\n", "line 2"),
]


@pytest.mark.parametrize(("read", "content", "line"), READERS)
@pytest.mark.parametrize("letter", ["\x01", "\x07", "\x1b", "\x7f", "\x9b"])
def test_a_control_character_in_a_name(
    tmp_path: Path, read: Callable[[Path], Any], content: str, line: str, letter: str
) -> None:
    path = tmp_path / "input"
    path.write_text(content.format(f"x{letter}y"))
    with pytest.raises(InputError, match=f"{line}.*holds a control character \\(0x{ord(letter):02x}\\)"):
        read(path)


def test_other_characters_are_names() -> None:
    for name in ("chr1", "HLA-A*01:01", "é", "a b", "染色体"):
        check_name(name, "x")
    assert not may_hold_control(b"chr1\t1\t2\tHLA-A*01:01\r\n")
