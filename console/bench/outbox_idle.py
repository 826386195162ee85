"""What it costs that much waits and nothing can leave: memory and processor, in a process that does nothing else.

As a process: FOLDER SECONDS; it opens the home in FOLDER that `idle` filled, and prints what it saw as JSON.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from console.bench.outbox_cloud import module
from console.bench.outbox_home import TARGET, fill, settings
from console.bench.outbox_papers import Papers, papers, papers_in
from console.errors import SightdeskError
from console.settings.home import Home
from console.settings.schema import Settings
from console.store.store import Store

if TYPE_CHECKING:
    from console.sync.uploader import Uploader

FILES = 50
"""So many different pictures; the others are further names of them."""
_LOOK_S = 0.1
_STARTS_WITHIN_S = 60.0


def idle(folder: Path, waiting: int, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Have so many messages wait for a dead target, and watch a process whose uploader tries.

    Args:
        folder: an empty one.
        waiting: messages.
        seconds: how long to watch.
        say: told what happens.

    Raises:
        SightdeskError: the home can't be filled, or the process failed.
    """
    with Home.open(folder / "home") as home, Store.open(home) as store:
        fill(home, store, dead(papers(folder / "papers")), waiting, files=FILES, say=say)
    say(f"waiting {seconds:g} s before a dead target")
    command = [*module("console.bench.outbox_idle"), str(folder), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=seconds + _STARTS_WITHIN_S)
    if done.returncode:
        raise SightdeskError("The process that was to be watched failed.", "Look at what it said above.")
    return {"waiting": waiting, "seconds": seconds, **json.loads(done.stdout)}


def dead(papers: Papers, concurrency: int = 4) -> Settings:
    """Settings with a target on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return settings(f"https://127.0.0.1:{free.getsockname()[1]}", papers, concurrency)


def watch(folder: Path, seconds: float) -> dict[str, Any]:
    """Run an uploader on a filled home, and see what it takes: MB above what the open store takes, and cores then."""
    from console.sync.uploader import Uploader  # noqa: PLC0415  # not in the process that fills

    with Home.open(folder / "home") as home, Store.open(home) as store:
        chosen, process = dead(papers_in(folder / "papers")), psutil.Process()
        before, most = process.memory_info().rss, 0
        uploader = Uploader(home.path, store, chosen, secret=lambda _name: "")
        try:
            _until_it_failed(uploader)
            cpu, begin = sum(process.cpu_times()[:2]), time.monotonic()
            while time.monotonic() - begin < seconds:
                time.sleep(_LOOK_S)
                most = max(most, process.memory_info().rss)
            spent = sum(process.cpu_times()[:2]) - cpu
            figures = uploader.figures[TARGET]
        finally:
            uploader.close()
    return {
        "rss_before_mb": round(before / 2**20, 1),
        "grown_mb": round(max(most - before, 0) / 2**20, 1),
        "cores": round(spent / seconds, 4),
        "state": figures.state,
        "problem": figures.problem.what if figures.problem is not None else "",
    }


def _until_it_failed(uploader: Uploader) -> None:
    """Wait until it has tried, and knows that its target is dead.

    Raises:
        SightdeskError: it does not find that out.
    """
    end = time.monotonic() + _STARTS_WITHIN_S / 2
    while uploader.figures[TARGET].problem is None:
        if time.monotonic() > end:
            raise SightdeskError("The uploader does not notice that its target is dead.")
        time.sleep(_LOOK_S)


if __name__ == "__main__":
    print(json.dumps(watch(Path(sys.argv[1]), float(sys.argv[2]))))  # noqa: T201  # to whoever started this process
