"""The settings that are a supervisor's: the PIN before they change, and a record of old and new."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from console.errors import AuditError, NeedsSupervisor
from console.privacy.audit.record import anchor_problem, anchor_to
from console.privacy.changes import changes, guarded
from console.settings.schema import Settings
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils.db import Database, Table

    from console.ui.supervision import Then
    from console.ui.workplace import Workplace

_IN_FORCE = "privacy settings"


class Guard:
    """Stands between a change of the settings and the file. Belongs to the GUI thread."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._problem = ""

    def see_to_it(self, outcome: Callable[[], Settings], then: Then | None) -> None:
        """Have the PIN asked for, where a change takes one.

        Args:
            outcome: what the settings would be, worked out only where it matters.
            then: done once the PIN was right.

        Raises:
            NeedsSupervisor: it takes one; it is being asked for.
            SettingsError, HomeError: of `outcome`.
        """
        if self._workplace.supervisor.allowed or not self._differences(outcome()):
            return
        if not self._workplace.may(_("This change"), then):
            raise NeedsSupervisor(
                _("This is for a supervisor; nothing was changed."), _("Say the PIN, then do it again.")
            )

    def record(self, settings: Settings, what: str) -> None:
        """Record what of the guarded settings changes, if anything.

        Args:
            settings: what they will be.
            what: what was done, in words.

        Raises:
            AuditError: it can't be recorded.
        """
        found = self._differences(settings)
        if found:
            self._workplace.may(_("This change"))  # says, once, that there is no PIN
            self._workplace.record("privacy settings changed", what=what, changes=found)

    def record_found(self, settings: Settings) -> None:
        """Record what of them was changed past the desk since they were recorded last.

        At the start, and when the file is read again.
        """
        with self._workplace.store.read() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (_IN_FORCE,)).fetchone()
        if row is not None:
            found = [change.as_json() for change in changes(json.loads(row[0]), guarded(settings))]
            if not found:
                return
            try:
                self._workplace.audit.write("privacy settings found changed", where="the settings file", changes=found)
            except AuditError as error:
                self._workplace.notices.error(error)
                return
        self._keep(settings)

    def take_on(self, settings: Settings) -> None:
        """These are in force from now on."""
        if self._differences(settings):
            self._keep(settings)
        anchor_to(self._workplace.home.path, settings.audit.anchor)
        self._workplace.supervisor.idle_s = settings.privacy.idle_min * 60

    def say_anchor(self) -> None:
        """Say it when the record's head can't be put off the box, once, and when it can again. Call it at times."""
        problem = anchor_problem(self._workplace.home.path)
        if problem and not self._problem:
            self._workplace.notices.warn(
                _("The record of what is done can't be anchored: {problem}").format(problem=problem),
                _("The desk goes on and tries again; see that the place of audit.anchor can be reached."),
            )
        elif self._problem and not problem:
            self._workplace.notices.say(_("The record of what is done is anchored again."))
        self._problem = problem

    def _differences(self, wanted: Settings) -> list[dict[str, Any]]:
        return [change.as_json() for change in changes(guarded(self._workplace.settings), guarded(wanted))]

    def _keep(self, settings: Settings) -> None:
        """Remember them, so that what is changed past the desk is seen at the next start."""
        row = {"key": _IN_FORCE, "value": json.dumps(guarded(settings))}

        def job(db: Database) -> None:
            cast("Table", db["meta"]).upsert(row, pk="key")

        self._workplace.store.write(job)
