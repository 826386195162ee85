"""The body of a request, read as it comes, with a bound on each and on all together."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from console.cloud.api.limits import ApiLimits
from console.cloud.pki.identity import Identity
from console.sync import wire
from models.words import _

_LONGEST_WAIT_S = 5


def later() -> dict[str, str]:
    """Headers that ask to come again in 1 to 5 s: not all at the same time."""
    return {"Retry-After": str(1 + secrets.randbelow(_LONGEST_WAIT_S))}


class Place:
    """What one request holds of the room."""

    def __init__(self, room: Intake, desk: tuple[str, str]) -> None:
        self._room, self._desk, self._held = room, desk, 0

    def hold(self, size: int) -> None:
        """Hold so many bytes altogether.

        Raises:
            HTTPException: 429: there is no room now.
        """
        if size > self._held:
            self._room.grow(self._desk, size - self._held)
            self._held = size

    def leave(self) -> None:
        """Give back what it holds."""
        self._room.grow(self._desk, -self._held)
        self._held = 0


class Intake:
    """Room for bodies. Used by the event loop alone, so nothing is locked.

    Args:
        limits: of it.
    """

    def __init__(self, limits: ApiLimits) -> None:
        self._limits = limits
        self._bodies: Counter[tuple[str, str]] = Counter()
        self._bytes: Counter[tuple[str, str]] = Counter()

    @property
    def bodies(self) -> int:
        """How many there are just now."""
        return self._bodies.total()

    async def read(self, request: Request, place: Place) -> bytearray:
        """The whole body.

        Raises:
            HTTPException: 413, 429, 400: too large, no room, cut off.
        """
        declared = request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit():
            size = int(declared[:20])
            self._check(size)
            place.hold(size)
        body = bytearray()
        try:
            async for part in request.stream():
                self._check(len(body) + len(part))
                place.hold(len(body) + len(part))
                body += part
        except ClientDisconnect:
            raise HTTPException(HTTPStatus.BAD_REQUEST, _("The request ended before its body did.")) from None
        return body

    @contextmanager
    def place(self, who: Identity) -> Iterator[Place]:
        """A place for one body, given back at the end.

        Raises:
            HTTPException: 429: there is none now.
        """
        desk = (who.site, who.desk)
        if self.bodies >= self._limits.bodies or self._bodies[desk] >= max(self._limits.bodies // 2, 1):
            raise _no_room()
        place = Place(self, desk)
        self._bodies[desk] += 1
        try:
            yield place
        finally:
            place.leave()
            self._bodies[desk] -= 1
            if not self._bodies[desk]:
                del self._bodies[desk], self._bytes[desk]

    def grow(self, desk: tuple[str, str], size: int) -> None:
        """Hold so many bytes more for a desk; see `Place`."""
        limits = self._limits
        own = max(limits.bodies_bytes // 2, limits.body)
        if size > 0 and (self._bytes.total() + size > limits.bodies_bytes or self._bytes[desk] + size > own):
            raise _no_room()
        self._bytes[desk] += size

    def _check(self, size: int) -> None:
        if size > self._limits.body:
            why = _("A request of more than {most} bytes is not taken.").format(most=self._limits.body)
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)


def check_type(request: Request) -> None:
    """See that a body is what this protocol sends.

    Raises:
        HTTPException: 415.
    """
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if said != wire.CONTENT_TYPE or packed not in {"", "identity"}:
        why = _("Messages come as {type}, not packed.").format(type=wire.CONTENT_TYPE)
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, why)


def _no_room() -> HTTPException:
    why = _("So much comes in just now that there is no room for more. Send it again in a moment.")
    return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, why, later())
