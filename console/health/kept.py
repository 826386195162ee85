"""Checks of what a home keeps: pictures that only stay because something holds them, erasures that are not finished."""

from __future__ import annotations

from collections.abc import Iterator

from console.health.findings import Finding, ok, problem
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.store.connect import reading
from console.store.erasures import unfinished
from console.store.holds import WORDS
from console.store.kept import GIGABYTE, Kept, kept
from models.words import _, ngettext


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


def _held(camera: Kept) -> Iterator[Finding]:
    """What of a camera stays though it is older than the settings want, or more."""
    overdue = sum(held.overdue for held in camera.held.values())
    if not overdue and not (camera.over and camera.held):
        return
    why = ", ".join(
        _("{n} {why} ({megabytes:.1f} MB)").format(
            n=held.pictures, why=_(WORDS.get(name, name)), megabytes=held.bytes / 1e6
        )
        for name, held in camera.held.items()
    )
    what = _("The camera {id} keeps pictures for longer than the settings want, since they wait: {why}.").format(
        id=camera.camera_id, why=why
    )
    if camera.over:
        what += " " + _("It has {gigabytes:.2f} GB more than it may.").format(gigabytes=camera.over / GIGABYTE)
    hint = _("Judge or send what waits; or erase it, with: sightdesk erase --camera {id}").format(id=camera.camera_id)
    yield problem("pictures", what, hint, needed=False)
