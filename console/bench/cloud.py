"""How much the cloud side gets done: crops a second by batch and workers, and how long desks wait meanwhile.

* **workers**: so many sealed crops are queued, and real workers empty the queue; counted from the first tenth that is
  done on, so that starting does not count. The peer is a bare loop of the same model on pictures that are decoded and
  scaled already, in this process, before and after: **ratio** is a worker's rate to it.
* **api**: requests at a steady rate, each with one crop, while nothing else runs, and while workers have more to do
  than they get done: **ratio** is the second's p99 to the first's.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.bench.cloud_api import ACCEPTED, ask
from console.bench.cloud_bare import Bare
from console.bench.cloud_crops import body_of, messages
from console.bench.cloud_processes import process, serve, worker
from console.errors import SightdeskError
from console.pipeline.loader import Finder
from console.privacy.sealing import PrivateKey, PublicKey

if TYPE_CHECKING:
    from console.cloud.keeping.keeper import Keeper

_LOOK_S, _LONGEST_S = 0.1, 600.0
_WARM = 0.1
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure.

    Attributes:
        model: what workers run: a catalogue name or a file.
        crops: queued for each measurement.
        batches, workers: each of these with each of those.
        per_second, seconds: of requests; 0 seconds: this is not measured.
        backlog: crops that are queued before the workers are asked for while desks send.
        broker: address of a broker; empty: none.
        find: finds the model.
        bare_s: seconds of the bare loop, each time.
    """

    model: str
    find: Finder
    crops: int = 400
    batches: Sequence[int] = (1, 8, 32)
    workers: Sequence[int] = (1, 2)
    per_second: float = 50.0
    seconds: float = 30.0
    backlog: int = 12_000
    broker: str = ""
    bare_s: float = 4.0


