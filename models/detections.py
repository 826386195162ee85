"""Detections: what a model saw in one picture, as a struct of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NO_TRACK = -1


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """N boxes in source pixels.

    Attributes:
        xyxy: (N, 4) float32, x0 y0 x1 y1.
        score: (N,) float32 in 0..1.
        class_id: (N,) int32, an index into the model package's labels.
        track_id: (N,) int64, `NO_TRACK` where the box belongs to no track.

    Raises:
        ValueError: the arrays disagree about N.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int32]
    track_id: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.score)
        if self.xyxy.shape != (n, 4) or self.class_id.shape != (n,) or self.track_id.shape != (n,):
            raise ValueError(
                f"expected xyxy ({n}, 4), class_id ({n},), track_id ({n},); "
                f"got {self.xyxy.shape}, {self.class_id.shape}, {self.track_id.shape}"
            )

    @classmethod
    def of(
        cls, xyxy: ArrayLike, score: ArrayLike, class_id: ArrayLike, track_id: ArrayLike | None = None
    ) -> Detections:
        """Detections from anything array-like, with dtypes set right; no `track_id` means none is tracked."""
        scores = np.asarray(score, np.float32).reshape(-1)
        tracks = np.full(len(scores), NO_TRACK, np.int64) if track_id is None else np.asarray(track_id, np.int64)
        return cls(
            np.asarray(xyxy, np.float32).reshape(-1, 4), scores, np.asarray(class_id, np.int32).reshape(-1), tracks
        )

    @classmethod
    def empty(cls) -> Detections:
        """No detections."""
        return cls.of([], [], [])

    @classmethod
    def concat(cls, parts: Sequence[Detections]) -> Detections:
        """All of `parts`, in order."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.class_id for part in parts]),
            np.concatenate([part.track_id for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.score)

    def select(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> Detections:
        """The detections that a mask (N,) or an index array picks, in its order."""
        return Detections(self.xyxy[index], self.score[index], self.class_id[index], self.track_id[index])

    def with_tracks(self, track_id: NDArray[np.int64]) -> Detections:
        """The same boxes with these track numbers."""
        return Detections(self.xyxy, self.score, self.class_id, track_id)
