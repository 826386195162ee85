"""Bringing a database to this program's schema, in one transaction, with no file of alembic's own: frozen or not.

Which revision a database has stands in its table `cloud_version`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script.base import Script
from alembic.script.revision import RevisionMap
from sqlalchemy import Connection, inspect

from console.cloud.database.sql.tables import METADATA
from console.cloud.database.sql.versions import VERSIONS
from console.cloud.errors import CloudError
from models.words import _

VERSION_TABLE = "cloud_version"


def migrate(db: Connection, place: str, versions: Sequence[ModuleType] = VERSIONS) -> None:
    """Apply what is missing; nothing where nothing is.

    Args:
        db: in a transaction, which nobody else may run at this moment.
        place: the database, without a password.
        versions: all there are, the oldest first.

    Raises:
        CloudError: it was made by a newer Sightdesk, or holds tables of somebody else under our names.
    """
    revisions = RevisionMap(lambda: [Script(module, module.revision, module.__name__) for module in versions])
    newest = versions[-1].revision

    def steps(heads: tuple[str, ...], _context: MigrationContext) -> list[MigrationStep]:
        todo: Iterator[Script] = revisions.iterate_revisions(newest, heads or "base")  # type: ignore[assignment]  # we gave it nothing else
        return [MigrationStep.upgrade_from_script(revisions, script) for script in reversed(list(todo))]

    context = MigrationContext.configure(db, opts={"version_table": VERSION_TABLE, "fn": steps})
    found = context.get_current_heads()
    _refuse_newer(found, place, versions)
    if not found and (taken := set(inspect(db).get_table_names()) & set(METADATA.tables)):
        raise CloudError(
            _("The database {place} has a table {name}, but it is none of Sightdesk's.").format(
                place=place, name=min(taken)
            ),
            _("Give the cloud side a database of its own."),
        )
    context.run_migrations(op=Operations(context))


def check(db: Connection, place: str, versions: Sequence[ModuleType] = VERSIONS) -> None:
    """See that a database has this program's schema; nothing is changed.

    Raises:
        CloudError: it has an older or newer one, or none.
    """
    found = MigrationContext.configure(db, opts={"version_table": VERSION_TABLE}).get_current_heads()
    _refuse_newer(found, place, versions)
    if versions[-1].revision not in found:
        raise CloudError(
            _("The database {place} was not brought up to date yet.").format(place=place),
            _("Start `sightdesk cloud serve` of this version first; it does that."),
        )


def _refuse_newer(found: tuple[str, ...], place: str, versions: Sequence[ModuleType]) -> None:
    if unknown := set(found) - {module.revision for module in versions}:
        raise CloudError(
            _("The database {place} was made by a newer Sightdesk (schema {found}; this one knows {newest}).").format(
                place=place, found=max(unknown), newest=versions[-1].revision
            ),
            _("Install that version or a later one; it was left as it is."),
        )
