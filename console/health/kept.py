"""Checks of what a home keeps: pictures held for too long, erasures that are not finished, the review queue."""

from __future__ import annotations

from collections.abc import Iterator

from console.health.findings import Finding, ok, problem
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.store.connect import reading
from console.store.erasures import unfinished
from console.store.holds import GOLD, WORDS
from console.store.kept import GIGABYTE, Kept, kept
from models.words import N_, _, ngettext


def pictures(home: Home) -> Iterator[Finding]:
    """How much is kept, and what of it is older or more than the settings want."""
    if not home.database.is_file():
        return
    loaded = SettingsFile(home.settings_file).load(keep=False)
    with reading(home.database) as db:
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'holds'").fetchone() is None:
            return  # from before this; the database's own check says so
        cameras = kept(db, loaded.settings)
    count, size = sum(camera.pictures for camera in cameras), sum(camera.bytes for camera in cameras)
    words = ngettext("{n} picture is kept, {gigabytes:.2f} GB.", "{n} pictures are kept, {gigabytes:.2f} GB.", count)
    yield ok("pictures", words.format(n=count, gigabytes=size / GIGABYTE))
    for camera in cameras:
        yield from _held(camera)


def erasures(home: Home) -> Iterator[Finding]:
    """Is everything erased that was to be?"""
    waiting = len(unfinished(home.database))
    if waiting:
        what = ngettext(
            "{n} erasure is not finished: it goes on while a desk runs.",
            "{n} erasures are not finished: they go on while a desk runs.",
            waiting,
        ).format(n=waiting)
        yield problem("erasure", what, "sightdesk erase --go-on", needed=False)


_WRONG = {
    N_("decided without a verdict"): (
        "SELECT count(*), min(id) FROM review_items "
        "WHERE state IN ('second', 'disputed', 'done') AND verdict_id IS NULL"
    ),
    N_("open with a verdict"): (
        "SELECT count(*), min(id) FROM review_items WHERE state = 'open' AND verdict_id IS NOT NULL"
    ),
    N_("with a verdict that was taken back, or is another item's"): (
        "SELECT count(*), min(i.id) FROM review_items i JOIN verdicts v ON v.id = i.verdict_id "
        "WHERE v.item_id <> i.id OR v.taken_back_at IS NOT NULL OR v.who <> i.judged_by"
    ),
    N_("whose picture nothing holds until it is judged"): (
        "SELECT count(*), min(i.id) FROM review_items i WHERE i.state <> 'done' AND i.picture_id IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.picture_id = i.picture_id AND h.why = 'review')"
    ),
    N_("without a picture or the words why"): (
        "SELECT count(*), min(id) FROM review_items WHERE state <> 'done' AND picture_id IS NULL AND picture_why = '' "
        "AND reason <> 'import' AND boot_id <> (SELECT boot_id FROM boot ORDER BY id DESC LIMIT 1)"
    ),
}
"""What can't be in a sound review queue, and how it is found; [measured] 4 s for a million items."""


def review(home: Home) -> Iterator[Finding]:
    """How many items wait for a person, and whether the queue says nothing that contradicts itself."""
    if not home.database.is_file():
        return
    with reading(home.database) as db:
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'review_items'").fetchone() is None:
            return  # from before this; the database's own check says so
        waiting = int(db.execute("SELECT count(*) FROM review_items WHERE state = 'open'").fetchone()[0])
        wrong = {words: db.execute(sql).fetchone() for words, sql in _WRONG.items()}
    if not any(count for count, _first in wrong.values()):
        yield ok(
            "review",
            ngettext("{n} item waits for a verdict.", "{n} items wait for a verdict.", waiting).format(n=waiting),
        )
    for words, (count, first) in wrong.items():
        if count:
            what = ngettext(
                "{n} review item is {words} (number {first}).",
                "{n} review items are {words} (the first: {first}).",
                count,
            ).format(n=count, words=_(words), first=first)
            hint = _("Every verdict is still there: sightdesk review show {first}. Judge it again, and report this.")
            yield problem("review", what, hint.format(first=first), needed=False)


def _held(camera: Kept) -> Iterator[Finding]:
    """What of a camera stays though it is older than the settings want, or more."""
    waits = {name: held for name, held in camera.held.items() if name != GOLD}  # gold sets are meant to stay
    if not any(held.overdue for held in waits.values()) and not (camera.over and camera.held):
        return
    why = ", ".join(
        _("{n} {why} ({megabytes:.1f} MB)").format(
            n=held.pictures, why=_(WORDS.get(name, name)), megabytes=held.bytes / 1e6
        )
        for name, held in camera.held.items()
    )
    what = _("The camera {id} keeps pictures for longer than the settings want, since they are kept: {why}.").format(
        id=camera.camera_id, why=why
    )
    if camera.over:
        what += " " + _("It has {gigabytes:.2f} GB more than it may.").format(gigabytes=camera.over / GIGABYTE)
    hint = _(
        "Judge or send what waits; let it keep more for gold sets; or erase it, with: sightdesk erase --camera {id}"
    ).format(id=camera.camera_id)
    yield problem("pictures", what, hint, needed=False)
