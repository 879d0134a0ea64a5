"""In-silico mutagenesis (interpret/mutagenesis, deletions, stretches) against changes made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.interpret import Mutagenesis, stretches_of_sequences, tiles
from dnabert_enhancer.scan import NamedSequence

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo" / "alpha-globin.fa.gz"


@pytest.fixture(scope="module")
def model() -> de.Model:
    return de.load_model()


@pytest.fixture(scope="module")
def letters() -> str:
    with de.Genome(DEMO) as genome:
        (contig,) = genome.contig_sizes
        return genome.fetch(contig, 113400, 113800).decode().upper()


def logits(model: de.Model, sequences: list[str]) -> np.ndarray:
    """Log odds by the probability that `predict` reports; the packaged model's calibration is undone."""
    from dnabert_enhancer.sequence import encode_bases

    return model.engine.predict(np.stack([encode_bases(text) for text in sequences])).logit


@pytest.mark.parametrize(
    ("start", "end", "contig", "expected"),
    [
        (100, 150, 1000, [(25, 200, 100, 150)]),  # the middle of both is 125
        (100, 300, 1000, [(100, 200, 100, 300)]),
        (0, 50, 1000, [(0, 200, 0, 50)]),  # moved inside at the left end
        (960, 1000, 1000, [(800, 200, 960, 1000)]),
        (10, 90, 150, [(0, 150, 10, 90)]),  # a contig shorter than the window
        # pieces of 100 bp, each with 50 bp on both sides
        (400, 650, 1000, [(350, 200, 400, 500), (450, 200, 500, 600), (550, 200, 600, 650)]),
        (5, 5, 1000, []),
    ],
)
def test_tiles_by_hand(start: int, end: int, contig: int, expected: list[tuple[int, ...]]) -> None:
    assert [tuple(tile) for tile in tiles(start, end, contig, 200)] == expected


@pytest.mark.slow
def test_each_substitution_is_that_of_the_sequence_with_the_letter_replaced(
    model: de.Model, letters: str
) -> None:
    sequence = letters[:200]
    found = model.interpret({"one": sequence})[0]
    for base in (0, 57, 58, 199):
        changed = [sequence[:base] + letter + sequence[base + 1 :] for letter in "ACGT"]
        values = logits(model, [sequence, *changed])
        np.testing.assert_allclose(found.change[base], values[1:] - values[0], atol=1e-6)
        assert found.change[base]["ACGT".index(sequence[base])] == 0
        assert found.importance[base] == pytest.approx(-(values[1:] - values[0]).mean(), abs=1e-6)
        expected = values[1:] - values[1:].mean()
        np.testing.assert_allclose(found.hypothetical[base], expected, atol=1e-6)
    assert found.score == pytest.approx(float(model.predict([sequence])["probability"][0]), abs=1e-7)


@pytest.mark.slow
def test_a_base_of_a_long_region_is_changed_in_the_window_that_has_it_in_its_middle_half(
    model: de.Model, letters: str
) -> None:
    found = model.interpret({"long": letters})[0]  # 400 bp: pieces of 100 bp, windows of 200 bp
    # base 250 lies in the piece 200-300, whose window is 150-350
    window = letters[150:350]
    changed = [window[:100] + letter + window[101:] for letter in "ACGT"]
    values = logits(model, [window, *changed])
    np.testing.assert_allclose(found.change[250], values[1:] - values[0], atol=1e-6)


@pytest.mark.parametrize("offsets", [1, 3])
def test_with_offsets_the_effects_are_those_of_score_variants(model: de.Model, offsets: int) -> None:
    with de.Genome(DEMO) as genome:
        (contig,) = genome.contig_sizes
        found = model.interpret(genome, de.Interval(contig, 113055, 113060), offsets=offsets)
        table = found.substitutions
        names = [f"{contig}:{row.pos}:{row.ref}:{row.alt}" for row in table.itertuples()]
        scored = model.score_variants(names, genome, offsets=offsets, null_variants=0)
    np.testing.assert_allclose(table["change"], scored["LogitDifference"], atol=1e-6)
    assert len(names) == 15


@pytest.mark.slow
def test_unknown_bases_have_no_effect_and_windows_of_unknown_bases_none_at_all(
    model: de.Model, letters: str
) -> None:
    some = letters[:50] + "NN" + letters[52:200]
    most = "N" * 100 + letters[:100]
    first, second = model.interpret({"some": some, "most": most})
    assert np.isnan(first.change[50:52]).all()
    assert not np.isnan(np.delete(first.change, [50, 51], axis=0)).any()
    assert np.isnan(second.change).all()
    assert np.isnan(second.score)


