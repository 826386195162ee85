"""`sightdesk models`: what the catalogue has, fetching it, and what a model file says of itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.progress import fetching
from console.errors import CatalogError, ModelError, UsageError

if TYPE_CHECKING:
    from console.catalog.catalog import Catalog
    from console.catalog.entries import Entry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Models and clips by name: list, pull, inspect.")


@app.command("list")
def list_entries(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the models and clips of the catalogue, and which of them are here."""
    catalog = _catalog(home)
    rows = [_row(catalog, entry) for entry in catalog.book.entries]
    if as_json:
        print_json({"entries": rows})
        return
    for row in rows:
        here = f"here, from {row['source']}" if row["here"] else f"from {' or '.join(row['sources'])}"
        where = f"{row['kind']}, {row['licence']}, {_megabytes(row['size'])}, {here}"
        sys.stdout.write(f"{row['name']}: {row['good_for']}\n    {where}\n")


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Models and clips to fetch.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Fetch the whole catalogue.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch models and clips, from the first source that answers, and verify them. Ctrl+C cancels.

    Folders named in SIGHTDESK_MODEL_PATH are looked into first; what is whole there is used where it lies.
    """
    catalog = _catalog(home)
    if bool(names) == everything:
        raise UsageError("Say what to pull: names, or --all.", "`sightdesk models list` shows the names.")
    entries = catalog.book.entries if everything else [catalog.entry(name) for name in names or []]
    pulled, failed = [], []
    for entry in entries:
        try:
            pulled.append(_pull(catalog, entry))
        except CatalogError as error:
            say(f"{error.what}\n  {error.hint}")
            failed.append({"name": entry.name, "what": error.what, "hint": error.hint})
        except KeyboardInterrupt:
            say(f"Cancelled. {entry.name} is not here; what came of it is kept only to go on from there.")
            raise typer.Exit(1) from None
    if as_json:
        print_json({"pulled": pulled, "failed": failed})
    if failed:
        raise typer.Exit(1)


@app.command()
def inspect(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A catalogue name, or a model file.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a model file is: inputs, outputs, labels, licence, origin, sha256."""
    from console.sources.factory import stored_at

    catalog = _catalog(home)
    path = stored_at(what) or Path(what)
    if path.is_file():
        facts = _facts(path, _described(catalog, path))
    else:
        entry = catalog.entry(what)
        held = catalog.held(entry.name)
        if held is None:
            raise CatalogError(f"{entry.name} is not here yet.", f"Fetch it: sightdesk models pull {entry.name}")
        facts = _facts(held.path, entry) | {"source": held.source}
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        sys.stdout.write(f"{key}: {_in_words(value)}\n")


def _catalog(home: Path | None) -> Catalog:
    from console.catalog.catalog import Catalog
    from console.settings.home import Home, find_home

    folders = Home.look(find_home(home))
    return Catalog(folders.models, folders.clips)


def _row(catalog: Catalog, entry: Entry) -> dict[str, Any]:
    held = catalog.held(entry.name)
    return {
        **entry.model_dump(include={"name", "title", "good_for", "licence", "origin", "attribution"}),
        "kind": entry.kind,
        "size": entry.size,
        "here": held is not None,
        "path": held and held.path,
        "source": held and held.source,
        "sources": catalog.sources(entry),
    }


def _pull(catalog: Catalog, entry: Entry) -> dict[str, Any]:
    with fetching() as announce:
        pulled = catalog.pull(entry.name, announce(entry.name))
    for note in pulled.notes:
        say(f"  {note}")
    came = f"from {pulled.source}" if pulled.fetched else f"was here already ({pulled.source})"
    say(f"{entry.name} {came}: {pulled.path}")
    return {
        "name": entry.name,
        "path": pulled.path,
        "source": pulled.source,
        "fetched": pulled.fetched,
        "notes": pulled.notes,
        "licence": entry.licence,
        "attribution": entry.attribution,
    }


def _described(catalog: Catalog, path: Path) -> Entry | None:
    """The entry that a file on the disk is the main file of, by its content."""
    from console.catalog.landing import sha256_of

    size = path.stat().st_size
    alike = [entry for entry in catalog.book.entries if entry.files[0].size == size]
    return next((entry for entry in alike if entry.files[0].sha256 == sha256_of(path)), None)


def _facts(path: Path, entry: Entry | None) -> dict[str, Any]:
    """What is known about a file; of a model also what its runtime reads from it."""
    from console.catalog.landing import sha256_of

    about = entry.model_dump(include={"name", "title", "good_for", "licence", "origin", "attribution"}) if entry else {}
    facts: dict[str, Any] = {"path": path, "size": path.stat().st_size, "sha256": sha256_of(path), **about}
    return facts if entry and entry.kind == "clip" else facts | _model_facts(path, entry)


def _model_facts(path: Path, entry: Entry | None) -> dict[str, Any]:
    from backends.base import BackendError
    from backends.registry import inspect as inspect_file
    from console.catalog.entries import ModelEntry
    from models.decoders import NotThisFamily, recognise

    try:
        facts = inspect_file(path)
    except BackendError as error:
        raise ModelError(error.what, error.hint) from error
    manifest = entry.manifest if isinstance(entry, ModelEntry) else None
    if manifest is None:
        try:
            manifest = recognise(facts, path.stem)
        except NotThisFamily:
            manifest = None
    return {
        "family": manifest and manifest.family,
        "labels": manifest.labels if manifest else (),
        "inputs": [{"name": t.name, "shape": t.shape, "dtype": t.dtype} for t in facts.inputs],
        "outputs": [{"name": t.name, "shape": t.shape, "dtype": t.dtype} for t in facts.outputs],
        "metadata": dict(facts.metadata),
    }


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _in_words(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"name", "shape", "dtype"}:
        sides = " x ".join("?" if side is None else str(side) for side in value["shape"])
        return f"{value['name']} [{sides}] {value['dtype']}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_in_words(item) for item in value) or "-"
    return "-" if value in {None, ""} else str(value)
