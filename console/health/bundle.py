"""One file for a bug report: what was found, versions, settings, the last logs; and no secret.

Nothing is copied as it stands. What has a form (settings, findings, log lines) goes through the scrubber value by
value; what has none, line by line; and every value that this machine keeps as a secret is looked for once more in the
outcome.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import platform
import sqlite3
import sys
import threading
import traceback
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.errors import SecretError, StoreError
from console.health.findings import Finding
from console.settings.disk import write_whole
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.parse import MAX_BYTES
from console.settings.scrub import SCRUBBER, SECRET_KEY
from console.settings.secrets import Secrets
from console.store.connect import reading
from models.words import _

_LOG_BYTES = 1_000_000
_LOG_FILES = 8
_SHOWN = (
    "DISPLAY", "LANG", "LC_ALL", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "SIGHTDESK_HOME", "WAYLAND_DISPLAY",
    "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE",
)  # fmt: skip


def write_bundle(home: Home, target: Path, findings: Iterable[Finding]) -> list[str]:
    """Write the bundle, readable by this user alone.

    Args:
        home: read, never changed.
        target: the ZIP file; one that is there is replaced.
        findings: of `examine`.

    Returns:
        The names of its members.

    Raises:
        HomeError: it can't be written.
    """
    unknown = _learn(home)
    content = io.BytesIO()
    names: list[str] = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in _members(home, list(findings), unknown):
            bundle.writestr(name, SCRUBBER.known(text))
            names.append(name)
    write_whole(target, content.getvalue())
    return names


def _learn(home: Home) -> list[str]:
    """Tell the scrubber every secret that can be had here; returns the names of those that can't be opened."""
    for name, value in os.environ.items():
        if SECRET_KEY.search(name):
            SCRUBBER.remember(value)
    try:  # broken settings may have a password in them that then also stood in a log
        with home.settings_file.open("rb") as file:
            SCRUBBER.learn(file.read(MAX_BYTES).decode("utf-8", "replace"))
    except OSError:
        pass
    secrets = Secrets(home)
    try:
        names = secrets.names()
    except SecretError:
        return ["all"]
    unknown = []
    for name in names:
        try:
            secrets.get(name)
        except SecretError:
            unknown.append(name)
    return unknown


def _members(home: Home, findings: list[Finding], unknown: list[str]) -> Iterator[tuple[str, str]]:
    about = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "home": str(home.path),
        "running": home.holder(),
        "secrets_not_opened": unknown,
        "scrubbed": "Values of secrets and all that looks like one are replaced by ***.",
    }
    yield "about.json", _json(about)
    yield "findings.json", _json([finding.as_json() for finding in findings])
    yield "versions.json", _json(_versions())
    yield "environment.json", _json({name: os.environ[name] for name in _SHOWN if name in os.environ})
    yield "settings.json", _json(_settings(home))
    yield "database.json", _json(_database(home))
    yield "threads.txt", SCRUBBER.text(_threads())
    yield from _logs(home.logs)


def _json(value: Any) -> str:
    return json.dumps(SCRUBBER.value(value), indent=2, ensure_ascii=False)


def _versions() -> Mapping[str, Any]:
    packages = {item.metadata["Name"]: item.version for item in importlib.metadata.distributions()}
    return {
        "python": sys.version,
        "platform": platform.platform(),
        "frozen": bool(getattr(sys, "frozen", False)),
        "sqlite": sqlite3.sqlite_version,
        "packages": dict(sorted(packages.items())),
    }


def _settings(home: Home) -> Mapping[str, Any]:
    """The settings in force, never the text of the file: its comments may hold anything."""
    loaded = SettingsFile(home.settings_file).load(keep=False)
    problems = [{"line": found.line, "key": found.key, "what": found.what} for found in loaded.problems]
    return {"origin": loaded.origin, "problems": problems, "settings": loaded.settings.model_dump(mode="json")}


def _database(home: Home) -> Mapping[str, Any]:
    """The schema's version and how many rows there are, no row itself."""
    try:
        with reading(home.database) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
            return {
                "schema": db.execute("PRAGMA user_version").fetchone()[0],
                "bytes": home.database.stat().st_size,
                "rows": {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables},  # noqa: S608
            }
    except StoreError as error:
        return {"error": error.what}


def _threads() -> str:
    """Where every thread of this process stands now: of the desk, when the desk makes the bundle."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():  # noqa: SLF001  # the documented way to see other threads
        parts.append(f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}")
    return "\n".join(parts)


def _logs(folder: Path) -> Iterator[tuple[str, str]]:
    files = [file for file in folder.glob("*.log*") if file.is_file()] if folder.is_dir() else []
    files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[:_LOG_FILES]:
        try:
            with file.open("rb") as raw:
                raw.seek(max(file.stat().st_size - _LOG_BYTES, 0))
                text = raw.read(_LOG_BYTES).decode("utf-8", "replace")
        except OSError as error:
            text = _("can't be read: {reason}").format(reason=error.strerror or type(error).__name__)
        yield f"logs/{file.name}", "".join(_scrubbed_lines(text))


def _scrubbed_lines(text: str) -> Iterator[str]:
    """JSON lines keep their form; others, and the first one that was cut, go as text."""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            yield SCRUBBER.text(line) + "\n"
        else:
            yield json.dumps(SCRUBBER.value(entry), ensure_ascii=False) + "\n"
