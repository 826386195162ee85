"""The states a camera can be in, in the words the operator reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.words import N_, _


class CameraState(StrEnum):
    """What a camera is doing now."""

    CONNECTING = "connecting"
    LIVE = "live"
    FROZEN = "frozen"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def words(self) -> str:
        """The state in the operator's language; the value itself is for files, metrics and JSON."""
        return _(_WORDS[self])


_WORDS = {
    CameraState.CONNECTING: N_("connecting"),
    CameraState.LIVE: N_("live"),
    CameraState.FROZEN: N_("frozen"),
    CameraState.RECONNECTING: N_("reconnecting"),
    CameraState.ENDED: N_("ended"),
    CameraState.FAILED: N_("failed"),
    CameraState.STOPPED: N_("stopped"),
}


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
        words = self.state.words
        if self.retry_in_s is not None:
            words = _("{state} in {seconds:.0f} s").format(state=words, seconds=max(self.retry_in_s, 0))
        return f"{words}: {self.detail}" if self.detail else words
