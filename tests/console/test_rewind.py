"""Looking back on a real wall: a real clip, real decoding, and the job that goes on meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.errors import PictureError
from console.pipeline.lane import Lane
from console.privacy.policies import policy_for
from console.privacy.redactor import Redactor
from console.settings.privacy import PrivacySettings
from console.settings.schema import CameraSettings
from console.sources.file import FileSource
from console.sources.past import Past
from console.sources.recent import Recent
from console.ui.live import snapshot as snapshots
from console.ui.live.player import Player
from console.ui.live.rewind import RewindController
from console.ui.live.ticker import Ticker
from console.ui.notices import Notice, Notices
from models.detections import Detections
from models.frames import Frame
from models.results import Gap, Result
from models.states import CameraState, CameraStatus
from models.traces import Trace
from models.tracks import Tracks
from tests.console.fakes import wait_until
from tests.servers.clips import encode
from widgets.wall import WallGrid

FRAMES, STEP_NS = 120, 100_000_000


def result(at_ns: int, size: tuple[int, int], *, gaps: tuple[Gap, ...] = ()) -> Result:
    box = np.array([[8, 8, 24, 24]], np.float32)
    one = np.ones(1, np.float32)
    tracks = Tracks(
        at_ns, box, box * 0, one, np.zeros(1, np.int32), np.ones(1, np.int64), np.full(1, at_ns, np.int64), size
    )
    found = Detections.of(box, one, [0], [1])
    now = datetime.now(UTC)
    return Result("cam", 0, at_ns, at_ns, now, None, size, found, tracks, ("person",), gaps, Trace())


@pytest.fixture
def recent(tmp_path: Path) -> Recent:
    """Twelve seconds at 10 fps that ended just now; a result for every third picture, nothing before second 4."""
    options = {"x264-params": "keyint=40:bframes=0:scenecut=0"}
    path = encode(tmp_path / "clip.mp4", codec="libx264", size=(96, 64), frames=FRAMES, options=options)
    recent = Recent()
    now = time.monotonic_ns()
    for number, frame in enumerate(FileSource("cam", path, paced=False).frames()):
        at = now - (FRAMES - 1 - number) * STEP_NS
        recent.took(Frame("cam", number, at, datetime.now(UTC), None, frame.picture))
        if number >= 40 and number % 3 == 0:
            recent.saw(result(at, frame.size))
    return recent


class Site:
    """A site with one camera that stands still."""

    busy = False

    def __init__(self, recent: Recent | None) -> None:
        self._lane = Lane(CameraSettings(id="cam", source="x"), [], ())
        self._lane.recent = recent
        self.redactor = Redactor()

    def lane(self, camera_id: str) -> Lane | None:
        return self._lane if camera_id == "cam" else None

    def status(self, _camera_id: str) -> CameraStatus | None:
        return CameraStatus(CameraState.RECONNECTING, "The camera is away.", 2.0)


@pytest.fixture
def desk(qtbot, recent: Recent) -> Iterator[tuple[RewindController, WallGrid, Site, list[Notice]]]:
    site, wall, notices, said = Site(recent), WallGrid(), Notices(), []
    notices.shown.connect(said.append)
    qtbot.addWidget(wall)
    wall.set_cameras([("cam", "Gate")])
    ticker = Ticker(site, wall)
    rewind = RewindController(wall, ticker, notices)
    qtbot.addWidget(rewind.bar)
    wall.resize(400, 300)
    wall.show()
    rewind.bar.resize(900, 110)
    yield rewind, wall, site, said
    rewind.live()
    ticker.stop()


def shown(rewind: RewindController, number: int | None = None) -> int:
    """Wait until a picture is shown (this one); its number."""

    def there() -> bool:
        QTest.qWait(5)
        moment = rewind.moment()
        return moment is not None and (number is None or moment[0].times[number] == moment[1])

    wait_until(there)
    moment = rewind.moment()
    assert moment is not None
    return moment[0].number_at(moment[1])


def test_it_begins_ten_seconds_back_and_plays_to_the_end(desk, qtbot) -> None:
    rewind, wall, site, _ = desk
    rewind.begin("cam", site.lane("cam"))
    assert rewind.camera_id == "cam"
    assert rewind.bar.isVisible()
    assert rewind.playing
    assert shown(rewind) in range(19, 40)
    assert wall.tile("cam").state.word == "looking back"
    assert not wall.tile("cam").state.covers  # though the camera itself is away
    rewind.go(11.9)
    wait_until(lambda: QTest.qWait(5) or not rewind.playing)
    assert shown(rewind, FRAMES - 1) == FRAMES - 1
    rewind.toggle()  # from the end it plays from the beginning
    assert rewind.playing
    wait_until(lambda: shown(rewind) < 60)


def test_steps_forward_and_back_are_single_pictures(desk) -> None:
    rewind, _, site, _ = desk
    rewind.begin("cam", site.lane("cam"))
    shown(rewind)
    rewind.go(6.0)
    rewind.toggle()
    now = shown(rewind, 60)
    for by in (-1, -1, 1, -1, -1, -1, 1):
        rewind.step(by)
        now += by
        assert shown(rewind, now) == now
    for _again in range(5):  # faster than it decodes: none is lost
        rewind.step(-1)
    assert shown(rewind, now - 5) == now - 5
    rewind.step(-1000)
    assert shown(rewind, 0) == 0
    rewind.step(1000)
    assert shown(rewind, FRAMES - 1) == FRAMES - 1


def test_pictures_are_the_right_ones_with_their_boxes(desk, recent: Recent) -> None:
    rewind, wall, site, _ = desk
    tile = wall.tile("cam")
    rewind.begin("cam", site.lane("cam"))
    shown(rewind)
    rewind.toggle()
    for number in (70, 10, 45):
        rewind.step(number - shown(rewind))
        shown(rewind, number)
        again = next(recent.held().pictures(recent.held().times[number])).picture
        height, width = tile._pixels.shape[:2]
        np.testing.assert_array_equal(tile._pixels, again.view(width, height, "rgb32"))
        assert len(tile._boxes) == (0 if number < 40 else 1)


def test_again_goes_further_back_and_escape_back_to_live(desk, qtbot) -> None:
    rewind, _wall, site, _ = desk
    told: list[str] = []
    rewind.changed.connect(told.append)
    rewind.begin("cam", site.lane("cam"))
    shown(rewind)
    rewind.begin("cam", site.lane("cam"))
    assert shown(rewind, 0) == 0 or rewind.playing
    QTest.keyClick(rewind.bar.timeline, Qt.Key.Key_Escape)
    assert rewind.camera_id == ""
    assert not rewind.bar.isVisible()
    assert told == ["cam", ""]
    assert rewind.moment() is None
    rewind.step(1)  # harmless when nobody looks back
    rewind.go(3)
    rewind.toggle()
    rewind.live()


def test_a_camera_removed_meanwhile_ends_the_look(desk, qtbot) -> None:
    rewind, wall, site, _ = desk
    rewind.begin("cam", site.lane("cam"))
    wall.set_cameras([])
    wait_until(lambda: QTest.qWait(5) or rewind.camera_id == "")


def test_a_tile_that_grows_gets_larger_pictures(desk, qtbot) -> None:
    rewind, wall, site, _ = desk
    rewind.begin("cam", site.lane("cam"))
    shown(rewind)
    rewind.toggle()
    small = wall.tile("cam")._pixels.shape[1]
    wall.resize(1000, 700)
    wait_until(lambda: QTest.qWait(5) or wall.tile("cam")._pixels.shape[1] > 2 * small)


@pytest.mark.parametrize(("kept", "words"), [(None, "no picture of it"), (Recent(), "no picture of it")])
def test_nothing_to_see_is_said(desk, kept: Recent | None, words: str) -> None:
    rewind, _, _, said = desk
    rewind.begin("cam", Site(kept).lane("cam"))
    assert rewind.camera_id == ""
    assert words in said[-1].what
    rewind.begin("gone", None)
    assert "gone" in said[-1].what


def test_a_player_shows_the_next_best_where_one_cannot_be_decoded(recent: Recent) -> None:
    past = recent.held()
    kept = list(past._kept)
    for place in (50, 51, 119):
        source = kept[place].source
        broken = type(source)(source.coding, source.key, (), source.orientation)
        kept[place] = type(kept[place])(kept[place].captured_ns, kept[place].taken_at, broken)
    player = Player(Past(kept, 0, ()), (96, 64))
    try:
        for wanted in (50, 119):
            player.want(wanted)
            wait_until(lambda wanted=wanted: player.shown is not None and player.shown.wanted == wanted)
            assert player.shown.number != 0
    finally:
        player.close()


def test_many_wishes_end_with_the_last(recent: Recent) -> None:
    player = Player(recent.held(), (96, 64))
    try:
        for number in [*range(0, 120, 3), *range(119, 0, -5), 33]:
            player.want(number)
        wait_until(lambda: player.shown is not None and player.shown.number == 33)
        wait_until(lambda: not player.busy)
    finally:
        player.close()


class Writer:
    def __init__(self) -> None:
        self.written: list[tuple[object, str, datetime]] = []

    def write(self, picture: object, *, camera_id: str, taken_at: datetime) -> object:
        self.written.append((picture, camera_id, taken_at))
        return type("Written", (), {"path": Path("/x/picture.jpg")})


ONLY: dict[str, Any] = {"faces": False, "heads": "never", "plates": "no"}


class Place:
    def __init__(self, site: Site) -> None:
        self.site, self.writer = site, Writer()


def test_a_snapshot_of_the_past_is_the_nearest_a_model_looked_at_and_is_covered(recent: Recent) -> None:
    camera, past = CameraSettings(id="cam", source="x"), recent.held()
    policy = policy_for(camera, PrivacySettings(**ONLY, cover=("person",)))
    place = Place(Site(recent))
    seen = snapshots._past((past, past.times[61]), camera)()
    assert seen.taken_at == past.taken_at(60)
    assert snapshots.save(place, camera, policy, seen) == Path("/x/picture.jpg")
    redacted, camera_id, taken_at = place.writer.written[0]
    assert (camera_id, taken_at) == ("cam", past.taken_at(60))
    assert redacted.covered == 1
    assert (redacted.bgr[10:20, 10:20] == 24).all()


def test_what_cannot_be_covered_is_refused_in_words(recent: Recent) -> None:
    camera, past = CameraSettings(id="cam", name="Gate", source="x"), recent.held()
    seen = snapshots._past((past, past.times[60]), camera)()
    place = Place(Site(recent))
    face = policy_for(camera, PrivacySettings(**ONLY, cover=("face",)))
    with pytest.raises(PictureError, match=r"No snapshot of Gate: the camera's model can't find “face”"):
        snapshots.save(place, camera, face, seen)
    person = policy_for(camera, PrivacySettings(**ONLY, cover=("person",)))
    silent = snapshots._Seen(seen.picture, seen.taken_at, seen.detections, seen.labels, (Gap("yolox", "too busy"),))
    with pytest.raises(PictureError, match="too busy"):
        snapshots.save(place, camera, person, silent)
    with pytest.raises(PictureError, match="no model has looked"):
        snapshots._past((Past(past._kept, 0, ()), past.times[3]), camera)()
    with pytest.raises(PictureError, match="no model has looked"):
        snapshots._latest(place, camera)()
    assert place.writer.written == []
