"""What answers look like, as OpenAPI shows them; each with an example."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from console.sync import wire

_TRACKING = "01a205ab-6cc6-7694-9c23-229b3a474cb3"
_MESSAGE = "01a205ab-6d01-7a12-8f60-1b7c55d0a3e4"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_AT = "2026-03-04T12:00:00.250Z"
_FILE = {"sha256": _SHA256, "bytes": 20480, "content_type": "image/jpeg"}
_TRACED = {
    "message_id": _MESSAGE, "kind": "picture", "number": 812, "camera_id": "gate", "desk": "desk-1",
    "written_at": _AT, "received_at": _AT, "file": _FILE,
}  # fmt: skip


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


class Why(BaseModel):
    """Why not, in words."""

    model_config = _example(why="Only a desk that shows its certificate is let in.")
    why: str


class Hello(BaseModel):
    """Who answers here."""

    model_config = _example(service=wire.SERVICE, version=wire.VERSION)
    service: str
    version: int = Field(description="The wire protocol's.")


class TakenOne(BaseModel):
    """What became of a message: kept now, not kept since it was before (or was erased), never to be kept as it is."""

    message_id: str
    state: Literal["received", "known", "refused"]
    why: str


class Taken(BaseModel):
    """What became of the messages of a request, in its order. What is received or known is kept for good."""

    model_config = _example(taken=[{"message_id": _MESSAGE, "state": "received", "why": ""}])
    taken: list[TakenOne]


class File(BaseModel):
    """A file that a message carried."""

    model_config = _example(**_FILE)
    sha256: str
    bytes: int
    content_type: str


class Traced(BaseModel):
    """A message, without what it says."""

    model_config = _example(**_TRACED)
    message_id: str
    kind: str
    number: int = Field(description="Of one desk's messages about the same thing, the later has the higher.")
    camera_id: str
    desk: str
    written_at: str = Field(description="By the desk's clock, UTC.")
    received_at: str = Field(description="By this machine's clock, UTC.")
    file: File | None


class Item(BaseModel):
    """Where a tracking ID is."""

    model_config = _example(tracking_id=_TRACKING, state="received", messages=[_TRACED])
    tracking_id: str
    state: Literal["received", "erased"]
    messages: list[Traced]


class Message(Traced):
    """A message as it was kept."""

    model_config = _example(**_TRACED, tracking_id=_TRACKING, body={"of": "item", "bytes": 20480, "sha256": _SHA256})
    tracking_id: str
    body: dict[str, Any]


class Health(BaseModel):
    """Whether it works."""

    model_config = _example(ok=True, why="")
    ok: bool
    why: str = Field(description="What a person should look at, in words; may be there where it works.")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These answers of no, for OpenAPI."""
    words = {
        400: "It is not what the protocol says; nothing of it was kept.",
        403: "Who asks is not let in: no desk's certificate, or a revoked one.",
        404: "There is nothing of that name, or it belongs to another site.",
        413: "More than is taken at once. In smaller parts it may be.",
        415: "Another type than is taken.",
        422: "A part of the address is not what it can be.",
        429: "No room just now; Retry-After says when to come again.",
        500: "A fault inside; the log says which.",
        503: "The database can't be reached; Retry-After says when to come again.",
        507: "The disk is full; somebody must make room.",
    }
    return {status: {"model": Why, "description": words[status]} for status in statuses}
