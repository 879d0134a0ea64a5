"""api/learning and dataset/settings: data sets from regions, and training, from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.dataset import read_dataset

CONTIGS = {"chr1": 60_000, "chr2": 40_000, "chr3": 30_000}
MOTIF = "TGACTCAGCA"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a genome of random bases and regions of 300 bp, every 2 kb."""
    folder = tmp_path_factory.mktemp("genome")
    rng = np.random.default_rng(7)
    bases = {name: "".join(rng.choice(list("ACGT"), size)) for name, size in CONTIGS.items()}
    (folder / "genome.fa").write_text("".join(f">{name}\n{text}\n" for name, text in bases.items()))
    places = [(name, start) for name, size in CONTIGS.items() for start in range(1500, size - 500, 2000)]
    (folder / "regions.bed").write_text(
        "".join(f"{name}\t{start}\t{start + 300}\n" for name, start in places)
    )
    return folder


def test_windows_are_the_bases_around_the_middle_of_the_regions(folder: Path) -> None:
    data = de.make_dataset(folder / "regions.bed", folder / "genome.fa", length=100)
    lines = (folder / "genome.fa").read_text().split("\n")
    bases = dict(zip((line[1:] for line in lines[0::2]), lines[1::2], strict=False))
    rows = pd.concat(list(data.splits.values()))
    positives = rows[rows["label"] == 1]
    # the middle of chr1:1500-1800 is 1650, and 100 bp around it are 1600-1700
    assert (positives["start"] % 2000 == 1600).all()
    for row in rows.itertuples():
        assert row.sequence == bases[row.chrom][row.start : row.end]
    assert len(positives) == (rows["label"] == 0).sum() == 29 + 19 + 14
    assert data.counts["regions"] == 62
    sizes = ", ".join(f"{name} {len(frame)}" for name, frame in data.splits.items())
    assert repr(data) == f"<BuiltDataset: {sizes} sequences; non-enhancer, enhancer>"
    assert data.plot_gc().axes[0].get_xlabel() == "GC fraction of the window"


def test_the_folder_is_that_of_the_command(folder: Path, tmp_path: Path) -> None:
    from dnabert_enhancer.commands.cli import main

    settings = de.DatasetSettings(negatives="shuffled", seed=4)
    with de.Genome(folder / "genome.fa") as genome:
        data = de.make_dataset([folder / "regions.bed"], genome, tmp_path / "a", settings)
    assert read_dataset(tmp_path / "a").digest == data.digest
    with pytest.raises(SystemExit) as stop:
        main(
            [
                *("make-dataset", "--regions", str(folder / "regions.bed"), "--negatives", "shuffled"),
                *("--genome", str(folder / "genome.fa"), "--output-dir", str(tmp_path / "b"), "--seed", "4"),
            ]
        )
    assert stop.value.code == 0
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"train.tsv.gz", "validation.tsv.gz", "test.tsv.gz", "dataset.json", "gc.png"}
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_regions_are_a_file_a_table_or_intervals(folder: Path) -> None:
    table = pd.read_csv(folder / "regions.bed", sep="\t", names=["chrom", "start", "end"])
    intervals = [de.Interval(row.chrom, row.start, row.end) for row in table.itertuples()]
    expected = de.make_dataset(folder / "regions.bed", folder / "genome.fa").digest
    for regions in (table, intervals):
        assert de.make_dataset(regions, folder / "genome.fa").digest == expected
    numbers = table.assign(chrom=table["chrom"].str.removeprefix("chr"))
    assert de.make_dataset(numbers, folder / "genome.fa").digest == expected


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"chr": ["chr1"], "start": [1], "end": [9]}, "no column 'chrom'; the columns are 'chr', 'start'"),
        ({"chrom": ["chr9"], "start": [1], "end": [9]}, "row 0: chr9:1-9 is not inside a contig of"),
        ({"chrom": ["chr3"], "start": [1], "end": [30_001]}, "row 0: chr3:1-30001 is not inside a contig of"),
        ({"chrom": ["chr3"], "start": [9], "end": [1]}, "row 0: chr3:9-1 ends before its start"),
    ],
)
def test_tables_of_regions_that_do_not_fit_are_refused(
    folder: Path, table: dict[str, list[object]], said: str
) -> None:
    with pytest.raises(de.InputError, match=said):
        de.make_dataset(pd.DataFrame(table), folder / "genome.fa")
    with pytest.raises(de.InputError, match="regions cannot be read from tuple"):
        de.make_dataset([("chr1", 0, 9)], folder / "genome.fa")  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"lenght": 100}, "DatasetSettings has no field 'lenght'; did you mean length"),
        ({"length": 0}, "length is 0; it must be at least 1 bp"),
        ({"length": "200"}, "--length is '200'; it must be a whole number"),
        ({"placement": "center"}, "placement is 'center'; it must be one of centre, summit, tile"),
        ({"negatives": ()}, "negatives is .*; it must be matched, shuffled, bedtools-shuffle or BED files"),
        ({"leak_k": 63}, "leak-k is 63; it must be from 12 to 62"),
        ({"max_unknown": 2}, "max-unknown is 2; it must be from 0 to 1"),
        ({"ratio": 0}, "ratio is 0; it must be a number above 0"),
        ({"settings": de.EvaluationSettings()}, "settings are a EvaluationSettings, not DatasetSettings"),
        ({"exclude": "nowhere.bed"}, "nowhere.bed: no such file"),
    ],
)
def test_natural_mistakes_are_said(folder: Path, keywords: dict[str, object], said: str) -> None:
    with pytest.raises(de.InputError, match=said):
        de.make_dataset(folder / "regions.bed", folder / "genome.fa", **keywords)  # type: ignore[arg-type]


