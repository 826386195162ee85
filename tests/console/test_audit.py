"""The record of who did what: what was changed, cut or sealed again is found; kills and dead shares stop nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.errors import AuditError, UsageError
from console.privacy.audit import anchor as audit_anchor
from console.privacy.audit import chain as audit_chain
from console.privacy.audit import record as audit
from console.privacy.audit.chain import BROKEN, FILE, Head
from console.privacy.audit.record import Audit, anchor_problem, anchor_to, let_go
from console.privacy.audit.verify import Verdict, head, verify
from console.settings.home import Home
from console.settings.scrub import SCRUBBER
from console.store.store import Store


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    yield
    for home in list(audit._anchors):
        let_go(home, 0.2)
    SCRUBBER.forget_all()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a database, nobody at work in it."""
    made = Home.look(tmp_path / "home")
    with Store.open(made):
        pass
    return made


def written(home: Path, count: int = 5) -> Audit:
    record = Audit(home)
    for number in range(count):
        record.write("done", number=number, who="Kim")
    return record


def said(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / FILE).read_bytes().split(b"\n") if line.strip()]


def sealed_again(home: Path, entries: list[dict[str, Any]]) -> None:
    """What a careful forger does: every hash computed anew."""
    prev, content = audit_chain.NOTHING, b""
    for n, entry in enumerate(entries, 1):
        line, prev = audit_chain.sealed({**{k: v for k, v in entry.items() if k != "hash"}, "n": n, "prev": prev})
        content += line
    (home / FILE).write_bytes(content)


def wrong(home: Path, **more: Any) -> str:
    return " ".join(verify(home, **more).problems)


def test_what_was_written_is_sound_and_reads_as_before(home: Home) -> None:
    written(home.path)
    verdict = verify(home.path)
    assert (verdict.problems, verdict.lines) == ((), 5)
    assert [(entry["n"], entry["event"], entry["number"]) for entry in said(home.path)][:2] == [
        (1, "done", 0), (2, "done", 1),
    ]  # fmt: skip
    assert head(home.path) == verdict.head
    assert audit_anchor.in_database(home.database) == verdict.head
    assert (home.path / FILE).stat().st_mode & 0o777 == 0o600


def test_no_record_is_no_problem_until_one_was_known(home: Home) -> None:
    assert verify(home.path) == Verdict(0, None, (), ())
    written(home.path)
    (home.path / FILE).unlink()
    assert "which is not in the record: it was cut" in wrong(home.path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(tmp_path: Path, data: st.DataObject) -> None:
    """Without a database: the chain alone tells, but for the cut of whole lines at its end."""
    if not (tmp_path / FILE).exists():
        written(tmp_path, 4)
        (tmp_path / "whole").write_bytes((tmp_path / FILE).read_bytes())
    whole = (tmp_path / "whole").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 2), "at")  # the last line end is told apart from nothing by a note
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != whole[at]), "byte")
    (tmp_path / FILE).write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    assert not verify(tmp_path).sound
    (tmp_path / FILE).write_bytes(whole)
    assert verify(tmp_path).sound


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begin=st.integers(0, 6), count=st.integers(1, 7))
def test_any_missing_lines_are_found(home: Home, begin: int, count: int) -> None:
    if not (home.path / "whole").exists():
        written(home.path, 7)
        shutil.copy(home.path / FILE, home.path / "whole")
    lines = (home.path / "whole").read_bytes().splitlines(keepends=True)
    left = lines[:begin] + lines[begin + count :]
    (home.path / FILE).write_bytes(b"".join(left))
    assert not verify(home.path).sound


def test_lines_that_change_places_or_come_twice_are_found(home: Home) -> None:
    written(home.path)
    lines = (home.path / FILE).read_bytes().splitlines(keepends=True)
    for forged in ([0, 2, 1, 3, 4], [0, 1, 1, 2, 3, 4], [4, 0, 1, 2, 3]):
        (home.path / FILE).write_bytes(b"".join(lines[i] for i in forged))
        assert "does not follow" in wrong(home.path)


def test_an_edited_line_is_named(home: Home) -> None:
    written(home.path)
    text = (home.path / FILE).read_text()
    (home.path / FILE).write_text(text.replace('"number": 2, "who": "Kim"', '"number": 2, "who": "Sam"'))
    assert wrong(home.path) == "Line 3: changed, or put in by something else."


def test_sealed_again_is_found_by_the_database_and_by_a_head_that_was_noted(home: Home) -> None:
    written(home.path)
    noted = str(head(home.path))
    entries = said(home.path)
    entries[1]["who"] = "Nobody"
    sealed_again(home.path, entries)
    assert "the record was changed and sealed again" in wrong(home.path)
    with closing(sqlite3.connect(home.database)) as db:  # a forger who knows of that, too
        db.execute("DELETE FROM meta")
        db.commit()
    assert verify(home.path).sound, "nothing on the box tells any more, and verify says so:"
    assert "Nothing off this machine vouches for it" in " ".join(verify(home.path).notes)
    for known in (noted, noted.partition(":")[2], noted.partition(":")[2][:20].upper()):
        assert "cut or made anew" in wrong(home.path, against=known)


