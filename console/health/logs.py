"""Logs: JSON lines in rotating files for machines, words on standard error for people, secrets in neither.

Rooms use the standard ``logging.getLogger(__name__)`` and give details by ``extra={"camera": ...}``: so nobody pays
structlog's 90 ms of import who only wants to log. structlog gives the lines their form here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from console.settings.disk import in_words
from console.settings.schema import LogSettings
from console.settings.scrub import SCRUBBER

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter

FILE = "sightdesk.log"
OURS = ("console", "backends", "models", "widgets", "sightdesk")
_MEGABYTE = 1_000_000
_MAX_TEXT = 20_000  # characters of one message or trace that are written
_MAX_READ = 1_000_000  # and that are looked through


class Logs:
    """Logging as it is set up for this process, until `stop`."""

    def __init__(self, handlers: list[logging.Handler], level: int) -> None:
        self._handlers = handlers
        self._before = {name: logging.getLogger(name).level for name in (None, *OURS)}
        root = logging.getLogger()
        root.setLevel(logging.WARNING)  # libraries only where something is wrong; some log addresses at info
        for name in OURS:
            logging.getLogger(name).setLevel(level)
        for handler in handlers:
            root.addHandler(handler)
        logging.captureWarnings(capture=True)

    def stop(self) -> None:
        """Close the files and leave logging as it was found."""
        logging.captureWarnings(capture=False)
        for name, level in self._before.items():
            logging.getLogger(name).setLevel(level)
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
            handler.close()
        self._handlers = []


def start(
    settings: LogSettings, folder: Path | None = None, *, words: str = "info", stream: TextIO | None = None
) -> Logs:
    """Begin to log.

    Args:
        settings: level, size and number of the files.
        folder: where the files go; None: no files (commands beside a running desk, whose files they must not rotate).
        words: the least that goes to the person at the terminal: debug, info, warning or error.
        stream: where that goes; None: standard error.

    Raises:
        HomeError: a log file can't be opened.
    """
    handlers: list[logging.Handler] = []
    people = logging.StreamHandler(stream or sys.stderr)
    people.setFormatter(_formatter(_words))
    people.setLevel(words.upper())
    handlers.append(people)
    if folder is not None:
        size = settings.megabytes * _MEGABYTE
        try:
            file = _File(folder / FILE, maxBytes=size, backupCount=settings.keep, encoding="utf-8", errors="replace")
        except OSError as error:
            raise in_words(error, folder / FILE) from error
        file.setFormatter(_formatter(_json()))
        file.setLevel(settings.level.upper())
        handlers.append(file)
    least = min(handler.level for handler in handlers)
    return Logs(handlers, least)


class _File(RotatingFileHandler):
    """A full or lost disk must neither stop the program nor flood the terminal: it is said once."""

    _failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._failed:
            self._failed = True
            sys.stderr.write(f"sightdesk: the log can't be written: {in_words(error, Path(self.baseFilename))}\n")


def _formatter(renderer: Any) -> ProcessorFormatter:
    import structlog  # noqa: PLC0415  # 90 ms: only where logs are really written

    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _details,
    ]
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info]
    # its defaults take exc_info and stack_info off the record: else logging would append them, unscrubbed, to the line
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=[*last, _scrubbed, renderer])


_OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime"}  # the last two a formatter may leave


def _details(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["thread"] = record.threadName
        for key, value in vars(record).items():
            if key not in _OF_EVERY_RECORD:
                event.setdefault(key, value)
    return event


def _scrubbed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Take the secrets out, then shorten: the other way round a cut would leave the first half of a secret."""
    bounded = {key: value[:_MAX_READ] if isinstance(value, str) else value for key, value in event.items()}
    scrubbed: Mapping[str, Any] = SCRUBBER.value(bounded)
    return {
        key: value[:_MAX_TEXT] + " ..." if isinstance(value, str) and len(value) > _MAX_TEXT else value
        for key, value in scrubbed.items()
    }


def _json() -> Any:
    import structlog  # noqa: PLC0415

    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _words(_logger: Any, _method: str, event: Mapping[str, Any]) -> str:
    """One line: what happened and its details; of an exception the last line, since the whole is in the file."""
    known = ("event", "level", "logger", "timestamp", "thread", "exception", "stack")
    details = " ".join(f"{key}={value}" for key, value in event.items() if key not in known)
    trace = str(event.get("exception") or "").strip().rpartition("\n")[2]
    parts = [str(event.get("event", "")), f"({details})" if details else "", f"[{trace}]" if trace else ""]
    return f"{event.get('level', ''):<8} " + " ".join(part for part in parts if part)
