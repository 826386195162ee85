"""`sightdesk outbox retry|pause|resume|drop`: what a person decides about what waits; a running desk goes by it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.supervisor import need_supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.settings.home import Home
    from console.settings.schema import Settings
    from console.store.store import Store
    from console.sync.overview.queries import TargetStatus

RETRY_EXAMPLES = """\b
Examples:
  sightdesk outbox retry                                  all that was refused and set aside
  sightdesk outbox retry cloud
  sightdesk outbox retry cloud --id 01a205ab-6cc6-7694-9c23-229b3a474cb3
"""
PAUSE_EXAMPLES = """\b
Examples:
  sightdesk outbox pause cloud        until: sightdesk outbox resume cloud
What is under way arrives; all else waits, over restarts too.
"""
DROP_EXAMPLES = """\b
Examples:
  sightdesk outbox drop old-cloud                         asks before
  sightdesk outbox drop cloud --state refused --yes
Lets go of messages that were not sent to a target, for good: there they will be missing.
Other targets get theirs; events, verdicts and pictures stay here.
"""
TargetArgument = Annotated[str, typer.Argument(metavar="TARGET", help="The target's name.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands of `sightdesk outbox`."""
    app.command("retry", epilog=RETRY_EXAMPLES)(retry)
    app.command("pause", epilog=PAUSE_EXAMPLES)(pause)
    app.command("resume")(resume)
    app.command("drop", epilog=DROP_EXAMPLES)(drop)


def retry(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="Of this target alone.")] = "",
    message_id: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="This message, by its ID; may be repeated.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send again what was refused and set aside."""
    from console.sync import requests

    with opened(home) as (store, settings):
        if target:
            known_target(store, settings, target)
        count = requests.retry(store, target, tuple(one.strip().lower() for one in message_id or ()))
    if as_json:
        print_json({"retried": count})
    else:
        say(f"{count} will be sent again." if count else "Nothing of that is set aside.")


def pause(target: TargetArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Send nothing to a target until it is resumed."""
    _pause(home, target, paused=True, as_json=as_json)


def resume(target: TargetArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Go on sending to a target that was paused."""
    _pause(home, target, paused=False, as_json=as_json)


def _pause(home: Path | None, target: str, *, paused: bool, as_json: bool) -> None:
    from console.sync import requests

    with opened(home) as (store, settings):
        known_target(store, settings, target)
        requests.ask_pause(store, target, paused)
    if as_json:
        print_json({"target": target, "paused": paused})
    else:
        say(f"Nothing is sent to {target} until: sightdesk outbox resume {target}" if paused else f"{target} goes on.")


def drop(
    target: TargetArgument,
    state: Annotated[str, typer.Option("--state", help="refused, waiting or all.")] = "all",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let go of what was not sent to a target, for good."""
    from console.errors import UsageError
    from console.sync import requests

    if state not in ("refused", "waiting", "all"):
        raise UsageError(f"There is no state {state!r} to drop.", "Known: refused, waiting, all.")
    with opened(home) as (store, settings):
        one = known_target(store, settings, target)
        words = _going(one, state)
        if words:
            need_supervisor(home, "Letting go of what was not sent")
            if not yes:
                _confirm(target, words)
        count = requests.drop(store, target, state) if words else 0  # type: ignore[arg-type]  # looked at
    if count:
        _record(home, target, count, state)
    if as_json:
        print_json({"target": target, "dropped": count})
    else:
        say(f"{count} messages to {target} were let go of." if count else f"Nothing of that waits for {target}.")


def _going(one: TargetStatus, state: str) -> str:
    """What would go, in words; empty: nothing."""
    parts = []
    if state in ("waiting", "all"):
        parts += [f"{number} {kind}" for kind, number in one.waiting.items()]
    if state in ("refused", "all") and one.refused:
        parts.append(f"{one.refused} refused")
    if state == "all" and one.later:
        parts.append(f"{one.later} aside")
    return ", ".join(parts)


def _confirm(target: str, words: str) -> None:
    from console.errors import UsageError

    if "erased" in words:
        say(f"Among them is word of erasures: {target} will not be told what was erased here.")
    if not sys.stdin.isatty():
        raise UsageError(f"Nobody is at the terminal to confirm it ({words}).", "Say --yes.")
    if not typer.confirm(f"Let go of what was not sent to {target} ({words})?", default=False, err=True):
        say("Nothing was let go of.")
        raise typer.Exit(1)


def _record(home: Path | None, target: str, count: int, state: str) -> None:
    import getpass

    from console.privacy.audit.record import Audit
    from console.settings.home import find_home

    try:
        who = getpass.getuser()
    except (OSError, KeyError):
        who = "unknown"
    Audit(find_home(home)).write("outbox dropped", target=target, messages=count, state=state, by=who)


@contextmanager
def opened(home: Path | None) -> Iterator[tuple[Store, Settings]]:
    """The home's store, beside a desk that may run, and the settings in force.

    Raises:
        StoreError: it can't be opened, or is of an older Sightdesk.
        SettingsError: see `in_force`.
    """
    from console.settings.home import Home, find_home
    from console.store.store import Store

    place = Home.look(find_home(home))
    settings = in_force(place)
    with Store.open(place) as store:
        yield store, settings


def in_force(place: Home) -> Settings:
    """A home's settings. What is wrong with their file is said, where the last good copy is in force instead.

    Raises:
        SettingsError: only defaults are: they name no target, and whatever was said or done by them would be wrong.
    """
    from console.settings.file import SettingsFile

    loaded = SettingsFile(place.settings_file).load(keep=False)
    if loaded.problem is not None:
        if loaded.origin == "defaults":
            raise loaded.problem
        say(str(loaded.problem))
    return loaded.settings


def known_target(store: Store, settings: Settings, name: str) -> TargetStatus:
    """A target of the settings, or one that is gone from them and still has something.

    Raises:
        UsageError: there is none of this name.
    """
    from console.errors import UsageError
    from console.sync.overview.queries import status

    with store.read() as db:
        found = {one.name: one for one in status(db, settings)}
    if name not in found:
        raise UsageError(f"There is no target {name}.", f"Known: {', '.join(found) or 'none'}.")
    return found[name]
