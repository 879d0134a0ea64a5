"""Where a student starts: 6-mer ridges written into a BERT, so that it need not find them by itself."""

from __future__ import annotations

import math

import torch
from networks import POSITIONS, SPECIAL, K, Student, kmer_tokens
from ridges import Ridges

CARRIED = (
    "enhancer",
    "lentimpra_hepg2",
    "lentimpra_wtc11",
    "sharpr_hepg2",
    "sharpr_k562",
    *(f"gue_tf{number}" for number in range(5)),
    "ienhancer",
    "nhlf",
    "dnase_k562",
    "promoter_like",
    "proximal_enhancer_like",
    "promoter_tata",
)
"""Tasks whose ridges the start carries, two channels each: the value and its negative (their mean is 0)."""
FREQUENCIES = 8
"""Of the position signal: a sine, a cosine and their negatives each."""
POSITION_AMPLITUDE = 0.6
LOCAL_OFFSETS = {2: -K, 3: K}
"""Heads of the first layer that look at the neighbouring k-mer, and how many bases away it begins."""
LOCAL_SHARPNESS = 6.0
"""Of the attention of these heads: about 10 at the peak, before the softmax."""
_DNABERT_LETTERS = (0, 3, 1, 2)
"""Codes of A, T, C, G: the order in which DNABERT's vocabulary counts."""


@torch.no_grad()
def start_from_ridges(student: Student, ridges: Ridges, tasks: list[str], codes: torch.Tensor) -> None:
    """Write ridges into a fresh student.

    Parameters
    ----------
    student : Student
        At least 4 heads.
    ridges : Ridges
        Fitted.
    tasks : list of str
        Names of the outputs of both.
    codes : uint8[n, L]
        Windows on which the ridges' scores are brought to mean 0 and deviation 1.

    Notes
    -----
    A ridge on k-mers is nearly a mean over tokens of one number a k-mer. The number lies in the token's
    embedding; heads 0 and 1 of the first layer attend evenly, so their output at [CLS] is that mean, which
    pooler and classifier pass on: before training, the model ranks nearly as the ridges do. Heads 2 and 3
    fetch the neighbouring k-mers. The other channels hold a random projection of the k-mer's letters and
    sines of the position. All of it is trained.
    """
    carried = [tasks.index(name) for name in CARRIED if name in tasks]
    h = student.size.hidden
    values = _kmer_values(ridges, carried)
    mean, deviation = _over_windows(values, codes)
    first, last = 2 * len(carried), h - 4 * FREQUENCIES
    _embeddings(student, values, first, last)
    _first_layer(student, mean, deviation, first, last)
    for layer in student.layers:
        layer.narrow.weight.normal_(std=0.02)
    for layer in list(student.layers)[1:]:
        for part in (layer.query, layer.key):
            part.weight.normal_(std=0.3 / math.sqrt(h))
        layer.dense.weight.normal_(std=0.3 / math.sqrt(h))
    student.pooler.weight.normal_(std=0.5 / math.sqrt(h))
    student.classifier.weight.normal_(std=0.02)
    for number, task in enumerate(carried):
        student.pooler.weight[number] = 0.0
        student.pooler.weight[number, 2 * number] = 0.3
        student.pooler.weight[number, 2 * number + 1] = -0.3
        student.classifier.weight[task, number] = 1.0


