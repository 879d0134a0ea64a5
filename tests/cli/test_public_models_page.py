"""docs/howto/public-models.md: its lines run, with random checkpoints in place of published weights."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.commands import cli

late("torch")

pytestmark = [pytest.mark.data, pytest.mark.slow]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "public-models.md"
PUBLISHED = {
    "dnabert-enhancer-350": "dnabert6_random",
    "deepvregulome/CTCFL": "deepvregulome_hub/models/CTCFL",
    "deepvregulome/H4K12ac": "deepvregulome_hub/models/H4K12ac",
    "dnabert-6": "dnabert6_random",
    "dnabert-2": "dnabert2_random",
}


PEAKS = range(500, 8000, 1500)


def _contig(rng: np.random.Generator) -> str:
    """Return a contig whose peaks can be learnt: a site of GATA-1 every 20 bp."""
    letters = rng.choice(list("ACGT"), 9000)
    for peak in PEAKS:
        for at in range(peak, peak + 340, 20):
            letters[at : at + 10] = list("CAGATAAGCC")
    return "".join(letters)


def run(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    assert ended.value.code == 0, words


def lines_of_page() -> list[list[str]]:
    """Return the words of each line in a block, `dnabert-enhancer` left out."""
    found = [line.strip() for line in PAGE.read_text().splitlines() if re.match(r" {4}\S", line)]
    return [shlex.split(line.removeprefix("dnabert-enhancer ")) for line in found]


@pytest.fixture
def folder(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the page's inputs and, for each published model, one of its layout."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    contigs = {f"chr{n}": _contig(rng) for n in range(1, 7)}
    Path("hg38.fa.gz").write_bytes(
        gzip.compress("".join(f">{name}\n{letters}\n" for name, letters in contigs.items()).encode())
    )
    places = [(name, at) for name in contigs for at in PEAKS]
    Path("peaks.bed").write_text("".join(f"{name}\t{at}\t{at + 350}\n" for name, at in places))
    letters = contigs["chr1"]
    rows = [f"{letters[at : at + 350]}\t{n % 2}\n" for n, at in enumerate(range(0, 8000, 100))]
    Path("labelled.tsv").write_text("sequence\tlabel\n" + "".join(rows))
    changed = "A" if letters[3999] != "A" else "C"
    Path("patients.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t4000\t.\t{letters[3999]}\t{changed}\t.\t.\t.\n"
    )
    for name, checkpoint in PUBLISHED.items():
        window = 350 if name == "dnabert-enhancer-350" else 301
        source = str(shared_data / "golden" / checkpoint)
        run(
            "import-model",
            source,
            "--window-length",
            str(window),
            "--output-dir",
            f"models/{name}",
            "--quiet",
        )
    members = [f"{name}\tmodels/deepvregulome/{name}\n" for name in ("CTCFL", "H4K12ac")]
    Path("panel.tsv").write_text("name\tmodel\n" + "".join(members))
    return tmp_path


def test_the_lines_of_the_page_run(folder: Path) -> None:
    assert {word for line in lines_of_page() for word in line if word in PUBLISHED} >= {
        *("dnabert-enhancer-350", "deepvregulome/CTCFL", "dnabert-6", "dnabert-2"),
    }
    for line in lines_of_page():
        if line[:2] in (["models", "get"], ["models", "show"]):
            continue  # of the catalogue; tested against a server that answers as the hub does
        words = [f"models/{word}" if word in PUBLISHED else word for word in line]
        words = ["panel.tsv" if word.startswith("deepvregulome:") else word for word in words]
        if line[0] == "finetune":
            words[words.index("--epochs") + 1] = "8"
            words += ["--learning-rate", "0.003", "--batch-size", "8", "--device", "cpu"]
        if line[0] == "evaluate":
            words += ["--bootstrap", "20", "--no-pictures"]
        if line[0] == "score-variants":
            words += ["--null-variants", "20"]
        run(*words, "--quiet")
    record = json.loads((folder / "out/peaks.run.json").read_text())
    # 30 regions of 350 bp, each a window
    assert record["counts"]["windows"] == 30
    with gzip.open("out/patients.tf-panel.tsv.gz", "rt") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert sorted(row["transcription_factor"] for row in rows) == ["CTCFL", "H4K12ac"]
    cards = [json.loads(Path(name, "enhancer_model.json").read_text()) for name in ("my-enhancer", "my-lora")]
    assert [card["window_length"] for card in cards] == [350, 350]
    with Path("out/both.metrics.tsv").open() as table:
        judged = {row["method"] for row in csv.DictReader(table, delimiter="\t")}
    assert judged == {"my-enhancer", "my-lora"}
