"""The forms against the commands: no option is forgotten or invented, defaults and choices are equal."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dnabert_enhancer.commands.cli import build_parser
from dnabert_enhancer.comparison import PRESETS
from dnabert_enhancer.interpret import LOGOS
from dnabert_enhancer.model.model_spec import CONFIGURATIONS
from dnabert_enhancer.training import TrainingSettings
from dnabert_enhancer.training.epoch_metrics import METRICS
from dnabert_enhancer.variants import VariantSettings

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from .conftest import Tool

COMMANDS = {
    "make_dataset": "make-dataset",
    "tokenize": "tokenize",
    "finetune": "finetune",
    "tune": "tune",
    "evaluate": "evaluate",
    "predict_sequences": "predict",
    "scan_genome": "predict",
    "score_variants": "score-variants",
    "interpret": "interpret",
    "compare_db": "compare-db",
    "report": "report",
}

LEFT_OUT_EVERYWHERE = {
    "--help": "the form is the help",
    "--version": "is the tool's version command",
    "--quiet": "the job's log tells counts",
    "--debug": "a user of Galaxy cannot mend code",
    "--device": "the default, auto, takes the GPU that the job is given and the CPU else",
    "--backend": "the default, auto, takes what is installed and fastest",
    "--shard": "Galaxy splits work by collections",
    "--merge": "belongs to --shard or --trial",
    "--list-presets": "the form lists them",
}
_OF_A_SCAN = (
    *("--genome", "--assembly-report", "--regions", "--skip-outside", "--contigs", "--merge-gap"),
    *("--null", "--no-null", "--null-fraction", "--null-exclude", "--seed", "--bedgraph", "--screen"),
)
LEFT_OUT = {
    "tokenize": {"--split": "the user chooses one table of the collection"},
    "finetune": {
        "--restart": "every job has a folder of its own",
        "--log-to": "the epochs are an output table; services on the network are not for a server's jobs",
        "--log-dir": "belongs to --log-to",
    },
    "tune": {
        "--trial": "a job trains all trials",
        "--restart": "every job has a folder of its own",
        "--log-to": "the trials are an output table; services on the network are not for a server's jobs",
        "--log-dir": "belongs to --log-to",
    },
    "evaluate": {
        "--jobs": "its default is --threads",
        "--train-negatives": "a table holds both classes; the tokenize tool makes one of two FASTA files",
    },
    "predict_sequences": dict.fromkeys(_OF_A_SCAN, "belongs to the scan")
    | dict.fromkeys(("--embeddings", "--pooling"), "no tool of Galaxy takes arrays of embeddings on")
    | {"--keep-letters": "is for comparing with the original code"},
    "scan_genome": dict.fromkeys(
        ("--fasta", "--tsv", "--embeddings", "--pooling"), "belongs to the other tool"
    )
    | {"--keep-letters": "is for comparing with the original code"},
    "score_variants": {
        "--panel-only": "belongs to --shard",
        "--cut": "belongs to --shard",
        "--most-parts": "belongs to --shard",
        "--part": "belongs to --shard",
        "--variant": "variants are a file of the history",
        "--parquet": "its package has no pyarrow, and Galaxy no viewer; the table holds the same",
    },
    "interpret": dict.fromkeys(("--baselines", "--steps", "--completeness-limit"), "belongs to gradients"),
    "compare_db": {"--databases": "the form is the manifest"},
    "report": {
        "--browser": "there it is where its package is installed, which a user cannot change",
        "--no-browser": "belongs to --browser",
        "--track-hub": "is a folder for a web server",
        "--assembly": "belongs to --track-hub",
        "--email": "belongs to --track-hub",
        "--multiqc": "is a folder of files for a program of its own",
        "--bundle": "its package, rocrate, is not in this tool's image",
        "--author": "belongs to --bundle",
        "--licence": "belongs to --bundle",
    },
}
LEFT_OUT_CHOICES = {
    ("interpret", "--method"): {"gradients": "needs torch, which this tool's package and image do not have"},
    ("interpret", "--discover"): {
        "modisco": "needs modisco-lite, which this tool's package and image do not have"
    },
}

COMPUTED_DEFAULTS = {
    ("score_variants", "--max-unknown"): VariantSettings().max_unknown,
    ("score_variants", "--offsets"): VariantSettings().offsets,
    ("score_variants", "--null-variants"): VariantSettings().null_variants,
    ("score_variants", "--seed"): VariantSettings().seed,
    ("score_variants", "--min-change"): VariantSettings().min_change,
    ("score_variants", "--min-lor"): VariantSettings().min_lor,
    ("interpret", "--logos"): LOGOS,
}
"""Where the parser's default is None, and the command takes this."""
OTHER_DEFAULTS = {
    ("tokenize", "--k"): "it has none in the command; 6 is what the packaged model reads",
    ("compare_db", "--assembly"): "it has none in the command",
    ("finetune", "--folds"): "it has none in the command",
    ("tune", "--base-model"): "it has none in the command",
    ("tune", "--k"): "None stands for 6 in the command, where the base is fresh",
    ("tune", "--model-name"): "it has none in the command",
    ("finetune", "--base-model"): "it has none in the command",
    ("finetune", "--k"): "None stands for 6 in the command, where the base is fresh",
    ("finetune", "--model-name"): "the command takes the folder's name, which is this",
    ("predict_sequences", "--threshold"): "asked for only where the user wants a number of their own",
    ("scan_genome", "--threshold"): "asked for only where the user wants a number of their own",
    ("interpret", "--null"): "asked for only where the user wants seqlets",
    ("evaluate", "--split"): "the command takes test too, where the data set is a folder",
    ("evaluate", "--by"): "it has none in the command",
    ("evaluate", "--baselines"): "without names the command takes all, as selected here",
}


