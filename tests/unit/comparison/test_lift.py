"""Assemblies noticed by chromosome ends (offset_checks, genome/assemblies)."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from tests.unit.comparison.conftest import make_elements

from dnabert_enhancer.comparison import PRESETS, read_chain_header, read_elements
from dnabert_enhancer.comparison.lift import Chain, chain_between, lift_elements
from dnabert_enhancer.comparison.offset_checks import within_assembly
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import (
    ASSEMBLIES,
    ContigNames,
)

# a1 0-100 -> b1 1000-1100; 100-110 deleted; 110-200 -> 1100-1190; a gap of 30 in b1; 200-300 -> 1220-1320
# a1 300-400 -> b2 reversed: 300 is 799, 399 is 700; a1 400-450 -> b1 and b3
CHAIN = """chain 100 a1 500 + 0 300 b1 2000 + 1000 1320 1
100 10 0
90 0 30
100

chain 90 a1 500 + 300 400 b2 1000 - 200 300 2
100

chain 80 a1 500 + 400 450 b1 2000 + 1500 1550 3
50

chain 70 a1 500 + 400 450 b3 100 + 0 50 4
50

"""


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    path = tmp_path / "a.chain.gz"
    path.write_bytes(gzip.compress(CHAIN.encode()))
    return read_chain_header(path)


@pytest.mark.parametrize(
    ("start", "end", "lifted", "reason"),
    [
        (0, 100, ("b1", 1000, 1100), None),
        (99, 100, ("b1", 1099, 1100), None),
        (50, 150, ("b1", 1050, 1140), None),  # 10 of 100 bases deleted: exactly 10 %
        (60, 150, None, "lift_length"),
        (150, 250, None, "lift_length"),
        (210, 300, ("b1", 1230, 1320), None),
        (105, 150, None, "lift_lost"),
        (90, 105, None, "lift_lost"),
        (480, 490, None, "lift_lost"),
        (290, 310, None, "lift_split"),
        (300, 310, ("b2", 790, 800), None),
        (380, 400, ("b2", 700, 720), None),
        (410, 420, None, "lift_multiple"),
    ],
)
def test_every_way_to_lift(chain: Chain, start: int, end: int, lifted, reason) -> None:
    given = make_elements([("a1", start, end)], ["a1"])
    found = lift_elements(given, chain, ContigNames(["b1", "b2", "b3"]))
    rows = [
        (found.contigs[i], s, e) for i, s, e in zip(found.contig_index, found.start, found.end, strict=True)
    ]
    assert rows == ([lifted] if lifted else [])
    assert found.counts == ({"lifted": 1} if lifted else {reason: 1})


def test_images_on_contigs_that_do_not_count_are_passed_over(chain: Chain) -> None:
    given = make_elements([("chra1", 410, 420)], ["chra1"])
    found = lift_elements(given, chain, ContigNames(["chrb1", "chrb2"]))
    assert (found.contigs, found.start.tolist(), found.end.tolist()) == (["chrb1"], [1510], [1520])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chr1\t5\t9\n", "line 1: this is not a UCSC chain file"),
        ("", "this is not a UCSC chain file"),
        ("chain 1 a x + 0 1 b 5 + 0 1 1\n1\n", "line 1: this is not a UCSC chain file"),
    ],
)
def test_what_is_no_chain_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.chain"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_chain_header(path)


@pytest.mark.parametrize("contig", ["16", "chr16", "NC_000016.9", "CM000678.1"])
def test_contigs_are_found_in_a_chain_under_other_names(tmp_path: Path, contig: str) -> None:
    path = tmp_path / "16.chain"
    path.write_text("chain 1 16 90354753 + 100 200 16 90338345 + 1100 1200 1\n100\n\n")
    target = ContigNames({"chr16": 90338345})
    lifted = lift_elements(make_elements([(contig, 110, 130)], [contig]), read_chain_header(path), target)
    assert lifted.contigs == ["chr16"]
    assert (lifted.start.tolist(), lifted.end.tolist()) == ([1110], [1130])


def test_contigs_that_a_chain_lacks_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "16.chain"
    path.write_text("chain 1 16 90354753 + 100 200 16 90338345 + 1100 1200 1\n100\n\n")
    target = ContigNames({"chr16": 90338345})
    some = make_elements([("chr16", 110, 130), ("scaffold_7", 1, 9)], ["chr16", "scaffold_7"])
    assert len(lift_elements(some, read_chain_header(path), target, "db.bed")) == 1
    assert (
        f"db.bed: 1 of 2 elements are not lifted, since {path} lacks their contigs: 'scaffold_7'"
        in caplog.text
    )
    for contig in ("scaffold_7", "NC_000016.10"):
        with pytest.raises(InputError, match="none of the elements is on a contig of") as caught:
            lift_elements(
                make_elements([(contig, 1, 9)], [contig]), read_chain_header(path), target, "db.bed"
            )
        assert caught.value.source == "db.bed"


def test_broken_chain_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.chain"
    path.write_text(CHAIN.replace("90 0 30\n", "ninety\n"))
    with pytest.raises(InputError, match="the chain file cannot be read"):
        lift_elements(make_elements([("a1", 0, 5)], ["a1"]), read_chain_header(path), ContigNames(["b1"]))


def test_chain_that_leads_the_wrong_way_is_named() -> None:
    down = Chain("down.chain", "hg38", "hg19")
    assert chain_between([down, Chain("up", "hg19", "hg38")], "hg19", "hg38", "d", "f").path == "up"
    assert chain_between([down, Chain("other", None, "hg38")], "hg18", "hg38", "d", "f").path == "other"
    with pytest.raises(InputError, match=r"down\.chain leads from hg38 to hg19"):
        chain_between([down], "hg19", "hg38", "d", "f")


def test_elements_past_the_ends_name_the_assembly_that_holds_them() -> None:
    given = make_elements([("chr1", 5, 9), ("chr17", 81_200_000, 81_200_500)], ["chr1", "chr17"])
    with pytest.raises(
        InputError, match=r"1 of 2 elements end beyond their chromosome of hg19.*all fit hg38"
    ):
        within_assembly(given, "hg19", "file")
    assert len(within_assembly(given, "hg38", "file")) == 2


def test_single_strays_are_dropped_when_no_assembly_holds_all() -> None:
    far = max(sizes["chr1"] for sizes in ASSEMBLIES.values())
    rows = [("chr1", n, n + 5) for n in range(1000)] + [("chr1", far, far + 1)]
    assert within_assembly(make_elements(rows, ["chr1"]), "hg38", "f").counts == {"beyond_contig_end": 1}
    with pytest.raises(InputError, match="check the assembly"):
        within_assembly(make_elements(rows[-3:], ["chr1"]), "hg38", "f")


@pytest.mark.data
@pytest.mark.slow
def test_real_chains_lead_there_and_back(shared_data: Path) -> None:
    up = read_chain_header(shared_data / "reference/GRCh37_to_GRCh38.chain.gz")
    down = read_chain_header(shared_data / "reference/GRCh38_to_GRCh37.chain.gz")
    assert (up.source, up.target, down.source, down.target) == ("hg19", "hg38", "hg38", "hg19")
    given = read_elements(shared_data / "annotation/F5.hg38.enhancers.bed.gz", PRESETS["fantom5"])
    there = lift_elements(given, down, ContigNames(ASSEMBLIES["hg19"]))
    losses = sum(there.counts[code] for code in ("lift_lost", "lift_split", "lift_multiple", "lift_length"))
    assert (len(there), losses) == (62_952, 333)
    # the shared data's README counts 302 of them in the two stretches of hg19 chr20
    on_20 = there.take(np.array([there.contigs[i] for i in there.contig_index]) == "chr20")
    inside = (on_20.end <= 7_391_880) | ((on_20.start >= 9_995_000) & (on_20.end <= 11_095_000))
    assert inside.sum() == 302
    back = lift_elements(there, up, ContigNames(ASSEMBLIES["hg38"]))
    by_name = dict(zip(given.names, zip(given.start.tolist(), given.end.tolist(), strict=True), strict=True))
    same = [
        by_name[n] == p
        for n, p in zip(back.names, zip(back.start.tolist(), back.end.tolist(), strict=True), strict=True)
    ]
    assert np.mean(same) > 0.999


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "preset", "wrong"),
    [
        ("databases/dbSUPER_SuperEnhancers_hg19.tsv.gz", "dbsuper", "hg38"),
        ("databases/ENdb_enhancer.tsv.gz", "endb", "hg38"),
        ("annotation/F5.hg38.enhancers.bed.gz", "fantom5", "hg19"),
    ],
)
def test_real_files_of_the_other_assembly_are_noticed(
    shared_data: Path, file: str, preset: str, wrong: str
) -> None:
    right = "hg19" if wrong == "hg38" else "hg38"
    given = read_elements(shared_data / file, PRESETS[preset])
    with pytest.raises(InputError, match=f"all fit {right}; say assembly={right}"):
        within_assembly(given, wrong, file)
