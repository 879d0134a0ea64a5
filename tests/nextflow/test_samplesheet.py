"""Faults of samplesheet and parameters: all in one message, by row and column, before anything starts."""

from __future__ import annotations

import json
import math
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=20)]

CONFIG = (
    Path(__file__).resolve().parents[2] / "src" / "dnabert_enhancer" / "model" / "default" / "config.json"
).read_text()
DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"

ROWS = """\
sample,genome,scan_regions,vcf,databases,assembly,tf_models,vcf_format,positive_label,interpret_regions,annotate,interpret_variants,clinical,motifs
../evil,missing.fa,all,,,,,,,,,,,
$(touch pwned),g.fa,all,,,,,,,,,,,
good,g.fa,,,,,,,,,,,,
good,folder,all,,,,,,,,,,,
x y,p.bed,,,D=a.bed,mm 10,,,,,,,,

db,g.fa,all,v.vcf,"A=p.bed,preset=x';B=p.bed;B=p.bed",hg38,T=p.bed,,,,,,,
short,g.fa,all,,p.bed,,,,,,,,,
empty,empty.fa,all,,"P=p.bed",,,,,,,,,
list,g.fa,,p.bed,,,,,,,,,,
other,g.fa,,p.bed,,,,csv,,,,,,
nothing,g.fa,all,,,,,bed,x'y,all,"N=p.bed;V=v.vcf;p.bed",all,dbsnp=v.vcf;eqtl=v.vcf;eqtl=v.vcf,
seqlets,g.fa,,,,,,,,p.bed,,,,v.vcf
"""
FAULTS_OF_ROWS = [
    "row 2, column sample: '../evil': a name is made of",
    "row 2, column genome: 'missing.fa': there is no such file",
    "row 3, column sample: '$(touch pwned)': a name is made of",
    "row 4: there is nothing to do; give train_regions, scan_regions (a BED file, or all), vcf, interpret_",
    "row 5, column genome: 'folder' is a folder; give a file",
    "row 6, column sample: 'x y': a name is made of",
    "row 6, column genome: 'p.bed': the name must end in .fa,",
    "row 6, column assembly: 'mm 10': give the name of an assembly, such as hg38",
    "row 6, column databases: 'a.bed': there is no such file",
    "row 6, column databases: it means nothing without scan_regions, which is empty",
    "row 6: there is nothing to do",
    "row 8, column tf_models: 'p.bed' is a file; give a folder",
    "row 8, column databases: 'A=p.bed,preset=x'': after the file come key=value pairs, separated by commas; "
    "the name B comes twice",
    "row 9, column databases: 'p.bed': give NAME=FILE or NAME=FILE,key=value",
    "row 9, column assembly: databases are compared by place: give the assembly, such as hg38",
    "row 10, column genome: 'empty.fa' is empty",
    "row 10, column assembly: databases are compared by place",
    "row 11, column vcf_format: p.bed is no VCF by its name: say how it is written (vcf, bed, chrombpnet, ",
    "row 12, column vcf_format: 'csv': give vcf, bed, chrombpnet, vep, hgvs-g, spdi, candidates or names",
    "row 13, column positive_label: 'x'y': give a name of letters, digits, blanks, '.', '_', '+' and '-'",
    "row 13, column annotate: 'v.vcf': the name must end in .bed, .bed.gz, .narrowPeak, .narrowPeak.gz, ",
    "row 13, column clinical: 'dbsnp': the names are clinvar, gwas, eqtl",
    "row 13, column interpret_regions: 'all': there is no such file",
    "row 13, column positive_label: it means nothing without train_regions, which is empty",
    "row 13, column vcf_format: it means nothing without vcf, which is empty",
    "row 13, column clinical: it means nothing without vcf, which is empty",
    "row 13, column interpret_variants: 'all' is the variants of vcf, which is empty",
    "row 4 and row 5, column sample: 'good' comes more than once",
]


