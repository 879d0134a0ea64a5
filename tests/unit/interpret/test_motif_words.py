"""Motifs of seqlets and their enrichment over quiet runs (interpret/motif_words, seqlet_table)."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.interpret import (
    FORMAT,
    Attributions,
    Effects,
    MotifEnrichment,
    Seqlet,
    best_motifs,
    meme_text,
    quiet_runs,
    stretches_of_sequences,
    write_effects,
)
from dnabert_enhancer.scan import NamedSequence
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.shards import ShardFile
from dnabert_enhancer.variants import MotifLibrary, RunMatches, run_matches

stats = late("scipy.stats")

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "assets" / "demo" / "alpha-globin.fa.gz"
HOCOMOCO = ROOT.parent / "shared" / "data" / "motifs" / "H12CORE_meme_format.meme.gz"
WORDS = {"AP1": "ATGACTCAT", "NRF1": "GCGCATGCGC", "GATA": "CAGATAAG", "NFY": "AGCCAATC"}


@pytest.fixture
def motifs(tmp_path: Path) -> Path:
    """Motifs whose columns have 94 % of a word's letter."""
    lines = ["MEME version 4", "", "ALPHABET= ACGT", ""]
    for name, word in WORDS.items():
        lines += [f"MOTIF {name}", f"letter-probability matrix: alength= 4 w= {len(word)} nsites= 100"]
        lines += [" ".join("0.94" if base == own else "0.02" for base in "ACGT") for own in word] + [""]
    (tmp_path / "m.meme").write_text("\n".join(lines))
    return tmp_path / "m.meme"


def matches(p: list[list[float]]) -> RunMatches:
    values = np.array(p)
    start = np.tile(np.arange(values.shape[1]), (len(values), 1))
    names = [f"m{number}" for number in range(values.shape[1])]
    return RunMatches(names, np.full(len(names), 6), values, values, start, start % 2 == 1)


def test_the_best_motif_of_a_seqlet_has_q_over_the_motifs() -> None:
    found = best_motifs(matches([[0.2, 0.01, 0.015, np.nan], [0.3, 0.9, 0.3, 0.2], [np.nan] * 4]))
    assert found[0] is not None
    assert found[1] is not None
    assert found[0][:4] == ("m1", 1, 7, "-")
    # min(0.01 * 3, 0.015 * 3 / 2, 0.2) and min(0.2 * 4, 0.3 * 4 / 3, 0.9)
    assert (found[0].p, found[0].q) == (0.01, pytest.approx(0.0225))
    assert (found[1].name, found[1].q) == ("m3", pytest.approx(0.4))
    assert found[2] is None


def test_a_quiet_run_is_as_long_as_the_seqlet_and_as_rich_in_gc() -> None:
    letters = "GCGCAAAAATTTTTACGCAAAATTTTTTTT"
    importance = np.full(30, 0.1, dtype=np.float32)
    importance[0:4] = 5
    importance[22:] = 2
    importance[10] = np.nan
    seqlets = [Seqlet(0, 4, 20.0, 0.01), Seqlet(26, 30, -8.0, 0.5)]
    assert quiet_runs(importance, encode_bases(letters), seqlets) == [(14, 18)]
    # a second one of as many bases is apart from the first: of no GC, the quietest, the first
    twice = [Seqlet(0, 4, 20.0, 0.01), *seqlets[1:], Seqlet(22, 26, 8.0, 0.1)]
    first, second = quiet_runs(importance, encode_bases(letters), twice)
    assert (first, second) == ((14, 18), (4, 8))
    assert quiet_runs(importance[:6], encode_bases(letters[:6]), seqlets[:1]) == [None]


