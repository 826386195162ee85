"""What an erasure did, in figures and words that say nothing of anybody; and a last look for what it may have left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from console.privacy.audit.chain import FILE
from console.privacy.erasing.logs import Named
from console.settings.disk import write_whole
from console.settings.home import Home
from console.store.connect import reading
from console.store.tombstones import NOTICES, without_notices
from models.words import N_, _, ngettext

FOLDER = "erasures"
_COUNTED = (
    "events", "pictures", "sealed", "bytes", "items", "verdicts", "gold members", "messages", "answers",
    "unknown files", "copies", "copies removed", "log lines",
)  # fmt: skip
_PIECE = 1 << 22
_OVERLAP = 512


_LINES = (
    (
        "gold members",
        N_("{n} member of gold sets; they say how many they lack."),
        N_("{n} members of gold sets; they say how many they lack."),
    ),
    ("messages", N_("{n} message in the outbox, sent or waiting."), N_("{n} messages in the outbox, sent or waiting.")),
    ("answers", N_("{n} answer of the cloud."), N_("{n} answers of the cloud.")),
    ("unknown files", N_("{n} picture file that no row knew."), N_("{n} picture files that no row knew.")),
    ("copies", N_("{n} copy of the database written anew."), N_("{n} copies of the database written anew.")),
    (
        "copies removed",
        N_("{n} copy of the database removed: it could not be written anew."),
        N_("{n} copies of the database removed: they could not be written anew."),
    ),
    ("log lines", N_("{n} log line made blank."), N_("{n} log lines made blank.")),
)
"""Figures that have a line each where they are not 0: of one, of many."""


@dataclass(frozen=True, slots=True)
class Report:
    """Of one erasure. Every word and figure in it may be shown to anybody.

    Attributes:
        erasure: its name; the report's file is called so.
        asked_at, ended_at: UTC.
        asked: what kinds of things were named: camera, time, track, event, picture, tracking ID.
        figures: what went: events, pictures, sealed, bytes, review items, verdicts, gold members, messages, answers
            of clouds, unknown files, copies written anew or removed, log lines; how many notices go to which target.
        searched: files that were looked through for what went; None: it was interrupted, and what to look for was
            forgotten before the search.
        left: files of the home that still name it.
        kept: what names it on purpose, such as the audit.
        unused: targets that may have it and to which nothing goes any more: nobody has them erase it.
        path: where it stands.
    """

    erasure: str
    asked_at: str
    ended_at: str
    asked: list[str]
    figures: dict[str, int]
    searched: int | None
    left: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    path: str = ""

    def words(self) -> list[str]:
        """The same for a person, a line each."""
        count = dict.fromkeys(_COUNTED, 0) | self.figures
        lines = [
            _("Erased: {events} events, {pictures} pictures, {sealed} sealed crops ({megabytes:.1f} MB).").format(
                events=count["events"],
                pictures=count["pictures"],
                sealed=count["sealed"],
                megabytes=count["bytes"] / 1e6,
            )
        ]
        held = sum(number for name, number in self.figures.items() if name.startswith("held for "))
        if held:
            lines.append(
                ngettext(
                    "{n} of the pictures was held for review, gold sets or sync; it went too.",
                    "{n} of the pictures were held for review, gold sets or sync; they went too.",
                    held,
                ).format(n=held)
            )
        if count["items"]:
            lines.append(
                ngettext(
                    "{n} review item, with {verdicts} verdicts.",
                    "{n} review items, with {verdicts} verdicts.",
                    count["items"],
                ).format(n=count["items"], verdicts=count["verdicts"])
            )
        for name, one, many in _LINES:
            if count[name]:
                lines.append(ngettext(one, many, count[name]).format(n=count[name]))
        lines += self._told()
        lines.append(_("The database was written anew, and its log emptied."))
        if self.searched is None:
            lines.append(_("It was interrupted at its end, so no search for remains was made."))
        elif not self.left:
            lines.append(
                ngettext(
                    "{n} file was searched: nothing is left.",
                    "{n} files were searched: nothing is left.",
                    self.searched,
                ).format(n=self.searched)
            )
        lines += [_("▲ {file} still names it.").format(file=name) for name in self.left]
        lines += self.kept
        lines.append(_("Copies outside this home, and what a disk keeps by itself, are out of its reach."))
        return lines

    def _told(self) -> list[str]:
        """Who else is to erase it; a notice names tracking IDs alone, and is emptied once everybody has it."""
        told = {name.removeprefix(NOTICES): n for name, n in self.figures.items() if name.startswith(NOTICES)}
        lines = [
            ngettext(
                "{target} is told to erase it too, by {n} notice with tracking IDs.",
                "{target} is told to erase it too, by {n} notices with tracking IDs.",
                count,
            ).format(target=target, n=count)
            for target, count in sorted(told.items())
            if target not in self.unused
        ]
        return lines + [
            _(
                "▲ Nothing goes to {target} any more, so nobody has it erase what it was sent. "
                "Switch it on again, or erase it there."
            ).format(target=target)
            for target in self.unused
        ]


def write(home: Home, report: Report) -> Path:
    """Write the report into the home.

    Raises:
        HomeError: it can't be written.
    """
    folder = home.path / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{report.erasure}.json"
    said: dict[str, Any] = asdict(report) | {"words": report.words()}
    said.pop("path")
    write_whole(path, (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def naming_it(home: Home, named: Named) -> list[str]:
    """Which files name it on purpose, in words: the audit, and where a camera is still set up."""
    said = [_("The audit record stays: it may name cameras.")] if (home.path / FILE).exists() else []
    places = (home.settings_file, *sorted(home.path.glob("settings.last-good.*")), home.path / "desk.json")
    return said + [
        _("{file} still names the camera: take it out there.").format(file=path.name)
        for path in places
        if path.is_file() and named(path.read_bytes())
    ]


def search(home: Home, named: Named) -> tuple[int, list[str]]:
    """Look through every page of the database, the bytes of its copies and of the log files, and the names of pictures.

    The database's own log was emptied before. What it has to say to targets that are still to be told is passed over.

    Returns:
        How many files were looked through, and which name it.
    """
    files = list(_searched(home))
    pictures = [path for path in sorted(home.pictures.rglob("*")) if path.is_file()]
    left = [path.relative_to(home.path).as_posix() for path in pictures if named(path.name.encode())]
    with reading(home.database) as db:
        if named(pages := db.serialize()) and named(_silent(pages)):
            left.append(home.database.name)
    for path in files:
        try:
            if _any(path, named):
                left.append(path.relative_to(home.path).as_posix())
        except FileNotFoundError:
            continue
    return len(files) + 1, left


def _silent(pages: bytes) -> bytes:
    """A database without its notices to targets; all else in it as it was, free pages too."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.deserialize(pages[:18] + b"\x01\x01" + pages[20:])  # one in memory has no write-ahead log
        db.execute("PRAGMA secure_delete = ON")
        without_notices(db)
        return db.serialize()


def _searched(home: Home) -> Iterable[Path]:
    """Files to read by hand: never the database in use, nor what SQLite keeps beside it.

    A file that is opened and closed loses all locks that this process has on it
    (https://www.sqlite.org/howtocorrupt.html, 2.2), and then another process takes the database for its own.
    """
    for folder in (home.backups, home.logs, home.run):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock")


def _any(path: Path, named: Named) -> bool:
    before = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if named(before + piece):
                return True
            before = piece[-_OVERLAP:]
    return False
