"""The null of the genome: windows that nothing marks, drawn evenly, and the q-values that follow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer import load_model
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import region_frame
from dnabert_enhancer.scan import ScanSettings, automatic_null_fraction, merge_scans
from dnabert_enhancer.scan.nulls import UnmarkedWindows, null_kind
from dnabert_enhancer.sequence import encode_bases

RNG = np.random.default_rng(5)


def test_only_windows_that_share_no_base_with_what_is_marked_are_drawn(memory_genome) -> None:
    # every place has letters of its own
    contigs = {name: "".join(RNG.choice(list("ACGT"), 120)) for name in ("a", "b")}
    marked = region_frame(["a", "a", "b"], [30, 100, 0], [60, 130, 105])
    windows = UnmarkedWindows.outside({"a": 120, "b": 120}, marked, 20)
    # a: 0-30 and 60-100; the 15 bases of b that are left are too few
    allowed = {("a", start) for start in (*range(11), *range(60, 81))}
    assert windows.counts.sum() == len(allowed)
    place = {
        encode_bases(contigs[name][start : start + 20].encode()).tobytes(): (name, start)
        for name in contigs
        for start in range(101)
    }
    found = windows.draw(memory_genome(contigs), 6400, np.random.default_rng(1), 0.1, keep_letters=False)
    drawn = Counter(place[row.tobytes()] for row in found)
    assert len(found) == 6400
    assert set(drawn) == allowed
    # 200 of each are expected: five standard deviations
    assert max(abs(count - 200) for count in drawn.values()) < 5 * 200**0.5


def test_windows_of_unknown_bases_are_drawn_again(memory_genome) -> None:
    contigs = {"a": "N" * 900 + "".join(RNG.choice(list("ACGT"), 100))}
    windows = UnmarkedWindows.outside({"a": 1000}, region_frame(["a"], [995], [1000]), 20)
    found = windows.draw(memory_genome(contigs), 50, np.random.default_rng(1), 0.1, keep_letters=False)
    assert len(found) == 50
    assert ((found > 3).mean(axis=1) <= 0.1).all()
    contigs = {"a": "N" * 1000}
    assert not len(windows.draw(memory_genome(contigs), 5, np.random.default_rng(1), 0.1, keep_letters=False))


def test_nothing_left_and_nothing_marked_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no window of 20 bp lies outside what is marked"):
        UnmarkedWindows.outside({"a": 100}, region_frame(["a"], [10], [95]), 20)
    (tmp_path / "g.fa").write_text(">a\n" + "ACGT" * 100 + "\n")
    with pytest.raises(InputError, match="--null genome compares a whole genome with itself"):
        load_model().scan(tmp_path / "g.fa", null="genome")


@pytest.mark.parametrize(("value", "kind"), [(True, "shuffle"), (False, "none"), ("genome", "genome")])
def test_the_null_is_named_or_a_truth(value: bool | str, kind: str) -> None:
    assert null_kind(value) == kind
    assert ScanSettings(null=value).null == kind


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(InputError, match="--null real is not known; give shuffle, genome, none"):
        ScanSettings(null="real")
    with pytest.raises(InputError, match="--null-exclude belongs to --null genome"):
        ScanSettings(null_exclude=("x.bed",))


def test_a_null_of_the_genome_has_10000_windows_however_few_are_scanned() -> None:
    assert automatic_null_fraction(100) == 1
    assert automatic_null_fraction(100, limited=False) == 100
    assert automatic_null_fraction(10**6, limited=False) == 1 / 16


def test_q_values_are_those_of_windows_elsewhere_whatever_the_shards(tmp_path: Path) -> None:
    letters = "".join(RNG.choice(list("ACGT"), 9000))
    (tmp_path / "g.fa").write_text(f">a\n{letters}\n")
    (tmp_path / "r.bed").write_text("a\t1000\t1600\n")
    (tmp_path / "known.bed").write_text("a\t4000\t9000\n")
    model = load_model()
    chosen = {"null": "genome", "null_exclude": [tmp_path / "known.bed"], "null_fraction": 1.0}
    places = (tmp_path / "g.fa", tmp_path / "r.bed")
    scan = model.scan(*places, threshold=0.0, stride=100, **chosen)
    assert scan.counts["null_windows"] == scan.counts["scored"] == 5
    # by hand: the same draw, scored as sequences
    free = UnmarkedWindows.outside(
        {"a": 9000}, region_frame(["a", "a"], [1000, 4000], [1600, 9000]), model.window_length
    )
    rng = np.random.default_rng([0, 0])
    drawn = free.draw(_File(letters), 5, rng, 0.1, keep_letters=False)
    null = model.engine.predict(drawn).probability
    real = scan.windows["probability"].to_numpy()
    rates = [(1 + (null >= least).sum()) / 6 * 5 / (real >= least).sum() for least in real]
    expected = min(1.0, *rates)
    assert scan.calls["q_value"].min() == pytest.approx(expected, rel=0.02)
    for shard in (1, 2):
        model.scan_shard(tmp_path / f"s.shard-{shard}-of-2.scores", (shard, 2), *places, stride=100, **chosen)
    paths = [tmp_path / f"s.shard-{shard}-of-2.scores" for shard in (1, 2)]
    merged = merge_scans(paths, threshold=0.0)
    assert merged.calls.equals(scan.calls)


class _File:
    def __init__(self, letters: str) -> None:
        self._letters = letters

    def fetch(self, contig: str, start: int, end: int) -> bytes:  # noqa: ARG002  there is one
        return self._letters[start:end].encode()
