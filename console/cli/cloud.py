"""`sightdesk cloud serve`: receive what desks send, keep it, erase it on notice, queue jobs, say where anything is."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.cloud_beside import Wanted, beside
from console.cli.cloud_export import EXPORT_EXAMPLES, export
from console.cli.cloud_jobs import jobs_app
from console.cli.cloud_options import BrokerOption, DatabaseOption, check_installed, database_url
from console.cli.cloud_tasks import TASKS_EXAMPLES, tasks
from console.cli.cloud_worker import WORKER_EXAMPLES, worker
from console.cli.options import say

if TYPE_CHECKING:
    from console.cloud.serving.tls import TlsFiles

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The cloud side: receives what desks send, and keeps it."
)
SERVE_EXAMPLES = """\b
Examples:
  sightdesk cloud serve --folder /srv/sightdesk
  sightdesk cloud serve --folder /srv/sightdesk --listen 0.0.0.0:8443 \\
      --certificate server.pem --key server.key --ca ca.pem --crl crl.pem
  SIGHTDESK_CLOUD_DATABASE=postgresql://sightdesk@db.example/sightdesk \\
      sightdesk cloud serve --folder /srv/sightdesk --json
  sightdesk cloud serve --folder /srv/sightdesk --tasks tasks.yaml --workers 2 \\
      --broker amqp://localhost
