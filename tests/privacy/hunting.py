"""The hunt: a real desk at work on cameras full of codes, and everything it writes, sends and shows, kept.

Beside it a second one runs, without a screen, and is killed by native code.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from console.pipeline import loader
from console.pipeline.loader import LoadedModel, is_served
from console.privacy.sealing import PrivateKey
from console.site import cover_models, reveal
from console.site import site as sites
from tests import tiny_onnx
from tests.privacy import day
from tests.privacy.carried import carried
from tests.privacy.codes import World
from tests.privacy.day import MOST_TENSORS, SHAPE
from tests.privacy.doubles import fixed_loader
from tests.privacy.reading import WIDTHS, Found, Reader
from tests.privacy.threads import Threads
from tests.privacy.watching import Versions, watched
from tests.servers import pytriton_server
from tests.servers.kserve_relay import Relay
from tests.servers.pytriton_server import Triton

KEY, CLOSER_KEY = PrivateKey.new(), PrivateKey.new()
CRASHES_WITHIN_S = 60.0


@dataclass
class Catch:
    """What a hunt brought home.

    Attributes:
        secret: whose codes nobody may read anywhere.
        published: footage of a camera that may be shown: its codes show that the hunt sees what is there.
        planted: codes that are let leak on purpose, each in a way of its own; see `day.plant`.
        root: all that is watched.
        home: the desk's.
        crashed: the home of the site that crashed.
        begun: when.
        versions: every version of every file.
        tensors: by protocol, pictures that were sent to the model server; empty: there was no server.
        screens: what the tiles of cameras showed whose live picture is covered, by camera.
        revealed: what a tile showed while a supervisor looked.
        widths: at which raw pixels are looked for.
        threads: who looked, covered and wrote.
        said: what commands printed.
        pictures: rows of the database: path, camera and policy.
        sealed, closer: rows of the database, path and camera: of sealed plates, of sealed doubtful vehicles.
    """

    secret: World
    published: World
    planted: World
    root: Path
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    versions: Versions = field(default_factory=Versions)
    tensors: dict[str, list[NDArray[np.uint8]]] = field(default_factory=dict)
    screens: dict[str, list[NDArray[np.uint8]]] = field(default_factory=dict)
    revealed: list[NDArray[np.uint8]] = field(default_factory=list)
    widths: set[int] = field(default_factory=lambda: set(WIDTHS))
    threads: Threads | None = None
    said: dict[str, str] = field(default_factory=dict)
    pictures: list[tuple[str, str, str]] = field(default_factory=list)
    sealed: list[tuple[str, str]] = field(default_factory=list)
    closer: list[tuple[str, str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def crashed(self) -> Path:
        return self.root / "crashed"

    def reader(self) -> Reader:
        """Reads codes; of the secret ones also the mere pattern."""
        return Reader(self.secret.secrets, tuple(sorted(self.widths, reverse=True)))

    def readable(self, reader: Reader) -> Iterator[tuple[str, Found]]:
        """Every code in everything that was written, sent, shown or printed, with where it stands."""
        for path, content in self.versions.all():
            for found in reader.content(content):
                yield str(path.relative_to(self.root)), found
        for path, state in self.versions.database_states():
            for found in reader.rows(state):
                yield str(path.relative_to(self.root)), found
        for name, text in self.said.items():
            for found in reader.content(text.encode()):
                yield f"printed by {name}", found
        for camera, screens in self.screens.items():
            for screen in screens:
                for says in reader.picture(screen):
                    yield f"tile of {camera}", Found(says, "screen")
        for protocol, tensors in self.tensors.items():
            for tensor in tensors[-MOST_TENSORS:]:
                for says in reader.picture(tensor):
                    yield f"tensor over {protocol}", Found(says, "sent")


@dataclass(frozen=True)
class Servers:
    """A model server behind recording relays, by protocol: grpc and http."""

    relays: Mapping[str, Relay]

    def address(self, scheme: str) -> str:
        return f"127.0.0.1:{self.relays[scheme].port}"

    def url(self, scheme: str) -> str:
        return f"{scheme}://{self.address(scheme)}/blind"


def settings(clips: dict[str, Path], servers: Servers | None) -> str:
    """The settings of the desk that is hunted."""
    door = ", ".join(f"[{x:.4f}, {y:.4f}]" for x, y in World().door)
    areas = f"areas: [{{name: door, points: [{door}]}}]"
    allowed, served = "", ""
    for scheme in servers.relays if servers is not None else ():
        assert servers is not None
        allowed += f"""
    - {{address: "{servers.address(scheme)}", purpose: the hunt, pictures: covered}}"""
        served += f"""
  - {{id: {scheme}, source: {clips["secret"]}, loop: true, fps_cap: 4, privacy: {{{areas}}},
     stages: [{{model: "{servers.url(scheme)}"}}]}}
  - {{id: {scheme}-shop, source: {clips["published"]}, loop: true, fps_cap: 4, published_as: a test clip,
     stages: [{{model: "{servers.url(scheme)}"}}]}}"""
    return f"""\
