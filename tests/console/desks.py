"""A desk for tests: real window, real site, synthetic cameras and a tiny model."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.desk.start import Desk
from console.settings.home import Home
from tests import tiny_onnx

SCENE = "synthetic:street?fps=30&width=320&height=240"


def settle(home: Path, cameras: int = 2, more: str = "") -> Path:
    """Write the settings of a site into `home`; returns the settings file."""
    home.mkdir(parents=True, exist_ok=True)
    model = tiny_onnx.yolox(home / "tiny.onnx")
    # drawn scenes, in which nobody is to be found: nothing is fetched for a test
    privacy = "" if "privacy:" in more else 'privacy: {faces: false, heads: never, plates: "no"}\n'
    desk = "desk:\n  theme: dark\n  keep_awake: false\n"
    lines = [f"inference:\n  model: {model}\n{desk}{privacy}{more}# The cameras of the yard\n"]
    lines.append("cameras:\n" if cameras else "cameras: []\n")
    lines += [
        f"  # number {number}\n  - id: cam-{number}\n    name: Cam {number}\n    source: {SCENE}\n"
        for number in range(1, cameras + 1)
    ]
    file = home / "settings.yaml"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def take_away(qapp: QApplication) -> None:
    """Destroy what is to be deleted later, now and on this thread: `processEvents` leaves it where it is."""
    qapp.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@contextmanager
def open_desk(qtbot: QtBot, qapp: QApplication, path: Path) -> Iterator[Desk]:
    """A desk at work; closed in good order at the end."""
    with Home.open(path) as home:
        desk = Desk(qapp, home, demo_of=None, seconds=None)
        desk.show()
        try:
            qtbot.waitUntil(lambda: desk.assembled is not None or desk.end.code != 0, timeout=30_000)
            qtbot.waitUntil(lambda: desk.assembled.furnished, timeout=10_000)
            yield desk
        finally:
            desk.window.close()
            assert desk.end.stuck == [], desk.end.stuck
            desk.window.deleteLater()
            desk.deleteLater()
            take_away(qapp)
