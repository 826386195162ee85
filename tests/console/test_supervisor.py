"""The supervisor: tries are limited whatever is switched off and on again, and nothing is done unrecorded."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import argon2
import keyring
import keyring.backends.fail
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import AuditError, NeedsSupervisor, SecretError
from console.privacy import supervisor as module
from console.privacy.changes import changes, guarded
from console.privacy.supervisor import SECRET, Supervisor, TooSoon, why_easy
from console.settings import vault
from console.settings.home import Home
from console.settings.schema import Settings
from console.settings.scrub import SCRUBBER
from console.settings.secrets import Secrets

PIN, OTHER, WRONG = "471108", "Ärger-2207", "000123"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Log(list[tuple[str, dict[str, Any]]]):
    failing = False

    def __call__(self, event: str, **details: object) -> None:
        if self.failing:
            raise AuditError("The disk is full.")
        self.append((event, details))

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = argon2.PasswordHasher
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: real(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "a long passphrase")
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)
    SCRUBBER.forget_all()


@pytest.fixture
def home(own_home: Path) -> Home:
    made = Home.look(own_home)
    made.make()
    return made


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one(home: Home, log: Log, clock: Clock) -> Supervisor:
    return Supervisor(Secrets(home), home.run, log, idle_s=60, clock=clock)


def later(home: Home, seconds: float) -> None:
    """As if the last wrong try had been so much earlier."""
    file = home.run / "supervisor.json"
    said = json.loads(file.read_text())
    said["at"] = (datetime.fromisoformat(said["at"]) - timedelta(seconds=seconds)).isoformat()
    file.write_text(json.dumps(said))


def test_without_a_pin_all_is_allowed_and_nobody_is_in_force(one: Supervisor) -> None:
    assert (one.has_pin, one.unlocked, one.allowed) == (False, False, True)
    with pytest.raises(SecretError):
        one.unlock(PIN)


def test_the_pin_lets_in_until_nobody_touches_anything(one: Supervisor, log: Log, clock: Clock) -> None:
    told: list[bool] = []
    one.on_change(lambda: told.append(one.unlocked))
    one.set_pin("", PIN)
    assert (one.has_pin, one.unlocked, one.allowed) == (True, False, False)
    assert not one.unlock(WRONG)
    assert one.unlock(f" {PIN} ")
    clock.now += 59
    assert one.allowed
    one.touch()
    clock.now += 59
    assert one.unlocked
    clock.now += 1
    one.touch()  # too late
    assert not one.allowed
    assert told == [True, False]
    assert log.events == ["supervisor PIN set", "wrong supervisor PIN", "supervisor unlocked", "supervisor locked"]
    assert log[-1][1] == {"why": "idle"}


def test_another_process_knows_the_same_pin_and_no_more(one: Supervisor, home: Home, log: Log) -> None:
    one.set_pin("", OTHER)
    assert one.unlock(OTHER)
    other = Supervisor(Secrets(home), home.run, log)
    assert other.has_pin
    assert not other.unlocked
    assert other.unlock("A\u0308rger-2207"), "the same letters, typed on another system"


def test_only_a_hash_is_kept_and_no_log_gets_the_pin(one: Supervisor, home: Home, log: Log) -> None:
    one.set_pin("", PIN)
    one.unlock(PIN)
    kept = Secrets(home).get(SECRET).get_secret_value()
    assert kept.startswith("$argon2id$")
    everything = b"".join(file.read_bytes() for file in home.path.rglob("*") if file.is_file())
    assert PIN.encode() not in everything
    assert b"argon2" not in everything, "the hash itself is in the encrypted file"
    assert PIN not in repr(log)
    assert SCRUBBER.text(f"the PIN {PIN} was typed") == "the PIN *** was typed"


def test_wrong_ones_wait_longer_and_longer_also_after_a_restart(one: Supervisor, home: Home, log: Log) -> None:
    one.set_pin("", PIN)
    for _ in range(3):
        assert one.wait_s() == 0
        assert not one.unlock(WRONG)
    pauses = []
    for _ in range(9):
        other = Supervisor(Secrets(home), home.run, log)
        for pin in (WRONG, PIN):
            with pytest.raises(TooSoon, match="Try again in"):
                other.unlock(pin)
        pauses.append(round(other.wait_s()))
        later(home, other.wait_s() + 0.01)
        assert not other.unlock(WRONG)
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    later(home, 3600)
    assert one.unlock(PIN)
    assert one.wait_s() == 0
    assert log.events.count("wrong supervisor PIN") == 12


def test_a_clock_set_back_or_a_damaged_count_gains_nothing(one: Supervisor, home: Home) -> None:
    one.set_pin("", PIN)
    file = home.run / "supervisor.json"
    file.write_text(json.dumps({"wrong": 5, "at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}))
    assert one.wait_s() == 120
    for damaged in ("", "{", "[]", '{"wrong": "x"}'):
        file.write_text(damaged)
        assert not one.unlock(WRONG)
        assert one.wait_s() == pytest.approx(60, abs=1)


def test_a_try_counts_before_it_is_looked_at(one: Supervisor, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    one.set_pin("", PIN)

    class Pulled:
        def verify(self, *_: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(argon2, "PasswordHasher", Pulled)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            one.unlock(PIN)
    with pytest.raises(TooSoon):
        one.unlock(PIN)


def test_nobody_comes_into_force_unrecorded(one: Supervisor, log: Log) -> None:
    one.set_pin("", PIN)
    log.failing = True
    with pytest.raises(AuditError):
        one.unlock(PIN)
    assert not one.unlocked
    with pytest.raises(AuditError):
        one.set_pin(PIN, OTHER)
    with pytest.raises(AuditError):
        one.clear_pin(PIN)
    assert not one.unlock(WRONG), "a wrong one is counted all the same"
    log.failing = False
    assert one.unlock(PIN), "the old one stays"
    log.failing = True
    one.lock()
    assert not one.unlocked, "back is always possible"


def test_another_pin_takes_the_old_one(one: Supervisor, log: Log) -> None:
    one.set_pin("", PIN)
    with pytest.raises(NeedsSupervisor, match="not the supervisor's PIN"):
        one.set_pin(WRONG, OTHER)
    one.set_pin(PIN, OTHER)
    assert not one.unlock(PIN)
    assert one.unlock(OTHER)
    with pytest.raises(NeedsSupervisor):
        one.clear_pin(PIN)
    one.clear_pin(OTHER)
    assert one.allowed
    one.set_pin("", PIN)
    one.clear_pin("", forgotten=True)
    assert not one.has_pin
    assert log[-1] == ("supervisor PIN cleared", {"forgotten": True})


def test_a_list_of_secrets_that_can_not_be_read_locks(one: Supervisor, home: Home) -> None:
    one.set_pin("", PIN)
    (home.path / "secrets.json").write_text("{")
    assert one.has_pin
    assert not one.allowed


def test_a_damaged_hash_is_said(one: Supervisor, home: Home) -> None:
    one.set_pin("", PIN)
    Secrets(home).set(SECRET, "nothing of argon2's")
    with pytest.raises(SecretError, match="damaged") as caught:
        one.unlock(PIN)
    assert PIN not in str(caught.value)


@pytest.mark.parametrize("pin", ["", "12345", "123456", "987654", "000000", "aaaaaa", "abcdef", " 1234 ", "x" * 65])
def test_easy_ones_are_refused(one: Supervisor, pin: str) -> None:
    assert why_easy(pin)
    with pytest.raises(NeedsSupervisor):
        one.set_pin("", pin)
    assert not one.has_pin


@settings(max_examples=20, deadline=None)
@given(st.text(string.ascii_letters + string.digits, min_size=6, max_size=12), st.data())
def test_no_other_pin_is_the_right_one(pin: str, data: st.DataObject) -> None:
    from pydantic import SecretStr

    class Memory(dict[str, str]):
        def names(self) -> dict[str, Any]:
            return dict(self)

        def get(self, name: str) -> SecretStr:  # type: ignore[override]
            return SecretStr(self[name])

        def set(self, name: str, value: str) -> None:
            self[name] = value

    if why_easy(pin):
        return
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        one = Supervisor(Memory(), Path(folder), Log())  # type: ignore[arg-type]
        one.set_pin("", pin)
        other = data.draw(st.text(string.ascii_letters + string.digits, max_size=12).filter(lambda o: o != pin))
        assert not one.unlock(other)
        assert one.unlock(pin)
    assert module.SECRET == "sightdesk.supervisor-pin"


def test_what_is_a_supervisors_and_what_is_not() -> None:
    camera = {"id": "gate", "source": "usb:0"}
    base = Settings.model_validate({"cameras": [camera]})

    def what(**sections: Any) -> list[str]:
        found = changes(guarded(base), guarded(Settings.model_validate({"cameras": [camera], **sections})))
        return [change.what for change in found]

    allowed = {"allowed": [{"address": "h:1", "purpose": "x"}]}
    assert what(privacy={"faces": False}) == ["privacy.faces"]
    assert what(keep={"days": 3}) == ["keep.days"]
    assert what(events={"keep_days": 3}) == ["events.keep_days"]
    assert what(audit={"anchor": "/x"}) == ["audit.anchor"]
    assert what(remote=allowed) == ["remote.allowed"]
    assert what(cameras=[{**camera, "privacy": {"style": "blur"}}]) == ["cameras.gate.privacy.style"]
    assert what(cameras=[{**camera, "published_as": "a film"}]) == ["cameras.gate.published_as"]
    assert what(cameras=[{**camera, "keep": {"days": 1}}]) == ["cameras.gate.keep.days"]
    assert what(cameras=[{**camera, "name": "Gate", "rotation": 90}], desk={"theme": "dark"}, operators=["Kim"]) == []
    assert what(cameras=[]) == []
