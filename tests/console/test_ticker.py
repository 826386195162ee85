"""The beat of the wall, on lanes that are fed by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from console.pipeline.lane import Lane
from console.settings.schema import CameraSettings
from console.ui.live.faces import face, muted, off
from console.ui.live.ticker import FEW_TICK_MS, LONGEST_TICK_MS, TICK_MS, Painted, Ticker
from models.detections import Detections
from models.frames import ArrayPicture, Frame
from models.results import Result
from models.states import CameraState, CameraStatus
from models.tracks import Tracks
from widgets.tile_state import TileKind
from widgets.wall import WallGrid


class Site:
    """A running site made of lanes."""

    def __init__(self, cameras: int) -> None:
        self.busy = False
        self.lanes = {f"c{n}": self.made(f"c{n}") for n in range(cameras)}
        self.statuses = {camera: CameraStatus(CameraState.LIVE) for camera in self.lanes}

    @staticmethod
    def made(camera: str) -> Lane:
        return Lane(CameraSettings(id=camera, source="synthetic:street"), (), ("person",))

    def lane(self, camera: str) -> Lane | None:
        return self.lanes.get(camera)

    def status(self, camera: str) -> CameraStatus | None:
        return self.statuses.get(camera)

    def feed(self, camera: str, at_ns: int, seq: int = 0) -> Frame:
        picture = ArrayPicture(np.full((72, 128, 3), 90, np.uint8))
        frame = Frame(camera, seq, at_ns, datetime.now(UTC), None, picture)
        lane = self.lanes[camera]
        lane.meter.came_in(at_ns)
        lane.display.offer(frame)
        return frame

    def answer(self, frame: Frame) -> Result:
        now = frame.captured_ns
        tracks = Tracks(
            now, np.array([[10, 10, 40, 60]], np.float32), np.array([[60, 0, 60, 0]], np.float32),
            np.ones(1, np.float32), np.zeros(1, np.int32), np.ones(1, np.int64), np.full(1, now, np.int64), (128, 72),
        )  # fmt: skip
        result = Result(
            frame.camera_id, frame.seq, now, now + 9_000_000, frame.taken_at, None, (128, 72), Detections.empty(),
            tracks, ("person",), (), frame.trace,
        )  # fmt: skip
        self.lanes[frame.camera_id].latest = (frame, result)
        return result


class Desk:
    """A wall, its ticker and what was painted."""

    def __init__(self, qtbot: QtBot, cameras: int = 2) -> None:
        self.site = Site(cameras)
        self.wall = WallGrid()
        qtbot.addWidget(self.wall)
        self.wall.resize(900, 500)
        self.wall.set_cameras([(camera, camera) for camera in self.site.lanes])
        self.ticker = Ticker(self.site, self.wall)
        self.painted: list[Painted] = []
        self.ticker.recorder = self.painted.append
        self.wall.show()
        qtbot.waitExposed(self.wall)
        self.ticker.tick()
        self.qtbot = qtbot

    def beat(self) -> list[Painted]:
        """One beat and its paintings."""
        self.painted.clear()
        self.ticker.tick()
        self.wall.grab()  # paints at once
        return list(self.painted)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_only_what_is_new_is_painted(desk: Desk) -> None:
    desk.site.feed("c0", 1_000)
    assert [p.camera_id for p in desk.beat()] == ["c0"]
    assert desk.beat() == []
    newest = desk.site.feed("c0", 2_000)
    desk.site.feed("c1", 2_000)
    painted = desk.beat()
    assert {p.camera_id for p in painted} == {"c0", "c1"}
    assert next(p for p in painted if p.camera_id == "c0").shown.frame is newest


def test_a_slow_screen_skips_pictures_and_shows_the_newest(desk: Desk) -> None:
    for at in range(1, 50):
        newest = desk.site.feed("c0", at)
    (painted,) = desk.beat()
    assert painted.shown.frame is newest


def test_a_result_is_painted_once_and_boxes_move_on_with_the_pictures(desk: Desk) -> None:
    first = desk.site.feed("c0", 1_000_000_000)
    result = desk.site.answer(first)
    (painted,) = desk.beat()
    assert painted.result is result
    boxes = desk.wall.tile("c0")._boxes
    before = boxes._found.xyxy[0, 0]
    desk.site.feed("c0", 1_100_000_000)
    (painted,) = desk.beat()
    assert painted.result is None
    assert boxes._found.xyxy[0, 0] == pytest.approx(before + 6, abs=0.3)
    desk.site.feed("c0", 3_000_000_000)  # unconfirmed for two seconds: gone
    desk.beat()
    assert len(boxes) == 0


def test_displays_draw_for_visible_tiles_alone(desk: Desk) -> None:
    display = {camera: lane.display for camera, lane in desk.site.lanes.items()}
    assert display["c0"].size == desk.wall.tile("c0").picture_size()
    desk.wall.set_places(1)
    assert display["c1"].size is None
    assert display["c0"].size == desk.wall.tile("c0").picture_size()
    desk.wall.resize(700, 400)
    desk.wall.grab()
    assert display["c0"].size == desk.wall.tile("c0").picture_size()
    desk.wall.hide()
    desk.ticker._look_around()
    assert display["c0"].size is None
    desk.wall.show()
    desk.ticker._look_around()
    assert display["c0"].size is not None
    desk.ticker.stop()
    assert display["c0"].size is None


def test_freeze_stops_the_picture_and_not_the_job(desk: Desk) -> None:
    desk.site.feed("c0", 1)
    desk.beat()
    desk.ticker.freeze("c0", True)
    desk.site.feed("c0", 2)
    assert [p for p in desk.beat() if p.shown] == []
    assert desk.wall.tile("c0").frozen
    assert desk.site.lanes["c0"].meter.frames == 2
    desk.ticker.freeze("c0", False)
    (painted,) = [p for p in desk.beat() if p.shown]
    assert painted.shown.frame.captured_ns == 2
    desk.ticker.freeze("nobody", True)


def test_a_camera_started_anew_goes_on_in_its_tile(desk: Desk) -> None:
    desk.site.feed("c0", 1)
    desk.beat()
    desk.site.lanes["c0"] = desk.site.made("c0")
    desk.ticker.tick()
    desk.site.feed("c0", 2)
    assert [p.shown.frame.captured_ns for p in desk.beat()] == [2]
    del desk.site.lanes["c1"]
    desk.ticker._look_around()
    desk.wall.set_cameras([("c0", "c0")])
    desk.beat()


def test_the_beat_slows_down_under_load_and_comes_back(desk: Desk) -> None:
    spent = 60_000_000
    for _ in range(40):
        desk.ticker._painted_cpu_ns = desk.ticker._cpu_ns + spent
        desk.ticker._pace()
    assert TICK_MS * 2 < desk.ticker.interval_ms <= LONGEST_TICK_MS
    for _ in range(60):
        desk.ticker._painted_cpu_ns = 0
        desk.ticker._pace()
    assert desk.ticker.interval_ms == FEW_TICK_MS
    desk.wall.set_cameras([(f"c{n}", "") for n in range(9)])
    desk.ticker._pace()
    assert desk.ticker.interval_ms == TICK_MS


def test_figures_and_faces(desk: Desk) -> None:
    now = 1_000_000_000
    for n in range(31):
        frame = desk.site.feed("c0", now + n * 33_333_333, n)
    desk.site.answer(frame)
    desk.beat()
    view = desk.ticker._views["c0"]
    view.counted.clear()
    desk.ticker._tell_figures(now)
    view.counted[0] = (now - 1_000_000_000, 1)
    desk.ticker._tell_figures(now)
    figures = desk.wall.tile("c0")._figures
    assert (figures.fps, figures.latency) == ("30.0 fps", "9 ms")
    desk.site.statuses["c0"] = CameraStatus(CameraState.RECONNECTING, "No answer.", 1.2)
    desk.ticker._look_around()
    assert desk.wall.tile("c0").state.word == "reconnecting in 2 s"


@pytest.mark.parametrize("state", list(CameraState))
def test_every_state_has_a_face(state: CameraState) -> None:
    shown = face(CameraStatus(state, "Something happened."))
    assert shown.kind in set(TileKind)
    assert bool(shown.word) == (state is not CameraState.LIVE)


def test_faces_beyond_the_camera() -> None:
    assert face(None).kind is TileKind.CONNECTING
    assert face(CameraStatus(CameraState.LIVE), has_model=False).needs_you
    assert not face(CameraStatus(CameraState.LIVE), has_model=False, loading=True).needs_you
    assert muted("21:30").word == "muted until 21:30"
    assert off().way_on
