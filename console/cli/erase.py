"""`sightdesk erase`: what a camera, a time or a track left behind goes, and a report says so without saying what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.privacy.erasing.erasure import Progress
    from console.privacy.erasing.foreseeing import Preview
    from console.privacy.erasing.report import Report
    from console.privacy.erasing.scope import Scope
    from console.settings.home import Home

EXAMPLES = """\b
Examples:
  sightdesk erase --camera gate --dry-run                 only say what would go
  sightdesk erase --camera gate                           all that is kept of a camera
  sightdesk erase --camera gate --from "2026-11-20 08:00" --until "2026-11-20 09:30"
  sightdesk erase --from 2026-11-20 --until 2026-11-21    two whole days, all cameras
  sightdesk erase --camera gate --track 12 --from 2026-11-20
  sightdesk erase --event 1204 --event 1207
  sightdesk erase --picture 01a205ab-6cc6-7694-9c23-229b3a474cb3.jpg
  sightdesk erase --id 01a205ab-6cc6-7694-9c23-229b3a474cb3   an event or review item
  sightdesk erase --go-on                                 one that was stopped
What goes: events, review items with their verdicts and places in gold sets, pictures and
sealed crops, snapshots; from the database, its copies, the picture files and the log
files. It works beside a running desk. Pictures of other events may show the same thing at
the same time: erase by time to be sure of it. A camera that goes on makes new pictures:
disable or remove it first. --track takes every review picture in which the track is boxed.
"""
_STEP = 20


def erase(
    camera: Annotated[str, typer.Option("--camera", metavar="ID", help="Of this camera, by its id.")] = "",
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="From this time on, such as 2026-11-20 or '2026-11-20 08:00'.")
    ] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Until this time; a day means all of it.")] = "",
    track: Annotated[int | None, typer.Option("--track", metavar="N", help="Of this track of the camera.")] = None,
    event: Annotated[list[int] | None, typer.Option("--event", metavar="N", help="This event, by its number.")] = None,
    picture: Annotated[
        list[str] | None, typer.Option("--picture", metavar="FILE", help="This picture, its event and review item.")
    ] = None,
    tracking_id: Annotated[
        list[str] | None, typer.Option("--id", metavar="UUID", help="The event or review item of this tracking ID.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="Go on with what was stopped or cut off.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="Let what a stopped one has not reached stay.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Also write the report there.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase what a camera, a time, a track, an event, a picture or a review item left behind, for good.

    The report says how much went and nothing of what it was; one is kept in the home's folder erasures.
    Ctrl+C stops between two steps: what went is gone, the rest goes on when the desk starts next.
    """
    from console.cli.supervisor import need_supervisor
    from console.errors import UsageError
    from console.settings.home import Home, find_home

    place = Home.look(find_home(home))
    if go_on or give_up:
        named = camera or since or until or track is not None or event or picture or tracking_id
        if named or (go_on and give_up):
            raise UsageError("--go-on and --give-up stand alone: what is to go was said before.")
        if not dry_run:
            need_supervisor(home, "Erasing pictures")
        _finish(place, give_up=give_up, dry_run=dry_run, report=report, as_json=as_json)
        return
    wanted = _scope(place, camera, since, until, track, (event or (), picture or (), tracking_id or ()))
    from console.privacy.erasing.erasure import look

    found = look(place, wanted)
    if dry_run:
        _show(found, as_json=as_json)
        return
    if not as_json:
        _show(found, as_json=False)
    need_supervisor(home, "Erasing pictures")
    if not yes:
        _confirm(found)
    _erase(place, wanted, report=report, as_json=as_json)


def _scope(
    place: Home,
    camera: str,
    since: str,
    until: str,
    track: int | None,
    alone: tuple[Sequence[int], Sequence[str], Sequence[str]],
) -> Scope:
    from console.privacy.erasing.known import known_tracking_ids, named_pictures
    from console.privacy.erasing.scope import Scope, moment
    from console.settings.file import SettingsFile
    from console.store.connect import reading

    known = {one.id: one for one in SettingsFile(place.settings_file).load(keep=False).settings.cameras}
    names = (known[camera].name,) if camera in known and known[camera].name else ()
    events, pictures, ids = tuple(alone[0]), tuple(alone[1]), tuple(alone[2])
    scope = Scope(
        camera, moment(since, last=False), moment(until, last=True), track, events, pictures, names=names,
        tracking_ids=ids,
    )  # fmt: skip
    scope.check()
    if not (camera or pictures or ids):
        return scope
    from dataclasses import replace

    from console.errors import UsageError

    with reading(place.database) as db:
        if pictures:
            return replace(scope, pictures=named_pictures(db, pictures))
        if ids:
            return replace(scope, tracking_ids=known_tracking_ids(db, ids, anywhere=any(place.backups.glob("*.db"))))
        sql = (
            "SELECT camera_id FROM events UNION SELECT camera_id FROM pictures UNION SELECT camera_id FROM sealed "
            "UNION SELECT camera_id FROM review_items"
        )
        there = {str(row[0]) for row in db.execute(sql)}
    if camera not in there | known.keys() and not any(place.backups.glob("*.db")):
        names_there = ", ".join(sorted(there | known.keys())) or "none"
        raise UsageError(f"There is no camera {camera}, and nothing is kept of one.", f"Known: {names_there}.")
    return scope