@pytest.mark.slow
def test_many_stretches_are_the_same_as_one_at_a_time(model: de.Model, letters: str) -> None:
    sequences = [NamedSequence(str(number), letters[number : number + 60]) for number in range(0, 300, 30)]
    mutagenesis = Mutagenesis(model.engine, model.target, model.window_length)
    together = list(mutagenesis.effects(stretches_of_sequences(sequences, 400)))
    for sequence, effects in zip(sequences, together, strict=True):
        (alone,) = mutagenesis.effects(stretches_of_sequences([sequence], 400))
        assert effects.stretch.name == sequence.name
        np.testing.assert_array_equal(effects.change, alone.change)


def test_progress_counts_every_base_once(model: de.Model, letters: str) -> None:
    done: list[int] = []
    sequences = [NamedSequence("a", letters[:90]), NamedSequence("b", "N" * 40)]
    mutagenesis = Mutagenesis(model.engine, model.target, model.window_length)
    list(mutagenesis.effects(stretches_of_sequences(sequences, 400), done.append))
    assert sum(done) == 130


def left_aligned(text: str, start: int, length: int) -> tuple[int, str, str]:
    """POS, REF, ALT of the leftmost deletion that leaves the same sequence, found by trying each of 100."""
    left = next(
        place
        for place in range(start - 100, start + 1)
        if text[place + length : start + length] == text[place:start]
    )
    return left, text[left - 1 : left + length], text[left - 1]


@pytest.mark.parametrize("offsets", [None, 3])
def test_deletions_have_the_effects_of_score_variants_however_they_are_aligned(
    model: de.Model, offsets: int | None
) -> None:
    with de.Genome(DEMO) as genome:
        (contig,) = genome.contig_sizes
        text = genome.fetch(contig, 0, 116000).decode().upper()
        start = text.index("AAAAAAAA", 113000) - 2  # a run of A among others
        found = model.interpret(
            genome, de.Interval(contig, start, start + 12), offsets=offsets, ism_deletions=3
        )
        table = found.deletions
        assert len(table) == 12 + 11 + 10
        names = []
        for row in table.itertuples():
            pos, ref, alt = left_aligned(text, row.pos - 1, row.length)
            names.append(f"{contig}:{pos}:{ref}:{alt}")
        scored = model.score_variants(names, genome, offsets=offsets or 1, null_variants=0)
    assert len(set(names)) < len(names)  # those of the run are the same however they are placed
    np.testing.assert_allclose(table["change"], scored["LogitDifference"], atol=1e-6)
    assert table["change"].abs().max() > 0.01


def test_a_deletion_pulls_bases_in_on_both_sides(model: de.Model, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    text = "".join(rng.choice(list("ACGT"), 420))
    start = next(
        place
        for place in range(205, 400)
        if text[place] != text[place + 2] and text[place - 1] != text[place + 1]
    )
    (tmp_path / "g.fa").write_text(f">one\n{text}\n")
    with de.Genome(tmp_path / "g.fa") as genome:
        region = de.Interval("one", start, start + 3)
        found = model.interpret(genome, region, ism_deletions=2)
        without = model.interpret(genome, region)
    shorter = text[:start] + text[start + 2 :]
    values = logits(model, [text[start - 99 : start + 101], shorter[start - 100 : start + 100]])
    row = found.deletions.query("pos == @start + 1 and length == 2")
    assert row["change"].tolist() == [pytest.approx(values[1] - values[0], abs=1e-6)]
    np.testing.assert_array_equal(found[0].change, without[0].change)
    assert len(without.deletions) == 0


def test_deletions_stay_within_what_is_known(model: de.Model, letters: str) -> None:
    text = letters[:110] + "N" + letters[111:130]
    table = model.interpret({"one": text}, ism_deletions=4, window_length=100).deletions
    ends = table["pos"] + table["length"] - 1
    assert ends.max() == 130
    assert not ((table["pos"] <= 111) & (ends >= 111)).any()
    assert len(table) == 4 * 130 - (1 + 2 + 3) - (1 + 2 + 3 + 4)


def test_a_deletion_in_a_repeat_longer_than_what_is_read_is_left_out(model: de.Model, tmp_path: Path) -> None:
    """900 copies of AC: a deletion of two bases may lie anywhere, one of a single base nowhere else."""
    (tmp_path / "g.fa").write_text(">one\n" + "AC" * 900 + "\n")
    with de.Genome(tmp_path / "g.fa") as genome:
        found = model.interpret(genome, de.Interval("one", 900, 904), ism_deletions=2)
    assert set(found.deletions["length"]) == {1}


def test_sequences_may_have_windows_around_each_substitution(model: de.Model, letters: str) -> None:
    """At the ends windows are moved inside, as at the ends of a contig."""
    text = letters[:70]
    found = model.interpret({"one": text}, offsets=1, window_length=60)[0]
    changed = [text[:3] + letter + text[4:60] for letter in "ACGT"]
    values = logits(model, [text[:60], *changed])
    np.testing.assert_allclose(found.change[3], values[1:] - values[0], atol=1e-6)
    short = model.interpret({"one": text}, offsets=1)
    assert short.regions["note"].tolist() == ["too_many_unknown_bases"]
