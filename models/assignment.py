"""Pairing one to one for the least total cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(cost: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pairs of least total cost, as many as the shorter side has.

    Args:
        cost: (N, M), finite.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # .3 s and more, which no start should wait for

    rows, columns = linear_sum_assignment(cost)
    return rows, columns
