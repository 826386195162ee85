"""Live pictures of redacted cameras: nothing plain gets to a screen, whatever fails, changes or is late."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from console.errors import AuditError, SightdeskError, UsageError
from console.pipeline.covered_display import CoveredDisplay
from console.pipeline.display import Display
from console.pipeline.lane import Lane
from console.pipeline.revealed import Revealed
from console.privacy.redactor import Redactor
from console.settings.privacy import CameraPrivacy, PrivacySettings
from console.settings.schema import CameraSettings, Settings
from console.site.live_redaction import LiveRedaction, live_policy
from console.site.reveal import Reveals
from models.detections import NO_TRACK, Detections
from models.findings import Findings, Kind
from models.frames import ArrayPicture, Frame, Picture
from models.policy import Cover
from models.results import Result
from models.tracks import Tracks

FACE = (60, 20, 90, 50)
MAGENTA = (255, 0, 255)
WIDE, HIGH = 160, 120


def picture() -> ArrayPicture:
    """Grey, with one face, which is magenta: seen anywhere it is a leak."""
    bgr = np.full((HIGH, WIDE, 3), 120, np.uint8)
    cv2.rectangle(bgr, FACE[:2], (FACE[2] - 1, FACE[3] - 1), MAGENTA, -1)
    return ArrayPicture(bgr)


def leaks(pixels: NDArray[np.uint8]) -> bool:
    """Whether anything of the face is to be seen."""
    blue, green, red = (pixels[..., channel].astype(int) for channel in range(3))
    return bool(((blue - green > 25) & (red - green > 25)).any())


def frame(seq: int = 0, seen: Picture | None = None) -> Frame:
    return Frame("cam", seq, time.monotonic_ns(), datetime.now(UTC), None, seen or picture())


def result(of: Frame, *, person: bool = True) -> Result:
    boxes = np.array([[50, 10, 100, 115]], np.float32)[: int(person)]
    found = Detections(
        boxes, np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), np.int32), np.full(len(boxes), NO_TRACK)
    )
    return Result(
        "cam", of.seq, of.captured_ns, of.captured_ns, of.taken_at, None, of.size, found,
        Tracks.empty(of.captured_ns), ("person", "car"), (), of.trace,
    )  # fmt: skip


def answer(*boxes: tuple[float, ...]) -> Detections:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(xyxy)
    return Detections(xyxy, np.full(count, 0.9, np.float32), np.zeros(count, np.int32), np.full(count, NO_TRACK))


class Finder:
    """Finds the face, or does what it is told instead."""

    def __init__(self) -> None:
        self.do: Callable[[], Findings] = self.finds
        self.asked = 0

    def look(self, _picture: Picture, _kinds: frozenset[Kind], _within_s: float | None = None) -> Findings:
        self.asked += 1
        return self.do()

    @staticmethod
    def finds() -> Findings:
        return Findings(answer(FACE), None)

    @staticmethod
    def dead() -> Findings:
        return Findings(None, None, {"faces": "it is dead"})

    @staticmethod
    def no_numbers() -> Findings:
        return Findings(answer((np.nan, 0, np.inf, 4)), None)

    @staticmethod
    def slow() -> Findings:
        time.sleep(0.03)
        return Findings(None, None, {"faces": "no answer in time"})

    @staticmethod
    def breaks() -> Findings:
        raise RuntimeError("a bug")


class Bench:
    """One lane, its live redaction, and whoever feeds it."""

    def __init__(self) -> None:
        self.finder = Finder()
        self.lane: Lane | None = None
        self.sinks: list[Callable[[Result], None]] = []
        self.live = LiveRedaction(lambda _id: self.lane, Redactor(self.finder), self.sinks.append)
        self.seq = 0

    def start(self, *, model: bool = True) -> Lane:
        with self.live.starting("cam") as display:
            lane = self.lane = Lane(CameraSettings(id="cam", source="synthetic:street"), (), ("person", "car"), display)
            lane.remember(30.0)
        if model:
            lane.stages = _Stages()  # type: ignore[assignment]
        lane.display.size = (WIDE, HIGH)
        return lane

    def feed(self, seen: Picture | None = None) -> Frame:
        """What capture and the model do with a frame."""
        lane = self.lane
        assert lane is not None
        self.seq += 1
        fed = frame(self.seq, seen)
        display, revealed = lane.display, lane.revealed
        display.offer(fed)
        if revealed is not None:
            revealed.offer(fed)
        if lane.plans:
            lane.latest = (fed, result(fed))
            for sink in self.sinks:
                sink(lane.latest[1])
        return fed

    def until(self, true: Callable[[], Any], within_s: float = 5.0) -> bool:
        end = time.monotonic() + within_s
        while not true() and time.monotonic() < end:
            time.sleep(0.002)
        return bool(true())


class _Stages:
    """Of a camera that has a model; which one does not matter here."""

    plans = (object(),)
    labels = ("person", "car")


def settings(*, live: bool = True, **privacy: Any) -> Settings:
    own = CameraPrivacy(live=live, **{"plates": "no", "heads": "never", **privacy})
    return Settings(cameras=(CameraSettings(id="cam", source="synthetic:street", privacy=own),))


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.live.close()
    assert made.live.join(time.monotonic() + 5) == []


def shown(lane: Lane) -> NDArray[np.uint8]:
    latest = lane.display.latest
    assert latest is not None
    return latest.pixels


# The display


@pytest.mark.parametrize("plain", [picture(), picture().view(WIDE, HIGH), None, frame()])
def test_a_covered_display_takes_redacted_pictures_and_nothing_else(plain: Any) -> None:
    display = CoveredDisplay()
    display.size = (WIDE, HIGH)
    with pytest.raises(TypeError, match="Redacted"):
        display.show(plain, frame())
    with pytest.raises(AttributeError):
        display.latest = plain  # type: ignore[misc]
    display.offer(frame())
    assert display.latest is None


def test_what_a_covered_display_shows_leads_to_no_plain_pixels(bench: Bench) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    bench.feed()
    assert bench.until(lambda: lane.display.latest)
    latest = lane.display.latest
    assert latest is not None
    assert not leaks(latest.pixels)
    assert latest.frame.size == (WIDE, HIGH)
    with pytest.raises(ValueError, match="covered"):
        latest.frame.picture.view(WIDE, HIGH)
    assert latest.result is not None  # its own boxes


# What is covered, and when


def test_only_what_the_settings_say_is_covered_live() -> None:
    site = PrivacySettings(live=True)
    plain = CameraSettings(id="a", source="x")
    assert isinstance(live_policy(plain, site), Cover)
    assert live_policy(plain, PrivacySettings()) is None
    assert live_policy(CameraSettings(id="a", source="x", privacy=CameraPrivacy(live=False)), site) is None
    assert live_policy(CameraSettings(id="a", source="x", published_as="a clip"), site) is None
    assert live_policy(CameraSettings(id="a", source="x", privacy=CameraPrivacy(live=True)), PrivacySettings())


def test_a_camera_that_is_not_covered_has_the_display_it_always_had_and_no_thread(bench: Bench) -> None:
    before = threading.active_count()
    bench.live.take_on(settings(live=False))
    lane = bench.start()
    assert type(lane.display) is Display
    assert lane.recent is not None
    assert bench.sinks == []
    assert threading.active_count() == before
    bench.feed()
    assert leaks(shown(lane))


def test_nothing_is_done_while_nobody_looks(bench: Bench) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    lane.display.size = None
    bench.feed()
    time.sleep(0.3)
    assert bench.finder.asked == 0
    assert isinstance(lane.display, CoveredDisplay)
    lane.display.guest = (WIDE, HIGH)
    bench.feed()
    assert bench.until(lambda: lane.display.latest)


def test_without_a_model_a_policy_that_needs_none_is_kept_and_another_refuses(bench: Bench) -> None:
    bench.live.take_on(settings())
    lane = bench.start(model=False)
    bench.feed()
    assert bench.until(lambda: lane.display.latest)
    assert not leaks(shown(lane))
    bench.live.take_on(settings(heads="always"))
    lane.display.size = (WIDE, HIGH)
    display = lane.display
    assert isinstance(display, CoveredDisplay)
    assert display.latest is None
    bench.feed()
    assert bench.until(lambda: display.trouble)
    assert display.latest is None


@pytest.mark.parametrize("fault", ["dead", "no_numbers", "slow"])
def test_a_face_model_that_fails_has_whole_persons_covered(bench: Bench, fault: str) -> None:
    bench.finder.do = getattr(Finder, fault)
    bench.live.take_on(settings())
    lane = bench.start()
    bench.feed()
    assert bench.until(lambda: lane.display.latest)
    pixels = shown(lane)
    assert not leaks(pixels)
    assert (pixels[100, 75] != 120).any()  # his knees
    assert isinstance(lane.display, CoveredDisplay)
    assert "faces" in lane.display.weakened[0]


def test_a_face_that_is_missed_for_a_moment_stays_covered(bench: Bench) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    bench.feed()
    assert bench.until(lambda: lane.display.latest)
    first = lane.display.latest
    bench.finder.do = lambda: Findings(answer(), None)
    bench.feed()
    assert bench.until(lambda: lane.display.latest is not first)
    assert not leaks(shown(lane))


def test_a_redactor_that_breaks_shows_nothing_and_goes_on(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.finder.do = Finder.breaks
    bench.live.take_on(settings())
    lane = bench.start()
    display = lane.display
    assert isinstance(display, CoveredDisplay)
    for _ in range(3):
        asked = bench.finder.asked
        bench.feed()
        assert bench.until(lambda asked=asked: bench.finder.asked > asked)
    assert bench.until(lambda: display.trouble)
    assert display.latest is None
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    bench.finder.do = Finder.finds
    bench.feed()
    assert bench.until(lambda: display.latest)
    assert display.trouble == ""


# Changing while it runs


def test_a_camera_that_becomes_covered_shows_nothing_plain_from_that_moment(bench: Bench) -> None:
    bench.live.take_on(settings(live=False))
    lane = bench.start()
    bench.feed()
    assert leaks(shown(lane))
    bench.live.take_on(settings())
    assert lane.display.latest is None
    assert lane.recent is None
    bench.live.take_on(settings(live=False))
    assert lane.recent is not None  # begins anew
    assert len(lane.recent.held() or ()) == 0


def test_a_picture_that_is_being_drawn_meanwhile_reaches_nobody(bench: Bench) -> None:
    drawing, go_on = threading.Event(), threading.Event()

    class Slow(ArrayPicture):
        def view(self, width: int, height: int, pixel_format: Any = "bgr24") -> NDArray[np.uint8]:
            if pixel_format == "rgb32":
                drawing.set()
                go_on.wait(5)
            return super().view(width, height, pixel_format)

    bench.live.take_on(settings(live=False))
    lane = bench.start()
    capture = threading.Thread(target=lane.display.offer, args=(frame(1, Slow(picture().view(WIDE, HIGH))),))
    capture.start()
    assert drawing.wait(5)
    bench.live.take_on(settings())
    go_on.set()
    capture.join()
    assert lane.display.latest is None


def test_another_policy_lets_go_what_was_shown_under_the_one_before(bench: Bench) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    bench.feed()
    assert bench.until(lambda: lane.display.latest)
    bench.live.take_on(settings(areas=({"points": ((0.0, 0.0), (0.3, 0.0), (0.3, 1.0), (0.0, 1.0))},)))
    assert lane.display.latest is None
    lane.display.size = (WIDE, HIGH)
    bench.feed()
    assert bench.until(lambda: lane.display.latest)
    assert (shown(lane)[60, 20] != 120).any()


def test_the_same_settings_again_change_nothing(bench: Bench) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    display = lane.display
    bench.live.take_on(settings())
    assert lane.display is display


def test_no_plain_picture_in_a_thousand_while_everything_changes(bench: Bench) -> None:
    """Detector killed, late, without numbers and swapped, policies changed, the camera started anew: what a screen
    gets from a covered display is counted by one who looks all the time.
    """
    bench.live.take_on(settings())
    bench.start()
    seen, plain, over = set[int](), list[int](), threading.Event()

    def screen() -> None:
        while not over.is_set():
            lane = bench.lane
            latest = lane.display.latest if lane is not None else None
            if latest is not None and latest.ready_ns not in seen:
                seen.add(latest.ready_ns)
                if leaks(latest.pixels):
                    plain.append(latest.frame.seq)
            time.sleep(0.0005)

    watcher = threading.Thread(target=screen)
    watcher.start()
    faults = [Finder.finds, Finder.dead, Finder.no_numbers, Finder.breaks, Finder.slow, Finder.finds]
    rng = np.random.default_rng(5)
    for number in range(1000):
        bench.feed()
        time.sleep(0.001)
        if number % 50 == 10:
            bench.finder.do = faults[int(rng.integers(len(faults)))]
        if number % 100 == 30:
            bench.live.take_on(settings(purpose=f"purpose {number}"))
            if bench.lane is not None:
                bench.lane.display.size = (WIDE, HIGH)
        if number % 250 == 120:
            bench.start()
    over.set()
    watcher.join()
    assert plain == []
    assert len(seen) > 50


# Revealing


class Record:
    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, object]]] = []
        self.refuses = False

    def __call__(self, event: str, **details: object) -> None:
        if self.refuses:
            raise AuditError("the disk is full")
        self.said.append((event, details))


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def reveals(bench: Bench, record: Record) -> Iterator[Reveals]:
    made = Reveals(lambda _id: bench.lane, record)
    yield made
    record.refuses = False
    made.close()


def test_a_reveal_shows_the_camera_beside_its_covered_display_and_is_recorded_first(
    bench: Bench, reveals: Reveals, record: Record
) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    revealed = reveals.begin("cam", 30, who=" Asha ", why="somebody  fell")
    assert record.said == [
        ("live picture revealed", {"camera": "cam", "seconds": 30, "who": "Asha", "why": "somebody fell"})
    ]
    assert reveals.of("cam") is revealed
    bench.feed()
    assert revealed.latest is not None
    assert leaks(revealed.latest.pixels)
    assert bench.until(lambda: lane.display.latest)
    assert not leaks(shown(lane))
    assert reveals.end("cam", "by key")
    assert lane.revealed is None
    assert revealed.latest is None
    bench.feed()
    assert revealed.latest is None
    assert record.said[-1][0] == "live picture covered again"
    assert not reveals.end("cam", "by key")


@pytest.mark.parametrize(("who", "why", "seconds"), [("", "x", 30), ("A", " ", 30), ("A", "x", 31), ("A", "x", 1e9)])
def test_nobody_without_a_reason_for_ever_sees_anything(  # noqa: PLR0917  # fixtures and what is tried
    bench: Bench, reveals: Reveals, record: Record, who: str, why: str, seconds: float
) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    with pytest.raises(UsageError):
        reveals.begin("cam", seconds, who=who, why=why)
    assert lane.revealed is None
    assert record.said == []


def test_what_cannot_be_recorded_is_not_shown(bench: Bench, reveals: Reveals, record: Record) -> None:
    bench.live.take_on(settings())
    lane = bench.start()
    record.refuses = True
    with pytest.raises(SightdeskError):
        reveals.begin("cam", 30, who="A", why="x")
    assert lane.revealed is None


def test_a_reveal_ends_by_the_clock_though_nobody_ends_it() -> None:
    revealed = Revealed(0.05)
    revealed.size = (WIDE, HIGH)
    revealed.offer(frame())
    assert revealed.latest is not None
    time.sleep(0.06)
    assert revealed.over
    revealed.offer(frame(2))
    assert revealed.latest is None
    assert revealed.left_s == 0


def test_a_reveal_is_ended_and_recorded_by_itself(
    bench: Bench, reveals: Reveals, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.site.reveal.SECONDS", (0.05,))
    bench.live.take_on(settings())
    lane = bench.start()
    reveals.begin("cam", 0.05, who="A", why="x")
    assert bench.until(lambda: len(record.said) == 2)
    assert lane.revealed is None
    assert reveals.of("cam") is None


def test_a_reveal_survives_neither_a_camera_started_anew_nor_another_policy(bench: Bench, reveals: Reveals) -> None:
    bench.live.take_on(settings())
    bench.start()
    reveals.begin("cam", 30, who="A", why="x")
    lane = bench.start()
    assert lane.revealed is None
    assert reveals.of("cam") is None
    reveals.begin("cam", 30, who="A", why="x")
    bench.live.take_on(settings(purpose="another"))
    assert lane.revealed is None
    assert reveals.of("cam") is None


def test_a_camera_that_is_shown_as_it_is_needs_no_reveal(bench: Bench, reveals: Reveals, record: Record) -> None:
    bench.live.take_on(settings(live=False))
    bench.start()
    with pytest.raises(UsageError):
        reveals.begin("cam", 30, who="A", why="x")
    assert record.said == []
