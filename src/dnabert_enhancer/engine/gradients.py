"""Integrated gradients of a model's score over the embeddings of its tokens, in torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from dnabert_enhancer.engine.engine import token_rows
from dnabert_enhancer.engine.predictions import Target
from dnabert_enhancer.engine.settings import Device
from dnabert_enhancer.engine.torch_encoder import EncoderNetwork
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EnhancerModel, Task
from dnabert_enhancer.sequence import reverse_complement

_STEPS_PER_CALL = 8

Rank = Callable[[torch.Tensor], torch.Tensor]
"""Outputs, shape (n, outputs), to the logits or values that are explained, shape (n,)."""


def integrated_gradients(
    network: EncoderNetwork,
    rank: Rank,
    ids: Sequence[torch.Tensor],
    baselines: Sequence[torch.Tensor],
    steps: int,
) -> list[NDArray[np.float64]]:
    """Return what each token of a window adds to the score, compared with baselines.

    Parameters
    ----------
    network : EncoderNetwork
    rank : callable
        Of the outputs, averaged over the readings.
    ids : sequence of int64 tensors, shape (tokens,)
        The window as it is read: on one strand, or on both.
    baselines : sequence of int64 tensors, shape (baselines, tokens)
        For each reading as many tokens in each baseline.
    steps : int
        Points of the path at which gradients are taken.

    Returns
    -------
    list of float64 arrays, shape (tokens,)
        For each reading; together they sum to the score less the mean score of the baselines, as far as
        the points resolve the path.

    Notes
    -----
    Sundararajan et al. 2017, ICML: the difference of the embeddings times the mean gradient on the straight
    line between them; the integral by Gauss and Legendre, the mean over the baselines. All readings of a
    window go along their lines together. Positions and token types are the same at both ends.
    """
    points, weights = np.polynomial.legendre.leggauss(steps)
    device = ids[0].device
    places = torch.from_numpy((points + 1) / 2).float().to(device)
    shares = torch.from_numpy(weights / 2).double().to(device)
    with torch.no_grad():
        own = [network.words(row) for row in ids]
    found = [np.zeros(len(row)) for row in ids]
    number = len(baselines[0])
    for baseline in range(number):
        with torch.no_grad():
            start = [network.words(rows[baseline]) for rows in baselines]
        way = [end - begin for end, begin in zip(own, start, strict=True)]
        total = [torch.zeros_like(part, dtype=torch.float64) for part in way]
        for first in range(0, steps, _STEPS_PER_CALL):
            some = slice(first, first + _STEPS_PER_CALL)
            between = [
                (begin + places[some, None, None] * part).requires_grad_()
                for begin, part in zip(start, way, strict=True)
            ]
            outputs = [
                network(row.expand(len(words), -1), words=words)["logits"].double()
                for row, words in zip(ids, between, strict=True)
            ]
            score = (rank(torch.stack(outputs).mean(dim=0)) * shares[some]).sum()
            for sum_of, part in zip(total, torch.autograd.grad(score, between), strict=True):
                sum_of += part.double().sum(dim=0)
        for values, part, sum_of in zip(found, way, total, strict=True):
            values += (part.double() * sum_of).sum(dim=1).cpu().numpy() / number
    return found


class TokenGradients:
    """Integrated gradients of one output of a model, in float32.

    Parameters
    ----------
    model : EnhancerModel
        With an encoder.
    target : Target
        Whose logit (of a regression the value) is explained.
    device : {"cpu", "cuda"}
    both_strands : bool
        Average with the reverse complement.
    threads : int
        On the processor that many windows are computed at a time, each on one thread.

    Raises
    ------
    ResourceError
        There is no such device.
    """

    def __init__(
        self, model: EnhancerModel, target: Target, device: str, *, both_strands: bool, threads: int
    ) -> None:
        if device == Device.CUDA and not torch.cuda.is_available():
            raise ResourceError("torch finds no CUDA device", remedy="use --device cpu")
        assert model.encoder is not None
        self._model = model
        self._device = device
        self._both_strands = both_strands
        self._workers = threads if device == Device.CPU else 1
        network = EncoderNetwork(model.encoder, model.read_state())
        self._network = network.for_gradients(device)
        self._rank = _rank_of(model, target)

    def attributions(
        self, windows: Sequence[NDArray[np.uint8]], baselines: Sequence[NDArray[np.uint8]], steps: int
    ) -> list[list[NDArray[np.float64]]]:
        """Return what each token adds to the score of windows.

        Parameters
        ----------
        windows : sequence of uint8 arrays, shape (length,)
            Base codes.
        baselines : sequence of uint8 arrays, shape (baselines, length)
            Those of each window, with unknown bases at the same places.
        steps : int
            See `integrated_gradients`.

        Returns
        -------
        list of lists of float64 arrays, shape (tokens,)
            For each window one array, or one for each strand: that of the reverse complement in its own
            direction. They do not depend on the other windows or on the number of threads.

        Raises
        ------
        InputError
            A tokenizer that cuts a baseline into another number of tokens.
        """

        def one(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
            ids = self._readings(pair[0][None])
            starts = self._readings(pair[1])
            return integrated_gradients(self._network, self._rank, [row[0] for row in ids], starts, steps)

        with self._session(), ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(one, zip(windows, baselines, strict=True)))

    def _readings(self, windows: NDArray[np.uint8]) -> list[torch.Tensor]:
        sides = [windows, reverse_complement(windows)] if self._both_strands else [windows]
        readings = []
        for side in sides:
            rows = token_rows(self._model.tokenizer, side)
            if len({len(row) for row in rows}) > 1:
                raise InputError("the baselines have other numbers of tokens", source=self._model.source)
            readings.append(torch.from_numpy(np.stack(rows).astype(np.int64)).to(self._device))
        return readings

    @contextmanager
    def _session(self) -> Iterator[None]:
        before = torch.get_num_threads()
        if self._device == Device.CPU:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _rank_of(model: EnhancerModel, target: Target) -> Rank:
    """Return `Target.scores`' rank of outputs as a function that torch differentiates."""
    card = model.card

    def rank(outputs: torch.Tensor) -> torch.Tensor:
        if card.column is not None:
            outputs = outputs[:, card.column : card.column + 1]
        if card.task == Task.REGRESSION:
            return outputs[:, target.index]
        if card.task == Task.MULTICLASS:
            scaled = outputs / card.calibration.temperature
            others = [place for place in range(outputs.shape[1]) if place != target.index]
            return scaled[:, target.index] - torch.logsumexp(scaled[:, others], dim=1)
        logit = outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]
        return -logit if card.positive_index == 0 else logit

    return rank
