"""The face of a camera whose live picture is covered, where there is more to say of it than that."""

from __future__ import annotations

import time

from console.pipeline.covered_display import CoveredDisplay
from console.pipeline.lane import Lane
from models.words import _
from widgets.tile_state import TileKind, TileState

STALE_S = 2.0
"""A refused picture or two are not worth a word while an older one stands, nor two with more covered than asked for;
after so long they are."""


def cover_face(lane: Lane | None, *, loading: bool = False) -> TileState | None:
    """What is to be said about a covered camera; None where it is shown as it is, or covered without trouble.

    Args:
        lane: the camera's place.
        loading: its models are on their way.
    """
    display = lane.display if lane is not None else None
    revealed = lane.revealed if lane is not None else None
    if lane is None or not isinstance(display, CoveredDisplay) or (revealed is not None and not revealed.over):
        return None
    shown = display.latest
    old = shown is None or time.monotonic_ns() - shown.frame.captured_ns > STALE_S * 1e9
    if shown is None and (not display.trouble or (loading and not lane.plans)):
        waits = _("Nothing is shown before the model is there that says what to cover.")
        first = _("The first picture is being redacted.")
        return TileState(TileKind.COVERING, _("redacting"), first if lane.plans else waits)
    if display.trouble and old:
        why = display.trouble[:1].upper() + display.trouble[1:]
        sentence = _("Its picture can't be covered for certain, so none is shown. {why}").format(
            why=f"{why.rstrip('.')}."
        )
        return TileState(TileKind.REFUSED, _("no redacted picture"), sentence, _("Change the camera"), "Ctrl+E")
    if display.weak_s > STALE_S:
        sentence = ". ".join(why[:1].upper() + why[1:].rstrip(".") for why in display.weakened) + "."
        return TileState(TileKind.WEAKENED, _("more is covered"), sentence)
    return None
