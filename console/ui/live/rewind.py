"""Looking back: the last half minute of one camera in its own tile, while its job goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from console.pipeline.lane import Lane
from console.sources.past import Past
from console.sources.recent import MOST_BYTES
from console.ui.live.player import Player, Replayed
from console.ui.live.ticker import Ticker
from console.ui.notices import Notices
from models.states import CameraStatus
from models.words import _, ngettext
from widgets.rewind import RewindBar
from widgets.tile_state import TileKind, TileState
from widgets.wall import WallGrid

BACK_S = 10.0
"""How far one press of the key goes back: what an operator asks about has just happened."""
TICK_MS = 16
_LONGEST_TICK_NS = 100_000_000  # a screen that was held up shows what it missed, instead of leaping over it
_FULL_S = 29.0
_BUSY_GAP_NS = 1_000_000_000


@dataclass(slots=True, eq=False)
class _Look:
    """A look back at one camera.

    Attributes:
        camera_id: whose.
        past: what can be seen, standing still.
        player: decodes it.
        at_ns: the moment wanted.
        tick_ns: when it was moved on last.
        shown: what the tile shows.
        room: the tile's size that was drawn for.
    """

    camera_id: str
    past: Past
    player: Player
    at_ns: int
    tick_ns: int
    shown: Replayed | None = None
    room: tuple[int, int] = (0, 0)


class RewindController(QObject):
    """Shows the past of one camera at a time. Belongs to the GUI thread; decoding has a thread of its own.

    The tile is held back from the ticker meanwhile; nothing else of the camera is touched: it is captured, inferred and
    remembered as before.

    Attributes:
        bar: where it is steered; hidden while nobody looks back. Whoever builds the page gives it a place.
    """

    changed = Signal(str)
    """Another camera is looked back at; empty: none any more."""

    def __init__(self, wall: WallGrid, ticker: Ticker, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent or wall)
        self._wall = wall
        self._ticker = ticker
        self._notices = notices
        self._look: _Look | None = None
        self._playing = False
        self._speed = 1.0
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._face_of = ticker.face_of
        ticker.face_of = self._face
        self.bar = RewindBar()
        self.bar.setVisible(False)
        self.bar.moved.connect(self.go)
        self.bar.stepped.connect(self.step)
        self.bar.toggled.connect(self.toggle)
        self.bar.speed_changed.connect(self.set_speed)
        self.bar.live_wanted.connect(self.live)

    @property
    def camera_id(self) -> str:
        """Whose past is shown; empty for nobody's."""
        return self._look.camera_id if self._look else ""

    @property
    def playing(self) -> bool:
        """Whether time goes on in the past."""
        return self._playing

    def moment(self) -> tuple[Past, int] | None:
        """The past that is looked at and the capture time of the picture on screen, for whoever wants to keep it."""
        look = self._look
        return (look.past, look.shown.captured_ns) if look is not None and look.shown is not None else None

    def begin(self, camera_id: str, lane: Lane | None) -> None:
        """Look back at a camera: from 10 s ago on; pressed again, 10 s further back."""
        if self._look is not None and self._look.camera_id == camera_id:
            self.go((self._look.at_ns - self._look.past.span[0]) / 1e9 - BACK_S)
            return
        self.live()
        tile = self._wall.tile(camera_id)
        if lane is not None and lane.display.covered:
            self._notices.say(_covered(tile.name if tile is not None else camera_id))
            return
        past = lane.recent.held() if lane is not None and lane.recent is not None else None
        if past is None or len(past) < 2 or tile is None:
            name = tile.name if tile is not None else camera_id
            self._notices.say(_nothing(name, past))
            return
        oldest, newest = past.span
        player = Player(past, tile.picture_size())
        begin_ns = max(newest - int(BACK_S * 1e9), oldest)
        self._look = _Look(camera_id, past, player, begin_ns, time.monotonic_ns(), room=tile.picture_size())
        self._ticker.hold(camera_id, held=True)
        tile.set_state(_looking_back())
        arrivals = [(at_ns - oldest) / 1e9 for at_ns in past.arrivals() if at_ns >= oldest]
        self.bar.set_span((newest - oldest) / 1e9, _busy(past), arrivals, _note(past))
        self._play(playing=True)
        self.bar.setVisible(True)
        self.bar.setFocus(Qt.FocusReason.OtherFocusReason)
        player.want(past.number_at(begin_ns))
        self._timer.start()
        self.changed.emit(camera_id)

    def live(self) -> None:
        """Back to now."""
        look, self._look = self._look, None
        if look is None:
            return
        self._timer.stop()
        look.player.close()
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.bar.isAncestorOf(focus)
        self.bar.setVisible(False)
        tile = self._wall.tile(look.camera_id)
        if tile is not None:
            self._ticker.hold(look.camera_id, held=False)
            self._ticker.tick()
            if tile.frozen:  # as it was found, with the picture of now: the one it was frozen at is gone
                self._ticker.hold(look.camera_id, held=True)
            if had_focus:
                tile.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit("")

    def toggle(self) -> None:
        """Play, or pause; at the end, play again from the beginning."""
        look = self._look
        if look is None:
            return
        if not self._playing and look.at_ns >= look.past.span[1]:
            self._want(look, look.past.span[0])
        self._play(playing=not self._playing)

    def step(self, by: int) -> None:
        """So many pictures on, or back; pauses."""
        look = self._look
        if look is None:
            return
        self._play(playing=False)
        now, shown = look.past.number_at(look.at_ns), look.player.shown
        if shown is not None and not look.player.busy:
            now = (
                shown.number if by > 0 else min(shown.number, shown.wanted)
            )  # past one that can't be decoded, both ways
        number = min(max(now + by, 0), len(look.past) - 1)
        self._want(look, look.past.times[number])

    def go(self, seconds: float) -> None:
        """To a moment, in seconds from the oldest picture."""
        look = self._look
        if look is not None:
            oldest, newest = look.past.span
            self._want(look, min(max(oldest + int(seconds * 1e9), oldest), newest))

    def set_speed(self, speed: float) -> None:
        """So many seconds of the past a second."""
        self._speed = speed

    def _play(self, *, playing: bool) -> None:
        self._playing = playing
        self.bar.set_playing(playing)
        if self._look is not None:
            self._look.tick_ns = time.monotonic_ns()

    def _want(self, look: _Look, at_ns: int) -> None:
        look.at_ns = at_ns
        look.player.want(look.past.number_at(at_ns))
        self._tell(look)

    def _tick(self) -> None:
        look = self._look
        if look is None:
            return
        tile = self._wall.tile(look.camera_id)
        if tile is None or look.camera_id not in self._wall.visible:  # removed, or another camera fills the wall
            self.live()
            return
        now = time.monotonic_ns()
        room = tile.picture_size()
        if room != look.room:
            look.room = look.player.room = room
            look.player.want(look.past.number_at(look.at_ns))
        if self._playing and look.shown is not None and not self.bar.timeline.isSliderDown():
            self._move_on(look, now)
        look.tick_ns = now
        shown = look.player.shown
        if shown is not None and shown is not look.shown:
            look.shown = shown
            tile.show_picture(shown.pixels, shown.size)
            tile.show_boxes(*look.past.boxes_at(shown.captured_ns))
        self._tell(look)

    def _move_on(self, look: _Look, now: int) -> None:
        newest = look.past.span[1]
        passed = min(now - look.tick_ns, _LONGEST_TICK_NS)
        at_ns = min(look.at_ns + int(passed * self._speed), newest)
        if look.past.number_at(at_ns) != look.past.number_at(look.at_ns):
            look.player.want(look.past.number_at(at_ns))
        look.at_ns = at_ns
        if at_ns >= newest:
            self._play(playing=False)

    def _tell(self, look: _Look) -> None:
        ago = (time.monotonic_ns() - look.at_ns) / 1e9
        taken = look.past.taken_at(look.past.number_at(look.at_ns))
        self.bar.set_place((look.at_ns - look.past.span[0]) / 1e9, _("{n} s ago").format(n=f"{ago:.1f}"), _clock(taken))

    def _face(self, camera_id: str, status: CameraStatus | None, lane: Lane | None) -> TileState:
        """What is shown is not now: no state of now stands over it."""
        return _looking_back() if camera_id == self.camera_id else self._face_of(camera_id, status, lane)


