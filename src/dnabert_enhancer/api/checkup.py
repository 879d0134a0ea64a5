"""Looks at an installation: what it has, what it lacks, and how a model would run on this machine."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer import TELEMETRY_SWITCHES, __version__
from dnabert_enhancer.api.findings import Diagnosis, Finding, Level
from dnabert_enhancer.engine import (
    TELLING_FEATURES,
    EngineSettings,
    Selection,
    available_threads,
    fixed_windows,
    gpu_name,
    known_agreement,
    load_backend,
    measure_ways,
    outputs_of,
    select_way,
    this_processor,
)
from dnabert_enhancer.errors import DnabertEnhancerError
from dnabert_enhancer.files import CACHE_VARIABLE, cache_state
from dnabert_enhancer.installation import (
    DISTRIBUTION,
    PROGRAMS,
    find_program,
    package_versions,
    packages_of_extras,
    version_of,
)
from dnabert_enhancer.model import EnhancerModel, open_model

_GIB = 1 << 30
_LEAST_BYTES = _GIB
_TRIED_WINDOWS = 8


def doctor(
    model: str | os.PathLike[str] | None = None,
    settings: EngineSettings | None = None,
    *,
    measure: bool = False,
) -> Diagnosis:
    """Look at the installation and say what is wrong or missing.

    Parameters
    ----------
    model : str or path, optional
        Whose way of computing is told; default: the packaged model.
    settings : EngineSettings, optional
        What would be asked of the engine.
    measure : bool
        Measure every backend and precision on fixed windows; some seconds each. Nothing is chosen by it.

    Returns
    -------
    Diagnosis
        ``print`` shows the report; ``problems`` are the findings to mend; ``to_dict()`` gives JSON values.
    """
    settings = settings or EngineSettings()
    findings = [*_machine(settings), *_software(), *_storage()]
    try:
        opened = open_model(model)
        selection = select_way(opened, settings)
        findings += [*_model(opened), *_engine(opened, selection, settings)]
        if measure:
            findings += _measured(opened, settings)
    except DnabertEnhancerError as error:
        findings.append(Finding("Model", "model", str(error), Level.PROBLEM))
    return Diagnosis(tuple(findings))


def _machine(settings: EngineSettings) -> Iterator[Finding]:
    processor = this_processor()
    features = [name for name in TELLING_FEATURES if processor.has(name)]
    text = f"{processor.name or processor.vendor}; {', '.join(features) or 'no vector features known'}"
    yield Finding("Machine", "processor", text, values={"vendor": processor.vendor, "features": features})
    threads, processors = settings.used_threads, os.cpu_count() or 1
    text = f"{threads} of {processors} processors are used"
    if available_threads() < processors:
        text += "; the rest is kept away by affinity, a container or OMP_NUM_THREADS"
    yield Finding("Machine", "threads", text, values={"used": threads, "processors": processors})
    name = gpu_name()
    yield Finding("Machine", "GPU", name or "none", values={"gpu": name})
    if (free := _free_memory()) is not None:
        yield _space("memory", f"{_gib(free)} free", free, "give the job more memory")


def _software() -> Iterator[Finding]:
    versions = package_versions(__version__)
    own, python = (versions.pop(name) for name in (DISTRIBUTION, "python"))
    system = f"{platform.system()} {platform.machine()}"
    yield Finding("Software", "suite", f"{own} on Python {python}, {system}", values={"version": own})
    text = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield Finding("Software", "packages", text, values={"versions": versions})
    for extra, packages in packages_of_extras().items():
        absent = [name for name in packages if version_of(name) is None]
        values = {"missing": absent}
        if not extra:
            if absent:
                yield Finding(
                    *("Software", "core", f"missing: {', '.join(absent)}", Level.PROBLEM),
                    *("install the suite again", values),
                )
        elif absent:
            remedy = f"pip install '.[{extra}]' in a clone of the suite"
            text = f"not installed: {', '.join(absent)}"
            yield Finding("Software", f"[{extra}]", text, Level.MISSING, remedy, values)
        else:
            yield Finding("Software", f"[{extra}]", "installed", values=values)
    for program in PROGRAMS:
        found = find_program(program)
        name = found.name if found else program.names[0]
        if found is None:
            text = f"not found; {program.purpose} needs it"
            yield Finding("Software", name, text, Level.MISSING, program.remedy, {"path": None})
        else:
            text = f"{found.version}, {found.path}" if found.version else found.path
            yield Finding("Software", name, text, values={"path": found.path, "version": found.version})
    on = [name for name, value in TELEMETRY_SWITCHES.items() if os.environ.get(name) != value]
    level, remedy = (Level.PROBLEM, f"unset {' '.join(on)}") if on else (Level.OK, "")
    text = "the environment lets packages report home" if on else "off; nothing is sent anywhere"
    yield Finding("Software", "telemetry", text, level, remedy, {"on": on})


def _storage() -> Iterator[Finding]:
    state = cache_state()
    values = state._asdict() | {"folder": None if state.folder is None else str(state.folder)}
    text = f"{state.folder}, {state.files} files, {state.size / (1 << 20):.1f} MiB"
    if state.variable:
        text += f", by {state.variable}"
    level, remedy = Level.OK, ""
    if not state.is_usable:
        level, remedy = Level.PROBLEM, f"set {CACHE_VARIABLE} to a folder that can be written"
        text = f"{state.folder or 'no home folder'}: cannot be written, so that indexes are made in every run"
    yield Finding("Storage", "cache", text, level, remedy, values)
    for name, folder in (("here", Path.cwd()), ("temporary", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free
        yield _space(name, f"{folder}, {_gib(free)} free", free, "free some space or use another folder")


def _model(model: EnhancerModel) -> Iterator[Finding]:
    card = model.card
    kind = model.kind
    if model.encoder is not None and model.layout is not None:
        kind = f"{model.layout.name} of {model.encoder.layers} layers of {model.encoder.hidden} units"
    text = f"{card.name}; {kind}, windows of {model.window_length} bp"
    yield Finding("Model", "name", text, values={"name": card.name, "kind": kind})
    text = f"{card.task}: {', '.join(card.labels)}"
    if card.further_outputs:
        text += f"; {len(card.further_outputs)} further outputs"
    yield Finding("Model", "tells", text, values={"task": card.task, "labels": list(card.labels)})
    yield Finding("Model", "place", str(model.source), values={"path": str(model.source)})
    yield Finding("Model", "digest", model.digest, values={"digest": model.digest})


def _engine(model: EnhancerModel, selection: Selection, settings: EngineSettings) -> Iterator[Finding]:
    way, why = selection.way, selection.why
    values: dict[str, Any] = {**way._asdict(), "why": why}
    yield Finding("Engine", "chosen", str(way), values=values)
    yield Finding("Engine", "why", why)
    if selection.exact is not None:
        known = known_agreement(model, way, selection.exact)
        text = f"will be compared with {selection.exact} at first use"
        if known is not None:
            text = f"agrees with {selection.exact}" if known.passes else f"differs from {selection.exact}"
            if not known.passes and not selection.is_asked_for:
                instead = ", then ".join(str(other) for other in (*selection.then, selection.exact))
                text += f", instead: {instead}"
        yield Finding("Engine", "check", text, values={} if known is None else known.report())
    windows = fixed_windows(model.window_length)[:_TRIED_WINDOWS]
    backend = load_backend(way, model, settings.used_threads)
    outputs = outputs_of(backend, model.tokenizer, windows, np.arange(len(windows)), both_strands=False)
    mean = float(outputs.mean(dtype=np.float64))
    text = f"computes; mean output of {len(windows)} fixed windows {mean:.4f}"
    yield Finding("Engine", "trial", text, values={"windows": len(windows), "mean_output": mean})


def _measured(model: EnhancerModel, settings: EngineSettings) -> Iterator[Finding]:
    yield Finding("Measured", "windows", "fixed ones, one strand; no choice is ever made by these figures")
    for way, rate, agreement in measure_ways(model, settings):
        text = f"{rate:10.1f} windows/s"
        if agreement is not None:
            text += f", {'agrees' if agreement.passes else 'does not agree'} with float32"
        values = {**way._asdict(), "windows_per_second": rate}
        values |= {} if agreement is None else {"check": agreement.report()}
        yield Finding("Measured", f"{way.backend} {way.precision}", text, values=values)


def _space(name: str, text: str, free: int, remedy: str) -> Finding:
    section = "Machine" if name == "memory" else "Storage"
    values = {"free_bytes": free}
    if free < _LEAST_BYTES:
        return Finding(section, name, text, Level.PROBLEM, remedy, values)
    return Finding(section, name, text, values=values)


def _free_memory() -> int | None:
    """Return the bytes that a new process could use, None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None
    try:
        group = Path("/sys/fs/cgroup")
        limit, used = (int((group / f"memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):
        return free
    return min(free, max(0, limit - used))


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
