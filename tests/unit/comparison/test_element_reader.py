# ruff: noqa: E501  the rows of files are kept on one line
"""Reading files as sites give them (row_parser, row_reader, presets/catalogues, chromatin, curated, formats)."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.comparison import PRESETS, Selection, read_elements
from dnabert_enhancer.comparison.database_spec import guessed_preset
from dnabert_enhancer.errors import InputError


def places(elements):
    return [
        (elements.contigs[index], start, end)
        for index, start, end in zip(
            elements.contig_index.tolist(), elements.start.tolist(), elements.end.tolist(), strict=True
        )
    ]


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str | bytes, name: str = "file.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


VISTA = """>Human|chr16:86430087-86430726 | element 1 | positive  | neural tube[12/12] | hindbrain (rhombencephalon)[12/12]
ACGT
>Human|chr16:85586489-85588130 | element 2 | negative
ACGT
>Mouse|chr12:112380949-112381824 | element 3 | positive  | limb[14/15]
"""
HACER = "\t".join(["AE1", "chr1", "100", "200", "150", *["x"] * 9, "GRO-seq", "K562", "hg19", *["x"] * 7])
SEDB = "cell_id\tse_id\tse_chr\tse_start\tse_end\tse_rank\nSample_1\tSE_1\tchr2\t5\t9\t1\n"
TIED = "Chr\tChr start\tChr end\tEnhancer\tTissues\nchr3\t7\t90\tenh1\tBrain,Liver\n"
HEDD = "EnhID\tChr\tStart\tEnd\tSource\nh1\t1\t11\t20\tFANTOM\n"
SCREEN6 = "chr1\t10\t20\tEH38D1\tEH38E1\tpELS,CTCF-bound\nchr1\t30\t40\tEH38D2\tEH38E2\tdELS\n"
ATLAS_GENES = "chr1:100-200_ENSG01$ABC$chr1$900$+\t1.5\n"
GTF = (
    '1\thavana\tgene\t11\t20\t.\t+\t.\tgene_id "ENSG1"; gene_name "ABC1";\n'
    '1\thavana\texon\t11\t15\t.\t+\t.\tgene_id "ENSG1"; gene_name "ABC1";\n'
    '1\tmirbase\tgene\t31\t40\t.\t-\t.\tgene_id "ENSG2";\n'
)


@pytest.mark.parametrize(
    ("preset", "text", "selection", "wanted", "names"),
    [
        ("vista", VISTA, {}, [("chr16", 86430086, 86430726), ("chr16", 85586488, 85588130)], ["element 1", "element 2"]),
        ("vista", VISTA, {"kinds": ("Positive",)}, [("chr16", 86430086, 86430726)], ["element 1"]),
        ("vista", VISTA, {"cells": ("hindbrain (rhombencephalon)",)}, [("chr16", 86430086, 86430726)], ["element 1"]),
        ("hacer", HACER, {"cells": ("k562",)}, [("chr1", 100, 200)], ["AE1"]),
        ("sedb", SEDB, {"cells": ("Sample_1",)}, [("chr2", 5, 9)], ["SE_1"]),
        ("tied", TIED, {}, [("chr3", 7, 90)], ["enh1"]),
        ("hedd", HEDD, {}, [("1", 10, 20)], ["h1"]),
        ("raedb", "chr1\t5\t9\t2.5\n", {"min_score": 2.0}, [("chr1", 5, 9)], []),
        ("enhancerdb", "chr1\t5\t9\tenh1\tliver\t1\t2\t3\t0.5\n", {"cells": ("liver",)}, [("chr1", 5, 9)], ["enh1"]),
        ("diseaseenhancer", "DE1\tchrx\t5\t9\tGENE\tcancer\nDE2\tNA\tNA\tNA\tG\tc\n", {}, [("chrx", 5, 9)], ["DE1"]),
        ("screen", SCREEN6, {"kinds": ("CTCF-bound",)}, [("chr1", 10, 20)], ["EH38E1"]),
        ("screen", SCREEN6, {"kinds": ("dELS", "PLS")}, [("chr1", 30, 40)], ["EH38E2"]),
        ("enhanceratlas", ATLAS_GENES, {}, [("chr1", 100, 200)], ["ENSG01$ABC"]),
        ("chromhmm", "chr1\t0\t200\t15_Quies\nchr1\t200\t400\t7_Enh\n", {}, [("chr1", 200, 400)], ["7_Enh"]),
        ("chromhmm", "chr1\t0\t2\t1_TssA\nchr1\t2\t4\t9_TxReg\nchr1\t4\t6\t10_TxEnh5'\n", {}, [("chr1", 2, 4), ("chr1", 4, 6)], ["9_TxReg", "10_TxEnh5'"]),
        ("gtf", GTF, {}, [("1", 10, 20), ("1", 30, 40)], ["ABC1", "ENSG2"]),
        ("bed", "chr1 5 9 x 3\n", {"min_score": 3.0}, [("chr1", 5, 9)], ["x"]),
        ("bed", "track name=x\nbrowser position\n#c\nchrom\tstart\tend\nchr1\t5\t9\n", {}, [("chr1", 5, 9)], ["."]),
        ("bed", "chr1\t5\t9\r\n\r\nchr1\t1e+05\t100009.0\r\n", {}, [("chr1", 5, 9), ("chr1", 100000, 100009)], [".", "."]),
        ("table", "Chromosome;stop;begin;id\nchr1;9;5;x\n", {"columns": {"name": "ID"}}, [("chr1", 5, 9)], ["x"]),
        ("table", "a,b,c\nchr1,5,9\n", {"columns": {"chrom": "a", "start": "2", "end": "c"}, "base": 1}, [("chr1", 4, 9)], []),
    ],
)  # fmt: skip
def test_rows_as_sites_give_them(write, preset, text, selection, wanted, names) -> None:
    found = read_elements(write(text), PRESETS[preset], Selection(**selection))
    assert places(found) == wanted
    assert found.names.tolist() == (names or ["."] * len(found))


ENDB_TITLES = "Enhancer_id\tReference_genome\tChromosome\tStart_position\tEnd_position\tSpecies\tBiosample_name\tEnhancer_type\tText\n"
ENDB = (
    ENDB_TITLES + 'E_1\thg19\tchr1\t5\t9\tHuman\t"MCF-7,T-47D"\tEnhancer \t"two\nlines, ""quoted"" 增强子"\n'
    "E_2\tmm10\tchr2\t1\t4\tMouse\tliver\tEnhancer\tx\n"
    "E_3\thg19\tChr11 \t6\t8\tHuman\tliver\tSuper-Enhancer\t雌激素受体\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_endb_in_its_encoding_with_quoted_line_breaks(write, encoding: str, ends: str) -> None:
    found = read_elements(write(ENDB.replace("\n", ends).encode(encoding)), PRESETS["endb"])
    assert places(found) == [("chr1", 5, 9), ("Chr11", 6, 8)]
    assert found.names.tolist() == ["E_1", "E_3"]
    assert found.frame["line"].tolist() == [2, 5]
    assert found.counts == {"rows": 3, "filtered_by_preset": 1}


def test_bytes_of_no_encoding_spoil_texts_only(write) -> None:
    mixed = ENDB.encode("gb18030").replace(b"MCF-7", "MCF\ufffd".encode() + b"\xff7")
    assert places(read_elements(write(mixed), PRESETS["endb"])) == [("chr1", 5, 9), ("Chr11", 6, 8)]


def test_quick_reading_and_row_by_row_reading_agree(write) -> None:
    rng = np.random.default_rng(0)
    start = rng.integers(0, 10_000, 500)
    length = rng.integers(0, 50, 500)
    text = "".join(
        f"chr{1 + n % 3}\t{s}\t{s + w}\tname{n}\t{n / 7}\n"
        for n, (s, w) in enumerate(zip(start, length, strict=True))
    )
    path = write(text)
    quick = read_elements(path, PRESETS["bed"])
    slow = read_elements(path, PRESETS["bed"], Selection(min_score=-1.0))
    assert places(quick) == places(slow)
    assert quick.names.tolist() == slow.names.tolist()
    assert quick.scores.tolist() == slow.scores.tolist()
    assert quick.frame["line"].tolist() == slow.frame["line"].tolist()
    assert quick.counts == slow.counts
    assert quick.counts["zero_length"] == int((length == 0).sum()) > 0


def test_few_unusable_rows_are_left_out_and_counted(write, caplog) -> None:
    good = "".join(f"chr1\t{n}\t{n + 5}\tx\t1\n" for n in range(300))
    found = read_elements(write(good + "chr1\t9\t5\tx\t1\nchr1\t-1\t5\tx\t1\n"), PRESETS["bed"])
    assert (len(found), found.counts["unusable_row"]) == (300, 2)
    assert "2 of 302 rows left out, the first:" in caplog.text
    assert "line 301: the end 5 is before the start 9" in caplog.text


@pytest.mark.parametrize("text", ["", "\n\n", "# chr1\t5\t9\n", "track name=x\n", "chr\tbegin\tstop\tname\n"])
def test_a_bed_without_rows_holds_no_elements_where_that_may_be(write, text) -> None:
    found = read_elements(write(text), PRESETS["bed"], Selection(strict=True, may_be_empty=True))
    assert len(found) == 0
    assert found.contigs == found.names.tolist() == []
    assert not found.counts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no\tbed\tat\tall\n", "line 1: the start 'bed' is not a whole number"),
        ("chr1\tNA\tNA\n", "(1 rows: 1 without_place)"),
        ("<html>\n", "line 1: 1 columns, too few for a place"),
        (b"\0\0\0", "line 1: "),
    ],
)
def test_what_is_no_bed_is_not_taken_for_an_empty_one(write, text, said) -> None:
    with pytest.raises(InputError) as caught:
        read_elements(write(text), PRESETS["bed"], Selection(strict=True, may_be_empty=True))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("preset", "text", "selection", "said"),
    [
        ("bed", "", {}, "there is no element in the file"),
        ("bed", "chrom\tstart\tend\n", {}, "there is no element in the file"),
        ("bed", "chr1\t5\t5\n", {}, "1 zero_length"),
        ("bed", "chr1\tx\t5\n", {}, "line 1: the start 'x' is not a whole number"),
        ("bed", "chr1\t5.5\t9\n", {}, "line 1: the start '5.5' is not a whole number"),
        ("bed", "chr1\t5\n", {}, "line 1: 2 columns, too few for a place"),
        ("bed", "\t5\t9\n", {}, "line 1: the contig is empty"),
        ("bed", "chr1\t5\t99999999999999\n", {}, "the end 99999999999999 is beyond any contig"),
        ("hedd", "EnhID\tChr\tStart\tEnd\nh1\t1\t0\t20\n", {}, "the start 0 is before the contig's first base (1 in this preset)"),
        ("endb-bed", "chr1\t5\t9\n", {}, "line 1: 3 columns where a file of preset endb-bed has 6"),
        ("sedb", "a\tb\nc\td\n", {}, "there is no column 'cell_id' and no 'se_chr' and no 'se_end'"),
        ("vista", "chr1\t5\t9\n", {}, "line 1: this is not a FASTA file"),
        ("vista", ">chr1 something\nACGT\n", {}, "1 filtered_by_preset"),
        ("table", 'chrom,start,end\nchr1,5,"9\n' + "x\n" * 1200, {}, "line 2: a quote opened here is not closed"),
        ("bed", b"\xff\xfec\x00h\x00", {}, "UTF-16"),
        ("bed", b"chr1\t5\t9\tna\xefve\tx\n", {"min_score": 0.0}, "line 1: the text is not UTF-8"),
        ("table", b"chrom,start,end\nchr1,5,9\xe9\n", {}, "line 2: the text is not UTF-8"),
        ("screen", SCREEN6, {"kinds": ("pels+",)}, "class=pels+ matches none of 2 rows; there are 'pELS' (1)"),
        ("hacer", HACER, {"cells": ("HepG2", "GM")}, "cell=HepG2 or GM matches none of 1 rows; there are 'K562' (1)"),
        ("bed", "chr1\t5\t9\n", {"cells": ("K562",)}, "the preset bed has no column for cell"),
        ("raedb", "chr1\t5\t9\t1\n", {"min_score": 2.0}, "1 filtered_by_score"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_one_line(write, preset, text, selection, said) -> None:
    with pytest.raises(InputError) as caught:
        read_elements(write(text), PRESETS[preset], Selection(**selection))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_calls_must_be_right_to_the_last_row(write) -> None:
    path = write("chr1\t5\t9\n" * 500 + "chr1\t9\t5\n")
    with pytest.raises(InputError, match="line 501: the end 5 is before the start 9"):
        read_elements(path, PRESETS["bed"], Selection(strict=True))


@pytest.mark.parametrize(
    ("name", "text", "preset"),
    [
        ("x.bed", "chr1\t5\t9\n", "bed"),
        ("x.narrowPeak.gz", "chr1\t5\t9\n", "narrowpeak"),
        ("genes.gtf", "1\ta\tgene\t1\t2\n", "gtf"),
        ("x.txt", SEDB, "sedb"),
        ("x.txt", ENDB, "endb"),
        ("x.txt", "chrom\t start\t stop\t se_id\t gene_symbol\t cell_name\t rank\n", "dbsuper"),
        ("x.txt", "#Chromosome\thg38_Start\thg38_End\tClass\n", "catlas"),
        ("x.fa", VISTA, "vista"),
        ("x.txt", "chrom\tstart\tend\n", "bed"),
    ],
)
def test_presets_are_recognised_by_their_titles(write, name: str, text: str, preset: str) -> None:
    content = gzip.compress(text.encode()) if name.endswith(".gz") else text
    assert guessed_preset(write(content, name)).name == preset


def test_every_preset_says_where_it_comes_from() -> None:
    for name, preset in PRESETS.items():
        assert preset.name == name
        for text in (preset.title, preset.download, preset.licence, preset.citation, preset.evidence):
            assert text, name
        assert preset.assembly in (None, "hg19", "hg38")
        assert ("not verified" in preset.status) is not preset.verified


REAL = {
    "databases/CATlas_cCRE_hg38_sample.tsv.gz": ("catlas", 999),
    "databases/CpG_islands_hg19.bed.gz": ("cpg-islands", 28_691),
    "databases/ENdb_enhancer.tsv.gz": ("endb", 425),
    "databases/ENdb_human_hg19.bed.gz": ("endb-bed", 425),
    "databases/EPDnew_human_promoters_hg38.bed.gz": ("epdnew", 29_598),
    "databases/EPIraction_ENCFF712SUP.bed.gz": ("epiraction", 64_181),
    "databases/EnhancerAtlas2_A375.bed.gz": ("enhanceratlas", 5_206),
    "databases/EnhancerAtlas2_A375_scores.bed.gz": ("enhanceratlas", 10_206),
    "databases/EnhancerAtlas_consensus_sample.bed.gz": ("enhanceratlas", 1_000),
    "databases/EnhancerAtlas_enhancer_snp.bed.gz": ("enhanceratlas", 667),
    "databases/VISTA_ucsc_hg19.bed.gz": ("vista-bed", 1_339),
    "databases/cCRE_PLS_nearest_gene.bed.gz": ("screen", 40_887),
    "databases/dbSUPER_SuperEnhancers_hg19.tsv.gz": ("dbsuper", 69_205),
    "annotation/F5.hg38.enhancers.bed.gz": ("fantom5", 63_285),
    "annotation/cCREv4_PLS.hg38.bed.gz": ("screen", 47_532),
    "annotation/EPCrisprBenchmark_K562.GRCh38.tsv.gz": ("crispri", 471),
    "annotation/hg19/wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz": ("narrowpeak", 6_189),
    "annotation/hg19/wgEncodeBroadHistoneGm12878H3k27acStdPk.broadPeak.gz": ("broadpeak", 56_069),
}


@pytest.mark.data
@pytest.mark.parametrize("file", REAL)
def test_real_files_give_all_their_elements(shared_data: Path, file: str) -> None:
    preset, number = REAL[file]
    found = read_elements(shared_data / file, PRESETS[preset])
    assert len(found) == number
    assert found.counts["unusable_row"] == 0
    assert (found.end > found.start).all()


@pytest.mark.data
@pytest.mark.slow
def test_chromhmm_keeps_the_enhancer_states_only(shared_data: Path) -> None:
    path = shared_data / "annotation/hg19/E116_GM12878_25state_imputed12marks.bed.gz"
    kept = read_elements(path, PRESETS["chromhmm"])
    # counted with cut, sort and uniq
    assert len(kept) == 10114 + 13895 + 9571 + 31656 + 12939 + 23316 + 24735 + 27264 + 58844 + 12497
    assert {int(name.split("_")[0]) for name in kept.names} == set(range(9, 19))


@pytest.mark.data
def test_filters_on_real_files(shared_data: Path) -> None:
    folder = shared_data / "databases"
    k562 = read_elements(
        folder / "dbSUPER_SuperEnhancers_hg19.tsv.gz", PRESETS["dbsuper"], Selection(cells=("K562",))
    )
    assert len(k562) == 742
    ht29 = Selection(cells=("HT29",))
    assert (
        len(read_elements(folder / "EnhancerAtlas_consensus_sample.bed.gz", PRESETS["enhanceratlas"], ht29))
        == 180
    )
    with pytest.raises(
        InputError, match=r"cell=HepG-2 matches none of 69205 rows; there are 'HepG2' \(497\)"
    ):
        read_elements(
            folder / "dbSUPER_SuperEnhancers_hg19.tsv.gz", PRESETS["dbsuper"], Selection(cells=("HepG-2",))
        )
