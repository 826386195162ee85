"""`sightdesk cloud jobs`: what workers have to do, are doing, and could not do. Works beside a running server."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from console.cli.cloud_options import DatabaseOption, check_installed, database_url
from console.cli.options import JsonOption, print_json, say

if TYPE_CHECKING:
    from console.cloud.database.base import Repository
    from console.cloud.jobs.values import JobSaid, State

jobs_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What workers have to do, are doing, and could not do."
)
LIST_EXAMPLES = """\b
Examples:
  sightdesk cloud jobs list --folder /srv/sightdesk                   all that is not done
  sightdesk cloud jobs list --folder /srv/sightdesk --state failed --json
  sightdesk cloud jobs list --folder /srv/sightdesk --state done --site plant-1 --limit 500
States: queued, processing, done, failed (tried in vain; waits until you replay it).
"""
REPLAY_EXAMPLES = """\b
Examples:
  sightdesk cloud jobs replay --folder /srv/sightdesk 01a205ab-6cc6-7694-9c23-229b3a474cb3
  sightdesk cloud jobs replay --folder /srv/sightdesk --all --site plant-1
Queues failed jobs again as if they were new; their later answers take the place of the earlier.
Exit status: 0 done, 1 a job that was named has not failed, or is not there.
"""
END_EXAMPLES = """\b
Examples:
  sightdesk cloud jobs end --folder /srv/sightdesk --task second-look
For jobs of a task that is not in the tasks any more, which nobody will ever begin: their desks
are told that it was ended, and `replay` queues them again. Workers that still have the task
may be faster; what they have is not touched.
"""
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", envvar="SIGHTDESK_CLOUD_FOLDER", help="The folder of `cloud serve`."),
]
SiteOption = Annotated[str, typer.Option("--site", metavar="NAME", help="Of this site alone.")]
_OPEN: tuple[State, ...] = ("queued", "processing", "failed")
_AT_ONCE = 500


@jobs_app.command("list", epilog=LIST_EXAMPLES)
def list_jobs(
    state: Annotated[
        list[str] | None, typer.Option("--state", help="That stand so; may be repeated.  [default: all but done]")
    ] = None,
    site: SiteOption = "",
    after: Annotated[str, typer.Option("--after", metavar="ID", help="Behind this job.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 100,
    folder: FolderOption = None,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """List jobs, the oldest first."""
    check_installed()
    wanted = _states(state or [])
    with closing(_opened(database, folder)) as repository, repository.reading() as db:
        found = db.jobs(site or None, wanted, limit, after)
        figures, queued = db.job_figures(), db.queued_tasks()
    if as_json:
        counts: dict[str, Any] = {state: figures.number[state] for state in figures.number}
        counts["oldest_queued_at"] = figures.oldest_queued_at
        print_json({"place": repository.place, "all": counts, "queued_by_task": queued, "jobs": found})
        return
    for one in found:
        typer.echo(_line(one))
    counted = ", ".join(f"{number} {name}" for name, number in figures.number.items())
    more = f" More behind it: --after {found[-1]['job_id']}" if len(found) == limit else ""
    say(f"{len(found)} shown; of all sites: {counted}.{more}")
    if queued:
        say(f"Queued are {', '.join(f'{number} of {task}' for task, number in sorted(queued.items()))}.")


@jobs_app.command("replay", epilog=REPLAY_EXAMPLES)
def replay(
    job_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Jobs that failed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
    site: SiteOption = "",
    folder: FolderOption = None,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Queue failed jobs again."""
    from console.errors import UsageError

    if bool(job_ids) == every or (site and not every):
        raise UsageError("Which jobs?", "Name their IDs, or --all, or --all --site NAME.")
    check_installed()
    with closing(_opened(database, folder)) as repository:
        done = _replay_all(repository, site) if every else _replay(repository, job_ids or [])
    left = [one for one in dict.fromkeys(job_ids or ()) if one not in done]
    if as_json:
        print_json({"replayed": sorted(done), "left": left})
    else:
        say(f"{len(done)} queued again." if done else "None is queued again.")
        for one in left:
            say(f"  {one}: not there, or it has not failed")
    if left:
        raise typer.Exit(1)


@jobs_app.command("end", epilog=END_EXAMPLES)
def end(
    task: Annotated[str, typer.Option("--task", metavar="NAME", help="The task that nobody works on any more.")],
    folder: FolderOption = None,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """End the queued jobs of a task that was renamed or taken out: they have failed then."""
    check_installed()
    from console.cli.cloud_left import end_queued
    from console.cloud.working.starting import default_name

    with closing(_opened(database, folder)) as repository:
        ended = end_queued(repository, task, f"end-{default_name()}")
    if as_json:
        print_json({"task": task, "ended": ended})
        return
    say(f"{ended} ended." if ended else f"None is queued for the task {task}.")


def _opened(database: str, folder: Path | None) -> Repository:
    from console.cloud.database.opening import open_repository

    return open_repository(database_url(database, folder), make=False)


def _states(said: list[str]) -> tuple[State, ...]:
    """Raises UsageError: there is no such state."""
    from console.cloud.jobs.values import STATES
    from console.errors import UsageError

    for one in said:
        if one not in STATES:
            raise UsageError(f"There is no state {one!r}.", f"Known: {', '.join(STATES)}.")
    return cast("tuple[State, ...]", tuple(said)) or _OPEN


def _replay(repository: Repository, job_ids: list[str]) -> set[str]:
    from console.cloud.database.base import CLAIMING

    done: set[str] = set()
    for at in range(0, len(job_ids), _AT_ONCE):
        with repository.writing(CLAIMING) as db:
            done |= db.replay(job_ids[at : at + _AT_ONCE])
    return done


def _replay_all(repository: Repository, site: str) -> set[str]:
    """Those that had failed when this began; one that fails anew meanwhile is not tried over and over."""
    failed, after = [], ""
    with repository.reading() as db:
        while page := db.jobs(site or None, ("failed",), _AT_ONCE, after):
            failed += [one["job_id"] for one in page]
            after = page[-1]["job_id"]
    return _replay(repository, failed)


def _line(one: JobSaid) -> str:
    tries = f", begun {one['attempts']} times" if one["attempts"] > 1 else ""
    by = f" by {one['worker']}" if one["state"] == "processing" else ""
    at = one["ended_at"] or one["began_at"] if one["state"] != "queued" else one["queued_at"]
    head = f"{one['job_id']}  {one['state']:<10} {one['task']}  {one['site']}  of {one['tracking_id']}"
    why = f"\n  {one['why']}" if one["why"] and one["state"] != "done" else ""
    return f"{head}  {(at or '')[:19]}Z{by}{tries}{why}"
