"""Windows: coverage and bounds for any region, length and stride."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.sequence import tile_starts, unknown_fraction, windows_at

regions = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda pair: (min(pair), max(pair)))
lengths = st.integers(1, 120)


@given(regions, lengths, st.integers(1, 150))
def test_tiles_lie_within_and_are_all_there(region, length, stride):
    start, end = region
    starts = tile_starts(start, end, length, stride)
    if end - start < length:
        assert len(starts) == 0
        return
    assert starts[0] == start
    assert starts[-1] == end - length
    assert (np.diff(starts) > 0).all()
    assert (np.diff(starts)[:-1] == stride).all()
    if stride <= length:
        covered = np.zeros(end, dtype=bool)
        for place in starts:
            covered[place : place + length] = True
        assert covered[start:end].all()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), lengths, st.data())
def test_windows_and_their_unknown_share(codes, length, data):
    contig = np.array(codes, dtype=np.uint8)
    length = min(length, len(contig))
    starts = np.array(data.draw(st.lists(st.integers(0, len(contig) - length), max_size=20)), dtype=np.int64)
    windows = windows_at(contig, starts, length)
    assert [row.tolist() for row in windows] == [codes[start : start + length] for start in starts]
    expected = [codes[start : start + length].count(4) / length for start in starts]
    np.testing.assert_allclose(unknown_fraction(contig, starts, length), expected)
