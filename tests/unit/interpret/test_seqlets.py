"""Seqlets: rule, p- and q-values, shuffles, table and file (interpret/seqlets, null, seqlet_table)."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.interpret import (
    FORMAT,
    Attributions,
    Effects,
    SeqletTest,
    Stretch,
    shuffle_count,
    shuffled_stretches,
    stretches_of_sequences,
    write_effects,
)
from dnabert_enhancer.scan import NamedSequence
from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.shards import ShardFile

stats = late("scipy.stats")

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo" / "alpha-globin.fa.gz"


def noise(seed: int, rows: int, length: int = 200) -> list[np.ndarray]:
    """Rows of importance of which neighbours resemble each other, with long tails."""
    steps = np.random.default_rng(seed).standard_t(4, size=(rows, length + 3))
    return list(sum(steps[:, lag : lag + length] for lag in range(4)).astype(np.float32))


def by_hand(null: list[np.ndarray], values: np.ndarray) -> list[tuple[int, int, float]]:
    """The rule as its docstring says it, span by span."""
    all_sums = {
        length: np.array(
            [row[i : i + length].sum(dtype=float) for row in null for i in range(len(row) - length + 1)]
        )
        for length in range(4, 26)
    }

    def is_high(start: int, end: int, sign: int) -> bool:
        total = sign * values[start:end].sum(dtype=float)
        sums = sign * all_sums[end - start]
        return bool(total > 0 and (1 + (sums >= total).sum()) / (1 + len(sums)) <= 0.01)

    spans = []
    for sign in (1, -1):
        for start in range(len(values)):
            for end in range(start + 4, min(start + 25, len(values)) + 1):
                within = [(a, b) for a in range(start, end - 3) for b in range(a + 4, end + 1)]
                if all(is_high(a, b, sign) for a, b in within):
                    spans.append((start, end, values[start:end].sum(dtype=float)))
    chosen: list[tuple[int, int, float]] = []
    for start, end, total in sorted(spans, key=lambda span: -abs(span[2])):
        if all(end <= a or start >= b for a, b, _ in chosen):
            chosen.append((start, end, total))
    return sorted(chosen)


@pytest.mark.slow
def test_seqlets_are_those_of_the_rule_span_by_span() -> None:
    null = noise(1, 6, 60)
    test = SeqletTest(null, signed=True)
    values = noise(2, 1, 80)[0]
    values[30:39] += 6
    values[60:66] -= 12
    expected = by_hand(null, values)
    found = test.seqlets(values)
    assert [(one.start, one.end) for one in found] == [(start, end) for start, end, _ in expected]
    np.testing.assert_allclose([one.sum for one in found], [total for *_, total in expected], atol=1e-4)
    assert {np.sign(one.sum) for one in found} == {1, -1}
    in_null = [total for row in null for *_, total in by_hand(null, row)]
    assert test.null_seqlets == len(in_null)
    for one in found:
        same = [total for total in in_null if total * one.sum > 0]
        as_far = sum(abs(total) >= abs(one.sum) for total in same)
        assert one.p == (1 + as_far) / (1 + len(same))


@pytest.mark.slow
def test_p_values_of_seqlets_of_shuffled_sequence_are_uniform() -> None:
    test = SeqletTest(noise(3, 1000), signed=True)
    p = np.array([one.p for row in noise(4, 1000) for one in test.seqlets(row)])
    assert len(p) > 1000
    for level in (0.01, 0.05, 0.1, 0.25, 0.5):
        # the null is a sample as well: four standard errors of both
        assert (p <= level).mean() <= level + 4 * np.sqrt(level * (1 - level) * 2 / (len(p) / 2))
    assert stats.kstest(p, "uniform").statistic < 0.06


def test_a_planted_run_is_found_with_its_edges_and_the_smallest_p() -> None:
    test = SeqletTest(noise(5, 100), signed=True)
    values = np.zeros(100, dtype=np.float32)
    values[40:50] = 30
    (one,) = test.seqlets(values)
    assert (one.start, one.end) == (40, 50)
    positive = sum(s.sum > 0 for row in noise(5, 100) for s in test.seqlets(row))
    assert one.p == 1 / (1 + positive)


def test_unknown_bases_are_in_no_seqlet_and_short_regions_have_none() -> None:
    test = SeqletTest(noise(6, 100), signed=True)
    values = np.full(40, 30.0, dtype=np.float32)
    values[20] = np.nan
    assert all(not one.start <= 20 < one.end for one in test.seqlets(values))
    assert test.seqlets(values)
    assert test.seqlets(values[:3]) == []
    assert test.seqlets(np.full(50, np.nan, dtype=np.float32)) == []
    assert test.seqlets(np.zeros(0, dtype=np.float32)) == []


@pytest.mark.parametrize("null", [[], noise(7, 1, 50), [np.full(500, np.nan, dtype=np.float32)]])
def test_with_too_little_shuffled_sequence_nothing_is_high(null: list[np.ndarray]) -> None:
    test = SeqletTest(null, signed=True)
    assert test.seqlets(np.full(60, 1e6, dtype=np.float32)) == []
    assert test.null_seqlets == 0


def test_attention_has_no_seqlets_below_zero() -> None:
    null = [np.abs(row) for row in noise(8, 50)]
    values = np.ones(60, dtype=np.float32)
    values[20:30] = 0
    assert SeqletTest(null, signed=False).seqlets(values) == []


@pytest.mark.parametrize(("null", "regions"), [(7, 3), (3, 7), (10, 10), (1, 4), (0, 5), (1000, 1)])
def test_shuffles_are_spread_evenly_over_the_regions(null: int, regions: int) -> None:
    counts = [shuffle_count(null, number, regions) for number in range(regions)]
    assert sum(counts) == null
    assert max(counts) - min(counts) <= 1


def pairs(letters: str) -> Counter[str]:
    return Counter(letters[i : i + 2] for i in range(len(letters) - 1))


def test_a_shuffle_keeps_dinucleotides_flanks_and_unknown_bases_and_depends_on_seed_and_number() -> None:
    (whole,) = stretches_of_sequences([NamedSequence("s", "ACGTTGCANNNACCGTTAGCATCGATTTGCAGC" * 4)], 7)
    part = Stretch("p", "s", 10, 100, whole.context)
    letters = decode_bases(part.codes)

    def shuffled(seed: int, number: int) -> list[str]:
        found = list(shuffled_stretches([(number, 3, part)], seed))
        for one in found:
            np.testing.assert_array_equal(one.context.codes[:17], whole.context.codes[:17])
            np.testing.assert_array_equal(one.context.codes[107:], whole.context.codes[107:])
        return [decode_bases(one.codes) for one in found]

    first = shuffled(0, 5)
    assert len({letters, *first}) == 4
    for one in first:
        assert pairs(one) == pairs(letters)
        assert [i for i, letter in enumerate(one) if letter == "N"] == [
            i for i, letter in enumerate(letters) if letter == "N"
        ]
    assert shuffled(0, 5) == first
    assert shuffled(1, 5) != first
    assert shuffled(0, 6) != first
    assert list(shuffled_stretches([(0, 0, part)], 0)) == []


def attributions(
    path: Path, rows: list[np.ndarray], null: list[np.ndarray], **settings: object
) -> Attributions:
    """What a run would give whose importance is known."""

    def effects(values: list[np.ndarray]) -> list[Effects]:
        letters = [NamedSequence(f"r{i}", "ACGT" * (len(row) // 4)) for i, row in enumerate(values)]
        none = np.zeros((0, 4), dtype=np.float32)
        return [
            Effects(stretch, none, 0.5, 0.0, row)
            for stretch, row in zip(stretches_of_sequences(letters, 0), values, strict=True)
        ]

    facts = {"method": "ism", "unit": "logit", "null": len(null), **settings}
    header = {"settings": facts, "contigs": {}, "shard": [1, 1]}
    write_effects(path, effects(rows), header, effects(null))
    return Attributions([ShardFile(path, FORMAT)])


@pytest.mark.slow
def test_the_table_has_q_over_all_regions_and_the_file_says_the_same(tmp_path: Path) -> None:
    rows = noise(9, 20)
    for row in rows[::2]:
        row[50:58] += 8
    null = noise(10, 100)
    found = attributions(tmp_path / "numbers", rows, null)
    table = found.seqlets
    test = SeqletTest(null, signed=True)
    expected = [
        (f"r{i}", s.start, s.end, s.sum, s.p) for i, row in enumerate(rows) for s in test.seqlets(row)
    ]
    assert table["name"].tolist() == [row[0] for row in expected]
    assert table["p"].tolist() == [row[4] for row in expected]
    np.testing.assert_allclose(
        table["q"], stats.false_discovery_control([row[4] for row in expected]), rtol=1e-12
    )
    planted = table[(table["start"] < 58) & (table["end"] > 50) & (table["sum"] > 0)]
    assert len(planted) >= 10
    counts = found.write(tmp_path / "x")
    assert (counts["seqlets"], counts["seqlets_of_shuffles"]) == (len(table), test.null_seqlets)
    lines = gzip.decompress((tmp_path / "x.seqlets.bed.gz").read_bytes()).decode().splitlines()
    fields = [line.split("\t") for line in lines]
    assert [(row[0], int(row[1]), int(row[2]), row[3]) for row in fields] == [
        (name, start, end, name) for name, start, end, *_ in expected
    ]
    assert [int(row[4]) for row in fields] == [round(-100 * np.log10(row[4])) for row in expected]
    assert {row[5] for row in fields} == {"."}
    np.testing.assert_allclose([float(row[6]) for row in fields], table["sum"], rtol=1e-5)
    np.testing.assert_allclose([float(row[8]) for row in fields], table["q"], rtol=1e-5)


def test_without_shuffles_there_are_no_seqlets_but_a_line(tmp_path: Path) -> None:
    found = attributions(tmp_path / "numbers", noise(1, 1), [])
    assert not found.has_seqlets
    with pytest.raises(de.InputError, match="--null"):
        found.seqlets  # noqa: B018
    found.write(tmp_path / "x")
    assert not (tmp_path / "x.seqlets.bed.gz").exists()


@pytest.mark.slow
def test_shards_with_shuffles_give_the_bytes_of_one_run(tmp_path: Path) -> None:
    from dnabert_enhancer.api import interpret_shard

    model = de.load_model()
    bed = tmp_path / "r.bed"
    bed.write_text("chr16\t113600\t113660\ta\nchr16\t155000\t155040\tb\nchr16\t159680\t159740\tc\n")
    keywords = {"method": "attention", "null": 10, "seed": 3}
    one = model.interpret(DEMO, bed, **keywords)
    one.write(tmp_path / "one")
    for index in (1, 2):
        settings = de.InterpretSettings(shard=(index, 2), **keywords)
        interpret_shard(model, tmp_path / f"x.shard-{index}-of-2.scores", DEMO, bed, settings)
    merged = de.merge_attributions([tmp_path / "x"])
    merged.write(tmp_path / "merged")
    assert merged.seqlet_test.null_seqlets == one.seqlet_test.null_seqlets > 0
    name = "seqlets.bed.gz"
    assert (tmp_path / f"one.{name}").read_bytes() == (tmp_path / f"merged.{name}").read_bytes()
