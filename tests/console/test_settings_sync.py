"""Settings of targets: what is accepted, what is refused and at which line; and what goes where by them."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.privacy.changes import changes, guarded
from console.settings.file import check
from console.settings.home import Home
from console.settings.schema import Settings
from console.settings.sync import hours_of
from console.store import outbox
from console.store.store import Store
from console.sync import routes

CLOUD = {"name": "cloud", "kind": "cloud", "url": "https://cloud.example:8443"}


def settings(*targets: dict[str, Any], **more: Any) -> Settings:
    return Settings.model_validate({"sync": {"targets": list(targets), **more}})


@pytest.mark.parametrize(
    ("lines", "key", "words"),
    [
        ("kind: cloud, url: s3://bucket/x", "url", "begins with https"),
        ("kind: objects, url: https://x", "url", "begins with s3"),
        ("kind: cloud, url: http://10.0.0.5:80", "url", "in the clear"),
        ("kind: mqtt, url: mqtt://broker/x", "url", "in the clear"),
        ("kind: mqtt, url: mqtts://user:geheim@broker/x", "url", "password"),
        ("kind: cloud, url: 'https://'", "url", "no host"),
        ("kind: objects, url: s3://b/x, endpoint: http://10.0.0.5:9000", "endpoint", "in the clear"),
        ("kind: objects, url: s3://b/x, endpoint: store.example", "endpoint", "begins with https"),
        ("kind: webhook, url: https://x/y", "secret", "signed"),
        ("kind: cloud, url: https://x, certificate: /a.pem", "key", "belong together"),
        ("kind: cloud, url: https://x, key: /a.pem", "certificate", "belong together"),
        ("kind: cloud, url: https://x, hours: 25:00-26:00", "hours", "no time of day"),
        ("kind: cloud, url: https://x, secret: geheim", "secret", "password never stands"),
        ("kind: ftp, url: ftp://x", "kind", "cloud"),
        ("kind: cloud, url: https://x, sends: [everything]", "sends", "events"),
        ("kind: cloud, url: https://x, layuot: yolo", "layuot", "not a key"),
    ],
)
def test_a_mistake_is_named_at_its_key_and_repeats_no_value(lines: str, key: str, words: str) -> None:
    text = f"sync:\n  targets:\n    - {{name: a, {lines}}}\n"
    found, problems = check(text.encode())
    assert found is None
    (problem,) = problems
    assert key in problem.key
    assert words in f"{problem.what} {problem.hint}"
    assert problem.line == 3
    assert "geheim" not in f"{problem.what} {problem.hint}"


def test_two_targets_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two targets have the name cloud"):
        settings(CLOUD, CLOUD)


def test_hours_are_spans_of_the_day() -> None:
    assert hours_of("") == ()
    assert hours_of(" 22:00-06:00 ,12:30 - 24:00") == ((time(22), time(6)), (time(12, 30), time(0)))
    for wrong in ("22-06", "24:00-01:00", "1:00-24:30", "22:00", "a", "22:00-06:00;1:00-2:00"):
        with pytest.raises(ValueError, match=r".+"):
            hours_of(wrong)


@given(st.text(max_size=40))
def test_any_text_is_hours_or_is_refused(text: str) -> None:
    try:
        spans = hours_of(text)
    except ValueError:
        return
    assert all(isinstance(one, time) for span in spans for one in span)


def test_what_leaves_is_a_supervisors_to_change() -> None:
    before, after = guarded(settings()), guarded(settings(CLOUD))
    assert [change.what for change in changes(before, after)] == ["sync.targets"]


def test_without_a_target_nothing_is_wanted(own_home: Path) -> None:
    with Home.open(own_home) as home, Store.open(home) as store:
        routes.apply(store, settings())
        with store.read() as db:
            assert [outbox.targets_of(db, route, "gate") for route in routes.ROUTES] == [[]] * len(routes.ROUTES)


def test_routes_go_by_the_camera(own_home: Path) -> None:
    everything = CLOUD | {"sends": ["events", "verdicts", "items", "pictures", "sealed", "audit"]}
    some = {
        "name": "some", "kind": "objects", "url": "file:///tmp/x", "cameras": ["gate", "yard"],
        "sends": ["verdicts", "audit"], "by_camera": {"yard": ["events", "pictures"], "dock": []},
    }  # fmt: skip
    off = CLOUD | {"name": "off", "enabled": False}

    def found(db: Any) -> dict[str, dict[str, list[str]]]:
        return {
            camera: {route: outbox.targets_of(db, route, camera) for route in routes.ROUTES}
            for camera in ("gate", "yard", "dock", "other", "")
        }

    with Home.open(own_home) as home, Store.open(home) as store:
        for _again in range(2):
            routes.apply(store, settings(everything, some, off))
        with store.read() as db:
            ways = found(db)
        for camera in ways:  # what is of the site goes whatever the cameras are
            assert ways[camera]["erased"] == ways[camera]["audit"] == ["cloud", "some"]
            assert ways[camera]["item"] == ways[camera]["sealed"] == ["cloud"]
        assert ways["gate"]["verdict"] == ["cloud", "some"]
        assert ways["gate"]["verdict picture"] == ways["gate"]["event"] == ["cloud"]
        assert ways["yard"]["verdict"] == ["cloud"]
        assert ways["yard"]["event"] == ways["yard"]["event picture"] == ["cloud", "some"]
        assert ways["dock"]["verdict"] == ways["other"]["verdict"] == ["cloud"]
        routes.apply(store, settings(some))  # a target that left the settings gets nothing more
        with store.read() as db:
            assert found(db)["gate"]["verdict"] == ["some"]
