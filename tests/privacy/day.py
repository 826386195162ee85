"""A desk's day: events come, snapshots are taken, a supervisor looks, something fails, and codes are let leak."""

from __future__ import annotations

import base64
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from typer.testing import CliRunner

from backends import kserve
from backends.base import LoadOptions
from console.cli.app import app
from console.desk.start import Desk
from console.pipeline.revealed import Revealed
from console.settings.home import Home
from console.ui.live.snapshot import snapshot
from models.frames import ArrayPicture, Frame
from models.manifest import PictureInput
from tests.console.desks import take_away
from tests.privacy.codes import World

if TYPE_CHECKING:
    from tests.privacy.hunting import Catch, Servers

SHAPE = (3, 416, 416)
MOST_TENSORS = 10
"""So many of those that were sent over each protocol are read, the last ones."""
REVEAL_S, LOOKS = 1.5, 8
SNAPSHOTS = 6
_REVIEWED = "purpose LIKE 'review %'"
_CLOSER = "item_id IS NOT NULL"
_BY_HAND = "purpose NOT LIKE 'event %' AND purpose NOT LIKE 'review %'"

PLANTED = {
    0: ("a picture file that was there for a moment", "home/cache/for-a-moment.tmp"),
    1: ("raw pixels", "home/cache/frame.bin"),
    2: ("a picture in a line of the log", "home/logs/sightdesk.log"),
    3: ("a row of the database that was removed again", "home/sightdesk.db-wal"),
    4: ("a tensor that was not covered, over gRPC", "tensor over grpc"),
    5: ("what a supervisor was shown, written while he looked", "home/cache/revealed.bin"),
    6: ("a tensor that was not covered, over HTTP", "tensor over http"),
    7: ("pixels in the trace of a native crash", "crashed/logs/faults.log"),
}
"""The ways in which a code is let leak, and where it must be found."""


def work(catch: Catch, qapp: QApplication, servers: Servers | None) -> None:
    """Open the desk, do what is done in a day, and close it."""
    with Home.open(catch.home) as home:
        desk = Desk(qapp, home, demo_of=None, seconds=None)
        desk.window.resize(1300, 900)
        desk.show()
        try:
            until(lambda: desk.assembled is not None or desk.end.code != 0, 30, "the desk")
            assembled = desk.assembled
            assert assembled is not None
            site = assembled.workplace.site
            until(lambda: assembled.recorder.figures.pictures >= 5, 30, "pictures of events")
            until(lambda: (lane := site.lane("yard")) is not None and lane.display.latest is not None, 10, "a tile")
            assembled.live.wall.choose("gate")
            for key in ("tile.snapshot", "tile.missed"):
                desk.window.actions_table.trigger(key)
            for camera in ("yard", "shop"):
                snapshot(assembled.workplace, camera)
            past = site.lane("gate").recent.held()
            snapshot(assembled.workplace, "gate", (past, past.span[1]))  # while looking back
            for _ in range(2):
                QTest.qWait(300)
                catch.screens.setdefault("yard", []).append(_tile(assembled, "yard"))
            _reveal(catch, desk)
            if servers is not None:
                enough = MOST_TENSORS * 2 * int(np.prod(SHAPE))
                for relay in servers.relays.values():
                    until(lambda relay=relay: sum(map(len, relay.sent)) > enough, 20, "tensors")
            fail(site)
            plant(catch, assembled.workplace, servers)
            until(lambda: len(_cameras_of(catch, _BY_HAND)) >= SNAPSHOTS, 10, "snapshots")
            until(lambda: {"gate", "yard"} <= set(_cameras_of(catch, _REVIEWED)), 10, "pictures to be reviewed")
            until(lambda: _cameras_of(catch, _CLOSER, "sealed"), 10, "a sealed vehicle")
        finally:
            desk.window.close()
            assert desk.end.stuck == [], desk.end.stuck
            desk.window.deleteLater()
            desk.deleteLater()
            take_away(qapp)


def _reveal(catch: Catch, desk: Desk) -> None:
    """A supervisor sees the yard as it is while all that is kept and said is made; then it is covered again."""
    assembled = desk.assembled
    assert assembled is not None
    site, reveals = assembled.workplace.site, assembled.live.reveal.reveals
    assembled.workplace.operator = "Kim"
    before = assembled.recorder.figures.pictures
    assembled.live.wall.choose("yard")
    desk.window.actions_table.trigger("tile.focus")  # the whole wall for it: a small tile can't always be read
    assembled.live.reveal.begin("yard", REVEAL_S, "somebody fell")
    until(lambda: (shown := reveals.of("yard")) is not None and shown.latest is not None, 5, "the reveal")
    size = site.lane("yard").revealed.size  # on a slow machine it is over before all of the below is done
    for _ in range(LOOKS):
        QTest.qWait(60)
        catch.revealed.append(_tile(assembled, "yard"))
    for key in ("tile.snapshot", "tile.wrong"):
        desk.window.actions_table.trigger(key)
    fail(site, "yard")
    planted_reveal(catch, size)
    until(lambda: reveals.of("yard") is None, REVEAL_S + 5, "the end of the reveal")
    assert assembled.recorder.figures.pictures >= before
    snapshot(assembled.workplace, "yard")
    QTest.qWait(200)
    catch.screens["yard"].append(_tile(assembled, "yard"))


