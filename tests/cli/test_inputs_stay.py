"""No output of any command replaces a file that the command reads (commands/inputs, files/inputs)."""

from __future__ import annotations

import gzip
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_pipes import CASES, FOLDER_NAMES, OUTPUTS, PATHS, Case, Input, folder, run

from dnabert_enhancer.commands.cli import COMMANDS, build_parser
from dnabert_enhancer.commands.inputs import INPUTS
from dnabert_enhancer.model import new_model, write_model

__all__ = ["folder"]


def given(case: Case, folder: Path, out: Path) -> list[str]:
    return [
        word.form.format(folder / word.name)
        if isinstance(word, Input)
        else str(folder / word)
        if word in FOLDER_NAMES
        else word.format(out=out)
        for word in case.words
    ]


def inputs(case: Case, folder: Path) -> list[Path]:
    """Return the files that a case reads: the genome's, and those that its lists name."""
    names = {word.name if isinstance(word, Input) else word for word in case.words}
    named = {"far.bed"} if "manifest.tsv" in names else set()
    return sorted(folder / name for name in names | named if (folder / name).is_file())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if "tune" in name else ())
        for name in CASES
        if not name.startswith("models")  # whose folder is new, or the model's own
    ],
)
def test_an_output_that_is_an_input_is_refused(
    name: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each output of a run gets, in a further run, the name of a hard link or a symbolic link to an input."""
    if "tune" in name and not importlib.util.find_spec("torch"):
        pytest.skip("training needs torch")
    case, out = CASES[name], tmp_path / "out"
    out.mkdir()
    assert run(case.command, given(case, folder, out)) == 0
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.suffix != ".db"]
    if "tune" not in name:
        assert run(case.command, given(case, folder, out)) == 0  # its own outputs it may replace
    chosen = inputs(case, folder)
    before = {path: path.read_bytes() for path in chosen}
    capsys.readouterr()
    for number, path in enumerate(sorted({files[0], files[len(files) // 2], files[-1]})):
        target = chosen[number % len(chosen)]
        shutil.rmtree(out)
        path.parent.mkdir(parents=True)
        if number % 2:
            path.symlink_to(os.path.relpath(target, path.parent))
        else:
            path.hardlink_to(target)
        assert run(case.command, given(case, folder, out)) == 2, path
        said = capsys.readouterr().err.splitlines()[-1]
        assert "the output would replace an input of this run" in said, path
        assert target.name in said
        assert {one: one.read_bytes() for one in chosen} == before
        assert [one for one in out.rglob("*") if one.is_file()] == [path]


def test_the_report_keeps_the_files_of_its_runs(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--fasta", f"{folder}/few.fa", "--model", f"{folder}/model", "--output-prefix", f"{tmp_path}/p")
    assert run("predict", words) == 0
    for output in ("p.run.json", "p.predictions.tsv"):
        before = (tmp_path / output).read_bytes()
        assert run("report", (f"{tmp_path}/p", "--output", f"{tmp_path}/{output}")) == 2
        assert f"{output}: the output would replace" in capsys.readouterr().err
        assert (tmp_path / output).read_bytes() == before
    for _ in range(2):
        assert run("report", (f"{tmp_path}", "--output", f"{tmp_path}/p.html")) == 0


NAMES = ("sample.vcf.gz", "./sample.vcf.gz", "{tmp}/sample.vcf.gz", "link.vcf.gz", "< -", "< /dev/stdin")


@pytest.mark.parametrize("name", NAMES)
def test_a_vcf_is_not_replaced_by_its_own_scores(name: str, folder: Path, tmp_path: Path) -> None:
    """`score-variants --vcf sample.vcf.gz --output-prefix sample`, by any name of the file."""
    vcf = tmp_path / "sample.vcf.gz"
    vcf.write_bytes(gzip.compress((folder / "in.vcf").read_bytes()))
    (tmp_path / "link.vcf.gz").symlink_to(vcf.name)
    before = vcf.read_bytes()
    stdin, path = (vcf.open("rb"), name[2:]) if name[0] == "<" else (None, name.format(tmp=tmp_path))
    words = ("--vcf", path, "--genome", f"{folder}/g.fa", "--null-variants", "0", "--output-prefix", "sample")
    program = (sys.executable, "-m", "dnabert_enhancer", "score-variants")
    done = subprocess.run((*program, *words), cwd=tmp_path, stdin=stdin, capture_output=True, text=True)
    if stdin is not None:
        stdin.close()
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(
        f"sample.vcf.gz: the output would replace an input of this run ({path}); give the output another name"
    )
    assert vcf.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link.vcf.gz", "sample.vcf.gz"]


def test_the_record_of_the_run_that_made_an_input_stays(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`predict` and then `compare-db` with the same prefix: the second has a record of the same name."""
    prefix = tmp_path / "scan"
    words = ("--genome", f"{folder}/g.fa", "--model", f"{folder}/model", "--stride", "60", "--no-null")
    assert run("predict", (*words, "--threshold", "0.3", "--output-prefix", str(prefix))) == 0
    before = Path(f"{prefix}.run.json").read_bytes()
    case = CASES["compare-db with a FASTA"]
    instead = {f"{folder}/regions.bed": f"{prefix}.calls.bed.gz", f"{tmp_path}/c": str(prefix)}
    words = tuple(instead.get(word, word) for word in given(case, folder, tmp_path))
    capsys.readouterr()
    assert run("compare-db", words) == 2
    assert "scan.run.json: the output would replace an input" in capsys.readouterr().err
    assert Path(f"{prefix}.run.json").read_bytes() == before


@pytest.mark.parametrize("command", ["finetune", "import-model"])
def test_a_model_is_not_written_over_its_source(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    write_model(model, new_model("tiny", k=3, window_length=60))
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    (tmp_path / "rows.csv").write_text("sequence,label\nACGT,1\n")
    words = {
        "finetune": ("--dataset", f"{tmp_path}/rows.csv", "--base-model", f"{model}:enhancer"),
        "import-model": (str(model),),
    }[command]
    assert run(command, (*words, "--output-dir", f"{model}/../model")) == 2
    assert "the output would replace an input of this run" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_a_genome_is_not_copied_onto_itself(folder: Path, tmp_path: Path) -> None:
    assert run("index-genome", ("--genome", f"{folder}/g.fa", "--output-dir", f"{tmp_path}/i")) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "i").iterdir()}
    assert run("index-genome", ("--genome", f"{tmp_path}/i/genome.fa", "--output-dir", f"{tmp_path}/i")) == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "i").iterdir()} == before


