"""`sightdesk cloud worker`: take jobs, run the models of their tasks, write down what was found."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.cloud_options import BrokerOption, DatabaseOption, check_installed, database_url
from console.cli.options import say

if TYPE_CHECKING:
    from console.cloud.tasks import CloudTasks
    from console.cloud.working.loading import Loaded
    from console.cloud.working.manner import Manner, Source
    from console.cloud.working.opening import Keys

WORKER_EXAMPLES = """\b
Examples:
  sightdesk cloud worker --folder /srv/sightdesk --tasks tasks.yaml
  sightdesk cloud worker --folder /srv/sightdesk --tasks tasks.yaml --json \\
      --broker amqp://localhost --batch 16 --metrics 127.0.0.1:9464
Any number of them may work beside one `sightdesk cloud serve`, on this machine or on others
that reach its database and read its folder; there, a database on a server is needed.
`sightdesk cloud tasks` shows a file of tasks. Models are catalogue names, files, or served
ones (grpc://host:port/NAME) on servers that the tasks allow. SIGHTDESK_MODEL_PATH names
folders to find them in. Say a database or a broker with a password by SIGHTDESK_CLOUD_DATABASE
and SIGHTDESK_CLOUD_BROKER, not by options, which others on this machine can read.
Ctrl+C or TERM: what is under way is finished, within 10 s, and what was not begun given back.
Exit status: 0 ended by Ctrl+C or TERM, 1 it can't start, or a model hangs, 2 wrong use.
"""


def worker(
    folder: Annotated[
        Path,
        typer.Option(metavar="DIR", envvar="SIGHTDESK_CLOUD_FOLDER", help="The folder of `cloud serve`; only read."),
    ],
    tasks: Annotated[
        Path, typer.Option(metavar="FILE", envvar="SIGHTDESK_CLOUD_TASKS", help="What is done; see `cloud tasks`.")
    ],
    database: DatabaseOption = "",
    broker: BrokerOption = "",
    batch: Annotated[
        int | None,
        typer.Option(min=1, max=64, metavar="N", help="Pictures together, at most.  [default: as the tasks say]"),
    ] = None,
    wait_ms: Annotated[
        float | None,
        typer.Option(
            min=0, max=1000, metavar="MS", help="How long one may wait for others.  [default: as the tasks say]"
        ),
    ] = None,
    lease: Annotated[
        float, typer.Option(min=1, max=600, metavar="S", help="A worker that is silent for so long has lost its jobs.")
    ] = 60.0,
    name: Annotated[str, typer.Option(help="No other worker has it.  [default: host, process, chance]")] = "",
    metrics: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Show figures for Prometheus; without HOST to this machine alone.")
    ] = "",
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON once it works, and one with counts at its end.")
    ] = False,
) -> None:
    """Work on what was received, with the models of the tasks, until Ctrl+C or TERM."""
    check_installed()
    from console.cloud.tasks import read_tasks
    from console.cloud.waking.address import check_url
    from console.cloud.working.manner import Manner
    from console.cloud.working.starting import check_name, default_name

    check_url(broker)
    check_name(name)
    wanted = read_tasks(tasks.expanduser())
    wait_s = (wanted.inference.batch_wait_ms if wait_ms is None else wait_ms) / 1000
    manner = Manner(name or default_name(), batch or wanted.inference.batch, wait_s, lease)
    urls = database, broker
    _work(wanted, folder.expanduser().absolute(), urls, manner, metrics, with_parent=with_parent, as_json=as_json)


def _work(
    tasks: CloudTasks,
    folder: Path,
    urls: tuple[str, str],
    manner: Manner,
    metrics: str,
    *,
    with_parent: bool,
    as_json: bool,
) -> None:
    """Begin, work, end. `urls`: of database and broker."""
    from console.cli.stopping import stopped_by_signals
    from console.cloud.working.figures import Figures, Shown
    from console.cloud.working.looking import Hung
    from console.cloud.working.starting import read_keys
    from console.cloud.working.worker import Worker
    from console.health import logs
    from console.pipeline.memory import keep_freed_memory
    from console.pipeline.priority import lower_this_process
    from console.privacy.core_dumps import refuse_core_dumps
    from console.settings.schema import LogSettings

    refuse_core_dumps()  # what is sealed is plain in memory here
    keep_freed_memory()
    lower_this_process()
    stop, figures, hung = threading.Event(), Figures(), ""
    with ExitStack() as stack:
        stack.callback(logs.start(LogSettings()).stop)
        stack.enter_context(stopped_by_signals(stop))
        if with_parent:
            _end_with_parent(stop)
        source = stack.enter_context(_source(folder, urls, tasks, read_keys(tasks, os.environ)))
        shown = stack.enter_context(closing(Shown(figures, metrics))) if metrics else None
        loaded = _loaded(tasks, manner)
        stack.callback(loaded.close)
        _say_ready(manner, loaded, source, urls[1], shown.url if shown else "", as_json=as_json)
        try:
            Worker(loaded.plans, source, manner, figures, stop).run()
        except Hung as error:
            hung = str(error)
        _say_done(figures.totals(), as_json=as_json)
    if hung:
        say(f"sightdesk: {hung}")
        sys.stdout.flush()
        os._exit(1)  # a thread that hangs in native code would abort the end of the process


def _end_with_parent(stop: threading.Event) -> None:
    """Stop when standard input ends: whoever holds its other end is gone."""

    def watch() -> None:
        with open(0, "rb", buffering=0, closefd=False) as pipe:  # a descriptor has no path
            while pipe.read(1):
                pass
        stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()


@contextmanager
def _source(folder: Path, urls: tuple[str, str], tasks: CloudTasks, keys: Keys) -> Iterator[Source]:
    """Database, broker and files, open. `urls`: of the first two; empty: SQLite in the folder, no broker."""
    from console.cloud.database.opening import open_repository
    from console.cloud.waking.waker import make_waker
    from console.cloud.working.starting import make_source

    database, broker = urls
    url = database_url(database, folder)
    with closing(open_repository(url, make=False)) as repository, closing(make_waker(broker)) as waker:
        yield make_source(folder, repository, waker, tasks, keys)


def _loaded(tasks: CloudTasks, manner: Manner) -> Loaded:
    """The models, fetched where they are not here."""
    from console.catalog.catalog import Catalog
    from console.cli.progress import fetching
    from console.cloud.working.loading import load_tasks
    from console.settings.home import Home, find_home
    from console.site.finding import ModelFinder

    home = Home.look(find_home(None))
    cache = home.cache if home.cache.is_dir() else None
    with fetching() as announce:
        find = ModelFinder(Catalog(home.models, home.clips), announce).find
        loaded = load_tasks(tasks, find, cache, batch=manner.batch, told=say)
    for task, why in loaded.left_out.items():
        say(f"Left out, its jobs wait for another worker: {task}. {why}")
    return loaded


def _say_ready(manner: Manner, loaded: Loaded, source: Source, broker: str, metrics: str, *, as_json: bool) -> None:
    from console.cloud.working.answers import ran

    place = ""
    if broker:
        from console.cloud.waking.address import read_url

        place = read_url(broker).place
    if as_json:
        _print_line({
            "name": manner.name, "tasks": sorted(loaded.plans), "left_out": dict(loaded.left_out),
            "models": [ran(model) | {"batch": model.batch} for model in loaded.models], "batch": manner.batch,
            "lease_s": manner.lease_s, "broker": place, "place": source.repository.place,
            "keys": source.keys.numbers, "metrics": metrics,
        })  # fmt: skip
    woken = f"woken by {place}" if place else "looking every second"
    say(f"Worker {manner.name}: tasks {', '.join(sorted(loaded.plans))}; {woken}. Ctrl+C ends it.")


def _say_done(totals: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        _print_line(totals)
    say("Ended. " + ", ".join(f"{outcome.replace('_', ' ')}: {n}" for outcome, n in totals.items()))


def _print_line(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
