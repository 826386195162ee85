"""What the contract suite of targets needs of each kind: a real peer, targets to it, a look at what it has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.store.store import Store
from console.sync.targets.base import Parcel, Target


class Peer(Protocol):
    """A peer that runs."""

    def target(self, *, wrong_key: bool = False) -> Target:
        """A fresh target to it; with `wrong_key` one that it must not let in."""
        ...

    def copies(self, parcel: Parcel) -> int:
        """How many times it has what a parcel carries, with equal bytes (JSON by value, files by sha256).

        Where the way there delivers at least once (MQTT, webhooks), copies with the same message ID count as one.
        """
        ...

    def stop(self) -> None:
        """Stop serving, so that a target can't reach it."""
        ...

    def start(self) -> None:
        """Serve again, at the same address, with what it had."""
        ...

    def erased(self, tracking_id: str) -> bool:
        """Whether it was told to erase this, and where it keeps things nothing of it is left."""
        ...


@dataclass(frozen=True, slots=True)
class TargetCase:
    """One kind of target against one real peer.

    Attributes:
        name: for the test's id.
        missing: why it can't run here, in words; empty: it can.
        running: from a scratch folder and an open store (for ledgers) to a peer, stopped at the end.
    """

    name: str
    missing: Callable[[], str]
    running: Callable[[Path, Store], AbstractContextManager[Peer]]
