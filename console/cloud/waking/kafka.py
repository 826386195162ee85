"""Kafka: one topic, from which each message wakes every worker that waits.

There is no consumer group. In one, a topic of one partition would wake always the same worker, busy or not; who dies
would leave its partitions unheard for many seconds; and offsets would be kept of messages of which only the newest
matters. So everybody reads from the end of the topic, keeps nothing, and one short look at the database by each worker
that has nothing to do is the price. The relay gathers what comes within a moment, so that this happens seldom.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

import aiokafka  # type: ignore[import-untyped]
from aiokafka.admin import NewTopic  # type: ignore[import-untyped]
from aiokafka.conn import create_conn  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    AuthenticationFailedError,
    KafkaConnectionError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
    for_code,
)
from faststream.kafka import KafkaBroker, Topic
from faststream.kafka.publisher.producer import AioKafkaFastProducerImpl
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from console.cloud.waking.address import Address
from console.cloud.waking.base import ANSWER_S, TOGETHER

_KNOCK_S: Final = 2.0
_LOOK_S: Final = 3.0
_PING_S: Final = 3.0
_FETCH_MS: Final = 10_000
_REFRESH_MS: Final = 30_000
_KEEP_MS: Final = 600_000
_MOST_BYTES: Final = 1 << 16
"""What is fetched at once of a partition: whatever lies in the topic, memory stays bounded."""
_LOGINS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

_log = logging.getLogger(__name__)


class KafkaLine:
    """See `console.cloud.waking.base.Line`."""

    def __init__(self, address: Address) -> None:
        self._address, self._security = address, _security(address)
        self._broker = self._broker_at([])
        self._consumer: aiokafka.AIOKafkaConsumer | None = None
        self._heard = asyncio.Event()

    async def open(self, *, listen: bool) -> None:
        """See the protocol."""
        self._broker = broker = self._broker_at(await self._who_answers())
        await broker.connect()
        name = self._address.name
        topic = NewTopic(name, 1, 1, topic_configs={"retention.ms": str(_KEEP_MS)})
        made = (await broker.config.admin_client.create_topics([topic])).to_object()["topic_errors"][0]
        if not listen:
            return
        subscriber = broker.subscriber(
            Topic(name, declare=False), auto_offset_reset="latest", max_partition_fetch_bytes=_MOST_BYTES,
            fetch_max_bytes=_MOST_BYTES * 16,
        )  # fmt: skip
        await subscriber.start()
        self._consumer = subscriber.consumer
        if self._consumer is None or not self._consumer.assignment():
            raise for_code(made["error_code"] or UnknownTopicOrPartitionError.errno)
        await self._consumer.seek_to_end()

    async def publish(self, messages: Sequence[bytes]) -> None:
        """See the protocol."""
        for at in range(0, len(messages), TOGETHER):
            async with asyncio.timeout(ANSWER_S), asyncio.TaskGroup() as group:
                for message in messages[at : at + TOGETHER]:
                    group.create_task(self._publish(message))

    async def one(self) -> None:
        """See the protocol. All that came since the last time counts as one."""
        await self._heard.wait()
        self._heard.clear()

    async def ended(self) -> None:
        """See the protocol. aiokafka goes on trying by itself and never says that nobody is there: so it is asked."""
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(self._hear())
            while await self._broker.ping(_PING_S):
                await asyncio.wait({hearing}, timeout=_LOOK_S)
            hearing.cancel()
        await self._who_answers()  # or the reason why nobody does

    async def close(self) -> None:
        """See the protocol."""
        await self._broker.stop()

    def _broker_at(self, places: list[str]) -> KafkaBroker:
        broker = KafkaBroker(
            places, security=self._security, logger=_log, log_level=logging.DEBUG, apply_types=False,
            request_timeout_ms=int(ANSWER_S * 1000), metadata_max_age_ms=_REFRESH_MS,
        )  # fmt: skip
        broker.config.broker_config.producer = _Producer(None, None)
        return broker

    async def _publish(self, message: bytes) -> None:
        await self._broker.publish(message, self._address.name)

    async def _hear(self) -> None:
        """Read what comes, for ever, so that nothing of it piles up here."""
        consumer = self._consumer
        while consumer is not None:
            if await consumer.getmany(timeout_ms=_FETCH_MS):
                self._heard.set()
        await asyncio.get_running_loop().create_future()  # a relay hears nothing

    async def _who_answers(self) -> list[str]:
        """Of the hosts those that let us in, for the library gives no reason why one does not.

        Raises:
            Exception: none does; the reason of the first.
        """
        how = {**parse_security(self._security), "request_timeout_ms": int(_KNOCK_S * 1000)}
        how.pop("sasl_kerberos_service_name", None)

        async def knock(host: str, port: int) -> str:
            try:
                async with asyncio.timeout(_KNOCK_S):
                    connection = await create_conn(host, port, **how)
            except KeyError:  # so it takes a server's last word when that is no
                raise AuthenticationFailedError from None
            except KafkaConnectionError as error:
                if self._address.user and error.__cause__ is None:  # a listener without logins just ends it
                    raise UnsupportedSaslMechanismError from None
                raise
            connection.close()
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

        found = await asyncio.gather(*(knock(*host) for host in self._address.hosts), return_exceptions=True)
        places = [one for one in found if isinstance(one, str)]
        if not places:
            raise next(one for one in found if isinstance(one, BaseException))
        return places


class _Producer(AioKafkaFastProducerImpl):
    """FastStream's, but one that could not be started is closed: the library complains of it otherwise."""

    async def connect(self, producer: Any, *args: Any, **more: Any) -> None:
        """See FastStream."""
        try:
            await super().connect(producer, *args, **more)
        except BaseException:
            await producer.stop()
            raise


def _security(address: Address) -> BaseSecurity | None:
    context = address.context()
    if address.user:
        return _LOGINS[address.mechanism](address.user, address.password, context)
    return BaseSecurity(context) if context is not None else None