def test_an_earlier_head_stays_good_while_the_record_grows(home: Home) -> None:
    record = written(home.path)
    noted = str(head(home.path))
    record.write("more")
    assert verify(home.path, against=noted).sound
    for no_head in ("", "5", "x" * 64, f"five:{'a' * 64}", "abc123"):
        with pytest.raises(UsageError):
            verify(home.path, against=no_head)


def test_the_next_honest_line_does_not_wash_a_forgery_clean(home: Home) -> None:
    """Each forgery, then a line written by the program: found for ever after, though the database was told anew."""
    lines = None
    for forge in ("cut", "edited", "sealed again", "gone"):
        shutil.rmtree(home.path)
        with Store.open(home):
            pass
        record = written(home.path)
        path, lines = home.path / FILE, (home.path / FILE).read_bytes().splitlines(keepends=True)
        if forge == "cut":
            path.write_bytes(b"".join(lines[:3]))
        elif forge == "edited":
            path.write_bytes(b"".join(lines[:4]) + lines[4].replace(b"Kim", b"Sam"))
        elif forge == "sealed again":
            sealed_again(home.path, [{**entry, "who": "Sam"} for entry in said(home.path)])
        else:
            path.unlink()
        record.write("after")
        record.write("and after")
        assert BROKEN in [entry["event"] for entry in said(home.path)], forge
        assert "had been changed before this line" in wrong(home.path), forge
        assert [entry["event"] for entry in said(home.path)].count(BROKEN) == 1, forge


def test_a_record_from_before_the_chain_is_taken_over_and_said_to_be(home: Home) -> None:
    before = b'{"at": "2026-01-01T00:00:00+00:00", "event": "tensors sent", "to": "x"}\n' * 300
    (home.path / FILE).write_bytes(before)
    assert "nothing vouches for it yet" in " ".join(verify(home.path).notes)
    Audit(home.path).write("done")
    assert (home.path / FILE).read_bytes().startswith(before)
    verdict = verify(home.path)
    assert verdict.sound
    assert "300 lines are older than the chain" in verdict.notes[0]
    assert [entry["event"] for entry in said(home.path)][-2:] == ["record begun", "done"]
    (home.path / FILE).write_bytes((home.path / FILE).read_bytes().replace(b'"to": "x"', b'"to": "y"', 1))
    assert not verify(home.path).sound


@pytest.mark.parametrize("cut", [1, 30, 66, 67, 100])
def test_half_a_line_is_named_by_the_next_and_no_problem(home: Home, cut: int) -> None:
    record = written(home.path)
    whole = (home.path / FILE).read_bytes()
    last = head(home.path)
    assert last is not None
    fields = {"n": 6, "at": "x", "event": "y", "record": last.record, "prev": last.hash}
    line = audit_chain.sealed(fields)[0]
    (home.path / FILE).write_bytes(whole + line[:-cut])  # the power went while line 6 was written
    assert verify(home.path).sound
    assert ("cut off while it was written" in " ".join(verify(home.path).notes)) == (cut > 1)
    record.write("after")
    verdict = verify(home.path)
    assert verdict.sound, verdict.problems
    assert ("cut off or written by another program" in " ".join(verdict.notes)) == (cut > 1)
    assert verdict.lines == (6 if cut > 1 else 7), "only its end is missing: it is a line"


WRITE = """
import sys
from pathlib import Path
from console.privacy.audit.record import Audit
record = Audit(Path(sys.argv[1]))
number = 0
while number < int(sys.argv[3]):
    record.write("done", process=sys.argv[2], number=number, filling="x" * 300)
    number += 1
    print(number, flush=True)
"""


