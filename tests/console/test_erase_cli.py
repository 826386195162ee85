"""`sightdesk erase`: a look first, a question, progress, a report; beside a running desk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import app as command_line
from console.cli import erase as command
from console.settings.home import Home
from console.store.store import Store
from tests.console.erasing import NOON, Item, plant, remains


@pytest.fixture
def desk(own_home: Path) -> Iterator[tuple[Home, Store, list[Item]]]:
    """A running desk's home and database."""
    with Home.open(own_home) as home, Store.open(home) as store:
        yield home, store, [plant(home, store, ("gate", "yard")[n % 2], n) for n in range(4)]


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["sightdesk", "erase", *words])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_a_look_then_the_erasure_and_its_report(
    desk: tuple[Home, Store, list[Item]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    home, _store, items = desk
    code, out, err = run(monkeypatch, capsys, "--camera", "gate", "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["would_erase"]["events"] == 2
    assert remains(home.path, items[0].needles)
    code, out, err = run(monkeypatch, capsys, "--camera", "gate")
    assert (code, out) == (2, "")
    assert "Nobody is at the terminal" in err
    copy = tmp_path / "report.json"
    code, out, err = run(monkeypatch, capsys, "--camera", "gate", "--yes", "--json", "--report", str(copy))
    assert code == 0
    assert json.loads(out)["figures"]["events"] == 2
    assert json.loads(copy.read_text())["asked"] == ["camera"]
    assert "Erasing: 0 %" in err
    assert remains(home.path, [n for item in items if item.camera == "gate" for n in item.needles]) == {}
    assert remains(home.path, items[1].needles)


def test_a_day_means_all_of_it_and_a_time_without_zone_is_this_machines(
    desk: tuple[Home, Store, list[Item]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    day = f"{NOON.astimezone():%Y-%m-%d}"
    code, out, _err = run(monkeypatch, capsys, "--from", day, "--until", day, "--dry-run", "--json")
    assert (code, json.loads(out)["would_erase"]["events"]) == (0, 4)
    until = f"{NOON.astimezone():%Y-%m-%d %H:%M}"
    code, out, _err = run(monkeypatch, capsys, "--from", day, "--until", until, "--dry-run", "--json")
    assert json.loads(out)["would_erase"]["events"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Nothing is named"),
        (("--track", "3"), "belongs to a camera"),
        (("--camera", "gat", "--yes"), "Known: gate, yard"),
        (("--picture", "no.jpg"), "No picture no.jpg"),
        (("--from", "soon"), "'soon' is no time"),
        (("--go-on", "--camera", "gate"), "stand alone"),
    ],
)
def test_wrong_use_is_said_and_nothing_goes(
    desk: tuple[Home, Store, list[Item]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    code, _out, err = run(monkeypatch, capsys, *words)
    assert code == 2
    assert said in err
    with desk[1].read() as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] == 4


def test_where_a_pin_is_set_only_a_supervisor_may(
    desk: tuple[Home, Store, list[Item]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("console.privacy.supervisor.Supervisor.has_pin", True)
    for words in (("--camera", "gate", "--yes"), ("--go-on",)):
        code, _out, err = run(monkeypatch, capsys, *words)
        assert code == 1
        assert "Erasing pictures is for a supervisor" in err
    assert run(monkeypatch, capsys, "--camera", "gate", "--dry-run")[0] == 0
    with desk[1].read() as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] == 4


def test_a_question_answered_no_changes_nothing(
    desk: tuple[Home, Store, list[Item]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.sys.stdin.__class__, "isatty", lambda _self: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_a, **_k: False)
    answer = CliRunner().invoke(command_line.app, ["erase", "--camera", "gate"])
    assert answer.exit_code != 0
    with desk[1].read() as db:
        assert db.execute("SELECT count(*) FROM erasures").fetchone()[0] == 0


def test_ctrl_c_stops_between_two_steps_and_go_on_ends_it(desk: tuple[Home, Store, list[Item]]) -> None:
    """Its last step waits, here for an unfinished picture, so that Ctrl+C meets it at work."""
    home, _store, items = desk
    (home.pictures / "young.jpg").write_bytes(b"young")
    sightdesk = [sys.executable, "-m", "console", "erase"]
    with subprocess.Popen([*sightdesk, "--camera", "gate", "--yes"], stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        lines = []
        while "Waiting" not in (line := child.stderr.readline()):
            assert line, lines
            lines.append(line)
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
    assert child.returncode == 130
    assert "goes on when the desk is started next, or with: sightdesk erase --go-on" in rest
    old = time.time() - 600
    os.utime(home.pictures / "young.jpg", (old, old))
    assert subprocess.run([*sightdesk, "--go-on"], capture_output=True, check=False).returncode == 0
    assert remains(home.path, items[0].needles) == {}
    assert remains(home.path, items[1].needles)
