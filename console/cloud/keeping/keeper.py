"""The keeper: takes what desks send, once and for good, and says where it is. Any thread may ask it.

Files are on the disk before the transaction that names them; what an erasure leaves without a name goes after it. What
a crash leaves in between no row names, and the next start removes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from console.cloud.database.base import FOLDER, Repository
from console.cloud.database.opening import open_repository
from console.cloud.database.words import busy
from console.cloud.errors import CloudError, Collided
from console.cloud.jobs.values import JobFigures
from console.cloud.keeping.arrivals import Arrival, Unfit, arrival_of, is_id, mark
from console.cloud.keeping.files import FileStore
from console.cloud.keeping.home import hold, pair
from console.cloud.keeping.said import Answers, Figures, Item, Message, item
from console.cloud.keeping.writing import OnDisk, Written, write
from console.cloud.pki.identity import Identity
from console.cloud.tasks import CloudTasks
from console.sync.wire import Received, Said, canonical

RESERVE = 256 << 20
"""Bytes that stay free on the disk of files, so that erasing works when nothing else does."""
_TRIES = 5
_ANSWERS_AT_ONCE, _MOST_BYTES = 50, 4 << 20


class Keeper:
    """What is kept in a database and a folder; the two belong together.

    Attributes:
        queued: called once jobs were queued and are there for everybody to see; must not block, or raise.

    Args:
        database_url: as `open_repository` takes it; brought to this program's schema.
        folder: of the files; made where it is missing, and held until `close`.
        reserve_bytes: so much room stays on its disk.
        tasks: what is done with files; None: they are only kept.

    Raises:
        CloudError: database or folder can't be used, in words; `DatabaseAway` where trying again may help.
    """

    def __init__(
        self, database_url: str, folder: Path, *, reserve_bytes: int = RESERVE, tasks: CloudTasks | None = None
    ) -> None:
        self.queued: Callable[[], object] = lambda: None
        self._tasks = tasks or CloudTasks()
        self._doubts: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        with ExitStack() as stack:
            lock = hold(folder)
            stack.callback(lock.release)
            self._database = open_repository(database_url)
            stack.callback(self._database.close)
            pair(folder, folder / "files", self._database)
            self._files = FileStore(folder / "files", reserve_bytes)
            self._files.sweep(self._with_rows)
            self._closing = stack.pop_all()

    @property
    def repository(self) -> Repository:
        """The database, for who works with jobs; stays the keeper's."""
        return self._database

    def take(self, who: Identity, received: Sequence[Received]) -> list[Said]:
        """Keep what is new of a batch, erase what it says is erased, all of it or nothing, and say what became of each.

        What this returns is on the disk. A message that comes again is known, whatever happened to the attempt before;
        one of the same ID with another content, or with what can't be kept, is refused.

        Args:
            who: sends it; only what is of his site is seen or changed.
            received: the messages, as `console.sync.wire.decode` gives them.

        Raises:
            CloudError: nothing of it is known to be kept; see `console.cloud.errors`.
        """
        batch = [_checked(one) for one in received]
        for _attempt in range(_TRIES):
            self._settle(who.site)
            disk = self._write_files(who.site, batch)
            try:
                return self._commit(who, batch, disk)
            except Collided:
                continue  # another batch was at the same; now it can be seen
        raise busy(self._database.place)

    def trace(self, site: str, tracking_id: str) -> Item | None:
        """Where a tracking ID is, and what is done with its files; None: this site never sent anything of it.

        Raises:
            CloudError: the database can't be asked.
        """
        if not is_id(tracking_id):
            return None
        with self._database.reading() as db:
            found = db.trace(site, tracking_id)
            return None if found is None else item(found, db.jobs_of(site, tracking_id))

    def answers(self, who: Identity, after: int, most: int) -> Answers:
        """Answers for a desk, by their numbers, from behind one on: `most`, or fewer where they are long.

        Raises:
            CloudError: the database can't be asked.
        """
        size = 0
        with self._database.reading() as db:
            page = Answers(
                store=db.about(FOLDER) or "",
                last=db.last_answer(who.site),
                takes=self._tasks.takes(who.site),
                answers=[],
            )
            while size < _MOST_BYTES and len(page["answers"]) < most:
                some = min(_ANSWERS_AT_ONCE, most - len(page["answers"]))
                found = db.answers(who.site, who.desk, after, some)
                page["answers"] += found
                if len(found) < some:
                    break
                after, size = found[-1]["number"], size + sum(len(canonical(one["body"])) for one in found)
        return page

    def message(self, site: str, message_id: str) -> Message | None:
        """A message of a site; None: it has none such, or it was erased.

        Raises:
            CloudError: the database can't be asked.
        """
        if not is_id(message_id):
            return None
        with self._database.reading() as db:
            return db.message(site, message_id)

    def file(self, site: str, sha256: str) -> Path | None:
        """Where a file of a site is; None: it has none such. An erasure may take it at any moment.

        Raises:
            CloudError: the database can't be asked.
        """
        if not is_id(sha256):
            return None
        with self._database.reading() as db:
            name = db.file_name(site, sha256)
        path = None if name is None else self._files.path(name)
        return path if path is not None and path.is_file() else None

    def figures(self) -> Figures:
        """How much is kept, of all sites; costs the same however much that is.

        Raises:
            CloudError: the database can't be asked.
        """
        with self._database.reading() as db:
            return db.figures()

    def job_figures(self) -> JobFigures:
        """How many jobs there are, of all sites; costs little however many are done.

        Raises:
            CloudError: the database can't be asked.
        """
        with self._database.reading() as db:
            return db.job_figures()

    def check(self) -> None:
        """See that database and folder can be worked with at this moment.

        Raises:
            CloudError: they can't; `DiskFull`: what is erased goes, but no file is taken.
        """
        self.figures()
        self._files.check()

    def close(self) -> None:
        """Let go of database and folder; harmless when done already. No other call may be under way."""
        self._closing.close()

    def _write_files(self, site: str, batch: Iterable[Arrival | Said]) -> OnDisk:
        """Write the files of a batch that are not there, but none of what was erased."""
        carriers = [one for one in batch if isinstance(one, Arrival) and one.file is not None]
        if not carriers:
            return OnDisk()
        with self._database.reading() as db:
            marks = db.marks_of(site, carriers)
            names = db.names_of(site, [one.file_sha256 or "" for one in carriers])
        wanted: dict[str, bytes] = {}
        lost: set[str] = set()
        for one in carriers:
            sha256, content = one.file_sha256 or "", one.file or b""
            there = sha256 in names and self._files.has(names[sha256], len(content))
            if not there and mark(site, one.tracking_id) not in marks:
                wanted[sha256] = content
                lost.update({names[sha256]} if sha256 in names else ())
        return OnDisk(self._files.write(site, wanted), frozenset(lost))

    def _commit(self, who: Identity, batch: Sequence[Arrival | Said], disk: OnDisk) -> list[Said]:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        done = Written([], [], erased=False)
        try:
            with self._database.writing(who.site) as db:
                done = write(db, who, batch, disk, now, tasks=self._tasks)
        except BaseException:
            # it may have been committed all the same: then rows name the new files, and the old ones are to go
            self._doubt(who.site, [*disk.fresh.values(), *done.left_over])
            raise
        self._doubt(who.site, self._files.remove(done.left_over))
        if done.erased:
            with suppress(CloudError):  # it is erased; this only makes the log forget it sooner
                self._database.forget_log()
        if done.queued:
            self.queued()
        return done.said

    def _doubt(self, site: str, names: Iterable[str]) -> None:
        """Remember names of files of which it is not known whether rows name them."""
        if found := set(names):
            with self._lock:
                self._doubts.setdefault(site, set()).update(found)

    def _settle(self, site: str) -> None:
        """Remove the files in doubt that no row names. Once it is this site's turn, what left them has ended."""
        with self._lock:
            names = self._doubts.pop(site, set())
        if not names:
            return
        try:
            with self._database.writing(site) as db:
                known = db.with_rows(names)
        except BaseException:
            self._doubt(site, names)
            raise
        self._doubt(site, self._files.remove(names - known))

    def _with_rows(self, names: list[str]) -> set[str]:
        with self._database.reading() as db:
            return db.with_rows(names)


def _checked(one: Received) -> Arrival | Said:
    try:
        return arrival_of(one)
    except Unfit as error:
        return Said(str(one.head["message_id"]), "refused", str(error))
