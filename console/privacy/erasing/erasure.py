"""Erasure: what is named goes, from the database, its copies, the pictures and the logs, and nothing tells what it was.

It is recorded first, with what is to go, and done in small steps: whatever ends the process, the next start goes on.
The steps are rows with their files, copies of the database, log lines; then what was to go is forgotten, and the
database is written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from console.errors import SightdeskError, StoreError
from console.privacy.audit.record import Audit
from console.privacy.erasing import backups, files, logs, report
from console.privacy.erasing.foreseeing import Preview, preview
from console.privacy.erasing.report import Report
from console.privacy.erasing.rows import AT_ONCE, Place, at_targets, erase_some, tell_of
from console.privacy.erasing.scope import Scope
from console.settings.home import Home
from console.store.cleaning import clean
from console.store.connect import reading
from console.store.erasures import ErasureRow, Stage, add, ask, get, move_on, unfinished
from console.store.erasures import files as files_of
from console.store.store import Store, utc_text
from console.store.tombstones import NOTICES, out_of_use
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

Progress = Callable[[int, int, str], None]
"""Told how far it is: done, of (0: nobody knows), words."""


class Interrupted(SightdeskError):
    """An erasure was stopped; it goes on later from where it was."""


def look(home: Home, scope: Scope) -> Preview:
    """Count what would go, without changing anything.

    Raises:
        UsageError: the scope says nothing, or too much.
        StoreError: there is no database, it is of an older Sightdesk, or it can't be read.
    """
    scope.check()
    with reading(home.database) as db:
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'answers'").fetchone() is None:
            raise StoreError(
                _("The database {path} is of an older Sightdesk.").format(path=home.database),
                _("Start this Sightdesk's desk once with this home: it makes a backup and migrates the database."),
            )
        db.execute("PRAGMA query_only = OFF")  # for temporary tables; the file itself is open for reading only
        return preview(db, scope.bounded(db))


def begin(home: Home, store: Store, scope: Scope, by: str) -> ErasureRow:
    """Record that this is to go; from now on it will. `carry_out` does it.

    Args:
        home: where.
        store: its database.
        scope: what is to go.
        by: who asks, for the audit alone.

    Raises:
        UsageError: the scope says nothing, or too much.
        AuditError: it can't be recorded who asks.
        StoreError: the database refused.
    """
    scope.check()
    with store.read() as db:
        bounded = scope.bounded(db)
    name = str(uuid7())
    Audit(home.path).write("erasure asked", erasure=name, asked=scope.kinds, by=by)
    return ask(store, name, bounded.as_json())


def give_up(home: Home, store: Store, number: int, by: str) -> None:
    """Let what an unfinished erasure has not reached stay. What went is gone; what it was is forgotten.

    `carry_out` is to follow, which then writes the database anew.

    Args:
        home: where.
        store: its database.
        number: of the erasure.
        by: who wants it, for the audit alone.

    Raises:
        AuditError: it can't be recorded.
        StoreError: it is being carried out.
        HomeError: a file can't be removed.
    """
    with _alone(home):
        Audit(home.path).write("erasure given up", erasure=get(store, number).name, by=by)
        files.unlink(home, files_of(store, number))
        move_on(store, number, "clean")


def carry_out(
    home: Home,
    store: Store,
    number: int,
    progress: Progress = lambda _done, _of, _words: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """Do an erasure to its end, from wherever it is. Any thread and process may; one at a time does.

    Args:
        home: locked or not.
        store: its database.
        number: of the erasure.
        progress: told how far it is.
        stopped: asked between steps.

    Raises:
        Interrupted: `stopped` said so.
        StoreError: another process carries one out, or the database refused.
        HomeError: a file can't be removed or changed.
        AuditError: its end can't be recorded.
    """
    with _alone(home):
        return _Run(home, store, number, progress, stopped).all()


def carry_on(home: Home, store: Store, progress: Progress, stopped: Callable[[], bool]) -> list[Report]:
    """Do every unfinished erasure to its end; see `carry_out`."""
    return [carry_out(home, store, row.id, progress, stopped) for row in unfinished(store.path)]


class _Run:
    def __init__(self, home: Home, store: Store, number: int, progress: Progress, stopped: Callable[[], bool]) -> None:
        self._home, self._store, self._number = home, store, number
        self._progress, self._stopped = progress, stopped
        self._named: logs.Named | None = None
        self._kept: list[str] = []

    def all(self) -> Report:
        row = get(self._store, self._number)
        if row.stage != "done":
            scope = Scope.of_json(row.scope) if row.scope else None
            if row.stage == "rows":
                self._rows(scope or Scope())
                self._to("backups")
                row = get(self._store, self._number)
            if row.stage == "backups":
                self._backups(scope or Scope())
                self._to("logs")
                row = get(self._store, self._number)
            if row.stage == "logs":
                self._logs(scope or Scope())
                self._kinds(scope or Scope())
                self._to("clean")
            self._step(0, 0, _("Writing the database anew"))
            clean(self._home, self._stopped)
        return self._end()

    def _rows(self, scope: Scope) -> None:
        """Rows and files, again until a whole look finds nothing: a picture may come while this runs."""
        with reading(self._home.database) as db:
            db.execute("PRAGMA query_only = OFF")
            expected = preview(db, scope)
        of = expected.events + expected.pictures + expected.sealed + expected.items + expected.messages
        of += expected.answers
        files.unlink(self._home, files_of(self._store, self._number))  # rows went, and then a crash came
        done, unknown = 0, -1
        while True:
            gone = self._one_look(scope, done, of)
            done += gone
            if unknown >= 0 and not gone:
                break
            unknown = files.settle(
                self._home,
                self._stopped,
                lambda n: self._step(of, of, _("Waiting for {n} pictures that are being written").format(n=n)),
            )
            self._count({"unknown files": unknown})
        files.remove_empty_days(self._home)
        self._elsewhere(scope)

    def _elsewhere(self, scope: Scope) -> None:
        """What only targets have any more: they are told."""
        boot_id = self._store.boot_id
        with self._store.read() as db:
            names = at_targets(db, scope)
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            self._store.write(lambda db, some=some: tell_of(db, self._number, some, boot_id), wait_s=5.0).result()  # type: ignore[misc]

    def _one_look(self, scope: Scope, done: int, of: int) -> int:
        place, before = Place(), done
        while not place.over:
            self._step(min(done, of), of, _("Erasing"))
            removed = self._store.write(
                lambda db: erase_some(db, self._number, scope, place, self._store.boot_id), wait_s=5.0
            ).result()
            files.unlink(self._home, removed.paths)
            done += removed.events + removed.pictures + removed.sealed + removed.items + removed.taken.messages
            done += removed.answers
        return done - before

    def _backups(self, scope: Scope) -> None:
        paths, written = files_of(self._store, self._number), 0
        copies = backups.copies(self._home)
        for n, copy in enumerate(copies):
            self._step(n, len(copies), _("Copies of the database"))
            done = backups.erase_from(self._home, copy, scope, paths)
            files.unlink(self._home, done.paths)
            self._count({"copies removed": int(done.removed)}, done.paths)
            written += not done.removed
        self._count({"copies": written})  # all at once: after a crash every copy is written anew once more

    def _logs(self, scope: Scope) -> None:
        self._step(0, 0, _("Log files"))
        words = (scope.camera_id, *scope.names) if scope.whole_camera else ()
        _files, lines = logs.blank_lines(self._home.logs, logs.naming(self._paths(), words))
        self._count({"log lines": lines})
        self._named = logs.naming(self._paths())
        self._kept = report.naming_it(self._home, logs.naming((), words))

    def _paths(self) -> list[str]:
        return files_of(self._store, self._number)

    def _kinds(self, scope: Scope) -> None:
        """What kinds of things were asked stays, as figures, when what was asked is forgotten."""
        self._count({f"asked {kind}": 1 for kind in scope.kinds})

    def _end(self) -> Report:
        row = get(self._store, self._number)
        figures = {name: int(n) for name, n in row.figures.items()}
        asked = [name.removeprefix("asked ") for name in figures if name.startswith("asked ")]
        with self._store.read() as db:
            unused = out_of_use(db, [name.removeprefix(NOTICES) for name in figures if name.startswith(NOTICES)])
        searched: int | None = None
        left: list[str] = []
        if self._named is not None:
            self._step(0, 0, _("Searching for what may be left"))
            searched, left = report.search(self._home, self._named)
        told = Report(
            row.name,
            utc_text(row.asked_at),
            utc_text(datetime.now(UTC)),
            asked,
            {name: n for name, n in figures.items() if not name.startswith("asked ")},
            searched,
            left,
            self._kept,
            unused,
        )
        path = report.write(self._home, told)
        if row.stage != "done":
            Audit(self._home.path).write("erased", erasure=told.erasure, asked=asked, figures=told.figures)
            self._to("done")
        return replace(told, path=str(path))

    def _count(self, figures: dict[str, int], paths: tuple[str, ...] = ()) -> None:
        def job(db: Database) -> None:
            add(db, self._number, figures, paths)

        self._store.write(job, wait_s=5.0).result()

    def _to(self, stage: Stage) -> None:
        move_on(self._store, self._number, stage)

    def _step(self, done: int, of: int, words: str) -> None:
        self._progress(done, of, words)
        if self._stopped():
            raise Interrupted(
                _("The erasure was stopped. What went is gone; the rest follows."),
                _("It goes on when the desk is started next, or with: sightdesk erase --go-on"),
            )


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms

    lock = FileLock(home.run / "erasure.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            _("An erasure is being carried out already."), _("Wait until it is done; what you asked for is kept.")
        ) from None
    try:
        yield
    finally:
        lock.release()
