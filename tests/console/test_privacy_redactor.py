"""The redactor: whatever becomes of its models, no picture leaves it in which a face or a plate can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from console.privacy.looking import watchers
from console.privacy.looking.finders import Finders
from console.privacy.redactor import Redactor
from console.settings.privacy import PrivacySettings
from models.coverage import Unanswered
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import Cover, PublishedFootage, Style
from models.redaction import Redacted
from models.results import Gap
from tests.console.cover_cases import FACE_MARK, PLATE_MARK, SIDE, Shelf, marks
from tests.console.fakes import wait_until

LABELS = ("person", "car")
SETTINGS = PrivacySettings(face_model="face", plate_model="plate", within_s=0.05)
POLICY = Cover(purpose="a test")
GAPS = (Gap("the camera's model", "too busy"),)


class Plants:
    """Pictures with a face in a person and a plate in a car, each somewhere else, and what the camera's model says."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def next(self) -> tuple[ArrayPicture, Detections]:
        rng = self._rng
        pixels = rng.integers(90, 140, (SIDE, SIDE, 3), np.uint8)
        boxes = []
        for channel, left in ((FACE_MARK, 2), (PLATE_MARK, 34)):
            x, y = int(rng.integers(left, left + 18)), int(rng.integers(4, 30))
            side = int(rng.integers(4, 9))
            pixels[y : y + side, x : x + side] = rng.integers(0, 60, (side, side, 3))
            pixels[y : y + side, x : x + side, channel] = rng.integers(200, 256, (side, side))
            boxes.append([x - 2, y - 2, x + side + 2, y + 3 * side])
        return ArrayPicture(pixels), Detections.of(boxes, [0.9, 0.9], [0, 1])


def is_plain(redacted: Redacted) -> bool:
    """Whether anything of what was planted is left, to the byte."""
    return any(marks(redacted.bgr, channel).any() for channel in (FACE_MARK, PLATE_MARK))


def test_the_plants_can_be_read_where_nothing_covers_them() -> None:
    """Else the count of plain pictures would mean nothing."""
    picture, seen = Plants(1).next()
    nothing = Cover(faces=False, heads="never", plates="no", purpose="a test")
    assert is_plain(Redactor().redact(picture, seen, LABELS, (), nothing))
    assert is_plain(Redactor().redact(picture, seen, LABELS, (), PublishedFootage(published_as="x", purpose="x")))


