"""HttpSource against a camera that does everything wrong; the JPEG scanner byte by byte."""

from __future__ import annotations

import ssl
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import SourceLost
from console.sources import mjpeg
from console.sources.address import parse_address
from console.sources.jpeg_stream import JpegScanner
from console.sources.mjpeg import HttpSource
from console.sources.orientation import Orientation
from models.frames import Frame
from tests.servers.certificates import self_signed
from tests.servers.clips import corners, encode, jpeg, turned_corners
from tests.servers.mjpeg_server import MjpegServer, part
from tests.servers.rtsp_server import free_port


def source(url: str, login: tuple[str, str] | None = None, **options: object) -> HttpSource:
    return HttpSource(
        "cam", parse_address(url, login), open_timeout_s=1.0, read_timeout_s=1.0, **options  # type: ignore[arg-type]
    )  # fmt: skip


def take(reading: HttpSource, count: int) -> list[Frame]:
    frames = []
    for frame in reading.frames():
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


@pytest.mark.parametrize("mode", ["good", "bare", "garbage", "sizes"])
def test_pictures_come_whatever_is_around_them(mode: str) -> None:
    with MjpegServer(mode) as server:
        reading = source(server.url, orientation=Orientation(90))
        frames = take(reading, 15)
    assert [frame.seq for frame in frames] == list(range(15))
    assert {frame.size for frame in frames} == ({(48, 64), (80, 96)} if mode == "sizes" else {(48, 64)})
    assert corners(frames[-1].picture.view(48, 64)) == turned_corners(90, mirror=False)
    assert all(frame.pts is None and "decode" in frame.trace.seconds() for frame in frames)
    assert (reading.skipped > 0) == (mode == "garbage")


@pytest.mark.parametrize(
    ("mode", "detail", "words", "retry"),
    [
        ("count", 0, "ended the stream", True),
        ("cut", 0, "ended the stream", True),
        ("silent", 0, "No data from 127.0.0.1", True),
        ("endless_header", 0, "not as a web server", True),
        ("trickle_header", 0, "did not answer within 1 s", True),
        ("page", 0, "web page", True),
        ("nonsense", 0, "not as a web server", True),
        ("status", 401, "refused the login", True),
        ("status", 403, "forbids", True),
        ("status", 404, "no such stream", True),
        ("status", 503, "error of its own", True),
        ("status", 418, "status 418", True),
    ],
)
def test_what_goes_wrong_is_said_in_words(mode: str, detail: int, words: str, retry: bool) -> None:
    with MjpegServer(mode, detail=detail) as server:
        begin = time.monotonic()
        with pytest.raises(SourceLost, match=words) as lost:
            list(source(server.url).frames())
        assert time.monotonic() - begin < 1.5
    assert lost.value.retry is retry
    assert lost.value.hint


def test_data_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mjpeg, "_PICTURELESS_S", 0.5)
    with MjpegServer("no_picture") as server, pytest.raises(SourceLost, match="no picture came of it"):
        list(source(server.url).frames())
    noise = b"\x47" + bytes(187)
    with MjpegServer("stream", body=noise * 2000) as server, pytest.raises(SourceLost):
        list(source(server.url).frames())


def test_pictures_that_cannot_be_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mjpeg, "_BAD_IN_A_ROW", 5)
    good = jpeg()
    scan = good.index(b"\xff\xda")
    hollow = good[: scan + 4] + b"\xff\xd9"
    body = part(good) + part(hollow) * 50
    with MjpegServer("file", body=body, content_type="multipart/x-mixed-replace") as server:
        reading = source(server.url)
        with pytest.raises(SourceLost, match=r"ended|no picture"):
            list(reading.frames())
    assert reading.skipped >= 5


@pytest.mark.parametrize("mode", ["silent", "slow", "trickle_header", "good"])
def test_close_cuts_the_connection_at_once(mode: str) -> None:
    with MjpegServer(mode) as server:
        reading = source(server.url)
        timer = threading.Timer(0.2, reading.close)
        timer.start()
        begin = time.monotonic()
        list(reading.frames())
        assert time.monotonic() - begin < 0.5
        timer.join()
        reading.close()
        assert list(reading.frames()) == []


