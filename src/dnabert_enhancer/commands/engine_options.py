"""The options by which commands let users steer the engine."""

from __future__ import annotations

import argparse

from dnabert_enhancer.engine import BackendName, Device, EngineSettings, Precision, Strand


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the engine's options, as a group of their own."""
    group = parser.add_argument_group("engine")
    group.add_argument(
        "--device", choices=[*Device], default="auto", help="where the model runs (default auto)"
    )
    group.add_argument(
        "--backend", choices=[*BackendName], default="auto", help="what runs it (default auto: the fastest)"
    )
    group.add_argument(
        "--precision",
        choices=[*Precision],
        default="auto",
        help="how exactly it computes (default auto: the fastest that agrees with float32 on the input)",
    )
    group.add_argument(
        "--batch-size",
        type=int,
        default=0,
        metavar="N",
        help="windows handed over together (default 0: chosen)",
    )
    group.add_argument(
        "--threads", type=int, default=0, metavar="N", help="processor threads (default 0: all it may use)"
    )
    group.add_argument(
        "--strand",
        choices=[*Strand],
        default="both",
        help="both averages a window with its reverse complement (default)",
    )


def settings_from(args: argparse.Namespace) -> EngineSettings:
    """Return the settings that the options ask for."""
    return EngineSettings(
        device=args.device,
        backend=args.backend,
        precision=args.precision,
        batch_size=args.batch_size,
        threads=args.threads,
        strand=args.strand,
    )
