"""The options by which commands let users steer the engine."""

from __future__ import annotations

import argparse
import dataclasses

from dnabert_enhancer.commands.options import add_setting
from dnabert_enhancer.engine import BackendName, Device, EngineSettings, Precision, Strand


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the engine's options, as a group of their own."""
    group = parser.add_argument_group("engine")
    add_setting(group, EngineSettings, "device", "where the model runs", choices=[*Device])
    add_setting(group, EngineSettings, "backend", "what runs it; auto follows a rule", choices=[*BackendName])
    add_setting(
        group,
        EngineSettings,
        "precision",
        "how exactly it computes; auto is float32, or bfloat16 on processors made for it where results agree",
        choices=[*Precision],
    )
    add_setting(
        group,
        EngineSettings,
        "batch_size",
        "windows handed over together; 0 chooses",
        type=int,
        metavar="N",
    )
    add_setting(
        group, EngineSettings, "threads", "processor threads; 0 takes all it may use", type=int, metavar="N"
    )
    add_setting(
        group,
        EngineSettings,
        "strand",
        "both averages a window with its reverse complement",
        choices=[*Strand],
    )


def settings_from(args: argparse.Namespace) -> EngineSettings:
    """Return the settings that the options ask for."""
    names = {field.name for field in dataclasses.fields(EngineSettings)}
    return EngineSettings(**{name: value for name, value in vars(args).items() if name in names})
