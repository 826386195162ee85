"""A real desk that sends what it sees to a folder: by itself, seen on the page, traced by key, closed in good order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.desk.start import Desk
from console.ui.status import Concern
from tests.console.desks import open_desk, settle
from widgets.ask_dialog import AskDialog

pytest.importorskip("obstore")
_CLOSES_WITHIN_S = 5.0


def events_in(folder: Path) -> set[str]:
    """Tracking IDs of the events that stand in a folder."""
    found = set()
    for file in folder.rglob("*.event.json"):
        found.add(json.loads(file.read_text(encoding="utf-8"))["tracking_id"])
    return found


def test_what_is_seen_leaves_by_itself_and_everyone_can_see_it(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    sync = f'sync:\n  targets:\n    - {{name: archive, kind: objects, url: "{archive.as_uri()}"}}\n'
    settle(tmp_path / "home", cameras=1, more=sync)
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        wait(qtbot, lambda: len(events_in(archive)) > 2)
        page, store = pressed(desk, "page.sync"), desk.assembled.workplace.store
        wait(
            qtbot, lambda: "archive" in page.view.targets.keys and page.view.targets.cell("archive", 5).text != "never"
        )
        assert desk.assembled._status._strip._buttons["outbox"].text().startswith("outbox ")
        with store.read() as db:
            sql = "SELECT tracking_id FROM events WHERE tracking_id IS NOT NULL ORDER BY id LIMIT 1"
            first = str(db.execute(sql).fetchone()[0])
        desk.assembled.syncing.show_trace(first)
        wait(qtbot, lambda: page.view.trace.tracking_id == first)
        wait(qtbot, lambda: any("archive has taken it" in one.what for one in page.view.trace.timeline.moments))
        assert first in events_in(archive)
        status = desk.assembled._status
        status.show_outbox("outbox 3", "", [Concern("cloud is full", stopped=True)])
        assert status._strip._buttons["attention"].text() == "1 needs you: cloud is full"
        page.view.targets.choose("archive")
        desk.window.actions_table.trigger("sync.pause")
        wait(qtbot, lambda: page.view.targets.cell("archive", 1).text == "paused")
        wait(qtbot, lambda: page.view.targets.cell("archive", 2).text != "nothing")
        desk.window.actions_table.trigger("sync.remove")
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, AskDialog) and w.isVisible())
        qtbot.keyClick(dialog.buttons["drop"], Qt.Key.Key_Space)
        wait(qtbot, lambda: not page.view.targets.keys)
        began = time.monotonic()
        desk.window.close()
        assert time.monotonic() - began < _CLOSES_WITHIN_S
        assert desk.end.stuck == []


def pressed(desk: Desk, name: str):  # the page
    """Turn to the page."""
    assert desk.assembled is not None
    desk.window.actions_table.trigger(name)
    assert desk.assembled.syncing.page is not None
    assert desk.assembled.syncing.page.isVisible()
    return desk.assembled.syncing.page


def wait(qtbot: QtBot, until: Callable[[], object]) -> None:
    """Let the desk run until it is so."""
    qtbot.waitUntil(lambda: bool(until()), timeout=30_000)
