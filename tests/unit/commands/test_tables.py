"""Tables on a terminal of a known width, and in a pipe (commands/tables)."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from dnabert_enhancer.commands.tables import show_table

TITLES = ("database", "elements", "calls in it", "fold circular", "AUROC")
ROWS = [("FANTOM5", "1,234", "24", "2.1 (1.1-4.0)", "0.612"), ("VISTA [x]", "12", "2", "-", "-\n(none)")]


def on_terminal(columns: int, call: str = f"show_table('180 calls', {TITLES}, {ROWS})") -> list[str]:
    """Return what a terminal of a width gets, without the codes of colours."""
    code = f"from dnabert_enhancer.commands.tables import show_list, show_table; {call}"
    end, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": ""}
    with subprocess.Popen([sys.executable, "-c", code], stdout=terminal, env=environment) as process:
        os.close(terminal)
        text = b""
        while True:
            try:
                part = os.read(end, 4096)
            except OSError:  # Linux says so that the other end is closed
                break
            if not part:
                break
            text += part
    os.close(end)
    assert process.returncode == 0
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).splitlines()]


def test_a_wide_terminal_has_one_table() -> None:
    lines = on_terminal(100)
    assert [line.split() for line in lines if line.split()] == [
        ["180", "calls"],
        ["calls"],
        ["database", "elements", "in", "it", "fold", "circular", "AUROC"],
        ["─" * (9 + 8 + 5 + 13 + 6 + 4 * 3)],
        ["FANTOM5", "1,234", "24", "2.1", "(1.1-4.0)", "0.612"],
        ["VISTA", "[x]", "12", "2", "-", "-"],
        ["(none)"],
    ]


def test_words_are_wrapped_and_names_are_whole() -> None:
    rows = [
        ("deepvregulome/GATA1", "301", "CC-BY-NC-4.0", "binding of the factor GATA1, from ChIP-seq of ENCODE")
    ]
    titles = ("name", "window", "licence", "predicts")
    call = f"show_list('', {titles}, {rows}, least=('name', 'predicts'))"
    for columns, names in ((120, titles), (90, titles), (60, ("name", "predicts"))):
        lines = on_terminal(columns, call)
        assert max(map(len, lines)) <= columns
        head, _, *body = [line.split() for line in lines if line.strip()]
        assert tuple(head) == names
        assert body[0][0] == "deepvregulome/GATA1"
        assert " ".join(word for line in body for word in line).endswith(rows[0][-1])


@pytest.mark.parametrize(("columns", "tables"), [(80, 1), (50, 2), (30, 4)])
def test_a_narrow_one_has_several_with_every_number_whole(columns: int, tables: int) -> None:
    lines = on_terminal(columns)
    assert sum(line.lstrip().startswith("VISTA") for line in lines) == tables
    assert sum("─" in line for line in lines) >= tables
    assert max(map(len, lines)) <= columns
    text = "\n".join(lines)
    assert all(text.count(cell) == 1 for cell in ("1,234", "2.1 (1.1-4.0)", "0.612"))


def test_a_pipe_gets_tsv(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("180 calls", TITLES, ROWS)
    assert capsys.readouterr().out == (
        "# 180 calls\ndatabase\telements\tcalls in it\tfold circular\tAUROC\n"
        "FANTOM5\t1,234\t24\t2.1 (1.1-4.0)\t0.612\nVISTA [x]\t12\t2\t-\t- (none)\n"
    )