def start(home: Home, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE, str(home.path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_several_processes_write_one_chain(home: Home) -> None:
    children = [start(home, name, 15) for name in "abc"]
    threads = [threading.Thread(target=written, args=(home.path, 10)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    verdict = verify(home.path)
    assert (verdict.problems, verdict.lines) == ((), 75)


def test_killed_at_any_moment_nothing_that_was_confirmed_is_lost(home: Home) -> None:
    for round_ in range(3):
        child = start(home, str(round_), 10_000)
        assert child.stdout is not None
        for _ in range(3 + 2 * round_):
            confirmed = child.stdout.readline()
        time.sleep(0.003 * round_)
        child.send_signal(signal.SIGKILL)
        rest = child.communicate(timeout=20)[0].splitlines()
        numbers = [entry["number"] for entry in said(home.path) if entry.get("process") == str(round_)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= int(rest[-1] if rest else confirmed)
        assert verify(home.path).sound
    written(home.path)
    assert verify(home.path).problems == ()


@pytest.mark.parametrize("taken", [10, 0])
def test_a_full_disk_is_said_and_the_record_goes_on_afterwards(
    home: Home, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    record = written(home.path, 2)
    real = os.write

    def full(handle: int, content: bytes) -> int:
        if not taken:
            raise OSError(28, "No space left on device")
        return real(handle, content[:taken])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(AuditError, match=r"can't be recorded.*full"):
        record.write("lost")
    monkeypatch.undo()
    record.write("after")
    verdict = verify(home.path)
    assert verdict.problems == ()
    assert [entry["event"] for entry in map(json.loads, (home.path / FILE).read_bytes().splitlines()[-1:])] == ["after"]


def test_a_database_that_can_not_be_had_stops_nothing(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    record = written(home.path, 1)
    home.database.write_bytes(b"no database at all, but long enough to be looked at" * 30)
    record.write("after")
    assert "can't be" in caplog.text
    assert verify(home.path).sound
    assert "The database can't be asked" in " ".join(verify(home.path).notes)


def test_secrets_are_taken_out_and_no_detail_can_pass_for_the_chain(home: Home) -> None:
    SCRUBBER.remember("hunter2-of-the-gate")
    record = Audit(home.path)
    record.write("camera added", source="rtsp://me:secret99@host/x", words="it is hunter2-of-the-gate", password="abc")
    text = (home.path / FILE).read_text()
    assert not any(secret in text for secret in ("secret99", "hunter2", '"abc"'))
    for name in audit_chain.OWN:
        with pytest.raises((ValueError, TypeError)):
            record.write("forged", **{name: "x"})
    record.write("odd \ud800 text\n\u2028", name="x", args=(1, 2), when={1: Path("x")}, quote='", "hash": "' + "0" * 64)
    assert verify(home.path).sound
    assert len(said(home.path)) == 2


def test_the_anchor_has_every_head_and_finds_what_the_database_does_not(home: Home, tmp_path: Path) -> None:
    share = tmp_path / "share" / "anchor.jsonl"
    share.parent.mkdir()
    record = written(home.path, 2)
    anchor_to(home.path, str(share))
    record.write("done")
    assert audit._anchors[home.path].close(5)  # type: ignore[union-attr]
    let_go(home.path)
    verdict = verify(home.path, anchor=share)
    assert (verdict.problems, verdict.anchored) == ((), 3)
    entries = said(home.path)
    entries[1]["who"] = "Nobody"
    sealed_again(home.path, entries)
    audit_anchor.to_database(home.database, home.run, head(home.path) or Head(0, "", ""))
    assert verify(home.path).sound
    assert "sealed again" in wrong(home.path, anchor=share)
    (home.path / FILE).unlink()
    home.database.unlink()
    written(home.path)  # all of it made anew
    assert verify(home.path).sound
    assert "another record of this home" in wrong(home.path, anchor=share)


def test_a_share_that_is_gone_holds_nobody_up_and_gets_the_newest_head_later(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit_anchor, "RETRY_S", 0.05)
    share = tmp_path / "share" / "anchor.jsonl"
    anchor_to(home.path, str(share))
    record = written(home.path, 3)
    deadline = time.monotonic() + 5
    while not anchor_problem(home.path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert caplog.text.count("anchor can't be written") == 1
    share.parent.mkdir()
    while anchor_problem(home.path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    let_go(home.path)
    assert verify(home.path, anchor=share).anchored == 3
    record.write("later")  # begins anew by itself, as the settings say: no anchor
    assert anchor_problem(home.path) == ""


def test_a_share_that_hangs_holds_nobody_up(home: Home, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    anchor_to(home.path, str(pipe))
    real, go = audit_anchor.os.open, threading.Event()

    def hang(path: Any, flags: int, mode: int = 0o777) -> int:
        if Path(path) == pipe:
            go.wait(20)
            raise OSError(5, "stale")
        return real(path, flags, mode)

    audit_anchor.os.open = hang  # type: ignore[assignment]
    try:
        begun = time.monotonic()
        written(home.path, 3)
        let_go(home.path, 0.1)
        assert time.monotonic() - begun < 2
    finally:
        go.set()
        audit_anchor.os.open = real
    assert verify(home.path).sound


def test_the_settings_name_the_anchor_for_any_process(home: Home, tmp_path: Path) -> None:
    share = tmp_path / "anchor.jsonl"
    home.settings_file.write_text(f"audit: {{anchor: {share}}}\n")
    child = start(home, "a", 3)
    child.communicate(timeout=30)
    assert verify(home.path, anchor=share).anchored == 3
    assert "same disk" in " ".join(verify(home.path, anchor=share).notes)


def test_a_line_costs_little_however_long_the_record(home: Home) -> None:
    (home.path / FILE).write_bytes(b"")
    record = written(home.path, 1)
    lines, last = [], head(home.path)
    assert last is not None
    prev = last.hash
    for n in range(2, 20_000):
        line, prev = audit_chain.sealed(
            {"n": n, "at": "2026-01-01T00:00:00+00:00", "event": "x", "record": last.record, "prev": prev}
        )
        lines.append(line)
    with (home.path / FILE).open("ab") as file:
        file.write(b"".join(lines))
    audit_anchor.to_database(home.database, home.run, head(home.path) or last)
    begun = time.process_time()
    for _ in range(5):
        record.write("done")
    assert time.process_time() - begun < 0.5
    assert verify(home.path).lines == 20_004
