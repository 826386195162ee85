"""Whether a gold set is what was made: its rows against its hash, its pictures' files against theirs."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.datasets import gold
from console.datasets.gold_content import Member, set_digest
from console.settings.home import Home
from models.words import _, ngettext

Told = Callable[[int, int, str], None]
"""Told how many things are done, of how many, and which comes next."""
Stopped = Callable[[], bool]
"""Whether the operator wants it to end."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of looking at a set.

    Attributes:
        title: NAME@VERSION.
        members: how many it was made of.
        erased: how many an erasure has taken away: they are owed to nobody.
        lost: how many are gone beyond those.
        altered: tracking IDs of rows that are not what was put in.
        missing: tracking IDs of members whose picture's file is not there, or can't be read.
        changed: tracking IDs of members whose picture's file is another one.
        hash_holds: labels and digests give the set's hash; with every member there, or accounted for.
    """

    title: str
    members: int
    erased: int
    lost: int
    altered: tuple[str, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    hash_holds: bool

    @property
    def sound(self) -> bool:
        """Whether what is left of it is what was made."""
        return self.hash_holds and not (self.lost or self.altered or self.missing or self.changed)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "set": self.title, "sound": self.sound, "members": self.members, "erased": self.erased, "lost": self.lost,
            "altered": list(self.altered), "missing": list(self.missing), "changed": list(self.changed),
            "hash_holds": self.hash_holds,
        }  # fmt: skip


class Interrupted(Exception):
    """Whoever asked wants it to end."""


def content_of(home: Home, member: Member) -> tuple[bytes, str]:
    """A member's picture file, and why it can't stand for what was judged: empty, "missing" or "changed"."""
    try:
        content = (home.path / Path(member.picture)).read_bytes()
    except OSError:
        return b"", "missing"
    return content, "" if hashlib.sha256(content).hexdigest() == member.picture_sha256 else "changed"


def verify(
    db: sqlite3.Connection,
    home: Home,
    known: gold.GoldSet,
    told: Told = lambda _done, _of, _words: None,
    stopped: Stopped = lambda: False,
) -> Verified:
    """Look at every row and every file of a set.

    Raises:
        Interrupted: `stopped` said so.
    """
    there = gold.members(db, known)
    left = Counter(known.digests)
    altered, bad = [], {"missing": [], "changed": []}  # type: tuple[list[str], dict[str, list[str]]]
    for number, member in enumerate(there):
        if stopped():
            raise Interrupted
        told(number, len(there), member.tracking_id)
        digest = member.digest()
        if left[digest]:
            left[digest] -= 1
        else:
            altered.append(member.tracking_id)
        why = content_of(home, member)[1]
        if why:
            bad[why].append(member.tracking_id)
    return Verified(
        known.title,
        known.members,
        known.erased,
        max(known.members - known.erased - len(there), 0),
        tuple(altered),
        tuple(bad["missing"]),
        tuple(bad["changed"]),
        set_digest(known.labels, known.digests) == known.sha256
        and len(known.digests) == known.members
        and not altered
        and len(there) + known.erased == known.members,
    )


def words_of(found: Verified) -> list[str]:
    """What was found, a sentence each."""
    lines = [_("{title} is what was made: {n} members, every picture as it was.")] if found.sound else []
    if not found.hash_holds:
        lines.append(_("{title} is not what was made: its rows don't give its hash."))
    said = [line.format(title=found.title, n=found.members - found.erased) for line in lines]
    if found.erased:
        n = found.erased
        said.append(
            ngettext(
                "{n} member was erased since, and is accounted for.",
                "{n} members were erased since, and are accounted for.", n,
            ).format(n=n)
        )  # fmt: skip
    if found.lost:
        n = found.lost
        said.append(
            ngettext(
                "{n} member is gone, and no erasure took it.", "{n} members are gone, and no erasure took them.", n
            ).format(n=n)
        )
    for words, ids in (
        (_("Altered: {ids}"), found.altered),
        (_("Picture missing: {ids}"), found.missing),
        (_("Picture changed: {ids}"), found.changed),
    ):
        if ids:
            said.append(words.format(ids=", ".join(ids)))
    return said
