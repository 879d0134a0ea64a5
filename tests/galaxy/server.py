"""A real Galaxy server on this machine, for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_BOOTSTRAP_KEY = secrets.token_hex(16)
_START_SECONDS = 1800  # of a busy machine; a process that ended is told at once
_STOP_SECONDS = 15
# an upload passes four tasks, a job three threads; each by default looks for work once a second
_LOOK_SECONDS = 0.2
_CELERY = f"""
import celery.__main__, kombu.transport.virtual
kombu.transport.virtual.Transport.polling_interval = {_LOOK_SECONDS}
celery.__main__.main()
"""
_WORKER = (
    *("--app", "galaxy.celery", "worker", "--concurrency", "2", "--pool", "threads", "--loglevel", "INFO"),
    *("--queues", "celery,galaxy.internal,galaxy.external"),
)
_PARENT_DIES = 1  # PR_SET_PDEATHSIG of prctl(2)


class Plan(NamedTuple):
    """What the server is made of.

    Attributes
    ----------
    venv : Path
        With galaxy-web-apps, galaxy-web-client and celery.
    state : Path
        An empty folder for everything that the server writes.
    tools : dict of str to list of Path
        Tool files by the title of their section.
    tables, data_managers : Path
        Configuration of the data tables and of the data managers.
    rows : list of Path
        ``.loc`` files, copied so that a data manager never writes into the checkout.
    packages : dict of str to Path
        Prefix that a requirement's name resolves to, in place of conda.
    viewers : dict of str to Path
        Unpacked npm packages of Galaxy's visualisations by their ids.
    slots : int
        Jobs at a time, each on one core; one more than there are cores, since a job waits for its metadata.
    containers : bool
        Run the suite's tools in the images that they name, by the command docker; else with the packages.
    """

    venv: Path
    state: Path
    tools: dict[str, list[Path]]
    tables: Path
    data_managers: Path | None
    rows: list[Path]
    packages: dict[str, Path]
    viewers: dict[str, Path]
    slots: int = 3
    containers: bool = False


class Account(NamedTuple):
    """Where the server answers, and an administrator's way in."""

    url: str
    key: str
    email: str
    password: str


@contextlib.contextmanager
def galaxy(plan: Plan) -> Iterator[Account]:
    """Start the server, give an administrator's account, and stop every process of it at the end."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    _configure(plan)
    binaries = plan.venv / "bin"
    settings = str(plan.state / "galaxy.yml")
    web = [f"{binaries}/galaxy-web", "-c", settings, "-b", f"127.0.0.1:{port}"]
    worker = [f"{binaries}/python", "-c", _CELERY, *_WORKER]
    with _process(plan, "web", web) as web_process, _process(plan, "worker", worker) as worker_process:
        log = plan.state / "logs" / "worker.log"
        _wait(lambda: _answers(f"{url}/api/version"), web_process, plan)
        _wait(lambda: " ready." in log.read_text(errors="replace"), worker_process, plan)
        yield _administrator(url)


def request(url: str, key: str, body: dict[str, Any] | None = None) -> Any:  # JSON
    """Return the answer of Galaxy's API to a GET, or to a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"x-api-key": key, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
        return json.load(answer)


def _administrator(url: str) -> Account:
    email, password = "admin@example.org", secrets.token_urlsafe(12)
    user = {"username": "admin", "email": email, "password": password}
    made = request(f"{url}/api/users", _BOOTSTRAP_KEY, user)
    key = request(f"{url}/api/users/{made['id']}/api_key", _BOOTSTRAP_KEY, {})
    return Account(url, str(key), email, password)


