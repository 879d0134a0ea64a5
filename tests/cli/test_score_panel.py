"""Panels of TF models (variants/panel, api/panel, catalogue/panel, engine/network, files/parquet)."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_models import tiny_model

import dnabert_enhancer as de
from dnabert_enhancer.api import panel as panel_module
from dnabert_enhancer.catalogue import PanelMember, read_panel
from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine.backends import OnnxBackend
from dnabert_enhancer.variants import panel as panel_writer

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"
GENOME = DEMO / "alpha-globin.fa.gz"
DEFAULT_DIRECTORY = Path(de.__file__).parent / "model" / "default"
NAMES = ("TF0", "TF1", "TF4")
ENGINE = ("--offsets", 1, "--null-variants", 40, "--threads", 1, "--backend", "onnx", "--quiet")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["score-variants", *map(str, arguments)])
    return int(stopped.value.code or 0)


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def vcf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 12 records of the demo, and one without a base of the genome."""
    lines = (DEMO / "variants.vcf").read_text().splitlines()
    header = [line for line in lines if line.startswith("#")]
    records = [line for line in lines if not line.startswith("#")][:12]
    skipped = "\t".join(["chr16", "200000", ".", "NNN", "N", ".", ".", "."])
    path = tmp_path_factory.mktemp("vcf") / "some.vcf"
    path.write_text("\n".join([*header, *records, skipped]) + "\n")
    return path


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "panel.tsv"
    path.write_text("name\tmodel\n" + "".join(f"{name}\tdefault:gue_{name.lower()}\n" for name in NAMES))
    return path


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, vcf: Path, panel: Path) -> Path:
    prefix = tmp_path_factory.mktemp("scored") / "out"
    assert run("--vcf", vcf, "--genome", GENOME, "--tf-panel", panel, *ENGINE, "--output-prefix", prefix) == 0
    return prefix


@pytest.mark.slow
def test_the_numbers_are_those_of_the_models_given_one_by_one(
    scored: Path, vcf: Path, tmp_path: Path
) -> None:
    """Through --tf, whose models are all in memory and share the blocks of the main table.

    The model there has windows of the same length, so that the null variants are the same.
    """
    models = ["--model", "default:gue_tf0"]
    for name in NAMES:
        models += ["--tf", f"{name}=default:gue_{name.lower()}"]
    assert run("--vcf", vcf, "--genome", GENOME, *models, *ENGINE, "--output-prefix", tmp_path / "tf") == 0
    expected = [row for row in rows_of(tmp_path / "tf.tsv.gz") if row["model"] != "enhancer"]
    found = rows_of(Path(f"{scored}.tf-panel.tsv.gz"))
    assert len(found) == len(expected) > 36
    for one, other in zip(found, expected, strict=True):
        assert one["transcription_factor"] == other["model"]
        for name in ("chrom", "pos", "reference_nucleotide", "alternative_nucleotide", "skipped"):
            assert one[name] == other[name]
        for name in ("reference_probability", "ScoreChange", "JensenShannon", "p_value", "q_value"):
            assert one[name] == other[f"tf_{name}"]
        assert one["predicted_functional_effect"] == other["tf_predicted_functional_effect"]
    assert {row["model"] for row in rows_of(Path(f"{scored}.tsv.gz"))} == {"enhancer"}
    assert not Path(f"{scored}.tf-panel").exists()


@pytest.mark.slow
def test_files_do_not_depend_on_how_many_rows_are_texts_at_a_time(
    scored: Path, vcf: Path, panel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_writer, "MOST_ROWS", 2 * len(NAMES))
    prefix = tmp_path / "out"
    assert run("--vcf", vcf, "--genome", GENOME, "--tf-panel", panel, *ENGINE, "--output-prefix", prefix) == 0
    for name in ("tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz", "vcf.gz"):
        assert Path(f"{prefix}.{name}").read_bytes() == Path(f"{scored}.{name}").read_bytes()


