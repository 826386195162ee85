"""Checks of a home: its folder and disk, its settings, its database, its secrets."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

from console.errors import SecretError, StoreError
from console.health.findings import Finding, missing, ok, problem
from console.settings.disk import in_words
from console.settings.drives import network_drive
from console.settings.file import SettingsFile
from console.settings.home import Home
from console.settings.schema import Settings
from console.settings.secrets import Secrets, usable_keyring
from console.settings.vault import VARIABLE
from console.store.migrations import check_version, shipped
from models.words import _, ngettext

_NEEDED = 200 * 1000**2
_LITTLE = 2 * 1000**3


def folder(home: Home) -> Iterator[Finding]:
    """Can the home be written, is there room, is it on a disk of this machine?"""
    if drive := network_drive(home.path):
        what = _("{path} is on a network drive ({drive}), where a database is not safe.").format(
            path=home.path, drive=drive
        )
        yield problem("home", what, _("Choose a home on a disk of this machine with --home, or set SIGHTDESK_HOME."))
    if not home.exists:
        yield ok("home", _("{path} will be made at the first start.").format(path=home.path))
        return
    try:
        with tempfile.TemporaryFile(dir=home.path) as probe:
            probe.write(b"\0")
    except OSError as error:
        words = in_words(error, home.path)
        yield problem("home", words.what, words.hint)
        return
    yield ok("home", _("{path} can be written.").format(path=home.path))
    if os.name != "nt" and home.path.stat().st_mode & 0o007:
        what = _("Every user of this machine may look into {path}.").format(path=home.path)
        yield problem("home", what, f"chmod o= {home.path}", needed=False)


def disk(home: Home) -> Iterator[Finding]:
    """Is there room for models, pictures and the database?"""
    where = next(path for path in (home.path, *home.path.parents) if os.access(path, os.F_OK))
    free = shutil.disk_usage(where).free
    words = _("{free:.1f} GB are free for {path}").format(free=free / 1000**3, path=home.path)
    if free < _LITTLE:
        needed = free < _NEEDED
        yield problem(
            "disk",
            _("Only {words}.").format(words=words),
            _("Make room there, or choose a home elsewhere."),
            needed=needed,
        )
    else:
        yield ok("disk", words)


def settings(home: Home) -> Iterator[Finding]:
    """Are the settings what Sightdesk can work with, and does it know the secrets they name?"""
    loaded = SettingsFile(home.settings_file).load(keep=False)
    in_force = {"last good": _("the last good copy is in force"), "defaults": _("the defaults are in force")}
    for found in loaded.problems:
        place = f"{loaded.path}:{found.line}" if found.line else str(loaded.path)
        key = f"{found.key}: " if found.key else ""
        yield problem("settings", f"{place}: {key}{found.what}; {in_force.get(loaded.origin, '')}.", found.hint)
    if not loaded.problems:
        where = loaded.path if loaded.origin == "file" else _("The defaults; no file yet")
        count = len(loaded.settings.cameras)
        yield ok(
            "settings",
            ngettext("{where}: {count} camera.", "{where}: {count} cameras.", count).format(where=where, count=count),
        )
    yield from _secrets_named(home, loaded.settings)


def _secrets_named(home: Home, wanted: Settings) -> Iterator[Finding]:
    try:
        known = Secrets(home).names()
    except SecretError as error:
        yield problem("secrets", error.what, error.hint)
        return
    for camera in wanted.cameras:
        if camera.login is not None and camera.login.password.secret not in known:
            name = camera.login.password.secret
            what = _("The camera {id} needs the secret {name}, which is not stored.").format(id=camera.id, name=name)
            yield missing("secrets", what, f"sightdesk secrets set {name}")


def keyring(home: Home) -> Iterator[Finding]:
    """Where do secrets go, and can they be opened?"""
    backend = usable_keyring()
    in_file = (home.path / "secrets.bin").exists()
    passphrase = bool(os.environ.get(VARIABLE))
    if backend is not None and not (in_file and not passphrase):
        yield ok("keyring", _("Secrets go to {backend}.").format(backend=backend.name))
    elif in_file and not passphrase:
        what = _("Secrets are in an encrypted file, and this session doesn't know its passphrase.")
        yield missing(
            "keyring",
            what,
            _("Set {variable} for the service or session that runs Sightdesk.").format(variable=VARIABLE),
            needed=False,
        )
    elif passphrase:
        yield ok(
            "keyring",
            _("No keyring; secrets go to an encrypted file whose passphrase is in {variable}.").format(
                variable=VARIABLE
            ),
        )
    else:
        what = _("The system has no keyring in this session; secrets go to an encrypted file with a passphrase.")
        hint = _("Nothing to do without secrets. Else log in to a desktop session, or set {variable}.").format(
            variable=VARIABLE
        )
        yield missing("keyring", what, hint, needed=False)


def database(home: Home) -> Iterator[Finding]:
    """Is the database sound, and of a schema this Sightdesk knows?"""
    if not home.database.exists():
        yield ok("database", _("It will be made at the first start."))
        return
    newest = shipped()[-1].number
    try:
        found = check_version(home.database, shipped())
    except StoreError as error:
        yield problem("database", error.what, error.hint)
        return
    size = home.database.stat().st_size / 1000**2
    older = _(", will be migrated to {newest}").format(newest=newest) if found < newest else ""
    yield ok("database", _("Sound; schema {found}{older}; {size:.1f} MB").format(found=found, older=older, size=size))
