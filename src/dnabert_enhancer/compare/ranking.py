"""Whether higher scores go with being in a database."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ranking(NamedTuple):
    """Areas under curves of the calls' scores, with "shares a base with the database" as the label.

    Attributes
    ----------
    auroc : float
        Chance that a call in the database scores above one that is not, ties counting half (Hanley and
        McNeil 1982, Radiology 143:29).
    auprc : float
        Average precision: ``sum over ranks of (R_k - R_(k-1)) P_k`` (Davis and Goadrich 2006, ICML 23:233);
        `precision` of the whole set is what random scores reach.
    """

    auroc: float
    auprc: float


def ranking_of(scores: NDArray[np.float64], in_database: NDArray[np.bool_]) -> Ranking:
    """Return the areas; not a number when calls lack scores, all score alike, or all are in or out.

    Parameters
    ----------
    scores : float64 array, shape (calls,)
        Higher means more likely an enhancer.
    in_database : bool array, shape (calls,)
        The label.
    """
    nothing = Ranking(float("nan"), float("nan"))
    if not len(scores) or not np.isfinite(scores).all() or np.ptp(scores) == 0:
        return nothing
    if in_database.all() or not in_database.any():
        return nothing
    from sklearn.metrics import average_precision_score, roc_auc_score

    return Ranking(
        float(roc_auc_score(in_database, scores)), float(average_precision_score(in_database, scores))
    )
