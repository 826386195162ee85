"""Files: which are taken, that they are on the disk first and gone when erased, and what a full or broken disk does."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.cloud.database.sql.database import Database
from console.cloud.errors import CloudError, Damaged, DatabaseAway, DiskFull
from console.cloud.keeping import keeper as keeper_module
from console.cloud.keeping.keeper import Keeper
from console.cloud.keeping.pictures import content_type_of
from console.sync.wire import Received
from tests.cloud.keeping_cases import DESK, OTHER, jpeg, keeping, message, notice, sealed, states, truth
from tests.conftest import missing

pytestmark = pytest.mark.services

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
GOOD = [jpeg("a"), jpeg(wide=10_000, high=5_000), jpeg("exif", before=3), sealed("x"), sealed("")]
BAD = [
    (PNG, "neither JPEG nor sealed"), (b"", "neither JPEG nor sealed"), (b"\xff\xd8", "neither JPEG nor sealed"),
    (b"GIF89a" + bytes(40), "neither JPEG nor sealed"), (jpeg("bomb", wide=65_535, high=65_535), "65535 x 65535"),
    (jpeg(wide=10_001, high=5_000), "more than 50 million"), (jpeg(wide=0), "how large"), (jpeg(high=0), "how large"),
    (jpeg()[:9], "how large"), (b"\xff\xd8\xff" * 700_000, "how large"), (jpeg("late", before=20), "how large"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture
def keeper(database_url: str, folder: Path) -> Iterator[Keeper]:
    with keeping(database_url, folder) as made:
        yield made


def test_what_is_no_picture_or_too_large_a_one_is_refused_undecoded(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path}/cloud.db"
    with keeping(url, folder) as keeper:
        said = keeper.take(DESK, [message(one) for one in GOOD] + [message(one) for one, _why in BAD])
        assert states(said[: len(GOOD)]) == ["received"] * len(GOOD)
        for one, (_file, why) in zip(said[len(GOOD) :], BAD, strict=True):
            assert (one.state, why in one.why) == ("refused", True), one
        other = message(sealed("y"))
        other.head["file"]["content_type"] = "image/jpeg"
        assert "not of the kind" in keeper.take(DESK, [other])[0].why
        assert "carries no file" in keeper.take(DESK, [message(jpeg(), kind="event")])[0].why
        assert "carries no file" in keeper.take(DESK, [message(jpeg(), kind="audit")])[0].why
    assert truth(url, folder).files == {hashlib.sha256(one).hexdigest() for one in GOOD}
    assert [content_type_of(one[:16]) for one in (GOOD[0], GOOD[3], PNG)] == [
        "image/jpeg", "application/vnd.sightdesk.sealed", None,
    ]  # fmt: skip


def test_a_file_and_its_folder_are_synced_before_its_row(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/fd").is_dir():
        missing("services", "which file is synced is seen in /proc alone")
    synced: list[str] = []
    real, write = os.fsync, keeper_module.write

    def fsync(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    def rows(*given: Any, **more: Any) -> Any:
        for name in given[3].fresh.values():
            path = keeper._files.path(name)
            assert str(path) in synced
            assert synced.index(str(path)) < len(synced) - 1 - synced[::-1].index(str(path.parent))
            assert {str(path.parents[1]), str(path.parents[2]), str(path.parents[3])} <= set(synced)
            assert path.read_bytes().startswith(b"\xff\xd8\xff")
        return write(*given, **more)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(keeper_module, "write", rows)
    assert states(keeper.take(DESK, [message(jpeg("a")), message(jpeg("b"))])) == ["received"] * 2
    assert sum(one.endswith(".db") for one in synced) == 0


def test_what_a_crash_left_goes_at_the_next_start_and_nothing_else(database_url: str, folder: Path) -> None:
    stays = [message(jpeg(str(n))) for n in range(3)]
    with keeping(database_url, folder) as keeper:
        keeper.take(DESK, stays)
        path = keeper.file(DESK.site, stays[0].head["file"]["sha256"])
        assert path is not None
    for n in range(700):
        path.with_name(f"{n:064x}.{n:016x}").write_bytes(b"left behind")
    old = path.parents[2] / "2020-01-01" / "0000"
    old.mkdir(parents=True)
    (old / f"{1:064x}.{1:016x}").touch()
    mine = path.with_name("notes of the operator.txt")
    mine.touch()
    with keeping(database_url, folder) as keeper:
        assert not old.parent.exists()
        assert mine.exists()
        mine.unlink()
        assert len(truth(database_url, folder).files) == 3
        assert set(states(keeper.take(DESK, stays))) == {"known"}


def test_a_file_that_was_lost_comes_back_with_its_message(keeper: Keeper, database_url: str, folder: Path) -> None:
    one, other = message(jpeg("a")), message(jpeg("b"))
    keeper.take(DESK, [one, other])
    paths = [keeper.file(DESK.site, each.head["file"]["sha256"]) for each in (one, other)]
    assert None not in paths
    paths[0].unlink()  # type: ignore[union-attr]
    paths[1].write_bytes(b"cut")  # type: ignore[union-attr]
    assert keeper.file(DESK.site, one.head["file"]["sha256"]) is None
    assert states(keeper.take(DESK, [one, other])) == ["known", "known"]
    paths[1].unlink()  # type: ignore[union-attr]  # nobody's any more; the next start would take it
    assert truth(database_url, folder).messages == {each.head["message_id"]: each.file for each in (one, other)}


def failing(at: str) -> type[Database]:
    class Failing(Database):
        """Its next commit is not heard of, whether it was done or not."""

        broken = False

        @contextmanager
        def writing(self, site: str) -> Iterator[Any]:
            now, self.broken = self.broken, False
            with super().writing(site) as db:
                yield db
                if now and at == "before":
                    raise DatabaseAway("cut off")
            if now:
                raise DatabaseAway("cut off")

    return Failing


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_commit_nobody_heard_of_is_settled_by_the_next(
    at: str, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "open_repository", failing(at))
    with keeping(database_url, folder) as keeper:
        gone, one = message(jpeg("gone")), message(jpeg("a"))
        keeper.take(DESK, [gone])
        word = notice(gone.head["tracking_id"])
        for batch in ([one], [word]):
            keeper._database.broken = True  # type: ignore[attr-defined]  # of the class above
            with pytest.raises(DatabaseAway, match="cut off"):
                keeper.take(DESK, batch)
            if at == "before":
                assert keeper.file(DESK.site, gone.head["file"]["sha256"]) is not None
            keeper.take(OTHER, [])
            assert states(keeper.take(DESK, batch)) == ["received" if at == "before" else "known"]
        assert truth(database_url, folder).files == {one.head["file"]["sha256"]}


def test_a_file_erased_at_the_moment_it_comes_again_is_there(
    keeper: Keeper, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = message(jpeg("same")), message(jpeg("same"))
    keeper.take(DESK, [first])
    real, once = keeper._commit, threading.Lock()

    def commit(*given: Any) -> Any:
        if once.acquire(blocking=False):
            keeper.take(DESK, [notice(first.head["tracking_id"])])
        return real(*given)

    monkeypatch.setattr(keeper, "_commit", commit)
    assert states(keeper.take(DESK, [second])) == ["received"]
    assert truth(database_url, folder).files == {second.head["file"]["sha256"]}


def test_without_room_nothing_is_taken_but_word_of_erasures_is(
    database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keeping(database_url, folder, reserve_bytes=1 << 20) as keeper:
        one, other = message(jpeg("a")), message(jpeg("b"))
        keeper.take(DESK, [one])
        usage = shutil.disk_usage(folder)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=(1 << 20) + 10))
        keeper.check()
        with pytest.raises(DiskFull, match="is full"):
            keeper.take(DESK, [other])
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=10))
        with pytest.raises(DiskFull):
            keeper.check()
        assert states(keeper.take(DESK, [message(), notice(one.head["tracking_id"])])) == ["received"] * 2
        monkeypatch.undo()
        assert states(keeper.take(DESK, [other])) == ["received"]
        assert len(truth(database_url, folder).files) == 1


@pytest.mark.parametrize("refused", [(errno.ENOSPC, DiskFull), (errno.EIO, Damaged), (errno.EACCES, CloudError)])
@pytest.mark.parametrize("call", ["fsync", "open"])
def test_what_the_disk_refuses_leaves_nothing(
    refused: tuple[int, type[CloudError]], call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number, kind), folder = refused, tmp_path / "cloud"
    url = f"sqlite:///{tmp_path}/cloud.db"
    with keeping(url, folder) as keeper:
        batch = [message(jpeg("a")), message(jpeg("b")), message(jpeg("c"))]
        keeper.take(DESK, [message(jpeg("before"))])
        real, calls = getattr(os, call), iter(range(9))

        def fail(*given: Any, **more: Any) -> Any:
            if next(calls) == 1:
                raise OSError(number, os.strerror(number))
            return real(*given, **more)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(CloudError) as caught:
                keeper.take(DESK, batch)
        assert type(caught.value) is kind
        assert len(truth(url, folder).files) == 1
        assert states(keeper.take(DESK, batch)) == ["received"] * 3


def test_a_real_disk_that_is_full_is_said_so_and_gives_way_again(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if (
        sys.platform != "linux"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(small)], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("no disk of its own can be made here") if os.geteuid() else pytest.fail("mount does not work")
    url = f"sqlite:///{small}/cloud.db"
    try:
        with keeping(url, small / "cloud", reserve_bytes=0) as keeper:
            taken: list[Received] = []

            def fill(file: int, body: int) -> None:
                for n in range(400):
                    batch = [message(jpeg(str(n), file) if file else None), message(body={"x": "y" * body})]
                    keeper.take(DESK, batch)
                    taken.extend(batch)

            with pytest.raises(DiskFull, match="is full"):
                fill(20_000, 3000)
            assert len(taken) > 50
            with pytest.raises(CloudError, match=r"is full|disk failed"):  # the database itself
                fill(0, 9000)
            assert set(states(keeper.take(DESK, taken[:5]))) == {"known"}
            (small / "cloud" / "folder.id").stat()
            subprocess.run(["mount", "-o", "remount,size=6m", str(small)], check=True)
            keeper.take(DESK, [notice(*(one.head["tracking_id"] for one in taken[:40]))])
            assert states(keeper.take(DESK, [message(jpeg("z", 50_000))])) == ["received"]
            kept = truth(url, small / "cloud")
            assert {one.head["message_id"] for one in taken[40:]} <= set(kept.messages)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_folder_has_one_process_and_one_database(database_url: str, tmp_path: Path, folder: Path) -> None:
    with keeping(database_url, folder) as keeper:
        keeper.take(DESK, [message(jpeg("a"))])
        with pytest.raises(CloudError, match="Another process keeps"):
            Keeper(database_url, folder)
        with pytest.raises(CloudError, match="do not belong together"):
            Keeper(database_url, tmp_path / "new")
    for wrong in ((database_url, tmp_path / "new"), (f"sqlite:///{tmp_path}/new.db", folder)):
        with pytest.raises(CloudError, match="do not belong together"):
            Keeper(*wrong)
    with keeping(database_url, folder) as keeper:
        assert len(truth(database_url, folder).files) == 1
    (tmp_path / "file").touch()
    with pytest.raises(CloudError, match="can't be used"):
        Keeper(database_url, tmp_path / "file")
