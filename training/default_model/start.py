"""Where a student starts: a BERT that already reads 6-mer ridges and known motifs.

Its residual stream is laid out in slots. All slots lie in the space of vectors with mean 0, which a
normalisation only scales, so that what is written into them can be read again:

- ``letters``: which bases the token's own k-mer holds, three numbers per base (corners of a tetrahedron);
- ``near``: the same of the k-mers that begin k bases to the left, and so on: written by heads of the first
  layer that look at one fixed distance, so that the layer after them is a convolution over all these bases;
- ``ridges``: one number a k-mer and task; a head that attends evenly makes their mean over the window;
- ``place``: sines and cosines of the position, from which the heads know the distance;
- ``rest``: a random code of the k-mer, then what later layers write.

The first layer's wide part holds known motifs, both strands; the last layer averages what they found.
All of it is trained; nothing is held fixed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from motifs import MotifScanner
from networks import POSITIONS, SPECIAL, K, Layer, Student, kmer_tokens
from ridges import Ridges

CARRIED = (
    "enhancer",
    "lentimpra_hepg2",
    "lentimpra_wtc11",
    "sharpr_hepg2",
    "sharpr_k562",
    *(f"gue_tf{number}" for number in range(5)),
    "accessible",
    "distal",
    "ienhancer",
    "nhlf",
    "davuluri",
    "dnase_k562",
    "dnase_gm12878",
    "promoter_like",
    "proximal_enhancer_like",
    "promoter_tata",
)
"""Tasks whose ridges the start carries."""
DISTANCES = (-K, K, 2 * K, -2 * K, 3 * K)
"""How far to the right the k-mers of the ``near`` slots begin; as many as there are other heads than 0."""
PERIODS = torch.tensor([2.3, 3.1, 4.7, 7.9, 15.0, 31.0, 90.0, 400.0])
"""Of the position signal, in tokens."""
SHARPNESS = 14.0
"""Of the attention to one distance: the next place weighs about exp(-5) of it."""
FIRST_BITS = 5.0
"""How far below its threshold a motif begins to count."""
RIDGE_SIZE = 2.0
LETTER_SIZE = 1.5
PLACE_SIZE = 1.0
REST_SIZE = 1.5
_CORNERS = torch.tensor([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
"""Of A, C, G, T: the sum is 0, the product of two is -1, of one with itself 3."""
_DNABERT_LETTERS = torch.tensor([0, 3, 1, 2])
"""Codes of A, T, C, G: the order in which DNABERT's vocabulary counts."""
_PER_KMER = 3 * K


class Slots(NamedTuple):
    """The layout: columns of an orthonormal basis of the space of mean 0, [hidden, slot]."""

    letters: torch.Tensor
    near: tuple[torch.Tensor, ...]
    ridges: torch.Tensor
    place: torch.Tensor
    rest: torch.Tensor


@torch.no_grad()
def start_student(
    student: Student, ridges: Ridges, tasks: list[str], codes: torch.Tensor, scanner: MotifScanner
) -> None:
    """Write ridges and motifs into a fresh student; see the module.

    Parameters
    ----------
    student : Student
        At least 4 heads of at least 18 channels.
    ridges : Ridges
        Fitted.
    tasks : list of str
        Names of the outputs of both.
    codes : uint8[n, L]
        Windows on which the values that layers hand on are brought to mean 0 and deviation 1.
    scanner : MotifScanner
        Fitted; the motifs in the order in which they are taken, as many as there is room for.
    """
    carried = [tasks.index(name) for name in CARRIED if name in tasks]
    device = codes.device
    slots = _slots(student.size.hidden, student.size.heads - 1, len(carried), device)
    _embed(student, slots, _kmer_values(ridges, carried) * RIDGE_SIZE)
    tokens = kmer_tokens(codes)
    state = student.norm(student.words(tokens) + student.positions[: tokens.shape[1]])
    for layer in student.layers:
        for part in (layer.query, layer.key):
            part.weight.normal_(std=0.02)
        layer.narrow.weight.normal_(std=0.02)
    first, last = student.layers[0], student.layers[-1]
    _fetch(first, slots, state, student.size.heads)
    normalised = first.norm1(state + first.attended(state))
    _recognise(first, slots, normalised, scanner)
    state = first(state)
    for layer in list(student.layers)[1:-1]:
        layer.dense.weight.normal_(std=0.3 / math.sqrt(student.size.hidden))
        state = layer(state)
    _gather(last, slots, state)
    student.pooler.weight.normal_(std=0.5 / math.sqrt(student.size.hidden))
    student.pooler.weight[: len(carried)] = 0.3 * slots.ridges.T
    student.classifier.weight.normal_(std=0.02)
    for number, task in enumerate(carried):
        student.classifier.weight[task, number] = 1.0


def _slots(hidden: int, near: int, ridges: int, device: torch.device) -> Slots:
    """Return the layout; the basis is that of the cosine transform, without the constant."""
    row = torch.arange(hidden, device=device)[:, None] + 0.5
    basis = math.sqrt(2 / hidden) * torch.cos(math.pi * row * torch.arange(1, hidden, device=device) / hidden)
    sizes = [_PER_KMER] * (1 + near) + [ridges, 2 * len(PERIODS)]
    parts = basis[:, torch.randperm(hidden - 1, device=device)].split(
        [*sizes, hidden - 1 - sum(sizes)], dim=1
    )
    return Slots(parts[0], parts[1 : 1 + near], *parts[1 + near :])


