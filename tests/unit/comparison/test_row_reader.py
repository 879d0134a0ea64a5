"""Rows of databases: bounded memory for long lines, the head of a file, encodings block by block."""

from __future__ import annotations

import gzip
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dnabert_enhancer.comparison import PRESETS, read_elements
from dnabert_enhancer.comparison.row_reader import head_of, read_table
from dnabert_enhancer.errors import InputError

_READ_WITH_LITTLE_MEMORY = """
import re, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000,) * 2)
from dnabert_enhancer.comparison import PRESETS, Selection, read_elements
from dnabert_enhancer.comparison.row_reader import head_of
from dnabert_enhancer.errors import InputError
print(len(head_of(sys.argv[1])[0]))
try:
    read_elements(sys.argv[1], PRESETS[sys.argv[2]], Selection())
except InputError as error:
    print(error)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))
"""


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["table", "endb"])
def test_a_line_of_300_megabytes_in_gzip_is_refused_in_little_memory(tmp_path: Path, preset: str) -> None:
    path = tmp_path / "long.tsv.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(b"chr1\t1\t200\t")
        for _ in range(300):
            packed.write(b"a" * 1_000_000)
    command = [sys.executable, "-c", _READ_WITH_LITTLE_MEMORY, str(path), preset]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    head, refused, kilobytes = found.stdout.splitlines()
    assert head == "1048576"
    assert "long.tsv.gz, line 1: the line is longer than 16,777,216 bytes" in refused
    # of this program alone: what getrusage says includes the memory of the one that started it
    assert int(kilobytes) < 250_000


@pytest.mark.parametrize("row", ["chr\x07\t5\t9\tx\n", "chr1\t5\t9\tx\x07\n"])
def test_a_control_character_in_a_name_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "calls.bed"
    path.write_text("chr1\t1\t4\ta\n" + row)
    with pytest.raises(InputError, match=r"calls.bed, line 2: .*control character \(0x07\)"):
        read_elements(path, PRESETS["bed"])


@pytest.mark.parametrize("head", ["##fileformat=VCFv4.1\n", "#CHROM\tPOS\tID\tREF\tALT\n"])
def test_a_vcf_is_not_read_as_regions_to_its_identifiers(tmp_path: Path, head: str) -> None:
    path = tmp_path / "clinvar.vcf"
    path.write_text(f"{head}1\t69134\t2205837\tA\tG\n")
    with pytest.raises(InputError, match=r"clinvar.vcf, line 1: this is a VCF, not regions"):
        read_elements(path, PRESETS["bed"])


def test_the_head_of_a_file_leaves_out_a_line_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "head.tsv"
    path.write_bytes(b"one\ntwo\n" + b"x" * (1 << 20))
    assert head_of(path) == ["one", "two"]
    assert head_of(path, 1) == ["one"]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ("chrom\tstart\tend\tname\nchr1\t1\t9\t\xe9t\xe9\n", ["\xe9t\xe9"]),
        ('\n\nchrom;start;end;name\nchr1;1;9;"a;b"\n', ["a;b"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_rows_in_blocks_are_decoded_as_the_whole_file(
    tmp_path: Path, rows: str, names: list[str], encoding: str
) -> None:
    path = tmp_path / "rows.txt"
    path.write_bytes(rows.encode(encoding))
    preset = replace(PRESETS["table"], quoted=True, encodings=("utf-8", "latin-1"))
    assert [row[1][3] for row in read_table(path, preset).rows] == names
