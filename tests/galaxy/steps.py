"""The commands of the Galaxy tests: lint, planemo for tools, data manager and workflows, API, browser."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from installation import HERE, Installation
from server import Account

REPOSITORY = HERE.parent.parent
SUITE = REPOSITORY / "galaxy_tools"
MANAGER = SUITE / "data_managers" / "data_manager_dnabert_enhancer"
RESULTS = REPOSITORY / "test-results" / "galaxy"
PARTS = ("lint", "tools", "managers", "workflows", "api", "browser")
CONTAINER = "container"
IN_CONTAINER = "predict_sequences"


class Step(NamedTuple):
    """A command; its tests are counted in its JUnit report, or it counts as one test."""

    name: str
    command: list[str]
    environment: dict[str, str]
    report: Path | None = None


def tool_files() -> list[Path]:
    """Return the suite's tool files, those with most tests first."""
    files = [path for path in SUITE.glob("*.xml") if path.name != "macros.xml"]
    return sorted(files, key=lambda path: (-path.read_text().count("<test "), path.name))


def workflow_files() -> list[Path]:
    """Return the workflows."""
    return sorted((SUITE / "workflows").glob("*/*.gxwf.yml"))


def copied_folder(folder: Path) -> Path:
    """Return a copy of a workflow's folder, in which planemo may leave the job file that it writes."""
    return Path(shutil.copytree(folder, RESULTS / "workflows" / folder.name, dirs_exist_ok=True))


def lint_steps(installed: Installation, tools: list[Path]) -> list[Step]:
    """Return the three lints, which need no server."""
    planemo = f"{installed.venv}/bin/planemo"
    environment = planemo_environment(installed)
    # the entry in bio.tools is looked up on the network, and is a warning without it
    skipped = "BioToolsValid"
    shed = [planemo, "shed_lint", "--tools", "--ensure_metadata", "--skip", f"version_bumped,{skipped}"]
    manager = MANAGER / "data_manager" / f"{MANAGER.name}.xml"
    lint = [planemo, "lint", "--fail_level", "warn", "--skip", skipped, *map(str, [*tools, manager])]
    workflows = [planemo, "workflow_lint", "--iwc", *(str(path.parent) for path in workflow_files())]
    return [
        Step("lint of the tools", lint, environment),
        Step("shed_lint of the suite", [*shed, str(SUITE)], environment),
        Step("shed_lint of the data manager", [*shed, str(MANAGER)], environment),
        Step("lint of the workflows", workflows, environment),
    ]


def server_steps(
    parts: list[str], tools: list[Path], installed: Installation, account: Account
) -> list[Step]:
    """Return what is run against the server."""
    environment = {
        **planemo_environment(installed),
        "GALAXY_URL": account.url,
        "GALAXY_KEY": account.key,
        "GALAXY_USER": account.email,
        "GALAXY_PASSWORD": account.password,
        "GALAXY_RESULTS": str(RESULTS),
        "GALAXY_TOOLS": str(SUITE),
        "NODE_PATH": str(installed.node_modules),
        "CHROMIUM": installed.browser,
    }
    steps = []
    for path in workflow_files() if "workflows" in parts else []:
        copied = copied_folder(path.parent) / path.name
        steps.append(planemo_step(f"workflow {path.parent.name}", copied, environment, installed))
    for path in tools if "tools" in parts else []:
        steps.append(planemo_step(f"tool {path.stem}", path, environment, installed))
    if "managers" in parts:
        path = MANAGER / "data_manager" / f"{MANAGER.name}.xml"
        steps.append(planemo_step("data manager", path, environment, installed))
    if "api" in parts:
        report = RESULTS / "api.xml"
        pytest = [str(REPOSITORY / ".venv/bin/python"), "-m", "pytest", "-p", "no:cacheprovider", "-q"]
        command = [*pytest, str(HERE / "server_api.py"), f"--junitxml={report}"]
        steps.append(Step("api", command, environment, report))
    if CONTAINER in parts:
        path = SUITE / f"{IN_CONTAINER}.xml"
        steps.append(planemo_step(f"container {path.stem}", path, environment, installed))
        # Galaxy would have run the job without its container if it had not found one
        started = "docker events --since $0 --until $(date +%s) --filter event=start --filter type=container"
        image = "--format '{{.Actor.Attributes.image}} {{.Actor.Attributes.name}}'"
        ours = "grep -cE '^dnabert-enhancer:[^ ]+ [0-9a-f]{32}$'"  # as Galaxy calls its containers
        least = path.read_text().count("<test ")
        script = f"found=$({started} {image} | {ours}); echo $found; [ $found -ge {least} ]"
        steps.append(Step("container started", ["bash", "-c", script, str(int(time.time()))], environment))
    if "browser" in parts:
        steps.append(
            Step("browser", ["node", str(HERE / "browser.js")], environment, RESULTS / "browser.xml")
        )
    return steps


def planemo_step(name: str, path: Path, environment: dict[str, str], installed: Installation) -> Step:
    """Return the step that runs the tests of a tool or a workflow."""
    report = RESULTS / f"{re.sub('[^a-z0-9_-]+', '-', name.lower())}.xml"
    command = [f"{installed.venv}/bin/planemo", "test", "--engine", "external_galaxy"]
    command += ["--galaxy_url", environment["GALAXY_URL"], "--galaxy_admin_key", environment["GALAXY_KEY"]]
    command += ["--galaxy_user_key", environment["GALAXY_KEY"], "--test_timeout", "600"]
    command += ["--test_output", str(report.with_suffix(".html"))]
    command += ["--test_output_json", str(report.with_suffix(".json")), str(path)]
    return Step(name, command, environment, report)


def planemo_environment(installed: Installation) -> dict[str, str]:
    """Return an environment without the project's Python settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment.pop("VIRTUAL_ENV", None)
    environment["PATH"] = f"{installed.venv}/bin:{environment['PATH']}"
    return environment
