"""Cameras typed or pasted: logins split off, ids that differ, lists and CSV with and without headings."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings import imports
from console.settings.address import carries_password
from console.settings.imports import Verdict, free_id, name_of, read_rows, split_login
from console.settings.presets import PRESETS, preset
from console.settings.schema import CameraSettings, Settings
from console.settings.scrub import SCRUBBER

NONE = Settings()


def test_its_own_examples() -> None:
    assert doctest.testmod(imports).failed == 0


@pytest.mark.parametrize(
    ("typed", "source", "user", "password"),
    [
        ("rtsp://admin:pa/ss@10.0.0.7/live", "rtsp://10.0.0.7/live", "admin", "pa/ss"),
        ("rtsp://admin:a@b:c@10.0.0.7/live", "rtsp://10.0.0.7/live", "admin", "a@b:c"),
        ("rtsp://admin@10.0.0.7/live", "rtsp://10.0.0.7/live", "admin", ""),
        ("http://h/v?usr=a&pwd=geheim1&x=2", "http://h/v?usr={user}&pwd={password}&x=2", "a", "geheim1"),
        (" rtsp://10.0.0.7/live ", "rtsp://10.0.0.7/live", "", ""),
        ("clips/a:b@c.mp4", "clips/a:b@c.mp4", "", ""),
    ],
)
def test_a_login_is_split_off(typed: str, source: str, user: str, password: str) -> None:
    bare, login = split_login(typed)
    assert (bare, login.user, login.password) == (source, user, password)
    assert not carries_password(bare)
    assert password not in repr(login) or not password
    if len(password) > 5:
        assert password not in SCRUBBER.text(f"it was {password}")


@given(
    st.text(min_size=1).filter(lambda s: not any(c.isspace() or not c.isprintable() for c in s)), st.text(max_size=8)
)
def test_no_password_stays_before_the_host(password: str, user: str) -> None:
    bare, _login = split_login(f"rtsp://u:{password}@10.0.0.7/live")
    assert bare == "rtsp://10.0.0.7/live"


def test_addresses_alone() -> None:
    rows = read_rows("rtsp://10.0.0.1/a\n\n# no\nrtsp://u:p1@10.0.0.2/a,b?x=1\nrtsp://10.0.0.1/a\nnonsense\n", NONE)
    assert [row.verdict for row in rows] == [Verdict.NEW, Verdict.NEW, Verdict.TWICE, Verdict.WRONG]
    assert [row.line for row in rows] == [1, 4, 5, 6]
    assert (rows[1].login.user, rows[1].login.password) == ("u", "p1")
    assert rows[0].name == "10.0.0.1"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_with_a_heading(mark: str) -> None:
    text = 'Group,Name,URL,Password,Username\nYard,"East",rtsp://10.0.0.1/a,geheim,admin\n,West,10.0.0.2,,\n'
    rows = read_rows(text.replace(",", mark), NONE, preset("Hikvision"))
    assert [(r.group, r.name, r.source) for r in rows] == [
        ("Yard", "East", "rtsp://10.0.0.1/a"), ("", "West", "rtsp://10.0.0.2/Streaming/Channels/101"),
    ]  # fmt: skip
    assert rows[0].login.password == "geheim"
    assert not rows[1].login


def test_a_table_without_a_heading() -> None:
    rows = read_rows("East,rtsp://10.0.0.1/a,admin,geheim,Yard\nWest,usb:0\n", NONE)
    assert [(r.name, r.source, r.login.user, r.group) for r in rows] == [
        ("East", "rtsp://10.0.0.1/a", "admin", "Yard"), ("West", "usb:0", "", ""),
    ]  # fmt: skip


def test_a_host_alone_needs_a_form_and_known_cameras_are_seen() -> None:
    there = Settings(cameras=(CameraSettings(id="a", name="Gate", source="rtsp://10.0.0.1/a"),))
    rows = read_rows("10.0.0.9\ncam.example.org:8554\nrtsp://10.0.0.1/a", there)
    assert [row.verdict for row in rows] == [Verdict.WRONG, Verdict.WRONG, Verdict.THERE]
    assert "Gate" in rows[2].why
    assert (
        read_rows("cam.example.org:8000", there, preset("Foscam"))[0].source == "rtsp://cam.example.org:8000/videoMain"
    )


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for row in read_rows(text, NONE, PRESETS[0]):
        assert row.verdict is Verdict.WRONG or not carries_password(row.source)


def test_every_form_makes_an_address() -> None:
    names = [form.name for form in PRESETS]
    assert len(set(names)) == len(names)
    for form in PRESETS:
        for stream in range(max(len(form.streams), 1)):
            address = form.address("10.0.0.7", channel=2, stream=stream, code="abc")
            assert "10.0.0.7" in address
            assert "{" not in address
            assert not carries_password(address)
            CameraSettings(id="a", source=address)
    hikvision = preset("Hikvision")
    assert hikvision is not None
    assert hikvision.address("[::1]", 12, 1) == "rtsp://[::1]/Streaming/Channels/1202"


def test_ids_and_names() -> None:
    assert free_id("Straße 5!", []) == "strasse-5"
    assert free_id("…", ["camera"]) == "camera-2"
    assert name_of("rtsp://u:x@10.0.0.7:99/a") == "10.0.0.7"
    assert name_of("clips/Main Street.mp4") == "Main Street"
    assert name_of("usb:Logitech C920") == "Logitech C920"
