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

_BODY = {
    "space": "source", "size": [1280, 720],
    "found": [
        {"box": [412.5, 300.25, 640.0, 470.75], "label": "vehicle", "score": 0.9312, "stage": 0, "of": None},
        {"box": [500.0, 420.5, 560.25, 440.0], "label": "plate", "score": 0.8125, "stage": 1, "of": 0},
    ],
    "ran": [
        {
            "model": "person-vehicle-bike-detection-2002", "runtime": "openvino", "version": "2026.4.1",
            "device": "CPU", "precision": "f32", "served": "",
        }
    ],
    "took_s": 0.031, "batch": 8, "worker": "worker-1",
}  # fmt: skip
_JOB = {
    "message_id": _MESSAGE, "task": "plates", "state": "done", "attempts": 1, "why": "", "queued_at": _AT,
    "began_at": _AT, "ended_at": _AT, "answer": _BODY,
}  # fmt: skip
_ANSWER = {
    "number": 4711, "message_id": _MESSAGE, "tracking_id": _TRACKING, "camera_id": "gate", "task": "plates",
    "state": "done", "why": "", "at": _AT, "body": _BODY,
}  # fmt: skip
_WHAT = (
    "What models found. space: source, pixels of the camera's picture, or file, of the file; size: of that. found: "
    "boxes (x0, y0, x1, y1) with label, score, stage and the index of the box they were found in. ran: what really "
    "ran. took_s, batch, worker: of the attempt."
)


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


class Job(BaseModel):
    """What is done with the file of a message, for one task."""

    model_config = _example(**_JOB)
    message_id: str
    task: str
    state: Literal["queued", "processing", "done", "failed"]
    attempts: int = Field(description="So often it was begun.")
    why: str = Field(description="Why the last attempt did not get it done, in words.")
    queued_at: str = Field(description="By the database's clock, UTC; so are the others.")
    began_at: str | None = Field(description="When the last attempt began.")
    ended_at: str | None = Field(description="When it was done, or had failed.")
    answer: dict[str, Any] | None = Field(description=f"Where it is done. {_WHAT}")


class Item(BaseModel):
    """Where a tracking ID is. Its state: received where nothing is to be done with it, else how far that is."""

    model_config = _example(tracking_id=_TRACKING, state="done", messages=[_TRACED], jobs=[_JOB])
    tracking_id: str
    state: Literal["received", "queued", "processing", "done", "failed", "erased"]
    messages: list[Traced]
    jobs: list[Job]


class Answer(BaseModel):
    """What came of the file of a message, for one task. A later answer to the same has a higher number."""

    model_config = _example(**_ANSWER)
    number: int
    message_id: str
    tracking_id: str
    camera_id: str
    task: str
    state: Literal["done", "failed"]
    why: str = Field(description="Why it failed, in words.")
    at: str = Field(description="By the database's clock, UTC.")
    body: dict[str, Any] = Field(description=f"Empty where it failed. {_WHAT}")


class Answers(BaseModel):
    """Answers for a desk, by their numbers."""

    model_config = _example(store="0f4b6d2a9c1e48d7a3b5c7d9e1f20315", last=4711, takes=["sealed"], answers=[_ANSWER])
    store: str = Field(description="Which database the numbers are of: of another one, begin again from 0.")
    last: int = Field(description="The highest number an answer of the site ever had; below yours: begin again from 0.")
    takes: list[Literal["picture", "sealed"]] = Field(description="Kinds of messages whose files are looked at.")
    answers: list[Answer] = Field(description="Fewer than were asked for where they are long; none: these were all.")


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