def _kmer_values(ridges: Ridges, carried: list[int]) -> torch.Tensor:
    """Return the ridges' weight of each k-mer in DNABERT's order, at most 1, [k-mers, carried]."""
    digits = torch.arange(4**K, device=ridges.columns.device)
    number = torch.zeros_like(digits)
    for place in range(K):
        letter = torch.tensor(_DNABERT_LETTERS, device=digits.device)[digits // 4 ** (K - 1 - place) % 4]
        number = number * 4 + letter
    values = ridges.weights[ridges.columns[number]][:, carried]
    return values / values.abs().amax(0)


def _over_windows(values: torch.Tensor, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and deviation over windows of the mean over tokens, two edge tokens (0) among them."""
    padded = torch.cat([torch.zeros(SPECIAL, values.shape[1], device=values.device), values])
    scores = torch.cat([padded[kmer_tokens(part)].mean(1) for part in codes.split(1024)])
    return scores.mean(0), scores.std(0)


def _embeddings(student: Student, values: torch.Tensor, first: int, last: int) -> None:
    """Fill word and position embeddings so that the first normalisation changes them little."""
    h, device = student.size.hidden, values.device
    words = student.words
    words.letters.zero_()
    kmers = torch.zeros(4**K, h, device=device)
    kmers[:, 0:first:2], kmers[:, 1:first:2] = values, -values
    letters = torch.nn.functional.one_hot(words.digit.T, 4).float().flatten(1) - 0.25
    content = letters @ torch.randn(4 * K, last - first, device=device)
    content += 0.5 * torch.randn(4**K, last - first, device=device)
    content -= content.mean(1, keepdim=True)
    left = h - (kmers**2).sum(1) - 2 * FREQUENCIES * POSITION_AMPLITUDE**2
    kmers[:, first:last] = content * (left / (content**2).sum(1)).sqrt()[:, None]
    special = torch.randn(SPECIAL, last - first, device=device)
    words.free.zero_()
    words.free[:SPECIAL, first:last] = special - special.mean(1, keepdim=True)
    words.free[SPECIAL:] = kmers
    angle = torch.arange(POSITIONS, device=device)[:, None] * _frequencies(device)
    student.positions.zero_()
    for part, wave in enumerate((angle.sin(), -angle.sin(), angle.cos(), -angle.cos())):
        student.positions[:, last + part : h : 4] = POSITION_AMPLITUDE * wave


def _frequencies(device: torch.device) -> torch.Tensor:
    return 2 * math.pi / torch.logspace(math.log10(7), math.log10(400), FREQUENCIES, device=device)


def _first_layer(
    student: Student, mean: torch.Tensor, deviation: torch.Tensor, first: int, last: int
) -> None:
    """Heads 0 and 1 average the ridges over the window; heads 2 and 3 fetch what lies left and right."""
    layer, h = student.layers[0], student.size.hidden
    width = h // student.size.heads
    for part in (layer.query, layer.key):
        part.weight.normal_(std=0.01)
    layer.value.weight.zero_()
    layer.dense.weight.zero_()
    for number in range(len(mean)):
        row = (number % 2) * width + number // 2
        layer.value.weight[row, 2 * number], layer.value.weight[row, 2 * number + 1] = 0.5, -0.5
        layer.value.bias[row] = -mean[number]
        layer.dense.weight[2 * number, row] = 1 / deviation[number]
        layer.dense.weight[2 * number + 1, row] = -1 / deviation[number]
    for head, offset in LOCAL_OFFSETS.items():
        top = head * width
        for number, frequency in enumerate(_frequencies(mean.device)):
            sine, cosine = last + 4 * number, last + 4 * number + 2
            turn_sine, turn_cosine = torch.sin(frequency * offset), torch.cos(frequency * offset)
            size = math.sqrt(LOCAL_SHARPNESS) / POSITION_AMPLITUDE
            # sin f(i + o) and cos f(i + o) of the asking token, against sin fj and cos fj of the asked one
            layer.query.weight[top + 2 * number, sine] = size * turn_cosine
            layer.query.weight[top + 2 * number, cosine] = size * turn_sine
            layer.query.weight[top + 2 * number + 1, sine] = -size * turn_sine
            layer.query.weight[top + 2 * number + 1, cosine] = size * turn_cosine
            layer.key.weight[top + 2 * number, sine] = size
            layer.key.weight[top + 2 * number + 1, cosine] = size
        wide = torch.randn(width, last - first, device=mean.device) / math.sqrt(last - first)
        layer.value.weight[top : top + width, first:last] = wide
        back = torch.randn(last - first, width, device=mean.device) / math.sqrt(width)
        layer.dense.weight[first:last, top : top + width] = 0.7 * back
