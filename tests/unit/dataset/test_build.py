"""Data sets from regions (dataset/build, negatives, background, window_filter, metadata)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset import (
    BuiltDataset,
    Dataset,
    DatasetSettings,
    NegativeSource,
    OnLeak,
    Overlapping,
    build_dataset,
    check_folder,
    read_dataset,
    write_dataset,
)
from dnabert_enhancer.dataset.gc_profile import gc_of_sequences
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import Genome, read_regions

Write = Callable[[str, str], Path]
COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")


def rows_of(built: BuiltDataset) -> pd.DataFrame:
    return pd.concat([frame.assign(split=name) for name, frame in built.splits.items()])


def masked(sequences: list[str]) -> np.ndarray:
    return np.array([sum(map(sequence.count, "acgt")) / len(sequence) for sequence in sequences])


def shared_bases(start: int, end: int, places: list[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in places)


def test_matched_negatives_keep_all_promises(random_genome: Path, regions: Path, write: Write) -> None:
    exclude = write("x.bed", "chr1\t20000\t24000\nchr9\t0\t10\n")
    built = build_dataset([regions], random_genome, DatasetSettings(ratio=2.0, exclude=exclude))
    rows = rows_of(built)
    assert built.skipped == {"positive_in_excluded_region": 2}
    assert (rows["label"] == 1).sum() == 29 + 19 + 14 - 2
    barred: dict[str, list[tuple[int, int]]] = {"chr1": [(20_000, 24_000)]}
    for place in read_regions(regions):
        barred.setdefault(place.contig, []).append((place.start, place.end))
    with Genome(random_genome) as genome:
        for row in rows.itertuples():
            assert row.sequence == genome.fetch(row.chrom, row.start, row.end).decode()
            assert row.end - row.start == 200
            assert row.strand == "+"
            if row.label == 0:
                assert not shared_bases(row.start, row.end, barred[row.chrom])
    for _, group in rows.groupby("chrom"):
        assert len(set(group["split"])) == 1
        positives, negatives = (group[group["label"] == label] for label in (1, 0))
        assert len(negatives) == 2 * len(positives)
        starts = np.sort(negatives["start"].to_numpy(dtype=np.int64))
        assert (np.diff(starts) >= 200).all()
        # pairs within a tolerance exist exactly when the sorted values are pairwise within it
        for share, tolerance in ((gc_of_sequences, 0.02), (masked, 0.1)):
            ours = np.sort(np.repeat(share(positives["sequence"].tolist()), 2))
            theirs = np.sort(share(negatives["sequence"].tolist()))
            assert np.abs(ours - theirs).max() <= tolerance + 1e-9
    matching = built.metadata["matching"]
    assert matching["largest_gc_difference_of_a_pair"] <= 0.02
    assert matching["negatives_on_another_contig"] == 0


def test_positives_are_windows_around_the_middle(random_genome: Path, regions: Path) -> None:
    built = build_dataset([regions], random_genome, DatasetSettings(length=101))
    positives = rows_of(built).query("label == 1")
    by_name = {row.name: row for row in read_regions(regions).frame.itertuples()}
    for row in positives.itertuples():
        region = by_name[row.name]
        assert abs((row.start + row.end) - (region.start + region.end)) <= 1


def test_same_seed_gives_the_same_set_and_another_seed_another(random_genome: Path, regions: Path) -> None:
    digests = [
        build_dataset([regions], random_genome, DatasetSettings(seed=seed)).digest for seed in (1, 1, 2)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_negatives_come_from_another_contig_of_the_split_when_theirs_is_full(
    random_genome: Path, write: Write
) -> None:
    # chr3 is covered but for its end, so that it can give few windows; chr2 has the same split
    wide = write("wide.bed", "".join(f"chr3\t{start}\t{start + 1000}\n" for start in range(0, 29_000, 1000)))
    splits = write("s.tsv", "chr3\ttrain\nchr2\ttrain\n")
    settings = DatasetSettings(overlapping=Overlapping.KEEP, splits=splits)
    built = build_dataset([wide], random_genome, settings)
    rows = rows_of(built)
    others = (rows["label"] == 0) & (rows["chrom"] == "chr2")
    assert others.sum() == built.metadata["matching"]["negatives_on_another_contig"] >= 24
    assert (rows["label"] == 0).sum() == 29


def test_too_few_negatives_are_refused_or_allowed(random_genome: Path, regions: Path) -> None:
    settings = DatasetSettings(ratio=15.0)
    with pytest.raises(
        InputError, match=r"gives [\d,]+ of 930 negatives \(positives without one: GC 0.*--allow-fewer"
    ):
        build_dataset([regions], random_genome, settings)
    built = build_dataset([regions], random_genome, dataclasses.replace(settings, allow_fewer=True))
    found = int((rows_of(built)["label"] == 0).sum())
    assert 0 < found < 930
    assert built.skipped["negative_not_found"] == 930 - found


@pytest.mark.parametrize(("ratio", "expected"), [(0.5, 31), (1.0, 62), (2.5, 155)])
def test_ratio_holds(random_genome: Path, regions: Path, ratio: float, expected: int) -> None:
    rows = rows_of(build_dataset([regions], random_genome, DatasetSettings(ratio=ratio)))
    # every split is rounded by itself
    assert abs(int((rows["label"] == 0).sum()) - expected) <= 1


def test_shuffled_negatives_keep_dinucleotides_and_have_no_place(random_genome: Path, regions: Path) -> None:
    settings = DatasetSettings(negatives=NegativeSource.SHUFFLED)
    rows = rows_of(build_dataset([regions], random_genome, settings))
    positives, negatives = (rows[rows["label"] == label] for label in (1, 0))
    assert negatives[["start", "end"]].isna().all(axis=None)
    assert sorted(negatives["name"]) == sorted("shuffled:" + positives["name"])
    original = dict(zip("shuffled:" + positives["name"], positives["sequence"].str.upper(), strict=True))
    for name, sequence in zip(negatives["name"], negatives["sequence"], strict=True):
        pairs = [
            sorted(text[place : place + 2] for place in range(199)) for text in (sequence, original[name])
        ]
        assert pairs[0] == pairs[1]
        assert sequence != original[name]


def test_given_negatives_off_the_positives_are_used(random_genome: Path, regions: Path, write: Write) -> None:
    given = write(
        "n.bed",
        "".join(
            f"{contig}\t{start}\t{start + 200}\n"
            for contig in ("chr1", "chr2", "chr3")
            for start in (0, 2500, 3550)
        ),
    )
    settings = DatasetSettings(negatives=given)
    built = build_dataset([regions], random_genome, settings)
    negatives = rows_of(built).query("label == 0")
    assert sorted(zip(negatives["chrom"], negatives["start"], strict=True)) == [
        (contig, start) for contig in ("chr1", "chr2", "chr3") for start in (0, 2500)
    ]
    assert built.skipped == {"negative_overlaps_positive": 3}
    thinned = build_dataset(
        [regions],
        random_genome,
        dataclasses.replace(settings, ratio=0.04, allow_fewer=True),
    )
    assert (rows_of(thinned)["label"] == 0).sum() == 3


def test_minus_strand_is_read_when_asked(random_genome: Path, write: Write) -> None:
    path = write(
        "r.bed",
        "".join(
            f"chr{number}\t{start}\t{start + 200}\tx\t0\t-\n"
            for number in (1, 2, 3)
            for start in (1000, 5000)
        ),
    )
    rows = rows_of(build_dataset([path], random_genome, DatasetSettings(stranded=True)))
    assert set(rows["strand"]) == {"-"}
    with Genome(random_genome) as genome:
        for row in rows.itertuples():
            forward = genome.fetch(row.chrom, row.start, row.end).decode()
            assert row.sequence == forward.translate(COMPLEMENT)[::-1]


def test_shared_kmers_leave_train_or_stop_the_run(tmp_path: Path, random_genome: Path, regions: Path) -> None:
    lines = random_genome.read_text().splitlines()
    lines[5] = lines[5][:1550] + lines[1][1550:1750] + lines[5][1750:]
    genome = tmp_path / "duplicated.fa"
    genome.write_text("\n".join(lines) + "\n")
    built = build_dataset([regions], genome, DatasetSettings())
    assert built.metadata["leaks"]["removed"] == {"train": 1, "validation": 0, "test": 0}
    assert "chr1_1500" not in built.frame("train")["name"].tolist()
    assert "chr3_1500" in built.frame("test")["name"].tolist()
    assert built.skipped == {"leak_train_positives": 1}
    with pytest.raises(
        InputError, match=r"1 windows share a 40-mer with another split, .*'chr1_1500' of train"
    ):
        build_dataset([regions], genome, DatasetSettings(on_leak=OnLeak.REFUSE))


@pytest.mark.parametrize(
    ("bed", "settings", "splits", "said"),
    [
        ("all_n\t100\t900\n", DatasetSettings(), "train=1", "1 of unknown bases"),
        ("chr1\t0\t50\n", DatasetSettings(), "train=1", "1 window beyond contig end"),
        ("chr1\t500\t900\n", DatasetSettings(length=70_000), "train=1", "1 window beyond contig end"),
        ("chr1\t500\t900\n", DatasetSettings(), "0.8,0.1,0.1", "cannot fill 3 splits"),
        ("", DatasetSettings(), "train=1", "no region lies in the genome"),
    ],
)
def test_input_that_gives_nothing_is_refused(
    random_genome: Path, write: Write, bed: str, settings: DatasetSettings, splits: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        build_dataset([write("r.bed", bed)], random_genome, dataclasses.replace(settings, splits=splits))
    assert said in str(caught.value)
    assert caught.value.remedy


def test_folder_is_read_back_as_it_was_written(random_genome: Path, regions: Path, tmp_path: Path) -> None:
    for number, source in enumerate((NegativeSource.MATCHED, NegativeSource.SHUFFLED)):
        folder = tmp_path / f"set{number}"
        built = build_dataset([regions], random_genome, DatasetSettings(negatives=source))
        with OutputSet() as outputs:
            built.write(folder, outputs)
        again = read_dataset(folder)
        assert list(again.splits) == ["train", "validation", "test"]
        for split, frame in built.splits.items():
            pd.testing.assert_frame_equal(again.frame(split), frame, check_dtype=False)
        assert again.digest == built.digest == json.loads((folder / "dataset.json").read_text())["digest"]
        assert again.window_length == 200


def test_edited_tables_are_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "train.tsv").write_text("sequence\tlabel\nACGT\t1\nTTTT\t0\n")
    (tmp_path / "dataset.json").write_text('{"digest": "0", "label_names": ["no", "yes"]}')
    assert read_dataset(tmp_path).label_names == ("no", "yes")
    assert "edited since" in caplog.text
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset.json, line 1: not JSON"):
        read_dataset(tmp_path)


def test_folder_of_other_tables_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "chrom": ["c"],
            "start": [0],
            "end": [4],
            "strand": ["."],
            "label": [1],
            "sequence": ["ACGT"],
            "name": ["x"],
        }
    )
    dataset = Dataset({"train": frame}, "binary", ("no", "yes"))
    (tmp_path / "test.tsv.gz").write_bytes(b"")
    check_folder(tmp_path)
    with pytest.raises(InputError, match="already holds test"), OutputSet() as outputs:
        write_dataset(dataset, tmp_path, outputs)
    (tmp_path / "dev.csv").write_text("")
    with pytest.raises(InputError, match="already holds dev"):
        check_folder(tmp_path)
