"""The home: the one folder a site writes into, locked by the one process that runs the site."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from console.errors import HomeError
from console.settings.disk import in_words, write_whole
from models.words import _

if TYPE_CHECKING:
    from filelock import BaseFileLock

VARIABLE = "SIGHTDESK_HOME"


def find_home(option: Path | None) -> Path:
    """Where the home is: the option, else the variable SIGHTDESK_HOME, else the user's own data folder.

    Nothing is made or read.

    Raises:
        HomeError: it starts with ~NAME and there is no such user.
    """
    if option is None and (named := os.environ.get(VARIABLE)):
        option = Path(named)
    if option is not None:
        try:
            return option.expanduser().absolute()
        except RuntimeError:
            raise HomeError(
                _("{option}: there is no such user here.").format(option=option), _("Write the folder's full path.")
            ) from None
    from platformdirs import user_data_path  # noqa: PLC0415  # only where nobody said otherwise

    return user_data_path("Sightdesk", appauthor=False)


class Home:
    """A site's folder and what is where in it. `open` locks it for running the site; `look` only names its places.

    Attributes:
        path: the folder, absolute.
    """

    def __init__(self, path: Path, lock: BaseFileLock | None = None) -> None:
        self.path = path
        self._lock = lock

    def __repr__(self) -> str:
        return f"Home({str(self.path)!r}, locked={self.locked})"

    @classmethod
    def look(cls, path: Path) -> Home:
        """The home without its lock, for commands that read, or write what has a lock of its own (secrets).

        Raises:
            HomeError: a file is in its place, or this user may not look there.
        """
        path = path.absolute()
        try:
            occupied = path.exists() and not path.is_dir()
        except OSError as error:
            raise in_words(error, path) from error
        if occupied:
            raise HomeError(_("{path} is not a folder.").format(path=path), _("Choose a folder with --home."))
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Home:
        """Make the home where it is missing and lock it, until `close` or the end of this process, however it ends.

        Raises:
            HomeError: it can't be made or written, or another process holds it (says which).
        """
        home = cls.look(path)
        home.make()
        return cls(home.path, _lock(home))

    def make(self) -> None:
        """Make the folders that are missing, readable by this user alone, and try that the disk takes a write.

        Raises:
            HomeError: one can't be made or written.
        """
        folder = self.path
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in self._folders():
                folder.mkdir(mode=0o700, exist_ok=True)
            folder = self.run
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0" * 4096)
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            raise in_words(error, folder) from error

    def _folders(self) -> list[Path]:
        return [self.models, self.clips, self.pictures, self.logs, self.cache, self.run, self.backups]

    def holder(self) -> str:
        """Who signed the lock last, in words; empty when nobody did or the signature can't be read.

        It only means something while the lock is held: after a crash the lock is free and the signature left over.
        """
        try:
            said = json.loads(_signature(self).read_bytes())
            pid, host, since = int(said["pid"]), str(said["host"]), datetime.fromisoformat(said["since"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        mine = _(" (this one)") if pid == os.getpid() and host == socket.gethostname() else ""
        return _("process {pid}{mine} on {host}, since {since:%Y-%m-%d %H:%M:%S}").format(
            pid=pid, mine=mine, host=host, since=since.astimezone()
        )

    @property
    def locked(self) -> bool:
        """Whether this object holds the home's lock."""
        return self._lock is not None

    def close(self) -> None:
        """Give the lock back; harmless when there is none."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):  # a signature left over means nothing once the lock is free
                _signature(self).unlink()
            lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def exists(self) -> bool:
        """Whether the folder is there."""
        return self.path.is_dir()

    @property
    def settings_file(self) -> Path:
        """The commented YAML an operator edits."""
        return self.path / "settings.yaml"

    @property
    def database(self) -> Path:
        """The SQLite file; SQLite keeps two more beside it while it is in use."""
        return self.path / "sightdesk.db"

    @property
    def backups(self) -> Path:
        """Copies of the database from before its migrations."""
        return self.path / "backups"

    @property
    def models(self) -> Path:
        """Fetched model files."""
        return self.path / "models"

    @property
    def clips(self) -> Path:
        """Fetched video clips."""
        return self.path / "clips"

    @property
    def pictures(self) -> Path:
        """Redacted or sealed pictures; the database names each."""
        return self.path / "pictures"

    @property
    def logs(self) -> Path:
        """Rotating logs and the traces of crashes."""
        return self.path / "logs"

    @property
    def cache(self) -> Path:
        """What can be deleted at any time while nothing runs."""
        return self.path / "cache"

    @property
    def run(self) -> Path:
        """Locks and signatures of what runs now."""
        return self.path / "run"


def _lock(home: Home) -> BaseFileLock:
    from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms; looking needs no lock

    # thread_local: whoever closes the home need not be the thread that opened it
    lock = FileLock(home.run / "home.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise HomeError(
            _("The home {path} is in use by {holder}.").format(
                path=home.path, holder=home.holder() or _("another process")
            ),
            _("Close the other Sightdesk, or give this one a home of its own with --home."),
        ) from None
    except OSError as error:
        raise in_words(error, home.run) from error
    try:
        _sign(home)
    except HomeError:
        lock.release()
        raise
    return lock


def _signature(home: Home) -> Path:
    """Who holds the lock, in a file beside it: Windows lets nobody read a locked file."""
    return home.run / "holder.json"


def _sign(home: Home) -> None:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": Path(sys.argv[0]).name,
    }
    write_whole(_signature(home), json.dumps(holder).encode())
