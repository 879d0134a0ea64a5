"""The engine's options: what they ask for by default and when given."""

from __future__ import annotations

import argparse

import pytest

from dnabert_enhancer.commands.options import Options, add_engine_arguments
from dnabert_enhancer.engine import EngineSettings


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], EngineSettings()),
        (["--precision", "float32", "--threads", "3"], EngineSettings(precision="float32", threads=3)),
        (
            ["--device", "cpu", "--backend", "onnx", "--batch-size", "7", "--strand", "forward"],
            EngineSettings(device="cpu", backend="onnx", batch_size=7, strand="forward"),
        ),
    ],
)
def test_options_become_settings(arguments: list[str], settings: EngineSettings) -> None:
    parser = argparse.ArgumentParser()
    add_engine_arguments(parser)
    options = Options("predict", (), vars(parser.parse_args(arguments)))
    assert options.settings(EngineSettings) == settings


@pytest.mark.parametrize(
    "arguments", [["--device", "tpu"], ["--precision", "float16"], ["--threads", "many"]]
)
def test_other_values_are_refused(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_engine_arguments(parser)
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parser.parse_args(arguments)
