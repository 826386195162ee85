"""How fast the outbox empties, beside the best bare loop; and what it costs when nothing can leave.

* **throughput**: a real home with redacted pictures of 20 kB is sent by the real uploader over mutual TLS to a receiver
  on loopback, a process of its own. Bare loops (`console.bench.outbox_bare`) post the same messages to the same
  receiver, with the same number of threads: one picture a request with each client that is installed, and as many
  a request as the desk puts together. All take turns, so that a machine that slows down slows all; **ratio** is ours to
  the best loop of one picture a request, **batched** ours to the one that puts together, medians of the rounds.
* **idle**: so many messages wait for a target that is dead; what memory and processor that takes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from console.bench.outbox_bare import clients, loop
from console.bench.outbox_cloud import BenchCloud
from console.bench.outbox_home import TARGET, fill, parcels_of, settings, waiting_again
from console.bench.outbox_idle import idle
from console.errors import SightdeskError
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store
from console.sync.targets.base import Parcel
from console.sync.targets.making import make_target
from console.sync.wire import encode

TARGETS: dict[str, float] = {"ratio": 0.8, "idle_mb": 100.0}
"""What the product promises."""
_OURS, _TOGETHER = "sightdesk", "http.client, together"
_LOOK_S, _LONGEST_S = 0.02, 600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure.

    Attributes:
        messages: pictures sent in each round.
        concurrency: requests under way at once, in all loops.
        rounds: how often all take their turn.
        waiting: messages that wait for the dead target; 0: this is not measured.
        idle_s: seconds of waiting.
    """

    messages: int = 4000
    concurrency: int = 4
    rounds: int = 5
    waiting: int = 100_000
    idle_s: float = 20.0


def measure(folder: Path, wanted: Wanted, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure both.

    Args:
        folder: an empty one, for homes and certificates.
        wanted: what.
        say: told what happens.

    Raises:
        SightdeskError: the receiver does not start, or something was not sent.
    """
    report: dict[str, Any] = {"targets": TARGETS}
    if wanted.messages:
        report["throughput"] = _throughput(folder / "busy", wanted, say)
    if wanted.waiting:
        report["idle"] = idle(folder / "idle", wanted.waiting, wanted.idle_s, say)
    return report


def _throughput(folder: Path, wanted: Wanted, say: Callable[[str], None]) -> dict[str, Any]:
    with BenchCloud(folder / "papers") as cloud, Home.open(folder / "home") as home, Store.open(home) as store:
        chosen = settings(cloud.url, cloud.papers, wanted.concurrency)
        contents = fill(home, store, chosen, wanted.messages, files=wanted.messages, say=say)
        parcels = parcels_of(home, store)
        at_once = _at_once(chosen, store)
        singles = [encode([parcel]) for parcel in parcels]
        batches = [encode(part) for part in _together(parcels, *at_once)]
        turns = _turns(cloud, wanted.concurrency, singles, batches)
        turns[_OURS] = lambda: drain(home, store, chosen, wanted.messages)
        taken: dict[str, list[float]] = {name: [] for name in turns}
        for number in range(wanted.rounds):
            say(f"round {number + 1} of {wanted.rounds}")
            for name, one in turns.items():
                taken[name].append(wanted.messages / one())
        sizes = [len(content) for content in contents]
        return _figures(taken, wanted) | {
            "picture_bytes": round(statistics.mean(sizes)),
            "together": {"messages": at_once[0], "bytes": at_once[1], "requests": len(batches)},
        }


def _turns(
    cloud: BenchCloud, concurrency: int, singles: Sequence[bytes], batches: Sequence[bytes]
) -> dict[str, Callable[[], float]]:
    """The bare loops by name; each returns its seconds."""

    def bare(name: str, bodies: Sequence[bytes]) -> Callable[[], float]:
        return lambda: loop(name, cloud.port, cloud.papers, bodies, concurrency)

    return {name: bare(name, singles) for name in clients()} | {_TOGETHER: bare("http.client", batches)}


def drain(home: Home, store: Store, chosen: Settings, messages: int) -> float:
    """Have everything wait again, and send it; seconds from the uploader's making to the last one's record.

    Raises:
        SightdeskError: it was not all sent; says why.
    """
    from console.sync.uploader import Uploader  # noqa: PLC0415  # not where only bare loops run

    waiting_again(store)
    begin = time.perf_counter()
    uploader = Uploader(home.path, store, chosen, secret=lambda _name: "")
    try:
        while (figures := uploader.figures.get(TARGET)) is None or figures.sent < messages:
            if time.perf_counter() - begin > _LONGEST_S:
                problem = figures.problem if figures is not None else None
                raise SightdeskError(f"The outbox did not empty: {problem or 'nobody knows why'}.")
            time.sleep(_LOOK_S)
        return time.perf_counter() - begin
    finally:
        uploader.close()


def _figures(taken: dict[str, list[float]], wanted: Wanted) -> dict[str, Any]:
    medians = {name: statistics.median(rates) for name, rates in taken.items()}
    ours, together = medians[_OURS], medians[_TOGETHER]
    best = max(set(medians) - {_OURS, _TOGETHER}, key=lambda name: medians[name])
    return {
        "messages": wanted.messages,
        "concurrency": wanted.concurrency,
        "rounds": wanted.rounds,
        "per_second": {name: round(rate, 1) for name, rate in medians.items()},
        "all_per_second": {name: [round(rate, 1) for rate in rates] for name, rates in taken.items()},
        "best_bare": best,
        "ratio": round(ours / medians[best], 3),
        "ratio_to_batched": round(ours / together, 3),
        "other_load": round(psutil.getloadavg()[0], 2),
    }


def _at_once(chosen: Settings, store: Store) -> tuple[int, int]:
    """How many messages and bytes the desk puts together."""
    target = make_target(chosen.sync.targets[0], lambda _name: "", store, "bench")
    try:
        return target.at_once, target.at_once_bytes
    finally:
        target.close()


def _together(parcels: Sequence[Parcel], most: int, most_bytes: int) -> list[list[Parcel]]:
    parts: list[list[Parcel]] = [[]]
    size = 0
    for parcel in parcels:
        if parts[-1] and (len(parts[-1]) >= most or size + parcel.size > most_bytes):
            parts.append([])
            size = 0
        parts[-1].append(parcel)
        size += parcel.size
    return parts


def in_words(report: dict[str, Any]) -> str:
    """The report for a person."""
    lines: list[str] = []
    if found := report.get("throughput"):
        lines.append(
            f"{found['messages']:,} pictures of {found['picture_bytes'] / 1000:.0f} kB, {found['concurrency']} "
            f"requests at once, mutual TLS, medians of {found['rounds']} rounds"
        )
        lines += [f"  {name:24} {rate:8,.0f} a second" for name, rate in found["per_second"].items()]
        lines.append(
            f"  ratio to the best of one a request ({found['best_bare']}): {found['ratio']:.2f} "
            f"(at least {TARGETS['ratio']:g}); to the batched one: {found['ratio_to_batched']:.2f}"
        )
    if idle := report.get("idle"):
        lines += [
            f"{idle['waiting']:,} waiting for a dead target, {idle['seconds']:g} s",
            f"  memory grown by {idle['grown_mb']:.1f} MB (less than {TARGETS['idle_mb']:g})",
            f"  cores {idle['cores']:.3f}",
            f"  {idle['state']}: {idle['problem']}",
        ]
    return "\n".join(lines)
