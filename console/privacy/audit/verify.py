"""Whether a record of who did what is what was written: its own chain, and every head that is known from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.errors import AuditError, UsageError
from console.privacy.audit.anchor import in_file, known_to_database
from console.privacy.audit.chain import BROKEN, FILE, NOTHING, Head, Line, Over, lines, tail
from console.settings.disk import in_words
from models.words import _, ngettext

_MOST = 20
_LEAST_HASH = 16


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a look at a record.

    Attributes:
        lines: sealed lines found.
        head: the last of them; None: there is none.
        problems: what is wrong, in words, the first 20; empty: nothing was found.
        notes: what is not wrong and worth knowing.
        anchored: the newest line that a file off the box vouches for; 0: none.
    """

    lines: int
    head: Head | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    anchored: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.problems


def head(home: Path) -> Head | None:
    """The newest line of a home's record; None: there is none yet.

    Raises:
        AuditError: it can't be read.
    """
    try:
        return tail(home / FILE)[0]
    except OSError as error:
        words = in_words(error, home / FILE)
        raise AuditError(words.what, words.hint) from error


def verify(home: Path, *, against: str | None = None, anchor: Path | None = None) -> Verdict:
    """Look through a home's record.

    Args:
        home: the home's folder.
        against: a head that was noted down earlier, as `str(Head)` has it, or its hash alone.
        anchor: the file off the box.

    Raises:
        AuditError: the record or the anchor can't be read.
        UsageError: `against` is no head.
    """
    look = _Look()
    try:
        for line in lines(home / FILE):
            look.at(line)
    except FileNotFoundError:
        pass
    except OSError as error:
        words = in_words(error, home / FILE)
        raise AuditError(words.what, words.hint) from error
    look.at_the_end()
    _compare_database(look, home)
    if against is not None:
        _compare_noted(look, against)
    anchored = _compare_anchor(look, anchor, home) if anchor is not None else 0
    if anchor is None and against is None and look.hashes:
        look.notes.append(
            _(
                "Nothing off this machine vouches for it: whoever can change the record and the database together is "
                "not found out. Name a file elsewhere (audit.anchor), or keep what `sightdesk audit head` prints."
            )
        )
    return Verdict(len(look.hashes), look.head, tuple(look.problems[:_MOST]), tuple(look.notes), anchored)


class _Look:
    """One walk along the chain."""

    def __init__(self) -> None:
        self.hashes: dict[int, str] = {}
        self.head: Head | None = None
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._loose: list[Line] = []

    def at(self, line: Line) -> None:
        """The next line of the file."""
        if line.fields is None:
            self._loose.append(line)
            return
        now, over = line.head, line.over
        if not self._loose_fits(over):
            if self._loose:
                self._say(_("{where}: changed, or put in by something else."), self._loose[0], self._loose[-1])
            else:
                self._say(_("{where}: bytes before it are missing."), line, line)
        elif line.fields["prev"] != (self.head.hash if self.head else NOTHING) or now.n != self._next:
            self._say(_("{where}: does not follow the line before; lines are missing, moved or changed."), line, line)
        elif over is not None:
            first = self.head is None
            words = (
                ngettext("{n} line is older than the chain, which vouches for it only since {at}.",
                         "{n} lines are older than the chain, which vouches for them only since {at}.", over.lines)
                if first
                else ngettext("{n} line before line {line} was cut off or written by another program, as is recorded.",
                              "{n} lines before line {line} were cut off or written by another program, as is "
                              "recorded.", over.lines)
            )  # fmt: skip
            self.notes.append(words.format(n=over.lines, at=_day(line.fields["at"]), line=line.number))
        if self.head is not None and now.record != self.head.record:
            self._say(_("{where}: belongs to another record."), line, line)
        if line.fields["event"] == BROKEN:
            self._say(
                _("{where}: the record had been changed before this line: it ended with {found}, not {expected}."),
                line, line, found=line.fields.get("found"), expected=line.fields.get("expected"),
            )  # fmt: skip
        self.hashes[now.n] = now.hash
        self.head = now
        self._loose.clear()

    def at_the_end(self) -> None:
        """After the last line."""
        if not self._loose:
            return
        last = self._loose[-1]
        if self.head is None and not any(line.was_sealed for line in self._loose):
            self.notes.append(_("All of it is older than the chain; nothing vouches for it yet."))
        elif len(self._loose) == 1 and not last.raw.endswith(b"\n"):
            self.notes.append(_("Line {n} was cut off while it was written.").format(n=last.number))
        else:
            self._say(_("{where}: changed, or put in by something else."), self._loose[0], last)

    @property
    def _next(self) -> int:
        return self.head.n + 1 if self.head else 1

    def _loose_fits(self, over: Over | None) -> bool:
        if not self._loose:
            return over is None
        return over == Over.of(b"".join(line.raw for line in self._loose))

    def _say(self, words: str, first: Line, last: Line, **more: object) -> None:
        one = first.number == last.number
        where = (
            _("line {n}").format(n=first.number) if one else _("lines {n} to {m}").format(n=first.number, m=last.number)
        )
        self.problems.append(words.format(where=where[:1].upper() + where[1:], **more))


