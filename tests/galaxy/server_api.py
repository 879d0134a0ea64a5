"""What reaches the tools through Galaxy's API, past the forms: values out of range, and names that are code.

Run by tests/galaxy/run against its server (GALAXY_URL, GALAXY_KEY); not collected by pytest on its own.
"""

from __future__ import annotations

import io
import json
import os
import re
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.model import open_model

URL = os.environ["GALAXY_URL"]
KEY = os.environ["GALAXY_KEY"]
TEST_DATA = Path(os.environ["GALAXY_TOOLS"]) / "test-data"
PREFIX = "dnabert_enhancer_"
CODE = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
PICTURE = "<svg/onload=alert(1)>"
WAIT_SECONDS = 300


def call(path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Return status and content of a GET, or of a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(
        f"{URL}/api/{path}", data, {"x-api-key": KEY, "Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def content(dataset: str) -> tuple[str, str]:
    """Return media type and text of a dataset as a browser gets it."""
    asked = urllib.request.Request(f"{URL}/api/datasets/{dataset}/display", None, {"x-api-key": KEY})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return answer.headers.get("Content-Type", ""), answer.read().decode()


def downloaded_page(dataset: str) -> str:
    """Return an HTML dataset as it is saved: Galaxy packs it into a ZIP."""
    address = f"{URL}/api/datasets/{dataset}/display?to_ext=html"
    asked = urllib.request.Request(address, None, {"x-api-key": KEY})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        packed = zipfile.ZipFile(io.BytesIO(answer.read()))
    (page,) = (name for name in packed.namelist() if name.endswith(".html"))
    return packed.read(page).decode()


def finished(dataset: str) -> dict[str, Any]:
    """Wait for a dataset to be done."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found: dict[str, Any] = call(f"datasets/{dataset}")[1]
        if found["state"] in ("ok", "error", "discarded", "failed_metadata", "paused"):
            return found
        time.sleep(0.5)
    raise TimeoutError(f"{dataset} is not done")


def job_of(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the job that made a dataset."""
    job: dict[str, Any] = call(f"jobs/{dataset['creating_job']}?full=true")[1]
    return job


@pytest.fixture(scope="module")
def history() -> str:
    return str(call("histories", {"name": "through the API"})[1]["id"])


def upload(history: str, text: str, kind: str, name: str) -> dict[str, str]:
    item = {"src": "pasted", "paste_content": text, "ext": kind, "name": name, "dbkey": "?"}
    target = {"destination": {"type": "hdas"}, "items": [item]}
    status, answer = call("tools/fetch", {"history_id": history, "targets": [target]})
    assert status == 200, answer
    made = answer["outputs"][0]["id"]
    assert finished(made)["state"] == "ok"
    return {"src": "hda", "id": made}


@pytest.fixture(scope="module")
def sequences(history: str) -> dict[str, str]:
    return upload(history, (TEST_DATA / "sequences.fa").read_text(), "fasta", "sequences")


@pytest.fixture(scope="module")
def variants(history: str) -> dict[str, str]:
    return upload(history, (TEST_DATA / "variants.vcf").read_text(), "vcf", "variants")


@pytest.fixture(scope="module")
def table(history: str) -> dict[str, str]:
    return upload(history, (TEST_DATA / "train.tsv").read_text(), "tabular", "table")


def run(history: str, tool: str, inputs: dict[str, Any]) -> tuple[int, Any]:
    return call("tools", {"history_id": history, "tool_id": PREFIX + tool, "inputs": inputs})


CACHED = {"genome|source": "cached", "genome|index": "locus"}
OF_SERVER = {"model|source": "installed", "model|installed": "dnabert-enhancer/tiny-outputs"}
REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "share above one": ("predict_sequences", "fasta", {"advanced|max_unknown": 1.5}),
    "share below zero": ("predict_sequences", "fasta", {"advanced|max_unknown": -0.1}),
    "step of no bases": ("predict_sequences", "fasta", {"advanced|stride": 0}),
    "no number": ("predict_sequences", "fasta", {"advanced|stride": "many"}),
    "probability of two": (
        "predict_sequences",
        "fasta",
        {"threshold|kind": "number", "threshold|threshold": 2},
    ),
    "unknown choice": ("predict_sequences", "fasta", {"model|source": "elsewhere"}),
    "unknown arithmetic": ("predict_sequences", "fasta", {"advanced|precision": "float32; touch x"}),
    "model of another suite": (
        "predict_sequences",
        "fasta",
        {"model|source": "installed", "model|installed": "others/text"},
    ),
    "share of the null": ("scan_genome", "", {**CACHED, "q_values|null": "yes", "q_values|null_fraction": 2}),
    "genome that is not installed": (
        "scan_genome",
        "",
        {"genome|source": "cached", "genome|index": "/etc/passwd"},
    ),
    "contig with a quote": ("scan_genome", "", {**CACHED, "contigs": "locus$(touch x)"}),
    "contig that looks like an option": ("scan_genome", "", {**CACHED, "contigs": "--output-prefix x"}),
    "contig with a command": ("scan_genome", "", {**CACHED, "contigs": "locus;touch x"}),
    "option after a newline": ("scan_genome", "", {**CACHED, "contigs": "locus\n--output-prefix\nx"}),
    "newline at the end": ("predict_sequences", "fasta", {"advanced|label": "enhancer\n"}),
    "even number of offsets": ("score_variants", "vcf", {**CACHED, "advanced|offsets": "4"}),
    "negative null": ("score_variants", "vcf", {**CACHED, "effects|null_variants": -1}),
    "name of a factor": (
        "score_variants",
        "vcf",
        {
            **CACHED,
            "factors_0|name": "A'B;C",
            "factors_0|model|source": "installed",
            "factors_0|model|installed": "dnabert-enhancer/tiny-tf",
        },
    ),
    "class with a quote": ("predict_sequences", "fasta", {"advanced|label": "x';touch y"}),
    "output that the packaged model has not": ("predict_sequences", "fasta", {"model|output": "nothing"}),
    "output of another installed model": (
        "predict_sequences",
        "fasta",
        {**OF_SERVER, "model|output": "others"},
    ),
    "measured value as an effect": ("score_variants", "vcf", {**CACHED, "model|output": "lentimpra_hepg2"}),
    "measured value of an installed model": (
        "score_variants",
        "vcf",
        {**CACHED, **OF_SERVER, "model|output": "activity"},
    ),
    "factor of the packaged model's first output": (
        "score_variants",
        "vcf",
        {
            **CACHED,
            "factors_0|name": "GATA1",
            "factors_0|model|source": "packaged",
            "factors_0|model|output": open_model().card.labels[-1],
        },
    ),
    "no epochs": ("finetune", "table", {"training|epochs": 0}),
    "all tokens masked": ("finetune", "table", {"augmentation|token_dropout": 1.0}),
    "name of a model": ("finetune", "table", {"card|model_name": CODE}),
    "negative seed": ("evaluate", "table", {"advanced|seed": -1}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_out_of_range_is_refused_with_a_message(
    case: str,
    history: str,
    sequences: dict[str, str],
    variants: dict[str, str],
    table: dict[str, str],
) -> None:
    tool, kind, changed = REFUSED[case]
    given: dict[str, Any] = {
        "fasta": {"sequences|form": "fasta", "sequences|fasta": sequences},
        "vcf": {"vcf": variants},
        "table": {"data|form": "table", "data|table": table},
        "": {},
    }[kind]
    status, answer = run(history, tool, {**given, **changed})
    assert status == 400, answer
    assert answer["err_msg"] or answer["err_data"], answer


def test_a_model_that_the_data_manager_installs_has_its_outputs_in_the_forms(history: str) -> None:
    value = "api_outputs"
    inputs = {
        "model|source": "directory",
        "model|directory": str(TEST_DATA / "models" / "tiny-outputs"),
        "kind": "enhancer",
        "value": value,
    }
    body = {"history_id": history, "tool_id": "data_manager_dnabert_enhancer", "inputs": inputs}
    status, answer = call("tools", body)
    assert status == 200, answer
    made = finished(answer["outputs"][0]["id"])
    assert made["state"] == "ok", job_of(made)["stderr"]
    fields = call("tool_data/dnabert_enhancer_outputs")[1]["fields"]
    assert [row for row in fields if value in row] == [
        ["enhancer", "enhancer: the model's main output", value, "binary"],
        ["activity", "activity: log2(RNA/DNA); a measured value", value, "regression"],
        ["bound", "bound: bound by a factor", value, "binary"],
    ]
    for tool, offered in (
        ("predict_sequences", ["enhancer", "activity", "bound"]),
        ("score_variants", ["enhancer", "bound"]),
    ):
        inputs = {"model|source": "installed", "model|installed": value}
        form = call(f"tools/{PREFIX}{tool}/build", {"history_id": history, "inputs": inputs})[1]
        (model,) = (entry for entry in form["inputs"] if entry["name"] == "model")
        (case,) = (entry for entry in model["cases"] if entry["value"] == "installed")
        (output,) = (entry for entry in case["inputs"] if entry["name"] == "output")
        assert [option[1] for option in output["options"]] == offered


def test_names_that_are_code_stay_names_in_a_table(history: str) -> None:
    fasta = upload(history, f">{CODE}\n{'ACGTTGCA' * 40}\n>{PICTURE}\n{'GGCATCAT' * 40}\n", "fasta", CODE)
    status, answer = run(
        history,
        "predict_sequences",
        {"sequences|form": "fasta", "sequences|fasta": fasta, "outputs": ["record"]},
    )
    assert status == 200, answer
    table, record = (finished(output["id"]) for output in answer["outputs"])
    assert table["state"] == "ok", job_of(table)["stderr"]
    kind, text = content(table["id"])
    assert not kind.startswith("text/html")
    assert [line.split("\t")[0] for line in text.splitlines()] == ["name", CODE, PICTURE]
    assert CODE not in table["peek"]
    assert PICTURE not in table["peek"]
    assert ESCAPED in table["peek"]
    assert not content(record["id"])[0].startswith("text/html")


def test_a_contig_whose_name_is_code_is_scanned(history: str) -> None:
    genome = upload(history, f">{CODE}\n{'ACGTTGCATC' * 60}\n", "fasta", "genome")
    inputs = {
        "genome|source": "history",
        "genome|fasta": genome,
        "threshold|kind": "number",
        "threshold|threshold": 0,
        "q_values|null": "no",
    }
    status, answer = run(history, "scan_genome", inputs)
    assert status == 200, answer
    outputs = {output["output_name"]: finished(output["id"]) for output in answer["outputs"]}
    assert {made["state"] for made in outputs.values()} == {"ok"}, job_of(outputs["calls"])["stderr"]
    kind, text = content(outputs["calls"]["id"])
    assert not kind.startswith("text/html")
    assert text.splitlines()[1].split("\t")[:3] == [CODE, "0", "600"]
    assert CODE not in outputs["calls"]["peek"]


def test_the_page_of_a_scan_is_made_of_the_scans_own_outputs(history: str) -> None:
    genome = upload(history, f">{CODE}\n{'ACGTTGCATC' * 60}\n", "fasta", "genome")
    inputs = {
        "genome|source": "history",
        "genome|fasta": genome,
        "threshold|kind": "number",
        "threshold|threshold": 0,
        "q_values|null": "no",
        "outputs": ["record"],
    }
    status, answer = run(history, "scan_genome", inputs)
    assert status == 200, answer
    made = {output["output_name"]: {"src": "hda", "id": output["id"]} for output in answer["outputs"]}
    given = {f"runs_0|run|{name}": made[name] for name in ("record", "track", "calls")}
    status, answer = run(history, "report", {"runs_0|run|kind": "scan", **given})
    assert status == 200, answer
    page = finished(answer["outputs"][0]["id"])
    assert page["state"] == "ok", job_of(page)["stderr"]
    whole = downloaded_page(page["id"])
    assert "Where in 600 bases of " in whole
    assert CODE not in whole
    assert CODE not in content(page["id"])[1]


def test_track_and_calls_are_offered_to_genome_browsers(history: str) -> None:
    regions = upload(history, "locus\t600\t900\n", "bed", "regions")
    inputs = {
        **CACHED,
        "regions": regions,
        "model|source": "installed",
        "model|installed": "dnabert-enhancer/tiny",
        "threshold|kind": "number",
        "threshold|threshold": 0,
        "q_values|null": "no",
    }
    status, answer = run(history, "scan_genome", inputs)
    assert status == 200, answer
    outputs = {output["output_name"]: finished(output["id"]) for output in answer["outputs"]}
    for name in ("track", "calls"):
        made = outputs[name]
        assert made["state"] == "ok", job_of(made)["stderr"]
        assert made["genome_build"] == "hg38"
        offered = " ".join(entry["label"] for entry in made["display_apps"])
        assert re.search("IGV|IGB|UCSC|Ensembl", offered), (name, made["display_apps"])


def test_a_variant_whose_name_is_code_is_scored(history: str) -> None:
    letters = "ACGTTGCATC" * 60
    genome = upload(history, f">chr1\n{letters}\n", "fasta", "genome")
    header = "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    vcf = upload(history, f"{header}chr1\t301\t{CODE}\tA\tG\t.\t.\t.\n", "vcf", "variants")
    inputs = {"genome|source": "history", "genome|fasta": genome, "vcf": vcf, "effects|null_variants": 0}
    status, answer = run(history, "score_variants", inputs)
    assert status == 200, answer
    outputs = {output["output_name"]: finished(output["id"]) for output in answer["outputs"]}
    assert {made["state"] for made in outputs.values()} == {"ok"}, job_of(outputs["table"])["stderr"]
    kind, text = content(outputs["table"]["id"])
    assert not kind.startswith("text/html")
    assert CODE in text
    assert CODE not in outputs["table"]["peek"]


def test_a_database_whose_elements_are_code_is_compared_and_drawn(history: str) -> None:
    calls = upload(history, "chr1\t100\t400\tcall\t0.9\n", "bed", "calls")
    sizes = upload(history, "chr1\t5000\n", "tabular", "sizes")
    database = upload(history, f"chr1\t150\t350\t{CODE}\t1\n", "bed", "database")
    inputs = {
        "calls": calls,
        "genome|source": "sizes",
        "genome|sizes": sizes,
        "databases_0|title": "code",
        "databases_0|file": database,
        "databases_0|preset": "bed",
        "statistics|permutations": 10,
        "outputs": ["svg"],
    }
    status, answer = run(history, "compare_db", inputs)
    assert status == 200, answer
    outputs = {output["output_name"]: finished(output["id"]) for output in answer["outputs"]}
    assert {made["state"] for made in outputs.values()} == {"ok"}, job_of(outputs["summary"])["stderr"]
    pictures = call(f"dataset_collections/{answer['output_collections'][0]['id']}")[1]["elements"]
    assert pictures
    for picture in pictures:
        finished(picture["object"]["id"])
        assert "<script" not in content(picture["object"]["id"])[1]


def test_a_failed_job_says_why_in_one_line(history: str) -> None:
    genome = upload(history, ">chr1\nACGT\n", "fasta", "genome")
    inputs = {
        "genome|source": "history",
        "genome|fasta": genome,
        "contigs": "chr2",
        "q_values|null": "no",
    }
    status, answer = run(history, "scan_genome", inputs)
    assert status == 200, answer
    made = finished(answer["outputs"][0]["id"])
    job = job_of(made)
    assert (made["state"], job["exit_code"]) == ("error", 2)
    lines = [line for line in job["stderr"].splitlines() if "error:" in line]
    assert len(lines) == 1
    assert "chr2" in lines[0]
    assert "Traceback" not in job["stderr"]
