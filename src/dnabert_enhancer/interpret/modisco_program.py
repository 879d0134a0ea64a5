"""Runs TF-MoDISco in a process of its own, since it forks: ``modisco_program.py ARRAYS.npz PATTERNS.npz``.

Takes ``one_hot`` and ``hypothetical``, both of shape (regions, 4, length); gives ``letters`` and
``contributions`` (patterns, width, 4) with 0 behind the end of shorter ones, ``width``, ``seqlets`` and
``sign`` of each pattern, and ``enough``: whether there were more seqlets than TF-MoDISco asks for.
"""

import sys

import numpy as np


def main() -> None:
    """Run it on the files that the arguments name."""
    from modiscolite.tfmodisco import TFMoDISco

    given = np.load(sys.argv[1])
    # what modiscolite's own command does with its files
    arrays = [given[name].transpose(0, 2, 1).astype(np.float32) for name in ("one_hot", "hypothetical")]
    found = TFMoDISco(*map(np.ascontiguousarray, arrays))
    patterns = [(sign, one) for sign, some in zip((1, -1), found, strict=True) for one in some or ()]
    widest = max((len(one.sequence) for _, one in patterns), default=0)

    def padded(name: str) -> np.ndarray:
        rows = [getattr(one, name) for _, one in patterns]
        return np.array([np.pad(row, ((0, widest - len(row)), (0, 0))) for row in rows])

    np.savez(
        sys.argv[2],
        letters=padded("sequence"),
        contributions=padded("contrib_scores"),
        width=np.array([len(one.sequence) for _, one in patterns], dtype=np.int64),
        seqlets=np.array([len(one.seqlets) for _, one in patterns], dtype=np.int64),
        sign=np.array([sign for sign, _ in patterns], dtype=np.int64),
        enough=np.array(any(some is not None for some in found)),
    )


if __name__ == "__main__":
    main()
