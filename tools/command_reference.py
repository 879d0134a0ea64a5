#!/usr/bin/env python3
"""Write docs/commands.md from the commands' own parsers; with --check, fail when it is not up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dnabert_enhancer.commands.cli import COMMANDS, build_parser, load_command

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEAD = """# Commands

Each command is an executable in `bin/`, and a subcommand of `dnabert-enhancer` after `pip install`.
Exit codes: 0 done; 2 bad arguments or input (one line says what and where); 3 not enough resources, or an
optional package is missing.

This page is written by `tools/command_reference.py` from the programs' own option tables.
"""
MESSAGES = "messages"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _option(action: argparse.Action) -> str:
    name = (
        ", ".join(f"`{option}`" for option in action.option_strings) or f"`{action.metavar or action.dest}`"
    )
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return name
    if action.choices is not None:
        return f"{name} {_cell(' | '.join(map(str, action.choices)))}"
    metavar = action.metavar or action.dest.upper()
    return f"{name} {_cell(' '.join(metavar) if isinstance(metavar, tuple) else metavar)}"


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    return _cell(f"{text} (required)" if action.required else text)


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS and action.dest not in ("help", "version")


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for name, entry in COMMANDS.items():
        parser = build_parser(name, name)
        examples = "\n".join(load_command(name).EXAMPLES)
        parts.append(
            f"## {name}\n\n{entry.summary[0].upper()}{entry.summary[1:]}.\n\n```bash\n{examples}\n```\n"
        )
        for group in parser._action_groups:
            actions = [action for action in group._group_actions if _is_shown(action)]
            if not actions or group.title == MESSAGES:
                continue
            title = "" if group.title in ("options", "positional arguments") else f"**{group.title}**\n\n"
            rows = "\n".join(f"| {_option(action)} | {_help(action, parser)} |" for action in actions)
            parts.append(f"{title}| option | meaning |\n| --- | --- |\n{rows}\n")
    parts.append(
        "Every command also takes `--quiet`, `--debug`, `--version` and `--help`.\n\n"
        'In a terminal, `eval "$(dnabert-enhancer --completion bash)"` (or zsh, fish) completes commands, '
        "options, choices and names of models.\n"
    )
    return "\n".join(parts)


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the page differs")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.name} is not up to date: run tools/{Path(__file__).name}")


if __name__ == "__main__":
    main()
