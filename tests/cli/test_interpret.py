"""The command interpret: files, shards, and what it says of bad input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.interpret import BEST_MATCH_COLUMNS, FOUND_COLUMNS

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "alpha-globin.fa.gz"
GATA = "CTAATCTCTAGCAGGACATTGCAGATAACTTGCACAGATAAGGCACTTTCCTG"


def interpret(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(item) for item in arguments], command="interpret")
    return int(stop.value.code or 0)


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "given.fa"
    path.write_text(f">one\n{GATA}\n>two\n{GATA[::-1]}\n")
    return path


def test_sequences_give_all_files_but_a_track(fasta: Path, tmp_path: Path) -> None:
    given = ("--fasta", fasta, "--logos", 1, "--ism-deletions", 2, "--window-length", 50)
    assert interpret(*given, "--output-prefix", tmp_path / "out/x") == 0
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == [
        "x.attributions.npz",
        "x.deletions.tsv.gz",
        "x.logo-1.png",
        "x.logo-1.svg",
        "x.regions.tsv",
        "x.run.json",
    ]
    with gzip.open(tmp_path / "out/x.deletions.tsv.gz", "rt") as stream:
        header, *deletions = stream.read().splitlines()
    assert header.split("\t") == ["chrom", "pos", "length", "change", "name"]
    assert len(deletions) == 2 * (2 * len(GATA) - 1)
    assert deletions[-1].split("\t")[:3] == ["two", str(len(GATA)), "1"]
    rows = [line.split("\t") for line in (tmp_path / "out/x.regions.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["name", "one", "two"]
    record = json.loads((tmp_path / "out/x.run.json").read_text())
    assert record["counts"] == {
        "regions": 2,
        "bases": 2 * len(GATA),
        "bases_explained": 2 * len(GATA),
        "regions_explained": 2,
    }
    assert record["interpretation"]["method"] == "ism"


@pytest.mark.slow
def test_seqlets_of_sequences(fasta: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "m.meme").write_text(
        "MEME version 4\nMOTIF GATA\nletter-probability matrix: w= 4\n0 0 1 0\n1 0 0 0\n0 0 0 1\n1 0 0 0\n"
    )
    given = ("--fasta", fasta, "--method", "attention", "--null", 12, "--logos", 0)
    named = ("--motifs", tmp_path / "m.meme", "--discover", "--output-prefix", tmp_path / "x")
    assert interpret(*given, *named) == 0
    record = json.loads((tmp_path / "x.run.json").read_text())
    assert record["counts"]["seqlets_of_shuffles"] > 0
    rows = [
        line.split("\t")
        for line in gzip.decompress((tmp_path / "x.seqlets.bed.gz").read_bytes()).decode().splitlines()
    ]
    assert len(rows) == record["counts"]["seqlets"]
    assert {row[0] for row in rows} <= {"one", "two"}
    assert all(len(row) == 15 and 0 < float(row[7]) <= float(row[8]) <= 1 for row in rows)
    table = (tmp_path / "x.motif_enrichment.tsv").read_text().splitlines()
    assert table[0].split("\t")[:2] == ["motif", "seqlets_with"]
    assert [row.split("\t")[0] for row in table[1:]] == ["GATA"]
    assert (tmp_path / "x.motifs.meme").read_text().startswith("MEME version 4\n")
    title, *found = (tmp_path / "x.motifs.tsv").read_text().splitlines()
    assert title.split("\t") == [*FOUND_COLUMNS, *BEST_MATCH_COLUMNS]
    assert len(found) == record["counts"]["motifs_found"]
    title, *matches = (
        line.split("\t") for line in (tmp_path / "x.motif_matches.tsv").read_text().splitlines()
    )
    assert title == ["query", "target", "p", "q", "offset", "overlap", "orientation"]
    # one motif: the best of each seqlet, and of each motif found
    assert [row[1] for row in matches] == ["GATA"] * (len(rows) + len(found))
    assert [row[0] for row in matches[: len(rows)]] == [f"{row[3]}:{row[1]}-{row[2]}" for row in rows]
    assert "1 motifs are few" in caplog.text
    assert record["counts"]["motifs_found"] >= 0
    assert {item["role"] for item in record["inputs"]} == {"sequences", "motifs"}


def test_modisco_is_asked_for_before_anything_is_computed(
    fasta: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dnabert_enhancer.interpret.modisco.find_spec", lambda name: None)
    given = ("--fasta", fasta, "--model", "no-such-model", "--discover", "modisco")
    assert interpret(*given, "--output-prefix", tmp_path / "out/x") == 2
    (message,) = capsys.readouterr().err.strip().splitlines()
    assert "pip install '.[discovery]'" in message
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.slow
def test_too_few_shuffles_are_told(fasta: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = ("--fasta", fasta, "--method", "attention", "--null", 1, "--logos", 0)
    assert interpret(*given, "--output-prefix", tmp_path / "x") == 0
    assert "larger --null" in caplog.text
    assert gzip.decompress((tmp_path / "x.seqlets.bed.gz").read_bytes()) == b""


@pytest.mark.slow
def test_shards_through_the_command(tmp_path: Path) -> None:
    bed = tmp_path / "r.bed"
    bed.write_text("chr16\t0\t20\ta\nchr16\t30\t60\tb\n")
    text = f">chr16\n{GATA * 3}\n"
    (tmp_path / "g.fa").write_text(text)
    given = ("--genome", tmp_path / "g.fa", "--regions", bed, "--window-length", 60)
    assert interpret(*given, "--output-prefix", tmp_path / "one") == 0
    for index in (1, 2):
        assert interpret(*given, "--output-prefix", tmp_path / "many", "--shard", f"{index}/2") == 0
    assert interpret("--merge", tmp_path / "many", "--output-prefix", tmp_path / "many") == 0
    for ending in ("bw", "regions.tsv", "attributions.npz", "logo-2.png"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"many.{ending}").read_bytes()


def test_variants_give_a_table_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr16\t159710\trs1\tT\tC\nchr16\t20\trs2\tN\tC\n"
    )
    given = (
        "--genome",
        DEMO,
        "--vcf",
        tmp_path / "v.vcf",
        "--flank",
        2,
        "--output-prefix",
        tmp_path / "out/x",
    )
    assert interpret(*given) == 0
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == ["x.run.json", "x.variant-1.png", "x.variant-1.svg", "x.variants.tsv"]
    rows = [line.split("\t") for line in (tmp_path / "out/x.variants.tsv").read_text().splitlines()]
    assert [row[:5] for row in rows[1:]] == [
        ["chr16", "159710", "rs1", "T", "C"],
        ["chr16", "20", "rs2", "N", "C"],
    ]
    assert rows[2][-1] == "too_many_unknown_bases"
    assert [row[-5:-1] for row in rows[1:]] == [["", "", "NA", ""]] * 2
    record = json.loads((tmp_path / "out/x.run.json").read_text())
    assert record["counts"] == {"variants_explained": 1}
    assert record["skipped"] == {"too_many_unknown_bases": 1}


def test_genes_and_regions_around_a_variant_are_told_and_drawn(tmp_path: Path) -> None:
    (tmp_path / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr16\t159710\trs1\tT\tC\n"
    )
    # HBM starts 15 bp behind the 0-based place 159,709; the site holds it, the peak ends just before it
    (tmp_path / "genes.bed").write_text("16\t150000\t159689\tHBZ\t0\t+\n16\t159724\t170000\tHBM\t0\t+\n")
    (tmp_path / "site.bed").write_text("chr16\t159705\t159715\tGATA1\nchr16\t159600\t159709\tpeak\n")
    given = ("--genome", DEMO, "--vcf", tmp_path / "v.vcf", "--flank", 20)
    places = ("--genes", tmp_path / "genes.bed", "--annotate", f"sites={tmp_path / 'site.bed'}")
    assert interpret(*given, *places, "--output-prefix", tmp_path / "x") == 0
    rows = [line.split("\t") for line in (tmp_path / "x.variants.tsv").read_text().splitlines()]
    assert dict(zip(rows[0], rows[1], strict=True)) | {
        "gene": "HBM",
        "strand": "+",
        "distance": "15",
        "annotations": "sites:GATA1",
    } == dict(zip(rows[0], rows[1], strict=True))
    drawn = (tmp_path / "x.variant-1.svg").read_text()
    assert all(f">{name}</text>" in drawn or f"<!-- {name} -->" in drawn for name in ("HBM", "GATA1", "peak"))
    assert "HBZ" not in drawn  # ends at 159,689, where the picture begins
    record = json.loads((tmp_path / "x.run.json").read_text())
    assert [item["role"] for item in record["inputs"]] == ["genome", "vcf", "genes", "annotate"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--genome", DEMO), "--regions"),
        (("--fasta", "{fasta}", "--genes", "x.bed"), "--genes"),
        (("--fasta", "{fasta}", "--annotate", "a=x.bed"), "--annotate"),
        (("--genome", DEMO, "--vcf", "v.vcf", "--annotate", "x.bed"), "NAME=PATH"),
        (
            ("--genome", DEMO, "--vcf", "v.vcf", "--annotate", "a=x.bed", "--annotate", "a=y.bed"),
            "--annotate a is given twice",
        ),
        (("--fasta", "{fasta}", "--regions", "x.bed"), "--genome"),
        (("--fasta", "{fasta}", "--flank", 3), "--flank"),
        (("--genome", DEMO, "--vcf", "v.vcf", "--shard", "1/2"), "--shard"),
        (("--genome", DEMO, "--vcf", "v.vcf", "--null", 5), "--null"),
        (("--fasta", "{fasta}", "--motifs", "{fasta}"), "--null"),
        (("--fasta", "{fasta}", "--discover"), "--null"),
        (("--fasta", "{fasta}", "--discover", "kmers"), "--null"),
        (("--fasta", "{fasta}", "--discover", "meme"), "meme"),
        (("--genome", DEMO, "--vcf", "v.vcf", "--discover"), "--discover"),
        (("--fasta", "{fasta}", "--null", 5, "--motifs", "{fasta}"), "not a MEME file"),
        (("--fasta", "{fasta}", "--null", 5, "--motifs", "{empty}"), "no motif"),
        (("--fasta", "{fasta}", "--null", 5, "--motifs", "m.meme", "--shard", "1/2"), "--motifs"),
        (("--fasta", "{fasta}", "--null", -1), "-1"),
        (("--merge", "nothing", "--null", 5), "--null"),
        (("--merge", "nothing"), "no shards"),
        (("--fasta", "{fasta}", "--offsets", 2), "odd"),
        (("--fasta", "{fasta}", "--ism-deletions", 11), "--ism-deletions"),
        (("--genome", DEMO, "--vcf", "v.vcf", "--ism-deletions", 1), "--ism-deletions"),
        (("--fasta", "{fasta}", "--shard", "1/2", "--logos", 3), "--logos"),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple, said: str, fasta: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.meme").write_text("MEME version 4\n")
    paths = {"{fasta}": str(fasta), "{empty}": str(tmp_path / "empty.meme")}
    filled = [paths.get(str(item), str(item)) for item in arguments]
    assert interpret(*filled, "--output-prefix", tmp_path / "out/x") == 2
    message = capsys.readouterr().err.strip().splitlines()
    assert len(message) == 1
    assert said in message[0]
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True
