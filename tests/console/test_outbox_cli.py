"""`sightdesk outbox`: what it prints for people and for programs, what it changes, and its exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils import uuid7

from console.cli import app as command_line
from console.settings.home import Home
from console.store.outbox import Message, put
from console.store.store import Store
from console.sync import requests, routes
from console.sync.one_sender import take
from console.sync.uploader import Uploader
from tests.console.outbox_cases import execute
from tests.console.outbox_writing import settings_of, write
from tests.servers.receiver import Fault, Receiver

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A cloud on this machine."""
    with Receiver(tmp_path / "receiver") as running:
        yield running


@pytest.fixture
def desk(own_home: Path, receiver: Receiver) -> Iterator[Store]:
    """A home whose settings name the cloud; its store stays open, as a desk's would."""
    with Home.open(own_home) as home, Store.open(home) as store:
        home.settings_file.write_text(f"sync: {{targets: [{{name: cloud, kind: cloud, url: '{receiver.url}'}}]}}\n")
        routes.apply(store, settings_of("cloud"))
        yield store


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; exit status, standard output, standard error."""

    def outbox(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sightdesk", "outbox", *words])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return outbox


def told(run: Run, *words: str) -> dict[str, Any]:
    code, out, err = run(*words, "--json")
    assert code == 0, err
    values: dict[str, Any] = json.loads(out)
    return values


def test_status_says_what_waits_and_why(desk: Store, run: Run) -> None:
    write(desk, "event", "cloud")
    number = write(desk, "verdict", "cloud")
    execute(desk, "UPDATE outbox_targets SET state = 'waiting', problem = 'Nobody answers.', hint = 'Look.'")
    execute(desk, "UPDATE outbox_deliveries SET state = 'refused' WHERE outbox_id = ?", number)
    code, out, err = run("status")
    assert code == 0
    assert "cloud (cloud http://localhost:" in out
    assert "1 wait (1 event;" in out
    assert "Nobody answers. Look." in out
    assert "1 refused and set aside" in out
    assert "needs you: 1 message for cloud can't go there as it is" in err
    (one,) = told(run, "status")["targets"]
    assert (one["queued"], one["waiting"], one["refused"], one["problem"]) == (1, {"event": 1}, 1, "Nobody answers.")
    assert one["oldest_age_s"] > 0
    assert told(run, "status")["alarms"][0]["level"] == "needs you"


def test_status_fails_where_something_is_stopped(desk: Store, run: Run) -> None:
    assert run("status")[0] == 0
    execute(desk, "UPDATE outbox_targets SET state = 'waiting', problem = 'It says no.', problem_kind = 'Denied'")
    code, _out, err = run("status")
    assert code == 1
    assert "stopped: cloud: It says no." in err
    code, out, _err = run("status", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_status_believes_nobody_who_was_killed(desk: Store, run: Run, own_home: Path) -> None:
    write(desk, "event", "cloud", at=datetime.now(UTC) - timedelta(hours=3))
    execute(desk, "UPDATE outbox_targets SET state = 'sending'")
    _code, out, err = run("status")
    assert "nothing sends just now" in out
    assert "Nothing sends at present: start the desk" in err
    with take(own_home):
        assert "Nothing sends at present" not in run("status")[2]


def test_status_says_that_the_clock_was_set_back(desk: Store, run: Run) -> None:
    write(desk, "event", "cloud", at=datetime.now(UTC) + timedelta(days=3))
    code, _out, err = run("status")
    assert code == 0
    assert "needs you: The clock of this machine was set back by 3 days" in err
    write(desk, "event", "cloud", at=datetime.now(UTC))
    assert "set back" not in run("status")[2]


def test_messages_and_their_way_are_shown(desk: Store, run: Run) -> None:
    known = str(uuid7())
    write(desk, "event", "cloud", tracking_id=known, label="car")
    write(desk, "verdict", "cloud")
    code, out, err = run("messages", "--kind", "event")
    assert (code, err) == (0, "1 shown.\n")
    assert known in out
    (one,) = told(run, "messages", "--id", known[:23])["messages"]
    assert (one["tracking_id"], one["target"], one["state"]) == (known, "cloud", "waiting")
    code, out, _err = run("trace", known)
    assert code == 0
    assert "Waits for cloud: event (not tried yet)" in out
    way = told(run, "trace", known[:30])
    assert (way["tracking_id"], [step["kind"] for step in way["steps"]]) == (known, ["queued", "waiting"])


def test_push_sends_all_and_says_so(desk: Store, run: Run, receiver: Receiver) -> None:
    numbers = [write(desk, "event", "cloud") for _one in range(30)]
    said = told(run, "push")
    assert (said["by"], said["empty"]) == ("command", True)
    assert said["targets"][0]["sent"] == len(numbers)
    assert len(receiver.look.rows()) == len(numbers)
    code, out, _err = run("push", "cloud")
    assert code == 0
    assert "nothing waits" in out


def test_push_says_what_it_had_to_set_aside(desk: Store, run: Run, receiver: Receiver) -> None:
    write(desk, "picture", "cloud")  # whose file is gone
    write(desk, "event", "cloud")
    code, _out, err = run("push")
    assert (code, "Set aside meanwhile: 1." in err) == (1, True)
    assert len(receiver.look.rows()) == 1
    assert run("push")[0] == 0  # as before


def test_push_leaves_nothing_where_seals_are_sent_too(
    desk: Store, run: Run, receiver: Receiver, own_home: Path
) -> None:
    target = f"name: cloud, kind: cloud, url: '{receiver.url}', sends: [events, audit]"
    (own_home / "settings.yaml").write_text(f"sync: {{targets: [{{{target}}}]}}\n")
    write(desk, "event", "cloud")
    said = told(run, "push")
    assert said["empty"]
    assert sorted(row.kind for row in receiver.look.rows()) == ["audit", "event"]
    again = told(run, "push")
    assert (again["empty"], again["targets"][0]["sent"]) == (True, 2)


def test_push_says_what_is_left_and_why(desk: Store, run: Run, receiver: Receiver) -> None:
    write(desk, "event", "cloud")
    receiver.stop()
    code, out, err = run("push")
    assert code == 1
    assert "1 wait" in out
    assert "cloud: 1 wait on." in err
    assert "refuses the connection" in err
    code, out, _err = run("push", "--json")
    assert (code, json.loads(out)["empty"]) == (1, False)
    receiver.start()
    assert told(run, "pause", "cloud") == {"target": "cloud", "paused": True}
    code, _out, err = run("push")
    assert code == 1
    assert "It is paused." in err
    run("resume", "cloud")
    assert told(run, "push")["empty"]


def test_push_asks_the_desk_that_runs_and_follows_it(desk: Store, run: Run, receiver: Receiver, own_home: Path) -> None:
    receiver.fail(Fault(times=2, status=503))
    write(desk, "event", "cloud")
    settings = settings_of("cloud")
    settings = settings.model_validate({"sync": {"targets": [{"name": "cloud", "kind": "cloud", "url": receiver.url}]}})
    with closing(Uploader(own_home, desk, settings, secret=lambda name: name)):
        assert told(run, "push")["by"] == "desk"
        said = told(run, "push", "--wait")
        assert (said["by"], said["empty"]) == ("desk", True)
    assert len(receiver.look.rows()) == 1


def test_push_stopped_in_the_middle_says_what_is_left(
    desk: Store, run: Run, receiver: Receiver, own_home: Path
) -> None:
    import os
    import signal

    for _one in range(20):
        write(desk, "event", "cloud")
    receiver.fail(Fault(times=1000, status=200, silent_s=30))
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        code, _out, err = run("push")
    finally:
        timer.cancel()
    assert code == 130
    assert "cloud: 20 wait on." in err


def test_what_was_refused_is_sent_again(desk: Store, run: Run) -> None:
    numbers = [write(desk, "event", "cloud") for _one in range(3)]
    execute(desk, "UPDATE outbox_deliveries SET state = 'refused', error = 'No.'")
    with desk.read() as db:
        name = db.execute("SELECT message_id FROM outbox WHERE id = ?", (numbers[0],)).fetchone()[0]
    assert told(run, "retry", "cloud", "--id", name) == {"retried": 1}
    assert told(run, "retry") == {"retried": 2}
    assert told(run, "status")["targets"][0]["queued"] == 3


def test_drop_asks_before(desk: Store, run: Run, own_home: Path) -> None:
    for kind in ("event", "erased"):
        write(desk, kind, "cloud", "gone")
    code, _out, err = run("drop", "gone")
    assert code == 2
    assert "1 erased, 1 event" in err
    assert "will not be told what was erased" in err
    assert told(run, "status")["targets"][1]["name"] == "gone"
    assert told(run, "drop", "gone", "--yes") == {"target": "gone", "dropped": 2}
    assert [one["name"] for one in told(run, "status")["targets"]] == ["cloud"]
    assert told(run, "status")["targets"][0]["queued"] == 2
    assert "outbox dropped" in (own_home / "audit.jsonl").read_text()
    code, _out, err = run("drop", "gone", "--yes")
    assert (code, "no target gone" in err) == (2, True)


def test_check_tries_each_target(desk: Store, run: Run, receiver: Receiver) -> None:
    code, out, _err = run("check")
    assert code == 0
    assert out.startswith("cloud: ")
    assert told(run, "check", "cloud")["ok"]
    receiver.stop()
    code, out, _err = run("check", "--json")
    (one,) = json.loads(out)["targets"]
    assert (code, one["ok"]) == (1, False)
    assert one["hint"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trace", "track 12"), "no tracking ID"),
        (("trace", "01890a5"), "too short"),
        (("messages", "--state", "lost"), "no state 'lost'"),
        (("messages", "--kind", "smell"), "no kind 'smell'"),
        (("push", "nowhere"), "no target nowhere"),
        (("pause", "nowhere"), "no target nowhere"),
        (("check", "nowhere"), "no target nowhere"),
        (("drop", "cloud", "--state", "sent"), "no state 'sent'"),
    ],
)
def test_wrong_use_is_said(desk: Store, run: Run, words: tuple[str, ...], said: str) -> None:
    code, _out, err = run(*words)
    assert code == 2
    assert said in err


@pytest.mark.parametrize("words", [("status",), ("push",), ("check",), ("messages",)])
def test_settings_that_are_wrong_are_never_taken_for_no_target(
    desk: Store, run: Run, own_home: Path, words: tuple[str, ...]
) -> None:
    write(desk, "event", "cloud")
    file = own_home / "settings.yaml"
    (own_home / "settings.last-good.yaml").write_text(file.read_text())
    file.write_text("sync: {targets: [{name: cloud, kind: cloud, url: 'http://10.0.0.1'}]}\n")
    code, out, err = run(*words)
    assert code == 0
    assert "in the clear" in err
    assert "cloud" in out
    (own_home / "settings.last-good.yaml").unlink()
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert "in the clear" in err
    with desk.read() as db:
        assert db.execute("SELECT count(*) FROM outbox_routes WHERE target = 'cloud'").fetchone()[0] > 0


def test_what_is_not_known_fails(desk: Store, run: Run) -> None:
    code, _out, err = run("trace", str(uuid7()))
    assert code == 1
    assert "is known here" in err


def test_a_database_from_before_says_what_to_do(own_home: Path, run: Run) -> None:
    from console.store.migrations import shipped

    with Home.open(own_home) as home:
        Store.open(home, migrations=shipped()[:4]).close()
    code, _out, err = run("status")
    assert code == 1
    assert "older Sightdesk" in err


def test_help_names_every_command_and_imports_no_library_of_a_target() -> None:
    program = (
        "import sys; sys.argv = ['sightdesk', 'outbox', '--help']\n"
        "from console.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'httpx', 'httpcore', 'obstore', 'paho', 'cryptography', 'sqlite_utils', 'pydantic'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    for name in ("status", "messages", "trace", "push", "check", "retry", "pause", "resume", "drop"):
        assert f"  {name} " in said
    assert "HEAVY []" in said


def test_the_doctor_tells_of_the_outbox(
    desk: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    def findings() -> list[dict[str, Any]]:
        monkeypatch.setattr(sys, "argv", ["sightdesk", "doctor", "--json"])
        with pytest.raises(SystemExit):
            command_line.main()
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        return [one for one in found if one["about"] == "outbox"]

    put_one = Message("event", str(uuid7()), "gate", {})
    desk.write(lambda db: put(db, put_one, desk.boot_id)).result(10)
    assert [(one["state"], one["what"]) for one in findings()] == [("ok", "1 message waits to be sent.")]
    Home.look(own_home).settings_file.write_text(
        "sync: {targets: [{name: broker, kind: mqtt, url: 'mqtts://host', secret: {secret: nowhere}, "
        "ca: /nowhere.pem}]}\n"
    )
    monkeypatch.setattr("console.cli.doctor_outbox.find_spec", lambda name: None if name == "paho" else name)
    found = findings()
    assert [one["state"] for one in found] == ["missing", "missing", "problem", "problem"]
    assert "uv sync --extra targets" in found[0]["hint"]
    assert "secrets set nowhere" in found[1]["hint"]
    assert "/nowhere.pem" in found[2]["what"]
    assert "not in the settings any more" in found[3]["what"]
    assert requests.drop(desk, "cloud") == 1
