"""The states a camera can be in, in the words the operator reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CameraState(StrEnum):
    """What a camera is doing now."""

    CONNECTING = "connecting"
    LIVE = "live"
    FROZEN = "frozen"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A camera's state with the sentence that explains it.

    Attributes:
        state: the state.
        detail: what happened and what helps, one or two sentences, no secret in it; empty when all is well.
        retry_in_s: seconds until the next attempt while reconnecting, else None.
    """

    state: CameraState
    detail: str = ""
    retry_in_s: float | None = None

    def __str__(self) -> str:
        """The status in the operator's words."""
        words = str(self.state)
        if self.retry_in_s is not None:
            words += f" in {max(self.retry_in_s, 0):.0f} s"
        return f"{words}: {self.detail}" if self.detail else words
