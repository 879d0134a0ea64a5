"""Random sequences with the dinucleotides of a given one: the null model of scans and data sets."""

from __future__ import annotations

import functools
import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence.bases import UNKNOWN_BASE

_BASE_COUNT: Final = 4
_VECTOR_ROWS: Final = 16
_CHUNK_BASES: Final = 1 << 20


def _trees_towards(root: int) -> NDArray[np.intp]:
    """Return all ways to give every base a next one so that all lead to the root, shape (16, 4)."""
    trees = []
    for choice in itertools.product(range(_BASE_COUNT), repeat=_BASE_COUNT):
        reached = list(range(_BASE_COUNT))
        for _ in range(_BASE_COUNT):
            reached = [base if base == root else choice[base] for base in reached]
        if choice[root] == root and all(base == root for base in reached):
            trees.append(choice)
    return np.array(trees, dtype=np.intp)


@functools.cache
def _all_trees() -> NDArray[np.intp]:
    """Return the trees towards every base, shape (4, 16, 4)."""
    return np.stack([_trees_towards(root) for root in range(_BASE_COUNT)])


def dinucleotide_shuffle(codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a random sequence with the same dinucleotides for every row.

    Parameters
    ----------
    codes : uint8 array, shape (rows, length) or (length,)
        Base codes; unknown bases are allowed.
    rng : numpy.random.Generator

    Returns
    -------
    uint8 array of the same shape
        Every stretch of known bases is shuffled by itself: unknown bases stay in place, and each
        stretch keeps its first base, its last base and the exact count of each dinucleotide.

    Notes
    -----
    Altschul and Erickson, Mol. Biol. Evol. 2:526 (1985): a sequence is a path that uses every edge of
    the graph of its dinucleotides once. The last edge out of each base is drawn first, together forming
    a tree towards the last base; the other edges are put in random order. Here the tree is drawn from
    all 16 that four bases allow, with the product of the edges' counts as weight, so that all sequences
    are equally likely without rejection.
    """
    rows = np.atleast_2d(codes)
    result = rows.copy()
    row, start, length = _known_stretches(rows)
    for bases in np.unique(length[length > 2]):
        chosen = np.flatnonzero(length == bases)
        step = max(1, _CHUNK_BASES // int(bases))
        for first in range(0, len(chosen), step):
            part = chosen[first : first + step]
            place = (row[part, None], start[part, None] + np.arange(bases))
            result[place] = _shuffled(rows[place], rng)
    return result.reshape(codes.shape)


def _known_stretches(rows: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return row, start and length of every longest stretch of known bases, in reading order."""
    known = np.zeros((rows.shape[0], rows.shape[1] + 2), dtype=np.int8)
    known[:, 1:-1] = rows < UNKNOWN_BASE
    change = np.diff(known, axis=1)
    row, start = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return row, start, end - start


def _shuffled(rows: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Shuffle rows of known bases, shape (rows, length) with a length of at least 3."""
    here, following = rows[:, :-1], rows[:, 1:]
    counts = _pair_counts(here, following)
    tree = _draw_trees(counts, rows[:, -1], rng)
    order = 2.0 * here + rng.random(here.shape)
    pairs = here * _BASE_COUNT + following
    for base in range(_BASE_COUNT):
        # any one edge of the tree's kind may be the last: edges of a kind cannot be told apart
        is_kind = pairs == (base * _BASE_COUNT + tree[:, base, None])
        edge = is_kind.argmax(axis=1)
        has_last_edge = is_kind.any(axis=1) & (rows[:, -1] != base)
        order[has_last_edge, edge[has_last_edge]] = 2.0 * base + 1.0
    targets = np.take_along_axis(following, order.argsort(axis=1), axis=1)
    out_degree = counts.sum(axis=2)
    first_edge = np.cumsum(out_degree, axis=1) - out_degree
    walk = _walk_together if len(rows) >= _VECTOR_ROWS else _walk_one_by_one
    return walk(rows[:, 0], targets, first_edge)


def _pair_counts(here: NDArray[np.uint8], following: NDArray[np.uint8]) -> NDArray[np.int64]:
    kinds = _BASE_COUNT * _BASE_COUNT
    label = np.arange(len(here))[:, None] * kinds + here * _BASE_COUNT + following
    counts = np.bincount(label.ravel(), minlength=len(here) * kinds)
    return counts.reshape(len(here), _BASE_COUNT, _BASE_COUNT)


def _draw_trees(
    counts: NDArray[np.int64], root: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return a random tree for each row: the next base of each base, shape (rows, 4)."""
    row = np.arange(len(counts))[:, None]
    weights = counts.astype(np.float64)
    # a base that does not occur, and the root, take part with one way to the root
    idle_row, idle_base = np.nonzero(weights.sum(axis=2) == 0)
    weights[idle_row, idle_base, root[idle_row]] = 1.0
    weights[row[:, 0], root, root] = 1.0
    trees = _all_trees()[root]
    likelihood = np.ones(trees.shape[:2])
    for base in range(_BASE_COUNT):
        likelihood *= weights[row, base, trees[:, :, base]]
    cumulative = likelihood.cumsum(axis=1)
    draw = rng.random(len(counts)) * cumulative[:, -1]
    chosen = np.minimum((cumulative <= draw[:, None]).sum(axis=1), trees.shape[1] - 1)
    return np.asarray(trees[row[:, 0], chosen])


def _walk_together(
    first: NDArray[np.uint8], targets: NDArray[np.uint8], first_edge: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Follow the edges of all rows step by step."""
    count, edges = targets.shape
    result = np.empty((edges + 1, count), dtype=np.uint8)
    result[0] = first
    next_edge = (first_edge + np.arange(count)[:, None] * edges).ravel()
    vertex_base = np.arange(count) * _BASE_COUNT
    flat = targets.ravel()
    for step in range(edges):
        vertex = vertex_base + result[step]
        edge = next_edge[vertex]
        next_edge[vertex] = edge + 1
        result[step + 1] = flat[edge]
    return result.T


def _walk_one_by_one(
    first: NDArray[np.uint8], targets: NDArray[np.uint8], first_edge: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Follow the edges of each row by itself: faster for few, long rows."""
    result = np.empty((targets.shape[0], targets.shape[1] + 1), dtype=np.uint8)
    for number, edges in enumerate(targets):
        target, next_edge, base = edges.tobytes(), first_edge[number].tolist(), int(first[number])
        path = bytearray([base])
        for _ in range(len(target)):
            edge = next_edge[base]
            next_edge[base] = edge + 1
            base = target[edge]
            path.append(base)
        result[number] = np.frombuffer(path, dtype=np.uint8)
    return result
