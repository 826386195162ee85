"""`sightdesk cloud serve` and `sightdesk cloud worker` as processes of their own, for a bench."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from console.bench.outbox_cloud import module
from console.errors import SightdeskError

_STARTS_WITHIN_S = 120.0


@contextmanager
def process(arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Run a command of the cloud side until the block ends; what it says of itself once it is ready.

    Args:
        arguments: behind ``sightdesk cloud``.

    Raises:
        SightdeskError: it did not start.
    """
    command = [*module("console"), "cloud", *arguments, "--json"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTDESK_CLOUD_")}
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env)
    try:
        yield _ready(running)
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(10)
        if running.stdout is not None:
            running.stdout.close()


def _ready(running: subprocess.Popen[str]) -> dict[str, Any]:
    out = running.stdout
    line = out.readline() if out is not None and select.select([out], [], [], _STARTS_WITHIN_S)[0] else ""
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise SightdeskError("A part of the cloud side did not start.", "Look at what it said above.") from None
    return found


def serve(folder: Path, tasks: Path, *more: str) -> list[str]:
    """Arguments of a server on a free port of loopback."""
    return ["serve", "--folder", str(folder), "--listen", "127.0.0.1:0", "--tasks", str(tasks), *more]


def worker(folder: Path, tasks: Path, batch: int, *more: str) -> list[str]:
    """Arguments of a worker."""
    return ["worker", "--folder", str(folder), "--tasks", str(tasks), "--batch", str(batch), *more]
