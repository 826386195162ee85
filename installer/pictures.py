"""Takes the pictures of README: the real desk on real clips, offscreen.

    uv run installer/pictures.py CLIP [CLIP...]      each may end in =MODEL, what looks at it

The clips' publishers are named in README below the pictures: take clips whose licence allows that.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication, QDialog

from console.desk.start import Desk
from console.settings.home import Home

TO = Path(__file__).resolve().parent.parent / "resources" / "manual"
SIZE = (1440, 860)
_NAMES = ("Hall", "Car park", "Corridor", "Ramp")


def main(clips: list[str]) -> None:
    """Take all of them."""
    app = QApplication([])
    TO.mkdir(exist_ok=True)
    four = [_camera(number, clips) for number in range(4)]
    lost = _CAMERA.format(id="gate", name="Gate", source="rtsp://127.0.0.1:9/gate", mirror="false", model="best")
    sixteen = [_camera(number, clips) for number in range(16)]
    for picture in (
        Picture("live-dark", "dark", four, 11),
        Picture("live-light", "light", four, 11),
        Picture("wall-16", "dark", sixteen, 13),
        Picture("failing", "dark", [*four[:3], lost], 12, lambda desk: desk.assembled.live.wall.choose("gate")),
        Picture(
            "add-camera",
            "light",
            four,
            6,
            lambda desk: desk.assembled.cameras.add(clips[0].partition("=")[0]),
            dialog=True,
        ),
    ):
        _take(app, picture)


_CAMERA = """
  - id: {id}
    name: {name}
    source: {source}
    loop: true
    mirror: {mirror}
    published_as: sample videos, CC BY 4.0
    stages: [{{model: {model}, confidence: 0.4}}]
"""


def _camera(number: int, clips: list[str]) -> str:
    name = _NAMES[number % 4] + (f" {number // 4 + 1}" if number > 3 else "")
    mirror = str(number // 2 % 2 == 1).lower()
    clip, _, model = clips[number % len(clips)].partition("=")
    model = str(Path(model).resolve()) if model else "best"
    return _CAMERA.format(id=f"cam-{number}", name=name, source=Path(clip).resolve(), mirror=mirror, model=model)


@dataclass(frozen=True)
class Picture:
    """What is taken: after so many seconds of these cameras, and after `act`, the window or the dialog over it."""

    name: str
    theme: str
    cameras: list[str]
    seconds: float
    act: Callable[[Any], object] = lambda _desk: None
    dialog: bool = False


def _take(app: QApplication, picture: Picture) -> None:
    with tempfile.TemporaryDirectory() as folder, Home.open(Path(folder)) as home:
        text = f"desk:\n  theme: {picture.theme}\n  keep_awake: false\noperators: [Mira]\n"
        text += f"cameras:{''.join(picture.cameras)}"
        home.settings_file.write_text(text, encoding="utf-8")
        (home.path / "desk.json").write_text('{"operator": "Mira"}', encoding="utf-8")
        desk = Desk(app, home, demo_of=None, seconds=None)
        desk.window.resize(*SIZE)
        desk.show()
        desk.window.resize(*SIZE)
        _wait(app, lambda: "first box" in desk.end.moments or desk.end.code)
        _wait(app, _after(picture.seconds))
        picture.act(desk)
        _wait(app, _after(3))
        open_dialogs = [w for w in app.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
        (open_dialogs[0] if picture.dialog else desk.window).grab().save(str(TO / f"{picture.name}.jpg"), quality=88)
        for box in open_dialogs:
            box.close()
        desk.window.close()
        app.processEvents()


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def _wait(app: QApplication, until: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not until() and time.monotonic() < deadline:
        app.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1:])
