"""`de.compare`: numbers worked out by hand, every form of its inputs, the files of the command, mistakes.

Covers api/comparison.py, api/comparison_inputs.py and compare/settings.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.commands.cli import main

SIZES = {"chr1": 1000, "chr2": 500}
CALLS = pd.DataFrame(
    {
        "chrom": ["chr1"] * 3,
        "start": [0, 300, 700],
        "end": [100, 400, 750],
        "name": ["x", "y", "z"],
        "score": [0.5, 0.25, 1.0],
    }
)
ONE = pd.DataFrame({"chrom": ["1"], "start": [50], "end": [120], "name": ["e"]})
TWO = pd.DataFrame({"chrom": ["chr1", "chr1"], "start": [90, 390], "end": [100, 500]})
SETTINGS = de.CompareSettings(assembly="hg38", permutations=20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the same sets as files."""
    for name, frame in (("calls", CALLS), ("one", ONE), ("two", TWO)):
        frame.to_csv(tmp_path / f"{name}.bed", sep="\t", header=False, index=False)
    (tmp_path / "sizes").write_text("".join(f"{name}\t{size}\n" for name, size in SIZES.items()))
    letters = np.random.default_rng(0).choice(list("ACGT"), 1500)
    (tmp_path / "g.fa").write_text(f">chr1\n{''.join(letters[:1000])}\n>chr2\n{''.join(letters[1000:])}\n")
    return tmp_path


@pytest.mark.slow
def test_numbers_by_hand() -> None:
    found = de.compare(CALLS, {"one": ONE, "two": TWO}, SIZES, SETTINGS, scanned=_frame([("chr1", 0, 1000)]))
    one, two = found.summary.to_dict("records")
    # 50 of 250 called and 70 listed bases are shared; of the bins of 200 bp one holds both sets
    assert (one["overlap_bp"], one["jaccard"]) == (50, 50 / (250 + 70 - 50))
    assert (one["precision"], one["recall"], one["f1"]) == (1 / 3, 1, 0.5)
    bins = [one[f"bins_{kind}"] for kind in ("both", "calls_only", "database_only", "neither")]
    assert bins == [1, 2, 0, 2]
    assert (two["calls_overlapping"], two["precision"], two["median_distance"]) == (2, 2 / 3, 0)
    assert found.per_call["n_databases"].tolist() == [2, 1, 0]
    assert found.per_call["one.overlap_bp"].tolist() == [50, 0, 0]
    assert found.per_call["one.nearest_bp"].tolist() == [0, 181, 581]
    assert found.per_call["one.best"].tolist() == ["e", ".", "."]
    assert found.novel[["chrom", "start", "end", "name", "rank"]].to_numpy().tolist() == [
        ["chr1", 700, 750, "z", 1]
    ]
    jaccard = found.matrix.set_index(["statistic", "set"]).loc[("jaccard", "one")]
    assert jaccard.tolist() == [50 / 270, 1, 10 / (70 + 120 - 10)]
    assert found.calls_by_number_of_databases == {0: 1, 1: 1, 2: 1}
    assert found.counts == {"bases_that_count": 1000, "calls_read": 3, "calls": 3, "novel": 1}
    assert found.controls.empty


def test_a_notebook_shows_the_summary() -> None:
    found = de.compare(CALLS, {"one": ONE, "two": TWO}, SIZES, SETTINGS)
    assert repr(found) == "<Comparison of 3 calls with one, two>"
    cells = re.findall(r"<tr>\s*<th>\d</th>\s*<td>(.*?)</td>", found._repr_html_())
    assert cells == ["one", "two"]  # the first column, a row for each database


def test_files_tables_lists_and_manifests_give_the_same(folder: Path) -> None:
    (folder / "manifest.tsv").write_text("name\tfile\none\tone.bed\ntwo\ttwo.bed\n")
    by_table = de.compare(CALLS, {"one": ONE, "two": TWO}, SIZES, SETTINGS)
    databases: list[Any] = [
        {"one": folder / "one.bed", "two": f"{folder / 'two.bed'},preset=bed"},
        [f"one={folder / 'one.bed'}", f"two={folder / 'two.bed'}"],
        folder / "manifest.tsv",
    ]
    genomes: list[Any] = [folder / "sizes", folder / "g.fa", de.Genome(folder / "g.fa")]
    for given, genome in zip(databases, genomes, strict=True):
        found = de.compare(folder / "calls.bed", given, genome, SETTINGS)
        pd.testing.assert_frame_equal(found.summary, by_table.summary)
        pd.testing.assert_frame_equal(
            found.per_call.drop(columns=["one.best", "two.best"]),
            by_table.per_call.drop(columns=["one.best", "two.best"]),
        )


