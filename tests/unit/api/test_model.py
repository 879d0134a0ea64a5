"""Models and scans (api/model, api/prediction_tables, scan/scan_result), against ONNX Runtime and by hand."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import dnabert_enhancer as de
from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine.backends import OnnxBackend
from dnabert_enhancer.model import open_model
from dnabert_enhancer.sequence import encode_bases, reverse_complement

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo" / "alpha-globin.fa.gz"
ENGINE = de.EngineSettings(device="cpu", backend="onnx", precision="float32", threads=1)
REGION = "chr16:100,001-102,000"


@pytest.fixture(scope="module")
def model() -> de.Model:
    return de.load_model(engine=ENGINE)


@pytest.fixture(scope="module")
def genome() -> de.Genome:
    return de.Genome(DEMO)


@pytest.fixture(scope="module")
def scan(model: de.Model, genome: de.Genome) -> de.Scan:
    return model.scan(genome, REGION, stride=100, threshold=0.3, null_fraction=0.5)


def bases(genome: de.Genome, start: int, end: int) -> str:
    return genome.fetch("chr16", start, end).decode()


def by_onnx_runtime(sequences: list[str]) -> NDArray[np.float64]:
    """Return probabilities of ONNX Runtime: tokens by hand, mean of both strands, the card's calibration."""
    opened = open_model()
    backend = OnnxBackend(opened, "cpu", "float32", 1)
    words = (opened.directory / "vocab.txt").read_text().split()
    place = {word: number for number, word in enumerate(words)}
    k, card = opened.card.k or 0, opened.card
    logits = []
    for text in sequences:
        strands = []
        for strand in (text.upper(), text.upper()[::-1].translate(str.maketrans("ACGT", "TGCA"))):
            kmers = [strand[i : i + k] for i in range(len(strand) - k + 1)]
            ids = [place["[CLS]"], *(place.get(kmer, place["[UNK]"]) for kmer in kmers), place["[SEP]"]]
            strands.append(backend.run(np.array([ids], np.int32))[0])
        outputs = np.mean(strands, axis=0)
        column = card.column
        logits.append(outputs[1] - outputs[0] if column is None else outputs[column])
    parameters = card.calibration.parameters
    scaled = np.array(logits) * parameters.get("slope", 1) + parameters.get("intercept", 0)
    return 1 / (1 + np.exp(-scaled / parameters.get("temperature", 1)))


def test_a_probability_is_that_of_the_network_on_both_strands(model: de.Model, genome: de.Genome) -> None:
    sequences = [bases(genome, start, start + model.window_length) for start in (113_400, 120_000, 150_000)]
    found = model.predict(sequences)
    np.testing.assert_allclose(found["probability"], by_onnx_runtime(sequences), atol=2e-5)
    assert found["name"].tolist() == ["sequence1", "sequence2", "sequence3"]
    threshold = model.threshold()
    assert threshold is not None
    expected = ["enhancer" if p >= threshold else "other" for p in found["probability"]]
    assert [label == model.label for label in found["label"]] == [name == "enhancer" for name in expected]


def test_a_long_sequence_scores_its_highest_window(model: de.Model, genome: de.Genome) -> None:
    length = model.window_length
    text = bases(genome, 113_000, 113_000 + 3 * length)
    starts = [0, length, 2 * length]
    each = model.engine.predict(np.stack([encode_bases(text[s : s + length]) for s in starts])).probability
    row = model.predict({"x": text}, stride=length).iloc[0]
    assert row["probability"] == each.max()
    assert row["mean"] == pytest.approx(each.mean(), abs=1e-6)
    assert row["summit"] == starts[int(each.argmax())] + length // 2
    assert (row["name"], row["length"], row["windows"], row["skipped"], row["note"]) == (
        "x",
        3 * length,
        3,
        0,
        "",
    )


def test_codes_texts_and_both_strands_agree(model: de.Model, genome: de.Genome) -> None:
    text = bases(genome, 120_000, 120_000 + model.window_length)
    codes = encode_bases(text)
    forms: list[Any] = [
        [text],
        codes[None],
        [codes],
        reverse_complement(codes)[None],
        pd.DataFrame({"sequence": [text]}),
    ]
    scores = [model.predict(form)["probability"].iloc[0] for form in forms]
    np.testing.assert_allclose(scores, scores[0], atol=1e-6)


def test_chunks_are_the_rows_of_one_table(model: de.Model) -> None:
    sequences = ["ACGT" * 30, "", "N" * 200, "GGC" * 40, "ACG"]
    whole = model.predict(sequences)
    pieces = list(model.predict(iter(sequences), chunks=2))
    assert [len(piece) for piece in pieces] == [2, 2, 1]
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), whole)
    notes = ["shorter_than_window", "shorter_than_a_token", "too_many_unknown_bases"]
    assert whole["note"].tolist()[:3] == notes
    assert whole["label"].isna().tolist()[:3] == [False, True, True]
    assert whole["summit"].isna().tolist()[:3] == [False, True, True]
    assert model.predict([]).columns.tolist() == whole.columns.tolist()


