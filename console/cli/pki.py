"""`sightdesk pki`: a CA for sites that have none; certificates of desks and of the cloud's server, and their end."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import JsonOption, print_json, say

if TYPE_CHECKING:
    from console.cloud.pki.authority import Authority, Made
    from console.cloud.pki.register import Issued

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Certificates for desks and for the cloud side, where a site has no CA of its own.",
)
EXAMPLES = """\b
Examples, on a machine that is neither a desk nor the cloud:
  sightdesk pki init --folder /safe/pki --name "Plant 1 CA"        asks for a passphrase, hidden
  sightdesk pki issue cloud --host cloud.example.com --folder /safe/pki
  sightdesk pki issue desk-3 --site plant-1 --folder /safe/pki
  sightdesk pki revoke desk-3 --folder /safe/pki                   then copy crl.pem to the cloud
"""
VARIABLE = "SIGHTDESK_PKI_PASSPHRASE"
_SHORTEST = 8
FolderOption = Annotated[
    Path, typer.Option("--folder", metavar="DIR", envvar="SIGHTDESK_PKI", show_envvar=True, help="The CA's folder.")
]
DaysOption = Annotated[int, typer.Option("--days", metavar="N", help="How long it counts.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, dot, dash and underscore.")]
_FOLDER, _DAYS = Path("pki"), 397


@app.callback(epilog=EXAMPLES)
def _pki() -> None:
    """Certificates for desks and for the cloud side, where a site has no CA of its own."""


@app.command(epilog=EXAMPLES)
def init(
    folder: FolderOption = _FOLDER,
    name: Annotated[str, typer.Option("--name", help="The CA's name, as certificates show it.")] = "Sightdesk CA",
    without: Annotated[
        bool, typer.Option("--no-passphrase", help="Whoever has the folder can then let in any desk.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a CA: its key, its certificate and an empty list of revoked ones. Never over another one."""
    from console.cloud.pki.authority import Authority
    from console.errors import UsageError

    authority = Authority(folder, _phrase)
    if authority.certificate.exists():
        raise UsageError(f"There is a CA in {folder} already, and one is never written over.", "Name another folder.")
    authority.init(name, None if without else _new_phrase())
    if as_json:
        print_json({"ca": str(authority.certificate), "crl": str(authority.crl), "locked": not without})
        return
    say(f"Made the CA {name} in {folder}. Keep a copy of the folder: without it nothing can be issued or revoked.")
    if without:
        say("Its key is not locked: whoever can read the folder can let in any desk.")


@app.command(epilog=EXAMPLES)
def issue(
    name: NameArgument,
    site: Annotated[str, typer.Option("--site", help="The desk's site: it sees and writes this one alone.")] = "",
    host: Annotated[
        list[str] | None,
        typer.Option("--host", help="For a server: a name or address that desks know it by. May be said again."),
    ] = None,
    days: DaysOption = _DAYS,
    folder: FolderOption = _FOLDER,
    as_json: JsonOption = False,
) -> None:
    """Make a key and a certificate for a desk, or with --host for a server."""
    from console.cloud.pki.minting import Subject
    from console.errors import UsageError

    if not site and not host:
        raise UsageError("A desk's certificate names its site.", "Add --site SITE; or --host HOST for a server's.")
    _tell_made(_authority(folder).issue(Subject(name, site, tuple(host or ())), days), folder, as_json=as_json)


@app.command()
def renew(
    name: NameArgument, days: DaysOption = _DAYS, folder: FolderOption = _FOLDER, as_json: JsonOption = False
) -> None:
    """Make a new key and certificate for a name that has one. The old one counts until it ends or is revoked."""
    _tell_made(_authority(folder).renew(name, days), folder, as_json=as_json)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME|SERIAL", help="All of a name, or one by its serial in hex.")],
    folder: FolderOption = _FOLDER,
    as_json: JsonOption = False,
) -> None:
    """Let certificates count no more, and write crl.pem anew."""
    authority = _authority(folder)
    gone = authority.revoke(name)
    if as_json:
        print_json({"revoked": [one.plain() for one in gone], "crl": str(authority.crl)})
        return
    for one in gone:
        typer.echo(f"{one.name}  {one.serial:x}")
    say(f"Revoked. Copy {authority.crl} to the cloud: it shuts them out within a minute, without a restart.")


@app.command()
def crl(folder: FolderOption = _FOLDER, as_json: JsonOption = False) -> None:
    """Write crl.pem anew, as it ends after 30 days. One that has ended is still obeyed, and complained about."""
    authority = _authority(folder)
    ends = authority.write_crl()
    if as_json:
        print_json({"crl": str(authority.crl), "ends": ends.isoformat()})
    else:
        say(f"Wrote {authority.crl}. It ends on {ends:%Y-%m-%d}.")


@app.command("list")
def list_issued(folder: FolderOption = _FOLDER, as_json: JsonOption = False) -> None:
    """What was issued, and what of it counts."""
    now = datetime.now(UTC)
    issued = _authority(folder).issued()
    if as_json:
        print_json({"issued": [_row(one, now) for one in issued]})
        return
    for one in issued:
        whom = ", ".join(one.hosts) if one.hosts else one.site
        state = one.state(now)
        left = f"{(one.ends - now).days} days left" if state == "valid" else state
        typer.echo(f"{one.name:20} {whom:28} {one.ends:%Y-%m-%d}  {left:14} {one.serial:x}")
    if not issued:
        say("Nothing was issued yet.")


def _tell_made(made: Made, folder: Path, *, as_json: bool) -> None:
    one = made.issued
    if as_json:
        files = {"certificate": str(made.certificate), "key": str(made.key), "ca": str(folder / "ca.pem")}
        print_json({**_row(one, datetime.now(UTC)), **files})
        return
    typer.echo(f"{made.certificate}\n{made.key}\n{folder / 'ca.pem'}")
    whom = f"the server {', '.join(one.hosts)}" if one.hosts else f"the desk {one.name} of {one.site}"
    say(f"For {whom}, until {one.ends:%Y-%m-%d}. Bring all three there, and delete the key here; it has no passphrase.")


def _row(one: Issued, now: datetime) -> dict[str, Any]:
    return {"kind": "server" if one.hosts else "desk", **one.plain(), "state": one.state(now)}


def _authority(folder: Path) -> Authority:
    from console.cloud.pki.authority import Authority

    return Authority(folder, _phrase)


def _phrase() -> str:
    """The CA's passphrase. Raises UsageError where nobody can be asked."""
    return _given(new=False)


def _new_phrase() -> str:
    from console.errors import UsageError

    phrase = _given(new=True)
    if len(phrase) < _SHORTEST:
        raise UsageError(f"A passphrase has at least {_SHORTEST} characters.", "Or use --no-passphrase.")
    return phrase


def _given(*, new: bool) -> str:
    from console.errors import UsageError

    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise UsageError("The passphrase of the CA's key is needed.", f"Set {VARIABLE}.")
    return str(typer.prompt("Passphrase of the CA's key", hide_input=True, confirmation_prompt=new, err=True))