@pytest.mark.slow
def test_files_are_those_of_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    options = ["--calls", "calls.bed", "--database", "one=one.bed", "--genome-sizes", "sizes", "--assembly"]
    options += ["hg38", "--genome", "g.fa", "--controls", "--permutations", "20", "--output-prefix", "a/x"]
    with pytest.raises(SystemExit):
        main(options, command="compare-db")
    found = de.compare("calls.bed", {"one": "one.bed"}, "sizes", SETTINGS, gc_genome="g.fa", controls=True)
    found.write("b/x")
    written = {path.name: path.read_bytes() for path in (folder / "b").iterdir()}
    command = {path.name: path.read_bytes() for path in (folder / "a").iterdir()}
    del command["x.run.json"]
    assert written == command
    assert {"x.controls.tsv", "x.per_call.tsv.gz.tbi", "x.upset.png", "x.enrichment.svg"} < set(written)


def test_genomes_whose_lengths_are_not_known_have_any_name(folder: Path) -> None:
    # 1 bp further in the older assembly, by one chain that moves chr1 back by 1 bp
    (folder / "old.bed").write_text(
        "".join(f"chr1\t{row.start + 1}\t{row.end + 1}\n" for row in ONE.itertuples())
    )
    (folder / "oldToNew.chain").write_text("chain 9 chr1 2000 + 1 1000 chr1 1000 + 0 999 1\n999\n\n")
    given = {"one": f"{folder / 'old.bed'},assembly=mm10"}
    found = de.compare(CALLS, given, SIZES, SETTINGS, assembly="GRCm39", chains=[folder / "oldToNew.chain"])
    same = de.compare(CALLS, {"one": ONE}, SIZES, SETTINGS)
    columns = ["elements", "elements_bp", "overlap_bp", "calls_overlapping", "jaccard"]
    assert found.summary[columns].to_numpy().tolist() == same.summary[columns].to_numpy().tolist()
    with pytest.raises(de.InputError, match="the database one is of mm10 and the calls of mm39"):
        de.compare(CALLS, given, SIZES, SETTINGS, assembly="mm39")


def test_genes_and_gaps_may_be_tables() -> None:
    genes = _frame([("chr1", 800, 900)]).assign(name="ABC")
    found = de.compare(
        CALLS, {"one": ONE}, SIZES, SETTINGS, null="none", genes=genes, gaps=_frame([("chr1", 300, 400)])
    )
    assert found.novel[["name", "nearest_gene", "gene_distance"]].to_numpy().tolist() == [["z", "ABC", 51]]
    assert found.skipped == {"calls_not_scanned": 1, "calls_overlapping": 0}


def test_plots_are_figures() -> None:
    found = de.compare(CALLS, {"one": ONE, "two": TWO}, SIZES, SETTINGS)
    for plot in (found.plot_upset, found.plot_enrichment, found.plot_distance, found.plot_agreement):
        assert plot().axes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"calls": CALLS.rename(columns={"chrom": "chr"})}, "lacks the column chrom; it has chr, start, end"),
        ({"calls": CALLS.assign(start=[0.5, 1, 2])}, "the column start of the table of calls holds float64"),
        ({"calls": CALLS.assign(start=[-1, 1, 2])}, "row 0: the start -1 is negative"),
        ({"calls": []}, "no file of calls"),
        ({"databases": {}}, "there is no database to compare with"),
        ({"databases": [ONE]}, "DataFrame does not name a database; give a dict of names"),
        ({"databases": {"one": ONE.iloc[:0]}}, "the database one has no elements"),
        ({"genome": {"chr20": 63025520}}, "the contig lengths are those of hg19"),
        ({"assembly": "mm,10"}, "'mm,10' is no name of an assembly; give one such as hg38, hg19, mm39"),
        ({"assembly": None}, "the contig lengths do not show the assembly of the calls"),
        ({"permutation": 3}, "did you mean permutations"),
        ({"bin": 0}, "bin is 0; it must be at least 1"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"calls": CALLS, "databases": {"one": ONE}, "genome": SIZES, "settings": SETTINGS}
    with pytest.raises(de.InputError) as caught:
        de.compare(**given | change)
    assert said in str(caught.value)


def test_no_public_name_is_that_of_a_package() -> None:
    # a package becomes an attribute when it is imported, and would hide the lazy name
    packages = {path.parent.name for path in Path(de.__file__).parent.glob("*/__init__.py")}
    assert not packages & set(de.__all__)


def _frame(rows: list[tuple[str, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["chrom", "start", "end"])
