"""Students of other sizes with the weights of a given one: wider and deeper ones that give its answers."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from networks import Layer, Student
from torch import nn

LEAST_SHARE = 0.25
"""Of an outgoing weight, what each of a channel's two copies has at least; equal copies learn the same."""


@torch.no_grad()
def widened(student: Student) -> Student:
    """Return a student with twice the channels, heads and intermediate units that gives the same answers.

    Parameters
    ----------
    student : Student

    Notes
    -----
    Net2Net (Chen, Goodfellow and Shlens 2016): each channel stands there twice, which leaves mean and
    variance of a token, and so its normalisation, as they are; what a channel gives to the next matrix is
    shared by its copies. Each weight is shared at random, at least a quarter to each: the answers are the
    same whatever the shares, and the copies learn different things. Heads keep their width.
    """
    size = student.size
    wide = replace(size, hidden=2 * size.hidden, heads=2 * size.heads, intermediate=2 * size.intermediate)
    grown = Student(wide, student.classifier.out_features)
    given = dict(student.named_parameters())
    for name, parameter in grown.named_parameters():
        value = given[name]
        if name == "words.letters":
            value = torch.cat([value, value], 2)
        elif name in ("words.free", "positions"):
            value = torch.cat([value, value], 1)
        else:
            if name not in ("classifier.weight", "classifier.bias"):
                value = torch.cat([value, value])
            if value.ndim == 2:
                share = LEAST_SHARE + (1 - 2 * LEAST_SHARE) * torch.rand_like(value)
                value = torch.cat([value * share, value * (1 - share)], 1)
        parameter.copy_(value)
    return grown


@torch.no_grad()
def deepened(student: Student, layers: int) -> Student:
    """Return a student with so many layers that gives the same answers; the new ones follow its first.

    Parameters
    ----------
    student : Student
    layers : int
        Not fewer than it has.

    Notes
    -----
    What attention and feed-forward part of a new layer add is zero, so that the two normalisations are all
    that it does. Those are none for a normalised token: the first layer leaves scale and shift of its last
    normalisation to the new layer's.
    """
    grown = copy.deepcopy(student)
    grown.size = replace(student.size, layers=layers)
    for _ in range(layers - student.size.layers):
        before, new = grown.layers[0], Layer(student.size)
        for part in (new.query, new.key, new.value, new.widen):
            nn.init.normal_(part.weight, std=0.7 * part.in_features**-0.5)
            nn.init.zeros_(part.bias)
        for part in (new.dense, new.narrow):
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)
        new.norm2.load_state_dict(before.norm2.state_dict())
        before.norm2.reset_parameters()
        grown.layers.insert(1, new)
    return grown


def first_layer(student: Student) -> Student:
    """Return a student of the first layer alone, which gives other answers."""
    short = copy.deepcopy(student)
    short.size = replace(student.size, layers=1)
    short.layers = short.layers[:1]
    return short
