"""What one run of chaos is to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """What all lives of a desk share.

    Attributes:
        home: the desk's.
        folder: for ledgers, outside of it.
        things: events and items to produce.
        kills: how often it is killed before it may end.
        seed: of everything.
        settings: JSON of the desk's settings.
        read_s: how long the desk waits for an answer of the cloud, so that a delay beyond it costs no half minute.
        within_s: how long is waited for anything, such as the outbox to be empty.
    """

    home: str
    folder: str
    things: int
    kills: int
    seed: int
    settings: dict[str, Any]
    read_s: float = 30.0
    within_s: float = 1800.0
