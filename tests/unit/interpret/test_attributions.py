"""Results of interpretation (interpret/attributions, result_files, logos, settings; api/interpretation)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyBigWig
import pytest

import dnabert_enhancer as de

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo" / "alpha-globin.fa.gz"


@pytest.fixture(scope="module")
def model() -> de.Model:
    return de.load_model()


@pytest.fixture(scope="module")
def contig() -> str:
    with de.Genome(DEMO) as genome:
        (name,) = genome.contig_sizes
    return name


@pytest.fixture(scope="module")
def bed(contig: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("regions") / "regions.bed"
    path.write_text(
        f"{contig}\t114000\t114040\tsecond\n{contig}\t113050\t113080\tfirst\n{contig}\t113070\t113090\n"
    )
    return path


@pytest.fixture(scope="module")
def found(model: de.Model, bed: Path) -> de.Attributions:
    return model.interpret(de.Genome(DEMO), bed)


def test_regions_keep_order_and_names(found: de.Attributions, contig: str) -> None:
    table = found.regions
    assert table["name"].tolist() == ["second", "first", f"{contig}:113071-113090"]
    assert table["start"].tolist() == [114000, 113050, 113070]
    assert table["explained"].tolist() == [40, 30, 20]
    region = found["first"]
    highest = int(np.argmax(-region.change.mean(axis=1)))
    assert table["maximum_position"][1] == 113050 + highest
    base, other = divmod(int(np.abs(region.change).argmax()), 4)
    own = "ACGT"[region.codes[base]]
    assert table["strongest_substitution"][1] == f"{113050 + base + 1}{own}>{'ACGT'[other]}"


def test_substitutions_are_three_a_base_with_the_genomes_letter(found: de.Attributions, contig: str) -> None:
    table = found.substitutions
    assert len(table) == 3 * (40 + 30 + 20)
    with de.Genome(DEMO) as genome:
        for row in table.iloc[::17].itertuples():
            assert genome.fetch(contig, row.pos - 1, row.pos).decode().upper() == row.ref
            assert row.alt != row.ref


def test_the_track_is_the_mean_where_regions_overlap(
    found: de.Attributions, contig: str, tmp_path: Path
) -> None:
    found.write(tmp_path / "x")
    with pyBigWig.open(str(tmp_path / "x.bw")) as track:
        values = np.array(track.values(contig, 113040, 113100))
    first, third = found["first"], found[2]
    expected = np.full(60, np.nan)
    expected[10:30] = -first.change.mean(axis=1)[:20]
    expected[30:40] = (-first.change.mean(axis=1)[20:] - third.change.mean(axis=1)[:10]) / 2
    expected[40:50] = -third.change.mean(axis=1)[10:]
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_arrays_have_the_shape_that_modisco_takes(found: de.Attributions, tmp_path: Path) -> None:
    found.write(tmp_path / "x")
    with np.load(tmp_path / "x.attributions.npz") as arrays:
        one_hot, hypothetical = arrays["one_hot"], arrays["hypothetical"]
        assert arrays["name"][0] == "second"
        assert arrays["start"].tolist() == [114000, 113050, 113070]
    assert one_hot.shape == hypothetical.shape == (3, 4, 40)
    assert one_hot.sum(axis=1).tolist() == [[1] * 40, [1] * 30 + [0] * 10, [1] * 20 + [0] * 20]
    np.testing.assert_allclose(hypothetical.sum(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose((one_hot * hypothetical).sum(axis=1)[0], found[0].importance, atol=1e-6)
    for ours, written in zip(found.arrays(), (one_hot, hypothetical), strict=True):
        np.testing.assert_array_equal(ours, written)


@pytest.mark.slow
@pytest.mark.parametrize("of", [2, 4])
def test_shards_give_the_bytes_of_one_run(
    model: de.Model, found: de.Attributions, bed: Path, tmp_path: Path, of: int
) -> None:
    from dnabert_enhancer.api import interpret_shard

    for index in range(1, of + 1):
        settings = de.InterpretSettings(shard=(index, of))
        interpret_shard(model, tmp_path / f"x.shard-{index}-of-{of}.scores", DEMO, bed, settings)
    merged = de.merge_attributions([tmp_path / "x"])
    assert len(merged) == 3
    assert merged[-1].start == 113070
    found.write(tmp_path / "one", substitutions=True, logos=1)
    merged.write(tmp_path / "merged", substitutions=True, logos=1)
    endings = ("bw", "regions.tsv", "attributions.npz", "substitutions.tsv.gz", "logo-1.png", "logo-1.svg")
    for ending in endings:
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"merged.{ending}").read_bytes()


def test_shards_of_other_settings_do_not_merge(model: de.Model, bed: Path, tmp_path: Path) -> None:
    from dnabert_enhancer.api import interpret_shard

    for index, offsets in ((1, None), (2, 1)):
        settings = de.InterpretSettings(shard=(index, 2), offsets=offsets)
        interpret_shard(model, tmp_path / f"x.shard-{index}-of-2.scores", DEMO, bed, settings)
    with pytest.raises(de.InputError, match="offsets"):
        de.merge_attributions([tmp_path / "x"])


def test_importance_is_of_full_precision_unless_another_is_asked_for(tmp_path: Path) -> None:
    """Of two shards of which one was computed otherwise nothing is merged; auto and float32 are the same."""
    from dnabert_enhancer.api import interpret_shard
    from dnabert_enhancer.model import new_model, write_model

    write_model(tmp_path / "model", new_model("tiny", k=3, window_length=60))
    sequences = {"a": "ACGT" * 15, "b": "AACC" * 15}
    for index, precision in ((1, "auto"), (2, "float32"), (2, "int8")):
        model = de.load_model(tmp_path / "model", engine=de.EngineSettings(precision=precision))
        settings = de.InterpretSettings(shard=(index, 2))
        interpret_shard(model, tmp_path / f"x.shard-{index}-of-2.scores", sequences, None, settings)
        if precision == "float32":
            assert len(de.merge_attributions([tmp_path / "x"])) == 2
    with pytest.raises(de.InputError, match="precision is 'int8', but 'float32'"):
        de.merge_attributions([tmp_path / "x"])


@pytest.mark.slow
def test_a_logo_has_rows_of_100_bases_and_counts_from_1(model: de.Model) -> None:
    with de.Genome(DEMO) as genome:
        (contig,) = genome.contig_sizes
        found = model.interpret(genome, de.Interval(contig, 113000, 113150))
    figure = found.plot()
    rows = figure.axes
    assert [axes.get_xlim() for axes in rows] == [(113000.5, 113100.5), (113100.5, 113200.5)]
    assert rows[0].get_ylim() == rows[1].get_ylim()
    assert found.regions["name"][0] in rows[0].get_title(loc="left")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source": {"a": "ACG"}}, "shorter than a token"),
        ({"source": {"a": "ACGT" * 20}, "offsets": 2}, "odd"),
        ({"source": {"a": "ACGT" * 20}, "method": "magic"}, "ism"),
        ({"source": {"a": "ACGT" * 20}, "window_lenght": 3}, "window_length"),
        ({"source": {"a": "ACGT" * 20}, "shard": (1, 2)}, "interpret_shard"),
    ],
)
def test_natural_mistakes_are_named(model: de.Model, given: dict, said: str) -> None:
    with pytest.raises(de.InputError, match=said):
        model.interpret(**given)


def test_a_genome_needs_regions(model: de.Model) -> None:
    with pytest.raises(de.InputError, match="regions"):
        model.interpret(de.Genome(DEMO))
