"""`check`: what is wrong with the options of commands that are to run later (commands/check)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_enhancer.commands.cli import main

SHARES = "--splits 0.5,0.5,0.5"


def planned(folder: Path, *commands: tuple[str, str]) -> Path:
    path = folder / "planned.json"
    entries = [
        {"where": f"row {number}", "command": command, "arguments": arguments.split()}
        for number, (command, arguments) in enumerate(commands, start=1)
    ]
    path.write_text(json.dumps(entries))
    return path


def check(path: Path, *more: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["check", str(path), *more])
    return int(stopped.value.code or 0)


@pytest.mark.parametrize(
    ("command", "arguments", "faults"),
    [
        ("score-variants", "--offsets 4", ["--offsets 4"]),
        ("score-variants", "--convention deepvregulome --offsets 5", ["--offsets 5"]),
        ("score-variants", "--significance p:2", ["--significance"]),
        ("score-variants", "--null-variants 0 --significance q:0.1", ["--significance"]),
        ("predict", "--threshold 1.5 --model default", ["--threshold 1.5"]),
        (
            "predict",
            "--stride 0 --threshold 1.5 --model default --precision half",
            ["--stride", "--precision", "--threshold"],
        ),
        ("predict", "--null-exclude a.bed", ["--null-exclude"]),
        ("predict", "--screen --regions a.bed", ["--screen is of scans of whole contigs"]),
        ("predict", "--screen", []),
        ("make-dataset", SHARES, ["--splits"]),
        ("make-dataset", "--ratio 0", ["--ratio"]),
        ("make-dataset", "--negatives-from promoters=a.bed,share=2", ["--negatives-from"]),
        ("finetune", "--epochs 0 --learning-rate 7", ["--epochs", "--learning-rate"]),
        ("tune", "--sampler grid --trials 81", ["--trials"]),
        ("evaluate", "--by tss", ["--by tss"]),
        ("interpret", "--method guess", ["--method"]),
        ("compare-db", "--database F=https://x.org/y.bed,preset=fantom6", ["--database"]),
        ("compare-db", "--database F=y.bed,preset=fantom5,base=7", ["--database"]),
        ("compare-db", "--database F=y.bed,preset=x --permutations 0", ["--permutations", "--database"]),
        ("compare-db", "--min-fraction 2", ["--min-fraction"]),
        ("no-command", "", ["there is no command"]),
        ("predict", "--threshold lax --model default:gue_tf0", ["no threshold 'lax'"]),
        ("predict", "--threshold 1.5 --model default:lentimpra_hepg2", []),
        (
            "predict",
            "--threshold strict --model default --stride 50 --precision bfloat16 --backend torch",
            [],
        ),
        ("make-dataset", "--splits 0.8,0.1,0.1 --ratio 1 --length 200 --negatives matched", []),
        ("compare-db", "--database F=https://x.org/y.bed.gz,preset=fantom5 G=no.bed --controls", []),
        ("evaluate", "--by tss --genes g.gtf --baselines", []),
    ],
)
def test_what_options_alone_tell(
    command: str, arguments: str, faults: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = planned(tmp_path, (command, arguments))
    assert check(path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["where"] for one in found} <= {"row 1"}
    assert len(found) == len(faults), found
    for one, start in zip(found, faults, strict=True):
        assert start in one["fault"].partition(";")[0]
        assert "\n" not in one["fault"]


def test_published_figures_are_judged_where_their_file_is_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.tsv").write_text("metric\tvalue\tsource\naccuracy\t88.05%\tpaper\nmcc\thigh\tpaper\n")
    assert check(planned(tmp_path, ("report", f"run --published {tmp_path}/p.tsv"))) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("p.tsv, line 3: the value 'high' is no number; write it as 0.8805 or as 88.05%")
    assert check(planned(tmp_path, ("report", f"run --published {tmp_path}/not-here.tsv"))) == 0


def test_all_faults_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = planned(
        tmp_path, ("score-variants", "--offsets 4"), ("predict", "--stride 50"), ("make-dataset", SHARES)
    )
    assert check(path) == 2
    said = capsys.readouterr()
    first, second = said.out.splitlines()
    assert first.startswith("row 1: --offsets 4")
    assert second.startswith("row 3: --splits")
    (line,) = said.err.splitlines()
    assert line == "dnabert-enhancer check: error: 2 faults in the options of commands, which are told above"
    assert check(planned(tmp_path, ("predict", "--stride 50"))) == 0
    assert check(planned(tmp_path, ("predict", "--stride 0"))) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dnabert-enhancer check: error: row 1: --stride")


def test_commands_come_by_a_pipe_too(tmp_path: Path) -> None:
    """As the pipeline gives them to the program of bin/."""
    program = Path(__file__).resolve().parents[2] / "bin" / "check"
    text = planned(tmp_path, ("predict", "--stride 0")).read_text()
    given = [sys.executable, str(program), "-", "--json"]
    done = subprocess.run(given, input=text, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)) == 1


@pytest.mark.parametrize("content", ["{", "[1]", '[{"command": "predict"}]', '{"where": "", "command": 1}'])
def test_what_is_no_list_of_commands(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "planned.json").write_text(content)
    assert check(tmp_path / "planned.json") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "planned.json: " in line
