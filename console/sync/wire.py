"""What is said between a desk and the Sightdesk cloud, version 1: messages one way, what became of each the other.

A body is any number of messages, one behind the other: the length of the head (4 bytes, big-endian), the head (JSON in
UTF-8), and as many bytes of file as the head says. The answer names every message of the body, in its order.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from console.sync.targets.base import Parcel, Receipt, Refused, WrongAnswer
from models.words import _

VERSION = 1
SERVICE = "sightdesk cloud"
MESSAGES_PATH, HELLO_PATH, ANSWERS_PATH = "/v1/messages", "/v1/hello", "/v1/answers"
CONTENT_TYPE = "application/vnd.sightdesk.messages"
MAX_HEAD = 4 << 20
"""Bytes of one head: a thousand boxes need less than a tenth of it."""
MAX_PARTS = 250_000
"""Values in all heads of a body, by their commas and brackets: each needs some hundred bytes of memory once read."""
MOST_FOUND, MOST_NAME = 1000, 200
"""Boxes of one answer, and letters of whatever it names: a desk reads no more."""
Taken = Literal["received", "known", "refused"]
"""What became of a message: stored now, not stored since it was before (or was erased), never to be stored as it is."""
_LENGTH = struct.Struct(">I")
_KEYS = frozenset(
    ("v", "number", "message_id", "tracking_id", "kind", "camera_id", "written_at", "body", "file"),
)  # fmt: skip
_WHY_CHARS = 500


class WireError(ValueError):
    """A body is not what this protocol says."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came.

    Attributes:
        head: its JSON values, checked: keys and their types, and that the file is the one it names.
        file: the bytes; None: it has none.
    """

    head: Mapping[str, Any]
    file: bytes | None


@dataclass(frozen=True, slots=True)
class Said:
    """What the cloud says of one message.

    Attributes:
        message_id: which.
        state: see `Taken`.
        why: in words, where there is something to say.
    """

    message_id: str
    state: Taken
    why: str = ""


def head_of(parcel: Parcel) -> dict[str, Any]:
    """The head of a message."""
    file = parcel.file
    return {
        "v": VERSION,
        "number": parcel.number,
        "message_id": parcel.message_id,
        "tracking_id": parcel.tracking_id,
        "kind": parcel.kind,
        "camera_id": parcel.camera_id,
        "written_at": parcel.written_at,
        "body": dict(parcel.body),
        "file": None
        if file is None
        else {"bytes": len(file), "sha256": file.sha256, "content_type": file.content_type},
    }


def canonical(values: Mapping[str, Any]) -> bytes:
    """JSON in the one form that equal values have: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: there is a number JSON has not, or half a letter.
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def encode(parcels: Sequence[Parcel]) -> bytes:
    """The body that carries these messages.

    Raises:
        ValueError: a body has a number JSON has not.
    """
    parts: list[bytes] = []
    for parcel in parcels:
        head = canonical(head_of(parcel))
        parts += (_LENGTH.pack(len(head)), head)
        if parcel.file is not None:
            parts.append(parcel.file.content)
    return b"".join(parts)


def decode(body: bytes) -> Iterator[Received]:
    """The messages of a body, each checked as it is reached.

    Raises:
        WireError: from there on it is none: cut off, too long a head, too many values, not JSON, another version, a
            file that is not the one its head names.
    """
    whole, at, parts = memoryview(body), 0, 0
    while at < len(whole):
        if len(whole) - at < _LENGTH.size:
            raise WireError("the body ends within a length")
        (size,) = _LENGTH.unpack_from(whole, at)
        at += _LENGTH.size
        if size > MAX_HEAD:
            raise WireError(f"a head of {size} bytes; {MAX_HEAD} is the most")
        if len(whole) - at < size:
            raise WireError("the body ends within a head")
        text = bytes(whole[at : at + size])
        parts += sum(map(text.count, (b",", b"[", b"{")))
        if parts > MAX_PARTS:
            raise WireError(f"heads of more than {MAX_PARTS} values")
        head = _checked(text)
        at += size
        about = head["file"]
        if about is None:
            yield Received(head, None)
            continue
        if len(whole) - at < about["bytes"]:
            raise WireError("the body ends within a file")
        file = bytes(whole[at : at + about["bytes"]])
        at += len(file)
        if hashlib.sha256(file).hexdigest() != about["sha256"]:
            raise WireError(f"the file of {head['message_id']} is not the one its head names")
        yield Received(head, file)


def encode_answer(said: Sequence[Said]) -> bytes:
    """The answer that says what became of the messages of a body, in its order."""
    taken = [{"message_id": one.message_id, "state": one.state, "why": one.why} for one in said]
    return canonical({"taken": taken})


def read_answer(content: bytes, parcels: Sequence[Parcel]) -> list[Receipt | Refused]:
    """What the cloud says became of messages that were sent, in their order.

    Raises:
        WrongAnswer: it is not an answer to exactly these messages; nothing of it is believed.
    """
    hint = _("They go on waiting. Another service may answer at this address; ask who runs it.")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        raise WrongAnswer(_("It said yes, but its answer is no JSON, so nothing counts as sent."), hint) from None
    taken = values.get("taken") if isinstance(values, dict) else None
    if not isinstance(taken, list) or not all(isinstance(one, dict) for one in taken):
        raise WrongAnswer(_("It said yes, but did not say what it took, so nothing counts as sent."), hint)
    if [one.get("message_id") for one in taken] != [parcel.message_id for parcel in parcels]:
        raise WrongAnswer(
            _("It said yes, but to other messages than it was sent ({n} of them), so nothing counts as sent.").format(
                n=len(parcels)
            ),
            hint,
        )
    return [_outcome(one, hint) for one in taken]


def _outcome(one: Mapping[str, Any], hint: str) -> Receipt | Refused:
    state, why = one.get("state"), str(one.get("why") or "")[:_WHY_CHARS]
    if state not in get_args(Taken):
        raise WrongAnswer(_("It said yes, but not what became of a message, so nothing counts as sent."), hint)
    if state == "refused":
        return Refused(
            _("The cloud will not take it: {why}").format(why=why or _("it does not say why.")),
            _("Send it again once the cause is gone, or take it out of the outbox."),
        )
    return Receipt(str(one["message_id"]), {"state": state, "why": why} if why else {"state": state})


def _checked(head: bytes) -> dict[str, Any]:
    try:
        values = json.loads(head)
    except (ValueError, RecursionError):
        raise WireError("a head is no JSON") from None
    if not isinstance(values, dict) or values.get("v") != VERSION or set(values) != _KEYS:
        raise WireError(f"a head is not of version {VERSION}")
    texts = all(
        isinstance(values[key], str) for key in ("message_id", "tracking_id", "kind", "camera_id", "written_at")
    )
    file = values["file"]
    if not texts or not _is_number(values["number"]) or not isinstance(values["body"], dict):
        raise WireError("a head has values of another type")
    if file is not None and not (
        isinstance(file, dict)
        and _is_number(file.get("bytes"))
        and isinstance(file.get("sha256"), str)
        and isinstance(file.get("content_type"), str)
    ):
        raise WireError("a head does not say what its file is")
    return values


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
