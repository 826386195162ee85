"""The states a tile can show: each has a word, a shape and a sentence, never a colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from widgets.theme import Tokens


class TileKind(StrEnum):
    """What a camera is doing, as far as its tile is concerned."""

    LIVE = "live"
    CONNECTING = "connecting"
    RECONNECTING = "reconnecting"
    FROZEN = "frozen"
    ENDED = "ended"
    FAILED = "failed"
    NO_MODEL = "no model"
    NO_BOXES = "no boxes"
    ASTRAY = "astray"
    MUTED = "muted"
    OFF = "off"
    COVERING = "covering"
    REFUSED = "refused"
    WEAKENED = "weakened"


_STOPPED = frozenset({TileKind.RECONNECTING, TileKind.FAILED})
_NEEDS_YOU = frozenset(
    {TileKind.FROZEN, TileKind.NO_MODEL, TileKind.NO_BOXES, TileKind.ASTRAY, TileKind.REFUSED, TileKind.WEAKENED}
)
_COVERS = frozenset(
    {TileKind.CONNECTING, TileKind.RECONNECTING, TileKind.FROZEN, TileKind.FAILED, TileKind.OFF}
    | {TileKind.COVERING, TileKind.REFUSED}
)


@dataclass(frozen=True, slots=True)
class TileState:
    """The face of a tile.

    Attributes:
        kind: decides colour, shape, and whether the picture is covered.
        word: the state in one or two words, as the operator reads it: "reconnecting in 2 s", "muted until 21:30".
        sentence: what happened and what it means; empty when all is well.
        way_on: text of the one button that leads on; empty for none.
        key: the key that does the same, shown on the button.
    """

    kind: TileKind
    word: str = ""
    sentence: str = ""
    way_on: str = ""
    key: str = ""

    @property
    def needs_you(self) -> bool:
        """Amber and a triangle: a person has to look."""
        return self.kind in _NEEDS_YOU

    @property
    def stopped(self) -> bool:
        """Red and a square: the camera is lost or has given up."""
        return self.kind in _STOPPED

    @property
    def covers(self) -> bool:
        """Whether the face stands over the picture, because what is under it is not what the camera sees now."""
        return self.kind in _COVERS

    def colour(self, look: Tokens) -> str:
        """#rrggbb of the mark and the border."""
        return look.needs_you if self.needs_you else look.stopped if self.stopped else look.dim


LIVE = TileState(TileKind.LIVE)
