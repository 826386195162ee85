"""The recorder: rows, pictures, rules, mutes; and what becomes of events when the disk or the time is short."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from console.errors import PictureError, StoreError
from console.events import queries
from console.events.recorder import EventRecorder
from console.events.rows import insert
from console.privacy.redactor import Redactor
from console.privacy.sealing import PrivateKey, unseal
from console.privacy.writer import PictureWriter
from console.settings.home import Home
from console.settings.schema import CameraSettings, EventRule, EventSettings, Settings
from console.store.store import Store
from models.coverage import Findings
from models.detections import Detections
from models.frames import Frame, Picture
from models.results import Gap, Result
from tests.console.event_cases import CAR, DOG, PERSON, Seen, frame_of, result

CAMERAS = (
    CameraSettings(id="gate", name="Gate", source="synthetic:street"),
    CameraSettings(id="demo", source="synthetic:street", published_as="vtest.avi, OpenCV's samples"),
)


def settings(*rules: EventRule) -> Settings:
    events = EventSettings(rules=rules) if rules else EventSettings()
    return Settings(cameras=CAMERAS, events=events)


class Desk:
    """A recorder over a real home, with the latest frame of each camera as lanes keep it."""

    def __init__(self, home: Home, *rules: EventRule, **limits: Any) -> None:
        self.home = home
        self.store = Store.open(home)
        self.latest: dict[str, tuple[Frame, Result]] = {}
        self.writer = PictureWriter(home, self.store)
        self.recorder = EventRecorder(self.store, self.writer, self.latest.get, settings(*rules), **limits)

    def take(self, made: Result) -> None:
        self.latest[made.camera_id] = frame_of(made), made
        self.recorder.take(made)

    def show(self, *seen: Seen, begin: int = 0, frames: int = 3, camera: str = "gate", **more: object) -> None:
        for seq in range(begin, begin + frames):
            self.take(result(seq, *seen, camera=camera, **more))  # type: ignore[arg-type]

    def settled(self) -> list[queries.Event]:
        """All events once each has a picture or the words why not."""

        def whole() -> bool:
            events = self.events()
            return len(events) == self.recorder.figures.events and all(e.picture or e.picture_why for e in events)

        until(whole)
        return self.events()

    def events(self, wanted: queries.EventFilter = queries.EVERYTHING) -> list[queries.Event]:
        with self.store.read() as db:
            return queries.page(db, wanted, limit=100_000)

    def close(self) -> None:
        self.recorder.close()
        self.store.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.01)


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as opened:
        yield opened


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    made = Desk(home)
    yield made
    made.close()


def test_a_first_sight_becomes_a_row_with_a_covered_picture(desk: Desk, home: Home) -> None:
    desk.show(Seen(118), frames=8)
    (event,) = desk.settled()
    assert (event.camera_id, event.camera_name, event.label, event.track) == ("gate", "Gate", "person", 118)
    assert (event.rule, event.sound, event.size) == ("Anything new", "none", (160, 120))
    assert event.seen_at == result(0).taken_at
    assert event.boot_id == desk.store.boot_id
    assert event.acknowledged_at is None
    assert event.picture is not None
    assert home.path.joinpath(event.picture).is_file()
    with desk.store.read() as db:
        row = db.execute("SELECT * FROM pictures").fetchone()
    assert row["policy"] == "cover"
    assert row["purpose"] == f"event {event.id}: to judge what the cameras reported"


def boxes(*box: float) -> Detections:
    return Detections.of([box], [0.9], [0])


def test_faces_are_looked_for_as_they_came_and_plates_are_sealed_for_whom_the_policy_names(home: Home) -> None:
    key = PrivateKey.new()
    asked: list[tuple[int, int]] = []

    class Finds:
        def look(self, picture: Picture, kinds: frozenset[str], _within_s: float | None = None) -> Findings:
            asked.append((picture.width, picture.height))
            assert kinds == {"faces", "plates"}
            return Findings(boxes(100, 100, 120, 120), boxes(200, 200, 240, 220))

        def problems(self) -> dict[str, str]:
            return {}

    camera = CameraSettings.model_validate(
        {"id": "gate", "source": "synthetic:street", "privacy": {"seal_plates_for": key.public.text}}
    )
    with closing(Desk(home, redactor=Redactor(Finds()))) as desk:
        desk.recorder.apply(Settings(cameras=(camera,)))
        desk.show(Seen(1, CAR, (100, 60, 900, 700)), size=(1280, 720))
        (event,) = desk.settled()
        assert event.picture is not None
        shown = cv2.imread(str(home.path / event.picture))
        until(lambda: list(home.pictures.rglob("*.sealed")))
    assert asked == [(1280, 720)]  # not at the thumbnail's size
    assert shown.shape == (180, 320, 3)
    assert (shown[27, 27] < 60).all()  # the face, and the plate
    assert (shown[52, 55] < 60).all()
    assert (shown[150, 250] > 180).all()
    (sealed,) = home.pictures.rglob("*.sealed")
    opened = unseal(sealed.read_bytes(), key)
    assert opened.about["event_id"] == event.id
    crop = cv2.imdecode(np.frombuffer(opened.png, np.uint8), cv2.IMREAD_COLOR)
    assert 40 <= crop.shape[1] <= 60
    assert (crop == 200).all()


def test_published_footage_is_kept_uncovered_and_says_so(desk: Desk) -> None:
    desk.show(Seen(1), camera="demo")
    desk.settled()
    with desk.store.read() as db:
        assert db.execute("SELECT policy FROM pictures").fetchone()[0] == "published footage"


def test_the_first_rule_in_force_that_fits_decides(home: Home) -> None:
    desk = Desk(
        home,
        EventRule(name="off", enabled=False),
        EventRule(name="elsewhere", cameras=("demo",)),
        EventRule(name="people", classes=("Person",), sound="alarm"),
        EventRule(name="cars", classes=("car", "truck")),
    )
    with closing(desk):
        desk.show(Seen(1, PERSON), Seen(2, CAR), Seen(3, DOG))
        desk.show(Seen(1, DOG), camera="demo")
        found = {(e.camera_id, e.label, e.rule, e.sound) for e in desk.settled()}
    assert found == {
        ("gate", "person", "people", "alarm"),
        ("gate", "car", "cars", "none"),
        ("demo", "dog", "elsewhere", "none"),
    }


def test_rules_that_change_hold_from_then_on(desk: Desk) -> None:
    desk.recorder.apply(settings(EventRule(name="dogs", classes=("dog",))))
    desk.show(Seen(1, PERSON), Seen(2, DOG))
    assert [e.rule for e in desk.settled()] == ["dogs"]


def test_a_muted_camera_makes_no_events_and_none_afterwards_of_what_stood_there(desk: Desk) -> None:
    muted = {"gate"}
    desk.recorder.muted = muted.__contains__
    desk.show(Seen(1), frames=5)
    muted.clear()
    desk.show(Seen(1), Seen(2), begin=5, frames=5)
    assert [e.track for e in desk.settled()] == [2]


def test_what_cannot_be_covered_leaves_the_row_with_the_reason(desk: Desk) -> None:
    desk.show(Seen(1, 0), labels=("car", "dog"))
    desk.show(Seen(5), begin=10, gaps=[Gap("plates", "no answer in time")])
    late, blind = desk.settled()
    assert blind.picture is None
    assert "person" in blind.picture_why
    assert "no answer in time" in late.picture_why
    assert list(desk.home.pictures.rglob("*.jpg")) == []


def test_without_the_frame_of_that_very_result_there_is_no_picture(desk: Desk) -> None:
    for seq in range(3):
        desk.recorder.take(result(seq, Seen(1)))
    assert "gone" in desk.settled()[0].picture_why


def test_under_pressure_pictures_go_first_and_are_counted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(home, frames=2)
    slow = threading.Event()
    write = desk.writer.write

    def stalls(*arguments: object, **more: object) -> object:
        slow.wait(20)
        return write(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.writer, "write", stalls)
    with closing(desk):
        for number in range(10):
            desk.show(Seen(number + 1), begin=10 * number)
        assert desk.recorder.figures.without == 8
        slow.set()
        events = desk.settled()
    assert len(events) == 10
    assert sum(e.picture is not None for e in events) == 2
    assert sum("than pictures can be written" in e.picture_why for e in events) == 8


def test_rows_wait_while_the_disk_is_full_and_are_stored_in_order_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, full = desk.store.write, [True]

    def refuses(job: Callable[..., object], *, wait_s: float = 0.0) -> object:
        if full[0]:
            raise StoreError("The disk is full.", "Make room.")
        return write(job, wait_s=wait_s)

    monkeypatch.setattr(desk.store, "write", refuses)
    for number in range(20):
        desk.show(Seen(number + 1), begin=10 * number)
    until(lambda: desk.recorder.problem is not None)
    assert desk.recorder.figures.waiting == 20
    assert desk.events() == []
    full[0] = False
    assert [e.track for e in reversed(desk.settled())] == list(range(1, 21))
    assert desk.recorder.problem is None
    assert desk.recorder.figures.lost == 0


def test_a_full_lane_makes_inference_wait_and_loses_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(home, rows=3)
    write, full = desk.store.write, [True]

    def refuses(job: Callable[..., object], *, wait_s: float = 0.0) -> object:
        if full[0]:
            raise StoreError("The disk is full.")
        return write(job, wait_s=wait_s)

    monkeypatch.setattr(desk.store, "write", refuses)
    finisher = threading.Thread(target=lambda: [desk.show(Seen(n + 1), begin=10 * n) for n in range(6)])
    finisher.start()
    with closing(desk):
        until(lambda: desk.recorder.figures.waited == 1)
        assert desk.recorder.figures.waiting == 3
        full[0] = False
        finisher.join(20)
        assert [e.track for e in reversed(desk.settled())] == [1, 2, 3, 4, 5, 6]


def test_closing_with_a_full_disk_ends_soon_and_says_what_is_lost(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(home, rows=2)

    def refuses(*_: object, **__: object) -> object:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(desk.store, "write", refuses)
    finisher = threading.Thread(target=lambda: [desk.show(Seen(n + 1), begin=10 * n) for n in range(6)])
    finisher.start()
    until(lambda: desk.recorder.figures.waited == 1)
    desk.close()
    finisher.join(20)
    assert desk.recorder.figures.lost == 6
    assert "2 events could not be stored" in caplog.text


def test_a_picture_the_disk_refuses_leaves_the_row_and_no_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("console.privacy.writer.write_whole", full)
    desk.show(Seen(1))
    (event,) = desk.settled()
    assert event.picture is None
    assert "full" in event.picture_why
    assert isinstance(desk.recorder.problem, PictureError)


def test_a_row_that_can_never_be_stored_does_not_hold_up_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(db: object, events: object, boot_id: str) -> list[int]:
        rows = list(events)  # type: ignore[call-overload]
        if any(event.track == 2 for event, _why in rows):
            raise ValueError("poison")
        return insert(db, rows, boot_id)  # type: ignore[arg-type]

    monkeypatch.setattr("console.events.recorder.insert", poisoned)
    for number in range(4):
        desk.show(Seen(number + 1), begin=10 * number)
    until(lambda: len(desk.events()) == 3)
    assert desk.recorder.figures.lost == 1
    until(lambda: desk.recorder.figures.pictures == 3)


def test_close_stores_what_waits(home: Home) -> None:
    desk = Desk(home)
    for number in range(200):
        desk.show(Seen(number + 1), begin=10 * number)
    desk.recorder.close()
    desk.recorder.close()
    events = desk.events()
    desk.store.close()
    assert len(events) == 200
    assert all(event.picture or event.picture_why for event in events)


CHILD = r"""
import os, sys
from pathlib import Path
from console.settings.home import Home
from tests.console.test_events_recorder import Desk
from tests.console.event_cases import Seen
with Home.open(Path(sys.argv[1])) as home:
    desk, told = Desk(home), 0
    for number in range(1, 10**6):
        desk.show(Seen(number), begin=10 * number)
        stored = desk.recorder.figures.events - desk.recorder.figures.waiting
        if stored > told:
            told = stored
            os.write(1, f"{told}\n".encode())
"""


def test_killed_at_any_moment_no_stored_event_is_lost_and_every_cut_off_one_is_mended(tmp_path: Path) -> None:
    for round_ in range(2):
        command = [sys.executable, "-c", CHILD, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            told = [int(child.stdout.readline()) for _ in range(10 + 7 * round_)][-1]
            os.kill(child.pid, signal.SIGKILL)
            told = max([told, *(int(line) for line in child.stdout if line.endswith("\n"))])
        with Home.open(tmp_path) as home, closing(Desk(home)) as desk:
            boots = desk.events()
            last = [event for event in boots if event.boot_id == boots[0].boot_id]
            assert len(last) >= told, "told to be stored, and not there"
            until(lambda desk=desk: all(e.picture or e.picture_why for e in desk.events()))  # type: ignore[misc]
            for event in desk.events():
                assert event.picture is None or home.path.joinpath(event.picture).is_file()
            with desk.store.read() as db:
                assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                orphans = db.execute(
                    "SELECT count(*) FROM pictures WHERE id NOT IN "
                    "(SELECT picture_id FROM events WHERE picture_id IS NOT NULL)"
                )
                assert orphans.fetchone()[0] == 0
