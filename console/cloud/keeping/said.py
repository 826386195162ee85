"""What is said of what is kept: plain values, as they go out as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from console.cloud.jobs.values import Answer, JobSaid

ItemState = Literal["received", "queued", "processing", "done", "failed", "erased"]


class FileSaid(TypedDict):
    """A file that a message carries."""

    sha256: str
    bytes: int
    content_type: str


class Traced(TypedDict):
    """A message, without its body. Times are UTC text; `desk` is who sent it."""

    message_id: str
    kind: str
    number: int
    camera_id: str
    desk: str
    written_at: str
    received_at: str
    file: FileSaid | None


class Trace(TypedDict):
    """Where a tracking ID is; its messages in the order of their numbers. Of what is erased nothing is left to say."""

    tracking_id: str
    state: Literal["received", "erased"]
    messages: list[Traced]


class Item(TypedDict):
    """Where a tracking ID is, and what is done with its files."""

    tracking_id: str
    state: ItemState
    messages: list[Traced]
    jobs: list[JobSaid]


class Answers(TypedDict):
    """A page of answers for a desk.

    Attributes:
        store: the number of the folder that belongs to the database; of another one, numbers begin anew.
        last: the highest number an answer of the site ever had.
        takes: kinds of messages of the site whose files any task looks at.
        answers: by their numbers; fewer than were asked for where they are long.
    """

    store: str
    last: int
    takes: list[str]
    answers: list[Answer]


class Message(Traced):
    """A message as it was kept; the body of a notice of erasure is empty."""

    tracking_id: str
    body: dict[str, Any]


class Figures(TypedDict):
    """How much is kept, of all sites: messages by kind, files, their bytes, erased IDs; when the oldest came."""

    messages: dict[str, int]
    files: int
    bytes: int
    erased: int
    oldest: str | None


def item(trace: Trace, jobs: Sequence[JobSaid]) -> Item:
    """A tracking ID with its jobs. Its state is the one in which somebody still has most to do with it."""
    there = {one["state"] for one in jobs}
    state: ItemState = trace["state"]
    if trace["state"] != "erased":
        order: tuple[ItemState, ...] = ("processing", "queued", "failed", "done")
        state = next((one for one in order if one in there), "received")
    return Item(tracking_id=trace["tracking_id"], state=state, messages=trace["messages"], jobs=list(jobs))