inference: {{model: street}}
desk: {{theme: dark, keep_awake: false}}
log: {{level: debug}}
privacy: {{face_model: faces, plate_model: plates, within_s: 10}}
remote:
  allowed: {allowed or "[]"}
cameras:
  - {{id: gate, source: {clips["secret"]}, loop: true, fps_cap: 6,
     review: {{low: 0.85, high: 0.95}},
     privacy: {{{areas}, seal_plates_for: {KEY.public.text}, seal_doubtful_for: {CLOSER_KEY.public.text}}}}}
  - {{id: yard, source: {clips["secret"]}, loop: true, fps_cap: 6, privacy: {{{areas}, live: true, style: blur}}}}
  - {{id: shop, source: {clips["published"]}, loop: true, fps_cap: 4, published_as: a test clip}}{served}
"""


def _loaded(name: str, *arguments: Any, **more: Any) -> LoadedModel:
    return (loader.load_model if is_served(name) else fixed_loader)(name, *arguments, **more)


@contextmanager
def served(work: Path) -> Iterator[Servers | None]:
    """A real model server behind recording relays; None where there is none on this machine."""
    if pytriton_server.why_not():
        yield None
        return
    with Triton(work) as triton:
        triton.bind("blind", tiny_onnx.yolox(work / "blind.onnx", size=SHAPE[1], blind=True))
        with Relay(None, triton.grpc) as grpc, Relay(None, triton.http) as http:
            yield Servers({"grpc": grpc, "http": http})


@contextmanager
def crashing(catch: Catch, clip: Path) -> Iterator[None]:
    """A site that works on a clip beside this, until native code kills it."""
    command = [sys.executable, "-X", "faulthandler=0", "-m", "tests.privacy.crashing", str(catch.crashed), str(clip)]
    there = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *filter(None, sys.path)])}
    with subprocess.Popen(
        command, cwd=catch.root, env=there, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        try:
            yield
            said, _none = child.communicate(timeout=CRASHES_WITHIN_S)
        finally:
            child.kill()
    catch.said["the crash"] = said.decode(errors="replace")
    assert child.returncode == -signal.SIGSEGV, catch.said["the crash"]


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
    catch = Catch(World(seed), World(seed + 500), World(seed + 700), root)
    for made in (catch.home, root / "tmp", work):
        made.mkdir(parents=True)
    clips = {"secret": catch.secret.clip(work / "secret.mp4"), "published": catch.published.clip(work / "shop.mp4")}
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        servers = stack.enter_context(served(work))
        patch.setenv("TMPDIR", str(root / "tmp"))
        patch.setattr(tempfile, "tempdir", None)
        patch.setattr(reveal, "SECONDS", (day.REVEAL_S,))
        for module in (sites, cover_models):
            patch.setattr(module, "load_model", _loaded)
        if break_it is not None:
            break_it(patch)
        catch.threads = Threads(patch)
        catch.versions = stack.enter_context(watched(root))
        (catch.home / "settings.yaml").write_text(settings(clips, servers), encoding="utf-8")
        with crashing(catch, clips["secret"]):
            day.work(catch, qapp, servers)
        day.plant_in_crash(catch)
        day.commands(catch, clips["secret"])
    for protocol, relay in servers.relays.items() if servers is not None else ():
        catch.tensors[protocol] = [picture for sent in relay.sent for picture in carried(bytes(sent), SHAPE)]
    with sqlite3.connect(catch.home / "sightdesk.db") as db:
        catch.pictures = db.execute("SELECT path, camera_id, policy FROM pictures").fetchall()
        catch.sealed, catch.closer = (
            db.execute(f"SELECT path, camera_id FROM sealed WHERE item_id {which}").fetchall()
            for which in ("IS NULL", "IS NOT NULL")
        )
    db.close()
    return catch
