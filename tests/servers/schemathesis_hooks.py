"""What Schemathesis sends where the API's own description says no more than bytes: bodies of the wire protocol.

Read by Schemathesis in its own environment (SCHEMATHESIS_HOOKS), where nothing of the product is.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

import schemathesis  # type: ignore[import-not-found, unused-ignore]  # see above
from hypothesis import strategies as st

CONTENT_TYPE = "application/vnd.sightdesk.messages"
IDS = [f"01a205ab-6cc6-7694-9c23-{n:012d}" for n in range(24)]
_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080008000801011100ffd9")
FILES = [_JPEG + bytes([n]) for n in range(6)]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_KINDS = ["event", "item", "verdict", "picture", "sealed", "erased", "audit"]


@st.composite
def _message(draw: Any) -> bytes:
    """Mostly as it should be; now and then a value, a length or a file is not."""
    kind = draw(st.sampled_from(_KINDS))
    file = draw(st.sampled_from(FILES) | st.binary(max_size=40)) if kind in {"picture", "sealed"} else b""
    about = {"bytes": len(file), "sha256": hashlib.sha256(file).hexdigest(), "content_type": "image/jpeg"}
    body = {"tracking_ids": draw(st.lists(st.sampled_from(IDS), max_size=2))} if kind == "erased" else {"of": "event"}
    head: dict[str, Any] = {
        "v": 1, "number": draw(st.integers(0, 5)), "message_id": draw(st.sampled_from(IDS)),
        "tracking_id": draw(st.sampled_from(IDS)), "kind": kind, "camera_id": "gate",
        "written_at": "2026-03-04T12:00:00.250Z", "body": body, "file": about if file else None,
    }  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        head[draw(st.sampled_from(sorted(head)))] = draw(_JSON)
    text = json.dumps(head).encode()
    length = len(text) if draw(st.integers(0, 9)) else draw(st.integers(0, 0xFFFFFFFF))
    return struct.pack(">I", length) + text + file


BODIES = st.lists(_message(), max_size=4).map(b"".join) | st.binary(max_size=200)
schemathesis.openapi.media_type(CONTENT_TYPE, BODIES)


@schemathesis.hook
def map_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the names are ones that may be there."""
    if not path_parameters:
        return path_parameters
    for name, value in path_parameters.items():
        if sum(str(value).encode(errors="replace")) % 2:
            known = [hashlib.sha256(file).hexdigest() for file in FILES] if name == "sha256" else IDS
            path_parameters[name] = known[len(str(value)) % len(known)]
    return path_parameters