def fail(site: Any, camera: str = "gate") -> None:
    """Something fails while it has a picture in its hands; nobody catches it, and the log says so with all it has."""
    lane = site.lane(camera)
    assert lane is not None
    frame, result = lane.latest
    pixels = frame.picture.view(*frame.size)
    logging.getLogger("console.hunt").error("a picture failed: %s %r", frame, pixels, extra={"p": pixels, "r": result})

    def fails(held: NDArray[np.uint8]) -> None:
        raise ValueError("it failed", held, frame)

    thread = threading.Thread(target=fails, args=(pixels,), name="failing")
    thread.start()
    thread.join(10)


def picture_to_leak(catch: Catch, number: int) -> NDArray[np.uint8]:
    """The picture whose codes leak in one way."""
    return World(catch.planted.seed + number).picture(0)


def plant(catch: Catch, workplace: Any, servers: Servers | None) -> None:
    """Leak on purpose, as a product with a mistake in it would; the numbers tell the ways apart in `PLANTED`."""
    gone = catch.home / "cache" / "for-a-moment.tmp"
    gone.write_bytes(cv2.imencode(".jpg", picture_to_leak(catch, 0))[1].tobytes())
    gone.unlink()
    (catch.home / "cache" / "frame.bin").write_bytes(b"x" * 37 + picture_to_leak(catch, 1).tobytes())
    face = cv2.cvtColor(picture_to_leak(catch, 2)[:170, :180], cv2.COLOR_BGR2GRAY)  # a log's line is cut when long
    png = base64.b64encode(cv2.imencode(".png", face // 64 * 64)[1]).decode()
    logging.getLogger("console.hunt").info("a picture", extra={"png": png})
    text = cv2.imencode(".jpg", picture_to_leak(catch, 3)[:240, :320])[1].tobytes().hex()
    workplace.store.write(lambda db: db.execute("INSERT INTO meta VALUES ('planted', ?)", [text])).result()
    workplace.store.write(lambda db: db.execute("DELETE FROM meta WHERE key = 'planted'")).result()
    if servers is not None:
        for number, scheme in ((4, "grpc"), (6, "http")):
            _send(servers.url(scheme), picture_to_leak(catch, number))


def planted_reveal(catch: Catch, size: tuple[int, int]) -> None:
    """Write what a reveal shows, in the very form in which it shows it."""
    shown = Revealed(30)
    shown.size = size
    picture = ArrayPicture(picture_to_leak(catch, 5))
    shown.offer(Frame("yard", 1, time.monotonic_ns(), catch.begun, None, picture))
    assert shown.latest is not None
    pixels = shown.latest.pixels
    catch.widths.add(pixels.shape[1])
    (catch.home / "cache" / "revealed.bin").write_bytes(pixels.tobytes())


def plant_in_crash(catch: Catch) -> None:
    """What ends in the file that native code writes to as it dies."""
    with (catch.crashed / "logs" / "faults.log").open("ab") as file:
        file.write(cv2.imencode(".png", picture_to_leak(catch, 7)[:170, :180])[1].tobytes().hex().encode())


def _send(url: str, picture: NDArray[np.uint8]) -> None:
    """Send a picture to a server past all that would cover it."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    taken = PictureInput("images", SHAPE[2], SHAPE[1], "NCHW")
    backend = kserve.runtime().load(url, taken, "REMOTE", LoadOptions())
    pixels = cv2.resize(picture, SHAPE[:0:-1], interpolation=cv2.INTER_AREA)
    backend.submit({"images": pixels[None]}, answers.put)
    assert isinstance(answers.get(timeout=30), dict)
    backend.close()


def commands(catch: Catch, clip: Path) -> None:
    """What an operator would send to somebody: results, a bundle, the settings; of the crashed home too."""
    results = str(catch.root / "results.jsonl")
    for home, words in (
        (catch.home, ["run", str(clip), "--model", "street", "--seconds", "1", "--out", results]),
        (catch.home, ["doctor", "--json", "--bundle", str(catch.root / "report.zip")]),
        (catch.crashed, ["doctor", "--json", "--bundle", str(catch.root / "crash.zip")]),
        (catch.home, ["settings", "show"]),
    ):
        result = CliRunner().invoke(app, [*words, "--home", str(home)])
        catch.said[" ".join([home.name, *words[:2]])] = result.output
    assert (catch.root / "report.zip").is_file(), catch.said
    assert (catch.root / "crash.zip").is_file(), catch.said
    assert Path(results).stat().st_size, catch.said


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Let the desk work until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        QTest.qWait(20)


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """A picture of the screen as (H, W, 3) BGR."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return np.ascontiguousarray(raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3)[:, :, ::-1])


def _tile(assembled: Any, camera: str) -> NDArray[np.uint8]:
    return pixels_of(assembled.live.wall.tile(camera).grab().toImage())


def _cameras_of(catch: Catch, which: str, table: str = "pictures") -> list[str]:
    """The cameras of some of the pictures, or sealed crops, that are kept, one for each."""
    with closing(sqlite3.connect(catch.home / "sightdesk.db")) as db:
        return [camera for (camera,) in db.execute(f"SELECT camera_id FROM {table} WHERE {which}")]