def test_enrichment_is_fishers_exact_test_of_counted_runs(motifs: Path) -> None:
    library = MotifLibrary(motifs)
    enrichment = MotifEnrichment(library)
    rng = np.random.default_rng(3)
    counted = {name: [0, 0] for name in WORDS}
    for number in range(40):
        letters = ["ACGT"[base] for base in rng.integers(0, 4, 100)]
        high, low = ("AP1", "NFY")[number % 3 == 0], "NFY" if number % 4 == 0 else None
        letters[20 : 20 + len(WORDS[high])] = WORDS[high]
        if low:
            letters[60 : 60 + len(WORDS[low])] = WORDS[low]
        codes = encode_bases("".join(letters))
        importance = np.full(100, 1.0, dtype=np.float32)
        importance[58:72] = 0.0
        importance[18:32] = 9
        seqlets = [Seqlet(18, 32, 126.0, 0.001)]
        enrichment.add(importance, codes, seqlets, run_matches(library, codes, [(18, 32)]))
        ((start, end),) = quiet_runs(importance, codes, seqlets)
        for row, (first, last) in enumerate(((18, 32), (start, end))):
            for name, word in WORDS.items():
                places = range(first - len(word) // 2, last - (len(word) + 1) // 2 + 1)
                both = (word, word[::-1].translate(str.maketrans("ACGT", "TGCA")))
                counted[name][row] += any("".join(letters)[at : at + len(word)] in both for at in places)
    rows = {row[0]: row for row in enrichment.rows()}
    assert enrichment.rows()[0][0] == "AP1"
    p = {}
    for name, (high, low) in counted.items():
        # the words themselves; a word with one other letter may count as a match of a motif that is long
        assert rows[name][1] >= high
        assert rows[name][3] >= low
        _, a, n, b, m, odds, one, _ = rows[name]
        test = stats.fisher_exact([[a, n - a], [b, m - b]], alternative="greater")
        assert (n, m) == (40, 40)
        assert one == pytest.approx(test.pvalue, rel=1e-9)
        assert odds == pytest.approx(test.statistic, nan_ok=True)
        p[name] = one
    q = stats.false_discovery_control(list(p.values()))
    np.testing.assert_allclose([rows[name][7] for name in p], q)
    assert counted["AP1"][0] == 26


def test_without_seqlets_every_motif_has_a_row_that_says_nothing(motifs: Path) -> None:
    rows = MotifEnrichment(MotifLibrary(motifs)).rows()
    assert [row[0] for row in rows] == sorted(WORDS)
    assert all(row[1:5] == (0, 0, 0, 0) and np.isnan(row[5]) and row[6:] == (1, 1) for row in rows)


def planted(path: Path, word: str, number: int = 30) -> tuple[Attributions, list[int]]:
    """Real windows with a word, whose importance is high there and noise elsewhere."""
    rng = np.random.default_rng(11)
    with de.Genome(DEMO) as genome:
        (contig,) = genome.contig_sizes
        windows = [
            genome.fetch(contig, at, at + 120).decode().upper()
            for at in range(30000, 30000 + 500 * number, 500)
        ]
    places = rng.integers(10, 120 - 10 - len(word), number).tolist()
    windows = [row[:at] + word + row[at + len(word) :] for row, at in zip(windows, places, strict=True)]
    windows[0] = "N" * 10 + windows[0][10:]

    def effects(at: list[int] | None) -> list[Effects]:
        found = []
        named = [NamedSequence(f"w{i}", row) for i, row in enumerate(windows)]
        for i, stretch in enumerate(stretches_of_sequences(named, 0)):
            row = rng.normal(size=120).astype(np.float32)
            if at is not None:
                row[at[i] : at[i] + len(word)] += 5
            row[stretch.codes > 3] = np.nan
            found.append(Effects(stretch, np.zeros((0, 4), np.float32), 0.5, 0.0, row))
        return found

    facts = {"method": "ism", "unit": "logit", "null": number}
    write_effects(path, effects(places), {"settings": facts, "contigs": {}, "shard": [1, 1]}, effects(None))
    return Attributions([ShardFile(path, FORMAT)]), places


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WORDS))
def test_a_planted_motif_comes_first_and_names_its_seqlets(name: str, motifs: Path, tmp_path: Path) -> None:
    found, places = planted(tmp_path / "numbers", WORDS[name])
    table = found.motif_enrichment(motifs)
    assert table["motif"][0] == name
    assert table["q"][0] < 1e-4
    assert (table["q"][1:] > 0.05).all()
    seqlets = found.seqlet_motifs(motifs)
    for number, at in enumerate(places):
        of_window = seqlets[(seqlets["name"] == f"w{number}") & (seqlets["motif"] == name)]
        word = of_window[of_window["motif_start"] == at]
        assert len(word) == 1
        assert word["motif_end"].tolist() == [at + len(WORDS[name])]
        assert float(word["motif_q"].iloc[0]) < 0.01
    (first, *_) = found.discover_motifs()
    # a palindrome's halves are the same words
    inner = WORDS[name][1:-1] if name != "NRF1" else "GCATGC"
    assert inner in first.name or inner[::-1].translate(str.maketrans("ACGT", "TGCA")) in first.name
    found.write(tmp_path / "x", motifs=motifs, discover=True)
    assert (tmp_path / "x.motifs.meme").read_text() == meme_text(found.discover_motifs())
    written = pd.read_csv(tmp_path / "x.motif_enrichment.tsv", sep="\t")
    pd.testing.assert_frame_equal(written, table, rtol=1e-5, check_dtype=False)
    lines = gzip.decompress((tmp_path / "x.seqlets.bed.gz").read_bytes()).decode().splitlines()
    assert [line.split("\t")[9] for line in lines] == seqlets["motif"].fillna("NA").tolist()


def test_motifs_without_shuffles_are_refused(motifs: Path, tmp_path: Path) -> None:
    header = {"settings": {"method": "ism"}, "contigs": {}, "shard": [1, 1]}
    write_effects(tmp_path / "numbers", [], header)
    found = Attributions([ShardFile(tmp_path / "numbers", FORMAT)])
    for call in (
        found.seqlet_motifs,
        found.motif_enrichment,
        lambda path: found.write(tmp_path / "x", motifs=path),
    ):
        with pytest.raises(de.InputError, match="null"):
            call(motifs)


@pytest.mark.slow
@pytest.mark.skipif(not HOCOMOCO.exists(), reason="HOCOMOCO is not beside the checkout")
def test_among_all_of_hocomoco_the_planted_family_comes_first(tmp_path: Path) -> None:
    found, _ = planted(tmp_path / "numbers", "GATGACTCATC")
    table = found.motif_enrichment(HOCOMOCO)
    family = table["motif"].head(5).str.match("FOS|JUN|BATF|BACH|NFE2|NF2L|ATF3|MAF")
    assert family.all()
    assert table["q"][0] < 1e-6
