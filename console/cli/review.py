"""`sightdesk review`: what waits for a person, one item with all that was said of it, and what verdicts tell."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager

    from console.review.items import Item, Verdict
    from console.review.queries import Order, ReviewFilter
    from console.settings.review import ReviewSettings

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What the model was in doubt about, and what people said of it."
)
LIST_EXAMPLES = """\b
Examples:
  sightdesk review list                                   what waits, oldest first
  sightdesk review list --camera gate --label person --order doubtful
  sightdesk review list --state open --state skipped --limit 500 --json
States: open, skipped, second (waits for somebody else's verdict), disputed (waits for a
supervisor), done; all: every one. Counting ends at 10,000.
"""
SHOW_EXAMPLES = """\b
Examples:
  sightdesk review show 1204
  sightdesk review show 01a205ab-6cc6-7694-9c23-229b3a474cb3 --json
"""
FIGURES_EXAMPLES = """\b
Examples:
  sightdesk review figures
  sightdesk review figures --camera gate --json
Precision, calibration and the threshold come of the random items alone; intervals are of
95 %. It is precision, not recall: what the model never showed is not in it.
"""
_FEW = 5
_LONGEST = 19
"""Numbers of items have fewer digits."""
CameraOption = Annotated[str, typer.Option("--camera", metavar="ID", help="Of this camera, by its id.")]


@app.command("list", epilog=LIST_EXAMPLES)
def list_items(
    camera: CameraOption = "",
    label: Annotated[str, typer.Option("--label", metavar="NAME", help="That ask about this class.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="doubt, flicker, change, wrong, missed, random or import.")
    ] = "",
    state: Annotated[
        list[str] | None, typer.Option("--state", help="That stand so; may be repeated.  [default: open]")
    ] = None,
    who: Annotated[str, typer.Option("--who", metavar="NAME", help="Whose verdict in force is this person's.")] = "",
    order: Annotated[str, typer.Option("--order", help="oldest, newest, doubtful or sure.")] = "oldest",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List review items."""
    from console.review import queries

    wanted = _wanted(camera, label, reason, state or ["open"], who)
    with _reading(home) as db:
        found = queries.page(db, wanted, _order(order), limit=limit)
        count = queries.count(db, wanted)
    if as_json:
        print_json({"count": count, "capped": count >= queries.COUNTED, "items": [_plain(item) for item in found]})
        return
    for item in found:
        typer.echo(_line(item))
    more = "or more " if count >= queries.COUNTED else ""
    say(f"{len(found)} of {count} {more}items." if found else "No such items.")


