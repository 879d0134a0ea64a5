"""The pipeline's test profile on each engine gives the bytes of the run without containers."""

from __future__ import annotations

import pytest
from pipeline_runs import Run, run

pytestmark = pytest.mark.containers


@pytest.fixture(scope="module")
def uncontained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("uncontained"), "test")


@pytest.fixture(scope="module", params=["docker", "podman"])
def contained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Run]:
    return request.param, run(tmp_path_factory.mktemp(request.param), f"test,{request.param}")


def test_the_results_are_those_of_the_run_without_containers(
    contained: tuple[str, Run], uncontained: Run
) -> None:
    _name, done = contained
    assert done.returncode == 0, done.said
    assert "WARN" not in done.said, done.said
    expected = uncontained.results
    assert {name.split("/")[0] for name in expected} == {"scan", "variants", "compare", "report"}, (
        uncontained.said
    )
    assert done.results == expected


def test_every_task_ran_in_the_image(contained: tuple[str, Run], version: str) -> None:
    name, done = contained
    assert len(done.tasks) > 6
    for task in done.tasks:
        wrapper = (done.work(task) / ".command.run").read_text()
        assert f"{name} run -i" in wrapper
        assert f" dnabert-enhancer:{version} " in wrapper
        assert task["peak_rss"] not in ("", "-", "0"), "ps is missing in the image"


def test_what_a_program_caches_stays_in_the_tasks_folder(contained: tuple[str, Run]) -> None:
    _name, done = contained
    (compared,) = (done.work(task) for task in done.tasks if task["process"].endswith("COMPARE_DB"))
    assert list((compared / ".cache" / "matplotlib").iterdir())
