"""Alembic's revisions of the database, forward only: one module each, imported here so that any packager finds them."""

from __future__ import annotations

from types import ModuleType

from console.cloud.database.versions import v0001_first

VERSIONS: tuple[ModuleType, ...] = (v0001_first,)
"""Each has `revision`, `down_revision` and `upgrade(op)`."""
