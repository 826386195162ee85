"""The hunt's own tools: its models find every place, its reader every code, its watcher every file."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import socket
import sqlite3
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from console.privacy.redactor import Redactor
from models.detections import Detections
from models.frames import ArrayPicture
from models.policy import PublishedFootage
from tests.privacy import doubles
from tests.privacy.carried import carried
from tests.privacy.codes import World
from tests.privacy.reading import Found, Reader
from tests.privacy.threads import Threads
from tests.privacy.watching import watched
from tests.servers.kserve_relay import Relay

WORLD = World(3)
PICTURE = WORLD.picture(5)
SMALL = np.ascontiguousarray(PICTURE[:240, :320])  # a person
FINDERS = {"person": doubles.bodies, "face": doubles.magenta, "vehicle": doubles.vehicles, "plate": doubles.cyan}


def jpeg(picture: NDArray[np.uint8] = PICTURE) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


def said(found: frozenset[Found]) -> set[str]:
    return {one.says for one in found}


def covered(number: int = 5) -> NDArray[np.uint8]:
    """A picture as it may leave: solid over every code."""
    picture = WORLD.picture(number)
    for place in WORLD.places(number):
        if place.says:
            x0, y0, x1, y1 = place.box
            picture[max(y0 - 6, 0) : y1 + 6, max(x0 - 6, 0) : x1 + 6] = 24
    return picture


@pytest.mark.parametrize("scale", [1.0, 0.65, 0.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_fixed_models_find_every_place_and_nothing_else(seed: int, scale: float) -> None:
    world = World(seed)
    for number in range(0, 40, 7):
        picture = cv2.resize(world.picture(number), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        picture = cv2.imdecode(np.frombuffer(jpeg(picture), np.uint8), cv2.IMREAD_COLOR)
        for kind, find in FINDERS.items():
            truth = sorted(place.box for place in world.places(number) if place.kind == kind)
            found = sorted(find(picture))
            assert len(found) == len(truth), (kind, number)
            assert np.abs(np.array(found) / scale - np.array(truth)).max() <= 4, (kind, number)


def _zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/a.log", base64.b64encode(content))
    return packed.getvalue()


def _database(content: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE t (a)")
            db.execute("INSERT INTO t VALUES (?)", (content,))
        db.close()
        return path.read_bytes()


def _planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(cv2.resize(picture, (416, 312)).transpose(2, 0, 1))


HIDDEN: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "jpeg": jpeg,
    "png": lambda p: cv2.imencode(".png", p)[1].tobytes(),
    "webp": lambda p: cv2.imencode(".webp", p)[1].tobytes(),
    "small": lambda p: jpeg(cv2.resize(p, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)),
    "in the middle of other bytes": lambda p: os.urandom(4099) + jpeg(p) + os.urandom(500),
    "cut off": lambda p: jpeg(p)[:-3000],
    "raw BGR": lambda p: os.urandom(37) + p.tobytes(),
    "raw BGRA": lambda p: cv2.cvtColor(p, cv2.COLOR_BGR2BGRA).tobytes(),
    "raw planes": lambda p: b"x" * 11 + _planes(p).tobytes(),
    "a tensor": lambda p: b"x" * 7 + _planes(p).astype("<f4").tobytes(),
    "a tensor of 0 to 1": lambda p: (_planes(p) / 255).astype("<f4").tobytes(),
    "YUV": lambda p: cv2.cvtColor(p, cv2.COLOR_BGR2YUV_I420).tobytes(),
    "base64 in a line of a log": lambda p: json.dumps({"event": "a", "p": base64.b64encode(jpeg(p)).decode()}).encode(),
    "base64 in lines": lambda p: b"--\n" + base64.encodebytes(jpeg(p)),
    "hexadecimal": lambda p: f"picture {jpeg(p).hex()}".encode(),
    "a repr in a trace": lambda p: f"ValueError: {jpeg(p)!r}".encode(),
    "numbers": lambda p: json.dumps(cv2.resize(p, (320, 240)).tolist()).encode(),
    "a zip's log": lambda p: _zip(jpeg(p)),
    "gzip": lambda p: gzip.compress(p.tobytes()),
    "zlib": lambda p: b"ab" * 99 + zlib.compress(p.tobytes()),
    "a database": lambda p: _database(jpeg(p)),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_code_is_read_however_it_is_hidden(how: str) -> None:
    assert said(Reader(WORLD.secrets).content(HIDDEN[how](SMALL))) & WORLD.secrets


def test_a_clip_is_looked_through(tmp_path: Path) -> None:
    assert said(Reader(WORLD.secrets).content(WORLD.clip(tmp_path / "a.mp4", 3).read_bytes())) & WORLD.secrets


@pytest.mark.parametrize("how", ["jpeg", "raw BGR", "base64 in a line of a log", "a database"])
def test_where_all_is_covered_nothing_is_read(how: str) -> None:
    reader = Reader(WORLD.secrets)
    assert reader.content(HIDDEN[how](np.ascontiguousarray(covered()[:240, :320]))) == frozenset()
    assert reader.pictures > 0


def test_what_is_no_picture_is_not_looked_at() -> None:
    reader = Reader(WORLD.secrets)
    for content in (os.urandom(300_000), bytes(300_000), b'{"event": "a", "level": "info"}\n' * 9000):
        assert reader.content(content) == frozenset()
    assert reader.pictures == 0


def test_a_cover_that_leaves_half_a_code_is_noticed() -> None:
    picture = covered()
    place = next(place for place in WORLD.places(5) if place.kind == "face")
    x0, y0, x1, _y1 = place.box
    picture[y0 : y0 + 75, x0:x1] = PICTURE[y0 : y0 + 75, x0:x1]
    assert (
        Reader(WORLD.secrets).content(jpeg(picture)) == frozenset()
    )  # three fifths: no decoder reads it, nor could we
    picture[y0 : y0 + 108, x0:x1] = PICTURE[y0 : y0 + 108, x0:x1]
    assert said(Reader(WORLD.secrets).content(jpeg(picture))) & WORLD.secrets


def test_every_version_of_every_file_is_seen(tmp_path: Path) -> None:
    root = tmp_path / "home"
    (root / "deep").mkdir(parents=True)
    (root / "before").write_bytes(b"was there" * 9)
    with watched(root) as versions:
        (root / "gone").write_bytes(b"removed at once" * 9)
        (root / "gone").unlink()
        part = root / "deep" / ".a.part"
        part.write_bytes(b"first" * 9)
        part.replace(root / "deep" / "a")
        part.write_bytes(b"second" * 9)
        part.replace(root / "deep" / "a")
        (root / "new").mkdir()
        with tempfile.NamedTemporaryFile(dir=root / "new") as file:
            file.write(b"never had a name for long" * 9)
            file.flush()
        cv2.imwrite(str(root / "new" / "native.png"), PICTURE[:40, :40])  # what Python is not told of
        (root / "new" / "native.png").unlink()
        with sqlite3.connect(root / "a.db") as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("CREATE TABLE t (a)")
            db.execute("INSERT INTO t VALUES ('only in the log of the database')")
        with (tmp_path / "elsewhere").open("w") as stray:
            stray.write("x")
        db.close()
    contents = b"|".join(content for _path, content in versions.all())
    for part in (
        b"was there",
        b"removed at once",
        b"first",
        b"second",
        b"never had a name",
        b"PNG",
        b"only in the log",
    ):
        assert part in contents, part
    assert str(tmp_path / "elsewhere") in versions.strays


def test_a_relay_keeps_what_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Relay(None, server.getsockname()[1]) as relay:

        def answer() -> None:
            one, _ = server.accept()
            with one:
                one.sendall(one.recv(1 << 20)[:5])

        thread = threading.Thread(target=answer)
        thread.start()
        with socket.create_connection(("127.0.0.1", relay.port)) as desk:
            desk.sendall(b"hello there")
            assert desk.recv(5) == b"hello"
        thread.join(10)
    assert list(relay.sent) == [b"hello there"]


SHAPE = (3, 416, 416)


def _grpc(raw: bytes) -> bytes:
    body = b"\x00" + len(raw).to_bytes(4, "big") + b"\x3a\x80\xe0\x7e" + raw  # field 7, 2,076,672 bytes
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"".join(
        len(part).to_bytes(3, "big") + b"\x00\x00" + (1).to_bytes(4, "big") + part
        for part in (body[at : at + 16384] for at in range(0, len(body), 16384))
    )


def _http(raw: bytes) -> bytes:
    head = b'{"inputs": []}'
    said = f"POST /v2/models/a/infer HTTP/1.1\r\nContent-Length: {len(head) + len(raw)}\r\n"
    asked = b"GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n"
    return asked + said.encode() + f"Inference-Header-Content-Length: {len(head)}\r\n\r\n".encode() + head + raw


def _json(raw: bytes) -> bytes:
    body = json.dumps({"inputs": [{"name": "a", "data": np.frombuffer(raw, "<f4").tolist()}]}).encode()
    return f"POST /v2/models/a/infer HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("sent", [_grpc, _http, _json])
def test_pictures_are_taken_out_of_what_was_sent(sent: Callable[[bytes], bytes]) -> None:
    small = cv2.resize(PICTURE, SHAPE[:0:-1])
    (seen,) = carried(sent(small.transpose(2, 0, 1).astype("<f4").tobytes()), SHAPE)
    assert np.array_equal(seen, small)


def test_who_works_where_nobody_may_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(monkeypatch)
    policy = PublishedFootage(published_as="a test clip", purpose="a test")
    thread = threading.Thread(target=Redactor().look, args=(ArrayPicture(SMALL), policy), name="job")
    thread.start()
    thread.join()
    assert threads.wrong() == set()
    Redactor().redact(ArrayPicture(SMALL), Detections.empty(), (), (), policy)
    assert threads.wrong() == {("Redactor.look", "MainThread"), ("redactor.redact", "MainThread")}
