"""`add_background` (api/background, model/ensemble_backgrounds): windows, what is written, thresholds."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.model import Calibration, new_model, replace_card, write_model
from dnabert_enhancer.model.background import LEVELS

LENGTH = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, a genome of 100 windows of which two hold an N, and the model with its background."""
    path = tmp_path_factory.mktemp("background")
    rng = np.random.default_rng(4)
    letters = rng.choice(list("ACGT"), 100 * LENGTH)
    letters[[430, 9000]] = "N"
    (path / "g.fa").write_text(f">c\n{''.join(letters)}\n>short\nACGT\n")
    packaged = de.load_model().opened
    shutil.copytree(packaged.directory, path / "m")
    replace_card(path / "m", packaged.card.replace(background=None))
    de.add_background(path / "m", path / "g.fa", path / "with")
    return path


def test_it_is_the_distribution_of_the_windows_without_unknown_bases(folder: Path) -> None:
    letters = (folder / "g.fa").read_text().split("\n")[1]
    windows = [letters[start : start + LENGTH] for start in range(0, len(letters), LENGTH)]
    whole = [window for window in windows if "N" not in window]
    assert len(whole) == 98
    model = de.load_model(folder / "with")
    background = model.background
    assert background is not None
    assert (background.windows, background.window_length, background.assembly) == (98, LENGTH, "")
    assert background.source.startswith("g.fa (SHA-256 ")
    assert background.source.endswith(", all of it")
    probability = model.predict(whole, window_length=LENGTH)["probability"].to_numpy().astype(float)
    log_odds = np.log(probability / (1 - probability)) * model.opened.card.calibration.temperature
    assert background.quantiles == pytest.approx(np.quantile(log_odds, LEVELS), abs=1e-4)
    kept = {path.name for path in (folder / "m").iterdir()}
    assert kept == {path.name for path in (folder / "with").iterdir()}
    for name in kept - {"enhancer_model.json"}:
        assert (folder / "with" / name).read_bytes() == (folder / "m" / name).read_bytes()
    assert de.load_model(folder / "m").background is None


def test_again_it_gives_the_same_bytes_and_regions_choose_the_windows(folder: Path, tmp_path: Path) -> None:
    de.add_background(folder / "m", folder / "g.fa", tmp_path / "again")
    card = (folder / "with" / "enhancer_model.json").read_bytes()
    assert (tmp_path / "again" / "enhancer_model.json").read_bytes() == card
    (tmp_path / "r.bed").write_text(f"c\t0\t{30 * LENGTH}\nd\t0\t9\n")
    model = de.add_background(
        folder / "m", folder / "g.fa", tmp_path / "again", tmp_path / "r.bed", skip_outside=True
    )
    assert model.background is not None
    assert model.background.windows == 29
    assert model.background.source.endswith(", 2 regions")
    with pytest.raises(de.InputError, match="there is no contig 'd'"):
        de.add_background(folder / "m", folder / "g.fa", tmp_path / "x", tmp_path / "r.bed")
    assert not (tmp_path / "x").exists()


def test_a_threshold_of_the_top_share_calls_that_share_whatever_the_calibration(
    folder: Path, tmp_path: Path
) -> None:
    model = de.load_model(folder / "with")
    scan = model.scan(folder / "g.fa", "c", stride=LENGTH, max_unknown=0.0, null=False, threshold="top:10%")
    above = int((scan.windows["probability"] >= scan.threshold).sum())
    assert above == 10  # of 98: the tenth highest and those above
    for asked, said in (
        ("top:0%", "names no share of the background"),
        ("top:100%", "names no share"),
        ("top:1", "names no share"),
        ("top:-1%", "names no share"),
    ):
        with pytest.raises(de.InputError, match=said):
            model.threshold(de.SequenceSettings(threshold=asked))
    with pytest.raises(de.InputError, match=r"has no background.*\n?.*models background"):
        de.load_model(folder / "m").threshold(de.SequenceSettings(threshold="top:1%"))


def test_tables_of_sequences_calls_and_regions_say_what_share_of_the_windows_scores_lower(
    folder: Path, tmp_path: Path
) -> None:
    letters = (folder / "g.fa").read_text().split("\n")[1]
    every = [letters[start : start + LENGTH] for start in range(0, len(letters), LENGTH)]
    whole = [place for place, window in enumerate(every) if "N" not in window]
    model = de.load_model(folder / "with")
    found = model.predict([*(every[place] for place in whole), "N" * LENGTH])
    own = found["probability"].to_numpy()[:-1]
    lower = [100 * float(np.mean(own < value)) for value in own]
    # 98 windows: quantiles are interpolated between one window and the next
    assert found["percentile"].to_numpy()[:-1] == pytest.approx(lower, abs=100 / 97 + 0.1)
    assert np.isnan(found["percentile"].to_numpy()[-1])
    (tmp_path / "r.bed").write_text(
        "".join(f"c\t{LENGTH * place}\t{LENGTH * place + LENGTH}\tw{place}\n" for place in range(100))
    )
    scan = model.scan(
        folder / "g.fa", tmp_path / "r.bed", stride=LENGTH, null=False, max_unknown=0.0, threshold=0.1
    )
    rows = scan.region_scores
    assert rows["percentile"].iloc[whole].tolist() == found["percentile"].tolist()[:-1]
    assert rows["percentile"].isna().sum() == 2
    calls = scan.calls
    assert len(calls) > 1
    by_summit = dict(zip(rows["summit"].dropna(), rows["percentile"].dropna(), strict=True))
    assert calls["percentile"].tolist() == [by_summit[summit] for summit in calls["summit"]]
    scan.write(tmp_path / "p")
    with gzip.open(tmp_path / "p.calls.bed.gz", "rt") as lines:
        titles, *content = [line.rstrip("\n").split("\t") for line in lines]
    assert (titles[-1], [float(line[-1]) for line in content]) == ("percentile", calls["percentile"].tolist())
    shards = [(tmp_path / f"s.shard-{n}-of-2.scores", (n, 2)) for n in (1, 2)]
    for path, shard in shards:
        model.scan_shard(
            path,
            shard,
            folder / "g.fa",
            tmp_path / "r.bed",
            stride=LENGTH,
            null=False,
            max_unknown=0.0,
            threshold=0.1,
        )
    de.merge_scans([tmp_path / "s"]).write(tmp_path / "m")
    for ending in ("regions.tsv", "calls.bed.gz"):
        assert (tmp_path / f"m.{ending}").read_bytes() == (tmp_path / f"p.{ending}").read_bytes()
    none = de.load_model(folder / "m").predict(every[:1])
    assert none["percentile"].isna().all()


