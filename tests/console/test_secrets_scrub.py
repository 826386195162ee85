"""The scrubber: what looks like a secret, and what is known to be one."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from console.settings.scrub import MASK, Scrubber


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("open rtsp://admin:hunter2@10.0.0.5:554/live failed", "open rtsp://***@10.0.0.5:554/live failed"),
        ("rtsp://admin:p@ss@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        ("rtsp://admin:pa/ss@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        ("https://ghp_token@host/x", "https://***@host/x"),
        ("'http://u:p@h/x', 'http://u:p@h/y'", "'http://***@h/x', 'http://***@h/y'"),
        ("GET /v?user=a&pwd=hunter2&z=1", "GET /v?user=a&pwd=***&z=1"),
        ("?loginuse=a&loginpas=hunter2", "?loginuse=a&loginpas=***"),
        ("X-Amz-Signature=abc123&x=1", "X-Amz-Signature=***&x=1"),
        ("password=hunter2, next", "password=***, next"),
        ("'password': 'hunter 2', 'x': 1", "'password': ***, 'x': 1"),
        ('{"api_key": "hunter\\"2", "x": 1}', '{"api_key": ***, "x": 1}'),
        ("Authorization: Basic dXNlcjpodW50ZXIy\nHost: a", "Authorization: ***\nHost: a"),
        ("Cookie: session=hunter2; other=1", "Cookie: ***"),
        ("token is Bearer abcDEF12345 end", "token is Bearer *** end"),
        ("SIGHTDESK_PASSPHRASE=hunter2", "SIGHTDESK_PASSPHRASE=***"),
        ("aws_secret_access_key = hunter2", "aws_secret_access_key = ***"),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiI.abc-def end", "jwt *** end"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nx", "private key ***\nx"),
    ],
)
def test_what_looks_like_a_secret_goes(text: str, scrubbed: str) -> None:
    assert Scrubber().text(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "http://cam:8080/video?size=1",
        "login: {user: a, password: {secret: gate}}",
        "There is no secret named gate. Store it with: sightdesk secrets set gate",
        "compass: north, design=3, author: me, signal=-60",
        "RTSP/1.0 401 Unauthorized, Basic realm",
        "12:30:45 gate at (1, 2): person 0.91",
        "a@b.example and C:\\x\\y",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert Scrubber().text(text) == text


SPELLINGS = [
    lambda value: value,
    lambda value: quote(value, safe=""),
    quote_plus,
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: repr(value)[1:-1],
    lambda value: base64.b64encode(value.encode()).decode(),
]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40), st.sampled_from(SPELLINGS))
def test_a_known_value_goes_however_it_is_spelled(value: str, spelling) -> None:
    assume(value.strip())
    assume(value not in f"log {MASK} line")
    scrubber = Scrubber()
    scrubber.remember(value)
    for text in (scrubber.text(f"log {spelling(value)} line"), scrubber.known(f"log {spelling(value)} line")):
        assert spelling(value) not in text
        assert text.startswith("log ")


def test_a_short_value_goes_only_as_a_word() -> None:
    scrubber = Scrubber()
    scrubber.remember("1234")
    assert scrubber.text("pin 1234, at 12:34:12345") == "pin ***, at 12:34:12345"


def test_a_value_inside_another_leaves_no_rest() -> None:
    scrubber = Scrubber()
    scrubber.remember("swordfish")
    scrubber.remember("swordfish-and-more")
    assert scrubber.text("x swordfish-and-more y") == "x *** y"


def test_nested_values_go_by_key_and_by_text() -> None:
    scrubber = Scrubber()
    scrubber.remember("hunter2-known")
    value = {
        "password": "a", "nested": [{"api_key": 12345}, ("Authorization", "Basic x"), b"hunter2-known"],
        "url": "rtsp://u:p@h/x", "login": {"user": "me", "password": {"secret": "gate"}}, "token_count": 3, "on": True,
        "text": "say hunter2-known", "none": None, "hunter2-known": 1,
    }  # fmt: skip
    assert scrubber.value(value) == {
        "password": MASK, "nested": [{"api_key": MASK}, ["Authorization", MASK], "b'***'"],
        "url": "rtsp://***@h/x", "login": {"user": "me", "password": {"secret": "gate"}}, "token_count": 3, "on": True,
        "text": "say ***", "none": None, MASK: 1,
    }  # fmt: skip


def test_endless_nesting_ends() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert MASK in str(Scrubber().value(endless))


def test_passwords_are_learnt_from_broken_settings() -> None:
    scrubber = Scrubber()
    scrubber.learn(
        "source: rtsp://admin:hunter%402@h/x\n  password: 'swordfish'\n# login: {password: {secret: gate}}\n"
    )
    assert scrubber.text("hunter@2 swordfish gate admin") == "*** *** gate admin"


@pytest.mark.parametrize(
    "piece",
    ["a", "a-", "a://", "a:", "password", '"', 'password="', "eyJ", " Basic", "password='\\", "a://:@", "&pwd="],
)
def test_a_long_line_costs_no_more_than_its_length(piece: str) -> None:
    line = piece * (100_000 // len(piece))
    begun = time.process_time()
    Scrubber().text(line)
    assert time.process_time() - begun < 2.0


@given(st.text())
def test_any_text_is_scrubbed_without_an_exception(text: str) -> None:
    scrubber = Scrubber()
    scrubber.remember("known secret")
    scrubber.learn(text)
    scrubber.text(text)
