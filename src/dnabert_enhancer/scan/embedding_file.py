"""The file of embeddings: an ``.npz``, written in bounded memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from dnabert_enhancer.scan.embeddings import Embeddings
from dnabert_enhancer.shards import ShardWriter

EMBEDDINGS_FORMAT = "dnabert-enhancer embeddings 1"
_ROWS_AT_ONCE = 4096


def write_embeddings(
    path: Path, found: Iterable[Embeddings], hidden: int, facts: Mapping[str, str], folder: Path
) -> int:
    """Write embeddings with the names of their sequences; return how many there are.

    ``name``: unicode, shape (sequences,). ``embedding``: float32, shape (sequences, hidden), NaN in the rows
    of sequences without one. Each fact: unicode, shape (). Nothing is pickled; equal content has equal bytes.

    Parameters
    ----------
    path : path
        What to write.
    found : iterable of Embeddings
    hidden : int
        Numbers in an embedding.
    facts : mapping of str to str
        What a reader must know of them, such as the pooling.
    folder : path
        Where nameless temporary files lie, of as many bytes: NumPy's format says the number of rows first.
    """
    count, longest = 0, 1
    with ExitStack() as stack:
        # nameless: they go with the process, however that ends
        values, names = (stack.enter_context(tempfile.TemporaryFile(dir=folder)) for _ in range(2))
        for part in found:
            values.write(np.ascontiguousarray(part.embedding, dtype="<f4").tobytes())
            # a name may hold a line break, JSON of it does not
            names.writelines(json.dumps(name).encode() + b"\n" for name in part.name)
            count += len(part.name)
            longest = max(longest, *map(len, part.name), 1)
        values.seek(0)
        names.seek(0)
        writer = stack.enter_context(ShardWriter(path, EMBEDDINGS_FORMAT))
        starts = range(0, count, _ROWS_AT_ONCE)
        sizes = [min(_ROWS_AT_ONCE, count - start) for start in starts]
        writer.begin_array("name", (count,), f"<U{longest}")
        for size in sizes:
            texts = [json.loads(names.readline()) for _ in range(size)]
            writer.append_rows(np.array(texts, dtype=f"<U{longest}"))
        writer.begin_array("embedding", (count, hidden), "<f4")
        for size in sizes:
            rows = np.frombuffer(values.read(4 * hidden * size), dtype="<f4")
            writer.append_rows(rows.reshape(size, hidden))
        for name, fact in facts.items():
            writer.add_array(name, np.array(fact))
        writer.finish(facts)
    return count
