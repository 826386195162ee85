"""What commands of the cloud side share: its libraries, its folder, its database."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

_NEEDS = ("alembic", "fastapi", "prometheus_client", "sqlalchemy", "uvicorn")
BrokerOption = Annotated[
    str,
    typer.Option(
        metavar="URL",
        envvar="SIGHTDESK_CLOUD_BROKER",
        show_envvar=True,
        help="amqp://... or kafka://...: wakes workers at once; without it they look for jobs every second.",
    ),
]
DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="SIGHTDESK_CLOUD_DATABASE",
        show_envvar=True,
        help="postgresql://..., mongodb://... or sqlite:///...; without it: SQLite in the folder.",
    ),
]


def check_installed() -> None:
    """See that the libraries of the cloud side are there.

    Raises:
        CloudError: some are not, and how to install them.
    """
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        from console.cloud.errors import CloudError

        raise CloudError(
            f"The cloud side needs libraries that are not installed here: {', '.join(missing)}.",
            "Install them: uv sync --extra cloud",
        )


def database_url(database: str, folder: Path | None) -> str:
    """The database's address: as it was said, or SQLite in the folder.

    Raises:
        UsageError: neither was said.
    """
    if database:
        return database
    if folder is None:
        from console.errors import UsageError

        raise UsageError("Whose jobs?", "Name the folder of `cloud serve` by --folder, or its --database.")
    return f"sqlite:///{(folder.expanduser().absolute() / 'cloud.db').as_posix()}"
