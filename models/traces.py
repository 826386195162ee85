"""The trace every frame carries: when each stage began and ended. All latency figures come from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Stage = Literal["decode", "wait", "letterbox", "infer", "handover", "postprocess", "join", "track"]
"""Stages in the order a frame passes them.

decode: the decoder's work; wait: in the camera's slot, for its turn and for company; letterbox: scaled into the
model's input; infer: from submission to the runtime's answer; handover: the answer waits for its turn; postprocess:
decode, NMS, undo letterbox; join: waits for earlier frames and further stages of the same camera; track: tracker and
publication.
"""


class Trace:
    """Stage times of one frame, monotonic nanoseconds.

    It moves with the frame. Stages that run side by side may add at the same time; only the finisher reads.
    """

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: list[tuple[Stage, int, int]] = []

    def add(self, stage: Stage, begin_ns: int, end_ns: int) -> None:
        """Record that `stage` ran from `begin_ns` to `end_ns`. A stage may come several times (crops): they add up."""
        self._spans.append((stage, begin_ns, end_ns))

    def __iter__(self) -> Iterator[tuple[Stage, int, int]]:
        return iter(self._spans)

    def seconds(self) -> dict[Stage, float]:
        """Seconds spent in each stage that was recorded."""
        total: dict[Stage, float] = {}
        for stage, begin, end in self._spans:
            total[stage] = total.get(stage, 0.0) + (end - begin) / 1e9
        return total