@pytest.mark.slow
def test_matrix_and_vcf_say_the_same_as_the_table(scored: Path) -> None:
    table = pd.read_csv(f"{scored}.tf-panel.tsv.gz", sep="\t", na_values="NA", keep_default_na=False)
    matrix = pd.read_csv(f"{scored}.tf-panel.matrix.tsv.gz", sep="\t", na_values="NA", keep_default_na=False)
    assert list(matrix.columns[5:]) == list(NAMES)
    changes = table["ScoreChange"].to_numpy().reshape(len(matrix), len(NAMES))
    np.testing.assert_array_equal(matrix[list(NAMES)].to_numpy(), changes)
    with gzip.open(f"{scored}.vcf.gz", "rt") as stream:
        records = [line.split("\t") for line in stream if not line.startswith("#")]
    row = 0
    for record in records:
        tops = dict(entry.split("=", 1) for entry in record[7].strip().split(";") if "=" in entry)
        named = [top.split("|") for top in tops.get("DBE_TF_TOP", "").split(",") if top]
        expected = []
        for number, _ in enumerate(record[4].split(","), start=1):
            known = [model for model in range(len(NAMES)) if not np.isnan(changes[row, model])]
            order = sorted(known, key=lambda model: -abs(changes[row, model]))
            expected += [(str(number), NAMES[model]) for model in order if changes[row, model] != 0]
            row += 1
        assert [(number, name) for number, name, *_ in named] == expected
    assert row == len(matrix)


@pytest.mark.slow
def test_shards_merged_have_the_bytes_of_one_run(
    scored: Path, vcf: Path, panel: Path, tmp_path: Path
) -> None:
    given = (
        "--vcf",
        vcf,
        "--genome",
        GENOME,
        "--tf-panel",
        panel,
        *ENGINE,
        "--output-prefix",
        tmp_path / "s",
    )
    for index in (1, 2):
        assert run(*given, "--shard", f"{index}/2") == 0
    assert run("--merge", tmp_path / "s", "--quiet", "--output-prefix", tmp_path / "merged") == 0
    for ending in ("tsv.gz", "vcf.gz", "candidates.tsv", "tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz"):
        assert Path(f"{tmp_path}/merged.{ending}").read_bytes() == Path(f"{scored}.{ending}").read_bytes()
    (tmp_path / "s.tf-panel" / "TF1.shard-2-of-2.scores").unlink()
    assert run("--merge", tmp_path / "s", "--quiet", "--output-prefix", tmp_path / "again") == 2


@pytest.fixture(scope="module")
def in_groups(tmp_path_factory: pytest.TempPathFactory, vcf: Path, panel: Path) -> Path:
    """Return the prefix of two shards, without a panel, and of two groups of its models beside them."""
    folder = tmp_path_factory.mktemp("groups")
    lines = panel.read_text().splitlines()
    (folder / "last.tsv").write_text("\n".join([lines[0], lines[3]]) + "\n")
    (folder / "others.tsv").write_text("\n".join(lines[:3]) + "\n")
    given = ("--vcf", vcf, "--genome", GENOME, *ENGINE, "--output-prefix", folder / "g")
    for index in (1, 2):
        assert run(*given, "--shard", f"{index}/2") == 0
        for group in ("last", "others"):
            alone = ("--panel-only", "--tf-panel", folder / f"{group}.tsv")
            assert run(*given, *alone, "--shard", f"{index}/2") == 0
    return folder / "g"