@app.command("show", epilog=SHOW_EXAMPLES)
def show(
    item: Annotated[str, typer.Argument(metavar="ID", help="The item's number, or its tracking ID.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one item: what was asked, every verdict on it, the gold sets it is in."""
    from console.datasets.gold import sets_of
    from console.errors import SightdeskError
    from console.review import queries

    with _reading(home) as db:
        number = item.isascii() and item.isdigit() and len(item) < _LONGEST
        found = queries.item(db, int(item)) if number else queries.by_tracking_id(db, item.strip().lower())
        if found is None:
            raise SightdeskError(f"There is no review item {item}.", "List them with: sightdesk review list")
        verdicts = queries.history(db, found.id)
        sets = sets_of(db, found.tracking_id)
    if as_json:
        gold = [{"name": name, "version": version, "split": split} for name, version, split in sets]
        print_json(_plain(found) | {"history": [_said(verdict) for verdict in verdicts], "gold": gold})
        return
    typer.echo(_line(found))
    typer.echo(f"  tracking ID {found.tracking_id}, model {found.model}, {len(found.boxes)} boxes")
    typer.echo(f"  picture: {found.picture or found.picture_why or 'none'}")
    for verdict in verdicts:
        undone = ", taken back" if verdict.taken_back_at else ""
        typer.echo(
            f"  {_local(verdict.decided_at)} {verdict.who} ({verdict.role}): {verdict.kind} {verdict.label}"
            f" in {verdict.seconds:.1f} s{undone}"
        )
    for name, version, split in sets:
        typer.echo(f"  in gold set {name}@{version}, {split}")


@app.command("figures", epilog=FIGURES_EXAMPLES)
def figures(camera: CameraOption = "", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What verdicts tell: precision of the model, agreement of people, calibration, the threshold that costs least."""
    from console.settings.file import SettingsFile
    from console.settings.home import Home, find_home

    file = SettingsFile(Home.look(find_home(home)).settings_file)
    with _reading(home) as db:
        told = _figures(db, camera, file.load(keep=False).settings.review)
    if as_json:
        print_json(told)
        return
    say(told["means"])
    for one in told["precision"]:
        typer.echo(f"{one['label']:20} {one['camera_id'] or 'all cameras':20} {_share(one)}")
    for one in told["agreement"]:
        kappa = f"kappa {one['kappa']:.2f}" if one["kappa"] is not None else "kappa says nothing"
        typer.echo(f"{one['label'] or 'all classes':20} {kappa}, {one['same']} of {one['pairs']} judged alike")
    for one in told["calibration"]:
        right = one["right"]
        typer.echo(f"score {one['score']:.2f}: {right['value']:.2f} right ({right['low']:.2f} to {right['high']:.2f})")
    if (best := told["threshold"]) is not None:
        typer.echo(
            f"Threshold that costs least: {best['best']:.2f}"
            f" (a false alarm costs {best['false_alarm']:g}, a miss {best['miss']:g}; of {best['n']:.0f} boxes)"
        )


def _figures(db: sqlite3.Connection, camera: str, settings: ReviewSettings) -> dict[str, Any]:
    from console.review import figures as review_figures

    best = review_figures.tune(db, settings.false_alarm, settings.miss, camera)
    threshold = None
    if best is not None:
        threshold = {
            "best": best.best, "cost": best.cost, "false_alarms": best.false_alarms, "missed": best.missed,
            "n": best.n, "false_alarm": settings.false_alarm, "miss": settings.miss,
        }  # fmt: skip
    return {
        "means": review_figures.PRECISION,
        "precision": [asdict(one) for one in review_figures.precision(db, camera_id=camera)],
        "agreement": [asdict(one) for one in review_figures.agreement(db)],
        "calibration": [asdict(one) for one in review_figures.calibration(db, camera)],
        "threshold": threshold,
    }


def _reading(home: Any) -> AbstractContextManager[sqlite3.Connection]:
    """The home's database.

    Raises:
        StoreError: there is none, it is of an older Sightdesk, or it can't be read.
    """
    from contextlib import contextmanager

    from console.errors import StoreError
    from console.settings.home import Home, find_home
    from console.store.connect import reading

    path = Home.look(find_home(home)).database

    @contextmanager
    def looking() -> Any:
        with reading(path) as db:
            if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'review_items'").fetchone() is None:
                raise StoreError(
                    f"The database {path} is of an older Sightdesk.",
                    "Start this Sightdesk's desk once with this home: it makes a backup and migrates the database.",
                )
            yield db

    return looking()


def _wanted(camera: str, label: str, reason: str, states: list[str], who: str) -> ReviewFilter:
    from console.review.items import Reason
    from console.review.queries import STATES, ReviewFilter

    _one_of(reason or "doubt", get_args(Reason), "reason")
    for name in states:
        _one_of(name, (*STATES, "all"), "state")
    chosen = STATES if "all" in states else tuple(state for state in STATES if state in states)
    return ReviewFilter(camera, label, reason, chosen, who=" ".join(who.split()))


def _order(said: str) -> Order:
    from console.review.queries import Order

    _one_of(said, get_args(Order), "order")
    order: Order = said  # type: ignore[assignment]  # looked at
    return order


def _one_of(said: str, known: tuple[str, ...], what: str) -> None:
    from console.errors import UsageError

    if said not in known:
        raise UsageError(f"There is no {what} {said!r}.", f"Known: {', '.join(known)}.")


def _plain(item: Item) -> dict[str, Any]:
    return asdict(item) | {
        "taken_at": item.taken_at.isoformat(),
        "verdict": _said(item.verdict) if item.verdict is not None else None,
    }


def _said(verdict: Verdict) -> dict[str, Any]:
    back = verdict.taken_back_at
    return asdict(verdict) | {
        "decided_at": verdict.decided_at.isoformat(),
        "taken_back_at": back.isoformat() if back else None,
    }


def _line(item: Item) -> str:
    score = f"{item.score:.2f}" if item.score is not None else "-"
    verdict = f"  {item.verdict.kind} {item.verdict.label} by {item.verdict.who}" if item.verdict is not None else ""
    return (
        f"{item.id:8} {item.state:9} {item.camera_id:12} {item.label or 'whole picture':14} {score:5}"
        f" {item.reason:8} {_local(item.taken_at)}{verdict}"
    )


def _share(one: dict[str, Any]) -> str:
    share = one["share"]
    if share is None:
        return f"nothing judged of {one['drawn']} drawn"
    few = f", from only {share['n']:.0f}" if share["n"] < _FEW else ""
    return (
        f"precision {share['value']:.2f} ({share['low']:.2f} to {share['high']:.2f}{few});"
        f" {one['judged']} of {one['drawn']} judged"
    )


def _local(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
