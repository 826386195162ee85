"""Addresses, look-ups, the table of sources, FFmpeg's errors in words."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from av import error

from console.errors import SourceLost, UsageError
from console.settings.schema import CameraSettings
from console.sources import address
from console.sources.address import Address, look_up, parse_address
from console.sources.av_words import lost
from console.sources.factory import open_source
from console.sources.file import FileSource
from console.sources.folder import FolderSource
from console.sources.mjpeg import HttpSource
from console.sources.rtsp import RtspSource
from console.sources.usb import UsbSource
from tests.servers.clips import encode


def test_logins_are_kept_apart_and_out_of_places() -> None:
    found = parse_address("rtsp://admin:p%40ss@cam.local/live?password=x", None)
    assert found == Address("rtsp://cam.local/live?password=x", "cam.local", 554, ("admin", "p@ss"))
    assert found.place == "cam.local:554"
    assert found.with_login() == "rtsp://admin:p%40ss@cam.local/live?password=x"
    assert parse_address("rtsp://a:b@h:8554/x", ("c", "d:/@")).with_login() == "rtsp://c:d%3A%2F%40@h:8554/x"
    assert parse_address("http://[::1]:8080/", None).place == "[::1]:8080"
    assert parse_address("http://user@h/", None).login == ("user", "")
    assert parse_address("http://h/a@b", None).url == "http://h/a@b"
    filled = parse_address("rtsp://h/user={user}&password={password}/1", ("me", "a/b"))
    assert filled.url == "rtsp://h/user=me&password=a%2Fb/1"
    assert filled.place == "h:554"


@pytest.mark.parametrize(
    "bad",
    ["rtsp://", "rtsp:///x", "http://h:99999/", "rtsp://h:x/", "http://[::1/", "rtsp://a b/", "http://h/\r\nX: y"],
)
def test_addresses_that_mean_nothing(bad: str) -> None:
    with pytest.raises(UsageError):
        parse_address(bad, None)


def test_look_up_is_bounded_and_says_what_it_did_not_find(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up(parse_address("rtsp://127.0.0.1/", None), 1)
    look_up(parse_address("rtsp://localhost/", None), 5)
    with pytest.raises(SourceLost, match="not known"):
        look_up(parse_address("rtsp://no-such-camera.invalid/", None), 10)
    release = threading.Event()
    monkeypatch.setattr(address.socket, "getaddrinfo", lambda *_, **__: release.wait(5))
    try:
        with pytest.raises(SourceLost, match=r"could not be looked up in 0\.1 s"):
            look_up(parse_address("rtsp://camera/", None), 0.1)
    finally:
        release.set()


def test_the_table_of_sources(tmp_path: Path) -> None:
    def opened(source: str, **more: object) -> object:
        return open_source(CameraSettings.model_validate({"id": "cam", "source": source, **more}), ("u", "p"))

    clip = encode(tmp_path / "a.mp4", codec="libx264", frames=2)
    assert isinstance(opened("rtsp://h/1"), RtspSource)
    assert isinstance(opened("RTSPS://h/1"), RtspSource)
    assert isinstance(opened("http://h/1"), HttpSource)
    assert isinstance(opened("usb:0"), UsbSource)
    assert isinstance(opened("usb:Logitech BRIO"), UsbSource)
    assert isinstance(opened(str(clip)), FileSource)
    assert isinstance(opened(clip.as_uri()), FileSource)
    assert isinstance(opened(str(tmp_path)), FolderSource)
    assert isinstance(opened(str(tmp_path / "later"), watch=True), FolderSource)
    assert isinstance(opened("C:\\clips\\gate.mp4"), FileSource)
    gone = opened(str(tmp_path / "gone.mp4"))
    assert isinstance(gone, FileSource)
    with pytest.raises(SourceLost, match="not there"):
        list(gone.frames())
    frame = next(iter(opened(str(clip), paced=False, rotation=90).frames()))  # type: ignore[attr-defined]
    assert (frame.camera_id, frame.size) == ("cam", (48, 64))
    for unknown in ("ftp://h/x", "gopher:x", "javascript:alert(1)"):
        with pytest.raises(UsageError, match="not known"):
            opened(unknown)


@pytest.mark.parametrize(
    ("failure", "words", "retry"),
    [
        (error.HTTPUnauthorizedError(1, "secret"), "refused the login", True),
        (error.HTTPForbiddenError(1, "secret"), "forbids", True),
        (error.HTTPNotFoundError(1, "secret"), "no such stream", True),
        (error.HTTPServerError(1, "secret"), "error of its own", True),
        (error.HTTPOtherClientError(1, "secret"), "does not accept", True),
        (error.ConnectionRefusedError(errno.ECONNREFUSED, "secret"), "refuses", True),
        (error.ConnectionResetError(errno.ECONNRESET, "secret"), "broke", True),
        (error.TimeoutError(errno.ETIMEDOUT, "secret"), "does not answer", True),
        (error.OSError(errno.EHOSTUNREACH, "secret"), "can't be reached", True),
        (error.OSError(errno.ENETUNREACH, "secret"), "network of", True),
        (error.ExitError(1, "secret"), "did not answer within 5 s", True),
        (error.DecoderNotFoundError(1, "secret"), "can't be decoded", False),
        (error.InvalidDataError(1, "secret"), "sends no video", True),
        (error.MemoryError(errno.ENOMEM, "secret"), "more memory", False),
        (error.ProtocolNotFoundError(1, "secret"), "not allowed", False),
        (error.UnknownError(77, "secret"), "can't be opened", True),
        (MemoryError(), "more memory", False),
        (UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"), "can't be opened", True),
    ],
)
def test_ffmpegs_errors_in_words(failure: BaseException, words: str, retry: bool) -> None:
    said = lost(failure, "cam:554", network=True, opening=True, limit_s=5, waited_s=0.1)
    assert words in said.what
    assert said.retry is retry
    assert "secret" not in str(said)
    assert "cam:554" in said.what


def test_past_its_limit_a_failure_is_the_limits() -> None:
    said = lost(error.InvalidDataError(1, "x"), "cam", network=True, opening=False, limit_s=2.5, waited_s=2.6)
    assert said.what == "No data from cam for 2.5 s."
    assert "disk" in lost(error.ExitError(1, "x"), "a.mp4", network=False, opening=True, limit_s=5, waited_s=5).hint
    damaged = lost(error.InvalidDataError(1, "x"), "a.mp4", network=False, opening=False, limit_s=2.5, waited_s=0)
    assert "damaged" in damaged.what
    cut = lost(error.OSError(errno.EIO, "x"), "a.mp4", network=False, opening=True, limit_s=2.5, waited_s=0)
    assert "cut short" in cut.hint
    assert not damaged.retry
