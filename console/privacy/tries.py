"""How often a PIN was wrong, across restarts and processes, and how long the next try has to wait for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.errors import SecretError
from console.settings.disk import in_words, write_whole
from models.words import _

FREE_TRIES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 3600.0
"""After so many wrong PINs the next try waits; each further one twice as long, up to an hour."""


class Tries:
    """The count of wrong ones, in a file. Any thread of any process may use it.

    Args:
        folder: where the file is; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wait_s(self) -> float:
        """How long until a PIN may be tried; 0: now."""
        wrong, at = self._read()
        if wrong < FREE_TRIES:
            return 0.0
        pause = min(FIRST_PAUSE_S * 2.0 ** (wrong - FREE_TRIES), LONGEST_PAUSE_S)
        passed = (datetime.now(UTC) - at).total_seconds()
        return pause if passed < 0 else max(0.0, pause - passed)  # a clock set back gains nobody a try

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One try at a time, in all processes.

        Raises:
            SecretError: another process does not end its own.
            HomeError: the folder can't be used.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms

        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._folder / "supervisor.lock", timeout=10, thread_local=False):
                yield
        except Timeout:
            raise SecretError(_("Another program is trying a PIN."), _("Try again.")) from None
        except OSError as error:
            raise in_words(error, self._folder) from error

    @property
    def wrong(self) -> int:
        """Wrong ones since the last right one."""
        return self._read()[0]

    def count(self, wrong: int) -> None:
        """So many are wrong now. Raises HomeError where that can't be kept."""
        said = {"wrong": wrong, "at": datetime.now(UTC).isoformat()}
        write_whole(self._folder / "supervisor.json", json.dumps(said).encode())

    def _read(self) -> tuple[int, datetime]:
        """Wrong ones since the last right one, and when the last was. A damaged count counts as many."""
        try:
            said = json.loads((self._folder / "supervisor.json").read_bytes())
            return int(said["wrong"]), datetime.fromisoformat(said["at"]).astimezone(UTC)
        except FileNotFoundError:
            return 0, datetime.now(UTC) - timedelta(days=1)
        except (OSError, ValueError, KeyError, TypeError):
            return FREE_TRIES, datetime.now(UTC) - timedelta(seconds=FIRST_PAUSE_S)
