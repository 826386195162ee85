"""`sightdesk outbox push|check`: send now what waits, through the desk that runs or from here; try the way there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import HomeOption, JsonOption, Reported, Stopped, print_json, say
from console.cli.outbox_changes import known_target, opened
from console.cli.secrets import ask_passphrase
from console.cli.stopping import stopped_by_signals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.settings.schema import Settings
    from console.store.store import Store
    from console.sync.overview.queries import TargetStatus
    from console.sync.uploader import Uploader

PUSH_EXAMPLES = """\b
Examples:
  sightdesk outbox push                   all targets
  sightdesk outbox push cloud --wait
Past back-off and hours, not past a pause. Where a desk runs with this home it sends, and
this command ends at once unless --wait is said; else this command sends until nothing is
left, or what is left can't be sent now. Exit status: 0 all of it is sent (or the desk was
asked), 1 something is left or was set aside, 130 stopped by Ctrl+C; what is left waits on.
"""
CHECK_EXAMPLES = """\b
Examples:
  sightdesk outbox check                  every target that is switched on
  sightdesk outbox check cloud --json
Connects, logs in and asks who is there. Nothing is sent and nothing is changed.
"""
_LOOK_S = 0.25
_SAY_S = 5.0
_GRACE_S = 3.0
_BLOCKED = ("waiting", "paused", "stopped")


def add_to(app: typer.Typer) -> None:
    """Make these commands of `sightdesk outbox`."""
    app.command("push", epilog=PUSH_EXAMPLES)(push)
    app.command("check", epilog=CHECK_EXAMPLES)(check)


def push(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="To this target alone.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Where a desk sends: follow until nothing is left.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what waits, now."""
    from console.errors import UsageError

    stop = threading.Event()
    with opened(home) as (store, settings), stopped_by_signals(stop):
        aside = _refused(store, settings, target)
        if target and not known_target(store, settings, target).known:
            raise UsageError(f"{target} is not in the settings any more.", f"sightdesk outbox drop {target}")
        uploader = _uploader(home, store, settings)
        if uploader is None:
            from console.sync import requests

            requests.ask_push(store, target)
            if not wait:
                _told(store, settings, target, "desk", as_json=as_json)
                return
            _follow(store, settings, target, stop, lambda left: not left)
        else:
            try:
                uploader.push(target)
                _follow(store, settings, target, stop, _done(uploader))
                uploader.sum_up()  # whoever is sent the record's seals is sent that of this line, too
                _follow(store, settings, target, stop, _done(uploader))
            finally:
                uploader.close()
        left = _left(store, settings, target)
        if stop.is_set() and left:
            raise Stopped(f"Stopped. {_in_words(left)}")
        _told(store, settings, target, "command" if uploader else "desk", as_json=as_json)
        aside = _refused(store, settings, target) - aside
    if left:
        raise Reported(_in_words(left), next((one.hint for one in left if one.hint), ""))
    if aside > 0:
        raise Reported(f"Set aside meanwhile: {aside}.", "See why: sightdesk outbox messages --state refused")


def check(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="This one alone.")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try the way to each target, and say who answers."""
    from console.errors import SightdeskError, UsageError
    from console.sync.targets.making import make_target

    with opened(home) as (store, settings):
        wanted = [one for one in settings.sync.targets if (one.name == target if target else one.enabled)]
        if target and not wanted:
            raise UsageError(f"There is no target {target}.", "See which there are: sightdesk outbox status")
        secret, answers = _secret(home), []
        for one in wanted:
            try:
                made = make_target(one, secret, store, settings.site)
                try:
                    said = {"target": one.name, "ok": True, "words": made.check(), "hint": ""}
                finally:
                    made.close()
            except SightdeskError as error:
                said = {"target": one.name, "ok": False, "words": error.what, "hint": error.hint}
            answers.append(said)
            if not as_json:
                typer.echo(f"{one.name}: {said['words']} {said['hint']}".rstrip())
    well = all(said["ok"] for said in answers)
    if as_json:
        print_json({"ok": well, "targets": answers})
    elif not answers:
        say("There is no target to try: nothing leaves this site.")
    if not well:
        raise typer.Exit(1)


def _uploader(home: Path | None, store: Store, settings: Settings) -> Uploader | None:
    """One in this process; None: the home's desk sends already."""
    from console.errors import UsageError
    from console.privacy.audit.record import Audit
    from console.settings.home import Home, find_home
    from console.sync.uploader import Uploader

    place = Home.look(find_home(home)).path
    try:
        return Uploader(place, store, settings, secret=_secret(home), audit=Audit(place))
    except UsageError:
        return None