@contextlib.contextmanager
def _process(plan: Plan, name: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process as the leader of a session; at the end no process of that session is left."""
    unwanted = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    environment |= {
        # Galaxy calls plain `python` to index BCF, and means its own
        "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}",
        "GALAXY_CONFIG_FILE": str(plan.state / "galaxy.yml"),
        "DNABERT_ENHANCER_CACHE": str(plan.state / "cache"),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TMPDIR": str(plan.state / "tmp"),
    }
    with (plan.state / "logs" / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=plan.state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        try:
            yield process
        finally:
            _stop(process)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGKILL)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    # jobs have process groups of their own, but stay in the session
    for member in session_members(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()


def session_members(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            # after the name in brackets: state, parent, group, session
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def _wait(
    condition: Any, process: subprocess.Popen[bytes], plan: Plan
) -> None:  # a callable without arguments
    end = time.monotonic() + _START_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            logs = [path.read_text(errors="replace")[-3000:] for path in (plan.state / "logs").iterdir()]
            raise SystemExit("Galaxy did not start:\n" + "\n---\n".join(logs))
        time.sleep(0.25)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError, urllib.error.URLError):
        return bool(urllib.request.urlopen(url, timeout=3).status == 200)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(plan: Plan) -> None:
    state = plan.state
    for name in ("data/dependencies", "tool-data", "logs", "tmp"):
        (state / name).mkdir(parents=True)
    for package, prefix in plan.packages.items():
        (state / "data/dependencies" / package).mkdir()
        (state / "data/dependencies" / package / "default").symlink_to(prefix.absolute())
    for rows in plan.rows:
        text = rows.read_text().replace("${__HERE__}", str(rows.parent.absolute()))
        (state / "tool-data" / rows.name).write_text(text)
    _configure_viewers(plan)
    sections = "".join(
        f'<section id="section{number}" name="{title}">'
        + "".join(f'<tool file="{path.absolute()}"/>' for path in paths)
        + "</section>"
        for number, (title, paths) in enumerate(plan.tools.items())
    )
    upload = '<section id="getext" name="Get Data"><tool file="data_source/upload.xml"/></section>'
    (state / "tool_conf.xml").write_text(f'<toolbox monitor="false">{upload}{sections}</toolbox>')
    (state / "job_conf.yml").write_text(json.dumps(_jobs(plan)))
    (state / "galaxy.yml").write_text(json.dumps({"galaxy": _settings(plan)}, indent=1))  # JSON is YAML


def _configure_viewers(plan: Plan) -> None:
    """Put the visualisations among Galaxy's static files, and the genomes in the table where viewers look."""
    static = plan.state / "static"
    plugins = static / "plugins" / "visualizations"
    plugins.mkdir(parents=True)
    package = next(plan.venv.glob("lib/python3*/site-packages/galaxy/webapps/base/static"))
    for entry in package.iterdir():
        (static / entry.name).symlink_to(entry)
    for name, folder in plan.viewers.items():
        (plugins / name).symlink_to(folder)
    table = '<table name="fasta_indexes" comment_char="#">{}{}</table>'.format(
        "<columns>value, dbkey, name, path</columns>",  # as all_fasta has
        f'<file path="{plan.state}/tool-data/all_fasta.loc"/>',
    )
    (plan.state / "viewers_table_conf.xml").write_text(f"<tables>{table}</tables>")


def _jobs(plan: Plan) -> dict[str, Any]:
    tools = [ElementTree.parse(path).getroot().get("id") for paths in plan.tools.values() for path in paths]
    local: dict[str, Any] = {"runner": "local", "local_slots": 1}
    docker: dict[str, Any] = {
        "docker_enabled": True,
        "docker_sudo": False,
        "docker_net": "none",
        "container_monitor": False,
    }
    if host := os.environ.get("DOCKER_HOST"):  # jobs have an environment of their own
        docker["docker_host"] = host
    return {
        "runners": {"local": {"load": "galaxy.jobs.runners.local:LocalJobRunner", "workers": plan.slots}},
        "execution": {"default": "local", "environments": {"local": local, "docker": local | docker}},
        "tools": [{"id": name, "environment": "docker"} for name in tools if plan.containers],
    }


def _settings(plan: Plan) -> dict[str, Any]:
    state = plan.state
    settings: dict[str, Any] = {
        "config_dir": str(state),
        "data_dir": str(state / "data"),
        "managed_config_dir": str(state),
        # each transaction takes SQLite's one lock; with its default, a job that ended well but waits longer
        # than 5 s for it on a busy machine ends in the error state, without an exit code
        "database_connection": f"sqlite:///{state}/data/universe.sqlite?isolation_level=IMMEDIATE&timeout=600",
        "tool_config_file": str(state / "tool_conf.xml"),
        "tool_data_table_config_path": f"{plan.tables.absolute()},{state}/viewers_table_conf.xml",
        "tool_data_path": str(state / "tool-data"),
        "static_dir": str(state / "static"),
        "visualization_plugins_directory": str(state / "static" / "plugins" / "visualizations"),
        "job_config_file": str(state / "job_conf.yml"),
        "admin_users": "admin@example.org",
        "bootstrap_admin_api_key": _BOOTSTRAP_KEY,
        "id_secret": secrets.token_hex(16),
        "conda_auto_install": False,
        "conda_auto_init": False,
        "involucro_auto_init": False,
        "enable_celery_tasks": True,
        "metadata_strategy": "directory_celery",
        "celery_conf": {
            "task_routes": {
                "galaxy.fetch_data": "galaxy.external",
                "galaxy.set_job_metadata": "galaxy.external",
            },
            # a file of its own: who looks for a message holds the lock of SQLite
            "broker_url": f"sqlalchemy+sqlite:///{state}/data/messages.sqlite?timeout=600",
        },
        "job_handler_monitor_sleep": _LOOK_SECONDS,
        "job_runner_monitor_sleep": _LOOK_SECONDS,
        "workflow_monitor_sleep": _LOOK_SECONDS,
        "enable_tool_shed_check": False,
        "enable_notification_system": False,
        "cleanup_job": "onsuccess",
        # else Galaxy refuses files with <script>, and the tools would never see one
        "check_upload_content": False,
    }
    if plan.data_managers is not None:
        settings["data_manager_config_file"] = str(plan.data_managers.absolute())
    return settings
