"""How a camera's state looks on its tile, in the operator's words."""

from __future__ import annotations

import math
import re

from console.ui.running_models import WELL, Standing
from models.states import CameraState, CameraStatus
from models.words import _, ngettext
from widgets.tile_state import LIVE, TileKind, TileState


def face(
    status: CameraStatus | None,
    *,
    has_model: bool = True,
    loading: bool = False,
    models: Standing = WELL,
    cover: TileState | None = None,
) -> TileState:
    """The face of a camera that is switched on.

    Args:
        status: how it stands; None while the site has not started it yet.
        has_model: whether a model looks at it.
        loading: whether one is on its way.
        models: how its models stand.
        cover: what is to be said about its picture being covered; see `cover_face`.
    """
    if status is None:
        return TileState(TileKind.CONNECTING, _("starting"), _("The camera is about to be connected."))
    if status.state is CameraState.LIVE:
        if cover is not None and (cover.covers or not models.trouble):
            return cover
        if has_model:
            return _no_boxes(models.trouble) if models.trouble else _astray(models) if models.astray else LIVE
        if loading:
            return TileState(TileKind.LIVE, _("loading the model"), _("The picture is live; detections follow."))
        sentence = _("The picture is live, but no model looks at it yet.")
        return TileState(TileKind.NO_MODEL, _("no model"), f"{sentence} {models.trouble}".strip())
    return _not_live(status)


def _no_boxes(why: str) -> TileState:
    """The picture goes on, and nobody may take it for an empty scene."""
    sentence = _("The picture is live, and there are no boxes: {why}").format(why=why)
    short = re.split(r"[.:;] ", why)[0].rstrip(".")
    return TileState(TileKind.NO_BOXES, _("no boxes: {why}").format(why=short), sentence)


def _astray(models: Standing) -> TileState:
    """Part of a model runs on the CPU though an accelerator was asked for."""
    word = ngettext("{n} node on CPU", "{n} nodes on CPU", models.astray).format(n=models.astray)
    sentence = _("{n} of {of} nodes are not on the device that was asked for; see Models.")
    return TileState(TileKind.ASTRAY, word, sentence.format(n=models.astray, of=models.nodes or models.astray))


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
