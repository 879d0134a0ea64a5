"""Command lines of README, CONTRIBUTING, docs/ and other READMEs, and options in messages: all of them exist.

A line of a block is parsed whole, by the command's own parser; code within a sentence may leave things out.
Words in capitals and `…` stand for what the reader fills in.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import itertools
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dnabert_enhancer.commands.cli import COMMANDS, build_parser

REPOSITORY = Path(__file__).resolve().parents[2]
_PATTERNS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/**/*.md",
    "galaxy_tools/**/README.md",
    "[abt]*/*/README.md",
)
PAGES = sorted({path for pattern in _PATTERNS for path in REPOSITORY.glob(pattern)})
FOLDERS = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")}
NOT_IN_THE_REPOSITORY = {"work", "results", "demo-results", "test-results", "site", "build", "dist"}
"""Folders that runs make, where they lie beside the sources."""
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*(/[A-Z])?|.*(…|\.\.\.).*")
NEXTFLOW_OPTIONS = {
    *("-profile", "-resume", "-c", "-params-file", "-w", "-work-dir", "-stub-run", "-stub", "-preview"),
    *("-with-report", "-with-trace", "-with-timeline", "-with-dag", "-name", "-bg", "-ansi-log"),
}


OPTIONS_OF_OTHERS = {
    "--gres",
    "--nv",
    "--gpus",
    "--account",
    "--build-arg",
    "--fai-idx",
    "--gzi-idx",
    "--rename-chrs",
    "--tsv2vcf",
    "--completion",
}
"""Of Slurm, container engines, samtools and the program itself, as pages and messages name them."""


class Line(NamedTuple):
    """A command line of a page; a whole one stands in a block of its own."""

    page: str
    number: int
    words: list[str]
    whole: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {shlex.join(self.words)}"


def code_of(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield number and text of every line of a block (then True) and of every code in a sentence (False)."""
    text = re.sub(r"\\\n[ \t]*", "\0", text)  # a line that goes on in the next
    number, in_fence, prose = 1, False, ""
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        in_fence ^= fence
        if not fence and (in_fence or line.startswith("    ")):
            yield number, line, True
        if fence or in_fence or not line.strip():
            yield from _code_in(prose, number)
            prose = ""
        elif not line.startswith("    ") or re.search(r"`[^`]+`", line):
            prose += f"{line.strip()} "
        number += 1 + line.count("\0")
    yield from _code_in(prose, number)


def _code_in(prose: str, number: int) -> Iterator[tuple[int, str, bool]]:
    for _, code in re.findall(r"(`+)(.+?)\1", prose):
        yield number, code.replace("\\|", "|"), False


def lines_of(page: str, text: str) -> Iterator[Line]:
    """Yield the commands in the code of a page, those that stand behind one another each on its own."""
    for number, code, whole in code_of(text):
        try:
            words = shlex.split(code.replace("\0", " "), comments=True)
        except ValueError:  # an apostrophe of a sentence, a listing of Python
            continue
        words = [part for word in words for part in ((word[:-1], ";") if word.endswith(";") else (word,))]
        for is_end, group in itertools.groupby(words, lambda word: word in ("&&", "||", "|", ";", "&")):
            part = list(itertools.dropwhile(lambda word: re.match(r"[A-Za-z_]+=|[$!]$", word), group))
            part = list(itertools.takewhile(lambda word: word[0:1] not in ("<", ">"), part))
            if part and not is_end:
                yield Line(page, number, part, whole)


@functools.cache
def parser_of(command: str) -> argparse.ArgumentParser:
    return build_parser(command)


def problem_of_command(line: Line, command: str, words: list[str]) -> str | None:
    """Return what the command's own parser says to a whole line, or what is unknown in a part of one."""
    if line.whole and not any(PLACEHOLDER.fullmatch(word) for word in words):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            try:
                parser_of(command).parse_args(words)
            except SystemExit as stop:
                return said.getvalue().strip() if stop.code else None
        return None
    options = parser_of(command)._option_string_actions
    for word, following in itertools.pairwise([*words, ""]):
        option, given, value = word.partition("=")
        if not word.startswith("-") or PLACEHOLDER.fullmatch(word):
            continue
        if option not in options:
            return f"{command} has no option {option}"
        value = value if given else following
        action = options[option]
        if value.startswith("-") or not value or PLACEHOLDER.fullmatch(value) or action.nargs == 0:
            continue
        try:
            converted = action.type(value) if callable(action.type) else value
        except (argparse.ArgumentTypeError, ValueError) as error:
            return f"{option} takes no {value}: {error}"
        if action.choices is not None and converted not in action.choices:
            return f"{option} has no choice {value}"
    return None


@functools.cache
def parameters() -> dict[str, dict]:
    groups = json.loads((REPOSITORY / "nextflow_schema.json").read_text())["$defs"].values()
    return {name: rule for group in groups for name, rule in group["properties"].items()}


