"""HTTP/1.1 messages as bytes, for servers in tests that must do worse things than a library lets them do."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A request or an answer as it went over the wire.

    Attributes:
        head: first line and headers, with the empty line that ends them.
        body: as it was sent; chunks are kept as chunks.
    """

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def last(self) -> bool:
        """Whether the sender closes the connection after it."""
        return header(self.head, b"connection").lower() == b"close"


def header(head: bytes, name: bytes) -> bytes:
    """A header's value; empty where there is none."""
    for line in head.split(b"\r\n")[1:]:
        key, _colon, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """The next head. Raises IncompleteReadError where the sender ends."""
    return await reader.readuntil(b"\r\n\r\n")


async def read_body(reader: asyncio.StreamReader, head: bytes, *, answer: bool = False) -> bytes:
    """What follows a head."""
    if header(head, b"transfer-encoding").lower() == b"chunked":
        parts = []
        while True:
            parts.append(await reader.readuntil(b"\r\n"))
            size = int(parts[-1].split(b";")[0], 16)
            parts.append(await reader.readexactly(size + 2))
            if not size:
                return b"".join(parts)
    length = header(head, b"content-length")
    if length:
        return await reader.readexactly(int(length))
    if answer and head.split(b" ", 2)[1][:3] not in {b"204", b"304"}:
        return await reader.read()
    return b""


async def hand_over(raw: bytes, host: str, port: int, tls: ssl.SSLContext | None) -> Part:
    """Send a request over a connection of its own; the answer.

    Raises:
        OSError, EOFError: the target is not there, or ended before it answered.
    """
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=1 << 20)
    try:
        writer.write(raw)
        await writer.drain()
        head = await read_head(reader)
        return Part(head, await read_body(reader, head, answer=True))
    finally:
        writer.transport.abort()


def answer(status: str, body: bytes = b"", kind: str = "application/json", **headers: str) -> bytes:
    """An answer as bytes; underscores in header names stand for hyphens."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body
