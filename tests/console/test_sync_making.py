"""From settings to targets: each kind is the one that was asked for, and a library that is missing is said in words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from console.settings.home import Home
from console.settings.section import SecretRef
from console.settings.sync import TargetKind, TargetSettings
from console.store.store import Store
from console.sync.targets import making
from console.sync.targets.base import Denied

_URLS: dict[TargetKind, str] = {
    "cloud": "https://cloud.test",
    "webhook": "https://hook.test/a",
    "objects": "file:///nowhere/at/all",
    "mqtt": "mqtts://broker.test:8883/site",
}


def settings(kind: TargetKind) -> TargetSettings:
    return TargetSettings(name=f"to-{kind}", kind=kind, url=_URLS[kind], secret=SecretRef(secret="one"))


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as store:
        yield store


@pytest.mark.parametrize("kind", sorted(_URLS))
def test_each_kind_is_made_and_nothing_is_connected_to(kind: TargetKind, store: Store) -> None:
    target = making.make_target(settings(kind), lambda _name: "secret", store, "site 3")
    try:
        assert type(target).__name__ == f"{kind.capitalize()}Target"
        assert target.name == f"to-{kind}"
        assert target.at_once >= 1
        assert target.at_once_bytes > 0
    finally:
        target.close()


@pytest.mark.parametrize("kind", ["objects", "mqtt"])
def test_a_library_that_is_missing_is_said_in_words(
    kind: TargetKind, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(making, "find_spec", none)
    with pytest.raises(Denied) as error:
        making.make_target(settings(kind), lambda _name: "", store, "")
    assert f"to-{kind}" in error.value.what
    assert "uv sync --extra targets" in error.value.hint


def test_the_desk_starts_without_any_library_of_a_target() -> None:
    heavy = ("httpcore", "httpx", "obstore", "paho", "truststore")
    script = f"import sys, console.sync.targets.making; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
