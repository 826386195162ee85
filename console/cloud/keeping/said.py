"""What is said of what is kept: plain values, as they go out as JSON."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


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
