"""What is typed as SOURCE."""

from __future__ import annotations

import doctest
from typing import Any

import pytest

from console.cli import sources
from console.cli.sources import camera_id, cameras_from
from console.errors import SourceLost, UsageError
from console.settings.address import carries_password
from console.settings.schema import CameraSettings
from console.sources.factory import open_source

OPTIONS: dict[str, Any] = {
    "model": "m", "conf": 0.3, "paced": False, "loop": False, "watch": False, "track": True,
}  # fmt: skip
SECRETIVE = [
    "rtsp://10.0.0.7:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp",
    "rtsp://10.0.0.7:554/user=admin&password=tlJwpbo6&channel=1",
    "rtsp://10.0.0.7:554/password=tlJwpbo6",
    "rtsp://10.0.0.7:554/user=admin-password=tlJwpbo6-channel=1",
    "rtsp://10.0.0.7:554/user=ad-min_password=_tlJwpbo6_channel=1",
    "rtsp://10.0.0.7:554/user=admin_access_key=tlJwpbo6_channel=1",
    "http://10.0.0.7:554/live/access_token=tlJwpbo6/1",
    "http://10.0.0.7:554/v?pwd=tlJwpbo6",
]


def test_the_examples_in_the_docstrings_are_true() -> None:
    found = doctest.testmod(sources)
    assert found.attempted > 1
    assert found.failed == 0


@pytest.mark.parametrize("source", SECRETIVE)
def test_an_id_never_has_anything_of_a_path(source: str) -> None:
    assert camera_id(source) == "10-0-0-7-554"
    assert camera_id(source.replace("//", "//admin:p/w@")) == "10-0-0-7-554"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("街道.mp4", "camera"),
        ("/clips/街道 2.mp4", "2"),
        ("file:///clips/Gate.mp4", "gate"),
        ("C:\\\\clips.mp4", "c-clips"),
        ("rtsp:10.0.0.7/password=tlJwpbo6", "rtsp"),
        ("rtsp://[fe80::1]:554/a", "fe80-1-554"),
        ("gopher://x", "x"),
        ("synthetic:street?fps=30", "synthetic-street"),
    ],
)
def test_every_source_has_an_id(source: str, expected: str) -> None:
    assert camera_id(source) == expected
    CameraSettings(id=expected, source="x")


@pytest.mark.parametrize("source", SECRETIVE)
def test_a_password_in_a_path_is_seen_and_refused_with_what_to_type(source: str) -> None:
    assert carries_password(source)
    with pytest.raises(UsageError, match="has a password") as refused:
        cameras_from([source], **OPTIONS)
    assert "tlJwpbo6" not in str(refused.value)
    assert "{password}" in refused.value.hint
    assert "USER:PASSWORD@HOST" in refused.value.hint
    assert "file" not in str(refused.value)


def test_what_the_hint_says_works() -> None:
    typed = "rtsp://admin:tlJwpbo6@10.0.0.7/user={user}_password={password}_channel=1_stream=0.sdp"
    (camera,), passwords = cameras_from([typed], **OPTIONS)
    assert camera.source == "rtsp://10.0.0.7/user={user}_password={password}_channel=1_stream=0.sdp"
    assert camera.login is not None
    assert passwords == {camera.login.password.secret: "tlJwpbo6"}


@pytest.mark.parametrize("source", ["rtsp://10.0.0.7/user=admin_password=_channel=1", "rtsp://10.0.0.7/user=admin"])
def test_a_path_without_a_password_is_taken(source: str) -> None:
    assert not carries_password(source)


def test_the_home_of_nobody_is_said_in_words() -> None:
    with pytest.raises((UsageError, SourceLost), match="~no-such-user"):
        open_source(CameraSettings(id="a", source="~no-such-user/x.mp4"))
