"""How much of anything is taken on at once, so that no sender can use this machine up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Bounds of what is held in memory at once.

    Attributes:
        body: bytes of one request.
        messages: in one request.
        bodies: requests with a body at once; half of it is the most of one desk.
        bodies_bytes: bytes of them together; half of it, but at least one whole body, is the most of one desk.
        takes: bodies that are read, checked and kept at once, each in a thread.
        asks: answers that are looked up at once, each in a thread.
        wait_s: longest that health waits for the database.
        figures_s: so long figures for metrics are good.
    """

    body: int = 64 << 20
    messages: int = 1000
    bodies: int = 32
    bodies_bytes: int = 128 << 20
    takes: int = 4
    asks: int = 8
    wait_s: float = 3.0
    figures_s: float = 10.0