@pytest.mark.slow
def test_groups_of_models_merged_have_the_bytes_of_one_run(
    scored: Path, in_groups: Path, panel: Path, tmp_path: Path
) -> None:
    merged = ("--merge", in_groups, "--tf-panel", panel, "--quiet", "--output-prefix", tmp_path / "m")
    assert run(*merged) == 0
    for ending in ("tsv.gz", "vcf.gz", "candidates.tsv", "tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz"):
        assert Path(f"{tmp_path}/m.{ending}").read_bytes() == Path(f"{scored}.{ending}").read_bytes()
    one, other = (json.loads(Path(f"{prefix}.run.json").read_text()) for prefix in (scored, tmp_path / "m"))
    assert other["scoring"] == one["scoring"]
    assert other["tf_panel"] == one["tf_panel"]
    parts = {path.name for path in Path(f"{in_groups}.tf-panel").glob("*.run.json")}
    assert parts == {f"{name}.shard-{index}-of-2.run.json" for name in ("TF0", "TF4") for index in (1, 2)}


@pytest.mark.slow
def test_the_matrix_as_parquet_has_the_values_of_the_table(
    in_groups: Path, panel: Path, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for prefix in ("m", "again"):
        merged = (
            "--merge",
            in_groups,
            "--tf-panel",
            panel,
            "--parquet",
            "--output-prefix",
            tmp_path / prefix,
        )
        assert run(*merged, "--quiet") == 0
    file = tmp_path / "m.tf-panel.matrix.parquet"
    assert file.read_bytes() == (tmp_path / "again.tf-panel.matrix.parquet").read_bytes()
    rows = rows_of(tmp_path / "m.tf-panel.matrix.tsv.gz")
    found = parquet.read_table(file)
    assert found.column_names == list(rows[0])
    assert [str(kind) for kind in found.schema.types] == ["string", "int64", *["string"] * 3, *["float"] * 3]
    unscored = 0
    for one, row in zip(found.to_pylist(), rows, strict=True):
        for name, value in one.items():
            if value is None:
                assert row[name] == "NA"
                unscored += name in NAMES
            elif name in NAMES:
                assert np.float32(value) == np.float32(row[name]) != 0
            else:
                assert str(value) == row[name]
    assert unscored == 3


@pytest.mark.slow
def test_parquet_without_pyarrow_or_without_a_panel_is_one_line(
    in_groups: Path,
    panel: Path,
    vcf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    score = ("--vcf", vcf, "--genome", GENOME, "--parquet", "--output-prefix", tmp_path / "m")
    merge = ("--merge", in_groups, "--parquet", "--output-prefix", tmp_path / "m")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for given, code, said in (
        (
            (*merge, "--tf-panel", panel),
            3,
            "Parquet needs the package pyarrow; leave --parquet out, pip install",
        ),
        (merge, 2, "--parquet does not apply to a run without a panel"),
        ((*score, "--tf-panel", panel, "--shard", "1/2"), 2, "--parquet does not apply to --shard"),
    ):
        capsys.readouterr()
        assert run(*given) == code
        assert said in capsys.readouterr().err
        assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_models_of_a_panel_that_do_not_belong_to_the_run_are_refused(
    in_groups: Path, vcf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another least change, another VCF, and a model that was not scored."""
    shutil.copytree(f"{in_groups}.tf-panel", tmp_path / "r.tf-panel")
    (tmp_path / "fewer.vcf").write_text("\n".join(vcf.read_text().splitlines()[:-1]) + "\n")
    (tmp_path / "p.tsv").write_text("name\tmodel\nTF4\tdefault:gue_tf4\n")
    (tmp_path / "q.tsv").write_text("name\tmodel\nTF3\tdefault:gue_tf3\n")
    for file, more, panel, said in (
        (
            vcf,
            ("--min-change", 0.25),
            "p.tsv",
            "minimum change is '0.0', but '0.25' in the scores of the run",
        ),
        (tmp_path / "fewer.vcf", (), "p.tsv", "digests: vcf is "),
        (vcf, (), "q.tsv", "the scores of the panel are missing"),
    ):
        given = ("--vcf", file, "--genome", GENOME, *ENGINE, *more, "--output-prefix", tmp_path / "r")
        for index in (1, 2):
            assert run(*given, "--shard", f"{index}/2") == 0
        capsys.readouterr()
        merged = (
            "--merge",
            tmp_path / "r",
            "--tf-panel",
            tmp_path / panel,
            "--output-prefix",
            tmp_path / "m",
        )
        assert run(*merged) == 2
        assert said in capsys.readouterr().err
        assert not list(tmp_path.glob("m.*"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--tf-panel", "deepvregulome"), "--panel-only needs --tf-panel and --shard"),
        (("--shard", "1/2"), "--panel-only needs --tf-panel and --shard"),
        (
            ("--tf-panel", "deepvregulome", "--shard", "1/2", "--genes", "g.bed"),
            "--genes does not apply to --panel-only",
        ),
    ],
)
def test_a_panel_alone_says_what_it_needs(
    more: tuple[str, ...], said: str, vcf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--vcf", vcf, "--genome", GENOME, "--panel-only", *more, "--output-prefix", tmp_path / "p")
    assert run(*given) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_an_interrupted_run_goes_on_with_the_next_model(
    scored: Path,
    vcf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three copies of one model, so that they are three networks."""
    loaded: list[str] = []
    score_together = panel_module.score_members_together

    def interrupted(scorer: Any, *arguments: Any) -> None:
        loaded.append(scorer.scorers[0].name)
        if loaded == ["TF0", "TF1"]:
            raise KeyboardInterrupt
        score_together(scorer, *arguments)

    monkeypatch.setattr(panel_module, "score_members_together", interrupted)
    monkeypatch.setattr(panel_module, "HELD_NETWORKS", 1)
    lines = []
    for name in NAMES:
        shutil.copytree(DEFAULT_DIRECTORY, tmp_path / name)
        lines.append(f"{name}\t{tmp_path / name}:gue_{name.lower()}\n")
    panel = tmp_path / "panel.tsv"
    panel.write_text("name\tmodel\n" + "".join(lines))
    given = (
        "--vcf",
        vcf,
        "--genome",
        GENOME,
        "--tf-panel",
        panel,
        *ENGINE,
        "--output-prefix",
        tmp_path / "r",
    )
    assert run(*given) == 130
    assert [path.name for path in (tmp_path / "r.tf-panel").iterdir()] == ["TF0.shard-1-of-1.scores"]
    assert run(*given) == 0
    assert loaded == ["TF0", "TF1", "TF1", "TF4"]
    for ending in ("tsv.gz", "tf-panel.tsv.gz"):
        assert Path(f"{tmp_path}/r.{ending}").read_bytes() == Path(f"{scored}.{ending}").read_bytes()


@pytest.mark.parametrize(
    ("networks", "weights", "groups"),
    [
        (16, 1 << 30, ["A B D", "C"]),  # C has windows of another length
        (2, 1 << 30, ["A B", "D", "C"]),
        (16, 1, ["A", "B", "D", "C"]),  # none fits beside another
    ],
)
def test_networks_that_get_the_same_windows_are_scored_together_as_far_as_they_fit(
    networks: int, weights: int, groups: list[str], vcf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [PanelMember(name, str(tiny_model(tmp_path / name, seed))) for seed, name in enumerate("ABD")]
    members.insert(2, PanelMember("C", str(tiny_model(tmp_path / "C", 3, window_length=50))))
    seen: list[str] = []
    score_members_together = panel_module.score_members_together

    def noted(scorer: Any, *arguments: Any) -> None:
        seen.append(" ".join(one.name for one in scorer.scorers))
        score_members_together(scorer, *arguments)

    monkeypatch.setattr(panel_module, "score_members_together", noted)
    monkeypatch.setattr(panel_module, "HELD_NETWORKS", networks)
    monkeypatch.setattr(panel_module, "HELD_BYTES", weights)
    found = de.score_panel(members, vcf, GENOME, offsets=3, null_variants=20)
    assert seen == groups
    for member in members:
        alone = de.score_panel([member], vcf, GENOME, offsets=3, null_variants=20)
        rows = found[found["transcription_factor"] == member.name].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone, check_exact=True)


@pytest.fixture
def rows_run(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return where each call of the network notes its rows."""
    rows: list[int] = []
    run_network = OnnxBackend.run

    def counted(self: OnnxBackend, ids: Any) -> Any:
        rows.append(len(ids))
        return run_network(self, ids)

    monkeypatch.setattr(OnnxBackend, "run", counted)
    return rows


@pytest.mark.slow
def test_outputs_of_one_network_are_computed_in_one_pass(
    vcf: Path, tmp_path: Path, rows_run: list[int]
) -> None:
    """As often as one of them alone, and the bits are those of each alone."""
    engine = de.EngineSettings(backend="onnx", threads=1)
    settings = {"offsets": 3, "null_variants": 30, "engine": engine}
    members = [PanelMember(name, f"default:gue_{name.lower()}") for name in NAMES]
    alone, rows_alone = [], []
    for member in members:
        rows_run.clear()
        alone.append(de.score_panel([member], vcf, GENOME, **settings))
        rows_alone.append(sum(rows_run))
    assert rows_alone[0] > 0
    rows_run.clear()
    together = de.score_panel(members, vcf, GENOME, **settings, folder=tmp_path)
    assert rows_alone == [sum(rows_run)] * 3
    for name, table in zip(NAMES, alone, strict=True):
        one = together[together["transcription_factor"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(one, table, check_exact=True)
    # one is added later: the network is computed for that one only, and the rest is kept
    rows_run.clear()
    (tmp_path / "TF1.shard-1-of-1.scores").unlink()
    again = de.score_panel(members, vcf, GENOME, **settings, folder=tmp_path)
    assert sum(rows_run) == rows_alone[1]
    pd.testing.assert_frame_equal(again, together, check_exact=True)


@pytest.mark.slow
def test_tf_outputs_of_one_network_are_computed_in_one_pass_too(vcf: Path, rows_run: list[int]) -> None:
    """The first stands in the place of the enhancer model."""
    engine = de.EngineSettings(backend="onnx", threads=1)
    models = {name: de.load_model(f"default:gue_{name.lower()}", engine=engine) for name in NAMES}
    first, *others = models.values()
    settings = {"offsets": 1, "null_variants": 30}
    alone = first.score_variants(vcf, GENOME, **settings)
    once = sum(rows_run)
    assert once > 0
    rows_run.clear()
    found = first.score_variants(vcf, GENOME, tf=dict(zip("ab", others, strict=True)), **settings)
    assert sum(rows_run) == once
    enhancer = found[found["model"] == "enhancer"].reset_index(drop=True)
    pd.testing.assert_frame_equal(enhancer, alone, check_exact=True)
    for name, model in zip("ab", others, strict=True):
        own = model.score_variants(vcf, GENOME, **settings)
        rows = found[found["model"] == name]
        for column in ("reference_probability", "alternative_probability", "LogitDifference", "p_value"):
            np.testing.assert_array_equal(rows[f"tf_{column}"].to_numpy(), own[column].to_numpy())


@pytest.mark.slow
def test_other_regions_and_other_lengths_are_passes_of_their_own(vcf: Path, tmp_path: Path) -> None:
    (tmp_path / "peaks.bed").write_text("chr16\t0\t165000\n")
    members = [
        PanelMember("A", "default:gue_tf0"),
        PanelMember("B", "default:gue_tf0", str(tmp_path / "peaks.bed")),
        PanelMember("C", "default:ctcf"),
    ]
    found = de.score_panel(members, vcf, GENOME, offsets=1, null_variants=0)
    for member in members:
        alone = de.score_panel([member], vcf, GENOME, offsets=1, null_variants=0)
        rows = found[found["transcription_factor"] == member.name].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone, check_exact=True)


def test_two_models_of_one_name_are_refused(vcf: Path) -> None:
    members = [PanelMember("A", "default:gue_tf0"), PanelMember("A", "default:gue_tf1")]
    with pytest.raises(de.InputError, match="two models of the panel have the same name"):
        de.score_panel(members, vcf, GENOME)


@pytest.mark.slow
def test_a_model_of_a_panel_keeps_to_its_regions(vcf: Path, tmp_path: Path) -> None:
    (tmp_path / "peaks.bed").write_text("chr16\t0\t165000\n")
    (tmp_path / "panel.tsv").write_text("name\tmodel\tregions\nA\tdefault:gue_tf0\tpeaks.bed\n")
    members = read_panel(tmp_path / "panel.tsv")
    found = de.score_panel(members, vcf, GENOME, offsets=1, null_variants=0)
    inside = found["pos"] <= 165_000
    assert 0 < inside.sum() < len(found)
    assert (found.loc[~inside, "skipped"] == "outside_regions").all()
    assert found.loc[inside, "reference_probability"].notna().all()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nothing", "no panel 'nothing': neither a file nor a collection of the catalogue; collections: "),
        ("deepvregulome:CTCFL,CTCFX", "no model 'deepvregulome/CTCFX' in the catalogue; nearest: "),
        ("deepvregulome:SP7,SP7", "names SP7 twice"),
        ("deepvregulome:,", "the panel has no model"),
    ],
)
def test_a_wrong_panel_is_one_line(spec: str, said: str) -> None:
    with pytest.raises(de.InputError) as error:
        read_panel(spec)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the titles are ''"),
        ("a\tb\n", "the titles are 'a\\tb'"),
        ("name\tmodel\n", "the panel has no model"),
        ("name\tmodel\nx y\tdefault\n", "line 2: 'x y\\tdefault' is not a model of a panel"),
        ("name\tmodel\n\nA\tdefault\tx.bed\n", "line 3: 'A\\tdefault\\tx.bed' is not a model of a panel"),
    ],
)
def test_a_wrong_file_is_one_line_with_its_line(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "p.tsv").write_text(content)
    with pytest.raises(de.InputError) as error:
        read_panel(tmp_path / "p.tsv")
    assert said in str(error.value)


def test_a_collection_is_all_its_transcription_factors(tmp_path: Path) -> None:
    assert len(read_panel("deepvregulome")) == 458
    (tmp_path / "names.txt").write_text("# two\nSP7\nCTCFL\n")
    found = read_panel(f"deepvregulome:{tmp_path / 'names.txt'}")
    assert [(one.name, one.model) for one in found] == [
        ("SP7", "deepvregulome/SP7"),
        ("CTCFL", "deepvregulome/CTCFL"),
    ]


def test_paths_count_from_the_panels_folder_also_where_an_output_is_named(tmp_path: Path) -> None:
    for name in ("several", "a:b"):
        (tmp_path / "models" / name).mkdir(parents=True)
    named = [
        "models/several",
        "models/several:tf1",
        "models/a:b",
        "models/a:b:tf1",
        "default:tf1",
        "hub:x/y@z",
    ]
    rows = [f"M{number}\t{model}\n" for number, model in enumerate(named)]
    (tmp_path / "panel.tsv").write_text("name\tmodel\n" + "".join(rows))
    found = [member.model for member in read_panel(tmp_path / "panel.tsv")]
    assert found == [*(f"{tmp_path}/{model}" for model in named[:4]), "default:tf1", "hub:x/y@z"]


def test_a_model_named_longer_than_a_file_can_be_stays_a_name(tmp_path: Path) -> None:
    (tmp_path / "panel.tsv").write_text(f"name\tmodel\nA\t{'m' * 300}\n")
    assert read_panel(tmp_path / "panel.tsv")[0].model == "m" * 300
