"""Models whose window length nobody knows: every command asks for it (predict, score_variants)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.model import new_model, write_model

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"
GENOME, VARIANTS = DEMO / "alpha-globin.fa.gz", DEMO / "variants.vcf"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Write a model without a card, as Hugging Face does."""
    folder = write_model(tmp_path / "plain", new_model("tiny", k=3)).directory
    (folder / "enhancer_model.json").unlink()
    return folder


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main([*map(str, arguments), "--quiet"])
    return int(caught.value.code or 0)


SEQUENCES = ("predict", "--fasta", GENOME, "--max-unknown", 1)
SCAN = ("predict", "--genome", GENOME, "--no-null")
SCORE = ("score-variants", "--vcf", VARIANTS, "--genome", GENOME, "--null-variants", 0)
ASKED = [
    (SEQUENCES, "--model", "{}"),
    (SCAN, "--model", "{}"),
    (SCORE, "--model", "{}"),
    (SCORE, "--tf", "X={}"),
]


@pytest.mark.parametrize(("arguments", "option", "value"), ASKED)
def test_it_is_asked_for(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...],
    option: str, value: str,
) -> None:  # fmt: skip
    assert command(*arguments, option, value.format(plain), "--output-prefix", tmp_path / "out") == 2
    printed = capsys.readouterr().err.strip().splitlines()
    assert len(printed) == 1
    assert "plain: the window length that the model was trained on is not known" in printed[0]
    assert "--window-length BP" in printed[0]
    assert not list(tmp_path.glob("out*"))


def test_a_scan_goes_on_with_the_length_that_is_given(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "few.bed").write_text("chr16\t100000\t100400\n")
    options = ("--regions", tmp_path / "few.bed", "--window-length", 90, "--output-prefix", tmp_path / "out")
    assert command(*SCAN, "--model", plain, *options, "--threads", 1) == 0
