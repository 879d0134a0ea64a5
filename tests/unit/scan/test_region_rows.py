"""One row a region (scan/region_rows.py), against loops over all windows and tables written by hand."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.api import load_model
from dnabert_enhancer.api.inputs import region_table
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.scan import ResultSettings, Scan, Scores, plan_grid
from dnabert_enhancer.scan.region_rows import RegionRows
from dnabert_enhancer.scan.scores import SCORE_BINS, ScoreHeader, ScoreWriter, count_scores

LENGTH = 20
SIZES = {"chr2": 400, "chr10": 173, "tiny": 12, "other": 90}


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    rng = np.random.default_rng(1)
    path = tmp_path / "g.fa"
    letters = {name: "".join(rng.choice(list("ACGT"), size)) for name, size in SIZES.items()}
    path.write_text("".join(f">{name}\n{text}\n" for name, text in letters.items()))
    return Genome(path)


def scan_of(regions: object, genome: Genome, stride: int, seed: int, **more: object) -> Scan:
    """Return a scan of random scores, one in ten windows skipped, in three shards of blocks of five."""
    table = region_table(regions, genome, every_row=True, skip_outside=bool(more.pop("skip_outside", False)))
    assert table is not None
    grid, _ = plan_grid(
        genome.contig_sizes, LENGTH, stride, table.frame, more.get("contigs"), block_windows=5
    )
    given = RegionRows.of_table(table, grid, more.get("contigs"))
    rng = np.random.default_rng(seed)
    # few values, so that several windows are the highest
    values = rng.integers(1, 12, grid.n_windows).astype(np.float32) / 16
    values[rng.random(grid.n_windows) < 0.1] = np.nan
    files = []
    for shard in (1, 2, 3):
        first, last = grid.shard_windows(shard, 3)
        part = values[first:last]
        scored = part[~np.isnan(part)]
        file = io.BytesIO()
        writer = ScoreWriter(file, len(part))
        writer.append(part * 8, part)
        settings = {"window_length": LENGTH, "stride": stride, "block_windows": 5, "task": "binary"}
        header = ScoreHeader(
            settings={**settings, "label": "enhancer", "other_label": "other"},
            calls={},
            contigs=grid.contigs,
            windows=(first, last),
            shard=(shard, 3),
            counts={"scored": len(scored)},
            regions=len(given),
        )
        nothing = np.zeros(SCORE_BINS, np.int64)
        writer.close(header, count_scores(scored * 8), nothing, grid, given if shard == 1 else None)
        files.append(file)
    return Scan(Scores(files), ResultSettings(0.5))


@pytest.mark.parametrize(("stride", "seed"), [(1, 0), (7, 1), (10, 2), (20, 3), (33, 4), (5, 5)])
def test_every_region_has_what_a_loop_over_all_windows_finds(stride: int, seed: int, genome: Genome) -> None:
    rng = np.random.default_rng(seed)
    regions = []
    for _ in range(40):
        contig = ["chr2", "chr10", "other"][rng.integers(3)]
        start = int(rng.integers(0, SIZES[contig]))
        regions.append((contig, start, min(SIZES[contig], start + int(rng.integers(0, 60)))))
    regions += [*regions[:3], ("chr10", 0, 1), ("chr10", 172, 173), ("tiny", 2, 9), ("chr2", 0, 400)]
    frame = pd.DataFrame(regions, columns=["chrom", "start", "end"])
    scan = scan_of(frame, genome, stride, seed)
    contig_index, starts = scan.scores.grid.places(0, scan.scores.grid.n_windows)
    names = [scan.scores.grid.contigs[number][0] for number in contig_index]
    values = np.concatenate([block[:, 1] for _, block in scan.scores.blocks()])
    windows = list(zip(names, starts.tolist(), values.tolist(), strict=True))
    found = scan.region_scores
    assert list(zip(found["chrom"], found["start"], found["end"], strict=True)) == regions
    for (contig, start, end), row in zip(regions, found.itertuples(), strict=True):
        own = []
        for name, place, value in windows:
            shared = min(end, place + LENGTH) - max(start, place)
            is_short = end - start < LENGTH
            holds_centre, holds_half = start <= place + LENGTH // 2 < end, 2 * shared >= end - start
            if name == contig and start < end and (holds_half if is_short else holds_centre):
                own.append((place, value))
        scored = [(place, value) for place, value in own if value == value]
        assert (row.windows, row.skipped) == (len(scored), len(own) - len(scored))
        if scored:
            best = max(value for _, value in scored)
            assert row.maximum == np.float32(best)
            assert row.mean == np.float32(np.mean([value for _, value in scored]))
            assert row.summit == next(place for place, value in scored if value == best) + LENGTH // 2
            assert row.label == ("enhancer" if best >= 0.5 else "other")
            assert row.note == ("shorter_than_window" if end - start < LENGTH else "")
        else:
            assert np.isnan(row.maximum)
            assert np.isnan(row.mean)
            assert row.summit is pd.NA
            assert row.label is pd.NA
            reasons = ["too_many_unknown_bases" if own else "between_windows", "no_base"]
            assert row.note == ("contig_shorter_than_window" if contig == "tiny" else reasons[start == end])
    if stride <= LENGTH:
        assert "between_windows" not in set(found["note"])


BED = (
    "track name=x\nchr2\t10\t80\tnan\t7\t+\t11\n"
    "2\t100\t110\n"
    "chr9\t5\t50\tfar\t1\t-\n"
    "chr2\t390\t410\tover\n"
    "chr10\t0\t60\t\t.\t.\t1\t2\n"
    "tiny\t1\t9\tt\nother\t3\t3\tzero\n"
)


def test_rows_of_a_bed_keep_their_order_their_names_and_their_columns(genome: Genome, tmp_path: Path) -> None:
    (tmp_path / "r.bed").write_text(BED)
    scan = scan_of(tmp_path / "r.bed", genome, 10, 0, skip_outside=True, contigs=("chr2", "tiny", "other"))
    assert list(scan.region_scores.columns[:8]) == [
        *("chrom", "start", "end", "name", "score", "strand", "column_7", "column_8")
    ]
    scan.write(tmp_path / "p")
    header, *lines = [line.split("\t") for line in (tmp_path / "p.regions.tsv").read_text().splitlines()]
    assert header[8:] == [*("maximum", "mean", "summit", "label", "percentile", "windows", "skipped", "note")]
    assert [line[:8] for line in lines] == [
        ["chr2", "10", "80", "nan", "7", "+", "11", "."],
        ["chr2", "100", "110", ".", ".", ".", ".", "."],
        ["chr9", "5", "50", "far", "1", "-", ".", "."],
        ["chr2", "390", "410", "over", ".", ".", ".", "."],
        ["chr10", "0", "60", ".", ".", ".", "1", "2"],
        ["tiny", "1", "9", "t", ".", ".", ".", "."],
        ["other", "3", "3", "zero", ".", ".", ".", "."],
    ]
    assert [line[-1] for line in lines] == [
        *("", "shorter_than_window", "contig_not_in_genome", "beyond_contig_end"),
        *("contig_not_scanned", "contig_shorter_than_window", "no_base"),
    ]
    for line in lines[2:]:
        assert line[8:15] == ["NA", "NA", "NA", "NA", "NA", "0", "0"]


def test_blanks_between_columns_and_further_columns_of_a_table_are_read(
    genome: Genome, tmp_path: Path
) -> None:
    (tmp_path / "r.bed").write_text("chr2  10 80   peak 5\n")
    assert scan_of(tmp_path / "r.bed", genome, 10, 0).region_scores.iloc[0, 3:5].tolist() == ["peak", "5"]
    frame = pd.DataFrame(
        {
            "mean": [0.5, None],
            "chrom": ["chr2", "chr2"],
            "end": [80, 50],
            "start": [10, 0],
            "id": ["a\tb", "c"],
        }
    )
    found = scan_of(frame, genome, 10, 0).region_scores
    assert list(found.columns[:5]) == ["chrom", "start", "end", "given_mean", "id"]
    assert found[["given_mean", "id"]].to_numpy().tolist() == [["0.5", "a b"], [".", "c"]]


def test_a_list_of_regions_has_a_row_for_each_those_left_out_too(genome: Genome) -> None:
    given = ["chr9", "chr2:11-60", "chr2:391-410", "chr10:1-40"]
    found = scan_of(given, genome, 10, 0, skip_outside=True).region_scores
    assert found["chrom"].tolist() == ["chr9", "chr2", "chr2", "chr10"]
    assert found["start"].tolist() == [0, 10, 390, 0]
    assert found["note"].tolist() == ["contig_not_in_genome", "", "beyond_contig_end", ""]


def test_the_packaged_model_scores_each_region_as_it_scores_its_windows_as_sequences(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    letters = "".join(rng.choice(list("ACGT"), 1500))
    letters = letters[:1000] + "N" * 300 + letters[1300:]
    (tmp_path / "g.fa").write_text(f">c\n{letters}\n")
    (tmp_path / "r.bed").write_text("c\t1000\t1290\tunknown\nc\t300\t700\ta\nc\t40\t90\tb\nc\t300\t700\ta\n")
    model = load_model()
    scan = model.scan(tmp_path / "g.fa", tmp_path / "r.bed", null=False, stride=100)
    found = scan.region_scores
    assert found["name"].tolist() == ["unknown", "a", "b", "a"]
    starts = {"a": [300, 400, 500], "b": [0]}  # centres in 300..699; widened around 65, moved to the start
    for row in found.itertuples():
        if row.name == "unknown":
            assert row.note == "too_many_unknown_bases"
            continue
        alone = model.predict([letters[start : start + 200] for start in starts[row.name]])["probability"]
        assert row.windows == len(starts[row.name])
        assert row.maximum == pytest.approx(alone.max(), abs=1e-6)
        assert row.mean == pytest.approx(alone.mean(), abs=1e-6)
        assert row.summit == starts[row.name][int(alone.argmax())] + 100


def test_a_whole_genome_has_no_rows_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">c\n" + "ACGT" * 60 + "\n")
    scan = load_model().scan(tmp_path / "g.fa", null=False)
    with pytest.raises(InputError, match="the whole genome was scanned"):
        _ = scan.region_scores
    scan.write(tmp_path / "p")
    assert not (tmp_path / "p.regions.tsv").exists()
