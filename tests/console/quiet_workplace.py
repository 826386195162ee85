"""A workplace with a real home, store and settings file, whose site runs nothing: for tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store
from console.ui.state import DeskState
from console.ui.workplace import Workplace
from models.states import CameraStatus


class QuietSite:
    """Takes settings as a running site does, and runs nothing."""

    def __init__(self) -> None:
        self.applied: list[Settings] = []
        self.states: dict[str, CameraStatus] = {}
        self.cameras: tuple[str, ...] = ()

    def apply(self, settings: Settings) -> Future[None]:
        self.applied.append(settings)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def status(self, camera_id: str) -> CameraStatus | None:
        return self.states.get(camera_id)

    def meter(self, _camera_id: str) -> None:
        return None

    def lane(self, _camera_id: str) -> None:
        return None


@contextmanager
def quiet_workplace(folder: Path, text: str | None = None, site: Any = None) -> Iterator[Workplace]:
    """A workplace in `folder`, its settings file holding `text`; the one of a first start where that is None."""
    home = Home.open(folder / "home")
    file = SettingsFile(home.path / "settings.yaml")
    if text is not None:
        file.path.write_text(text)
    loaded = file.load()
    assert loaded.problem is None, loaded.problem
    store = Store.open(home)
    state = DeskState(home.path / "desk.json")
    workplace = Workplace(home, store, site or QuietSite(), file, settings=loaded.settings, state=state)  # type: ignore[arg-type]
    try:
        yield workplace
    finally:
        assert workplace.jobs.close() == []
        QApplication.processEvents()
        state.save()
        store.close()
        home.close()


CAMERAS = """\
# my site
site: Plant 1

cameras:
  # by the road
  - id: gate
    name: Gate
    group: Outside
    source: rtsp://192.168.1.20:554/stream1
    login: {user: viewer, password: {secret: gate-camera}}
    fps_cap: 10   # enough here
  - id: yard-east
    name: Yard east
    group: Outside
    source: rtsp://192.168.1.21:554/stream1
    rotation: 90
  # the line
  - id: line-1
    name: Line 1
    source: usb:Logitech C920
    enabled: false
  - id: road
    source: clips/road.mp4
    loop: true

# logs
log:
  keep: 3
"""
