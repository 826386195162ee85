"""What a worker is told: how it is to work, and where its jobs come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.cloud.database.base import Repository
from console.cloud.waking.waker import Waker
from console.cloud.working.opening import Keys


@dataclass(frozen=True, slots=True)
class Manner:
    """How a worker works.

    Attributes:
        name: no other worker has it.
        batch: pictures together, at most.
        wait_s: so long one may wait for others while the models are free.
        lease_s: so long a job is held without a word.
    """

    name: str
    batch: int = 8
    wait_s: float = 0.004
    lease_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where jobs and their files are.

    Attributes:
        repository: the database.
        waker: says that there may be jobs.
        files: the folder of files.
        keys: what opens sealed crops.
        attempts: by the name of each task, how often a job of it may be begun.
    """

    repository: Repository
    waker: Waker
    files: Path
    keys: Keys
    attempts: Mapping[str, int]
