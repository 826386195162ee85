"""Cameras typed or pasted: an address without its login, ids that differ, and lists of many as text or CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from console.settings.address import PASSWORD, USER, carries_password
from console.settings.presets import Preset
from console.settings.schema import Settings
from console.settings.scrub import SCRUBBER, SECRET_KEY
from models.words import _

MAX_ROWS = 1000
MAX_CHARACTERS = 1_000_000
_BEFORE_HOST = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/@:]*)(?::(.*))?@([^@]*)", re.DOTALL)
_PARAMETER = re.compile(r"([?&;])([^=&;#?]*)=([^&;#]*)")
_USER_KEY = re.compile(r"^(?:user(?:name)?|usr|login|loginuse)$", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_HOST = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]|(?=[^.]*[A-Za-z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?::\d{1,5})?"
)
_FILES = (".mp4", ".mkv", ".avi", ".mov", ".ts", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv")
_COLUMNS = {
    "name": ("name", "camera", "title", "description", "label"),
    "source": ("url", "source", "address", "stream", "uri", "rtsp", "link", "ip", "host"),
    "user": ("user", "username", "login", "account"),
    "password": ("password", "pass", "pwd", "passwd", "secret"),
    "group": ("group", "area", "site", "location", "zone", "building"),
}
_IN_ORDER = ("user", "password", "group")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login as typed; never in a message."""

    user: str
    password: str = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.user or self.password)


NOBODY = Credentials("", "")


def split_login(source: str) -> tuple[str, Credentials]:
    """An address without the login typed into it, and the login; what was found is made known to the scrubber.

    >>> split_login("rtsp://admin:p%40ss@10.0.0.7/live")[0]
    'rtsp://10.0.0.7/live'
    >>> split_login("http://10.0.0.7/video?user=admin&pwd=x1")[0]
    'http://10.0.0.7/video?user={user}&pwd={password}'
    """
    source = source.strip()
    user = password = ""
    if found := _BEFORE_HOST.fullmatch(source):
        source, user, password = found[1] + found[4], unquote(found[2]), unquote(found[3] or "")
    if "://" in source and not password:
        places = {"user": "", "password": ""}

        def place(match: re.Match[str]) -> str:
            mark, name, value = match[1], match[2], match[3]
            if value and value not in (USER, PASSWORD):
                if SECRET_KEY.search(name):
                    places["password"] = unquote(value)
                    return f"{mark}{name}={PASSWORD}"
                if _USER_KEY.match(name):
                    places["user"] = unquote(value)
                    return f"{mark}{name}={USER}"
            return match[0]

        placed = _PARAMETER.sub(place, source)
        if places["password"]:
            source, user, password = placed, places["user"] or user, places["password"]
    if password:
        SCRUBBER.remember(password)
    return source, Credentials(user, password)


def free_id(wanted: str, taken: Iterable[str]) -> str:
    """A camera's id made of a name or address: small letters, digits and dashes, beginning with a letter, not taken.

    >>> free_id("Yard east", ["yard-east"]), free_id("12", [])
    ('yard-east-2', 'camera-12')
    """
    name = re.sub(r"[^a-z0-9]+", "-", wanted.casefold()).strip("-")[:40].rstrip("-") or "camera"
    if not name[0].isalpha():
        name = f"camera-{name}"
    known = set(taken)
    unique, number = name, 2
    while unique in known:
        unique, number = f"{name}-{number}", number + 1
    return unique


def name_of(source: str) -> str:
    """What a source may be called until somebody names it: the host, the file's name. Never more of an address."""
    match = _SCHEME.match(source)
    if match and "://" in source:
        try:
            return urlsplit(source).hostname or ""
        except ValueError:
            return ""
    if match and match[0].lower() in {"usb:", "synthetic:"}:
        return source.partition(":")[2].partition("?")[0]
    last = re.split(r"[\\/]", source.rstrip("\\/"))[-1]
    return last.rpartition(".")[0] or last


class Verdict(StrEnum):
    """What an import would do with a row."""

    NEW = "new"
    THERE = "already there"
    TWICE = "twice in the list"
    WRONG = "can't be read"


@dataclass(frozen=True, slots=True)
class Row:
    """One camera of a list.

    Attributes:
        line: counts from 1, as pasted.
        source: without a login.
        login: its own, or nobody's.
        verdict: what an import would do.
        why: of a row that is wrong, in words.
    """

    line: int
    name: str
    source: str
    login: Credentials = NOBODY
    group: str = ""
    verdict: Verdict = Verdict.NEW
    why: str = ""