def test_a_regression_has_values_and_needs_no_threshold() -> None:
    activity = de.load_model("default:lentimpra_hepg2", engine=ENGINE)
    found = activity.predict(["ACGT" * 60])
    assert found.columns.tolist()[1] == "value"
    assert np.isfinite(found["value"].iloc[0])
    assert found["label"].isna().all()


def test_a_scan_of_values_without_a_threshold_has_a_track_and_no_calls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    activity = de.load_model("default:lentimpra_hepg2", engine=ENGINE)
    plain = activity.scan(DEMO, REGION, null=False)
    least = float(plain.windows["value"].min())
    called = activity.scan(DEMO, REGION, null=False, threshold=least)
    assert plain.threshold is None
    assert len(plain.calls) == 0
    assert len(called.calls) == 1  # all windows, which overlap
    pd.testing.assert_frame_equal(plain.track.frame, called.track.frame)
    assert plain.plot().axes[0].get_ylabel() == "lentimpra_hepg2"
    assert plain.write(tmp_path / "plain").calls == 0
    assert "no calls are made: lentimpra_hepg2 is a value, and no --threshold says" in caplog.text
    with gzip.open(tmp_path / "plain.calls.bed.gz", "rt") as table:
        assert table.read().startswith("#chrom\tstart\tend\tname\tscore")
    # shards made without a threshold can be put together with one
    activity.scan_shard(tmp_path / "s.shard-1-of-1.scores", (1, 1), DEMO, REGION, null=False)
    assert len(de.merge_scans([tmp_path / "s"]).calls) == 0
    pd.testing.assert_frame_equal(de.merge_scans([tmp_path / "s"], threshold=least).calls, called.calls)


def test_the_windows_of_a_scan_are_those_of_the_engine(
    scan: de.Scan, model: de.Model, genome: de.Genome
) -> None:
    length = model.window_length
    starts = scan.windows["start"].to_numpy()
    assert starts[0] == 100_000
    assert scan.windows["end"].iloc[-1] == 102_000
    assert set(np.diff(starts[:-1])) == {100}
    cut = np.stack([encode_bases(bases(genome, s, s + length)) for s in starts.tolist()])
    np.testing.assert_array_equal(scan.windows["probability"], model.engine.predict(cut).probability)
    assert scan.windows["chrom"].unique().tolist() == ["chr16"]
    assert scan.windows["q_value"].between(0, 1).all()


def test_the_track_is_the_mean_of_the_windows_over_each_base(scan: de.Scan) -> None:
    values = scan.track.values("chr16:100,001-102,000")
    expected = [
        scan.windows.loc[(scan.windows["start"] <= base) & (scan.windows["end"] > base), "probability"].mean()
        for base in range(100_000, 102_000)
    ]
    np.testing.assert_allclose(values, expected, atol=1e-6)
    edge = scan.track.values(de.Interval("chr16", 99_990, 100_010))
    assert np.isnan(edge[:10]).all()
    np.testing.assert_array_equal(edge[10:], values[:10])
    assert np.isnan(scan.track.values("chr16:5-10")).all()


def test_calls_are_merged_windows_at_the_threshold(scan: de.Scan) -> None:
    windows = scan.windows[scan.windows["probability"] >= np.float32(0.3)]
    assert len(scan.calls) > 0
    for _, call in scan.calls.iterrows():
        own = windows[(windows["start"] >= call["start"]) & (windows["end"] <= call["end"])]
        assert (own["start"].min(), own["end"].max()) == (call["start"], call["end"])
        assert call["maximum"] == own["probability"].max()
        assert call["mean"] == pytest.approx(own["probability"].mean(), abs=1e-6)
        assert call["score"] == round(1000 * float(call["maximum"]))
    assert scan.calls["q_value"].between(0, 1).all()
    assert scan.regions.to_numpy().tolist() == [["chr16", 100_000, 102_000]]


def test_a_scan_writes_the_files_of_the_command(scan: de.Scan, tmp_path: Path) -> None:
    scan.write(tmp_path / "api", windows=True, bedgraph=True)
    (tmp_path / "r.bed").write_text("chr16\t100000\t102000\n")
    options = [
        "--stride=100",
        "--threshold=0.3",
        "--null-fraction=0.5",
        "--windows",
        "--bedgraph",
        "--device=cpu",
    ]
    options += [
        "--device=cpu",
        "--backend=onnx",
        "--precision=float32",
        "--threads=1",
        f"--regions={tmp_path / 'r.bed'}",
    ]
    with pytest.raises(SystemExit) as stopped:
        cli.main(["predict", "--genome", str(DEMO), "--output-prefix", str(tmp_path / "command"), *options])
    assert not stopped.value.code
    for name in ("bw", "calls.bed.gz", "scanned.bed", "windows.tsv.gz", "bedgraph.gz", "calls.bed.gz.tbi"):
        assert (tmp_path / f"api.{name}").read_bytes() == (tmp_path / f"command.{name}").read_bytes()
    with gzip.open(tmp_path / "api.calls.bed.gz", "rt") as stream:
        table = pd.read_csv(stream, sep="\t").rename(columns={"#chrom": "chrom"})
    assert table.columns.tolist() == scan.calls.columns.tolist()
    np.testing.assert_allclose(table["q_value"], scan.calls["q_value"], rtol=1e-5)
    pd.testing.assert_frame_equal(
        table.drop(columns="q_value"),
        scan.calls.drop(columns="q_value").astype({"chrom": str}),
        check_dtype=False,
        rtol=1e-6,
    )


