"""`sightdesk gold`: sets of judged pictures that never change, and models measured on them."""

from __future__ import annotations

import getpass
import threading
from typing import Annotated

import typer

from console.cli.gold_models import EXAMPLES as MEASURE_EXAMPLES
from console.cli.gold_models import SetArgument, compare, evaluate, gate
from console.cli.gold_trials import place_of, stopping
from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.progress import ended_by_ctrl_c, measuring
from console.errors import SightdeskError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Gold sets: judged pictures under a name and a number, never changed; models measured on them.",
)
CREATE_EXAMPLES = """\b
Examples:
  sightdesk gold create street
  sightdesk gold create gate --camera gate --since 2026-11-01 --exhaustive-only
  sightdesk gold create street --splits 0/0/100           a set that is only measured on
What is in a version stays in its split in all later ones, and classes keep their places.
A track, and ten minutes of a camera, are never on two sides.
"""
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The set's name.")]


@app.command("create", epilog=CREATE_EXAMPLES)
def create(
    name: NameArgument,
    camera: Annotated[str, typer.Option("--camera", metavar="ID", help="Of this camera alone.")] = "",
    label: Annotated[str, typer.Option("--label", help="That ask about this class, or show it.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Taken from this time on.")] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="Taken until then; a day means all of it.")
    ] = "",
    exhaustive_only: Annotated[
        bool, typer.Option("--exhaustive-only", help="Only pictures of which all is known (edited).")
    ] = False,
    splits: Annotated[str, typer.Option("--splits", help="Shares of train, val and test.")] = "70/15/15",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version of a set of reviewed items that have a picture. It works beside a running desk."""
    from console.cli.gold_words import made_lines
    from console.datasets.gold_making import Wanted, shares_of
    from console.datasets.gold_making import create as make
    from console.privacy.erasing.scope import moment
    from console.store.connect import reading
    from console.store.store import Store

    first, last = moment(since, last=False), moment(until, last=True)
    wanted = Wanted(name, camera, label, first, last, exhaustive_only, shares_of(splits), _who())
    place = place_of(home)
    with reading(place.database):
        pass  # it is there: a set is not made in a home that is none
    with Store.open(place) as store:
        made = make(store, wanted)
    if as_json:
        print_json({
            "set": made.title, "sha256": made.sha256, "members": made.members, "exhaustive": made.exhaustive,
            "labels": list(made.labels), "splits": dict(made.splits),
        })  # fmt: skip
        return
    typer.echo("\n".join(made_lines(made)))


@app.command("list")
def list_sets(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List all versions of all sets."""
    from console.cli.gold_words import set_line, set_row
    from console.datasets import gold
    from console.store.connect import reading

    with reading(place_of(home).database) as db:
        found = gold.sets(db)
    if as_json:
        print_json({"sets": [set_row(one) for one in found]})
    elif found:
        typer.echo("\n".join(set_line(one) for one in found))
    else:
        say("There is no gold set. Make one of reviewed items: sightdesk gold create NAME")


@app.command("show")
def show(
    name: SetArgument,
    tracking_id: Annotated[
        str, typer.Option("--id", metavar="UUID", help="This member: what it says, and every set it is in.")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a set holds; with --id what one member is, by the item's tracking ID."""
    from console.cli.gold_words import member_lines, member_row, show_lines, show_row
    from console.datasets import gold
    from console.store.connect import reading

    with reading(place_of(home).database) as db:
        known = gold.find(db, *gold.parse(name))
        members = gold.members(db, known)
        if not tracking_id:
            if as_json:
                print_json(show_row(known, members))
            else:
                typer.echo("\n".join(show_lines(known, members)))
            return
        member = next((one for one in members if one.tracking_id == tracking_id), None)
        others = gold.sets_of(db, tracking_id)
    if member is None:
        there = ", ".join(f"{title}@{version}" for title, version, _split in others)
        raise SightdeskError(f"{known.title} has no member {tracking_id}.", f"It is in: {there}." if there else "")
    if as_json:
        print_json(member_row(member, others))
    else:
        typer.echo("\n".join(member_lines(member, others)))


@app.command("verify")
def verify(name: SetArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look whether a set is what was made: its rows against its hash, its pictures' files against theirs.

    Exit status: 0 sound, 1 not, 2 wrong use.
    """
    from console.datasets import gold
    from console.datasets.gold_verify import verify as look
    from console.datasets.gold_verify import words_of
    from console.store.connect import reading

    place, stop = place_of(home), threading.Event()
    with reading(place.database) as db:
        known = gold.find(db, *gold.parse(name))
        with measuring() as told, ended_by_ctrl_c(stop), stopping():
            found = look(db, place, known, told, stop.is_set)
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo("\n".join(words_of(found)))
    if not found.sound:
        raise typer.Exit(1)


app.command("evaluate", epilog=MEASURE_EXAMPLES)(evaluate)
app.command("compare", epilog=MEASURE_EXAMPLES)(compare)
app.command("gate", epilog=MEASURE_EXAMPLES)(gate)


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "-"
