"""A database of each kind for every test that asks for one: PostgreSQL's is made for the test and dropped after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from uuid_utils import uuid7

from tests.conftest import missing

SERVER = os.environ.get("SIGHTDESK_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The address of an empty database."""
    name = f"sightdesk_{uuid7().hex}"
    try:
        with psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=5) as db:
            db.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    except psycopg.Error as error:
        missing("services", f"no PostgreSQL at {SERVER}: {error}")
    yield f"{SERVER}/{name}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/database/cloud.db"
    return str(request.getfixturevalue("postgresql_url"))
