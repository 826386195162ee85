"""What a desk may ask, of its own site: who answers, where an ID is, a message, a file, what came of what it sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeVar

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi import Path as Part
from fastapi.responses import StreamingResponse

from console.cloud.api.answers import Answers, Hello, Item, Message, refusals
from console.cloud.api.door import Who
from console.cloud.api.threads import Threads
from console.cloud.keeping.pictures import content_type_of
from console.sync import wire
from models.words import _

if TYPE_CHECKING:
    from console.cloud.keeping.keeper import Keeper

Name = Annotated[str, Part(min_length=1, max_length=200)]
Digest = Annotated[str, Part(pattern="^[0-9a-f]{64}$", description="Of the file's bytes.")]
After = Annotated[int, Query(ge=0, le=(1 << 63) - 1, description="Answers with a higher number than this.")]
Most = Annotated[int, Query(ge=1, le=500, description="So many at once.")]
_CHUNK, _FIRST = 1 << 18, 64
Found = TypeVar("Found")


class Asking:
    """Answers from what is kept.

    Args:
        keeper: what is kept.
        threads: where it is looked up.
    """

    def __init__(self, keeper: Keeper, threads: Threads) -> None:
        self._keeper, self._threads = keeper, threads

    def add_to(self, app: FastAPI) -> None:
        """Make these ways of an application."""
        app.get(wire.HELLO_PATH, response_model=Hello, responses=refusals(403, 500), tags=["messages"])(self.hello)
        app.get(
            wire.ANSWERS_PATH, response_model=Answers, responses=refusals(403, 422, 500, 503), tags=["answers"]
        )(self.answers)  # fmt: skip
        no: dict[str, Any] = {"responses": refusals(403, 404, 422, 500, 503), "tags": ["what is kept"]}
        app.get("/v1/items/{tracking_id}", response_model=Item, **no)(self.item)
        app.get("/v1/messages/{message_id}", response_model=Message, **no)(self.message)
        binary = {"schema": {"type": "string", "format": "binary"}}
        no["responses"][200] = {
            "description": "The file.", "content": {"image/jpeg": binary, "application/octet-stream": binary},
        }  # fmt: skip
        app.get("/v1/files/{sha256}", response_class=StreamingResponse, **no)(self.file)

    async def hello(self, _who: Who) -> Hello:
        """Say who answers here."""
        return Hello(service=wire.SERVICE, version=wire.VERSION)

    async def answers(self, who: Who, after: After = 0, most: Most = 200) -> Response:
        """Give what came of the files that this desk sent, from behind a number on."""
        page = await self._threads.run(lambda: wire.canonical(self._keeper.answers(who, after, most)))
        return Response(page, media_type="application/json", headers={"Cache-Control": "private, no-store"})

    async def item(self, tracking_id: Name, who: Who) -> Any:
        """Say where a tracking ID is: what came of it, or that it was erased."""
        return await self._find(partial(self._keeper.trace, who.site, tracking_id), tracking_id)

    async def message(self, message_id: Name, who: Who) -> Any:
        """Give a message back as it was kept."""
        return await self._find(partial(self._keeper.message, who.site, message_id), message_id)

    async def file(self, sha256: Digest, who: Who) -> StreamingResponse:
        """Give a file back."""
        file, size, kind = await self._find(partial(self._open, who.site, sha256), sha256)
        headers = {
            "Content-Length": str(size), "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff",
        }  # fmt: skip
        return StreamingResponse(_parts(file), headers=headers, media_type=kind)

    async def _find(self, look: Callable[[], Found | None], name: str) -> Found:
        found = None if "\0" in name else await self._threads.run(look)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _("There is nothing of that name here."))
        return found

    def _open(self, site: str, sha256: str) -> tuple[BinaryIO, int, str] | None:
        """The file, its bytes, its type; in a thread."""
        path = self._keeper.file(site, sha256)
        try:
            file = None if path is None else path.open("rb")
        except FileNotFoundError:  # erased between the two
            return None
        if file is None:
            return None
        kind = content_type_of(file.peek(_FIRST)) or "application/octet-stream"
        return file, os.fstat(file.fileno()).st_size, kind


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(_CHUNK):
            yield part