def test_no_plain_picture_in_ten_thousand_whatever_becomes_of_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models sound, killed, late by more than anybody waits, writing NaN, exchanged while pictures are looked at."""
    monkeypatch.setattr(watchers, "AGAIN_S", (0.02,))
    shelf = Shelf()
    finders = Finders(shelf.load, SETTINGS)
    redactor = Redactor(finders)
    plants = Plants(2026)
    counted: dict[str, Counter[str]] = {}

    def pictures(phase: str, count: int, each: Callable[[int], object] = lambda _number: None) -> None:
        tally = counted[phase] = Counter()
        for number in range(count):
            each(number)
            picture, seen = plants.next()
            gap, style = number % 10 == 9, ("solid", "pixelate", "blur")[number % 3]
            policy = POLICY.model_copy(update={"style": style, "heads": ("never", "unsure")[number // 3 % 2]})
            try:
                redacted = redactor.redact(picture, seen, LABELS, GAPS if gap else (), policy)
            except Unanswered:
                tally["refused"] += 1
                continue
            tally["plain"] += is_plain(redacted)
            tally["weakened" if redacted.weakened else "as wanted"] += 1

    def spoil(fault: str, ending: str = "") -> None:
        for marker in shelf.all(ending):
            marker.fault = fault

    def soundly() -> None:
        spoil("")
        for marker in shelf.all():
            marker.late_ones()
        picture, _seen = plants.next()
        wait_until(lambda: finders.look(picture, frozenset({"faces", "plates"}), 1.0).why == {})

    def exchange(number: int) -> None:
        if number % 50 == 0:
            names = {"face_model": f"{number // 50} face", "plate_model": f"{number // 50} plate"}
            finders.apply(SETTINGS.model_copy(update=names))
        if number % 120 == 60:  # and one that is broken, or gone
            shelf.gone.add(f"{number // 50 + 1} plate")
            spoil(("dead", "nan", "late")[number // 120 % 3], "face")
        if number % 120 == 100:
            spoil("")
            for marker in shelf.all():
                marker.late_ones()

    try:
        soundly()
        pictures("sound", 1000)
        spoil("dead")
        pictures("killed", 2000, lambda _number: spoil("dead"))
        soundly()
        spoil("late")
        pictures("late", 2000)
        soundly()  # the late answers come now, for pictures that nobody waits for any more
        pictures("after late ones", 500)
        pictures("nan", 2000, lambda _number: spoil("nan"))
        soundly()
        pictures("half", 1000, lambda number: spoil(("", "nan", "shape")[number % 3], ("face", "plate")[number % 2]))
        soundly()
        pictures("exchanged", 1500, exchange)
    finally:
        spoil("")
        assert finders.close() == []
    assert sum(sum(tally.values()) - tally["plain"] for tally in counted.values()) == 10_000
    assert {phase: tally["plain"] for phase, tally in counted.items()} == dict.fromkeys(counted, 0)
    assert counted["sound"]["as wanted"] > 700  # and it is not by covering or refusing all that nothing is seen
    for phase in ("killed", "late", "nan"):
        assert counted[phase]["weakened"] > 1500, phase
        assert counted[phase]["refused"] > 100, phase
    assert counted["exchanged"]["as wanted"] > 100


@pytest.fixture
def sound() -> Redactor:
    class Sound:
        """Finds the marks at once."""

        def look(self, picture: ArrayPicture, *_: object) -> object:
            from models.coverage import Findings

            found = []
            for channel in (FACE_MARK, PLATE_MARK):
                y, x = np.nonzero(marks(picture.view(picture.width, picture.height), channel))
                box = [[x.min(), y.min(), x.max() + 1, y.max() + 1]] if len(x) else []
                found.append(Detections.of(box, [0.9] * len(box), [0] * len(box)))
            return Findings(*found)

    return Redactor(Sound())  # type: ignore[arg-type]


def test_a_part_is_looked_at_where_it_is_and_covered_there(sound: Redactor) -> None:
    pixels = np.full((200, 300, 3), 120, np.uint8)
    pixels[100:120, 200:220] = (255, 0, 0)
    picture = ArrayPicture(pixels)
    for part in ((180, 80, 260, 140), (210, 90, 300, 200), (0, 0, 300, 200)):
        redacted = sound.redact(picture, Detections.empty(), LABELS, (), POLICY, part=part, size=None)
        assert redacted.bgr.shape == (part[3] - part[1], part[2] - part[0], 3)
        assert not is_plain(redacted)
        assert redacted.covered == 1
        assert redacted.weakened == ()


def test_a_face_that_a_part_cuts_in_two_is_seen_as_a_whole(sound: Redactor) -> None:
    """The models see somewhat more than the part: half a face is not found."""
    pixels = np.full((200, 300, 3), 120, np.uint8)
    pixels[100:120, 195:205] = (255, 0, 0)
    found = sound.look(ArrayPicture(pixels), POLICY, part=(200, 80, 260, 140))
    assert found.faces is not None
    assert found.faces.xyxy.tolist() == [[195, 100, 205, 120]]


def test_nothing_is_looked_for_that_the_policy_does_not_need() -> None:
    class Never:
        def look(self, *_: object) -> object:
            raise AssertionError("nobody should look")

    picture, seen = Plants(3).next()
    whole = Cover(faces=False, heads="always", plates="no", classes=("person", "car"), purpose="a test")
    redacted = Redactor(Never()).redact(picture, seen, LABELS, (), whole)  # type: ignore[arg-type]
    assert not is_plain(redacted)


@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
def test_without_any_model_whole_boxes_are_covered_and_said_so(style: Style) -> None:
    picture, seen = Plants(4).next()
    redacted = Redactor(None).redact(picture, seen, LABELS, (), POLICY.model_copy(update={"style": style}))
    assert len(redacted.weakened) == 2
    assert "no model" in redacted.weakened[0]
    with pytest.raises(Unanswered):
        Redactor(None).redact(picture, Detections.empty(), ("cat",), (), POLICY)


def test_boxes_are_drawn_where_they_are_in_a_part(sound: Redactor) -> None:
    picture = ArrayPicture(np.full((200, 300, 3), 120, np.uint8))
    seen = Detections.of([[120, 60, 160, 120]], [0.9], [0])
    plain = sound.redact(picture, seen, LABELS, (), POLICY, part=(100, 40, 200, 140))
    drawn = sound.redact(picture, seen, LABELS, (), POLICY, part=(100, 40, 200, 140), annotate=(seen, LABELS))
    changed = (plain.bgr != drawn.bgr).any(-1)
    assert changed[40:80, 20].all()
    assert changed[40:80, 60].all()
    assert not changed[40:75, 65:].any()
