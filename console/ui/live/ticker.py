"""The beat of the wall: takes the latest pictures and boxes to the tiles, sixty times a second where it can."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal

from console.pipeline.covered_display import AnyDisplay, CoveredDisplay
from console.pipeline.display import Shown
from console.pipeline.lane import Lane
from console.ui.live.cover_faces import cover_face
from console.ui.live.faces import face
from console.ui.running_models import standing_of
from models.detections import Detections
from models.results import Result
from models.states import CameraStatus
from models.tracks import FADE_FROM_S, FADE_TO_S, predict_drawn
from models.words import _
from widgets.tile import CameraTile
from widgets.tile_state import TileState
from widgets.wall import WallGrid

TICK_MS = 16
FEW, FEW_TICK_MS = 4, 8
"""So few tiles are looked after twice as often: it costs next to nothing, and boxes come 4 ms sooner."""
LONGEST_TICK_MS = 100
BUSY_SHARE = 0.7
"""Share of the GUI thread the wall may take before its beat becomes slower: the rest belongs to clicks and keys."""
FIGURES_NS = 500_000_000
RATE_NS = 2_000_000_000
"""Frames a second are counted over the last so many nanoseconds."""


SEEN_PX = 0.5
"""Boxes are moved when the fastest would be so many pixels off: on a wall of sixteen that is every other picture."""
REDRAWN_NS = 100_000_000
"""... and ten times a second in any case, so that they fade."""
NOW_S = 0.15
"""A picture younger than this is called one of now."""


class Watched(Protocol):
    """What the ticker asks of a running site; None for a camera that is not running."""

    @property
    def busy(self) -> bool:
        """Whether a change is being carried out."""

    def lane(self, camera_id: str) -> Lane | None:
        """Its place in the pipeline."""

    def status(self, camera_id: str) -> CameraStatus | None:
        """How it stands."""


@dataclass(frozen=True, slots=True)
class Painted:
    """One painting of a tile, for whoever measures.

    Attributes:
        camera_id: the camera.
        shown: the picture, or None when it was painted before.
        result: the result whose boxes were painted for the first time, or None.
        painted_ns: monotonic time when it had been painted.
    """

    camera_id: str
    shown: Shown | None
    result: Result | None
    painted_ns: int


class _View:
    """What is known of one camera's tile."""

    __slots__ = (
        "counted", "display", "drawn_ns", "fresh", "fresh_result", "held", "lane", "result", "shown", "speed", "tile",
    )  # fmt: skip

    def __init__(self, tile: CameraTile) -> None:
        self.tile = tile
        self.lane: Lane | None = None
        self.display: AnyDisplay | None = None
        self.shown: Shown | None = None
        self.result: Result | None = None
        self.fresh: Shown | None = None
        self.fresh_result: Result | None = None
        self.held = False
        self.drawn_ns = 0
        self.speed = 0.0
        self.counted: deque[tuple[int, int]] = deque()

    def moves(self, shown: Shown, result: Result) -> bool:
        """Whether boxes would stand elsewhere in this picture than where they are drawn, by what an eye can see."""
        if not self.drawn_ns:
            speed = np.abs(result.tracks.velocity).max(initial=0.0)
            self.speed = float(speed) * shown.pixels.shape[1] / max(shown.frame.size[0], 1) / 1e9
            return True
        since_ns = shown.frame.captured_ns - self.drawn_ns
        return since_ns * self.speed >= SEEN_PX or not 0 <= since_ns < REDRAWN_NS

    def meet(self, lane: Lane | None) -> None:
        """The camera was started, started anew, or stopped."""
        self.lane, self.result, self.drawn_ns = lane, None, 0
        self.counted.clear()

    def turn_to(self, display: AnyDisplay) -> None:
        """Its pictures come from elsewhere now. Where only covered ones do, none that stands here may stay."""
        self.display = display
        self.counted.clear()
        if display.covered:
            self.shown = self.result = self.fresh = self.fresh_result = None
            self.held, self.drawn_ns = False, 0
            self.tile.show_picture(None)
            self.tile.show_boxes(Detections.empty(), np.empty(0, np.float32), ())