WRONG_FILES: dict[str, tuple[str | bytes, list[str]]] = {
    "titles.csv": (
        "sample,genom,scan_region,sample\na,b,c,d\n",
        [
            "the column 'genom' is not known (did you mean genome?); the columns are sample, genome",
            "the column 'scan_region' is not known (did you mean scan_regions?)",
            "the column sample comes twice",
            "the column genome is missing",
        ],
    ),
    "quotes.tsv": (
        'sample\tgenome\n\n"a\tb\na\tb"c\n',
        ["row 3: a double quote is not closed", "row 4: a double quote is not closed, or stands within"],
    ),
    "uneven.csv": ("sample,genome\na\n", ["row 2: 1 cells, but 2 columns; quote a cell that holds"]),
    "bare.csv": ("sample,genome\n", ["--input bare.csv: there is no row"]),
    "binary.csv": ("sample\0", ["--input binary.csv: this is a binary file, no samplesheet"]),
    "values.yaml": (
        "- {sample: a, genome: g.fa, scan_regions: [a, b]}\n- {sample: 3, genome: g.fa, vcf: {a: 1}}\n",
        [
            "row 1, column scan_regions: give one value, not a list",
            "row 2, column vcf: give one value, not a map",
        ],
    ),
    "code.yaml": (
        '!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL ["file:///x"]]]]',
        ["--input: the samplesheet is no YAML: Global tag is not allowed"],
    ),
    "map.json": ('{"sample": "a"}', ["--input: a samplesheet in JSON is a list of rows"]),
    "deep.json": ("[" * 200_000, ["--input: the samplesheet is nested too deeply"]),
    "long.csv": (
        "sample,genome\na," + "x" * 3_000_000 + "\n" + "sample" * 500_000,
        [
            "row 2 has 3000002 characters (at most 100000); is this a samplesheet, with one analysis",
            "row 3 has 3000000 characters",
        ],
    ),
    "wide.csv": ("a," * 3000 + "b\n" + "1," * 3000 + "2\n", ["3001 columns; a samplesheet has "]),
    "latin.csv": (
        b"sample,genome\r\na,g.fa\r\nm\xfcller,g.fa\r\n",
        ["--input latin.csv, line 3: the text is not"],
    ),
    "search.csv": (
        "sample,genome,train_regions,tune\na,g.fa,p.bed,best\n",
        ["row 2, column tune: 'best': give grid or optuna"],
    ),
    "german.csv": ("sample;genome\na;g.fa\n", ["the columns are separated by ';': separate them by commas"]),
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    shutil.copy(DEMO / "alpha-globin.fa.gz", tmp_path / "g.fa")
    shutil.copy(DEMO / "ccre-pels.bed", tmp_path / "p.bed")
    shutil.copy(DEMO / "variants.vcf", tmp_path / "v.vcf")
    (tmp_path / "empty.fa").touch()
    (tmp_path / "folder").mkdir()


def faults(said: str) -> list[str]:
    head, *rest = said.partition("nothing was started:\n")[2].split("\n")
    return [line.strip() for line in [head, *rest] if line.startswith("  ")]


def nothing_ran(folder: Path) -> bool:
    return not list(folder.glob("work/??/*")) and not list(folder.rglob("pwned"))


def test_every_fault_of_the_rows_is_in_one_message(
    tmp_path: Path, pipeline: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that the commands, which no engine brings, do not run here."""
    bare = tmp_path / "bare"  # no package of this suite is found
    bare.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(bare))
    (bare / "dnabert_enhancer.py").write_text("raise ImportError")
    (tmp_path / "sheet.csv").write_text(ROWS)
    done = pipeline("--input", "sheet.csv")
    assert done.returncode != 0
    expected = [
        *FAULTS_OF_ROWS,
        "sample seqlets: motifs of interpret_regions are those of runs of high importance; "
        "give --interpret_null 100 too",
        "the commands do not run here: name an engine (-profile docker",
    ]
    assert f"{len(expected)} faults in what was given" in done.said
    for fault, start in zip(faults(done.said), expected, strict=True):
        assert fault.startswith(start)
    assert expected[-2] in faults(done.said)
    assert nothing_ran(tmp_path)


def write_in_all_formats(folder: Path) -> dict[str, object]:
    """Write one row as s.tsv, s.csv, s.json and s.yml; return it as the pipeline has it."""
    row = {"sample": "a", "genome": "g.fa", "assembly": "hg38", "scan_regions": "p.bed"}
    databases = ["P=p.bed,preset=screen", "V=p.bed"]
    titles, cells = [*row, "databases"], [*row.values(), ";".join(databases)]
    (folder / "s.tsv").write_text("\ufeff" + "\t".join(titles) + "\r\n\r\n" + "\t".join(cells) + "\r\n")
    quoted = ", ".join(f'"{cell}"' for cell in cells)
    # a spreadsheet leaves empty rows and columns behind
    (folder / "s.csv").write_text(",".join(titles) + ",,\n" + f",,,,,,\n{quoted},,\n,,,,,,\n")
    (folder / "s.json").write_text(json.dumps([row | {"databases": databases, "vcf": None}]))
    lines = [f"  {name}: {value}\n" for name, value in row.items()]
    (folder / "s.yml").write_text("- " + "".join(lines)[2:] + f"  databases: {json.dumps(databases)}\n")
    return row | {
        "databases": [
            {"name": "P", "path": "p.bed", "keys": ",preset=screen", "output": ""},
            {"name": "V", "path": "p.bed", "keys": "", "output": ""},
        ]
    }


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Serve a folder on this machine; yield its URL, and how often each path of it was asked for."""
    asked: Counter[str] = Counter()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            asked[self.path] += 1

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_every_wrong_file_is_named_and_all_formats_give_the_same_rows(
    tmp_path: Path, nextflow: Callable
) -> None:
    for name, (content, _) in WRONG_FILES.items():
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    given = write_in_all_formats(tmp_path)
    (tmp_path / "g.fa.fai").write_text("one\t1500\t5\t60\t61\ntwo\t1000\t1600\t60\t61\n")
    (tmp_path / "regions.bed").write_text("track name=x\none\t0\t1000\ta\ntwo 100 700\n")
    shutil.copyfile(DEMO / "alpha-globin.fa.gz", tmp_path / "g.fa.gz")
    base = json.dumps({"num_hidden_layers": 12, "hidden_size": 768, "intermediate_size": 3072})
    for folder, config in (
        ("base", base),
        ("several/one", base),
        ("several/two", "{}"),
        ("packaged", CONFIG),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text(config)
    (tmp_path / "none.tar.gz").touch()
    formats = ("s.tsv", "s.csv", "s.json", "s.yml")
    (tmp_path / "named.csv").write_text("sample,genome,scan_regions\na,named,p.bed\n")
    driver = Path(__file__).with_name("read_samplesheets.nf")
    (tmp_path / "panel.tsv").write_text("name\tmodel\nT\tnone.tar.gz\nU\tnone.tar.gz\n")
    with serving(tmp_path) as (url, asked):
        cells = ["g.fa.gz", "regions.bed", "none.tar.gz", "v.vcf", "panel.tsv"]
        lines = [
            ",".join([name, *(f"{url}/{cell}" for cell in cells), f"T={url}/none.tar.gz\n"])
            for name in "abcde"
        ]
        (tmp_path / "urls.csv").write_text(
            "sample,genome,scan_regions,model,vcf,tf_panel,tf_models\n" + "".join(lines)
        )
        digest = f"{url}/none.tar.gz#sha256=00ff"
        (tmp_path / "digest.csv").write_text(f"sample,genome,model,scan_regions\na,g.fa,{digest},all\n")
        sheets = [*WRONG_FILES, *formats, "named.csv", "urls.csv", "digest.csv"]
        done = nextflow(tmp_path, "run", str(driver), "--sheets", ",".join(sheets))
    assert done.returncode == 0, done.said
    # whatever the number of rows that name it; of a panel also its content
    assert asked == {"/g.fa.gz": 1, "/regions.bed": 1, "/none.tar.gz": 1, "/v.vcf": 1, "/panel.tsv": 2}
    printed = dict(
        line.split(" ", 1) for line in done.said.splitlines() if line.startswith(("FAULTS", "ROWS", "SHARDS"))
    )
    # 2,500 bases are 3 tasks of 1,000; without an index four times the size of the compressed file counts
    by_size = math.ceil(4 * (tmp_path / "g.fa.gz").stat().st_size / 1000)
    # 1,600 bases of regions at twice the price; a token costs DNABERT-6 12 (4 x 768^2 + 2 x 768 x 3072)
    # multiplications, the packaged model 2 (4 x 128^2 + 2 x 128 x 512)
    assert json.loads(printed["SHARDS"]) == [3, by_size, 4, 1, 216, 217, 1]
    found: dict[str, list[str]] = json.loads(printed["FAULTS"])
    assert found.keys() == set(sheets)
    for name, (_, expected) in WRONG_FILES.items():
        assert len(found[name]) == len(expected), found[name]
        for fault, start in zip(found[name], expected, strict=True):
            assert fault.startswith(start), name
    # what is told by its digest is of the store, though the server has the file
    (fault,) = found["digest.csv"]
    assert fault.startswith(
        f"row 2, column model: '{digest}' is not in the store (none), and this run brings"
    )
    rows = json.loads(printed["ROWS"])
    # the name of a genome of the configuration
    assert rows.pop("named.csv")[0]["genome"] == "g.fa"
    assert [row["genome"] for row in rows.pop("urls.csv")] == ["g.fa.gz"] * 5
    assert rows.keys() == set(formats)
    assert all(read == rows["s.tsv"] for read in rows.values())
    # what no format gave is empty
    (row,) = rows["s.tsv"]
    assert {name: value for name, value in row.items() if value and name != "model"} == given
    assert row["model"] == {"path": [], "output": ""}


def test_unknown_and_wrong_parameters_are_named_together(tmp_path: Path, pipeline: Callable) -> None:
    done = pipeline(
        "--input", "sheet.txt", "--sharts", "3", "--max-shards", "4", "--epochs", "many",
        "--use_gpu", "maybe", "--precision", "float16", "--threshold", "';touch pwned'",
        "--offsets", "4", "--ratio", "0", "--splits", "0.5,0.5,0.5", "--outdir", "",
        "--shards", "0", "--base_model", "nowhere", "--store", "nowhere", "--interpret_method", "gradient",
        "--convention", "deepvregulome", "--folds", "1", "--interpret_discover", "--job_array", "20",
    )  # fmt: skip
    assert done.returncode != 0
    # Nextflow keeps --max-shards under one of two names, by its version
    found = [fault.replace("--max-shards", "--maxShards") for fault in faults(done.said)]
    assert sorted(found) == [
        "--base_model 'nowhere': there is no such folder, and no such model in the store (nowhere); "
        "dnabert-enhancer models get NAME brings one; models by name are new:tiny, new:small, new:base, "
        "default and hub:NAME@REVISION",
        "--epochs 'many': give a whole number",
        "--folds '1': give 2 or more",
        "--input 'sheet.txt': give a file whose name ends in .csv, .tsv, .yaml, .yml or .json",
        "--input sheet.txt: there is no such file",
        "--interpret_discover takes runs of high importance: add --interpret_null 100",
        "--interpret_method 'gradient': give ism, attention, gradients",
        "--job_array: without a scheduler there are no jobs; name one (-profile slurm, awsbatch, "
        "google-batch), or leave it out",
        "--maxShards: there is no such parameter (did you mean max_shards?)",
        "--offsets '4': give an odd number, or adaptive",
        "--outdir 'true': it has no value",
        "--precision 'float16': give float32, bfloat16, int8",
        "--ratio '0': give more than 0",
        "--shards '0': give 1 or more",
        "--sharts: there is no such parameter (did you mean shards?)",
        "--store 'nowhere': there is no such folder",
        "--threshold '';touch pwned'': give a probability, the name of a threshold in the model's card, "
        "or a share of its background such as top:1%",
        "--use_gpu 'maybe': give true or false",
        "make-dataset: --splits: the fractions '0.5,0.5,0.5' sum to 1.5; give fractions that sum to 1",
    ]
    assert nothing_ran(tmp_path)


def test_the_commands_and_the_pipeline_judge_options_before_the_first_task(
    tmp_path: Path, pipeline: Callable
) -> None:
    row = {
        "sample": "a", "genome": "g.fa", "assembly": "hg38", "scan_regions": "p.bed", "vcf": "v.vcf",
        "databases": ["F=p.bed,preset=fantom6", "G=p.bed,base=7"], "dbsnp": "v.vcf", "null_exclude": "p.bed",
    }  # fmt: skip
    trained = {
        "sample": "t", "genome": "g.fa", "train_regions": "p.bed", "negatives_from": "P=p.bed,share=2",
        "tune": "grid",
    }  # fmt: skip
    searched = {"sample": "u", "genome": "g.fa", "train_regions": "p.bed", "tune": "optuna"}
    (tmp_path / "sheet.json").write_text(json.dumps([row, trained, searched]))
    (tmp_path / "own.config").write_text(
        "process { withName: 'INTERPRET' { ext.args = '--nothing' }\n"
        "withName: 'FINETUNE' { ext.args = { \"--epochs 3 --limits 'not for clinics' --warmup 7\" } } }\n"
    )
    (tmp_path / "figures.tsv").write_text("metric\tvalue\tsource\nsharpness\t0.9\tpaper\n")
    done = pipeline(
        "--input", "sheet.json", "--published", "figures.tsv", "--threshold", "1.5",
        "--convention", "deepvregulome", "--offsets", "5",
        "--evaluate_by", "gc,tss", "--significance", "p:2", "--screen", "-c", "own.config",
        "--folds", "3", "--learning_rate", "1e-4", "--tune_trials", "81", "--int8",
    )  # fmt: skip
    assert done.returncode != 0
    expected = [
        "--folds: a search (column tune) gives one model; leave one of the two out",
        "--int8: the model of a search (column tune) is not rounded; leave it out",
        "--learning_rate: a search (column tune) tries those of --tune_learning_rates; leave it out",
        f"--published: {tmp_path}/figures.tsv, line 2: there is no metric 'sharpness'",
        "finetune: --warmup",
        "sample a, compare-db: --database, F: there is no preset 'fantom6'; the presets are",
        "sample a, compare-db: --database, G: ",
        "sample a, predict: --null-exclude belongs to --null genome",
        "sample a, predict: --screen is of scans of whole contigs",
        "sample a, predict: --threshold 1.5 is not a probability; give a number from 0 to 1",
        "sample a, score-variants: --dbsnp does not apply to --vcf",
        "sample t, evaluate: --by tss",
        "sample t, make-dataset: --negatives-from",
        "sample t, tune: --trials is 81; it must be at most 80, the combinations of the grid",
        "score-variants: --offsets",
        "score-variants: --significance",
    ]
    found = sorted(faults(done.said))
    assert len(found) == len(expected), found
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(start), (fault, start)
    # what a search cannot be told, to the last word
    assert {fault for fault in expected if "search" in fault or "--trials" in fault} <= set(found)
    assert nothing_ran(tmp_path)