def parser_options(tool: str) -> dict[str, argparse.Action]:
    """Return the actions of a tool's command by each of their option names."""
    parser = build_parser(COMMANDS[tool])
    return {
        option: action
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }


def form_options(tool: Tool) -> set[str]:
    """Return the options that the command template or a boolean of the form can give."""
    template = re.sub(r"^\s*##.*$", "", tool.command, flags=re.MULTILINE)
    texts = [template.partition("dnabert-enhancer ")[2]]
    for param in tool.inputs().values():
        texts += [param.get("truevalue") or "", param.get("falsevalue") or ""]
    return {match for text in texts for match in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text)}


def option_problems(tool: Tool) -> list[str]:
    """Return what is missing in the form, or in the command."""
    known, given = parser_options(tool.name), form_options(tool)
    left_out = LEFT_OUT_EVERYWHERE | LEFT_OUT.get(tool.name, {})
    problems = [f"{option} is no option of the command" for option in sorted(given - set(known))]
    problems += [
        f"{option} is neither in the form nor left out for a reason"
        for option in sorted(set(known) - given - set(left_out))
    ]
    problems += [
        f"{option} is in the form and in the list of those left out"
        for option in sorted(given & set(left_out))
    ]
    problems += [
        f"{option} is left out but the command has no such option"
        for option in sorted(set(LEFT_OUT.get(tool.name, {})) - set(known))
    ]
    for name, param in tool.inputs().items():
        argument = param.get("argument")
        if argument is not None and argument not in known:
            problems.append(f"{name}: {argument} is no option of the command")
    return problems


def default_problems(tool: Tool) -> list[str]:
    """Return parameters whose default, choices or limits are not those of the command."""
    known = parser_options(tool.name)
    problems = []
    for name, param in tool.inputs().items():
        option = param.get("argument")
        if option is None or option not in known:
            continue
        action = known[option]
        key = (tool.name, option)
        default = vars(action).get("setting_default", action.default)
        wanted = COMPUTED_DEFAULTS.get(key, None if default == argparse.SUPPRESS else default)
        if param.get("type") == "select":
            left_out = set(LEFT_OUT_CHOICES.get(key, ()))
            problems += [
                f"{name}: {choice} is left out but the command has no such choice"
                for choice in sorted(left_out - {str(choice) for choice in action.choices or ()})
            ]
            problems += select_problems(
                name, param, action, wanted, left_out, check_default=key not in OTHER_DEFAULTS
            )
        elif param.get("type") == "boolean":
            checked = param.get("checked") == "true"
            turned_on = bool(wanted) if isinstance(wanted, bool) else False
            if checked != turned_on:
                problems.append(f"{name}: checked is {checked}, the command's default {wanted}")
        elif param.get("type") in ("integer", "float", "text") and key not in OTHER_DEFAULTS:
            problems += value_problems(name, param, action, wanted)
        for limit in ("min", "max"):
            if param.get(limit) is not None and callable(action.type):
                try:
                    action.type(param.get(limit))
                except (argparse.ArgumentTypeError, ValueError):
                    problems.append(f"{name}: the command refuses the {limit} {param.get(limit)}")
    return problems


