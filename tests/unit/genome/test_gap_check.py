"""Regions in the gaps of a genome are told, with the assembly that they are probably of."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.genome import region_frame, warn_of_gaps

# chr1 of hg38 and of hg19, as UCSC's chrom.sizes have them
HG38, HG19 = 248_956_422, 249_250_621
# the centromere's last piece of N in hg38's chr1
GAP = (125_184_587, 143_184_587)


class Genome:
    """A contig with one gap; no letter is kept."""

    def __init__(self, size: int, gap: tuple[int, int]) -> None:
        self.contig_sizes = {"chr1": size}
        self._gap = gap

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert contig in self.contig_sizes
        assert 0 <= start < end <= self.contig_sizes[contig]
        return b"".join(b"N" if self._gap[0] <= place < self._gap[1] else b"A" for place in range(start, end))


def peaks(starts: list[int], length: int = 300) -> object:
    return region_frame(["chr1"] * len(starts), starts, [start + length for start in starts])


RIGHT = list(range(1_000_000, 120_000_000, 1_000_000))
INSIDE = [142_600_000, 142_800_000, 143_000_000]


def test_peaks_of_hg19_on_hg38_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_gaps(peaks(RIGHT + INSIDE), Genome(HG38, GAP), "peaks.bed", "hg38.fa")
    (record,) = caplog.records
    assert record.getMessage() == (
        "peaks.bed: 3 of 122 regions lie in gaps of hg38.fa (runs of N), such as at chr1:142600151, where "
        "peaks of this assembly cannot be; they are probably of hg19: lift them over, or give the genome "
        "that they are of"
    )


@pytest.mark.parametrize(
    ("starts", "length", "gap"),
    [
        # of the right assembly; and two that lie in a gap by some accident
        (RIGHT, 300, GAP),
        (RIGHT + INSIDE[:2], 300, GAP),
        # tiles, which reach into gaps by themselves
        (list(range(0, 200_000_000, 1_000_000)), 1_000_000, GAP),
        # a masked repeat of 1,500 bases is no gap
        ([1_000_100, 1_000_400, 1_000_700, *RIGHT], 300, (1_000_000, 1_001_500)),
        # a genome of which only a part is there
        (RIGHT + INSIDE, 300, (50_000_000, 240_000_000)),
    ],
)
def test_others_are_not(
    starts: list[int], length: int, gap: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_gaps(peaks(starts, length), Genome(HG38, gap), "peaks.bed", "hg38.fa")
    assert not caplog.records


def test_no_assembly_is_named_for_a_genome_that_is_not_known(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_gaps(peaks(RIGHT + INSIDE), Genome(200_000_000, GAP), "peaks.bed", "other.fa")
    assert "cannot be; lift them over, or give the genome" in caplog.text
    assert "probably" not in caplog.text


def test_a_scan_and_a_data_set_tell_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(3)
    letters = "".join(rng.choice(list("ACGT"), 60_000))
    (tmp_path / "g.fa").write_text(f">c\n{letters[:50_000]}{'N' * 8000}{letters[50_000:]}\n")
    starts = [1000, 5000, 52_000, 53_000, 54_000]
    (tmp_path / "p.bed").write_text("".join(f"c\t{start}\t{start + 200}\n" for start in starts))
    with caplog.at_level(logging.WARNING):
        de.load_model().scan(tmp_path / "g.fa", tmp_path / "p.bed", null=False)
    assert "p.bed: 3 of 5 regions lie in gaps of" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING), pytest.raises(de.InputError):
        de.make_dataset(tmp_path / "p.bed", tmp_path / "g.fa", tmp_path / "d", splits=(0.5, 0.25, 0.25))
    assert "p.bed: 3 of 5 regions lie in gaps of" in caplog.text