def motif_rows(rows: int, seed: int) -> pd.DataFrame:
    """Return random sequences of 40 bp; those of label 1 hold a motif three times."""
    rng = np.random.default_rng(seed)
    letters = rng.choice(list("ACGT"), (rows, 40))
    labels = np.arange(rows) % 2
    for start in (2, 15, 28):
        letters[labels == 1, start : start + len(MOTIF)] = list(MOTIF)
    return pd.DataFrame({"sequence": ["".join(row) for row in letters], "label": labels})


@pytest.mark.slow
def test_a_trained_model_predicts_and_has_its_history(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    model = de.finetune(
        motif_rows(192, 0),
        "new:tiny",
        tmp_path / "m",
        validation=motif_rows(64, 1),
        epochs=3,
        k=3,
        batch_size=16,
        device="cpu",
    )
    assert model.history["epoch"].tolist() == [1, 2, 3]
    assert model.history["validation_loss"].iloc[-1] < model.history["validation_loss"].iloc[0]
    assert model.metrics["validation"]["auroc"] > 0.9
    fresh = motif_rows(40, 2)
    found = model.predict(fresh["sequence"].tolist())["probability"]
    again = de.load_model(tmp_path / "m").predict(fresh["sequence"].tolist())["probability"]
    pd.testing.assert_series_equal(found, again)
    assert found[fresh["label"] == 1].min() > found[fresh["label"] == 0].max()
    assert repr(model).startswith("<Model 'm': ")
    again = de.finetune(motif_rows(64, 3), model, tmp_path / "n", epochs=1, device="cpu")
    assert again.history["validation_auroc"].tolist() == [1.0]
    with pytest.raises(de.InputError, match="the folder holds a finished model"):
        de.finetune(motif_rows(192, 0), "new:tiny", tmp_path / "m")


def test_mistakes_before_a_training_are_said(tmp_path: Path) -> None:
    rows = motif_rows(20, 0)
    with pytest.raises(de.InputError, match="no column 'sequence'; its columns are 'label', 'text'"):
        de.finetune(rows.assign(text=rows.pop("sequence")), "new:tiny", tmp_path / "m")
    with pytest.raises(de.InputError, match="TrainingSettings has no field 'epoch'; did you mean epochs"):
        de.finetune(motif_rows(20, 0), "new:tiny", tmp_path / "m", epoch=3)
    with pytest.raises(de.InputError, match="epochs is 0; it must be at least 1"):
        de.finetune(motif_rows(20, 0), "new:tiny", tmp_path / "m", epochs=0)
    with pytest.raises(de.InputError, match="one of several outputs; name it as a string"):
        de.finetune(motif_rows(20, 0), de.load_model(), tmp_path / "m")
    assert not (tmp_path / "m").exists()
