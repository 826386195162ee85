"""How a camera's state looks on its tile, in the operator's words."""

from __future__ import annotations

import math

from models.states import CameraState, CameraStatus
from models.words import _
from widgets.tile_state import LIVE, TileKind, TileState


def face(status: CameraStatus | None, *, has_model: bool = True, loading: bool = False) -> TileState:
    """The face of a camera that is switched on.

    Args:
        status: how it stands; None while the site has not started it yet.
        has_model: whether a model looks at it.
        loading: whether one is on its way.
    """
    if status is None:
        return TileState(TileKind.CONNECTING, _("starting"), _("The camera is about to be connected."))
    if status.state is CameraState.LIVE:
        if has_model:
            return LIVE
        if loading:
            return TileState(TileKind.LIVE, _("loading the model"), _("The picture is live; detections follow."))
        return TileState(TileKind.NO_MODEL, _("no model"), _("The picture is live, but no model looks at it yet."))
    return _not_live(status)


def _not_live(status: CameraStatus) -> TileState:
    detail = status.detail
    if status.state is CameraState.CONNECTING:
        return TileState(TileKind.CONNECTING, _("connecting"), detail)
    if status.state is CameraState.FROZEN:
        meaning = _("What you see is the last picture; nothing is detected until it moves again.")
        return TileState(TileKind.FROZEN, _("frozen"), f"{detail} {meaning}".strip(), _("Change the camera"), "Ctrl+E")
    if status.state is CameraState.RECONNECTING:
        word = _("reconnecting")
        if status.retry_in_s is not None:
            word = _("reconnecting in {seconds} s").format(seconds=max(math.ceil(status.retry_in_s), 1))
        return TileState(TileKind.RECONNECTING, word, detail, _("Change the camera"), "Ctrl+E")
    if status.state is CameraState.ENDED:
        return TileState(TileKind.ENDED, _("ended"), _("The file or folder was read to its end."))
    if status.state is CameraState.FAILED:
        return TileState(TileKind.FAILED, _("failed"), detail, _("Change the camera"), "Ctrl+E")
    return TileState(TileKind.OFF, _("stopped"), detail)


def muted(until: str) -> TileState:
    """The face of a camera muted for maintenance; `until`: the time of day it ends."""
    sentence = _("Muted for maintenance: no events and no sounds until {until}.").format(until=until)
    return TileState(TileKind.MUTED, _("muted until {until}").format(until=until), sentence)


def off() -> TileState:
    """The face of a camera that is switched off in the settings."""
    return TileState(
        TileKind.OFF, _("off"), _("This camera is switched off and not connected."), _("Switch it on"), "Ctrl+D"
    )
