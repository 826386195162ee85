"""What `sightdesk doctor` says of the outbox: libraries, secrets, certificates of targets, what waits or is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from console.errors import SightdeskError
from console.health.findings import Finding, missing, ok, problem
from models.words import _, ngettext

if TYPE_CHECKING:
    from console.settings.home import Home
    from console.settings.schema import Settings

_LIBRARIES = {"objects": "obstore", "mqtt": "paho"}


def outbox(place: Home) -> list[Finding]:
    """Nothing where there is no target and nothing waits."""
    from console.settings.file import SettingsFile

    settings = SettingsFile(place.settings_file).load(keep=False).settings
    found = [*_libraries(settings), *_secrets(place, settings)]
    try:
        found += _alarms(place, settings)
    except SightdeskError as error:  # the database's own check says more
        found.append(problem("outbox", error.what, error.hint, needed=False))
    return found


def _libraries(settings: Settings) -> Iterator[Finding]:
    for target in settings.sync.targets:
        library = _LIBRARIES.get(target.kind)
        if target.enabled and library is not None and find_spec(library) is None:
            what = _("Nothing can be sent to {name}: the library {library} for this kind of target is not installed.")
            yield missing("outbox", what.format(name=target.name, library=library), "uv sync --extra targets")


def _secrets(place: Home, settings: Settings) -> Iterator[Finding]:
    from console.settings.secrets import Secrets

    named = [
        (target.name, target.secret.secret) for target in settings.sync.targets if target.secret and target.enabled
    ]
    if not named:
        return
    try:
        known = Secrets(place).names()
    except SightdeskError:
        return  # the keyring's own check says so
    for target, name in named:
        if name not in known:
            what = _("The target {target} needs the secret {name}, which is not stored.")
            yield missing("outbox", what.format(target=target, name=name), f"sightdesk secrets set {name}")


def _alarms(place: Home, settings: Settings) -> list[Finding]:
    from console.store.connect import reading
    from console.sync.one_sender import is_taken
    from console.sync.overview.alarms import alarms
    from console.sync.overview.certificates import certificates
    from console.sync.overview.queries import nobody_sends, quota, status

    known = certificates(settings)
    if place.database.is_file():
        with reading(place.database) as db:
            if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'answers'").fetchone() is None:
                return []  # from before this; the database's own check says so
            targets, room = status(db, settings), quota(db, settings)
        if not is_taken(place.path):
            targets = nobody_sends(targets)
        wrong = alarms(targets, room, known, settings, datetime.now(UTC))
        if wrong:
            return [problem("outbox", one.words, one.hint, needed=one.level == "stopped") for one in wrong]
        if targets:
            waiting = sum(one.queued for one in targets)
            words = ngettext("{n} message waits to be sent.", "{n} messages wait to be sent.", waiting)
            return [ok("outbox", words.format(n=waiting))]
    return []
