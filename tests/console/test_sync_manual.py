"""What the manual of the outbox shows is so: its settings are valid, its check of a signature checks."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from console.settings.file import SettingsFile
from console.settings.home import Home
from console.sync.targets.https.signing import key_of, sign

MANUAL = (Path(__file__).parents[2] / "resources" / "manual" / "sync.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_targets_shown_are_settings(own_home: Path) -> None:
    with Home.open(own_home) as home:
        home.settings_file.write_text(block("yaml"), "utf-8")
        loaded = SettingsFile(home.settings_file).load(keep=False)
    assert loaded.problems == ()
    assert {target.kind for target in loaded.settings.sync.targets} == {"cloud", "objects", "mqtt", "webhook"}


@pytest.mark.parametrize("secret", ["whsec_aGVsbG8gd29ybGQ=", "any other text"])
def test_the_check_of_signatures_shown_checks(secret: str) -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # our own manual
    now, body = int(time.time()), b'{"a": 1}'
    headers = {
        "webhook-id": "m", "webhook-timestamp": str(now), "webhook-signature": sign(key_of(secret), "m", now, body),
    }  # fmt: skip
    assert names["verify"](secret, headers, body)
    assert not names["verify"](secret, headers, body + b" ")
    assert not names["verify"]("another", headers, body)
    old = headers | {
        "webhook-timestamp": str(now - 600),
        "webhook-signature": sign(key_of(secret), "m", now - 600, body),
    }
    assert not names["verify"](secret, old, body)
