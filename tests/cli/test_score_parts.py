"""Records cut into parts for the shards of a run (variants/parts, variants/record_source)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.vcf import VcfReader

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"
GENOME = DEMO / "alpha-globin.fa.gz"
ENGINE = ("--offsets", 1, "--null-variants", 40, "--threads", 1, "--backend", "onnx")
RESULTS = ("vcf.gz", "vcf.gz.tbi", "tsv.gz", "candidates.tsv")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["score-variants", "--quiet", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture(autouse=True)
def _blocks_of_four_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VcfReader.blocks, "__defaults__", (0, 4))


@pytest.fixture
def vcf(tmp_path: Path) -> Path:
    """Return 18 records of the demo with two samples, one of them with letters that are not UTF-8."""
    lines = (DEMO / "variants.vcf").read_bytes().splitlines()
    names = b"\t".join([b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT", b"one", b"two"])
    records = [line for line in lines if not line.startswith(b"#")][:18]
    whole = [b"\t".join(line.split(b"\t")[:8]) + b"\tGT\t0/1\t1/1" for line in records]
    whole[5] = whole[5].replace(b"\tGT\t", b";NOTE=\xff\tGT\t")
    path = tmp_path / "in.vcf"
    head = [line for line in lines if line.startswith(b"##")]
    head.append(b'##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    path.write_bytes(b"\n".join([*head, names, *whole]) + b"\n")
    return path


def cut(vcf: Path, folder: Path, *more: object) -> list[Path]:
    given = ("--vcf", vcf, "--genome", GENOME, "--output-prefix", folder / "p", *more)
    assert run(*given) == 0
    return sorted(folder.glob("p.part-*.records"))


def same_results(one: Path, other: Path, *more: str) -> None:
    for name in (*RESULTS, *more):
        assert Path(f"{one}.{name}").read_bytes() == Path(f"{other}.{name}").read_bytes(), name
    of_one, of_other = (json.loads(Path(f"{prefix}.run.json").read_text()) for prefix in (one, other))
    for name in ("counts", "skipped", "null", "scoring"):
        assert of_one[name] == of_other[name], name


def test_parts_scored_and_merged_have_the_bytes_of_one_run(vcf: Path, tmp_path: Path) -> None:
    """18 records are five blocks of four: two parts of 10 records at least, of three blocks and of two."""
    assert run("--vcf", vcf, "--genome", GENOME, *ENGINE, "--output-prefix", tmp_path / "one") == 0
    (tmp_path / "cut").mkdir()
    parts = cut(vcf, tmp_path / "cut", "--cut", 10)
    assert [path.name for path in parts] == ["p.part-1-of-2.records", "p.part-2-of-2.records"]
    facts = json.loads((tmp_path / "cut" / "p.cut.run.json").read_text())
    assert facts["counts"] == {"records": 18, "blocks": 5}
    vcf.unlink()  # nobody reads it again
    for path in reversed(parts):
        assert run("--part", path, "--genome", GENOME, *ENGINE, "--output-prefix", tmp_path / "s") == 0
    shards = sorted(path.name for path in tmp_path.glob("s.*.scores"))
    assert shards == ["s.shard-1-of-2.scores", "s.shard-2-of-2.scores"]
    assert run("--merge", tmp_path / "s", "--output-prefix", tmp_path / "merged") == 0
    same_results(tmp_path / "one", tmp_path / "merged")


@pytest.mark.parametrize("form", ["bcf", "list", "panel", "adaptive"])
def test_whatever_the_records_are_read_from(form: str, vcf: Path, tmp_path: Path) -> None:
    given: tuple[object, ...] = ("--vcf", vcf)
    panel = tmp_path / "panel.tsv"
    panel.write_text("name\tmodel\nTF0\tdefault:gue_tf0\n")
    more: tuple[object, ...] = ()
    endings: tuple[str, ...] = ()
    if form == "bcf":
        vcf.write_bytes(vcf.read_bytes().replace(b";NOTE=\xff", b""))
        given = ("--vcf", tmp_path / "in.bcf")
        with (
            pysam.VariantFile(str(vcf)) as source,
            pysam.VariantFile(str(tmp_path / "in.bcf"), "wb", header=source.header) as out,
        ):
            for record in source:
                out.write(record)
    elif form == "list":
        columns = [line.split(b"\t") for line in vcf.read_bytes().splitlines() if not line.startswith(b"#")]
        names = [b":".join([one[0], one[1], one[3], one[4]]).decode() for one in columns]
        (tmp_path / "in.txt").write_text("\n".join(names) + "\n")
        given = ("--variant-list", tmp_path / "in.txt")
    elif form == "panel":
        more, endings = ("--tf-panel", panel), ("tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz")
    offsets = ("--offsets", "adaptive") if form == "adaptive" else ()
    common = (*ENGINE, *offsets, "--genome", GENOME)
    assert run(*given, *common, *more, "--output-prefix", tmp_path / "one") == 0
    assert (
        run(*given, "--genome", GENOME, "--cut", 1, "--most-parts", 2, "--output-prefix", tmp_path / "p") == 0
    )
    for part in tmp_path.glob("p.*.records"):
        assert run("--part", part, *common, "--output-prefix", tmp_path / "s") == 0
        if more:
            assert run("--part", part, *common, "--panel-only", *more, "--output-prefix", tmp_path / "s") == 0
    assert run("--merge", tmp_path / "s", *more, "--output-prefix", tmp_path / "merged") == 0
    same_results(tmp_path / "one", tmp_path / "merged", *endings)


@pytest.mark.parametrize(
    ("size", "most", "parts"), [(1, 1000, 5), (4, 1000, 5), (9, 1000, 2), (100, 1000, 1), (1, 3, 3)]
)
def test_how_many_parts_there_are(size: int, most: int, parts: int, vcf: Path, tmp_path: Path) -> None:
    found = cut(vcf, tmp_path, "--cut", size, "--most-parts", most)
    assert len(found) == parts


def test_a_vcf_without_records_is_one_part(vcf: Path, tmp_path: Path) -> None:
    vcf.write_bytes(b"".join(line for line in vcf.read_bytes().splitlines(True) if line.startswith(b"#")))
    (part,) = cut(vcf, tmp_path, "--cut", 10)
    assert run("--part", part, "--genome", GENOME, *ENGINE, "--output-prefix", tmp_path / "s") == 0
    assert run("--merge", tmp_path / "s", "--output-prefix", tmp_path / "merged") == 0
    rows = json.loads((tmp_path / "merged.run.json").read_text())["counts"]["records"]
    assert rows == 0


def test_what_is_wrong_with_records_is_told_when_they_are_cut(
    vcf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vcf.write_bytes(vcf.read_bytes().replace(b"chr16\t", b"chrNo\t"))
    assert run("--vcf", vcf, "--genome", GENOME, "--cut", 10, "--output-prefix", tmp_path / "p") == 2
    assert "in.vcf" in (said := capsys.readouterr().err)
    assert "chrNo" in said
    assert not list(tmp_path.glob("p.*"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--shard", "1/2"), "--shard does not apply to --part"),
        (("--phased",), "--phased does not apply to --part"),
        (("--check",), "--check does not apply to --part"),
        (("--cut", "5"), "--part does not apply to --cut"),
        (("--most-parts", "5"), "--most-parts does not apply to a run without --cut"),
    ],
)
def test_what_a_part_does_not_take(
    more: tuple[str, ...], said: str, vcf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (part,) = cut(vcf, tmp_path, "--cut", 100)
    assert run("--part", part, "--genome", GENOME, *more, "--output-prefix", tmp_path / "s") == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("s.*"))


def test_another_genome_or_file_is_refused(
    vcf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (part,) = cut(vcf, tmp_path, "--cut", 100)
    other = tmp_path / "other.fa"
    other.write_text(">chr16\nACGT\n")
    assert run("--part", part, "--genome", other, "--output-prefix", tmp_path / "s") == 2
    assert "the records were cut with another genome than" in capsys.readouterr().err
    shutil.copyfile(vcf, tmp_path / "no.records")
    assert run("--part", tmp_path / "no.records", "--genome", GENOME, "--output-prefix", tmp_path / "s") == 2
    assert "not a whole shard file" in capsys.readouterr().err
