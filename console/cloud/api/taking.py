"""Messages in: read, checked, kept, and only then confirmed."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, HTTPException, Request, Response

from console.cloud.api.answers import Taken, refusals
from console.cloud.api.door import Who
from console.cloud.api.intake import Intake, check_type
from console.cloud.api.limits import ApiLimits
from console.cloud.api.metrics import Meters
from console.cloud.api.threads import Threads
from console.sync import wire
from models.words import _

if TYPE_CHECKING:
    from console.cloud.keeping.keeper import Keeper

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Messages one behind the other: four bytes, big-endian, the length of the head; the head, JSON; "
        "the file's bytes, as many as the head says.",
        "content": {wire.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_RETRY = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}


class Taking:
    """The way in.

    Args:
        keeper: where messages are kept.
        limits: of what is taken at once.
        meters: what is counted.
    """

    def __init__(self, keeper: Keeper, limits: ApiLimits, meters: Meters) -> None:
        self._keeper, self._limits, self._meters = keeper, limits, meters
        self._intake, self._threads = Intake(limits), Threads(limits.takes)
        meters.bodies.set_function(lambda: self._intake.bodies)

    def add_to(self, app: FastAPI) -> None:
        """Make this the way in of an application."""
        answers = refusals(400, 403, 413, 415, 429, 500, 503, 507)
        for status in (429, 503):
            answers[status]["headers"] = _RETRY
        app.post(
            wire.MESSAGES_PATH, status_code=HTTPStatus.ACCEPTED, response_model=Taken, responses=answers,
            openapi_extra=_BODY, tags=["messages"],
        )(self.take)  # fmt: skip

    async def take(self, request: Request, who: Who) -> Response:
        """Take messages. The answer comes once they are kept for good; the same again changes nothing."""
        check_type(request)
        with self._intake.place(who) as place:
            body = await self._intake.read(request, place)
            self._meters.bytes.inc(len(body))
            said = await self._threads.run(partial(self._keep, who, cast("bytes", body)))
        self._meters.say(said)
        return Response(wire.encode_answer(said), HTTPStatus.ACCEPTED, media_type="application/json")

    def _keep(self, who: Who, body: bytes) -> list[wire.Said]:
        """In a thread."""
        received: list[wire.Received] = []
        try:
            for one in wire.decode(body):
                received.append(one)
                one.head["message_id"].encode()  # the answer has to name it
                if len(received) > self._limits.messages:
                    why = _("More than {most} messages are not taken at once.").format(most=self._limits.messages)
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
        except wire.WireError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from error
        except UnicodeEncodeError:
            raise HTTPException(HTTPStatus.BAD_REQUEST, _("A message ID holds half a letter.")) from None
        return self._keeper.take(who, received) if received else []