def log_odds(probability: np.ndarray) -> np.ndarray:
    p = probability.astype(float)
    return np.log(p / (1 - p))


def windows_of(folder: Path) -> list[str]:
    letters = (folder / "g.fa").read_text().split("\n")[1]
    every = [letters[start : start + LENGTH] for start in range(0, len(letters), LENGTH)]
    return [window for window in every if "N" not in window]


def test_each_of_several_classes_has_its_own(folder: Path, tmp_path: Path) -> None:
    labels = ("a", "b", "c")
    made = new_model("tiny", k=3, window_length=LENGTH, task="multiclass", labels=labels)
    made.state["classifier.weight"] *= 100  # an untrained head hardly tells windows apart
    write_model(tmp_path / "three", made)
    model = de.add_background(tmp_path / "three", folder / "g.fa", tmp_path / "o")
    assert model.label == "a"
    for label in labels:
        own = de.load_model(tmp_path / "o", label=label)
        found = own.predict(windows_of(folder))
        assert own.background is not None
        expected = np.quantile(log_odds(found["probability"].to_numpy()), LEVELS)
        assert own.background.quantiles == pytest.approx(expected, abs=1e-4)
        # of 98 windows the ten highest are at or above it
        least = own.threshold(de.SequenceSettings(threshold="top:10%"))
        assert (found["probability"] >= least).sum() == 10
        assert found["percentile"].max() == pytest.approx(100, abs=1.1)
    one = de.add_background(tmp_path / "three", folder / "g.fa", tmp_path / "one", label="c")
    assert (one.label, one.background) == ("c", de.load_model(tmp_path / "o", label="c").background)
    assert de.load_model(tmp_path / "one", label="a").background is None


def test_the_mean_of_several_models_has_one_in_the_folder_of_copies(folder: Path, tmp_path: Path) -> None:
    packaged = de.load_model().opened
    for number, temperature in ((1, 0.5), (2, 3.0)):
        shutil.copytree(packaged.directory, tmp_path / f"m{number}")
        calibration = Calibration("temperature", {"temperature": temperature})
        replace_card(tmp_path / f"m{number}", packaged.card.replace(calibration=calibration))
    paths = [tmp_path / "m1", tmp_path / "m2"]
    assert de.load_model(paths).predict(windows_of(folder)[:1])["percentile"].isna().all()
    de.add_background(paths, folder / "g.fa", tmp_path / "both")
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["backgrounds.json", "m1", "m2"]
    model = de.load_model(tmp_path / "both")
    found = model.predict(windows_of(folder))
    alone = [de.load_model(path).predict(windows_of(folder))["probability"] for path in paths]
    means = np.mean(alone, axis=0)
    assert model.background is not None
    assert model.background.quantiles == pytest.approx(np.quantile(log_odds(means), LEVELS), abs=1e-3)
    assert (found["probability"] >= model.threshold(de.SequenceSettings(threshold="top:10%"))).sum() == 10
    assert not found["percentile"].isna().any()
    # again, into the folder itself: the same bytes
    before = (tmp_path / "both" / "backgrounds.json").read_bytes()
    de.add_background(tmp_path / "both", folder / "g.fa", tmp_path / "both")
    assert (tmp_path / "both" / "backgrounds.json").read_bytes() == before
    # it holds for these models, not for others in their place
    replace_card(tmp_path / "both" / "m2", packaged.card)
    assert de.load_model(tmp_path / "both").background is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    with pytest.raises(de.InputError, match="not empty and holds other models"):
        de.add_background(paths, folder / "g.fa", tmp_path / "other")


def test_a_further_output_has_its_own(folder: Path, tmp_path: Path) -> None:
    model = de.add_background("default:accessible", folder / "g.fa", tmp_path / "o")
    assert model.label == "accessible"
    found = de.load_model(f"{tmp_path / 'o'}:accessible").predict(windows_of(folder))
    assert not found["percentile"].isna().any()
    assert model.background is not None
    temperature = model.opened.card.calibration.parameters.get("temperature", 1.0)
    expected = np.quantile(log_odds(found["probability"].to_numpy()) * temperature, LEVELS)
    assert model.background.quantiles == pytest.approx(expected, abs=1e-4)
    # the first output keeps that of the packaged card
    assert de.load_model(tmp_path / "o").background == de.load_model().background
    with pytest.raises(de.InputError, match="is the packaged model"):
        de.add_background("default", folder / "g.fa", de.load_model().opened.directory)
