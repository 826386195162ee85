"""Results with scores and tracks, made by hand, and a recorder over a real home: for tests of review."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.review.recorder import ReviewRecorder
from console.settings.home import Home
from console.settings.review import CameraReview, ReviewSettings
from console.settings.schema import CameraSettings, Settings
from console.store.store import Store
from models.coverage import Findings, Kind
from models.detections import Detections
from models.frames import ArrayPicture, Frame, Picture
from models.results import Gap, Result
from models.traces import Trace
from models.tracks import Tracks

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LABELS = ("person", "car", "dog")
PERSON, CAR, DOG = range(3)
SIZE = (160, 120)
STEP_NS = 40_000_000
SURE, DOUBTFUL = 0.9, 0.37


@dataclass(frozen=True)
class Seen:
    """One box of a result.

    Attributes:
        track, class_id, box: its; the class is the track's.
        score: of its detection.
        missed: followed, and not detected in this frame.
        detected_as: the class of its detection; None: the track's.
    """

    track: int
    class_id: int = CAR
    box: tuple[float, float, float, float] = (40, 30, 80, 90)
    score: float = SURE
    missed: bool = False
    detected_as: int | None = None


def doubt(track: int, class_id: int = CAR) -> Seen:
    """A track in doubt."""
    return Seen(track, class_id, score=DOUBTFUL)


def result(
    seq: int,
    *seen: Seen,
    camera: str = "gate",
    step_ns: int = STEP_NS,
    gaps: Sequence[Gap] = (),
    size: tuple[int, int] = SIZE,
) -> Result:
    """The result of frame `seq`, `step_ns` after the one before."""
    now = 1_000_000_000 + seq * step_ns
    detected = [one for one in seen if not one.missed]
    found = Detections.of(
        [one.box for one in detected],
        [one.score for one in detected],
        [one.class_id if one.detected_as is None else one.detected_as for one in detected],
        [one.track for one in detected],
    )
    boxes = np.array([one.box for one in seen], np.float32).reshape(-1, 4)
    tracks = Tracks(
        now,
        boxes,
        np.zeros_like(boxes),
        np.array([one.score for one in seen], np.float32),
        np.array([one.class_id for one in seen], np.int32),
        np.array([one.track for one in seen], np.int64),
        np.full(len(seen), now, np.int64),
    )
    taken_at = START + timedelta(microseconds=seq * step_ns / 1000)
    return Result(camera, seq, now, now, taken_at, None, size, found, tracks, LABELS, tuple(gaps), Trace())


def frame_of(made: Result) -> Frame:
    """The frame a result came from: noise, of each track its own, so that no two of them are alike."""
    width, height = made.size
    tracks = made.tracks.track_id
    seed = int(tracks.max()) if len(tracks) else 0
    noise = np.random.default_rng(seed).integers(60, 255, (height // 8, width // 8, 3), np.uint8)
    picture = ArrayPicture(np.ascontiguousarray(noise.repeat(8, 0).repeat(8, 1)))
    return Frame(made.camera_id, made.seq, made.captured_ns, made.taken_at, None, picture)


class Finds:
    """Looks for faces and plates and finds these; see `console.privacy.redactor.Looks`."""

    def __init__(self, *, faces: Detections | None = None, plates: Detections | None = None, why: str = "") -> None:
        self.faces, self.plates, self.why = faces or Detections.empty(), plates or Detections.empty(), why
        self.looked = 0

    def look(self, _picture: Picture, kinds: frozenset[str], _within_s: float | None = None) -> Findings:
        self.looked += 1
        if self.why:
            return Findings(None, None, dict.fromkeys(kinds, self.why))
        return Findings(self.faces, self.plates)

    def problems(self) -> dict[Kind, str]:
        return {}

    def said(self) -> list[str]:
        return []


def settings(cameras: Sequence[str] = ("gate", "yard"), own: CameraReview | None = None, **review: Any) -> Settings:
    """Cameras whose doubtful results are reviewed; none is drawn by chance, where nothing else is said."""
    return Settings(
        cameras=tuple(
            CameraSettings(id=camera, name=camera.title(), source="synthetic:street", review=own or CameraReview())
            for camera in cameras
        ),
        review=ReviewSettings(**{"random_share": 0.0, **review}),
    )


class ReviewDesk:
    """A recorder over a real home, with the latest frame of each camera as lanes keep it."""

    def __init__(self, home: Home, wanted: Settings | None = None, finds: Finds | None = None, **limits: Any) -> None:
        self.home = home
        self.store = Store.open(home)
        self.latest: dict[str, tuple[Frame, Result]] = {}
        self.writer = PictureWriter(home, self.store)
        self.finds = finds or Finds()
        self.recorder = ReviewRecorder(
            self.store,
            self.writer,
            self.latest.get,
            wanted or settings(),
            redactor=Redactor(self.finds),
            ran=lambda camera_id: [{"model": "yolox_nano", "device": "CPU", "camera": camera_id}],
            model_of=lambda _camera_id: "yolox_nano",
            **limits,
        )

    def take(self, made: Result) -> None:
        """What a site does with a result."""
        self.latest[made.camera_id] = frame_of(made), made
        self.recorder.take(made)

    def show(self, *seen: Seen, begin: int = 0, frames: int = 3, camera: str = "gate", **more: Any) -> None:
        """Some frames one after another with the same in them."""
        for seq in range(begin, begin + frames):
            self.take(result(seq, *seen, camera=camera, **more))

    def rows(self, sql: str = "SELECT * FROM review_items ORDER BY id") -> list[dict[str, Any]]:
        """Rows as the database has them."""
        with self.store.read() as db:
            return [dict(row) for row in db.execute(sql)]

    def file(self, picture_id: int) -> Path:
        """Where a picture is."""
        (row,) = self.rows(f"SELECT path FROM pictures WHERE id = {picture_id}")  # a test's own number
        return self.home.path / str(row["path"])

    def settle(self, items: int) -> list[dict[str, Any]]:
        """The items, once so many are stored and nothing waits any more."""
        until(lambda: self.recorder.figures.items == items and not self.recorder.figures.waiting)
        return self.rows()

    def close(self) -> None:
        """Both."""
        self.recorder.close()
        self.store.close()


@contextmanager
def review_desk(folder: Path, wanted: Settings | None = None, **limits: Any) -> Iterator[ReviewDesk]:
    """A recorder over a home in this folder, closed afterwards."""
    with Home.open(folder) as home:
        desk = ReviewDesk(home, wanted, **limits)
        try:
            yield desk
        finally:
            desk.close()


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that takes its time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.005)
