"""The recorder of review items when disk, room or time is short, and when it is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from console.errors import PictureError, StoreError
from tests.console.review_cases import ReviewDesk, Seen, doubt, review_desk, until


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[[ReviewDesk], list[bool]]:
    """Has a desk's database refuse while the one entry is True."""
    monkeypatch.setattr("console.review.keeping.RETRY_S", 0.02)

    def begin(desk: ReviewDesk) -> list[bool]:
        write, full = desk.store.write, [True]

        def refuses(job: Callable[..., object], *, wait_s: float = 0.0) -> object:
            if full[0]:
                raise StoreError("The disk is full.", "Make room.")
            return write(job, wait_s=wait_s)

        monkeypatch.setattr(desk.store, "write", refuses)
        return full

    return begin


def test_under_pressure_doubts_thin_first_and_inference_never_waits(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with review_desk(own_home, frames=2, reserved=1, items=4) as desk:
        goes_on = threading.Event()
        write = desk.writer.write

        def stalls(*arguments: object, **more: object) -> object:
            goes_on.wait(20)
            return write(*arguments, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(desk.writer, "write", stalls)
        for number in range(8):
            desk.show(doubt(number + 1), begin=10 * number)
        assert desk.recorder.figures.crowded == 6
        flags = [desk.recorder.flag("gate", "missed") for _ in range(4)]
        assert desk.recorder.figures.lost == 2
        goes_on.set()
        rows = desk.settle(4)
        assert [row["reason"] for row in rows] == ["doubt", "doubt", "missed", "missed"]
        assert [row["picture_id"] is None for row in rows] == [False, False, False, True]
        assert "more came at once" in rows[3]["picture_why"].lower()
        for flag in flags[2:]:
            with pytest.raises(StoreError, match="too much waits"):
                flag.result()


def test_items_wait_while_the_database_refuses_and_are_stored_later(
    own_home: Path, refused: Callable[[ReviewDesk], list[bool]]
) -> None:
    with review_desk(own_home) as desk:
        full = refused(desk)
        desk.show(doubt(1))
        flag: Future[int] = desk.recorder.flag("gate", "wrong")
        until(lambda: desk.recorder.problem is not None)
        assert not flag.done()
        assert desk.recorder.figures.waiting == 2
        full[0] = False
        assert [row["reason"] for row in desk.settle(2)] == ["doubt", "wrong"]
        assert flag.result() == 2
        assert desk.recorder.problem is None


def test_a_picture_the_disk_refuses_for_long_is_given_up_and_its_doubt_with_it(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("console.review.keeping._PICTURE_S", 0.0)
    monkeypatch.setattr("console.review.keeping.RETRY_S", 0.01)
    monkeypatch.setattr("console.privacy.writer.write_whole", full)
    with review_desk(own_home) as desk:
        desk.show(doubt(1))
        assert desk.recorder.flag("gate", "missed").result(5) == 1
        (row,) = desk.settle(1)
        assert row["picture_id"] is None
        assert "full" in row["picture_why"]
        assert desk.recorder.figures.crowded == 1
        assert isinstance(desk.recorder.problem, PictureError)
        monkeypatch.undo()
        desk.show(doubt(2), begin=10)
        desk.settle(2)
        assert desk.recorder.problem is None


def test_a_second_picture_that_is_refused_takes_the_first_one_with_it(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.review.keeping._PICTURE_S", 0.0)
    monkeypatch.setattr("console.review.keeping.RETRY_S", 0.01)
    with review_desk(own_home) as desk:
        write, made = desk.writer.write, []

        def refuses_every_other(*arguments: object, **more: object) -> object:
            made.append(1)
            if len(made) % 2 == 0:
                raise PictureError("The disk is full.")
            return write(*arguments, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(desk.writer, "write", refuses_every_other)
        desk.show(doubt(1))
        until(lambda: desk.recorder.figures.crowded == 1)
        assert desk.rows("SELECT * FROM pictures") == []
        assert list(desk.home.pictures.rglob("*.jpg")) == []


def test_an_item_that_can_never_be_stored_holds_up_none_and_leaves_no_picture(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with review_desk(own_home) as desk:
        monkeypatch.setattr(desk.recorder, "_model_of", lambda _camera: None)
        desk.show(doubt(1))
        flag = desk.recorder.flag("gate", "missed")
        with pytest.raises(Exception, match="NOT NULL"):
            flag.result(5)
        monkeypatch.setattr(desk.recorder, "_model_of", lambda _camera: "yolox_nano")
        desk.show(doubt(2), begin=10)
        assert [row["track"] for row in desk.settle(1)] == [2]
        assert desk.recorder.figures.lost == 1
        assert len(list(desk.home.pictures.rglob("*.jpg"))) == 2


def test_what_was_erased_between_its_picture_and_its_row_is_not_stored(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with review_desk(own_home) as desk:
        write = desk.writer.write

        def erased(*arguments: object, **more: object) -> object:
            written = write(*arguments, **more)  # type: ignore[arg-type]
            desk.store.write(lambda db: db.execute("DELETE FROM pictures").rowcount).result()
            return written

        monkeypatch.setattr(desk.writer, "write", erased)
        desk.show(Seen(1))
        with pytest.raises(PictureError, match="erased"):
            desk.recorder.flag("gate", "missed").result(5)
        assert desk.rows() == []
        assert list(desk.home.pictures.rglob("*.jpg")) == []


def test_close_stores_what_waits_and_says_what_it_could_not(
    own_home: Path, refused: Callable[[ReviewDesk], list[bool]], caplog: pytest.LogCaptureFixture
) -> None:
    with review_desk(own_home) as desk:
        flags = []
        for number in range(4):
            desk.show(Seen(number + 1), begin=10 * number, frames=1)
            flags.append(desk.recorder.flag("gate", "wrong"))
        desk.recorder.close()
        desk.recorder.close()
        assert [flag.result(0) for flag in flags] == [1, 2, 3, 4]
        assert desk.recorder.flag("gate", "wrong").exception(0) is not None
    with review_desk(own_home) as desk:
        full = refused(desk)
        desk.show(Seen(1), frames=1)
        flags = [desk.recorder.flag("gate", "wrong") for _ in range(5)]
        begin = time.monotonic()
        desk.recorder.close()
        assert time.monotonic() - begin < 2.5
        full[0] = False
        assert all(isinstance(flag.exception(0), StoreError) for flag in flags)
        assert desk.recorder.figures.lost == 5
    assert "5 review items could not be stored" in caplog.text


CHILD = r"""
import os, sys
from pathlib import Path
from tests.console.review_cases import Seen, review_desk, settings
with review_desk(Path(sys.argv[1]), settings(per_hour=10000), frames=6) as desk:
    told = 0
    for number in range(1, 10**6):
        desk.show(Seen(number, score=0.37), begin=10 * number)
        if desk.recorder.figures.items > told:
            told = desk.recorder.figures.items
            os.write(1, f"{told}\n".encode())
"""


def killed(home: Path, after: int) -> int:
    """Kill a recorder after so many of its words; how many items it said were stored."""
    with subprocess.Popen([sys.executable, "-c", CHILD, str(home)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(after)][-1]
        os.kill(child.pid, signal.SIGKILL)
        return max([told, *(int(line) for line in child.stdout if line.endswith("\n"))])


def check_after_a_kill(home: Path, before: int, told: int) -> int:
    """Nothing that was told is lost, no row without its file, no picture without its item; how many items there are."""
    with review_desk(home) as desk:
        until(lambda: bool(desk.rows("SELECT 1")))
        desk.show(Seen(1), frames=1)
        desk.recorder.flag("gate", "missed").result(5)  # the thread has mended by now
        rows = desk.rows()
        assert len(rows) - 1 >= before + told
        for row in rows:
            assert row["picture_id"] is not None
            assert desk.file(row["picture_id"]).is_file()
            assert row["reason"] == "missed" or desk.file(row["crop_id"]).is_file()
        loose = (
            "SELECT * FROM pictures WHERE id NOT IN (SELECT picture_id FROM review_items) "
            "AND id NOT IN (SELECT crop_id FROM review_items WHERE crop_id IS NOT NULL)"
        )
        assert desk.rows(loose) == []
        assert desk.rows("PRAGMA integrity_check")[0]["integrity_check"] == "ok"
        assert len(desk.rows("SELECT * FROM holds")) == 2 * len(rows) - sum(r["reason"] == "missed" for r in rows)
        return len(rows)


def test_killed_nothing_stored_is_lost_and_no_picture_is_left_behind(tmp_path: Path) -> None:
    check_after_a_kill(tmp_path, 0, killed(tmp_path, 12))


@pytest.mark.soak
def test_killed_at_forty_moments(tmp_path: Path) -> None:
    there = 0
    for round_ in range(40):
        there = check_after_a_kill(tmp_path, there, killed(tmp_path, 3 + 5 * round_ % 37))


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("UPDATE pictures SET bytes = bytes + 1", 0),
        ("UPDATE pictures SET purpose = 'review: for quality'", 2),
        ("INSERT INTO holds (picture_id, why, held_at) SELECT id, 'sync', '' FROM pictures", 2),
    ],
    ids=["cut off", "an operator's own purpose", "held"],
)
def test_only_what_a_crash_cut_off_is_mended(own_home: Path, change: str, left: int) -> None:
    with review_desk(own_home) as desk:
        desk.show(doubt(1))
        desk.settle(1)
        for sql in ("DELETE FROM holds", "DELETE FROM review_items", change):
            desk.store.write(lambda db, sql=sql: db.execute(sql).rowcount).result()  # type: ignore[misc]
    with review_desk(own_home) as desk:
        desk.show(Seen(1), frames=1)
        desk.recorder.flag("gate", "missed").result(5)  # the thread has mended by now
        assert len(desk.rows("SELECT * FROM pictures")) == left + 1
        assert len(list(desk.home.pictures.rglob("*.jpg"))) == left + 1
