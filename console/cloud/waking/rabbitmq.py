"""RabbitMQ: one queue, from which each message wakes one worker, one of those who wait just now.

A worker takes messages only while it waits, and one at a time: so what is there to wake somebody is never used up by
one who works. The queue is bounded in length, bytes and age: workers look by themselves every few seconds, so what is
older wakes nobody to anything, and without workers no pile grows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, cast

from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.security import BaseSecurity
from yarl import URL

from console.cloud.waking.address import Address
from console.cloud.waking.base import ANSWER_S, TOGETHER

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from faststream.rabbit.message import RabbitMessage
    from faststream.rabbit.schemas.queue import ClassicQueueArgs

HEARTBEAT_S: Final = 3
"""A broker that says nothing for four of these is gone."""
_NEVER_S: Final = 1e9
BOUNDS: Final[ClassicQueueArgs] = {"x-max-length": 1000, "x-max-length-bytes": 1_000_000, "x-message-ttl": 10_000}
"""What is too much drops what is oldest."""

_log = logging.getLogger(__name__)


class RabbitLine:
    """See `console.cloud.waking.base.Line`."""

    def __init__(self, address: Address) -> None:
        self._lost = asyncio.Event()
        self._queue = RabbitQueue(address.name, durable=True, arguments=BOUNDS)
        ((host, port),) = address.hosts
        url = URL.build(
            scheme="amqps" if address.tls else "amqp", host=host, port=port, user=address.user or None,
            password=address.password or None, path="/", query={"heartbeat": str(HEARTBEAT_S)},
        )  # fmt: skip
        self._broker = RabbitBroker(
            url,
            virtualhost=address.vhost if address.vhost != "/" else "",
            security=BaseSecurity(address.context(), use_ssl=True) if address.tls else None,
            reconnect_interval=_NEVER_S,  # who holds the line opens another one
            on_close=[self._closed],
            default_channel=Channel(prefetch_count=1, on_return_raises=True),
            logger=_log,
            log_level=logging.DEBUG,
            apply_types=False,
        )
        self._subscriber = self._broker.subscriber(self._queue)

    async def open(self, *, listen: bool) -> None:  # noqa: ARG002  # it listens when it waits
        """See the protocol."""
        await self._broker.connect()
        await self._subscriber.start()  # declares the queue; nothing is taken yet

    async def publish(self, messages: Sequence[bytes]) -> None:
        """See the protocol. They are not kept over a restart of the broker: the rows are."""
        for at in range(0, len(messages), TOGETHER):
            async with asyncio.timeout(ANSWER_S), asyncio.TaskGroup() as group:
                for message in messages[at : at + TOGETHER]:
                    group.create_task(self._publish(message))

    async def one(self) -> None:
        """See the protocol. What else the broker handed out meanwhile goes back to it."""
        taken: RabbitMessage | None = None
        try:
            async with aclosing(cast("AsyncGenerator[RabbitMessage]", aiter(self._subscriber))) as messages:
                taken = await anext(messages)
        except asyncio.CancelledError:
            if taken is None:  # else it is ours, and nobody else would hear of it
                raise
        if taken is not None:
            await taken.ack()

    async def ended(self) -> None:
        """See the protocol."""
        await self._lost.wait()

    async def close(self) -> None:
        """See the protocol."""
        await self._broker.stop()

    async def _publish(self, message: bytes) -> None:
        await self._broker.publish(message, self._queue, content_type="application/json")

    def _closed(self, _connection: object, _error: object) -> None:
        self._lost.set()
