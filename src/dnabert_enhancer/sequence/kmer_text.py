"""DNABERT's text form of a sequence: overlapping k-mers separated by blanks, written and joined back."""

from __future__ import annotations

SMALLEST_K = 2
LARGEST_K = 32


def join_kmers(text: str) -> str:
    """Return the sequence whose overlapping k-mers, divided by single blanks, are the text.

    A text without blanks is returned as it is. ``"ACG CGT GTT"`` gives ``"ACGTT"``.

    Raises
    ------
    ValueError
        When the words differ in length or do not overlap by all letters but one; the message says where.
    """
    text = text.strip()
    k = text.find(" ")
    if k < 0:
        return text
    step = k + 1
    count, rest = divmod(len(text) + 1, step)
    if not SMALLEST_K <= k <= LARGEST_K:
        raise ValueError(f"the first k-mer has {k} letters; k from {SMALLEST_K} to {LARGEST_K} is read")
    if rest == 0 and text[k::step] == " " * (count - 1):
        sequence = text[: k - 1] + text[k - 1 :: step]
        if all(text[offset::step] == sequence[offset : offset + count] for offset in range(k)):
            return sequence
    raise ValueError(_first_fault(text, k))


def kmer_text(sequence: str, k: int) -> str:
    """Return the overlapping k-mers of a sequence divided by blanks: DNABERT's input text.

    Raises
    ------
    ValueError
        When the sequence is shorter than k, or has a letter outside of Latin-1.
    """
    count = len(sequence) - k + 1
    if count < 1:
        raise ValueError(f"a sequence of {len(sequence)} bp has no {k}-mer")
    letters = sequence.encode("latin-1")
    text = bytearray(b" ") * (count * (k + 1))
    for offset in range(k):
        text[offset :: k + 1] = letters[offset : offset + count]
    return text[:-1].decode("latin-1")


def _first_fault(text: str, k: int) -> str:
    words = text.split(" ")
    for number, word in enumerate(words, start=1):
        if len(word) != k:
            return f"k-mer {number} is {word!r} among k-mers of {k} letters"
        if number > 1 and word[:-1] != words[number - 2][1:]:
            pair = f"{words[number - 2]} {word}"
            return f"k-mers {number - 1} and {number} ({pair}) do not overlap by {k - 1} letters"
    return "not overlapping k-mers divided by single blanks"
