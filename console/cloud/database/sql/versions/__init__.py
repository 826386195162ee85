"""Alembic's revisions of the database, forward only: one module each, imported here so that any packager finds them."""

from __future__ import annotations

from types import ModuleType

from console.cloud.database.sql.versions import v0001_first, v0002_jobs

VERSIONS: tuple[ModuleType, ...] = (v0001_first, v0002_jobs)
"""Each has `revision`, `down_revision` and `upgrade(op)`."""
