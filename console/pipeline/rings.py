"""Figures over the last hour in constant memory: fine for the last minute, coarser before, and no peak lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PULLS_A_SECOND = 2
SPANS: dict[int, tuple[int, int]] = {1: (120, 1), 10: (300, 4), 60: (300, 24)}
"""Minutes that can be looked at: so many points, each of so many pulls."""

Values = NDArray[np.float32]
Times = NDArray[np.int64]


class _Tier:
    """The newest `points` points, each made of `pulls` rows."""

    def __init__(self, points: int, pulls: int, peaks: NDArray[np.bool_]) -> None:
        self._peaks = peaks
        self._pulls = pulls
        self._times = np.zeros(points, np.int64)
        self._values = np.full((points, len(peaks)), np.nan, np.float32)
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._rows = 0
        self._sum = np.zeros(len(self._peaks), np.float64)
        self._known = np.zeros(len(self._peaks), np.int64)
        self._most = np.full(len(self._peaks), np.nan, np.float32)

    def add(self, time_ns: int, row: Values) -> None:
        """Take a row in. The point it belongs to is there at once and gets better until it is full."""
        if self._pulls == 1:
            self._count += 1
            self._keep(time_ns, row)
            return
        if self._rows == self._pulls:
            self._begin()
        if self._rows == 0:
            self._count += 1
        known = ~np.isnan(row)
        self._rows += 1
        self._sum[known] += row[known]
        self._known += known
        self._most = np.fmax(self._most, row)
        mean = np.full(len(row), np.nan, np.float32)
        np.divide(self._sum, self._known, out=mean, where=self._known > 0, casting="unsafe")
        self._keep(time_ns, np.where(self._peaks, self._most, mean))

    def _keep(self, time_ns: int, point: Values) -> None:
        place = (self._count - 1) % len(self._times)
        self._times[place] = time_ns
        self._values[place] = point

    def view(self) -> tuple[Times, Values]:
        """Times (N,) monotonic ns and values (N, channels), oldest first."""
        if self._count <= len(self._times):
            return self._times[: self._count].copy(), self._values[: self._count].copy()
        begin = -(self._count % len(self._times))
        return np.roll(self._times, begin), np.roll(self._values, begin, axis=0)


class Rings:
    """Several channels of figures, pulled together, over each of `SPANS`. Belongs to one thread.

    Args:
        peaks: (channels,) True: a coarser point is the highest of its rows, so that a peak stays in sight; False: their
            mean. What was not known (NaN) counts in neither.
    """

    def __init__(self, peaks: NDArray[np.bool_]) -> None:
        self._tiers = {minutes: _Tier(points, pulls, peaks) for minutes, (points, pulls) in SPANS.items()}

    def add(self, time_ns: int, row: Values) -> None:
        """Take in what was pulled at `time_ns`: (channels,) float32, NaN where nothing is known."""
        for tier in self._tiers.values():
            tier.add(time_ns, row)

    def view(self, minutes: int) -> tuple[Times, Values]:
        """The last so many minutes: times (N,) monotonic ns, values (N, channels) float32, oldest first.

        Raises:
            KeyError: `minutes` is not one of `SPANS`.
        """
        return self._tiers[minutes].view()
