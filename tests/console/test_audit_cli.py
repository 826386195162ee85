"""`sightdesk audit` and `sightdesk supervisor`: exit codes, and words that say what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import argon2
import keyring
import keyring.backends.fail
import pytest

from console.cli import main
from console.privacy.audit.chain import FILE
from console.privacy.audit.record import Audit, let_go
from console.settings import vault
from console.settings.home import Home
from console.settings.scrub import SCRUBBER
from tests import tiny_onnx

PIN, OTHER = "471108", "220711"


class Typed:
    """Standard input of a command."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self) -> str:
        return self.text

    def isatty(self) -> bool:
        return False


class Told:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> Iterator[None]:
    real = argon2.PasswordHasher
    monkeypatch.setattr(argon2, "PasswordHasher", lambda: real(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "a long passphrase")
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    Home.look(own_home).make()
    yield
    let_go(own_home, 0.5)
    keyring.set_keyring(before)
    SCRUBBER.forget_all()


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*argv: str, typed: str = "") -> Told:
        monkeypatch.setattr(sys, "argv", ["sightdesk", *argv])
        monkeypatch.setattr(sys, "stdin", Typed(typed))
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Told(int(end.value.code or 0), said.out, said.err)

    return run


def test_verify_head_and_show(tell: Any, own_home: Path) -> None:
    assert tell("audit", "verify").code == 0
    assert tell("audit", "head", "--json").json == {"head": None, "record": None}
    assert "Nothing is recorded" in tell("audit", "show").err
    record = Audit(own_home)
    for number in range(3):
        record.write("picture erased", number=number, who="Kim")
    head = tell("audit", "head").out.strip()
    assert head.startswith("3:")
    record.write("policy changed")
    sound = tell("audit", "verify", "--against", head, "--json")
    assert (sound.code, sound.json["sound"], sound.json["lines"]) == (0, True, 4)
    shown = tell("audit", "show", "--event", "ERASED", "--last", "2", "--json").json["entries"]
    assert [entry["number"] for entry in shown] == [1, 2]
    assert "picture erased  number=0  who=Kim" in tell("audit", "show").out
    file = own_home / FILE
    file.write_bytes(file.read_bytes().replace(b"Kim", b"Sam", 1))
    forged = tell("audit", "verify", "--json")
    assert (forged.code, forged.json["problems"]) == (1, ["Line 1: changed, or put in by something else."])
    assert tell("audit", "show").out.splitlines()[0].startswith("     1?")
    assert tell("audit", "verify", "--against", "no head").code == 2


def test_the_anchor_of_the_settings_is_asked(tell: Any, own_home: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.jsonl"
    (own_home / "settings.yaml").write_text(f"audit: {{anchor: {anchor}}}\n")
    Audit(own_home).write("done")
    let_go(own_home, 5)
    assert tell("audit", "verify", "--json").json["anchored"] == 1
    (own_home / FILE).unlink()
    assert tell("audit", "verify").code == 1
    assert tell("audit", "verify", "--anchor", str(tmp_path / "none")).code == 1


def test_a_pin_is_set_changed_and_cleared(tell: Any) -> None:
    assert tell("supervisor", "status", "--json").json == {"pin": False, "wait_s": 0}
    assert tell("supervisor", "set-pin").code == 2, "nobody is at the terminal"
    assert tell("supervisor", "set-pin", "--stdin", typed="123456\n").code == 1
    assert tell("supervisor", "set-pin", "--stdin", typed=PIN).code == 0
    assert tell("supervisor", "status", "--json").json["pin"] is True
    wrong = tell("supervisor", "set-pin", "--stdin", typed=f"{OTHER}\n{OTHER}")
    assert wrong.code == 1
    assert OTHER not in wrong.out + wrong.err
    assert tell("supervisor", "set-pin", "--stdin", typed=f"{PIN}\n{OTHER}").code == 0
    assert tell("supervisor", "clear", "--stdin", typed=PIN).code == 1
    assert tell("supervisor", "clear", "--forgotten", "--stdin", typed="yes").code == 2
    assert tell("supervisor", "clear", "--stdin", typed=OTHER).code == 0
    assert tell("supervisor", "clear", "--stdin", typed=OTHER).code == 2
    tell("supervisor", "set-pin", "--stdin", typed=PIN)
    assert tell("supervisor", "clear", "--forgotten", "--stdin", typed="CLEAR").code == 0
    events = [entry["event"] for entry in tell("audit", "show", "--json").json["entries"]]
    assert events == [
        "supervisor PIN set", "wrong supervisor PIN", "supervisor PIN changed", "wrong supervisor PIN",
        "supervisor PIN cleared", "supervisor PIN set", "supervisor PIN cleared",
    ]  # fmt: skip
    assert tell("audit", "verify").code == 0


def test_the_programs_own_secret_is_nobody_elses(tell: Any, own_home: Path) -> None:
    tell("supervisor", "set-pin", "--stdin", typed=PIN)
    for command in ("set", "remove"):
        refused = tell("secrets", command, "sightdesk.supervisor-pin", *(["--stdin"] * (command == "set")), typed="x")
        assert refused.code == 2
    assert tell("supervisor", "status", "--json").json["pin"] is True
    model = tiny_onnx.yolox(own_home / "tiny.onnx")
    (own_home / "settings.yaml").write_text(
        f"inference: {{model: {model}}}\ncameras:\n  - id: gate\n    source: rtsp://127.0.0.1:9/x\n"
        "    login: {user: me, password: {secret: sightdesk.supervisor-pin}}\n"
    )
    ran = tell("run", "--seconds", "1", "--json")
    assert "is none for cameras" in ran.json["cameras"]["gate"]["detail"] + ran.err


def test_guarded_settings_take_the_pin_at_the_terminal_too(tell: Any, own_home: Path) -> None:
    assert tell("settings", "edit", "privacy.faces=false").code == 0
    changed = tell("audit", "show", "--json").json["entries"][-1]
    assert changed["changes"] == [{"what": "privacy.faces", "from": True, "to": False}]
    tell("supervisor", "set-pin", "--stdin", typed=PIN)
    refused = tell("settings", "edit", "privacy.faces=true")
    assert (refused.code, "for a supervisor" in refused.err) == (1, True)
    assert "faces: false" in (own_home / "settings.yaml").read_text()
    assert tell("settings", "edit", "log.level=debug").code == 0


def test_the_doctor_looks_at_it(tell: Any, own_home: Path) -> None:
    Audit(own_home).write("done")
    found = {item["about"]: item for item in tell("doctor", "--json").json["findings"]}
    assert found["audit"]["what"] == "sound up to line 1, not anchored off this machine"
    (own_home / FILE).write_bytes(b"x" + (own_home / FILE).read_bytes())
    found = {item["about"]: item for item in tell("doctor", "--json").json["findings"]}
    assert found["audit"]["state"] == "problem"
