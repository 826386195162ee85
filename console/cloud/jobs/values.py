"""What is said of jobs and of their answers. Times are UTC text, by the database's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

State = Literal["queued", "processing", "done", "failed"]
STATES: tuple[State, ...] = ("queued", "processing", "done", "failed")


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be: one file of a message, for one task."""

    job_id: str
    message_id: str
    tracking_id: str
    camera_id: str
    task: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that a worker holds until its lease ends.

    Attributes:
        kind: of the message: sealed or picture.
        attempt: which one this is, from 1; what it comes to counts only while no other attempt was begun.
        file: the name of its file in the store of files.
        sha256: of the file.
        body: of the message.
    """

    job_id: str
    site: str
    desk: str
    message_id: str
    tracking_id: str
    camera_id: str
    kind: str
    task: str
    attempt: int
    file: str
    sha256: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to.

    Attributes:
        state: done: `answer` is it; failed: it never will be, until somebody replays it; queued: to be tried again.
        why: in words, where it is not done.
        answer: JSON values.
        wait_s: so long it is left alone before it is tried again; `base.LONGEST_S` at most.
        begun: False: nothing was begun, so the attempt does not count.
    """

    job_id: str
    attempt: int
    state: Literal["done", "failed", "queued"]
    why: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    wait_s: float = 0.0
    begun: bool = True


class JobSaid(TypedDict):
    """A job, for people and programs.

    `worker` has it, or had it last; empty: none, or it gave it back. `why`: of the last attempt that did not get it
    done. `began_at`: that attempt. `ended_at`: when it was done, or had failed. `answer`: what came of it where it is
    done; None: nothing yet.
    """

    job_id: str
    site: str
    tracking_id: str
    message_id: str
    camera_id: str
    task: str
    state: State
    attempts: int
    worker: str
    why: str
    queued_at: str
    began_at: str | None
    ended_at: str | None
    answer: dict[str, Any] | None


class Answer(TypedDict):
    """What came of a job, for the desk that sent its file. A later answer to the same has a higher number."""

    number: int
    message_id: str
    tracking_id: str
    camera_id: str
    task: str
    state: Literal["done", "failed"]
    why: str
    at: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobFigures:
    """How many jobs there are, of all sites, by state; when the oldest was queued that waits."""

    number: Mapping[State, int]
    oldest_queued_at: str | None