def _compare_database(look: _Look, home: Path) -> None:
    known, why = known_to_database(home / "sightdesk.db")
    if why:
        look.notes.append(_("The database can't be asked: {why}").format(why=why))
    elif known is not None:
        _compare(look, known, _("The database"))


def _compare_noted(look: _Look, noted: str) -> None:
    number, colon, digest = noted.strip().rpartition(":")
    digest = digest.casefold()
    if (colon and not number.isdecimal()) or len(digest) < _LEAST_HASH or set(digest) - set("0123456789abcdef"):
        raise UsageError(
            _("{noted} is no head of a record.").format(noted=noted), _("Take what `sightdesk audit head` printed.")
        )
    if colon:
        fits = look.hashes.get(int(number), "").startswith(digest)
    else:
        fits = any(known.startswith(digest) for known in look.hashes.values())
    if not fits:
        look.problems.append(
            _("The head that was noted, {noted}, is not in the record: it was cut or made anew.").format(noted=noted)
        )


def _compare_anchor(look: _Look, anchor: Path, home: Path) -> int:
    try:
        found, other = in_file(anchor, look.head or Head(0, "", ""), home)
    except OSError as error:
        words = in_words(error, anchor)
        raise AuditError(_("The anchor can't be read: {what}").format(what=words.what), words.hint) from error
    for known in found:
        _compare(look, known, _("The anchor"))
    if other:
        look.problems.append(_("The anchor knows another record of this home: this one was made in its place."))
    elif not found and look.hashes:
        look.notes.append(_("The anchor knows nothing of this record yet."))
    if look.head is not None and found and found[-1].n < look.head.n:
        n = look.head.n - max(known.n for known in found)
        look.notes.append(
            ngettext("{n} line is newer than the anchor.", "{n} lines are newer than the anchor.", n).format(n=n)
        )
    try:
        if anchor.exists() and anchor.stat().st_dev == home.stat().st_dev:
            look.notes.append(_("The anchor is on the same disk as the record: put it on another machine."))
    except OSError:
        pass
    return max((known.n for known in found), default=0)


def _compare(look: _Look, known: Head, who: str) -> None:
    here = look.hashes.get(known.n)
    if look.head is not None and known.record != look.head.record:
        words = _("{who} knows another record than this one: it was made anew.")
    elif here is None:
        words = _("{who} knows line {n}, which is not in the record: it was cut.")
    elif here != known.hash:
        words = _("{who} knows another line {n}: the record was changed and sealed again.")
    else:
        return
    words = words.format(who=who, n=known.n)
    if words not in look.problems:
        look.problems.append(words)


def _day(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return at