def test_shards_merge_to_the_scan(scan: de.Scan, model: de.Model, genome: de.Genome, tmp_path: Path) -> None:
    settings = de.ScanSettings(stride=100, threshold=0.3, null_fraction=0.5)
    for number in (2, 1):
        path = tmp_path / f"x.shard-{number}-of-2.scores"
        model.scan_shard(path, (number, 2), genome, REGION, settings)
    merged = de.merge_scans([tmp_path / "x"])
    pd.testing.assert_frame_equal(merged.windows, scan.windows)
    pd.testing.assert_frame_equal(merged.calls, scan.calls)
    assert len(de.merge_scans([tmp_path / "x"], threshold=0.99).calls) <= len(scan.calls)
    with pytest.raises(de.InputError, match="--threshold 3 is not a probability"):
        de.merge_scans([tmp_path / "x"], threshold=3)


def test_a_picture_shows_track_and_calls(scan: de.Scan) -> None:
    figure = scan.plot()
    (axes,) = figure.axes
    assert axes.get_xlim() == (100_000, 102_000)
    heights = np.asarray(axes.lines[0].get_ydata(), dtype=float)
    assert np.nanmax(heights) == pytest.approx(scan.track.frame["value"].max())
    assert len(axes.collections) == 1
    assert scan.plot("chr16:100,501-100,900").axes[0].get_xlim() == (100_500, 100_900)


def test_a_scan_says_what_it_is(scan: de.Scan) -> None:
    # 2,000 bp hold (2000 - 200) / 100 + 1 windows, all of known bases
    assert repr(scan) == "<Scan of 19 windows, 19 scored; threshold 0.3>"


def test_an_empty_scan_has_empty_tables(model: de.Model, tmp_path: Path) -> None:
    (tmp_path / "n.fa").write_text(f">n\n{'N' * 900}\n")
    empty = model.scan(tmp_path / "n.fa")
    assert [len(table) for table in (empty.windows, empty.calls, empty.regions, empty.track.frame)] == [0] * 4
    assert empty.windows.columns.tolist() == ["chrom", "start", "end", "logit", "probability", "q_value"]
    assert np.isnan(empty.track.values("n:1-10")).all()
    with pytest.raises(de.InputError, match="0 contigs were scanned; name a region"):
        empty.plot()


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"strid": 5}, "ScanSettings has no field 'strid'; did you mean stride"),
        ({"window_length": 5000}, "a window of 5000 bp is longer than the"),
        ({"threshold": 7}, "--threshold 7 is not a probability"),
        ({"threshold": "sure"}, "no threshold 'sure'"),
        ({"contigs": ["chr7"]}, "there is no contig 'chr7'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    model: de.Model, genome: de.Genome, keywords: dict[str, Any], said: str
) -> None:
    with pytest.raises(de.InputError, match=said):
        model.scan(genome, REGION, **keywords)


def test_the_genome_of_the_user_stays_open(model: de.Model) -> None:
    with de.Genome(DEMO) as genome:
        model.scan(genome, "chr16:1-400", null=False)
        assert genome.fetch("chr16", 0, 4)


def test_what_a_model_is(model: de.Model) -> None:
    assert model.label in model.labels
    assert len(model.digest) == 64
    assert repr(model).startswith(f"<Model '{model.name}': {model.label}, windows of")
    with pytest.raises(de.InputError, match="has no label 'promoter'"):
        de.load_model(label="promoter")


def test_embeddings_are_the_same_in_either_order_and_differ_between_sequences() -> None:
    model = de.load_model()
    texts = ["ACGTTGCAAC" * 20, "GGGCGCGCCC" * 15, "ACGTTGCAAC" * 20]
    first, mean = (model.embed(texts, pooling=pooling) for pooling in ("first", "mean"))
    assert first.shape == mean.shape == (3, 128)
    assert np.array_equal(first[0], first[2])
    assert np.abs(first[0] - first[1]).max() > 0.01
    assert np.array_equal(model.embed(texts[::-1])[::-1], first)
    with pytest.raises(de.InputError, match="longer than the 515 bp"):
        model.embed(["A" * 2000])