def _secret(home: Path | None) -> Callable[[str], str]:
    from console.settings.home import Home, find_home
    from console.settings.secrets import Secrets

    secrets = Secrets(Home.look(find_home(home)), ask_passphrase)
    return lambda name: secrets.get(name).get_secret_value()


def _done(uploader: Uploader) -> Callable[[list[TargetStatus]], bool]:
    """Whether nothing is left, or nothing of what is left can be sent now."""

    def stuck(one: TargetStatus) -> bool:
        figures = uploader.figures[one.name]
        why = one.paused or figures.problem is not None
        return figures.state in _BLOCKED and not figures.in_flight and why

    return lambda left: all(map(stuck, left))


def _follow(
    store: Store, settings: Settings, target: str, stop: threading.Event, done: Callable[[list[TargetStatus]], bool]
) -> None:
    """Until it is done or stopped; now and then a line says how far it is."""
    quiet_s, grace_s = 0.0, _GRACE_S
    while not stop.is_set():
        left = _left(store, settings, target)
        if done(left):
            grace_s -= _LOOK_S
            if left or grace_s <= 0 or not _aside(store, settings, target):
                return
        else:
            grace_s = _GRACE_S
        if quiet_s <= 0:
            say(", ".join(f"{one.name}: {one.queued} wait" for one in left))
            quiet_s = _SAY_S
        stop.wait(_LOOK_S)
        quiet_s -= _LOOK_S


def _aside(store: Store, settings: Settings, target: str) -> bool:
    """Whether files wait aside, which come forward soon once there is room."""
    from console.sync.overview.queries import status

    with store.read() as db:
        return any(one.enabled and one.later and target in ("", one.name) for one in status(db, settings))


def _refused(store: Store, settings: Settings, target: str) -> int:
    """How many messages are set aside."""
    from console.sync.overview.queries import status

    with store.read() as db:
        return sum(one.refused for one in status(db, settings) if target in ("", one.name))


def _left(store: Store, settings: Settings, target: str) -> list[TargetStatus]:
    """Targets of the settings, switched on, for which something waits."""
    from console.sync.overview.queries import status

    with store.read() as db:
        found = status(db, settings)
    return [one for one in found if one.enabled and one.queued and target in ("", one.name)]


def _told(store: Store, settings: Settings, target: str, by: str, *, as_json: bool) -> None:
    from console.cli.outbox_words import now, status_json, status_lines
    from console.sync.overview.queries import status

    with store.read() as db:
        found = [one for one in status(db, settings) if one.known and target in ("", one.name)]
    if as_json:
        at = now()
        print_json(
            {
                "by": by,
                "empty": not any(one.enabled and one.queued for one in found),
                "targets": [status_json(one, 0.0, at) for one in found],
            }
        )
        return
    if by == "desk":
        say("The desk of this home, or another push, sends already; it was asked to send now.")
    for one in found:
        typer.echo("\n".join(status_lines(one, 0.0, now())))


def _in_words(left: list[TargetStatus]) -> str:
    return " ".join(
        f"{one.name}: {one.queued} wait on. " + ("It is paused." if one.paused else one.problem) for one in left
    ).rstrip()
