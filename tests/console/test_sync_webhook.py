"""Webhooks as a target: signed by the specification's own examples, and nothing set aside that is not its own fault."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import SecretError
from console.settings.section import SecretRef
from console.settings.sync import TargetSettings
from console.sync.targets.base import Busy, Denied, Full, Receipt, Refused, TargetError
from console.sync.targets.https import signing
from console.sync.targets.https.webhook import WebhookTarget, body_of
from tests.console.test_sync_tls import PATIENT
from tests.console.test_sync_wire import parcel
from tests.servers.hook import Hook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook(SECRET) as hook:
        yield hook


def webhook(url: str, secrets: dict[str, str] | None = None) -> WebhookTarget:
    settings = TargetSettings(name="hook", kind="webhook", url=url, secret=SecretRef(secret="hook"))
    found = {"hook": SECRET} if secrets is None else secrets

    def secret(name: str) -> str:
        if name not in found:
            raise SecretError("There is no secret named hook.", "Store it.")
        return found[name]

    return WebhookTarget(settings, secret, PATIENT)


def test_the_example_of_the_specification() -> None:
    body, key = b'{"test": 2432232314}', signing.key_of(SECRET)
    made = signing.sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": f"v1a,xxxx v1,AAAA {made}",
    }  # fmt: skip
    assert signing.verify(key, headers, body, 1614265330 + 299)
    assert not signing.verify(key, headers, body, 1614265330 + 301)
    assert not signing.verify(key, headers, body, 1614265330 - 301)


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 2**33), st.sampled_from(list("abcdef")), st.data())
def test_whatever_is_changed_the_signature_is_none(body: bytes, at: int, name: str, data: st.DataObject) -> None:
    key = signing.key_of("any text at all")
    headers = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signing.sign(key, name, at, body)}
    assert signing.verify(key, headers, body, at)
    assert not signing.verify(key + b"1", headers, body, at)
    assert not signing.verify(key, headers, body + b"1", at)
    what = data.draw(st.sampled_from(sorted(headers)))
    changed = data.draw(st.text(max_size=40).filter(lambda text: text.strip() != headers[what]))
    if what == "webhook-timestamp" and changed.isascii() and changed.isdigit() and int(changed) == at:
        return
    assert not signing.verify(key, {**headers, what: changed}, body, at)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"])
def test_a_secret_that_is_none_is_said_and_nothing_sent(hook: Hook, secret: str) -> None:
    with closing(webhook(hook.url, {"hook": secret})) as target:
        with pytest.raises(Denied) as error:
            target.send([parcel()])
        with pytest.raises(Denied):
            target.check()
    assert not hook.taken
    assert secret[6:] not in str(error.value) or len(secret) <= 6


def test_a_secret_that_is_missing_is_said(hook: Hook) -> None:
    with closing(webhook(hook.url, {})) as target, pytest.raises(Denied, match="no secret"):
        target.send([parcel()])


def test_a_secret_that_is_changed_is_taken_without_a_restart(hook: Hook) -> None:
    secrets = {"hook": "whsec_" + base64.b64encode(b"another").decode()}
    with closing(webhook(hook.url, secrets)) as target:
        with pytest.raises(Denied):
            target.send([parcel()])
        secrets["hook"] = SECRET
        assert isinstance(target.send([parcel()])[0], Receipt)


def test_a_message_is_json_with_its_file(hook: Hook, tmp_path: Path) -> None:
    one = parcel({"label": "自転車 🚲"}, tmp_path)
    assert one.file is not None
    with closing(webhook(hook.url)) as target:
        target.send([one])
        target.send([one])
    assert hook.repeats == 1
    assert hook.taken[one.message_id] == {
        "type": "event",
        "timestamp": one.written_at,
        "data": {
            "tracking_id": one.tracking_id, "camera_id": "gate", "number": 7, "body": {"label": "自転車 🚲"},
            "file": {
                "content_type": "image/jpeg", "sha256": hashlib.sha256(one.file.content).hexdigest(),
                "base64": base64.b64encode(one.file.content).decode(),
            },
        },
    }  # fmt: skip
    assert body_of(one) == body_of(one)
    assert "file" not in json.loads(body_of(parcel()))["data"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Denied), (403, Denied), (404, Denied), (405, Denied), (410, Denied), (301, Denied), (308, Denied),
     (408, Busy), (425, Busy), (429, Busy), (500, Busy), (503, Busy), (507, Full)],
)  # fmt: skip
def test_what_is_about_the_target_sets_no_message_aside(hook: Hook, status: int, kind: type[TargetError]) -> None:
    hook.answers.append((status, {"Retry-After": "9", "Location": "https://elsewhere.test/"}))
    with closing(webhook(hook.url)) as target:
        with pytest.raises(kind) as error:
            target.send([parcel()])
        assert type(error.value) is kind
        if kind in (Busy, Full):
            assert error.value.after_s == 9.0
        assert isinstance(target.send([parcel()])[0], Receipt)


@pytest.mark.parametrize("status", [400, 402, 409, 413, 415, 422, 451])
def test_what_is_about_the_message_sets_it_aside(hook: Hook, status: int) -> None:
    hook.answers += [(status, {}), (200, {})]  # the last one first
    with closing(webhook(hook.url)) as target:
        target.send([parcel()])
        (told,) = target.send([parcel()])
    assert isinstance(told, Refused)
    assert str(status) in told.what


def test_400_before_the_first_yes_may_be_the_signature_and_sets_nothing_aside(hook: Hook) -> None:
    hook.answers += [(400, {}), (400, {})]
    with closing(webhook(hook.url)) as target:
        for _again in range(2):
            with pytest.raises(Denied, match="400") as error:
                target.send([parcel()])
            assert "secret" in error.value.hint


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_yes_is_one(hook: Hook, status: int) -> None:
    hook.answers.append((status, {}))
    one = parcel()
    with closing(webhook(hook.url)) as target:
        assert list(target.send([one])) == [Receipt(one.message_id, {"status": status})]


def test_a_clock_that_is_wrong_sets_nothing_aside(hook: Hook) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    hook.answers += [(status, {"Date": theirs}) for status in (400, 401, 403)]
    with closing(webhook(hook.url)) as target:
        for _n in range(3):
            with pytest.raises(Denied, match="minutes apart") as error:
                target.send([parcel()])
            assert "clock" in error.value.hint


def test_checking_gives_the_receiver_nothing(hook: Hook) -> None:
    with closing(webhook(hook.url)) as target:
        assert "shows with the first message" in target.check()
    assert not hook.taken


def test_another_hand_signs_alike() -> None:
    """The signature by hand, as the specification words it."""
    key, at, body = b"key", int(time.time()), body_of(parcel())
    by_hand = base64.b64encode(hmac.digest(key, b"abc." + str(at).encode() + b"." + body, "sha256")).decode()
    assert signing.sign(key, "abc", at, body) == f"v1,{by_hand}"