@functools.cache
def profiles() -> set[str]:
    names = set()
    for path in [REPOSITORY / "nextflow.config", *(REPOSITORY / "conf").glob("*.config")]:
        for block in re.findall(r"^profiles \{\n(.*?)^\}", path.read_text(), re.DOTALL | re.MULTILINE):
            names |= set(re.findall(r"^ {4}'?([\w-]+)'? \{", block, re.MULTILINE))
    return names


def problem_of_pipeline(words: list[str]) -> str | None:
    """Return what is wrong with a line `nextflow run main.nf …`."""
    for word, following in itertools.pairwise([*words, ""]):
        if word == "-profile":
            unknown = set(following.split(",")) - profiles()
            if unknown:
                return f"there is no profile {', '.join(sorted(unknown))}"
        if not word.startswith("--"):
            if re.match(r"-[a-z]", word) and word not in NEXTFLOW_OPTIONS:
                return f"nextflow has no option {word}"
            continue
        name, given, value = word[2:].partition("=")
        rule = parameters().get(name)
        if rule is None:
            return f"the pipeline has no parameter --{name}"
        value = value if given else following
        if (
            not given
            and following.startswith("-")
            and rule["type"] != "boolean"
            and following not in NEXTFLOW_OPTIONS
        ):
            return f"nextflow takes {following} for a parameter: write --{name}='{following}'"
        if "enum" in rule and value not in map(str, rule["enum"]) and not PLACEHOLDER.fullmatch(value):
            return f"--{name} has no choice {value}"
    return None


@functools.cache
def targets() -> set[str]:
    text = (REPOSITORY / "Makefile").read_text().replace("$(VENV)", ".venv")
    return set(re.findall(r"^([a-z.][\w./-]*):", text, re.MULTILINE))