def _kmer_values(ridges: Ridges, carried: list[int]) -> torch.Tensor:
    """Return the ridges' weight of each k-mer in DNABERT's order, at most 1, [k-mers, carried]."""
    digits = torch.arange(4**K, device=ridges.columns.device)
    number = torch.zeros_like(digits)
    for place in range(K):
        letter = _DNABERT_LETTERS.to(digits.device)[digits // 4 ** (K - 1 - place) % 4]
        number = number * 4 + letter
    values = ridges.weights[ridges.columns[number]][:, carried]
    return values / values.abs().amax(0)


def _embed(student: Student, slots: Slots, values: torch.Tensor) -> None:
    """Fill word and position embeddings."""
    words, device = student.words, values.device
    corners = _CORNERS.to(device)[_DNABERT_LETTERS.to(device)] * LETTER_SIZE
    for place in range(K):
        words.letters[place] = corners @ slots.letters[:, 3 * place : 3 * place + 3].T
    rest = torch.nn.functional.normalize(
        torch.randn(SPECIAL + 4**K, slots.rest.shape[1], device=device), dim=1
    )
    room = REST_SIZE**2 * rest.shape[1]
    rest[SPECIAL:] *= (room - (values**2).sum(1, keepdim=True)).clamp(min=1).sqrt()
    rest[:SPECIAL] *= math.sqrt(room)
    words.free.copy_(rest @ slots.rest.T)
    words.free[SPECIAL:] += values @ slots.ridges.T
    angle = torch.arange(POSITIONS, device=device)[:, None] * 2 * math.pi / PERIODS.to(device)
    waves = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)
    student.positions.copy_(PLACE_SIZE * waves @ slots.place.T)


def _fetch(layer: Layer, slots: Slots, state: torch.Tensor, heads: int) -> None:
    """Head 0 averages the ridges over the window; each other one fetches the k-mer at its distance."""
    width = layer.query.weight.shape[0] // heads
    layer.value.weight.zero_()
    layer.dense.weight.zero_()
    count = slots.ridges.shape[1]
    layer.query.weight[:width] = layer.key.weight[:width] = 0.0
    layer.value.weight[:count] = slots.ridges.T
    averages = state.mean(1) @ slots.ridges
    layer.value.bias[:count] = -averages.mean(0)
    layer.dense.weight[:, :count] = slots.ridges / averages.std(0)
    frequency = 2 * math.pi / PERIODS.to(state.device)
    scale = (state[:, 1:-1] @ slots.place).norm(dim=2).mean() / math.sqrt(len(PERIODS))
    size = math.sqrt(SHARPNESS / len(PERIODS) * math.sqrt(width)) / scale
    for number, distance in enumerate(DISTANCES[: heads - 1]):
        rows = slice((number + 1) * width, (number + 1) * width + 2 * len(PERIODS))
        sine, cosine = torch.sin(frequency * distance), torch.cos(frequency * distance)
        # sin f(i + d) and cos f(i + d) of the asking token, against sin fj and cos fj of the asked one
        turn = torch.stack([torch.stack([cosine, sine], 1), torch.stack([-sine, cosine], 1)], 1)
        layer.query.weight[rows] = size * torch.block_diag(*turn) @ slots.place.T
        layer.key.weight[rows] = size * slots.place.T
        top = (number + 1) * width
        layer.value.weight[top : top + _PER_KMER] = slots.letters.T
        layer.dense.weight[:, top : top + _PER_KMER] = slots.near[number]


def _recognise(layer: Layer, slots: Slots, state: torch.Tensor, scanner: MotifScanner) -> None:
    """Write motifs into the wide part: a unit a motif and strand, 0 below its threshold, 1 or so at it."""
    units, hidden = layer.widen.weight.shape
    near = len(slots.near)
    reach = sorted([(0, slots.letters), *zip(DISTANCES[:near], slots.near, strict=True)], key=lambda x: x[0])
    width = scanner.filters.shape[2]
    motifs = min(len(scanner.filters), units * 3 // 8)
    filters = scanner.filters[:motifs]
    span = K * len(reach)
    left = (width - span) // 2
    seen = torch.nn.functional.pad(filters, (-left, span - width + left))
    strength = 2 / FIRST_BITS
    interior = state[:, 3 * K : -3 * K]
    for strand, part in enumerate((seen, seen.flip(1, 2))):
        means = part.mean(1)
        weight = torch.einsum("mcp,ck->mpk", part - means[:, None], _CORNERS.to(part.device)) / 4
        row = slice(strand * motifs, (strand + 1) * motifs)
        total = torch.zeros(motifs, hidden, device=part.device)
        for number, (_, columns) in enumerate(reach):
            size = (interior @ columns).norm(dim=2).mean() / math.sqrt(_PER_KMER)
            piece = weight[:, K * number : K * number + K].flatten(1)
            total += piece @ columns.T / size
        layer.widen.weight[row] = strength * total
        layer.widen.bias[row] = strength * (means.sum(1) - scanner.thresholds[:motifs] + FIRST_BITS)
    free = torch.cat([slots.letters, *slots.near, slots.rest], dim=1)
    directions = torch.randn(free.shape[1], units, device=state.device)
    layer.narrow.weight.copy_(0.5 / math.sqrt(free.shape[1]) * (free @ directions))


def _gather(layer: Layer, slots: Slots, state: torch.Tensor) -> None:
    """Let the heads average what the tokens hold, mixed at random, into all slots but the ridges'."""
    h = state.shape[2]
    layer.query.weight.mul_(0.5)
    layer.value.weight.copy_(torch.nn.init.orthogonal_(torch.empty(h, h, device=state.device)))
    averages = layer.value(state).mean(1)
    layer.value.bias.copy_(layer.value.bias - averages.mean(0))
    free = torch.cat([slots.letters, *slots.near, slots.place, slots.rest], dim=1)
    back = torch.randn(free.shape[1], h, device=state.device) / math.sqrt(h)
    layer.dense.weight.copy_(0.7 * (free @ back) / averages.std(0))