def read_rows(text: str, settings: Settings, form: Preset | None = None) -> list[Row]:
    """The cameras of a pasted list or CSV: one a line; with or without a heading; commas, semicolons or tabs.

    Without a heading the address is found by its looks, what stands before it is the name, and after it come user,
    password and group.

    Args:
        text: as pasted.
        settings: whose cameras are there already.
        form: makes addresses of lines that hold only a host.
    """
    lines = [(number, line) for number, line in enumerate(text[:MAX_CHARACTERS].splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith("#")][:MAX_ROWS]
    mark = _separator([line for _number, line in lines])
    cells = [(number, [cell.strip() for cell in _cells(line, mark)]) for number, line in lines]
    heading = _heading(cells[0][1]) if cells else None
    rows = [
        _by_heading(number, row, heading) if heading else _by_looks(number, row)
        for number, row in (cells[1:] if heading else cells)
    ]
    return _judged([_addressed(row, form) for row in rows], settings)


def _separator(lines: Sequence[str]) -> str:
    counts = {mark: sum(mark in line for line in lines) for mark in ("\t", ";", ",")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] * 2 >= max(len(lines), 1) else ""  # addresses may have commas in them


def _cells(line: str, mark: str) -> list[str]:
    if not mark or (
        _is_address(line.strip()) and mark not in line.strip().partition("://")[0] and line.count(mark) == 0
    ):
        return [line]
    return next(csv.reader(io.StringIO(line), delimiter=mark), [line])


def _heading(cells: Sequence[str]) -> dict[str, int] | None:
    """Which column is what, if these are names of columns."""
    found = {}
    for number, cell in enumerate(cells):
        word = cell.casefold().strip(" \"'")
        for column, names in _COLUMNS.items():
            if word in names and column not in found:
                found[column] = number
    return found if "source" in found else None


def _by_heading(line: int, cells: Sequence[str], heading: Mapping[str, int]) -> Row:
    def cell(column: str) -> str:
        at = heading.get(column)
        return cells[at] if at is not None and at < len(cells) else ""

    return Row(line, cell("name"), cell("source"), Credentials(cell("user"), cell("password")), cell("group"))


def _by_looks(line: int, cells: Sequence[str]) -> Row:
    at = next((number for number, cell in enumerate(cells) if _is_address(cell)), None)
    if at is None:
        return Row(line, "", cells[0] if len(cells) == 1 else "", verdict=Verdict.WRONG)
    rest = dict(zip(_IN_ORDER, cells[at + 1 :], strict=False))
    name = " ".join(filter(None, cells[:at]))
    return Row(
        line, name, cells[at], Credentials(rest.get("user", ""), rest.get("password", "")), rest.get("group", "")
    )


def _is_address(cell: str) -> bool:
    plain = cell.casefold()
    return (
        "://" in cell
        or plain.startswith(("usb:", "synthetic:", "/", "./", "~", "\\\\"))
        or re.match(r"[a-z]:[\\/]", plain) is not None
        or plain.endswith(_FILES)
        or _HOST.fullmatch(cell) is not None
    )


def _addressed(row: Row, form: Preset | None) -> Row:
    """The row with a whole address, and the login that stood in it; its own columns go before that."""
    if row.login.password:
        SCRUBBER.remember(row.login.password)
    source, typed = split_login(row.source)
    login = row.login or typed
    row = replace(row, source=source, login=login)
    if not source or not _is_address(source):
        return replace(row, source="", verdict=Verdict.WRONG, why=_("There is no address in this line."))
    if _HOST.fullmatch(source) and not source.casefold().endswith(_FILES):
        if form is None:
            return replace(row, verdict=Verdict.WRONG, why=_("Only a host: choose the maker's form above."))
        row = replace(row, source=form.address(source), name=row.name or source.partition(":")[0])
    if carries_password(row.source):
        why = _("There is a password in the address that can't be told from the rest of it.")
        return replace(row, source="", verdict=Verdict.WRONG, why=why)
    return row


def _judged(rows: Iterable[Row], settings: Settings) -> list[Row]:
    there = {camera.source: camera.title for camera in settings.cameras}
    seen: dict[str, int] = {}
    judged = []
    for row in rows:
        verdict, why = row.verdict, row.why
        if verdict is Verdict.NEW and row.source in there:
            verdict, why = Verdict.THERE, _("{name} has this address.").format(name=there[row.source])
        elif verdict is Verdict.NEW and row.source in seen:
            verdict, why = Verdict.TWICE, _("As line {line}.").format(line=seen[row.source])
        if verdict is Verdict.NEW:
            seen[row.source] = row.line
        judged.append(replace(row, name=row.name or name_of(row.source), verdict=verdict, why=why))
    return judged
