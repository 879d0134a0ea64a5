"""Checkpoints of other architectures by the commands: import, predictions, variants, figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.commands import cli

late("torch")

pytestmark = [pytest.mark.data, pytest.mark.slow]


@pytest.mark.parametrize(
    "name", ["dnabert2_random", "ntv2_random", "ntv1_random", "gena_random", "grover_random"]
)
def test_every_command_takes_the_imported_model(
    name: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bases = "".join(np.random.default_rng(1).choice(list("ACGT"), 3000))
    Path("g.fa").write_text(f">chr1\n{bases[:1500]}{'N' * 15}{bases[1515:]}\n")
    Path("s.fa").write_text(f">a\n{bases[:400]}\n>b\n{bases[500:850].lower()}\n>c\n{bases[500:850]}\n")
    other = "A" if bases[699] != "A" else "C"
    Path("v.vcf").write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=3000>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t700\t.\t{bases[699]}\t{other}\t.\t.\t.\n"
    )
    rows = "".join(f"{bases[start : start + 200]}\t{start % 2}\n" for start in range(0, 1200, 37))
    Path("d.tsv").write_text(f"sequence\tlabel\n{rows}")
    for command in (
        f"import-model {shared_data / 'golden' / name} --output-dir m --window-length 200",
        "predict --model m --fasta s.fa --output-prefix sequences",
        "predict --model m --genome g.fa --stride 100 --no-null --output-prefix scan",
        "score-variants --model m --vcf v.vcf --genome g.fa --null-variants 20 --output-prefix variants",
        "evaluate --model m --dataset d.tsv --bootstrap 20 --no-pictures --output-prefix judged",
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main([*command.split(), "--quiet"])
        assert ended.value.code == 0
    lines = [line.split("\t") for line in Path("sequences.predictions.tsv").read_text().splitlines()]
    # letter case tells nothing
    assert lines[2][4:7] == lines[3][4:7] != lines[1][4:7]
    assert Path("scan.bw").is_file()
    assert Path("variants.tsv.gz").is_file()
