"""Readers: the fast ones agree with the careful ones, and with htslib, on any file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_line_blocks, read_text_lines
from dnabert_enhancer.genome import (
    Genome,
    bed_reader,
    fasta,
    read_fasta,
    read_regions,
    regions,
)
from dnabert_enhancer.genome.fasta import NotIndexableError, check_fasta

numbers = st.one_of(
    st.integers(-3, 10**10).map(str), st.sampled_from(["", "x", "1e3", " 5", "007", "+1", "1.0"])
)
bed_lines = st.one_of(
    st.lists(
        st.one_of(numbers, st.sampled_from(["chr1", "chrM", "", "track", "chrom", "start", "+", "-", "."])),
        max_size=8,
    ).map("\t".join),
    st.tuples(
        st.sampled_from(["chr1", "1", "chr Z", "#c"]),
        st.integers(0, 99),
        st.integers(0, 99),
        st.sampled_from("\t \t"),
    ).map(lambda row: row[3].join([row[0], str(min(row[1:3])), str(max(row[1:3]))])),
    st.sampled_from(
        ["", " ", "#x", "track name=x", "browser hide", "chr1\t5\t9\tname\t3\t-", "chr1 5 9 name 3 +"]
    ),
)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])
names = st.text(alphabet="abcXYZ019|._-", min_size=1, max_size=8)


def outcome(read):
    """Return what a reader gives, or the problem that it names."""
    try:
        return read()
    except InputError as error:
        return error.location, error.problem.split(" (")[0]


@given(st.lists(bed_lines, max_size=15), line_ends, st.integers(1, 60))
def test_the_fast_bed_reader_is_the_careful_one(lines, end, block_bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.bed"
        path.write_bytes(end.join(lines).encode())

        def read():
            table = read_regions(path)
            return list(zip(table, table.frame["name"], table.frame["line"], strict=True))

        with mock.patch.object(regions, "_BLOCK_BYTES", block_bytes):
            fast = outcome(read)
        with mock.patch.object(bed_reader.RegionReader, "_read_at_once", return_value=None):
            assert fast == outcome(read)


@given(
    st.dictionaries(
        names,
        st.tuples(st.text(alphabet="ACGTNacgt", min_size=1, max_size=60), st.integers(1, 70)),
        min_size=1,
        max_size=5,
    ),
    line_ends,
    st.integers(1, 80),
    st.integers(1, 80),
    st.booleans(),
)
def test_the_check_of_a_fasta_passes_and_the_index_leads_to_the_bases(
    contigs, end, chunk_bytes, kept_bytes, last_end
):
    text = (
        end.join(
            line
            for name, (bases, width) in contigs.items()
            for line in [
                f">{name} words",
                *(bases[place : place + width] for place in range(0, len(bases), width)),
            ]
        )
        + end * last_end
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.fa"
        path.write_bytes(text.encode())
        with mock.patch.multiple(fasta, _CHUNK_BYTES=chunk_bytes, _LONGEST_KEPT=kept_bytes):
            try:
                check_fasta(path)
            except NotIndexableError:
                assert end == "\r"
        with Genome(path) as genome:
            assert {name: genome.fetch(name).decode() for name in genome.contig_sizes} == {
                name: bases for name, (bases, _) in contigs.items()
            }
        assert {record.name: record.sequence for record in read_fasta(path)} == {
            name: bases for name, (bases, _) in contigs.items()
        }


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=20),
        max_size=10,
    ),
    line_ends,
    st.integers(1, 30),
)
def test_lines_do_not_depend_on_the_blocks(lines, end, block_bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        content = "".join(line + end for line in lines).encode()
        if content.startswith((b"\xff\xfe", b"\xfe\xff", b"PK", b"BZh")):
            return
        path.write_bytes(content)
        expected = [line.removeprefix("\ufeff") if place == 0 else line for place, line in enumerate(lines)]
        blocks = list(read_line_blocks(path, block_bytes))
        assert b"".join(block.content for block in blocks).decode().split("\n")[:-1] == expected
        assert [line for _, line in read_text_lines(path)] == expected
