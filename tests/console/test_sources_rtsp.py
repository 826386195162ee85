"""RtspSource against GStreamer's RTSP server on loopback: transports, logins, outages, a change of size."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from console.errors import SourceLost
from console.sources.address import parse_address
from console.sources.orientation import Orientation
from console.sources.rtsp import RtspSource
from models.frames import Frame
from tests.servers.certificates import self_signed
from tests.servers.clips import corners, h264_stream, turned_corners
from tests.servers.rtsp_server import RtspServer, free_port, need_gstreamer

PASSWORD = "p@ss:w/r d%ä"

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_gstreamer()
    return h264_stream(tmp_path_factory.mktemp("rtsp") / "small.h264")


@pytest.fixture(scope="module")
def shared_server(clip: Path) -> Iterator[RtspServer]:
    """For tests that leave it as it was."""
    with RtspServer(clip, mounts=2) as running:
        yield running


@pytest.fixture
def server(clip: Path) -> Iterator[RtspServer]:
    with RtspServer(clip) as running:
        yield running


def source(url: str, login: tuple[str, str] | None = None, **options: object) -> RtspSource:
    return RtspSource("cam", parse_address(url, login), **{"read_timeout_s": 1.5, **options})  # type: ignore[arg-type]


def take(reading: RtspSource, count: int, first_seq: int = 0) -> list[Frame]:
    frames = []
    for frame in reading.frames(first_seq):
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def at_frame(number: int, act: Callable[[], None], reading: RtspSource) -> None:
    """Read to the end; `act` once, when frame `number` is there."""
    for frame in reading.frames():
        if frame.seq == number:
            act()
            _acted[reading] = time.monotonic()


def acted_at(reading: RtspSource) -> float:
    """When `at_frame` acted, on the monotonic clock."""
    return _acted.pop(reading)


_acted: dict[RtspSource, float] = {}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_frames_over_either_transport(shared_server: RtspServer, transport: str) -> None:
    begin = time.monotonic()
    frames = take(source(shared_server.url(), transport=transport, orientation=Orientation(90, mirror=True)), 45, 10)
    assert time.monotonic() - begin < 4
    assert [frame.seq for frame in frames] == list(range(10, 55))
    assert frames[0].size == (240, 320)
    assert corners(frames[-1].picture.view(120, 160)) == turned_corners(90, mirror=True)
    stamps = [frame.pts for frame in frames[1:]]
    assert all(isinstance(stamp, float) for stamp in stamps)
    assert stamps == sorted(stamps)  # type: ignore[type-var]
    assert stamps[-1] - stamps[10] == pytest.approx((len(stamps) - 11) / 30, abs=0.02)  # type: ignore[operator]
    assert all(abs(frame.taken_at.timestamp() - time.time()) < 10 for frame in frames)


def test_frames_come_without_delay(shared_server: RtspServer) -> None:
    """At 30 fps one frame is handed over every 33 ms: nothing waits for a second frame of decoding."""
    frames = take(source(shared_server.url()), 60)
    gaps = [b.captured_ns - a.captured_ns for a, b in pairwise(frames[30:])]
    assert sum(gaps) / len(gaps) == pytest.approx(1e9 / 30, rel=0.1)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_logins(clip: Path, auth: str) -> None:
    with RtspServer(clip, user="admin", password=PASSWORD, auth=auth) as server:
        assert len(take(source(server.url(), ("admin", PASSWORD)), 2)) == 2
        for login in (None, ("admin", "wrong-secret"), ("nobody", PASSWORD)):
            begin = time.monotonic()
            with pytest.raises(SourceLost, match="refused the login") as lost:
                take(source(server.url(), login), 1)
            assert time.monotonic() - begin < 2
            assert lost.value.after_s >= 60  # asking often would lock the account
            assert "wrong-secret" not in str(lost.value)
            assert "p@ss" not in str(lost.value)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_encrypted(clip: Path, tmp_path: Path, transport: str) -> None:
    self_signed(tmp_path)
    with RtspServer(clip, tls=tmp_path / "camera.pem", user="admin", password="secret") as server:
        url = server.url().replace("rtsp:", "rtsps:")
        assert len(take(source(url, ("admin", "secret"), transport=transport), 3)) == 3
        with pytest.raises(SourceLost):
            take(source(server.url(), ("admin", "secret"), open_timeout_s=1.0), 1)


def test_a_password_too_long_for_rtsp_is_said_before_connecting() -> None:
    with pytest.raises(SourceLost, match="too long") as lost:
        take(source("rtsp://127.0.0.1:1/0", ("admin", "ä" * 30)), 1)
    assert not lost.value.retry


def test_no_such_stream(shared_server: RtspServer) -> None:
    with pytest.raises(SourceLost, match="no such stream") as lost:
        take(source(shared_server.url(9)), 1)
    assert lost.value.retry


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_stopped_in_its_tracks_and_back(server: RtspServer, transport: str) -> None:
    reading = source(server.url(), transport=transport)
    with pytest.raises(SourceLost, match=r"No data from 127\.0\.0\.1:\d+ for 1\.5 s") as lost:
        at_frame(20, server.pause, reading)
    assert lost.value.retry
    assert 1.0 < time.monotonic() - acted_at(reading) < 2.0
    with pytest.raises(SourceLost, match="did not answer within 1 s"):
        take(source(server.url(), transport=transport, open_timeout_s=1.0), 1)
    server.resume()
    back = time.monotonic()
    assert len(take(source(server.url(), transport=transport), 5)) == 5
    assert time.monotonic() - back < 5


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_killed_and_restarted(server: RtspServer, transport: str) -> None:
    reading = source(server.url(), transport=transport)
    with pytest.raises(SourceLost, match=r"ended the stream|broke") as lost:
        at_frame(20, server.stop, reading)
    assert lost.value.retry
    assert time.monotonic() - acted_at(reading) < 2.0
    with pytest.raises(SourceLost, match="refuses the connection"):
        take(source(server.url()), 1)
    server.start()
    assert len(take(source(server.url(), transport=transport), 5)) == 5


def test_size_changes_while_it_runs(clip: Path, tmp_path: Path) -> None:
    larger = h264_stream(tmp_path / "larger.h264", (480, 360))
    with RtspServer(clip, switch_to=larger, switch_s=1.5) as server:
        frames = take(source(server.url()), 90)
    sizes = [frame.size for frame in frames]
    assert set(sizes) == {(320, 240), (480, 360)}
    assert sizes == sorted(sizes)
    assert [frame.seq for frame in frames] == list(range(90))
    assert frames[-1].picture.view(64, 48).shape == (48, 64, 3)


def test_a_neighbour_does_not_notice(clip: Path, server: RtspServer) -> None:
    counted: list[int] = []
    with RtspServer(clip) as neighbour:
        watching = source(neighbour.url())
        reader = threading.Thread(target=lambda: counted.extend(frame.captured_ns for frame in watching.frames()))
        reader.start()
        take(source(server.url()), 20)
        server.pause()
        with pytest.raises(SourceLost):
            take(source(server.url(), open_timeout_s=1.0), 1)
        begin = time.monotonic()
        watching.close()
        reader.join(3)
        assert time.monotonic() - begin < 0.5
    gaps = [(b - a) / 1e9 for a, b in pairwise(counted[30:])]
    assert max(gaps) < 0.2


def test_nobody_there_and_mute() -> None:
    with pytest.raises(SourceLost, match="refuses the connection") as lost:
        take(source(f"rtsp://127.0.0.1:{free_port()}/0"), 1)
    assert lost.value.retry
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begin = time.monotonic()
        with pytest.raises(SourceLost, match="did not answer within 1 s") as lost:
            take(source(f"rtsp://127.0.0.1:{mute.getsockname()[1]}/0", open_timeout_s=1.0), 1)
        assert time.monotonic() - begin < 1.6
        assert lost.value.retry


def test_something_else_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SourceLost, match=r"sends no video|did not answer") as lost:
            take(source(f"rtsp://127.0.0.1:{other.getsockname()[1]}/0", open_timeout_s=1.0), 1)
        thread.join()
    assert lost.value.retry


def test_closed_before_it_begins(shared_server: RtspServer) -> None:
    reading = source(shared_server.url())
    reading.close()
    assert list(reading.frames()) == []