Without certificates it listens on this machine alone, and says so; every program here then
counts as the desk "local" of the site "local". Port 0: one that is free, which --json says.
Certificates for sites without a CA: sightdesk pki --help. A key's passphrase comes from
SIGHTDESK_CLOUD_PASSPHRASE or is asked. Say a database or a broker with a password by its
variable, not by an option, which others on this machine can read. With --tasks, files are
queued for models; workers do them, here (--workers) or elsewhere (sightdesk cloud worker).
Exit status: 0 ended by Ctrl+C or TERM, 1 it can't start, 2 wrong use.
"""
_LISTEN = "127.0.0.1:8443"
_PASSPHRASE = "SIGHTDESK_CLOUD_PASSPHRASE"  # noqa: S105  # the variable's name
app.command("worker", epilog=WORKER_EXAMPLES)(worker)
app.command("tasks", epilog=TASKS_EXAMPLES)(tasks)
app.add_typer(jobs_app, name="jobs")
app.command("export", epilog=EXPORT_EXAMPLES)(export)


@app.command("serve", epilog=SERVE_EXAMPLES)
def serve(
    folder: Annotated[
        Path,
        typer.Option(
            metavar="DIR", envvar="SIGHTDESK_CLOUD_FOLDER", help="Keep files, logs and the SQLite database in DIR."
        ),
    ],
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where desks reach it.")] = _LISTEN,
    database: DatabaseOption = "",
    tasks_file: Annotated[
        Path | None,
        typer.Option(
            "--tasks",
            metavar="FILE",
            envvar="SIGHTDESK_CLOUD_TASKS",
            help="Which files models look at; see `cloud tasks`. Without it: files are only kept.",
        ),
    ] = None,
    broker: BrokerOption = "",
    workers: Annotated[
        int, typer.Option(min=0, max=64, metavar="N", help="Keep so many workers running on this machine.")
    ] = 0,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The server's certificate, and what leads to its CA; PEM.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The server's key; PEM.")] = None,
    ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Desks with a certificate of this CA are let in; PEM.")
    ] = None,
    crl: Annotated[
        Path | None, typer.Option(metavar="FILE", help="But not those of this list; read anew when it changes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON once it listens: where.")] = False,
) -> None:
    """Receive what desks send, over mutual TLS, until Ctrl+C or TERM."""
    check_installed()
    tls = _tls(certificate, key, ca)
    tasks_file = tasks_file.expanduser().absolute() if tasks_file is not None else None
    _check_use(crl, tls, tasks_file, workers)
    from console.cli.cloud_left import warn_of_left
    from console.cloud.api.app import create_app
    from console.cloud.database.opening import kind_and_place
    from console.cloud.keeping.keeper import Keeper
    from console.cloud.pki.identity import Revoked
    from console.cloud.serving.limits import Figures
    from console.cloud.serving.server import serve as serve_app
    from console.cloud.tasks import read_tasks
    from console.health import logs
    from console.settings.schema import LogSettings

    folder = folder.expanduser().absolute()
    url = database_url(database, folder)
    kind, place = kind_and_place(url)
    wanted = read_tasks(tasks_file) if tasks_file is not None else None
    revoked = Revoked(crl, ca) if crl is not None else None
    with ExitStack() as stack:
        keeper = stack.enter_context(closing(Keeper(url, folder, tasks=wanted)))
        stack.callback(logs.start(LogSettings(), _made(folder / "logs")).stop)
        warn_of_left(keeper.repository, wanted)
        running = stack.enter_context(beside(keeper, Wanted(folder, url, tasks_file, broker, workers)))
        figures = Figures()
        found = {
            "tls": tls is not None, "revocation": revoked is not None, "folder": str(folder),
            "database": kind, "place": place, "tasks": [one.name for one in wanted.tasks] if wanted else [],
            "broker": running.broker, "workers": workers,
        }  # fmt: skip
        app_ = create_app(keeper, revoked=revoked, served=figures, problem=running.problem)
        serve_app(app_, listen, tls, ready=partial(_say_where, found, as_json=as_json), figures=figures)
    say("Ended. Whatever was confirmed is kept.")


def _check_use(crl: Path | None, tls: TlsFiles | None, tasks_file: Path | None, workers: int) -> None:
    from console.errors import UsageError

    if crl is not None and tls is None:
        raise UsageError("--crl is for TLS.", "Add --certificate, --key and --ca.")
    if workers and tasks_file is None:
        raise UsageError("Workers have nothing to do without tasks.", "Add --tasks FILE; see sightdesk cloud tasks.")


def _tls(certificate: Path | None, key: Path | None, ca: Path | None) -> TlsFiles | None:
    from console.errors import UsageError

    if certificate is None and key is None and ca is None:
        return None
    if certificate is None or key is None or ca is None:
        raise UsageError(
            "TLS needs --certificate, --key and --ca, all three.", "Without any, it listens on this machine alone."
        )
    from console.cloud.serving.tls import TlsFiles

    return TlsFiles(certificate, key, ca, _passphrase(key))


def _passphrase(key: Path) -> str:
    """Of the key; empty: it has none, or what is wrong with it shows when it is used."""
    try:
        sealed = b"ENCRYPTED" in key.read_bytes()
    except OSError:
        return ""
    if not sealed:
        return ""
    given = os.environ.get(_PASSPHRASE)
    if given is None and not sys.stdin.isatty():
        from console.errors import UsageError

        raise UsageError(f"{key} is locked by a passphrase.", f"Say it by {_PASSPHRASE}.")
    return given if given is not None else str(typer.prompt(f"Passphrase of {key}", hide_input=True, err=True))


def _made(folder: Path) -> Path:
    from console.settings.disk import in_words

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise in_words(error, folder) from error
    return folder


def _say_where(found: dict[str, Any], address: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"url": address, **found}) + "\n")
        sys.stdout.flush()
    say(f"Sightdesk cloud: receiving at {address}. Files in {found['folder']}, database {found['place']}.")
    if found["tasks"]:
        many = "1 worker" if found["workers"] == 1 else f"{found['workers']} workers"
        by = f"{many} here" if found["workers"] else "workers elsewhere (sightdesk cloud worker)"
        woken = f", woken by {found['broker']}" if found["broker"] else ""
        say(f"Tasks: {', '.join(found['tasks'])}; for {by}{woken}.")
    if not found["tls"]:
        say('Without TLS: this machine alone reaches it, and every program here counts as desk "local".')
    elif not found["revocation"]:
        say("Without a list of revoked certificates (--crl): no desk that was once let in can be shut out.")
    say("Ctrl+C ends it.")
