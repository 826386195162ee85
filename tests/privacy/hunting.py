"""The hunt: a real desk at work on cameras full of codes, and everything it writes, sends and shows, kept."""

from __future__ import annotations

import base64
import logging
import queue
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from typer.testing import CliRunner

from backends import kserve
from backends.base import LoadOptions
from console.cli.app import app
from console.desk.start import Desk
from console.pipeline import loader
from console.pipeline.loader import LoadedModel, is_served
from console.privacy.sealing import PrivateKey
from console.settings.home import Home
from console.site import cover_models
from console.site import site as sites
from console.ui.live.snapshot import snapshot
from models.manifest import PictureInput
from tests import tiny_onnx
from tests.privacy.codes import World
from tests.privacy.doubles import fixed_model
from tests.privacy.reading import Found, Reader
from tests.privacy.relay import RecordingRelay, messages, tensors
from tests.privacy.watching import Versions, watched
from tests.servers import pytriton_server
from tests.servers.pytriton_server import Triton

SHAPE = (3, 416, 416)
MOST_TENSORS = 10
"""So many of those that were sent are read, the last ones."""
KEY = PrivateKey.new()


@dataclass
class Catch:
    """What a hunt brought home.

    Attributes:
        secret: whose codes nobody may read anywhere.
        published: footage of a camera that may be shown: its codes show that the hunt sees what is there.
        planted: codes that are let leak on purpose, each in a way of its own; see `plant`.
        versions: every version of every file.
        tensors: pictures that were sent to the model server; None: there was no server.
        sent: all bytes that were sent to it.
        screens: what the tiles of cameras showed whose live picture is covered, by camera.
        said: what commands printed.
        pictures: rows of the database: path, camera and policy.
        sealed: rows of the database: path and camera.
    """

    secret: World
    published: World
    planted: World
    root: Path
    home: Path
    versions: Versions = field(default_factory=Versions)
    tensors: list[NDArray[np.uint8]] | None = None
    sent: list[bytes] = field(default_factory=list)
    screens: dict[str, list[NDArray[np.uint8]]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    pictures: list[tuple[str, str, str]] = field(default_factory=list)
    sealed: list[tuple[str, str]] = field(default_factory=list)

    def reader(self) -> Reader:
        """Reads codes; of the secret ones also the mere pattern."""
        return Reader(self.secret.secrets)

    def readable(self, reader: Reader) -> Iterator[tuple[str, Found]]:
        """Every code in everything that was written, sent, shown or printed, with where it stands."""
        for path, content in self.versions.all():
            for found in reader.content(content):
                yield str(path.relative_to(self.root)), found
        for path, state in self.versions.database_states():
            for found in reader.rows(state):
                yield str(path.relative_to(self.root)), found
        for text, name in ((text, name) for name, text in self.said.items()):
            for found in reader.content(text.encode()):
                yield f"printed by {name}", found
        for camera, screens in self.screens.items():
            for screen in screens:
                for says in reader.picture(screen):
                    yield f"tile of {camera}", Found(says, "screen")
        for tensor in [*(self.tensors or ())][-MOST_TENSORS:]:
            for says in reader.picture(tensor):
                yield "tensor", Found(says, "sent")


def settings(clips: dict[str, Path], server: str | None) -> str:
    """The settings of the desk that is hunted."""
    door = ", ".join(f"[{x:.4f}, {y:.4f}]" for x, y in World().door)
    areas = f"areas: [{{name: door, points: [{door}]}}]"
    served = (
        f"""
  - {{id: served, source: {clips["secret"]}, loop: true, fps_cap: 4, privacy: {{{areas}}},
     stages: [{{model: "grpc://{server}/blind"}}]}}
  - {{id: served-shop, source: {clips["published"]}, loop: true, fps_cap: 4, published_as: a test clip,
     stages: [{{model: "grpc://{server}/blind"}}]}}"""
        if server
        else ""
    )
    allowed = f'[{{address: "{server}", purpose: the hunt, pictures: covered}}]' if server else "[]"
    return f"""\
inference: {{model: street}}
desk: {{theme: dark, keep_awake: false}}
log: {{level: debug}}
privacy: {{face_model: faces, plate_model: plates, within_s: 10}}
remote: {{allowed: {allowed}}}
cameras:
  - {{id: gate, source: {clips["secret"]}, loop: true, fps_cap: 6,
     privacy: {{{areas}, seal_plates_for: {KEY.public.text}}}}}
  - {{id: yard, source: {clips["secret"]}, loop: true, fps_cap: 6, privacy: {{{areas}, live: true, style: blur}}}}
  - {{id: shop, source: {clips["published"]}, loop: true, fps_cap: 4, published_as: a test clip}}{served}
"""


def _fixed(name: str, *arguments: Any, around: Any = None, **more: Any) -> LoadedModel:
    """`load_model`, with fixed models but for those on a server."""
    if is_served(name):
        return loader.load_model(name, *arguments, around=around, **more)
    return fixed_model(name, around.size if around is not None else None)


@contextmanager
def served(work: Path) -> Iterator[RecordingRelay | None]:
    """A real model server behind a recording relay; None where there is none on this machine."""
    if pytriton_server.why_not():
        yield None
        return
    with Triton(work) as triton:
        triton.bind("blind", tiny_onnx.yolox(work / "blind.onnx", size=SHAPE[1], blind=True))
        with RecordingRelay(triton.grpc) as relay:
            yield relay


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Let the desk work until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        QTest.qWait(20)


def hunt(
    folder: Path, qapp: QApplication, seed: int, break_it: Callable[[pytest.MonkeyPatch], object] | None = None
) -> Catch:
    """Run a desk and bring home everything that it wrote, sent and showed.

    Args:
        folder: an empty one.
        qapp: the application.
        seed: of the clips.
        break_it: breaks the product first, for a hunt that must find something.
    """
    root, work = folder / "watched", folder / "work"
    catch = Catch(World(seed), World(seed + 500), World(seed + 700), root, root / "home")
    for made in (root / "home", root / "tmp", work):
        made.mkdir(parents=True)
    clips = {"secret": catch.secret.clip(work / "secret.mp4"), "published": catch.published.clip(work / "shop.mp4")}
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        relay = stack.enter_context(served(work))
        patch.setenv("TMPDIR", str(root / "tmp"))
        patch.setattr(tempfile, "tempdir", None)
        for module in (sites, cover_models):
            patch.setattr(module, "load_model", _fixed)
        if break_it is not None:
            break_it(patch)
        catch.versions = stack.enter_context(watched(root))
        server = f"127.0.0.1:{relay.port}" if relay is not None else None
        (catch.home / "settings.yaml").write_text(settings(clips, server), encoding="utf-8")
        _work(catch, qapp, relay)
        _commands(catch, clips["secret"])
    if relay is not None:
        catch.sent = [bytes(sent) for sent in relay.sent]
        catch.tensors = [t for sent in catch.sent for message in messages(sent) for t in tensors(message, SHAPE)]
    with sqlite3.connect(catch.home / "sightdesk.db") as db:
        catch.pictures = db.execute("SELECT path, camera_id, policy FROM pictures").fetchall()
        catch.sealed = db.execute("SELECT path, camera_id FROM sealed").fetchall()
    db.close()
    return catch


def _work(catch: Catch, qapp: QApplication, relay: RecordingRelay | None) -> None:
    """A desk's day: events come, snapshots are taken, something fails, and the home is closed."""
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
            for camera in ("gate", "yard", "shop"):
                snapshot(assembled.workplace, camera)
            past = site.lane("gate").recent.held()
            snapshot(assembled.workplace, "gate", (past, past.span[1]))  # while looking back
            for _ in range(2):
                QTest.qWait(300)
                tile = assembled.live.wall.tile("yard")
                catch.screens.setdefault("yard", []).append(pixels_of(tile.grab().toImage()))
            if relay is not None:
                until(lambda: sum(map(len, relay.sent)) > MOST_TENSORS * 4 * np.prod(SHAPE), 20, "tensors")
            _fail(site)
            plant(catch, assembled.workplace, relay)
            until(lambda: _snapshots(catch) >= 4, 10, "snapshots")
        finally:
            desk.window.close()
            assert desk.end.stuck == [], desk.end.stuck
            desk.window.deleteLater()
            desk.deleteLater()
            qapp.processEvents()


def _fail(site: Any) -> None:
    """Something fails while it has a picture in its hands; nobody catches it, and the log says so with all it has."""
    lane = site.lane("gate")
    assert lane is not None
    frame, result = lane.latest
    pixels = frame.picture.view(*frame.size)
    logging.getLogger("console.hunt").error("a picture failed: %s %r", frame, pixels, extra={"p": pixels, "r": result})

    def fails(held: NDArray[np.uint8]) -> None:
        raise ValueError("it failed", held, frame)

    thread = threading.Thread(target=fails, args=(pixels,), name="failing")
    thread.start()
    thread.join(10)


def plant(catch: Catch, workplace: Any, relay: RecordingRelay | None) -> None:
    """Leak on purpose, as a product with a mistake in it would; the numbers tell the ways apart in `PLANTED`."""

    def picture(number: int) -> NDArray[np.uint8]:
        return World(catch.planted.seed + number).picture(0)

    gone = catch.home / "cache" / "for-a-moment.tmp"
    gone.write_bytes(cv2.imencode(".jpg", picture(0))[1].tobytes())
    gone.unlink()
    (catch.home / "cache" / "frame.bin").write_bytes(b"x" * 37 + picture(1).tobytes())
    face = cv2.cvtColor(picture(2)[:170, :180], cv2.COLOR_BGR2GRAY)  # a line of the log is cut off when it gets long
    png = base64.b64encode(cv2.imencode(".png", face // 64 * 64)[1]).decode()
    logging.getLogger("console.hunt").info("a picture", extra={"png": png})
    text = cv2.imencode(".jpg", picture(3)[:240, :320])[1].tobytes().hex()
    workplace.store.write(lambda db: db.execute("INSERT INTO meta VALUES ('planted', ?)", [text])).result()
    workplace.store.write(lambda db: db.execute("DELETE FROM meta WHERE key = 'planted'")).result()
    if relay is not None:
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        taken = PictureInput("images", SHAPE[2], SHAPE[1], "NCHW")
        backend = kserve.runtime().load(f"grpc://127.0.0.1:{relay.port}/blind", taken, "REMOTE", LoadOptions())
        pixels = cv2.resize(picture(4), SHAPE[:0:-1], interpolation=cv2.INTER_AREA)
        backend.submit({"images": pixels[None]}, answers.put)
        assert isinstance(answers.get(timeout=30), dict)
        backend.close()


PLANTED = {
    0: ("a picture file that was there for a moment", "home/cache/for-a-moment.tmp"),
    1: ("raw pixels", "home/cache/frame.bin"),
    2: ("a picture in a line of the log", "home/logs/sightdesk.log"),
    3: ("a row of the database that was removed again", "home/sightdesk.db-wal"),
    4: ("a tensor that was not covered", "tensor"),
}


def _snapshots(catch: Catch) -> int:
    with sqlite3.connect(catch.home / "sightdesk.db") as db:
        (count,) = db.execute("SELECT count(*) FROM pictures WHERE purpose NOT LIKE '%event%'").fetchone()
    db.close()
    return int(count)


def _commands(catch: Catch, clip: Path) -> None:
    """What an operator would send to somebody: results, a bundle, the settings."""
    bundle, results = str(catch.root / "report.zip"), str(catch.root / "results.jsonl")
    for words in (
        ["run", str(clip), "--model", "street", "--seconds", "1", "--out", results],
        ["doctor", "--json", "--bundle", bundle],
        ["settings", "show"],
    ):
        result = CliRunner().invoke(app, [*words, "--home", str(catch.home)])
        catch.said[" ".join(words[:2])] = result.output
    assert Path(bundle).is_file(), catch.said
    assert Path(results).stat().st_size, catch.said


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """A picture of the screen as (H, W, 3) BGR."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return np.ascontiguousarray(raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3)[:, :, ::-1])
