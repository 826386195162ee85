"""`sightdesk privacy keygen` and `unseal`: keys for pictures that one person may read, and reading them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import JsonOption, print_json, say

if TYPE_CHECKING:
    from console.privacy.sealing import PrivateKey

KEYGEN_EXAMPLES = """\b
Examples:
  sightdesk privacy keygen plates.key                     asks for a passphrase, hidden
  printf %s "$PHRASE" | sightdesk privacy keygen plates.key --passphrase-stdin
Make it on the machine of who may read, never on the desk; give the desk only the printed public key:
  privacy: {seal_plates_for: sdseal1-...}                 at a camera in the settings
  privacy: {seal_doubtful_for: sdseal1-...}               the same for who looks closer at doubtful vehicles
"""
UNSEAL_EXAMPLES = """\b
Examples:
  sightdesk privacy unseal picture.sealed --key plates.key --to picture.png
  sightdesk privacy unseal *.sealed --key plates.key --to opened/ --json
"""
_SHORTEST = 8
StdinOption = Annotated[
    bool, typer.Option("--passphrase-stdin", help="Read the key's passphrase from standard input's first line.")
]


def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes; must not exist yet.")],
    from_stdin: StdinOption = False,
    without: Annotated[
        bool, typer.Option("--no-passphrase", help="Whoever has the file can then read every sealed picture.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a pair of keys: a private one into FILE, the public one on standard output.

    The private key opens what a desk seals. Nothing can be opened without it, by nobody.
    """
    from console.errors import UsageError
    from console.privacy.sealing import PrivateKey

    if file.exists():
        raise UsageError(f"{file} is there already.", "A key that was replaced would open nothing any more.")
    phrase = None if without else _phrase(from_stdin, new=True)
    key = PrivateKey.new()
    _write_new(file, key.pem(phrase))
    public = key.public
    if as_json:
        print_json({"public_key": public.text, "number": public.number, "private_key_file": str(file)})
        return
    typer.echo(public.text)
    say(f"The private key is in {file}: keep it off the desk, and keep a copy. Key number {public.number}.")


def unseal(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Sealed pictures.")],
    key_file: Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key.")],
    to: Annotated[Path, typer.Option("--to", metavar="PATH", help="A PNG file; of several pictures, a folder.")],
    from_stdin: StdinOption = False,
    as_json: JsonOption = False,
) -> None:
    """Open sealed pictures with the private key, each into a PNG file that shows what was sealed."""
    from console.errors import UsageError
    from console.privacy.sealing import unseal as opened_with

    key = _key(_read(key_file), from_stdin)
    into_folder = to.is_dir() or len(files) > 1
    if into_folder:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = []
    for sealed in files:
        target = to / f"{sealed.stem}.png" if into_folder else to
        if target.exists():
            raise UsageError(f"{target} is there already.", "Name another place with --to.")
        opened = opened_with(_read(sealed), key)
        _write_new(target, opened.png)
        told.append({"file": str(sealed), "picture": str(target), **opened.about})
    if as_json:
        print_json({"opened": told})
    else:
        for one in told:
            typer.echo(f"{one['picture']}  ({one.get('camera_id')}, {one.get('taken_at')}: {one.get('purpose')})")


def _key(pem: bytes, from_stdin: bool) -> PrivateKey:
    from console.privacy.sealing import PrivateKey as Key

    locked = b"ENCRYPTED" in pem
    return Key.of(pem, _phrase(from_stdin, new=False) if locked else None)


def _phrase(from_stdin: bool, *, new: bool) -> str:
    """The passphrase of a private key. Raises UsageError where nobody can be asked, or it is too short."""
    from console.errors import UsageError

    if from_stdin:
        phrase = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        phrase = typer.prompt("Passphrase of the private key", hide_input=True, confirmation_prompt=new, err=True)
    else:
        raise UsageError("The private key's passphrase is needed.", "Pipe it in with --passphrase-stdin.")
    if new and len(phrase) < _SHORTEST:
        raise UsageError(f"A passphrase has at least {_SHORTEST} characters.", "Or use --no-passphrase.")
    return phrase


def _read(file: Path) -> bytes:
    from console.errors import UsageError

    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.") from error


def _write_new(file: Path, content: bytes) -> None:
    """Write a file for this user alone. Raises UsageError, HomeError."""
    from console.errors import UsageError
    from console.settings.disk import write_whole

    if not file.parent.is_dir():
        raise UsageError(f"There is no folder {file.parent}.")
    write_whole(file, content)