def _looking_back() -> TileState:
    return TileState(TileKind.MUTED, _("looking back"), _("You see the past. The camera and its job go on."))


def _clock(taken_at: datetime) -> str:
    local = taken_at.astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 100_000}"


def _busy(past: Past) -> Sequence[tuple[float, float]]:
    """When something was followed, as (from, to) in seconds from the oldest picture."""
    oldest, newest = past.span
    spans: list[tuple[int, int]] = []
    for at_ns, objects in past.objects():
        if not objects or at_ns < oldest:
            continue
        if spans and at_ns - spans[-1][1] <= _BUSY_GAP_NS:
            spans[-1] = (spans[-1][0], at_ns)
        else:
            spans.append((at_ns, at_ns))
    return [((begin - oldest) / 1e9, (min(end, newest) - oldest) / 1e9) for begin, end in spans]


def _note(past: Past) -> str:
    """Why it is less than half a minute, where that is not plain."""
    seconds = (past.span[1] - past.span[0]) / 1e9
    if seconds >= _FULL_S or not past.short_of_memory:
        return ""
    return ngettext(
        "Only {n} s can be seen: this camera sends more than the {size} MB that are kept of it.",
        "Only {n} s can be seen: this camera sends more than the {size} MB that are kept of it.",
        round(seconds),
    ).format(n=f"{seconds:.0f}", size=MOST_BYTES >> 20)


def _covered(name: str) -> str:
    return _(
        "Nothing of {camera} can be seen again: its live picture is redacted, so nothing plain is kept to look back at."
    ).format(camera=name)


def _nothing(name: str, past: Past | None) -> str:
    if past is not None and past.short_of_memory:
        return _(
            "Nothing of {camera} can be seen again: it sends so few key frames that they don't fit into memory. "
            "Set a key frame every 1 to 5 s in the camera."
        ).format(camera=name)
    return _("Nothing of {camera} can be seen again yet: there is no picture of it in memory.").format(camera=name)