class Ticker(QObject):
    """Feeds the tiles of a wall from a running site.

    It pulls: a slow screen gets fewer pictures, never older ones, and nothing waits for it. A camera that nobody sees
    is not drawn at all: its `Display.size` is None.

    Attributes:
        face_of: the face of a camera, given its id, status and place; replace it to bring in what a camera's status
            does not know, such as being muted.
        recorder: told of every painting; None for nobody.

    Signals:
        covered: the camera shows only covered pictures from now on; what its tile showed is gone.
    """

    covered = Signal(str)

    def __init__(self, site: Watched, wall: WallGrid) -> None:
        super().__init__(wall)
        self.face_of: Callable[[str, CameraStatus | None, Lane | None], TileState] = self.plain_face
        self.recorder: Callable[[Painted], None] | None = None
        self._site = site
        self._wall = wall
        self._views: dict[str, _View] = {}
        self._cpu_ns = 0
        self._painted_cpu_ns = 0
        self._busy_ms = 0.0
        self._figures_ns = 0
        self._request = QEvent(QEvent.Type.UpdateRequest)
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)
        wall.layout_changed.connect(self._look_around)

    def start(self) -> None:
        """Begin to beat."""
        self._look_around()
        self._timer.start()

    def stop(self) -> None:
        """Stop beating, and let nothing be drawn any more."""
        self._timer.stop()
        for view in self._views.values():
            if view.lane is not None:
                _want(view.lane, None)

    @property
    def interval_ms(self) -> int:
        """The time between two beats."""
        return self._timer.interval()

    def hold(self, camera_id: str, held: bool) -> None:  # noqa: FBT001
        """Leave a camera's picture and boxes alone, for a freeze or a look back; or don't. The job goes on."""
        view = self._view(camera_id)
        if view is not None:
            view.held = held
            view.shown = view.result = None
            view.drawn_ns = 0

    def freeze(self, camera_id: str, frozen: bool) -> None:  # noqa: FBT001
        """Hold a camera's picture and mark it so."""
        self.hold(camera_id, frozen)
        tile = self._wall.tile(camera_id)
        if tile is not None:
            tile.set_frozen(frozen)

    def plain_face(self, camera_id: str, status: CameraStatus | None, lane: Lane | None) -> TileState:
        """The face by the camera's status and how its models stand."""
        models, busy = standing_of(self._site, camera_id), self._site.busy
        cover = cover_face(lane, loading=busy)
        return face(status, has_model=lane is None or bool(lane.plans), loading=busy, models=models, cover=cover)

    def look(self) -> None:
        """Look now at what each tile may show, not only at the next beat: for a wall that is about to be seen."""
        self._look_around()

    # The beat

    def tick(self) -> None:
        """Bring what is new to the tiles that can be seen."""
        self._pace()
        begin = time.monotonic_ns()
        if begin - self._figures_ns >= FIGURES_NS:
            self._figures_ns = begin
            self._look_around()
            self._tell_figures(begin)
        for camera_id in self._wall.visible if self._seen() else ():
            view = self._view(camera_id)
            lane = self._site.lane(camera_id)
            if view is None or lane is None:
                continue
            if lane is not view.lane:
                view.meet(lane)
            display = _source(lane)
            if display is not view.display:  # it does not know the tile yet
                self._turn(camera_id, view, display)
                display.size = view.tile.picture_size()
            if not view.held:
                self._bring(view, lane, display)
        self._paint()

    def _paint(self) -> None:
        """Paint what was brought, now and in one go.

        Left to Qt's event loop, every tile's painting would begin by asking for Python's lock, which sixteen cameras
        want as well; from here, this thread holds it already.
        """
        self._wall.window().event(self._request)

    def _turn(self, camera_id: str, view: _View, display: AnyDisplay) -> None:
        before = view.display
        view.turn_to(display)
        if display.covered and before is not None:
            self.covered.emit(camera_id)

    def _bring(self, view: _View, lane: Lane, display: AnyDisplay) -> None:
        """A new picture with its boxes, or new boxes for the same picture."""
        shown, latest = display.latest, lane.latest
        if shown is None:
            return
        # a covered picture waited for its result, and has those boxes and no later ones
        result = shown.result if display.covered else latest[1] if latest is not None else None
        if shown is view.shown and result is view.result:
            return
        tile = view.tile
        if shown is not view.shown:
            view.shown = view.fresh = shown
            tile.show_picture(shown.pixels, shown.frame.size)
        if result is not view.result and result is not None:
            view.fresh_result = result
            view.drawn_ns = 0
        view.result = result
        if result is not None and not tile.boxes_hidden and view.moves(shown, result):
            view.drawn_ns = shown.frame.captured_ns
            tile.show_boxes(*_drawn(result, view.drawn_ns, lane), result.labels)

    def _painted(self, camera_id: str, view: _View) -> None:
        """A tile has been painted."""
        self._painted_cpu_ns = time.thread_time_ns()
        now = time.monotonic_ns()
        if self.recorder is not None and (view.fresh is not None or view.fresh_result is not None):
            self.recorder(Painted(camera_id, view.fresh, view.fresh_result, now))
        view.fresh = view.fresh_result = None

    def _pace(self) -> None:
        """Slow down while the beats take more than their share, and come back as soon as they don't.

        By this thread's own processor time: one that only waits for a busy machine gains nothing by waiting longer.
        """
        spent_ms = max(self._painted_cpu_ns - self._cpu_ns, 0) / 1e6
        self._cpu_ns = time.thread_time_ns()
        self._busy_ms += (spent_ms - self._busy_ms) * 0.2
        least = TICK_MS if len(self._wall.visible) > FEW else FEW_TICK_MS
        wanted = min(max(round(self._busy_ms / BUSY_SHARE), least), LONGEST_TICK_MS)
        if abs(wanted - self._timer.interval()) > 2 or (wanted == least != self._timer.interval()):
            self._timer.setInterval(wanted)

    # Twice a second

    def _seen(self) -> bool:
        return self._wall.isVisible() and not self._wall.window().isMinimized()

    def _view(self, camera_id: str) -> _View | None:
        """The camera's view; a new one where its tile is new."""
        view, tile = self._views.get(camera_id), self._wall.tile(camera_id)
        if view is not None and view.tile is tile:
            return view
        if tile is None:
            self._views.pop(camera_id, None)
            return None
        view = self._views[camera_id] = _View(tile)
        tile.on_painted = partial(self._painted, camera_id, view)
        return view

    def _look_around(self) -> None:
        """Tell every display which size is wanted now, if any, and put on the faces."""
        visible = set(self._wall.visible) if self._seen() else set()
        for camera_id in [*self._views, *visible.difference(self._views)]:
            view, lane = self._view(camera_id), self._site.lane(camera_id)
            if view is None:
                if lane is not None:
                    _want(lane, None)
                continue
            if lane is not view.lane:
                view.meet(lane)
            if lane is not None:
                display = _source(lane)
                if display is not view.display:
                    self._turn(camera_id, view, display)
                _want(lane, view.tile.picture_size() if camera_id in visible else None)
                _mark(view.tile, lane)
            if camera_id in visible:
                view.tile.set_state(self.face_of(camera_id, self._site.status(camera_id), lane))

    def _tell_figures(self, now: int) -> None:
        for camera_id in self._wall.visible if self._seen() else ():
            view = self._view(camera_id)
            if view is None or view.lane is None:
                continue
            display = view.display
            view.counted.append((now, display.made if isinstance(display, CoveredDisplay) else view.lane.meter.frames))
            while now - view.counted[0][0] > RATE_NS:
                view.counted.popleft()
            view.tile.set_figures(*_figures(view, now))