def _show(found: Preview, *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json({"dry_run": True, "would_erase": asdict(found)})
        return
    from console.store.holds import WORDS

    if found.nothing:
        say("Nothing of that is in the database. Its copies and the log files are gone through all the same.")
        return
    say(
        f"To go: {found.events} events, {found.pictures} pictures, {found.sealed} sealed crops"
        f" ({found.bytes / 1e6:.1f} MB), seen {_local(found.first)} to {_local(found.last)}."
    )
    if found.items:
        say(f"  {found.items} review items with {found.verdicts} verdicts.")
    if found.messages:
        say(f"  {found.messages} messages in the outbox about what is gone here already.")
    if found.answers:
        say(f"  {found.answers} answers of the cloud.")
    if found.gold_members:
        say(f"  {found.gold_members} members of gold sets; each set says how many it lacks then.")
    for why, count in found.held.items():
        say(f"  {count} of them are kept {WORDS.get(why, why)}, and go too.")
    if found.others:
        say(f"  {found.others} other pictures of the same half minute stay, and may show the same: erase by time.")


def _local(at: str) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S}" if at else "-"


def _confirm(found: Preview) -> None:
    from console.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("Nobody is at the terminal to confirm it.", "Look with --dry-run first, then say --yes.")
    question = f"Erase {found.events + found.pictures + found.sealed + found.items} things for good?"
    if not typer.confirm(question, default=False, err=True):
        say("Nothing was erased.")
        raise typer.Exit(1)


def _erase(place: Home, scope: Scope, *, report: Path | None, as_json: bool) -> None:
    from console.privacy.erasing.erasure import begin, carry_out
    from console.store.store import Store

    with Store.open(place) as store:
        row = begin(place, store, scope, _who())
        _print([_watched(lambda p, s: carry_out(place, store, row.id, p, s))], report, as_json=as_json)


def _finish(place: Home, *, give_up: bool, dry_run: bool, report: Path | None, as_json: bool) -> None:
    from console.store.erasures import unfinished
    from console.store.store import Store

    waiting = unfinished(place.database)
    if dry_run or not waiting:
        if as_json:
            print_json({"unfinished": [{"erasure": row.name, "stage": row.stage} for row in waiting]})
        else:
            say(f"{len(waiting)} erasures are not finished." if waiting else "No erasure is unfinished.")
        return
    from console.privacy.erasing import erasure

    with Store.open(place) as store:
        reports = []
        for row in waiting:
            if give_up and row.stage not in ("clean", "done"):
                erasure.give_up(place, store, row.id, _who())
            reports.append(_watched(lambda p, s, row=row: erasure.carry_out(place, store, row.id, p, s)))
        _print(reports, report, as_json=as_json)


def _watched(work: Any) -> Report:
    """Do it with progress on standard error; Ctrl+C ends it between two steps."""
    import threading

    from console.cli.options import Stopped
    from console.cli.stopping import stopped_by_signals
    from console.privacy.erasing.erasure import Interrupted

    stop = threading.Event()
    with stopped_by_signals(stop):
        try:
            done: Report = work(_progress(), stop.is_set)
        except Interrupted as why:
            raise Stopped(str(why)) from None
        return done


def _progress() -> Progress:
    said = ("", -1)

    def progress(done: int, of: int, words: str) -> None:
        nonlocal said
        percent = done * 100 // of // _STEP * _STEP if of else -1
        if (words, percent) != said:
            said = (words, percent)
            say(f"{words}: {percent} %" if of else f"{words} ...")

    return progress


def _print(reports: list[Report], copy: Path | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from console.settings.disk import write_whole

    for done in reports:
        if copy is not None:
            write_whole(copy, Path(done.path).read_bytes())
    if as_json:
        said = [asdict(done) | {"words": done.words()} for done in reports]
        print_json(said[0] if len(said) == 1 else {"erasures": said})
        return
    for done in reports:
        typer.echo("\n".join(done.words()))
        say(f"Report: {copy or done.path}")


def _who() -> str:
    """Who is logged in at this machine, for the audit."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