def test_what_lies_in_the_folder_of_a_panels_scores_stays(folder: Path, tmp_path: Path) -> None:
    """PREFIX.tf-panel holds the scores of the models until the results are written."""
    case = CASES["score-variants panel"]
    (tmp_path / "v.tf-panel").mkdir()
    (tmp_path / "v.tf-panel" / "mine.txt").write_text("mine")
    assert run(case.command, given(case, folder, tmp_path)) == 0
    assert [path.name for path in (tmp_path / "v.tf-panel").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("prefix", ["", ".", "..", "out/", "out/.", "out/.."])
def test_a_prefix_without_a_name_is_refused(
    prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--output-prefix .` would write hidden files such as `..run.json`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.fa").write_text(">a\nACGT\n")
    assert run("predict", ("--fasta", "q.fa", "--output-prefix", prefix)) == 2
    assert f"--output-prefix {prefix!r} has no file name; give a path with a name" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["q.fa"]


def test_every_option_with_a_path_is_an_input_or_an_output() -> None:
    for command in COMMANDS:
        for action in build_parser(command)._actions:
            metavar = action.metavar or ""
            option = next(iter(action.option_strings), metavar)
            if isinstance(metavar, tuple) or not PATHS.fullmatch(metavar) or option == "RUN_PREFIX":
                continue
            assert (option in OUTPUTS) != (action.dest in INPUTS), (command, option)
