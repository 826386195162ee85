"""Requests to the application without a socket, bodies as a desk makes them, and as it never would."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from uuid_utils import uuid7

from console.cloud.pki.identity import Identity
from console.sync import wire

DESK = Identity("plant-1", "desk-1", 7)
OTHER_SITE = Identity("plant-2", "desk-1", 8)
TYPE = {"content-type": wire.CONTENT_TYPE}


@dataclass
class Answer:
    """What came back, and what was read of the request's body for it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def states(self) -> list[str]:
        return [one["state"] for one in self.json["taken"]]


def ask(
    app: Any,
    method: str,
    path: str,
    parts: Iterable[bytes] = (),
    headers: Mapping[str, str] | None = None,
    *,
    who: Identity | None = DESK,
    why: str = "",
    client: str = "192.0.2.7",
    cut: bool = False,
) -> Answer:
    """A request; with `cut` its sender is gone before the body's end."""
    return asyncio.run(asked(app, method, path, parts, headers, who=who, why=why, client=client, cut=cut))


async def asked(
    app: Any,
    method: str,
    path: str,
    parts: Iterable[bytes] = (),
    headers: Mapping[str, str] | None = None,
    *,
    who: Identity | None = DESK,
    why: str = "",
    client: str = "192.0.2.7",
    cut: bool = False,
    wait: Callable[[], Any] | None = None,
) -> Answer:
    """See `ask`; `wait()` is awaited before the body's end."""
    answer, left, over = Answer(), iter(parts), asyncio.Event()
    ended = False
    named = {"host": "cloud.test", **(headers or {})}
    if method == "POST" and not {"content-length", "transfer-encoding"} & set(named):
        named["transfer-encoding"] = "chunked"
    path, _question, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "client": (client, 4711),
        "server": ("cloud.test", 8443), "headers": [(n.encode(), v.encode()) for n, v in named.items()],
        "extensions": {"sightdesk": {"identity": who, "why": why}},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        nonlocal ended
        if ended:
            await over.wait()
            return {"type": "http.disconnect"}
        part = next(left, None)
        if part is not None:
            answer.read += len(part)
            return {"type": "http.request", "body": part, "more_body": True}
        ended = True
        if wait is not None:
            await wait()
        return {"type": "http.disconnect"} if cut else {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {n.decode().lower(): v.decode() for n, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")
            if not message.get("more_body", False):
                over.set()

    await app(scope, receive, send)
    return answer


def post(app: Any, body: bytes, *, who: Identity | None = DESK, **headers: str) -> Answer:
    """Messages to it."""
    return ask(app, "POST", wire.MESSAGES_PATH, [body], {**TYPE, **headers}, who=who)


def head(file: bytes | None = None, **values: Any) -> dict[str, Any]:
    """A head that is as it should be, but for these values."""
    about = None
    if file is not None:
        digest = hashlib.sha256(file).hexdigest()
        about = {"bytes": len(file), "sha256": digest, "content_type": "image/jpeg"}
    return {
        "v": 1, "number": 1, "message_id": str(uuid7()), "tracking_id": str(uuid7()),
        "kind": "event" if file is None else "picture", "camera_id": "gate", "written_at": "2026-03-04T12:00:00.250Z",
        "body": {"of": "event"}, "file": about,
    } | values  # fmt: skip


def frame(values: Mapping[str, Any] | bytes, file: bytes | None = None) -> bytes:
    """A message of a body; heads given as bytes go as they are."""
    text = values if isinstance(values, bytes) else json.dumps(values).encode()
    return struct.pack(">I", len(text)) + text + (file or b"")


def jpeg(seed: int = 1, width: int = 64, height: int = 48) -> bytes:
    """A picture; another seed, another picture."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    done, content = cv2.imencode(".jpg", pixels)
    assert done
    return content.tobytes()


def bomb() -> bytes:
    """A small JPEG that says it is 60000 x 60000."""
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 60000, 60000)
    return bytes(content)


def refused(answer: Answer, status: int) -> str:
    """The reason that a no gives."""
    assert answer.status == status
    assert set(answer.json) == {"why"}
    why = answer.json["why"]
    assert len(why.split()) > 3
    return str(why)
