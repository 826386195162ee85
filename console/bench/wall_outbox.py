"""The wall while the outbox is full: before a dead target, and while a live one is being sent to as fast as it goes.

The same wall is measured four times in a row: without an uploader, with one whose target is dead, with one that sends
at full speed to a receiver on loopback (a process of its own on the same machine), and without one again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, Self

import psutil

from console.bench.outbox_cloud import BenchCloud
from console.bench.outbox_home import TARGET, fill, settings
from console.bench.outbox_idle import FILES, dead
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store

SETTLE_S = 3.0
FULL_S = 30.0
"""The wall keeps the pictures of the last half minute; its memory grows until then."""
TARGETS: dict[str, float] = {"fps_share": 0.99, "grown_mb": 100.0}
"""With the outbox full: the least tile's share of its pictures, at least; memory that it takes, at most."""
Watch = Callable[[], dict[str, Any]]
"""Measures the wall once; the report of `bench wall`."""


class Waits(Protocol):
    """Keeps the window alive until something is so."""

    def __call__(self, until: Callable[[], bool], timeout_s: float) -> bool:
        """See `Probe.wait`."""


class FullOutbox:
    """A home with so many messages waiting, each with a picture of 20 kB, and a receiver; a context manager.

    Args:
        folder: an empty one, for the home and certificates.
        waiting: messages.
        say: told what happens.
    """

    def __init__(self, folder: Path, waiting: int, say: Callable[[str], None]) -> None:
        self._folder, self._waiting, self._say = folder, waiting, say
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Fill it.

        Raises:
            SightdeskError: the home can't be filled, or the receiver does not start.
        """
        with ExitStack() as stack:
            self._home = stack.enter_context(Home.open(self._folder / "home"))
            self._store = stack.enter_context(Store.open(self._home))
            self._cloud = stack.enter_context(BenchCloud(self._folder / "papers"))
            own = dead(self._cloud.papers)
            fill(self._home, self._store, own, self._waiting, files=FILES, say=self._say)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def measure(self, watch: Watch, wait: Waits) -> dict[str, Any]:
        """Measure the wall with and without it.

        Args:
            watch: measures the wall once.
            wait: keeps it alive.
        """
        papers = self._cloud.papers
        found = {"without": self._window(watch, wait, "without an outbox", FULL_S)}
        found["dead"] = self._with(dead(papers), watch, wait, "with a dead target")
        found["live"] = self._with(settings(self._cloud.url, papers), watch, wait, "while it is sent")
        found["without again"] = self._window(watch, wait, "without an outbox again")
        least = min(found["without"]["fps_min"], found["without again"]["fps_min"])
        return {
            "targets": TARGETS,
            "waiting": self._waiting,
            **found,
            "fps_share": {name: round(found[name]["fps_min"] / max(least, 1e-9), 4) for name in ("dead", "live")},
            "grown_mb": {
                name: round(found[name]["memory_mb"] - found["without"]["memory_mb"], 1) for name in ("dead", "live")
            },
        }

    def _with(self, chosen: Settings, watch: Watch, wait: Waits, words: str) -> dict[str, Any]:
        from console.desk.syncing import SHARE  # noqa: PLC0415  # only where an outbox is asked for
        from console.sync.uploader import Uploader  # noqa: PLC0415

        uploader = Uploader(self._home.path, self._store, chosen, secret=lambda _name: "", share=SHARE)
        try:
            begin = time.monotonic()
            row = self._window(watch, wait, words)
            figures = uploader.figures[TARGET]
            return row | {
                "state": figures.state,
                "sent": figures.sent,
                "sent_a_second": round(figures.sent / (time.monotonic() - begin), 1),
            }
        finally:
            uploader.close()

    def _window(self, watch: Watch, wait: Waits, words: str, settle_s: float = SETTLE_S) -> dict[str, Any]:
        end = time.monotonic() + settle_s
        wait(lambda: time.monotonic() > end, settle_s + 1)
        self._say(f"measuring {words}")
        report = watch()
        kept = ("gui_thread", "cores", "to_paint_ms", "click_ms", "inferences_a_second", "other_cores")
        return {
            "fps_min": report["fps"]["min"],
            **{name: report[name] for name in kept},
            "memory_mb": round(psutil.Process().memory_info().rss / 2**20, 1),
        }


def in_words(report: dict[str, Any]) -> str:
    """The report for a person."""
    lines = [f"{report['waiting']:,} waiting; least tile in pictures a second, share, memory, sent a second"]
    for name in ("without", "dead", "live", "without again"):
        row = report[name]
        share, sent = report["fps_share"].get(name, ""), row.get("sent_a_second", "")
        lines.append(f"  {name:14} {row['fps_min']:6.2f} {share!s:>8} {row['memory_mb']:8.1f} MB {sent!s:>8}")
    return "\n".join(lines)
