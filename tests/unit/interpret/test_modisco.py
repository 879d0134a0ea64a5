"""TF-MoDISco on our attributions (interpret/modisco, interpret/modisco_program), where it is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.interpret import (
    FORMAT,
    Attributions,
    Effects,
    FoundMotif,
    meme_text,
    modisco_motifs,
    stretches_of_sequences,
    write_effects,
)
from dnabert_enhancer.scan import NamedSequence
from dnabert_enhancer.shards import ShardFile
from dnabert_enhancer.variants import read_meme

SITES = {
    "GATGACTCATC": (0.3, 0.5, 1, 1, 1, 0.6, 1, 1, 1, 0.5, 0.3),
    "AGAGATAAGGA": (0.4, 0.4, 0.6, 1, 1, 1, 1, 1, 0.6, 0.4, 0.4),
}
"""Of AP-1 and of GATA, and how much each base counts."""
installed = pytest.mark.skipif(
    importlib.util.find_spec("modiscolite") is None,
    reason="modisco-lite is not installed: make test-discovery",
)


def turned(word: str) -> str:
    return word[::-1].translate(str.maketrans("ACGT", "TGCA"))


def planted(path: Path, number: int, length: int = 120) -> Attributions:
    """Random sequences with both sites in either strand, and what mutagenesis says if a model reads them."""
    rng = np.random.default_rng(3)
    letters, changes = [], []
    for turn in range(number):
        row = "".join(rng.choice(list("ACGT"), length))
        change = rng.normal(0, 0.02, (length, 4))
        for first, (site, weights) in zip((20, 70), SITES.items(), strict=True):
            word, counts = (site, weights) if rng.random() < 0.5 else (turned(site), weights[::-1])
            at = first + int(rng.integers(0, 20))
            row = row[:at] + word + row[at + len(word) :]
            change[at : at + len(word)] -= np.array(counts)[:, None]
        change[np.arange(length), ["ACGT".index(base) for base in row]] = 0
        letters.append(NamedSequence(f"s{turn}", row))
        changes.append(change.astype(np.float32))
    effects = [
        Effects(stretch, change, 0.5, 0.0)
        for stretch, change in zip(stretches_of_sequences(letters, 0), changes, strict=True)
    ]
    header = {"settings": {"method": "ism", "unit": "logit"}, "contigs": {}, "shard": [1, 1]}
    write_effects(path, effects, header)
    return Attributions([ShardFile(path, FORMAT)])


@installed
@pytest.mark.slow
def test_planted_sites_are_found_in_the_arrays_of_the_file(shared_data: Path, tmp_path: Path) -> None:
    found = planted(tmp_path / "numbers", 200)
    database = shared_data / "motifs" / "H12CORE_meme_format.meme.gz"
    counts = found.write(tmp_path / "x", motifs=database, discover="modisco")
    assert counts["motifs_found"] >= 2
    assert not (tmp_path / "x.seqlets.bed.gz").exists()
    assert (tmp_path / "x.motifs.svg").exists()
    title, *rows = (row.split("\t") for row in (tmp_path / "x.motifs.tsv").read_text().splitlines())
    said = [dict(zip(title, row, strict=True)) for row in rows]
    ap1 = ("FOS", "JUN", "BATF", "BACH", "NFE2", "NF2L", "MAF", "ATF", "JDP")
    # whole but for columns that count little, in either strand
    for site, core, factors in zip(SITES, ("TGACTCA", "GATAA"), (ap1, ("GATA", "TAL1")), strict=True):
        (values,) = [row for row in said if core in (word := row["motif"][2:]) or core in turned(word)]
        word = values["motif"][2:]
        assert word in site or turned(word) in site
        assert 20 <= int(values["sites"]) <= 200
        assert values["effect"] == "raises"
        assert (values["p"], values["q"], values["words"]) == ("NA", "NA", "NA")
        assert values["match"].startswith(factors)
        assert float(values["match_q"]) < 0.05
    assert float(said[0]["match_q"]) < 0.001
    motifs = read_meme(tmp_path / "x.motifs.meme").motifs
    assert [(motif.name, motif.n_sites) for motif in motifs] == [
        (row["motif"], int(row["sites"])) for row in said
    ]
    # the arrays of the file, given to modisco-lite as its own command reads them, and a second time
    with np.load(tmp_path / "x.attributions.npz") as arrays:
        again = modisco_motifs(arrays["one_hot"], arrays["hypothetical"], threads=2)
    assert meme_text(again.motifs) == (tmp_path / "x.motifs.meme").read_text()


@installed
@pytest.mark.slow
def test_too_few_seqlets_give_no_motif_and_say_so(tmp_path: Path) -> None:
    counts = planted(tmp_path / "numbers", 30).write(tmp_path / "x", discover="modisco")
    assert counts["motifs_found"] == 0
    assert counts["too_few_seqlets_for_modisco"] == 1
    assert (tmp_path / "x.motifs.meme").read_text().startswith("MEME version 4\n")


@installed
@pytest.mark.slow
def test_what_cannot_have_a_seqlet_is_not_given_to_it() -> None:
    none = np.zeros((200, 4, 40), dtype=np.float32)
    for hypothetical in (none, none + 1):
        assert modisco_motifs(none.astype(np.int8), hypothetical) == ([], False)
    with pytest.raises(ResourceError, match="TF-MoDISco stopped"):
        modisco_motifs(np.zeros((3, 4, 60), dtype=np.int8), np.full((3, 4, 60), np.nan, np.float32))


def test_without_the_package_a_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnabert_enhancer.interpret.modisco.find_spec", lambda name: None)
    found = planted(tmp_path / "numbers", 2)
    for start in (
        lambda: found.discover_motifs("modisco"),
        lambda: found.write(tmp_path / "x", discover="modisco"),
    ):
        with pytest.raises(InputError) as error:
            start()
        assert "pip install '.[discovery]'" in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["numbers"]
    with pytest.raises(InputError, match="kmers or modisco"):
        found.discover_motifs("meme")


def test_a_motif_without_p_has_no_e_value_in_the_file(tmp_path: Path) -> None:
    motif = FoundMotif("AC", np.eye(4)[:2], 123, (), np.nan, np.nan, "lowers")
    (tmp_path / "x.meme").write_text(meme_text([motif]))
    assert "E=" not in (tmp_path / "x.meme").read_text()
    (read,) = read_meme(tmp_path / "x.meme").motifs
    assert (read.name, read.n_sites) == ("1-AC", 123)