@functools.cache
def extras() -> set[str]:
    return set(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def problem_of_pip(words: list[str]) -> str | None:
    """Return what is wrong with a `pip install` of the suite, which no index holds."""
    for word in words:
        name, _, named = word.rstrip("]").partition("[")
        if name == "dnabert-enhancer":
            return "no index holds dnabert-enhancer: write pip install . in a clone"
        if named and name in (".", "PATH") and not set(named.split(",")) <= extras():
            return f"there is no extra {named}"
    return None


def problem_of_paths(words: list[str]) -> str | None:
    """Return the first file of the repository that a line names and that is not there."""
    for word in words:
        path = re.sub(r"[:=]\S*$", "", word.removeprefix("PATH/").removeprefix("$PWD/").removeprefix("./"))
        first, slash, _ = path.partition("/")
        if not slash or first not in FOLDERS - NOT_IN_THE_REPOSITORY or re.search(r"[A-Z]{4}|…|[{}$]", path):
            continue
        if not any(REPOSITORY.glob(path.rstrip("/"))):
            return f"there is no {path}"
    return None


def problem_of_script(words: list[str]) -> str | None:
    """Return the first option that a program of the repository does not know."""
    text = (REPOSITORY / words[0]).read_text()
    missing = [word for word in words[1:] if word.startswith("--") and word.partition("=")[0] not in text]
    return f"{words[0]} has no option {missing[0]}" if missing else None


@functools.cache
def options_of_commands() -> set[str]:
    """Return the options of all commands."""
    return {option for command in COMMANDS for option in parser_of(command)._option_string_actions}


@functools.cache
def options_of_all() -> set[str]:
    """Return the options of all commands, of the pipeline and of the repository's programs."""
    folders = ("benchmarks/*.py", "training/*/*.py", "tools/*.py", "tests/*/run", "containers/publish")
    programs = [path for folder in folders for path in REPOSITORY.glob(folder)]
    found = {option for path in programs for option in re.findall(r"--[a-z][\w-]*", path.read_text())}
    return found | options_of_commands() | {f"--{name}" for name in parameters()} | OPTIONS_OF_OTHERS


def problem_of(line: Line) -> str | None:
    """Return what is wrong with a line, or None."""
    words = line.words
    inside = [at for at, word in enumerate(words) if re.match(r"(\S*/)?dnabert-enhancer:\S+$", word)]
    if words[0] in ("docker", "podman") and "run" in words[:2] and inside:
        words = words[inside[0] + 1 :]
    if not words:
        return None
    if words[0] == "dnabert-enhancer" and len(words) > 1 and not words[1].startswith("-"):
        if PLACEHOLDER.fullmatch(words[1]):
            return None
        if words[1] not in COMMANDS:
            return f"there is no command {words[1]}"
        words = words[1:]
    if words[0] == ".venv/bin/python" and len(words) > 1:
        words = words[1:]
    program, *rest = words
    program = program.removeprefix("bin/")
    if program in COMMANDS and (rest or line.whole):
        return problem_of_command(line, program, rest) or problem_of_paths(rest)
    if program.endswith("nextflow") and rest[:1] == ["run"]:
        return problem_of_pipeline(rest[2:]) or problem_of_paths(rest)
    if program == "make":
        wrong = [word for word in rest if "=" not in word and word not in targets()]
        return f"there is no target {wrong[0]}" if wrong and (line.whole or len(rest) == 1) else None
    if program.endswith("pip") and rest[:1] == ["install"]:
        return problem_of_pip(rest)
    if program.startswith("--") and not line.whole and program.partition("=")[0] not in options_of_all():
        return f"nothing has the option {program}"
    if (REPOSITORY / program).is_file() and "/" in program:
        return problem_of_script([program, *rest])
    return problem_of_paths([program, *rest])


def problems(page: str, text: str) -> list[str]:
    """Return what is wrong with the command lines of a page, and with the files that it links."""
    found = [(line, problem_of(line)) for line in lines_of(page, text)]
    said = [f"{line}: {problem}" for line, problem in found if problem]
    folder = (REPOSITORY / page).parent
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
        if not (folder / target).exists():
            said.append(f"{page}: links {target}, which is not there")
    return said


@pytest.mark.parametrize("page", [str(path.relative_to(REPOSITORY)) for path in PAGES])
def test_what_a_page_tells_to_type_works(page: str) -> None:
    assert problems(page, (REPOSITORY / page).read_text(encoding="utf-8")) == []


def test_the_lines_of_the_pages_are_seen() -> None:
    lines = [line for path in PAGES for line in lines_of(path.name, path.read_text(encoding="utf-8"))]
    programs = [word for line in lines if line.whole for word in line.words[:2]]
    assert set(COMMANDS) - {"index-genome", "import-model", "tokenize"} <= set(programs)
    assert programs.count("nextflow") >= 5
    assert {"make", "docker", "tests/galaxy/run"} <= set(programs)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    predict --genome g.fa --output-prefix x --made-up 3", "unknown option --made-up"),
        ("    predict --genome g.fa --output-prefix x \\\n        --strand left", "invalid choice: 'left'"),
        ("    dnabert-enhancer finetune --dataset data", "required: --base-model"),
        ("```\npredict --genome g.fa --output-prefix x --stride -1\n```", "--stride"),
        ("    cd x && score-variants --vcf v.vcf --made-up …", "score-variants has no option --made-up"),
        ("    docker run --rm dnabert-enhancer:0.1.0 predict --made-up N", "predict has no option --made-up"),
        ("    dnabert-enhancer made-up --genome g.fa", "there is no command made-up"),
        ("Take `predict --made-up` for it.", "predict has no option --made-up"),
        ("Take `tokenize\n--made-up 3`.", "tokenize has no option --made-up"),
        ("| `finetune --method left` |", "--method has no choice left"),
        ("    nextflow run main.nf -profile dokcer --input s.csv", "there is no profile dokcer"),
        ("    nextflow run main.nf --made_up 3", "the pipeline has no parameter --made_up"),
        ("    nextflow run main.nf --backend onyx", "--backend has no choice onyx"),
        ("    nextflow run main.nf -made-up", "nextflow has no option -made-up"),
        (
            "    nextflow run main.nf --cluster_options '--account=lab'",
            "write --cluster_options='--account=lab'",
        ),
        ("with `--made-up 3` it", "nothing has the option --made-up"),
        ("`make made-up` does it", "there is no target made-up"),
        ("    pip install 'dnabert-enhancer[train]'", "no index holds dnabert-enhancer"),
        ("    pip install '.[made-up]'", "there is no extra made-up"),
        ("see `docs/made-up.md`", "there is no docs/made-up.md"),
        ("    tests/galaxy/run --made-up", "tests/galaxy/run has no option --made-up"),
        ("[page](docs/made-up.md)", "links docs/made-up.md"),
    ],
)
def test_what_would_not_work_is_found(text: str, said: str) -> None:
    assert said in " ".join(problems("README.md", f"Text.\n\n{text}\n"))


@pytest.mark.parametrize("suffix", ["py", "md", "xml", "nf"])
def test_nothing_names_an_installation_from_an_index(suffix: str) -> None:
    folders = [REPOSITORY / name for name in ("src", "docs", "galaxy_tools", "modules", "training")]
    found = [
        path
        for folder in folders
        for path in folder.rglob(f"*.{suffix}")
        if "dnabert-enhancer[" in path.read_text()
    ]
    assert found == []


def test_messages_and_help_name_options_that_exist() -> None:
    unknown = {
        option: str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "src").rglob("*.py")
        for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", path.read_text(encoding="utf-8"))
        if option not in options_of_commands() | OPTIONS_OF_OTHERS
    }
    assert unknown == {}
