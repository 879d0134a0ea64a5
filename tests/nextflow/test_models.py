"""The models of a samplesheet, named as --model names them, and faults of panels of models."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stored_models import PACKAGED, store_model

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=50)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
OUTPUTS = "it has regulatory_element, enhancer, lentimpra_hepg2, lentimpra_"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bases = "".join(rng.choice(list("ACGT"), 3000))
    (tmp_path / "g.fa").write_text(f">chr1\n{bases}\n")
    (tmp_path / "r.bed").write_text("chr1\t0\t1000\n")
    header = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=3000>\n"
    titles = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    base = bases[1499]
    other = "ACGT".replace(base, "")[0]
    (tmp_path / "v.vcf").write_text(f"{header}{titles}chr1\t1500\t.\t{base}\t{other}\t.\t.\t.\n")
    for name in ("plain", "a:b", "pair/fold1", "pair/fold2"):
        shutil.copytree(PACKAGED, tmp_path / "models" / name)
    for name in ("one", "two"):
        base = tmp_path / "models" / "bases" / name
        base.mkdir(parents=True)
        (base / "config.json").write_text("{}")
        (base / "enhancer_model.json").write_text('{"origin": {"type": "base"}}')
    stored = [("lab/stored", "enhancer"), ("hub:lab/tf@main", "tf"), ("lab/base", "base")]
    stored += [("deepvregulome/SP7", "tf"), ("deepvregulome/CTCFL", "tf")]
    for name, kind in stored:
        store_model(tmp_path / "cache", name, kind)
    for name in ("foreign", "nothing"):
        (tmp_path / "models" / name).mkdir()
    (tmp_path / "models" / "foreign" / "config.json").write_text("{}")
    shutil.copytree(tmp_path / "models" / "pair", tmp_path / "models" / "unfinished")
    (tmp_path / "models" / "unfinished" / "folds.json").write_text('{"folds": 3}')
    (tmp_path / "models" / "file").write_text("x")


def write_sheet(folder: Path, *models: str, tf: str, tf_row: int = 2) -> None:
    """Write a row that scans with each model; one of them also scores variants, with models of TFs."""
    rows = [
        f"row{number},g.fa,{model},r.bed,{f'v.vcf,{tf}' if number == tf_row else ','},,,"
        for number, model in enumerate(models, 2)
    ]
    titles = "sample,genome,model,scan_regions,vcf,tf_models,train_regions,positive_label,assembly_report"
    (folder / "s.csv").write_text("\n".join([titles, *rows]) + "\n")


FAULTS = [
    ("default:enhancers", "'default' has no output 'enhancers' (did you mean enhancer?); it has"),
    ("default:gue_tf", "'default' has no output 'gue_tf' (did you mean gue_tf0?); it has"),
    (
        "default:sharpr_hepg2",
        "output 'sharpr_hepg2' of 'default' was withdrawn: take lentimpra_hepg2: ",
    ),
    ("models/plain:none", f"'models/plain' has no output 'none'; {OUTPUTS}"),
    ("models/foreign:x", "'models/foreign' has no card (enhancer_model.json) that names its outputs"),
    ("models/nothing", "'models/nothing' is no model: there is no config.json in it, nor in two of its sub-"),
    ("models/unfinished", "'models/unfinished' holds 2 of 3 folds: its training is not finished"),
    ("models/file:x", "'models/file' is a file; give a folder, or an archive (.tar.gz)"),
    ("models/none:gue_tf0", "'models/none:gue_tf0': there is no such folder"),
    ("lab/store", "'lab/store': there is no such folder, and no such model in the store (cache)"),
    ("lab/stored:none", f"'lab/stored' has no output 'none'; {OUTPUTS}"),
    ("lab/base", "'lab/base' is pre-trained only: it predicts nothing before a training"),
    ("models/pair:none", f"'models/pair/fold1' has no output 'none'; {OUTPUTS}"),
    ("models/bases", "'models/bases' is pre-trained only: it predicts nothing before a training"),
    ("default:", "'default:': there is no such folder"),
    (":gue_tf0", "':gue_tf0': there is no such folder"),
    ("C:\\models\\plain", "'C:\\models\\plain': there is no such folder"),
    ("C:/models/plain", "'C:/models/plain': there is no such folder"),
    ("file:///none/plain:gue_tf0", "'file:///none/plain:gue_tf0': there is no such folder"),
    ("models/plain:$(touch pwned)", "'models/plain:$(touch pwned)': there is no such folder"),
    (
        "hub:owner/name@main",
        "'hub:owner/name@main' is not in the store (cache), and this run brings nothing; before",
    ),
    (
        "zenodo:10.5281/zenodo.1/m.zip",
        "'zenodo:10.5281/zenodo.1/m.zip' is not in the store (cache), and this",
    ),
]


PANELS = {
    "nowhere.tsv": "'nowhere.tsv': there is no such file, and no such collection in the catalogue;",
    "deepvregulome": "456 of 458 models of 'deepvregulome' are not in the store (cache), and this run",
    "deepvregulome:SP7,SP8": "1 of 2 models of 'deepvregulome:SP7,SP8' are not in the store (cache)",
    "deepvregulome:SP7,SP7": "the name SP7 comes twice",
    "deepvregulome:": "'deepvregulome:': the panel has no model",
    "v.vcf": "'v.vcf': the titles of a panel are name, model and maybe regions, separated by tabs",
    "panels": "'panels' is no panel: give a table with the columns name, model and maybe regions",
    "panels/wrong.tsv": "'panels/wrong.tsv', line 3: 'models/none': there is no such folder, and no such",
}


def add_panels(folder: Path) -> None:
    """Add a column to the sheet, and a row for each panel."""
    wrong = ["name\tmodel\tregions", "A\tdefault", "B\tmodels/none", "C\tdefault\tnone.bed", "x y\tdefault"]
    (folder / "panels").mkdir()
    (folder / "panels" / "wrong.tsv").write_text("\n".join([*wrong, "D\tdefault:gue_tf9"]) + "\n")
    titles, *rows = (folder / "s.csv").read_text().splitlines()
    blank = "," * (titles.count(",") - 4)
    lines = [f"{titles},tf_panel", *(f"{row}," for row in rows)]
    lines += [f'panel{number},g.fa,,,v.vcf{blank},"{panel}"' for number, panel in enumerate(PANELS)]
    (folder / "s.csv").write_text("\n".join(lines) + "\n")


def test_faults_are_named_with_row_and_column_before_anything_runs(
    tmp_path: Path, pipeline: Callable
) -> None:
    write_sheet(
        tmp_path,
        *(model for model, _ in FAULTS),
        tf="A=default:tf0;B=models/none;C=default:gue_tf1;D=lab/base",
    )
    with (tmp_path / "s.csv").open("a") as sheet:
        sheet.write("start,g.fa,models/pair,,,,r.bed,,\n")
    add_panels(tmp_path)
    done = pipeline(
        "-profile", "conda", "--input", "s.csv", "--base_model", "default:tf0", "--store", "cache",
        "--bring_models", "false",
    )  # fmt: skip
    assert done.returncode != 0
    lines = done.said.partition("nothing was started:\n")[2].splitlines()
    found = [line.strip() for line in lines if line.startswith("  ")]
    expected = [f"--base_model 'default' has no output 'tf0'; {OUTPUTS}"]
    expected += [f"row {number}, column model: {fault}" for number, (_, fault) in enumerate(FAULTS, 2)]
    expected.append(
        f"row {len(FAULTS) + 2}, column model: 'models/pair' holds 2 models (fold1, fold2), and training"
    )
    first = len(FAULTS) + 3
    expected += [f"row {row}, column tf_panel: {fault}" for row, fault in enumerate(PANELS.values(), first)]
    expected.insert(2, "row 2, column tf_models: 'default' has no output 'tf0'; it")
    # the profile is refused while there is no package
    expected.append("-profile conda: bioconda has no package dnabert-enhancer yet; take docker")
    assert len(found) == len(expected)
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(start)
    assert "'models/none': there is no such folder" in found[2]
    assert "'lab/base' is pre-trained only" in found[2]
    (near,) = [fault for fault in found if "'lab/store': " in fault]
    assert "(did you mean lab/stored?); dnabert-enhancer models get NAME brings one" in near
    for more in (
        "line 4: 'none.bed': there is no such file",
        "line 5: give a name",
        "line 6: 'default' has no output",
    ):
        assert more in found[-2]
    (missing,) = [fault for fault in found if "'deepvregulome:SP7,SP8'" in fault]
    assert "models get deepvregulome/SP8" in missing
    assert not list(tmp_path.glob("work/??/*"))


def test_each_way_to_name_a_model_takes_the_model_that_is_meant(tmp_path: Path, pipeline: Callable) -> None:
    with tarfile.open(tmp_path / "models" / "packed.tar.gz", "w:gz") as archive:
        archive.add(PACKAGED, "packed")
    whole, tf0 = "", ":gue_tf0"
    named = {
        "": whole,
        "default": whole,
        "default:regulatory_element": whole,
        "models/a:b": whole,
        "default:gue_tf0": tf0,
        "models/a:b:gue_tf0": tf0,
        f"file://{tmp_path}/models/plain:gue_tf0": tf0,
        "models/packed.tar.gz:gue_tf0": tf0,
        "lab/stored": whole,
        "lab/stored:gue_tf0": tf0,
    }
    write_sheet(tmp_path, *named, tf="A=default:gue_tf1;B=models/plain;C=hub:lab/tf@main:gue_tf2", tf_row=6)
    with (tmp_path / "s.csv").open("a") as sheet:
        sheet.write(f"trained,{DEMO}/alpha-globin.fa.gz,lab/base:gue_tf0,,,,{DEMO}/ccre-pels.bed,bound,\n")
        sheet.write("placed,g.fa,,named.bed,named.vcf,,,,report.txt\n")
    # the same places, by the accession that the report gives to chr1 of this genome
    report = ["scaffold_1", "assembled-molecule", "1", "Chromosome", "AB000001.1", "=", "XY_000001.1"]
    (tmp_path / "report.txt").write_text("\t".join([*report, "Primary Assembly", "3000", "chr1"]) + "\n")
    (tmp_path / "named.bed").write_text("XY_000001.1\t0\t1000\n")
    (tmp_path / "named.vcf").write_text((tmp_path / "v.vcf").read_text().replace("chr1\t", "AB000001.1\t"))
    done = pipeline(
        "-profile", "test", "--input", "s.csv", "--shards", "1", "--null_variants", "0", "--store", "cache",
        "--skip_report",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    results = tmp_path / "results"
    name = json.loads((PACKAGED / "enhancer_model.json").read_text())["name"]
    tracks: dict[str, set[bytes]] = {}
    for number, output in enumerate(named.values(), 2):
        record = json.loads((results / f"scan/row{number}.run.json").read_text())
        assert record["model"]["name"] == name + output
        tracks.setdefault(output, set()).add((results / f"scan/row{number}.bw").read_bytes())
    assert [len(same) for same in tracks.values()] == [1, 1]
    assert tracks[whole] != tracks[tf0]
    (script,) = [
        path.read_text() for path in tmp_path.glob("work/*/*/.command.sh") if "--tf " in path.read_text()
    ]
    assert "--model model/default:gue_tf0 " in script
    assert "--tf 'A='tf/1/default:gue_tf1 --tf 'B='tf/2/plain " in script
    assert re.search(r"--tf 'C='tf/3/hub--lab--tf--main-[0-9a-f]{8}:gue_tf2 ", script)
    with gzip.open(results / "variants/row6.tsv.gz", "rt") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert [row["transcription_factor"] for row in rows] == ["NA", "A", "B", "C"]
    with gzip.open(results / "variants/placed.tsv.gz", "rt") as table:
        (named_row,) = csv.DictReader(table, delimiter="\t")
    assert named_row["alternative_probability"] not in ("", "NA")
    assert (results / "scan/placed.bw").read_bytes() in tracks[whole]
    card = json.loads((results / "train/trained.model/enhancer_model.json").read_text())
    assert re.fullmatch(r"lab--base-[0-9a-f]{8}:gue_tf0", card["training"]["base_model"]["name"])
    assert card["labels"] == ["non-bound", "bound"]