def _drawn(result: Result, at_ns: int, lane: Lane) -> tuple[Detections, NDArray[np.float32]]:
    """What to draw over a picture captured at `at_ns`: tracks where they are by then, or the last boxes as they are."""
    if lane.camera.track:
        return predict_drawn(result.tracks, at_ns)
    unseen_s = (at_ns - result.captured_ns) / 1e9
    firm = min(max((FADE_TO_S - unseen_s) / (FADE_TO_S - FADE_FROM_S), 0.0), 1.0)
    found = result.detections if firm > 0 else result.detections.select(np.zeros(len(result.detections), np.bool_))
    return found, np.full(len(found), firm, np.float32)


def _source(lane: Lane) -> AnyDisplay:
    """Where a camera's pictures come from now."""
    revealed = lane.revealed
    return lane.display if revealed is None or revealed.over else revealed


def _mark(tile: CameraTile, lane: Lane) -> None:
    """Say whether a tile's pictures are redacted, or for how long they are not."""
    revealed = lane.revealed
    tile.set_redacted(lane.display.covered)
    tile.set_revealed(math.ceil(revealed.left_s) if revealed is not None and not revealed.over else None)


def _want(lane: Lane, size: tuple[int, int] | None) -> None:
    """Tell a camera's displays which size is wanted."""
    lane.display.size = size
    if (revealed := lane.revealed) is not None:
        revealed.size = size


def _figures(view: _View, now: int) -> tuple[str, str, str]:
    """Frames a second, latency of the last result, age of the picture on the screen."""
    (since, before), (until, after) = view.counted[0], view.counted[-1]
    fps = _("{n} fps").format(n=f"{(after - before) / (until - since) * 1e9:.1f}") if until > since else ""
    latest = view.lane.latest if view.lane is not None else None
    latency = _("{n} ms").format(n=f"{latest[1].latency_s * 1e3:.0f}") if latest is not None else ""
    age = _age(now - view.shown.frame.captured_ns) if view.shown is not None else ""
    if view.display is not None and view.display.covered:
        return age, "" if view.tile.state.covers else fps, ""  # what comes first stays longest where room is scarce
    return ("", "", age) if view.tile.state.covers else (fps, latency, age)


def _age(age_ns: int) -> str:
    """How old a picture is; what is younger than an eye can tell is now."""
    seconds = age_ns / 1e9
    if seconds < NOW_S:
        return _("now")
    if seconds < 60:
        return _("{n} s old").format(n=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
    return _("{n} min old").format(n=f"{seconds / 60:.0f}")
