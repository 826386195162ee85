"""The home's record of who did what: who saw, sent, changed and erased what, in a chain of hashes.

What it proves: any line that was changed, left out, put in or moved is found by `audit_verify`, as long as one later
head is known from somewhere else. The home's database knows the newest one; a file off the box (`audit.anchor` in the
settings) knows it even when whoever changes the record can also change the database.
"""

from __future__ import annotations

import atexit
import logging
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.errors import AuditError, HomeError, StoreError
from console.privacy.audit.anchor import Anchor, known_to_database, to_database
from console.privacy.audit.chain import BROKEN, FILE, NOTHING, OWN, Head, Over, lines, sealed, tail
from console.settings.disk import in_words
from console.settings.home import Home
from console.settings.scrub import SCRUBBER
from models.words import _

BEGUN = "record begun"
_TURN_S = 10.0
_log = logging.getLogger(__name__)
_anchors: dict[Path, Anchor | None] = {}
_anchors_lock = threading.Lock()


def anchor_to(home: Path, path: str) -> None:
    """From now on add this home's heads to the file at `path`; empty: to none. The newest is added at once."""
    path = path.strip()
    wanted = Path(path).expanduser() if path else None
    with _anchors_lock:
        known = _anchors.get(home)
        if home in _anchors and (known.path if known else None) == wanted:
            return
        if known is not None:
            known.close(0)
        made = _anchors[home] = Anchor(wanted, home) if wanted else None
    if made is not None:
        try:
            now = tail(home / FILE)[0]
        except OSError:
            return
        if now is not None:
            made.put(now)


def anchor_problem(home: Path) -> str:
    """Why the newest head is not off the box, in words; empty when it is, or is not asked for."""
    known = _anchors.get(home)
    return known.problem if known is not None else ""


def let_go(home: Path, patience_s: float = 1.0) -> None:
    """Give what waits for the anchor a last moment, and end its thread. The next write begins anew."""
    with _anchors_lock:
        known = _anchors.pop(home, None)
    if known is not None and not known.close(patience_s):
        _log.warning("The audit's newest head is not in %s yet; the next entry brings it there.", known.path)


@atexit.register
def _at_exit() -> None:
    for home in list(_anchors):
        let_go(home)


class Audit:
    """Adds to a home's record. Any thread of any process may, but no job of the store's writer; see `to_database`.

    Args:
        home: the home's folder.
    """

    def __init__(self, home: Path) -> None:
        self._home = Home(home)
        self._path = home / FILE
        self._lock = threading.Lock()

    def write(self, event: str, **details: object) -> Head:
        """Add a line, on the disk when this returns; the same goes to the log. Secrets in it are taken out.

        A half line that a power cut left is named in the new one. A record that does not end as the database says it
        did is said to be broken, in a line of its own that stays.

        Args:
            event: what was done.
            details: JSON values, under other names than `audit_chain.OWN`.

        Returns:
            The new head.

        Raises:
            AuditError: the disk refused it, or another process does not let go of the record.
            ValueError: a detail has a name of the chain's own.
        """
        if taken := OWN & details.keys():
            raise ValueError(f"the chain's own fields can't be details: {', '.join(sorted(taken))}")
        said: dict[str, Any] = SCRUBBER.value(details)
        try:
            with self._lock, self._turn():
                head = self._add(event, said)
        except OSError as error:
            raise _refused(in_words(error, self._path)) from error
        except HomeError as error:
            raise _refused(error) from error
        _log.info("Audit: %s", event, extra={f"audit_{k}" if k in _OF_LOGGING else k: v for k, v in said.items()})
        anchor = self._anchor()
        if anchor is not None:
            anchor.put(head)
        return head

    def _add(self, event: str, details: dict[str, Any]) -> Head:
        last, loose, ended = tail(self._path)
        known, why = known_to_database(self._home.database)
        if why:
            _log.warning("The audit can't be compared with the database: %s", why)
        record = last.record if last else uuid.uuid4().hex
        fields: list[tuple[str, dict[str, Any]]] = []
        if broken := self._broken(last, loose, known):
            fields.append((BROKEN, broken))
        if last is None and loose and not broken:
            fields.append((BEGUN, {}))  # what stands above is older than the chain, which vouches for it from now on
        fields.append((event, details))
        between = loose + b"\n" if loose and not ended else loose
        content, head = _chained(fields, last, record, between)
        if not ended:
            content = b"\n" + content
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.write(handle, content) < len(content):  # one write: never torn by another process's
                raise HomeError(_("The disk of {path} is full.").format(path=self._path))
            os.fsync(handle)
        finally:
            os.close(handle)
        self._tell_database(head)
        return head

    def _broken(self, last: Head | None, loose: bytes, known: Head | None) -> dict[str, Any]:
        """What is wrong with how the record ends; empty when nothing is."""
        found = str(last) if last else "nothing"
        if b'"hash": "' in loose and loose.endswith(b"\n"):  # a line of a chain that is none any more
            return {"found": found, "expected": str(known) if known else "sound lines"}
        if known is None or (last is not None and known == last):
            return {}
        if last is not None and known.record == last.record and known.n < last.n and self._has(known):
            return {}  # a crash came between record and database, or the database is an older copy
        return {"found": found, "expected": str(known)}

    def _has(self, head: Head) -> bool:
        return any(line.fields is not None and line.head == head for line in lines(self._path))

    def _tell_database(self, head: Head) -> None:
        """Have the database know; one that can't is told with the next line."""
        if not self._home.database.is_file():
            return
        try:
            to_database(self._home.database, self._home.run, head)
        except (StoreError, sqlite3.Error) as error:
            _log.warning("The audit's head can't be kept in the database: %s", error)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms

        self._home.run.mkdir(mode=0o700, exist_ok=True)
        try:
            with FileLock(self._home.run / "audit.lock", timeout=_TURN_S, thread_local=False, poll_interval=0.005):
                yield
        except Timeout:
            raise HomeError(
                _("Another program holds {path} for too long.").format(path=self._path), _("Close it, then try again.")
            ) from None

    def _anchor(self) -> Anchor | None:
        """The file off the box; where nobody in this process has named it, the settings do."""
        home = self._home.path
        if home not in _anchors:
            from console.settings.file import SettingsFile  # noqa: PLC0415  # YAML: only for a process's first line

            anchor_to(home, SettingsFile(self._home.settings_file).load(keep=False).settings.audit.anchor)
        return _anchors.get(home)


_OF_LOGGING = {*vars(logging.makeLogRecord({})), "message", "asctime"}


def _chained(
    wanted: list[tuple[str, dict[str, Any]]], last: Head | None, record: str, loose: bytes
) -> tuple[bytes, Head]:
    """The lines for these events after `last`, the first of them vouching for what stands between, and the new head."""
    n, prev, content, between = (last.n, last.hash, b"", loose) if last else (0, NOTHING, b"", loose)
    for event, details in wanted:
        n += 1
        own: dict[str, Any] = {"n": n, "at": datetime.now(UTC).isoformat(), "event": event, **details}
        if between:
            over = Over.of(between)
            own["over"] = {"bytes": over.size, "lines": over.lines, "sha256": over.sha256}
            between = b""
        line, prev = sealed({**own, "record": record, "prev": prev})
        content += line
    return content, Head(n, prev, record)


def _refused(error: HomeError) -> AuditError:
    return AuditError(_("What is done can't be recorded: {what}").format(what=error.what), error.hint)
