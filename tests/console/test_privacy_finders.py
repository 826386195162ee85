"""Finders: face and plate models that nobody waits for longer than he wants to, whatever they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from console.privacy.looking import finders as finders_module
from console.privacy.looking import watchers
from console.privacy.looking.finders import SIZES, Finders
from console.settings.privacy import PrivacySettings
from models.findings import Findings, Kind
from models.frames import ArrayPicture
from tests.console.cover_cases import FACE_MARK, PLATE_MARK, Shelf
from tests.console.fakes import wait_until

BOTH: frozenset[Kind] = frozenset({"faces", "plates"})
SETTINGS = PrivacySettings(face_model="face", plate_model="plate", within_s=5)


def picture(
    face: tuple[int, int] | None = (8, 8), plate: tuple[int, int] | None = (40, 40), side: int = 64
) -> ArrayPicture:
    pixels = np.full((side, side, 3), 90, np.uint8)
    for place, channel in ((face, FACE_MARK), (plate, PLATE_MARK)):
        if place is not None:
            pixels[place[1] : place[1] + 10, place[0] : place[0] + 10] = 0
            pixels[place[1] : place[1] + 10, place[0] : place[0] + 10, channel] = 255
    return ArrayPicture(pixels)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def finders(shelf: Shelf) -> Iterator[Finders]:
    made = Finders(shelf.load, SETTINGS)
    yield made
    shelf.go.set()
    for marker in shelf.all():
        marker.closed.set()
    assert made.close() == []


def faces(found: Findings) -> list[list[float]] | None:
    return None if found.faces is None else found.faces.xyxy.tolist()


def test_both_are_found_and_nothing_is_loaded_before_it_is_needed(finders: Finders, shelf: Shelf) -> None:
    assert shelf.made == []
    found = finders.look(picture(), BOTH)
    assert faces(found) == [[8, 8, 18, 18]]
    assert found.plates is not None
    assert found.plates.xyxy.tolist() == [[40, 40, 50, 50]]
    assert found.faces is not None
    assert found.faces.class_id.tolist() == [0]
    assert found.why == {}
    assert finders.problems() == {}


def test_looked_and_nothing_there_is_an_answer(finders: Finders) -> None:
    found = finders.look(picture(None, None), BOTH)
    assert faces(found) == []
    assert found.why == {}


def test_only_what_is_asked_for_is_loaded(finders: Finders, shelf: Shelf) -> None:
    found = finders.look(picture(), frozenset({"faces"}))
    assert found.plates is None
    assert [name for name, _size, _marker in shelf.made] == ["face"]


def test_a_model_that_can_not_be_had_is_no_answer_and_is_tried_again(
    finders: Finders, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchers, "AGAIN_S", (0.02,))
    shelf.gone.add("face")
    found = finders.look(picture(), BOTH)
    assert found.faces is None
    assert "There is no face" in found.why["faces"]
    assert found.plates is not None
    assert "There is no face" in finders.problems()["faces"]
    shelf.gone.clear()
    wait_until(lambda: finders.look(picture(), BOTH).faces is not None)
    assert finders.problems() == {}


def test_a_model_that_finds_something_else_is_refused() -> None:
    shelf = Shelf()
    finders = Finders(shelf.load, PrivacySettings(face_model="wrong face", plate_model="plate", within_s=5))
    try:
        found = finders.look(picture(), BOTH)
        assert found.faces is None
        assert "finds none of what it is to find" in found.why["faces"]
    finally:
        finders.close()


def test_nobody_waits_for_a_model_that_is_being_loaded(finders: Finders, shelf: Shelf) -> None:
    shelf.go.clear()
    begun = time.monotonic()
    assert "within 0.1 s" in finders.look(picture(), BOTH, within_s=0.1).why["faces"]
    first = time.monotonic() - begun
    assert 0.09 < first < 1
    for _number in range(200):  # and not again and again
        found = finders.look(picture(), BOTH, within_s=0.1)
    assert "being loaded" in found.why["faces"]
    assert time.monotonic() - begun < first + 0.5
    shelf.go.set()
    wait_until(lambda: finders.look(picture(), BOTH).faces is not None)


def test_a_late_model_is_waited_for_once_and_its_late_answer_is_for_nobody(finders: Finders, shelf: Shelf) -> None:
    finders.look(picture(), BOTH)
    (marker,) = shelf.all("face")
    marker.fault = "late"
    begun = time.monotonic()
    for _number in range(300):
        found = finders.look(picture((8, 8)), BOTH, within_s=0.1)
        assert found.faces is None
        assert found.plates is not None
    assert time.monotonic() - begun < 2
    assert "does not answer" in finders.problems()["faces"]
    marker.fault = ""
    marker.late_ones()
    found = finders.look(picture((30, 20)), BOTH)
    assert faces(found) == [[30, 20, 40, 30]]
    assert finders.problems() == {}


def test_a_model_that_never_answers_again_is_let_go(
    finders: Finders, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finders_module, "STUCK_S", 0.1)
    finders.look(picture(), BOTH)
    (marker,) = shelf.all("face")
    marker.fault = "hangs"
    assert finders.look(picture(), BOTH, within_s=0.05).faces is None
    wait_until(lambda: finders.look(picture(), BOTH).faces is not None)
    assert len(shelf.all("face")) == 2


@pytest.mark.parametrize("fault", ["dead", "nan", "shape"])
def test_what_fails_is_no_answer_and_what_fails_on_is_loaded_anew(
    finders: Finders, shelf: Shelf, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchers, "AGAIN_S", (0.02,))
    finders.look(picture(), BOTH)
    (marker,) = shelf.all("face")
    marker.fault = fault
    found = finders.look(picture(), BOTH)
    assert found.faces is None
    assert found.why["faces"]
    marker.fault = ""
    assert finders.look(picture(), BOTH).faces is not None  # once is no reason
    marker.fault = fault
    for _number in range(watchers.FAILURES):
        assert finders.look(picture(), BOTH).faces is None
    wait_until(lambda: finders.look(picture(), BOTH).faces is not None)
    assert len(shelf.all("face")) == 2
    assert marker.closed.is_set()


def test_a_picture_that_can_not_be_drawn_is_no_answer(finders: Finders) -> None:
    class Broken(ArrayPicture):
        def view(self, *_: object, **__: object) -> np.ndarray:
            raise OSError("the decoder is gone")

    found = finders.look(Broken(np.zeros((8, 8, 3), np.uint8)), BOTH)
    assert found.faces is None
    assert found.plates is None
    assert set(found.why) == BOTH


def test_another_model_takes_over_when_it_can_and_the_one_before_serves_until_then(
    finders: Finders, shelf: Shelf
) -> None:
    finders.look(picture(), BOTH)
    shelf.go.clear()
    finders.apply(SETTINGS.model_copy(update={"face_model": "new face"}))
    for _number in range(5):
        assert faces(finders.look(picture(), BOTH)) == [[8, 8, 18, 18]]
    assert shelf.all("new face") == []
    shelf.go.set()
    wait_until(lambda: finders.look(picture(), BOTH) and shelf.all("new face") and shelf.all("new face")[0].asked)
    wait_until(shelf.all("face")[0].closed.is_set)
    assert faces(finders.look(picture(), BOTH)) == [[8, 8, 18, 18]]


def test_another_model_that_can_not_be_had_leaves_the_one_before_and_says_so(finders: Finders, shelf: Shelf) -> None:
    finders.look(picture(), BOTH)
    shelf.gone.add("new face")
    finders.apply(SETTINGS.model_copy(update={"face_model": "new face"}))
    wait_until(lambda: "faces" in finders.problems())
    assert faces(finders.look(picture(), BOTH)) == [[8, 8, 18, 18]]


def test_a_picture_is_looked_at_in_an_input_that_holds_it() -> None:
    shelf = Shelf(free=True)
    finders = Finders(shelf.load, SETTINGS)
    try:
        for wide, high, wanted in (
            (200, 150, (320, 256)),
            (640, 480, (640, 480)),
            (700, 500, (960, 736)),
            (1280, 720, (1280, 736)),
            (1920, 1080, (1920, 1088)),
            (3840, 2160, SIZES[-1]),
            (720, 1280, (736, 1280)),
        ):
            shown = ArrayPicture(np.zeros((high, wide, 3), np.uint8))
            wait_until(lambda shown=shown: finders.look(shown, frozenset({"faces"})).faces is not None)
            if wanted not in [size for _name, size, _marker in shelf.made]:
                wait_until(
                    lambda shown=shown, wanted=wanted: (
                        finders.look(shown, frozenset({"faces"})) and wanted in [size for _name, size, _m in shelf.made]
                    )
                )
    finally:
        assert finders.close() == []


def test_many_may_ask_at_once(finders: Finders) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        place = number % 50, number * 3 % 50
        found = finders.look(picture(place, None), frozenset({"faces"}), within_s=10)
        if found.faces is not None and faces(found) != [[*place, place[0] + 10, place[1] + 10]]:
            wrong.append((place, found))

    threads = [threading.Thread(target=lambda k=k: [ask(k * 17 + n) for n in range(40)]) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closed_they_answer_nothing_at_once_and_who_waits_is_told(shelf: Shelf) -> None:
    finders = Finders(shelf.load, SETTINGS)
    finders.look(picture(), BOTH)
    for marker in shelf.all():
        marker.fault = "late"
    asked = {marker: marker.asked for marker in shelf.all()}
    said: list[Findings] = []
    waiting = threading.Thread(target=lambda: said.append(finders.look(picture(), BOTH, within_s=20)))
    waiting.start()
    wait_until(lambda: all(marker.asked > before for marker, before in asked.items()))
    begun = time.monotonic()
    assert finders.close() == []
    waiting.join(5)
    assert time.monotonic() - begun < 3
    assert said[0].faces is None
    assert "closed" in said[0].why["faces"]
    assert "closed" in finders.look(picture(), BOTH).why["faces"]


def test_models_can_be_had_ready_before_the_first_picture(finders: Finders, shelf: Shelf) -> None:
    finders.want(BOTH)
    wait_until(lambda: len(shelf.made) == 2)
    finders.want(BOTH)
    assert len(shelf.made) == 2
