"""Jobs that wait to be told of, in memory; brokers of each kind, with a queue or topic for each test."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, cast

from uuid_utils import uuid7

from console.cloud.database.base import CLAIMING, Repository
from console.cloud.errors import DatabaseAway
from tests.servers import rabbitmq, tansu

SERVICE = os.environ.get("SIGHTDESK_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672")
Kind = Literal["rabbitmq", "kafka"]


class Jobs:
    """A database, as far as a relay sees one.

    Attributes:
        told: the jobs that a broker was told of, in order, by what the relay says.
        away: it can't be reached just now.
        broken: there is a fault in it.
        answers: cleared: it hangs.
        most: the longest list that was ever asked for.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}
        self._lock = threading.Lock()
        self.told: list[str] = []
        self.away, self.broken, self.most = False, False, 0
        self.answers = threading.Event()
        self.answers.set()
        self.place = "memory"

    @property
    def repository(self) -> Repository:
        return cast("Repository", self)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def add(self, number: int = 1) -> list[str]:
        with self._lock:
            ids = [str(uuid7()) for _n in range(number)]
            self._waiting |= dict.fromkeys(ids)
        return ids

    @contextmanager
    def reading(self) -> Iterator[Jobs]:
        self.answers.wait(30)
        if self.away:
            raise DatabaseAway("The database memory can't be reached.", "Look at it.")
        if self.broken:
            raise RuntimeError("a fault")
        yield self

    @contextmanager
    def writing(self, site: str) -> Iterator[Jobs]:
        assert site == CLAIMING
        with self.reading():
            yield self

    def unpublished(self, most: int) -> list[str]:
        self.most = max(self.most, most)
        with self._lock:
            return list(self._waiting)[:most]

    def published(self, job_ids: Sequence[str]) -> None:
        with self._lock:
            for one in job_ids:
                self._waiting.pop(one)
            self.told += job_ids


@contextmanager
def broker(kind: Kind) -> Iterator[str]:
    """The address of a broker, without a queue or topic: RabbitMQ's service where there is one, else one of our own."""
    if kind == "kafka":
        with tansu.serving() as kafka:
            yield kafka.url
    elif _takes(SERVICE):
        yield SERVICE
    else:
        with rabbitmq.serving() as own:
            yield own.url


def named(url: str, name: str) -> str:
    """Of this queue or topic."""
    return rabbitmq.with_query(url + "/", queue=name) if url.startswith("amqp") else f"{url}/{name}"


def fresh(url: str) -> tuple[str, str]:
    """An address with a queue or topic that nobody used yet, and its name."""
    name = f"sightdesk.test.{uuid7().hex}"
    return named(url, name), name


def soon(holds: Callable[[], object], within_s: float = 30.0) -> float:
    """Wait until it holds; how long that took."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < within_s
        time.sleep(0.005)
    return time.monotonic() - begun


def drained(url: str, name: str, expected: int) -> list[str]:
    """All IDs in a queue or topic, read by the libraries alone, until so many came."""
    read = _read_rabbitmq if url.startswith("amqp") else _read_kafka
    return [one for body in asyncio.run(read(url, name, expected)) for one in json.loads(body)]


def put(url: str, name: str, *bodies: bytes, **more: Any) -> None:
    """Have these in a queue or topic, through the libraries alone."""
    asyncio.run((_put_rabbitmq if url.startswith("amqp") else _put_kafka)(url, name, bodies, more))


def remove(url: str, name: str) -> None:
    """Remove a queue; topics go with their broker."""
    if url.startswith("amqp"):
        asyncio.run(_remove(url, name))


async def _read_rabbitmq(url: str, name: str, expected: int) -> list[bytes]:
    import aio_pika

    found: list[bytes] = []
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(name)
        while sum(len(json.loads(body)) for body in found) < expected:
            message = await queue.get(no_ack=True, timeout=10, fail=False)
            if message is None:
                break
            found.append(message.body)
    return found


async def _read_kafka(url: str, name: str, expected: int) -> list[bytes]:
    import aiokafka

    found: list[bytes] = []
    place = url.removeprefix("kafka://")
    async with aiokafka.AIOKafkaConsumer(name, bootstrap_servers=place, auto_offset_reset="earliest") as consumer:
        while sum(len(json.loads(body)) for body in found) < expected:
            batches = await consumer.getmany(timeout_ms=10_000)
            if not batches:
                break
            found += [record.value for records in batches.values() for record in records]
    return found


async def _put_rabbitmq(url: str, name: str, bodies: Sequence[bytes], more: dict[str, Any]) -> None:
    import aio_pika

    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        for body in bodies:
            await channel.default_exchange.publish(aio_pika.Message(body, **more), name)


async def _put_kafka(url: str, name: str, bodies: Sequence[bytes], more: dict[str, Any]) -> None:
    import aiokafka

    async with aiokafka.AIOKafkaProducer(bootstrap_servers=url.removeprefix("kafka://")) as producer:
        for body in bodies:
            await producer.send_and_wait(name, body, headers=[("content-type", b"\xff\xfe")] if more else None)


async def _remove(url: str, name: str) -> None:
    import aio_pika

    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        await channel.queue_delete(name)


def _takes(url: str) -> bool:
    host, _colon, port = url.rpartition("@")[2].partition(":")
    try:
        socket.create_connection((host, int(port.split("/")[0] or 5672)), 1).close()
    except OSError:
        return False
    return True
