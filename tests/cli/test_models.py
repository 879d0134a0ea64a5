"""The command models, and models of the hub by name (catalogue/opening.py), with its real client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from loopback import COMMIT, HubServer

from dnabert_enhancer.model import new_model, write_model

SUBFOLDER = f"hub:duttaprat/DeepVRegulome@{COMMIT}/models/CTCFL"


class Program(Protocol):
    def __call__(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]: ...


class Serve(Protocol):
    def __call__(self, mode: str = ...) -> HubServer: ...


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    """Lay out a hub: small random models in sub-folders, beside what must never travel."""
    root = tmp_path / "hub"
    made = write_model(tmp_path / "made", new_model("tiny", k=3, window_length=90)).directory
    for name in ("CTCFL", "SP1", "splice_donor"):
        folder = root / "duttaprat" / "DeepVRegulome" / "models" / name
        folder.mkdir(parents=True)
        for file in ("config.json", "vocab.txt", "model.safetensors"):
            shutil.copy(made / file, folder)
        (folder / "optimizer.pt").write_bytes(b"never" * 1000)
    shutil.copytree(root / "duttaprat" / "DeepVRegulome" / "models" / "CTCFL", root / "lab" / "one")
    return root


@pytest.fixture
def serve(repositories: Path) -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda mode="ok": stack.enter_context(HubServer(repositories, mode).running())


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run the program as a user does, in a world of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        unset = ("HF_TOKEN", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "HF_HUB_OFFLINE")
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        world = {"HF_HOME": str(tmp_path / "hf"), "DNABERT_ENHANCER_CACHE": str(tmp_path / "cache")}
        return subprocess.run(
            [sys.executable, "-m", "dnabert_enhancer", *map(str, arguments)],
            env=inherited | world | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def stored(tmp_path: Path) -> list[str]:
    folder = tmp_path / "cache" / "models"
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != ".locks")


@pytest.mark.slow
def test_a_model_is_named_brought_once_and_used_without_network(
    serve: Serve, program: Program, tmp_path: Path
) -> None:
    hub = serve()
    done = program("models", "get", "deepvregulome/CTCFL", HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    assert sorted(hub.brought()) == ["config.json", "model.safetensors", "vocab.txt"]
    assert "licence CC-BY-NC-4.0; NOT for commercial use" in done.stderr
    (tmp_path / "s.fa").write_text(">a\n" + "ACGT" * 75 + "A\n")
    used = program(
        "predict", "--fasta", tmp_path / "s.fa", "--model", "deepvregulome/CTCFL", "--output-prefix",
        tmp_path / "p", HF_ENDPOINT="http://127.0.0.1:9",
    )  # fmt: skip
    assert used.returncode == 0, used.stderr
    assert "licence" not in used.stderr
    record = json.loads((tmp_path / "p.run.json").read_text())
    assert record["model"]["source"] == SUBFOLDER
    row = (tmp_path / "p.predictions.tsv").read_text().splitlines()[1].split("\t")
    assert row[1:3] == ["301", "1"]  # one window of 301 bp, by the catalogue
    (card_file,) = (tmp_path / "cache" / "models").glob("*/enhancer_model.json")
    card = json.loads(card_file.read_text())
    assert (card["licence"], card["window_length"], card["labels"]) == (
        "CC-BY-NC-4.0",
        301,
        ["not_bound", "bound"],
    )
    assert card["thresholds"] == {"default": {"value": 0.5, "source": "not known: 0.5 by default"}}
    assert card["origin"]["source"] == SUBFOLDER


@pytest.mark.slow
def test_a_place_of_the_hub_that_the_catalogue_knows_needs_no_window_length(
    serve: Serve, program: Program
) -> None:
    done = program("models", "get", "hub:duttaprat/DeepVRegulome/models/SP1@main", HF_ENDPOINT=serve().url)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_window_length_that_nobody_knows_is_asked_for_before_weights_travel(
    serve: Serve, program: Program, tmp_path: Path
) -> None:
    hub = serve()
    done = program("models", "get", "hub:lab/one@main", HF_ENDPOINT=hub.url)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "models get hub:lab/one@main --window-length BP" in done.stderr
    assert "model.safetensors" not in hub.brought()
    assert stored(tmp_path) == []
    again = program("models", "get", "hub:lab/one@main", "--window-length", 90, HF_ENDPOINT=hub.url)
    assert again.returncode == 0, again.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec", ["hub:duttaprat/DeepVRegulome@main", "hub:duttaprat/DeepVRegulome@main/models"]
)
def test_a_parent_folder_lists_its_models_before_weights_travel(
    serve: Serve, program: Program, tmp_path: Path, spec: str
) -> None:
    hub = serve()
    done = program(
        "import-model", spec, "--output-dir", tmp_path / "m", "--window-length", 90, HF_ENDPOINT=hub.url
    )
    assert done.returncode == 2
    assert (
        "3 in sub-folders: models/CTCFL, models/SP1, models/splice_donor; name one, such as hub:"
        in done.stderr
    )
    assert hub.brought() == []
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_a_folder_that_is_not_there_shows_the_nearest(serve: Serve, program: Program) -> None:
    done = program("models", "get", "hub:duttaprat/DeepVRegulome@main/models/CTCF", HF_ENDPOINT=serve().url)
    assert done.returncode == 2
    assert "no folder models/CTCF; nearest: models/CTCFL" in done.stderr


FAILURES = [
    ("gated", "deepvregulome/SP1", 3, "access is restricted (gated): Access to model ", "HF_TOKEN"),
    ("private", "deepvregulome/SP1", 2, "DeepVRegulome, or it is private", "HF_TOKEN"),
    ("forbidden", "deepvregulome/SP1", 3, "refuses access (403): Your token may not read this.", "HF_TOKEN"),
    ("busy", "deepvregulome/SP1", 3, "429, too many requests", "HF_TOKEN"),
    ("down", "deepvregulome/SP1", 3, "could not be downloaded", "try again"),
    ("damaged", "deepvregulome/SP1", 3, "arrived damaged: its sha256 is ", "try again"),
    ("ok", "hub:lab/two@main", 2, "no repository lab/two, or it is private", "check the name"),
    ("ok", "hub:lab/one@v9", 2, "no revision 'v9'", "give a branch, a tag or a commit"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "spec", "code", "reason", "remedy"), FAILURES)
def test_a_failure_is_one_line_with_the_hubs_reason_and_nothing_is_stored(
    serve: Serve, program: Program, tmp_path: Path, mode: str, spec: str, code: int, reason: str, remedy: str
) -> None:
    done = program("models", "get", spec, HF_ENDPOINT=serve(mode).url)
    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if "licence" not in line]
    assert len(errors) == 1
    assert reason in errors[0]
    assert remedy in errors[0]
    assert stored(tmp_path) == []


@pytest.mark.slow  # the client tries again for some seconds
def test_a_transfer_that_breaks_off_is_one_line(serve: Serve, program: Program, tmp_path: Path) -> None:
    done = program("models", "get", "deepvregulome/SP1", HF_ENDPOINT=serve("cut").url)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 2
    assert "model.safetensors: could not be downloaded: " in done.stderr
    assert stored(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "could not be downloaded: "),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE forbids downloading it"),
    ],
)
def test_without_network_it_is_one_line(
    program: Program, tmp_path: Path, environment: dict[str, str], reason: str
) -> None:
    done = program("models", "get", "deepvregulome/SP1", **environment)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert reason in done.stderr
    assert stored(tmp_path) == []


@pytest.mark.slow
def test_a_proxy_that_asks_for_a_password_is_one_line(serve: Serve, program: Program) -> None:
    done = program("models", "get", "deepvregulome/SP1", HTTPS_PROXY=serve("proxy").url)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "407 Proxy Authentication Required; check the network and the proxy (HTTPS_PROXY)" in done.stderr


@pytest.mark.slow
def test_what_import_model_brought_is_there_without_network(
    serve: Serve, program: Program, tmp_path: Path
) -> None:
    options = ("--window-length", 90)
    first = program(
        "import-model", "hub:lab/one@main", "--output-dir", tmp_path / "a", *options, HF_ENDPOINT=serve().url
    )
    assert first.returncode == 0, first.stderr
    again = program(
        "import-model", "hub:lab/one@main", "--output-dir", tmp_path / "b", *options, HF_HUB_OFFLINE="1"
    )
    assert again.returncode == 0, again.stderr
    assert json.loads((tmp_path / "b" / "run.json").read_text())["source"] == f"hub:lab/one@{COMMIT}"
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_a_base_model_predicts_nothing_and_is_fine_tuned(
    repositories: Path, serve: Serve, program: Program, tmp_path: Path
) -> None:
    shutil.copytree(repositories / "lab" / "one", repositories / "zhihan1996" / "DNA_bert_3")
    hub = serve()
    (tmp_path / "s.fa").write_text(">a\n" + "ACGT" * 20 + "\n")
    arguments = ("--fasta", tmp_path / "s.fa", "--output-prefix", tmp_path / "p")
    done = program("predict", *arguments, "--model", "dnabert-3", HF_ENDPOINT=hub.url)
    assert done.returncode == 2
    assert "finetune --base-model dnabert-3" in done.stderr
    letters = np.random.default_rng(0).choice(list("ACGT"), size=(120, 40))
    rows = "".join(f"{''.join(row)}\t{number % 2}\n" for number, row in enumerate(letters))
    (tmp_path / "d.tsv").write_text("sequence\tlabel\n" + rows)
    options = ("--dataset", tmp_path / "d.tsv", "--epochs", 1, "--output-dir", tmp_path / "new")
    tuned = program("finetune", "--base-model", "dnabert-3", *options, HF_ENDPOINT="http://127.0.0.1:9")
    # random labels teach it nothing, which finetune says; what counts is that it starts from the stored model
    assert "training dnabert-3 on 108 sequences, validating on 12" in tuned.stderr


@pytest.mark.slow
def test_list_show_check_and_remove(serve: Serve, program: Program, tmp_path: Path) -> None:
    program("models", "get", "deepvregulome/SP1", HF_ENDPOINT=serve().url)
    listed = program("models", "list", "--type", "splice")
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()[1:]] == [
        "deepvregulome/splice_acceptor",
        "deepvregulome/splice_donor",
    ]
    shown = json.loads(program("models", "show", "deepvregulome/SP1").stdout)
    assert (shown["window_length"], shown["source"].startswith("hub:")) == (301, True)
    assert "\twhole\t" in program("models", "check").stdout
    (weights,) = (tmp_path / "cache" / "models").glob("*/model.safetensors")
    weights.write_bytes(b"other")
    damaged = program("models", "check")
    assert damaged.returncode == 2
    assert "model.safetensors has changed" in damaged.stdout
    assert program("models", "remove", "deepvregulome/SP1").returncode == 0
    assert stored(tmp_path) == []
    assert program("models", "remove", "deepvregulome/SP1").returncode == 2


@pytest.mark.slow
def test_a_stored_model_is_calibrated_into_a_folder_and_stays_as_it_is(
    serve: Serve, program: Program, tmp_path: Path
) -> None:
    assert program("models", "get", "deepvregulome/SP1", HF_ENDPOINT=serve().url).returncode == 0
    (entry,) = (path for path in (tmp_path / "cache" / "models").iterdir() if path.name.startswith("deep"))
    before = {path.name: path.read_bytes() for path in entry.iterdir()}
    rng = np.random.default_rng(1)
    lines = [f"{''.join(rng.choice(list('ACGT'), 301))}\t{number % 2}\n" for number in range(60)]
    (tmp_path / "d.tsv").write_text("sequence\tlabel\n" + "".join(lines))
    arguments = ("models", "calibrate", "deepvregulome/SP1", "--dataset", tmp_path / "d.tsv")
    done = program(*arguments, "--output-dir", tmp_path / "out", HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    titles, figures = (line.split("\t") for line in done.stdout.splitlines())
    assert titles == ["calibration", "rows", "ece", "ece_before", "log_loss", "log_loss_before"]
    assert figures[1] == "60"
    assert "only 60 rows (fewer than 200)" in done.stderr
    assert {path.name: path.read_bytes() for path in entry.iterdir()} == before
    card = json.loads((tmp_path / "out" / "enhancer_model.json").read_text())
    assert card["training"]["calibration"]["rows_by_class"] == {"not_bound": 30, "bound": 30}
    assert set(card["thresholds"]) == {"default", "max-mcc"}
    assert (card["limits"], card["origin"]["name"]) == ("", "deepvregulome/SP1")
    record = json.loads((tmp_path / "out" / "calibration.run.json").read_text())
    assert record["counts"] == {"sequences_not_bound": 30, "sequences_bound": 30}
    assert len(record["model"]["digest"]) == 64
    used = program(
        "evaluate", "--dataset", tmp_path / "d.tsv", "--model", tmp_path / "out", "--output-prefix",
        tmp_path / "e", "--no-pictures", "--bootstrap", 0, HF_HUB_OFFLINE="1",
    )  # fmt: skip
    assert used.returncode == 0, used.stderr
    refused = program(*arguments, "--output-dir", entry)
    assert refused.returncode == 2
    assert "lies in the store" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("calibrate",), "models calibrate needs a name"),
        (("calibrate", "default", "x", "--dataset", "d", "--output-dir", "o"), "takes one name"),
        (("calibrate", "default", "--output-dir", "o"), "models calibrate needs --dataset"),
        (("calibrate", "default", "--dataset", "d"), "models calibrate needs --output-dir"),
        (
            ("calibrate", "default", "--dataset", "d", "--output-dir", "o", "--dir", "x"),
            "--dir does not apply",
        ),
        (("calibrate", "default", "--dataset", "nowhere", "--output-dir", "o"), "no such file or folder"),
        (("get", "default", "--dataset", "d"), "--dataset does not apply to models get"),
        (("background", "default", "--output-dir", "o"), "models background needs --genome"),
        (("calibrate", "default", "--genome", "g"), "--genome does not apply to models calibrate"),
    ],
)
def test_what_calibrate_lacks_is_one_line(
    program: Program, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = program("models", *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