@pytest.mark.parametrize("digest", [False, True])
def test_login(digest: bool) -> None:
    with MjpegServer("good", login=("admin", "pä:ss@/"), digest=digest) as server:
        assert len(take(source(server.url, ("admin", "pä:ss@/")), 2)) == 2
        written = server.url.replace("//", "//admin:p%C3%A4%3Ass%40%2F@")
        assert len(take(source(written), 2)) == 2
        for login in (None, ("admin", "wrong")):
            with pytest.raises(SourceLost, match="refused the login") as lost:
                take(source(server.url, login), 1)
            assert lost.value.after_s >= 60  # asking often would lock the account
            assert "wrong" not in str(lost.value)


def test_nobody_there() -> None:
    with pytest.raises(SourceLost, match="refuses the connection") as lost:
        list(source(f"http://127.0.0.1:{free_port()}/video").frames())
    assert lost.value.retry


def test_plain_video_over_http(tmp_path: Path) -> None:
    clip = encode(
        tmp_path / "a.ts", codec="libx264", frames=10, container="mpegts", options={"tune": "zerolatency"}
    ).read_bytes()
    with MjpegServer("file", body=clip) as server:
        frames = list(source(server.url).frames())
    assert [frame.seq for frame in frames] == list(range(10))
    assert frames[-1].captured_ns - frames[0].captured_ns > 0.3e9  # at its own speed
    with MjpegServer("stream", body=clip) as server, pytest.raises(SourceLost, match="No data"):
        list(source(server.url).frames())
    with MjpegServer("file", body=b"no video" * 1000) as server, pytest.raises(SourceLost, match="no video that can"):
        list(source(server.url).frames())
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n"
    with MjpegServer("file", body=playlist) as server, pytest.raises(SourceLost, match="no video that can"):
        list(source(server.url).frames())


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    with MjpegServer("good", tls=self_signed(tmp_path)) as server:
        with pytest.raises(SourceLost, match="certificate is not trusted") as lost:
            list(source(server.url).frames())
        assert not lost.value.retry
    with MjpegServer("good") as server, pytest.raises(SourceLost):
        list(source(server.url.replace("http:", "https:")).frames())


def test_close_cuts_a_tls_connection_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unverified(_protocol: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    monkeypatch.setattr("console.sources.http_stream.truststore.SSLContext", unverified)
    with MjpegServer("silent", tls=self_signed(tmp_path)) as server:
        reading = source(server.url)
        timer = threading.Timer(0.3, reading.close)
        timer.start()
        begin = time.monotonic()
        assert len(list(reading.frames())) == 1
        assert time.monotonic() - begin < 0.6
        timer.join()


@given(st.lists(st.integers(1, 700), max_size=30), st.integers(0, 3))
def test_scanner_finds_every_picture_however_the_bytes_are_cut(cuts: list[int], junk: int) -> None:
    pictures = [jpeg(number=number) for number in range(3)]
    stream = (b"--b\r\nX: \xff\xd8 \xff\r\n\r\n" * junk).join([b"", *pictures, b""])
    scanner, found, at = JpegScanner(), [], 0
    for cut in [*cuts, len(stream)]:
        found += list(scanner.feed(stream[at : at + cut]))
        at += cut
    assert found == pictures


@given(st.binary(max_size=3000))
def test_scanner_never_fails(data: bytes) -> None:
    scanner = JpegScanner()
    for _ in scanner.feed(b"\xff\xd8\xff" + data):
        pass
    good = jpeg()
    assert list(scanner.feed(good * 300))[-1] == good  # a false header may swallow 64 kB, no more


def test_scanner_forgets_endless_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sources.jpeg_stream._LONGEST", 10_000)
    good = jpeg()
    scan = good.index(b"\xff\xda") + 14
    scanner = JpegScanner()
    assert list(scanner.feed(good[:scan] + bytes(20_000))) == []
    assert list(scanner.feed(bytes(20_000) + good)) == [good]
    assert scanner.broken == 1
    assert len(scanner._buffer) < 100


def test_a_thumbnail_does_not_end_a_picture() -> None:
    good = jpeg()
    thumbnail = jpeg(16, 16)
    inside = good[:2] + b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail + good[2:]
    assert list(JpegScanner().feed(inside)) == [inside]
