"""Help, words that are nearly right, and completion at a terminal (commands/parser, commands/completion)."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.commands.cli import COMMANDS, build_parser, load_command
from dnabert_enhancer.commands.parser import CommandParser, TerminalFormatter

REPOSITORY = Path(__file__).resolve().parents[2]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    output = capsys.readouterr()
    return int(stop.value.code or 0), output.out, output.err


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_the_terminal(command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    parser = build_parser(command)
    text = parser.format_help().removeprefix(parser.format_usage())
    words = [word for word in text.partition("examples:")[0].split() if len(word) > columns / 3]
    for line in text.splitlines():
        # argparse does not divide the options' own words; an example is one line of at most 78 letters
        is_example = line in parser.epilog.splitlines() if parser.epilog else False
        assert len(line) <= columns or is_example or any(word in line for word in words), line
    assert max(map(len, str(parser.epilog).splitlines())) <= 78


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_two_examples_that_the_parser_takes(command: str) -> None:
    examples = load_command(command).EXAMPLES
    assert len(examples) >= 2
    assert build_parser(command).format_help().endswith(f"  {examples[-1]}\n")
    for example in examples:
        words = shlex.split(example.replace("\\\n", " "))
        assert words[0] == command
        if words[-1] == "--list-presets":  # prints and ends
            continue
        build_parser(command).parse_args(words[1:])


def test_description_is_wrapped_with_its_list() -> None:
    text = "A line that is\ntoo short.\n\n  get X   what it\n          gets at last\n  remove  what goes\n"
    wrapped = TerminalFormatter("p", width=22)._fill_text(text, 22, "")
    assert wrapped == (
        "A line that is too\nshort.\n\n  get X   what it gets\n          at last\n  remove  what goes"
    )


def test_program_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, errors = said(capsys)
    assert (code, errors) == (0, "")
    assert printed.startswith("usage: dnabert-enhancer COMMAND [options]\n")
    assert all(f"\n  {name} " in printed for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("predct", "argument COMMAND: invalid choice: 'predct'; did you mean predict?"),
        ("models lst", "argument ACTION: invalid choice: 'lst'; did you mean list?"),
        ("predict --genom x", "unknown option --genom; did you mean --genome?"),
        ("predict --genom=x", "unknown option --genom; did you mean --genome?"),
        ("predict --fasta x --qqq", "unknown option --qqq"),
        (
            "predict --fasta x --output-prefix y --device cud",
            "argument --device: invalid choice: 'cud'; did you mean cuda?",
        ),
        (
            "predict --fasta x --output-prefix y --device quantum",
            "argument --device: invalid choice: 'quantum'; choose from auto, cpu, cuda",
        ),
    ],
)
def test_a_word_that_is_nearly_right(arguments: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, errors = said(capsys, *arguments.split())
    program = "dnabert-enhancer" if "COMMAND" in line else f"dnabert-enhancer {arguments.split()[0]}"
    assert (code, printed, errors) == (2, "", f"{program}: error: {line}; see {program} --help\n")


def test_words_behind_two_hyphens_are_no_options() -> None:
    parser = CommandParser(prog="p")
    parser.add_argument("names", nargs="*")
    assert parser.parse_args(["--", "--a"]) == argparse.Namespace(names=["--a"])


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("dnabert-enhancer pre", ["predict "]),
        ("dnabert-enhancer predict --genom", ["--genome "]),
        ("dnabert-enhancer predict --strand ", ["both", "forward"]),
        ("dnabert-enhancer predict --model dnabert-enh", ["dnabert-enhancer-201", "dnabert-enhancer-350"]),
        ("dnabert-enhancer models get deepvregulome/CTC", ["deepvregulome/CTCFL "]),
    ],
)
def test_bash_completes_the_line(typed: str, offered: list[str], tmp_path: Path) -> None:
    """As bash does when the tabulator is pressed: its variables set, the registered function called."""
    program = tmp_path / "dnabert-enhancer"
    program.write_text(
        f"#!{sys.executable}\nfrom dnabert_enhancer.__main__ import start\nstart()\n", encoding="utf-8"
    )
    program.chmod(0o755)
    script = (
        'set -e; eval "$(dnabert-enhancer --completion bash)"; COMP_TYPE=9\n'
        'COMP_LINE=$1; COMP_POINT=${#COMP_LINE}; COMP_WORDS=($1); [[ $1 == *" " ]] && COMP_WORDS+=("")\n'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
        '$(complete -p dnabert-enhancer | sed "s/.*-F //; s/ .*//") dnabert-enhancer\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bash", typed],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.stderr, done.stdout.splitlines()) == ("", offered)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, errors = said(capsys, "--completion", shell)
    assert (code, errors) == (0, "")
    assert "dnabert-enhancer" in printed
    assert "_ARGCOMPLETE" in printed