def measure(folder: Path, wanted: Wanted, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure both.

    Args:
        folder: an empty one.
        wanted: what.
        say: told what happens.

    Raises:
        SightdeskError: a part does not start, or something was not done.
    """
    key = PrivateKey.new()
    (folder / "key").write_bytes(key.pem(None))
    tasks = folder / "tasks.yaml"
    tasks.write_text(json.dumps(_tasks(wanted.model, folder / "key")))  # JSON is YAML
    report: dict[str, Any] = {"model": wanted.model, "crops": wanted.crops}
    if wanted.crops:
        peer = Bare(wanted.model, wanted.find, wanted.bare_s)
        bare = [peer.per_second()]
        rows = []
        for batch in wanted.batches:
            for workers in wanted.workers:
                say(f"batch {batch}, workers {workers}")
                place = folder / f"{batch}-{workers}"
                rows.append(
                    {
                        "batch": batch,
                        "workers": workers,
                        **_work(place, tasks, key.public, wanted, batch=batch, workers=workers),
                    }
                )
        bare.append(peer.per_second())
        best = max(bare)
        report |= {"bare_per_second": [round(rate, 1) for rate in bare]}
        report["workers"] = [{**row, "ratio": round(row["per_second"] / best, 2)} for row in rows]
    if wanted.seconds:
        report["api"] = _api(folder / "api", tasks, key.public, wanted, say)
    return report


def _tasks(model: str, key: Path) -> dict[str, Any]:
    task = {"name": "crops", "takes": "sealed", "stages": [{"model": model}]}
    return {"tasks": [task], "keys": [{"file": str(key)}]}


def _work(folder: Path, tasks: Path, key: PublicKey, wanted: Wanted, *, batch: int, workers: int) -> dict[str, Any]:
    """Queue, and have workers empty the queue; crops a second."""
    with ExitStack() as stack:
        keeper = stack.enter_context(closing(_keeper(folder, tasks)))
        _queue(keeper, wanted.crops, key)
        for _n in range(workers):
            stack.enter_context(process(worker(folder, tasks, batch)))
        return _rate(keeper, wanted.crops)


def _keeper(folder: Path, tasks: Path) -> Keeper:
    from console.cloud.keeping.keeper import Keeper  # noqa: PLC0415  # SQLAlchemy
    from console.cloud.tasks import read_tasks  # noqa: PLC0415

    return Keeper(f"sqlite:///{(folder / 'cloud.db').as_posix()}", folder, tasks=read_tasks(tasks))


def _queue(keeper: Keeper, number: int, key: PublicKey) -> None:
    from console.cloud.pki.identity import Identity  # noqa: PLC0415

    found = messages(number, key)
    while some := list(itertools.islice(found, _AT_ONCE)):
        keeper.take(Identity("local", "local", 0), some)


def _rate(keeper: Keeper, crops: int) -> dict[str, Any]:
    begun = time.monotonic()
    warm = begun, 0  # of so few that they are done at once the start counts, too
    while (done := _done(keeper)) < crops:
        now = time.monotonic()
        if not warm[1] and done >= crops * _WARM:
            warm = now, done
        if now - begun > _LONGEST_S:
            raise SightdeskError(
                f"Only {done} of {crops} crops were worked on.", "Look at what the workers said above."
            )
        time.sleep(_LOOK_S)
    seconds = time.monotonic() - warm[0]
    return {"per_second": round((crops - warm[1]) / seconds, 1)}


def _done(keeper: Keeper) -> int:
    with keeper.repository.reading() as db:
        number = db.job_figures().number
    if number.get("failed"):
        raise SightdeskError("Crops failed at the workers.", "Look at what they said above.")
    return int(number.get("done", 0))


def _api(folder: Path, tasks: Path, key: PublicKey, wanted: Wanted, say: Callable[[str], None]) -> dict[str, Any]:
    """Ask a server at rest, then one whose workers have more to do than they get done."""
    number, workers = round(wanted.per_second * wanted.seconds), max(wanted.workers)
    broker = ["--broker", wanted.broker] if wanted.broker else []
    with closing(_keeper(folder, tasks)) as keeper:
        _queue(keeper, wanted.backlog, key)
    bodies = [body_of(one) for one in messages(2 * number, key)]
    with ExitStack() as stack:
        server = stack.enter_context(process(serve(folder, tasks, *broker)))
        say(f"{wanted.per_second:g} requests a second, nothing else")
        rest = ask(server["url"], bodies[:number], wanted.per_second)
        for _n in range(workers):
            stack.enter_context(process(worker(folder, tasks, max(wanted.batches), *broker)))
        say(f"{wanted.per_second:g} requests a second, {workers} workers")
        busy = ask(server["url"], bodies[number:], wanted.per_second)
    with closing(_keeper(folder, tasks)) as keeper, keeper.repository.reading() as db:
        states = dict(db.job_figures().number)
    statuses = rest.statuses + busy.statuses
    return {
        "per_second": wanted.per_second,
        "requests": number,
        "rest_ms": rest.milliseconds,
        "busy_ms": busy.milliseconds,
        "ratio": round(busy.milliseconds["p99"] / max(rest.milliseconds["p99"], 0.1), 2),
        "refused": {str(status): count for status, count in statuses.items() if status != ACCEPTED},
        "done_meanwhile": states.get("done", 0),
        "still_queued": states.get("queued", 0),
    }


def in_words(report: dict[str, Any]) -> str:
    """For a person."""
    lines = []
    if "workers" in report:
        lines.append(f"{report['model']} alone: {max(report['bare_per_second'])} pictures a second")
        lines.append("batch  workers  crops/s  to the model alone")
        lines += [
            f"{row['batch']:5}  {row['workers']:7}  {row['per_second']:7}  {row['ratio']:.2f}"
            for row in report["workers"]
        ]
    if "api" in report:
        api = report["api"]
        lines.append(f"{api['per_second']:g} requests a second, ms:  p50     p95     p99     max")
        for name, words in (("rest_ms", "at rest"), ("busy_ms", "workers busy")):
            lines.append(f"{words:28}" + "".join(f"{api[name][each]:8}" for each in ("p50", "p95", "p99", "max")))
        if not api["still_queued"]:
            lines.append(
                "The workers got everything done: they were not busy all the time. Ask for a larger --backlog."
            )
    return "\n".join(lines)