def select_problems(
    name: str,
    param: Element,
    action: argparse.Action,
    wanted: object,
    left_out: set[str],
    *,
    check_default: bool,
) -> list[str]:
    """Return what is wrong with the choices of a select."""
    values = [str(option.get("value")) for option in param.iterfind("option")]
    chosen = [
        str(option.get("value")) for option in param.iterfind("option") if option.get("selected") == "true"
    ]
    problems = []
    if action.choices is not None:
        choices = {str(choice) for choice in action.choices} - left_out
        if set(values) - {"auto"} != choices - {"auto"}:
            problems.append(f"{name}: {sorted(set(values) ^ choices)} are in the form or the command only")
    if check_default:
        expected = "auto" if wanted in (None, "", ()) else str(wanted)
        if chosen != [expected]:
            problems.append(f"{name}: {chosen} is selected, the command's default is {wanted!r}")
    return problems


def value_problems(name: str, param: Element, action: argparse.Action, wanted: object) -> list[str]:
    """Return whether a value differs from the command's."""
    text = param.get("value") or ""
    if text == "" or wanted in (None, "", ()):
        same = text == "" and wanted in (None, "", ()) and param.get("optional") == "true"
    elif callable(action.type):
        same = action.type(text) == wanted
    else:
        same = text == wanted
    return [] if same else [f"{name}: {text!r} in the form, {wanted!r} in the command"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_form_or_left_out_for_a_reason(
    name: str, read_tool: Callable[..., Tool]
) -> None:
    assert option_problems(read_tool(name)) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_defaults_choices_and_limits_are_those_of_the_command(
    name: str, read_tool: Callable[..., Tool]
) -> None:
    assert default_problems(read_tool(name)) == []


def test_every_tool_of_the_suite_is_checked(suite: Path) -> None:
    assert {path.stem for path in suite.glob("*.xml")} - {"macros"} == set(COMMANDS)


def test_the_presets_of_the_form_are_those_of_the_command(read_tool: Callable[..., Tool]) -> None:
    options = read_tool("compare_db").inputs()["databases.preset"].iterfind("option")
    assert [option.get("value") for option in options] == ["auto", *PRESETS]


def test_the_fresh_models_of_the_form_are_those_of_the_command(read_tool: Callable[..., Tool]) -> None:
    options = read_tool("finetune").inputs()["base.size"].iterfind("option")
    assert [option.get("value") for option in options] == [f"new:{size}" for size in CONFIGURATIONS]


def test_the_metrics_of_the_form_are_those_of_the_command(read_tool: Callable[..., Tool]) -> None:
    options = read_tool("finetune").inputs()["advanced.metric"].iterfind("option")
    assert {option.get("value") for option in options} == {"auto"}.union(*METRICS.values())


def test_limits_of_finetune_are_what_a_training_can_be_told(read_tool: Callable[..., Tool]) -> None:
    types = {field.name: field.type for field in dataclasses.fields(TrainingSettings)}
    checked = set()
    for name, param in read_tool("finetune").inputs().items():
        setting = name.rpartition(".")[2]
        if param.get("type") in ("integer", "float") and setting in types:
            number = int if param.get("type") == "integer" else float
            for limit in ("min", "max"):
                if param.get(limit) is not None:
                    TrainingSettings(**{setting: number(str(param.get(limit)))})
                    checked.add(setting)
    assert len(checked) > 15


@pytest.mark.parametrize(
    ("name", "text", "other", "said"),
    [
        ("make_dataset", "--leak-k $advanced.leak_k", "", "--leak-k is neither in the form"),
        ("make_dataset", "--seed $seed", "--seeds $seed", "--seeds is no option"),
        ("tokenize", "$keep_letters\n", "--split train\n", "--split is in the form and in the list"),
        ("scan_genome", 'argument="--merge-gap"', 'argument="--merge-gaps"', "--merge-gaps is no option"),
    ],
)
def test_a_forgotten_or_invented_option_is_found(
    name: str, text: str, other: str, said: str, read_changed: Callable[[str, str, str], Tool]
) -> None:
    assert said in " ".join(option_problems(read_changed(name, text, other)))


@pytest.mark.parametrize(
    ("name", "text", "other", "said"),
    [
        ("make_dataset", 'value="200" label', 'value="201" label', "'201' in the form, 200 in the command"),
        ("score_variants", 'type="text" value="5"', 'type="text" value="7"', "'7' in the form, 5 in the"),
        ("interpret", 'min="1" value="5"', 'min="0" value="5"', "refuses the min 0"),
        ("finetune", '<option value="cosine">As a cosine</option>', "", "['cosine'] are in the form or the"),
        ("finetune", '<option value="lora">', '<option value="lora" selected="true">', "'lora'] is selected"),
        ("make_dataset", 'checked="false" label="Read', 'checked="true" label="Read', "checked is True"),
    ],
)  # fmt: skip
def test_another_default_choice_or_limit_is_found(
    name: str, text: str, other: str, said: str, read_changed: Callable[[str, str, str], Tool]
) -> None:
    assert said in " ".join(default_problems(read_changed(name, text, other)))
