"""Redacted cameras on the wall: what their tiles show, say and let go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.pipeline.covered_display import CoveredDisplay
from console.pipeline.lane import Lane
from console.privacy.redactor import Redactor
from console.settings.schema import CameraSettings
from console.site.reveal import Reveals
from console.ui.actions import Actions
from console.ui.figures import figures_of
from console.ui.live.cover_faces import cover_face
from console.ui.live.faces import face
from console.ui.live.page import LivePage
from console.ui.running_models import Standing
from models.findings import Findings
from models.frames import Frame
from models.policy import Cover
from models.redaction import Redacted
from models.states import CameraState, CameraStatus
from tests.console.quiet_workplace import QuietSite, quiet_workplace
from tests.console.test_live_redaction import Finder, frame, picture, result
from widgets.reveal_dialog import RevealDialog
from widgets.tile_state import TileKind

POLICY = Cover(heads="never", plates="no", purpose="a test")
SETTINGS = "cameras:\n  - {id: cam, name: Cam, source: 'synthetic:street'}\n  - {id: b, source: 'synthetic:street'}\n"
LIVE = CameraStatus(CameraState.LIVE)


def redacted(of: Frame, findings: Findings | None = None) -> Redacted:
    found = result(of)
    return Redactor.redact_found(of.picture, findings or Finder.finds(), found.detections, found.labels, (), POLICY)


class Site(QuietSite):
    """Two lanes, fed by hand."""

    busy = False
    loading: tuple[Any, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.lanes = {name: Lane(CameraSettings(id=name, source="x"), (), ("person", "car")) for name in ("cam", "b")}
        self.states = dict.fromkeys(self.lanes, LIVE)
        self.cameras = tuple(self.lanes)

    def lane(self, camera_id: str) -> Lane | None:  # type: ignore[override]
        return self.lanes.get(camera_id)

    def ran(self, _camera_id: str) -> list[dict[str, object]]:
        return []

    def meter(self, camera_id: str) -> Any:
        return self.lanes[camera_id].meter

    def subscribe(self, _sink: object) -> None:
        """Nothing comes."""


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[SimpleNamespace]:
    site = Site()
    with quiet_workplace(tmp_path, SETTINGS, site) as workplace:
        window = QWidget()
        qtbot.addWidget(window)
        page = LivePage(workplace, Actions(window))
        page.setParent(window)
        page.resize(900, 500)
        window.resize(900, 500)
        window.show()
        qtbot.waitExposed(window)
        said: list[str] = []
        workplace.notices.shown.connect(lambda notice: said.append(notice.what))
        yield SimpleNamespace(
            site=site, workplace=workplace, page=page, tile=page.wall.tile("cam"), said=said, qtbot=qtbot
        )
        page.ticker.stop()
        page.reveal.close()
        figures_of(workplace).close()


def beat(desk: SimpleNamespace) -> None:
    desk.page.ticker.look()
    desk.page.ticker.tick()


def on_tile(desk: SimpleNamespace) -> bool:
    """Whether the face is to be seen on the tile itself, were it under the veil of a tile's face."""
    image = desk.tile.grab().toImage()
    found = [QColor(image.pixel(x, y)) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    return any(c.red() - c.green() > 25 and c.blue() - c.green() > 25 for c in found)


def show_plain(desk: SimpleNamespace) -> Lane:
    beat(desk)
    lane = desk.site.lanes["cam"]
    lane.display.offer(frame(1))
    beat(desk)
    assert on_tile(desk)
    return lane


def test_a_tile_lets_go_its_plain_picture_with_the_next_beat(desk: SimpleNamespace) -> None:
    lane = show_plain(desk)
    lane.cover(CoveredDisplay())
    beat(desk)
    assert not on_tile(desk)
    assert lane.display.size == desk.tile.picture_size()
    assert "redacted" in desk.tile.accessibleName()


def test_a_frozen_picture_is_no_exception_and_space_freezes_anew(desk: SimpleNamespace) -> None:
    lane = show_plain(desk)
    desk.page.wall.choose("cam")
    desk.page._toggle_freeze()
    assert desk.tile.frozen
    lane.cover(CoveredDisplay())
    beat(desk)
    assert not on_tile(desk)
    assert not desk.tile.frozen
    desk.page._toggle_freeze()
    assert desk.tile.frozen


def test_a_page_that_comes_to_the_front_shows_nothing_from_before(desk: SimpleNamespace) -> None:
    lane = show_plain(desk)
    desk.page.hide()
    lane.cover(CoveredDisplay())
    desk.page.show()  # no beat between
    assert not on_tile(desk)


def test_a_camera_started_anew_as_a_covered_one_shows_nothing_from_before(desk: SimpleNamespace) -> None:
    show_plain(desk)
    desk.site.lanes["cam"] = Lane(CameraSettings(id="cam", source="x"), (), ("person",), CoveredDisplay())
    beat(desk)
    assert not on_tile(desk)


def test_a_covered_picture_has_the_boxes_of_its_own_result_and_says_its_age(desk: SimpleNamespace) -> None:
    lane = desk.site.lanes["cam"]
    display = CoveredDisplay()
    lane.cover(display)
    beat(desk)
    old = frame(1)
    display.show(redacted(old), old, result(old))
    newer = frame(2)
    lane.latest = (newer, result(newer))
    time.sleep(0.2)
    beat(desk)
    desk.page.ticker._tell_figures(time.monotonic_ns())
    view = desk.page.ticker._views["cam"]
    assert view.result.seq == 1
    assert not on_tile(desk)
    assert "s old" in desk.tile._figures.fps  # first: it stays longest where room is scarce


def test_looking_back_is_refused_with_the_reason(desk: SimpleNamespace) -> None:
    desk.site.lanes["cam"].cover(CoveredDisplay())
    beat(desk)
    desk.page.wall.choose("cam")
    desk.page._look_back()
    assert "redacted" in desk.said[-1]
    assert desk.page.rewind.camera_id == ""


# Faces


def covered(**more: Any) -> Lane:
    lane = Lane(CameraSettings(id="cam", source="x"), (), ("person",), CoveredDisplay())
    for name, value in more.items():
        setattr(lane.display, name, value)
    return lane


def test_before_the_first_picture_it_says_that_it_is_redacting() -> None:
    state = cover_face(covered())
    assert state is not None
    assert state.kind is TileKind.COVERING
    assert state.covers
    assert not state.needs_you


def test_a_picture_that_cannot_be_covered_has_a_face_with_the_reason() -> None:
    state = face(LIVE, cover=cover_face(covered(trouble="the face model is dead")))
    assert state.kind is TileKind.REFUSED
    assert state.covers
    assert state.needs_you
    assert "The face model is dead." in state.sentence


def test_one_refused_picture_is_not_worth_a_word_and_a_lasting_refusal_is() -> None:
    lane = covered()
    display = lane.display
    assert isinstance(display, CoveredDisplay)
    now = frame(1)
    display.show(redacted(now), now, result(now))
    display.trouble = "late"
    assert cover_face(lane) is None
    old = Frame("cam", 2, time.monotonic_ns() - 3_000_000_000, now.taken_at, None, picture())
    display.show(redacted(old), old, result(old))
    display.trouble = "late"
    state = cover_face(lane)
    assert state is not None
    assert state.kind is TileKind.REFUSED


def test_more_than_was_asked_for_is_said_when_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.ui.live.cover_faces.STALE_S", 0.05)
    lane = covered()
    display = lane.display
    assert isinstance(display, CoveredDisplay)
    for _ in range(2):
        now = frame(1)
        display.show(redacted(now, Finder.dead()), now, result(now))
        if display.weak_s < 0.05:
            assert cover_face(lane) is None
        time.sleep(0.06)
    now = frame(2)
    display.show(redacted(now, Finder.dead()), now, result(now))
    state = cover_face(lane)
    assert state is not None
    assert (state.kind, state.covers, state.needs_you) == (TileKind.WEAKENED, False, True)
    assert "it is dead" in state.sentence
    display.show(redacted(now), now, result(now))
    assert cover_face(lane) is None


def test_what_the_camera_itself_has_to_say_comes_first() -> None:
    lost = CameraStatus(CameraState.RECONNECTING, "gone")
    assert face(lost, cover=cover_face(covered(trouble="x"))).kind is TileKind.RECONNECTING
    assert face(LIVE, models=Standing("dead"), cover=cover_face(covered(trouble="x"))).kind is TileKind.REFUSED


# Revealing


def revealing(desk: SimpleNamespace, why: str = "somebody fell") -> Lane:
    lane = desk.site.lanes["cam"]
    lane.cover(CoveredDisplay())
    desk.workplace.operator = "Asha"
    beat(desk)
    desk.page.reveal.begin("cam", 30, why)
    desk.qtbot.waitUntil(lambda: desk.page.reveal.reveals.of("cam") is not None, timeout=5000)
    desk.qtbot.waitUntil(lambda: "unredacted" in desk.tile.accessibleName(), timeout=5000)
    beat(desk)
    lane.revealed.offer(frame(5))
    beat(desk)
    return lane


def test_a_revealed_camera_is_seen_marked_counted_down_and_covered_again_by_the_same_key(desk: SimpleNamespace) -> None:
    revealing(desk)
    assert on_tile(desk)
    assert desk.tile._marks.revealed in {29, 30}
    assert "Asha" in (desk.workplace.home.path / "audit.jsonl").read_text()
    desk.page.reveal.toggle("cam")
    beat(desk)
    assert not on_tile(desk)
    assert desk.tile._marks.revealed is None


def test_a_revealed_picture_that_was_frozen_goes_with_its_time(desk: SimpleNamespace) -> None:
    lane = revealing(desk)
    desk.page.wall.choose("cam")
    desk.page._toggle_freeze()
    assert on_tile(desk)
    lane.revealed.end()  # as the clock does it
    beat(desk)
    assert not on_tile(desk)
    assert not desk.tile.frozen


def test_it_asks_who_and_why_before_it_shows_anything(desk: SimpleNamespace) -> None:
    desk.site.lanes["cam"].cover(CoveredDisplay())
    desk.workplace.operator = "Asha"
    desk.page.reveal.toggle("cam")
    (dialog,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, RevealDialog) and w.isVisible()]
    wanted: list[tuple[float, str]] = []
    dialog.wanted.connect(lambda seconds, why: wanted.append((seconds, why)))
    assert not dialog.show_button.isEnabled()
    dialog._take()
    assert wanted == []
    dialog.why.setText("  ")
    assert not dialog.show_button.isEnabled()
    dialog.why.setText(" somebody  fell ")
    dialog.times.choose(60)
    desk.qtbot.keyClick(dialog.why, "\r")
    assert wanted == [(60.0, "somebody fell")]
    desk.qtbot.waitUntil(lambda: desk.page.reveal.reveals.of("cam") is not None, timeout=5000)


def test_a_camera_that_is_not_redacted_is_not_revealed(desk: SimpleNamespace) -> None:
    desk.workplace.operator = "Asha"
    desk.page.reveal.toggle("cam")
    assert "not redacted" in desk.said[-1]


def test_the_desk_that_closes_covers_again(desk: SimpleNamespace) -> None:
    lane = revealing(desk)
    desk.page.reveal.close()
    assert lane.revealed is None
    assert isinstance(desk.page.reveal.reveals, Reveals)
    assert "Sightdesk was closed" in (desk.workplace.home.path / "audit.jsonl").read_text()
