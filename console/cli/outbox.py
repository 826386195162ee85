"""`sightdesk outbox`: what waits to leave the site, how it stands with each target, the way of anything that left."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import outbox_changes, outbox_sending
from console.cli.options import HomeOption, JsonOption, print_json, say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from console.settings.schema import Settings

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What leaves the site: what waits, what was sent, what is wrong."
)
STATUS_EXAMPLES = """\b
Examples:
  sightdesk outbox status
  sightdesk outbox status --json | jq '.targets[] | {name, queued, oldest_age_s}'
Exit status: 0, whatever waits. 1: something is stopped until somebody acts (an ended
certificate, a login that is refused, a full store or outbox); standard error says what.
"""
MESSAGES_EXAMPLES = """\b
Examples:
  sightdesk outbox messages                               the newest, with each target
  sightdesk outbox messages --target cloud --state refused
  sightdesk outbox messages --kind picture --before 81200 --limit 500 --json
States: waiting, later (came when the outbox was full, is not held), sent, refused (set
aside until you retry or drop it). Kinds: erased, audit, event, verdict, item, picture,
sealed.
"""
TRACE_EXAMPLES = """\b
Examples:
  sightdesk outbox trace 01a205ab-6cc6-7694-9c23-229b3a474cb3
  sightdesk outbox trace 01a205ab-6cc6                    its beginning, if no other begins so
  sightdesk outbox trace 01a205ab-6cc6 --json
A tracking ID names an event or a review item, here and at every target. A message's ID
leads to what it is about. Track 12 is another thing: an object followed by one camera.
"""


@app.command("status", epilog=STATUS_EXAMPLES)
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """How the outbox stands with each target: what waits, since when, how fast it goes, what is wrong."""
    from console.cli import outbox_words as words
    from console.settings.home import find_home
    from console.sync.one_sender import is_taken
    from console.sync.overview.alarms import alarms
    from console.sync.overview.certificates import certificates
    from console.sync.overview.clock import set_back_s
    from console.sync.overview.queries import nobody_sends, quota
    from console.sync.overview.queries import status as look
    from console.sync.overview.rates import rate

    with reading(home) as (db, settings):
        found, room = look(db, settings), quota(db, settings)
        rates = {one.name: rate(db, one.name) for one in found}
        now = words.now()
        behind = set_back_s(db, now)
    if not is_taken(find_home(home)):
        found = nobody_sends(found)
    known = certificates(settings)
    wrong = alarms(found, room, known, settings, now, set_back_s=behind)
    stopped = any(one.level == "stopped" for one in wrong)
    if as_json:
        print_json(
            {
                "ok": not wrong,
                "targets": [words.status_json(one, rates[one.name], now) for one in found],
                "quota": words.quota_json(room),
                "certificates": [words.certificate_json(one, now) for one in known],
                "alarms": [words.alarm_json(one) for one in wrong],
            }
        )
    else:
        typer.echo("\n".join(line for one in found for line in words.status_lines(one, rates[one.name], now)))
        if not found:
            say("There is no target: nothing leaves this site. Targets stand in the settings, under sync.")
        for line in (*words.quota_lines(room, now), *words.certificate_lines(known, now)):
            typer.echo(line)
        for one in wrong:
            say(f"{one.level}: {one.words} {one.hint}".rstrip())
    if stopped:
        raise typer.Exit(1)


@app.command("messages", epilog=MESSAGES_EXAMPLES)
def messages(
    target: Annotated[str, typer.Option("--target", metavar="NAME", help="To this target.")] = "",
    state: Annotated[str, typer.Option("--state", help="That stand so.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Of this kind.")] = "",
    tracking_id: Annotated[str, typer.Option("--id", metavar="ID", help="About this tracking ID.")] = "",
    before: Annotated[int | None, typer.Option("--before", metavar="NUMBER", help="Older than this message.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List messages with how far they are, newest first."""
    from console.cli import outbox_words as words
    from console.sync.overview.queries import messages as look
    from console.sync.overview.trace import find

    words.known_words(state, kind)
    with reading(home) as (db, _settings):
        about = (find(db, tracking_id) or tracking_id) if tracking_id else ""
        found = look(db, target=target, state=state, kind=kind, tracking_id=about, before=before, limit=limit)
    if as_json:
        print_json({"messages": [words.message_json(one) for one in found]})
        return
    for one in found:
        typer.echo(words.message_line(one))
    say(f"{len(found)} shown." if found else "No such messages.")


@app.command("trace", epilog=TRACE_EXAMPLES)
def trace(
    tracking_id: Annotated[str, typer.Argument(metavar="ID", help="A tracking ID, its beginning, or a message's.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The whole way of a tracking ID: seen, kept, judged, queued, how far it is with each target, what was answered."""
    from console.cli import outbox_words as words
    from console.errors import SightdeskError
    from console.sync.overview.queries import trace as look

    with reading(home) as (db, _settings):
        found = look(db, tracking_id)
    if found is None:
        raise SightdeskError(
            f"Nothing of the tracking ID {tracking_id} is known here.",
            "It was never here, or it was sent and let go long ago (sync.keep_days), or erased.",
        )
    if as_json:
        print_json(words.trace_json(found))
        return
    typer.echo(f"{found.tracking_id}  {found.about}")
    for step in found.steps:
        typer.echo(words.step_line(step))
    for path in found.pictures:
        typer.echo(f"  picture: {path}")


for module in (outbox_sending, outbox_changes):
    module.add_to(app)


def reading(home: Path | None) -> AbstractContextManager[tuple[sqlite3.Connection, Settings]]:
    """The home's database and settings.

    Raises:
        StoreError: there is no database, it is of an older Sightdesk, or it can't be read.
        SettingsError: the settings' file is wrong, and there is no good copy of it.
    """
    from console.errors import StoreError
    from console.settings.home import Home, find_home
    from console.store.connect import reading as open_database

    place = Home.look(find_home(home))

    @contextmanager
    def looking() -> Iterator[Any]:
        settings = outbox_changes.in_force(place)
        with open_database(place.database) as db:
            if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'answers'").fetchone() is None:
                raise StoreError(
                    f"The database {place.database} is of an older Sightdesk.",
                    "Start this Sightdesk's desk once with this home: it makes a backup and migrates the database.",
                )
            yield db, settings

    return looking()
