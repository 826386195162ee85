"""Flagging from the live wall: which picture goes to review, and what is said of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from console.errors import StoreError
from console.pipeline.lane import Lane
from console.privacy.redactor import Redactor
from console.review.items import boxes_of
from console.review.recorder import ReviewRecorder
from console.settings.schema import CameraSettings
from console.sources.recent import Recent
from console.ui.actions import Actions
from console.ui.figures import figures_of
from console.ui.live import flagging
from console.ui.live.flagging import Flagging
from console.ui.live.page import LivePage
from models.states import CameraState, CameraStatus
from tests.console.quiet_workplace import QuietSite, quiet_workplace
from tests.console.review_cases import LABELS, Finds, Seen, frame_of, result
from tests.console.test_rewind import recent

__all__ = ["recent"]
SETTINGS = "cameras:\n  - {id: cam, name: Gate, source: 'synthetic:street'}\n  - {id: b, source: 'synthetic:street'}\n"


class Site(QuietSite):
    """Two lanes, fed by hand."""

    busy = False
    loading: tuple[Any, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.lanes = {name: Lane(CameraSettings(id=name, source="x"), (), LABELS) for name in ("cam", "b")}
        self.states = dict.fromkeys(self.lanes, CameraStatus(CameraState.LIVE))
        self.cameras = tuple(self.lanes)

    def lane(self, camera_id: str) -> Lane | None:  # type: ignore[override]
        return self.lanes.get(camera_id)

    def meter(self, camera_id: str) -> Any:
        return self.lanes[camera_id].meter

    def ran(self, _camera_id: str) -> list[dict[str, object]]:
        return []

    def subscribe(self, _sink: object) -> None:
        """Nothing comes."""


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[SimpleNamespace]:
    site = Site()
    with quiet_workplace(tmp_path, SETTINGS, site) as workplace:
        window = QWidget()
        qtbot.addWidget(window)
        actions = Actions(window)
        page = LivePage(workplace, actions)
        page.setParent(window)
        page.resize(900, 500)
        recorder = ReviewRecorder(
            workplace.store,
            workplace.writer,
            lambda camera_id: site.lanes[camera_id].latest,
            workplace.settings,
            redactor=Redactor(Finds()),
            ran=site.ran,
            model_of=lambda _camera_id: "yolox_nano",
        )
        Flagging(workplace, page, recorder, actions)
        window.show()
        qtbot.waitExposed(window)
        page.wall.choose("cam")
        said: list[str] = []
        workplace.notices.shown.connect(lambda notice: said.append(notice.what))

        def bring(seq: int, *seen: Seen) -> None:
            made = result(seq, *seen, camera="cam")
            site.lanes["cam"].latest = frame_of(made), made

        def items() -> list[tuple[str, list[int | None]]]:
            with workplace.store.read() as db:
                rows = db.execute("SELECT reason, boxes FROM review_items ORDER BY id").fetchall()
            return [(row["reason"], [box.track for box in boxes_of(row["boxes"])]) for row in rows]

        def press(key: Qt.Key) -> None:
            QTest.keyClick(page.wall, key)

        def hears(words: str) -> None:
            qtbot.waitUntil(lambda: words in said, timeout=5000)

        yield SimpleNamespace(
            site=site, workplace=workplace, page=page, recorder=recorder, actions=actions, said=said,
            bring=bring, items=items, press=press, hears=hears, qtbot=qtbot,
        )  # fmt: skip
        page.rewind.live()
        recorder.close()
        page.ticker.stop()
        page.reveal.close()
        figures_of(workplace).close()


def test_one_key_flags_what_is_on_the_screen_and_says_so_once_it_is_stored(desk: SimpleNamespace) -> None:
    desk.bring(0, Seen(1), Seen(2))
    desk.press(Qt.Key.Key_W)
    desk.bring(1, Seen(3))
    desk.hears("Flagged for review: wrong box (Gate)")
    desk.press(Qt.Key.Key_X)
    desk.hears("Flagged for review: something missed (Gate)")
    assert desk.items() == [("wrong", [1, 2]), ("missed", [3])]


def test_the_same_picture_is_flagged_once_for_the_same_thing(desk: SimpleNamespace) -> None:
    desk.bring(0, Seen(1))
    for _again in range(2):
        desk.press(Qt.Key.Key_W)
        desk.press(Qt.Key.Key_X)
    desk.hears("This picture is flagged already.")
    desk.hears("Flagged for review: something missed (Gate)")
    assert [reason for reason, _boxes in desk.items()] == ["wrong", "missed"]
    assert not desk.actions["tile.wrong"].autoRepeat()


def test_a_camera_without_a_result_says_so(desk: SimpleNamespace) -> None:
    desk.press(Qt.Key.Key_W)
    desk.hears("There is no picture to flag: no model has looked at one of this camera yet.")
    desk.bring(0, Seen(1))
    desk.press(Qt.Key.Key_W)
    desk.hears("Flagged for review: wrong box (Gate)")


def test_of_a_frozen_tile_the_picture_that_stands_there_is_meant(desk: SimpleNamespace) -> None:
    desk.bring(0, Seen(1))
    desk.actions.trigger("tile.freeze")
    assert desk.page.wall.tile("cam").frozen
    desk.bring(1, Seen(2))
    desk.press(Qt.Key.Key_X)
    desk.hears("Flagged for review: something missed in the frozen picture (Gate)")
    desk.actions.trigger("tile.freeze")
    desk.press(Qt.Key.Key_X)
    desk.hears("Flagged for review: something missed (Gate)")
    assert desk.items() == [("missed", [1]), ("missed", [2])]


def test_a_tile_that_was_thawed_because_it_is_covered_now_holds_nothing(desk: SimpleNamespace) -> None:
    desk.bring(0, Seen(1))
    desk.actions.trigger("tile.freeze")
    assert desk.page.wall.tile("cam").frozen
    desk.page.ticker.covered.emit("cam")
    desk.bring(1, Seen(2))
    desk.press(Qt.Key.Key_X)
    desk.hears("Flagged for review: something missed (Gate)")
    assert desk.items() == [("missed", [2])]


def test_looking_back_the_picture_nearest_to_where_it_stands_is_meant(desk: SimpleNamespace, recent: Recent) -> None:
    desk.site.lanes["cam"].recent = recent
    desk.bring(0, Seen(7))
    desk.page.rewind.begin("cam", desk.site.lanes["cam"])
    desk.qtbot.waitUntil(lambda: desk.page.rewind.moment() is not None, timeout=5000)
    desk.page.rewind.go(8.0)
    desk.press(Qt.Key.Key_W)
    desk.qtbot.waitUntil(lambda: any("wrong box in the picture of " in words for words in desk.said), timeout=5000)
    assert desk.items() == [("wrong", [1])]
    with desk.workplace.store.read() as db:
        (row,) = db.execute("SELECT width, height, picture_id FROM review_items")
        assert tuple(row)[:2] == (96, 64)
        assert row["picture_id"] is not None


def test_a_flag_that_waits_says_so_and_one_that_fails_can_be_given_again(
    desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flagging, "PATIENCE_MS", 20)
    monkeypatch.setattr("console.review.keeping.RETRY_S", 0.02)
    write, full = desk.workplace.store.write, threading.Event()

    def refuses(job: Callable[..., object], *, wait_s: float = 0.0) -> object:
        if not full.is_set():
            raise StoreError("The disk is full.")
        return write(job, wait_s=wait_s)

    monkeypatch.setattr(desk.workplace.store, "write", refuses)
    desk.bring(0, Seen(1))
    desk.press(Qt.Key.Key_W)
    desk.qtbot.waitUntil(lambda: any("waits to be stored" in words for words in desk.said), timeout=5000)
    full.set()
    desk.hears("Flagged for review: wrong box (Gate)")
    desk.recorder.close()
    desk.press(Qt.Key.Key_X)
    desk.hears("The picture was not flagged: too much waits to be stored.")
    desk.said.clear()
    desk.press(Qt.Key.Key_X)
    desk.hears("The picture was not flagged: too much waits to be stored.")


def test_without_a_camera_the_keys_do_nothing(desk: SimpleNamespace) -> None:
    desk.page.wall.set_cameras([])
    desk.actions.trigger("tile.wrong")
    assert desk.said == []
    assert desk.items() == []
