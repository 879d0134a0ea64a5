"""Negatives by bedtools shuffle's rule, and those of named sources (placed_negatives, named_negatives)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from late import late

from dnabert_enhancer.dataset import (
    BuiltDataset,
    DatasetSettings,
    NamedNegatives,
    build_dataset,
)

stats = late("scipy.stats")

Write = Callable[[str, str], Path]
SPLITS = "chr1\ttrain\nchr2\tvalidation\nchr3\ttest\n"
EXCLUDED = {"chr1": [(0, 20_000), (30_000, 30_500)], "chr2": [(100, 15_000)]}


def rows_of(built: BuiltDataset, label: int) -> pd.DataFrame:
    rows = pd.concat([frame.assign(split=name) for name, frame in built.splits.items()])
    return rows[rows["label"] == label]


def is_off(rows: pd.DataFrame, places: dict[str, list[tuple[int, int]]]) -> bool:
    return not any(
        row.start < end and start < row.end
        for row in rows.itertuples()
        for start, end in places.get(row.chrom, [])
    )


@pytest.fixture
def excluded(write: Write) -> Path:
    lines = [f"{name}\t{start}\t{end}\n" for name, places in EXCLUDED.items() for start, end in places]
    return write("x.bed", "".join(lines))


def test_each_positive_is_placed_on_its_contig_off_the_excluded_as_bedtools_does(
    random_genome: Path, write: Write, excluded: Path, tmp_path: Path
) -> None:
    if shutil.which("bedtools") is None:
        pytest.skip("BEDTOOLS IS MISSING: its shuffle was not compared (apt-get install bedtools)")
    regions = "".join(
        f"{chrom}\t{start}\t{start + 150}\n"
        for chrom, first, last in (("chr1", 30_600, 59_000), ("chr2", 15_000, 39_000), ("chr3", 0, 29_000))
        for start in range(first, last, 200)
    )
    settings = DatasetSettings(
        length=150,
        negatives="bedtools-shuffle",
        exclude=excluded,
        splits=write("s.tsv", SPLITS),
        ratio=4.0,
        max_unknown=0.0,
    )
    built = build_dataset([write("r.bed", regions)], random_genome, settings)
    positives, ours = rows_of(built, 1), rows_of(built, 0)
    assert is_off(ours, EXCLUDED)
    # no positive barred a place: most of the genome is covered by them, and negatives lie there
    taken = {name: [*zip(rows.start, rows.end, strict=True)] for name, rows in positives.groupby("chrom")}
    touching = sum(not is_off(ours.iloc[[row]], taken) for row in range(len(ours)))
    assert touching == built.metadata["matching"]["negatives_that_touch_a_positive"] > len(ours) / 2
    (tmp_path / "sizes").write_text("chr1\t60000\nchr2\t40000\nchr3\t30000\n")
    four = pd.concat([positives] * 4)[["chrom", "start", "end"]]
    four.to_csv(tmp_path / "p.bed", sep="\t", header=False, index=False)
    command = ["bedtools", "shuffle", "-chrom", "-seed", "1", "-excl", excluded]
    done = subprocess.run(
        [*command, "-i", tmp_path / "p.bed", "-g", tmp_path / "sizes"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    cells = [line.split("\t") for line in done.stdout.splitlines()]
    theirs = pd.DataFrame({"chrom": [row[0] for row in cells], "start": [int(row[1]) for row in cells]})
    assert Counter(ours["chrom"]) == Counter(theirs["chrom"])
    for chrom in ("chr1", "chr2", "chr3"):
        starts = [np.sort(part.loc[part["chrom"] == chrom, "start"].to_numpy(int)) for part in (ours, theirs)]
        assert stats.ks_2samp(*starts).pvalue > 0.01
        assert abs(starts[0][0] - starts[1][0]) < 1000
        assert abs(starts[0][-1] - starts[1][-1]) < 1000


def test_placed_negatives_on_unknown_bases_are_left_out_and_counted(write: Write) -> None:
    # of 1,901 places on the contig, the 101 from 900 on lie wholly in the second half, which is all known
    rng = np.random.default_rng(1)
    known = "".join(rng.choice(list("ACGT"), size=1000))
    genome = write("g.fa", f">c1\n{'N' * 1000}{known}\n>c2\n{'N' * 1000}{known[::-1]}\n")
    bed = "".join(f"{chrom}\t{start}\t{start + 100}\n" for chrom in ("c1", "c2") for start in (1100, 1500))
    settings = DatasetSettings(
        length=100,
        negatives="bedtools-shuffle",
        ratio=100.0,
        max_unknown=0.0,
        splits=write("s.tsv", "c1\ttrain\nc2\ttest\n"),
    )
    built = build_dataset([write("r.bed", bed)], genome, settings)
    negatives = rows_of(built, 0)
    assert (negatives["start"] >= 1000).all()
    lost = built.skipped["negative_of_unknown_bases"]
    assert len(negatives) + lost == 400
    # 1,000 of 1,901 places touch the unknown half: 210 of 400, give or take four standard deviations
    assert 170 < lost < 250


def test_placed_negatives_stay_in_the_blocks_of_their_split(random_genome: Path, regions: Path) -> None:
    settings = DatasetSettings(negatives="bedtools-shuffle", split_by="block", block_size=5000)
    built = build_dataset([regions], random_genome, settings)
    for name, split in built.metadata["splits"].items():
        parts = [part.replace(":", "-").split("-") for part in split["parts_of_the_genome"]]
        for row in built.frame(name).itertuples():
            assert any(
                row.chrom == chrom and int(start) <= row.start and row.end <= int(end)
                for chrom, start, end in parts
            )


def test_named_sources_give_their_share_and_matched_negatives_the_others(
    random_genome: Path, regions: Path, write: Write, tmp_path: Path
) -> None:
    # positives: 29, 19 and 14; two for each: 58, 38 and 28; a quarter and a tenth come from the sources
    hard = write(
        "h.bed",
        "".join(
            f"{chrom}\t{start}\t{start + 200}\th{start}\n"
            for chrom, length in (("chr1", 60_000), ("chr2", 40_000), ("chr3", 30_000))
            for start in range(2500, length - 500, 1000)
        ),
    )
    soft = write("s.bed", hard.read_text().replace("\th", "\ts"))
    settings = DatasetSettings(
        ratio=2.0,
        negatives_from=[f"hard={hard},share=0.25", NamedNegatives("cpg", str(soft), 0.1)],
        splits=write("splits.tsv", SPLITS),
    )
    built = build_dataset([regions], random_genome, settings)
    expected = {"train": (14, 6, 38), "validation": (10, 4, 25), "test": (7, 3, 18)}
    negatives = rows_of(built, 0)
    for split, (first, second, others) in expected.items():
        counted = built.metadata["splits"][split]["negatives_by_source"]
        assert (counted["hard"], counted["cpg"]) == (first, second)
        assert abs(counted["matched"] - others) <= 1
        names = negatives.loc[negatives["split"] == split, "name"]
        assert (names.str.startswith("hard:h").sum(), names.str.startswith("cpg:s").sum()) == (first, second)
    for _, rows in negatives.groupby("chrom"):
        assert (np.diff(np.sort(rows["start"].to_numpy(int))) >= 200).all()
    assert built.metadata["settings"]["negatives_from"] == {"hard": 0.25, "cpg": 0.1}
    built.write(tmp_path / "out")
    assert json.loads((tmp_path / "out/dataset.json").read_text())["splits"]["test"]["negatives_by_source"]
    alone = build_dataset(
        [regions],
        random_genome,
        DatasetSettings(negatives_from=f"hard={hard},share=1", splits=write("t.tsv", SPLITS)),
    )
    assert rows_of(alone, 0)["name"].str.startswith("hard:").all()
    assert len(rows_of(alone, 0)) == 62
