"""A proxy between a desk and a target that does, by a seed, what bad networks and bad servers do.

It ends the desk's TLS and speaks to the target itself. For each request one fault is drawn, or none:

* **cut before**: the connection ends when the request's head is there; **cut request**: in the middle of its body;
* **reset**: the same, or after the target has it, with RST instead of an end;
* **delay**: the request goes on late, now and then after the desk has given up (the target gets it all the same);
* **500**, **502**, **503**, **503 later** (with Retry-After): without the target;
* **twice**: the target gets it twice, one after the other; **again later**: once more when others have gone meanwhile;
* **reordered**: held back until a later one of another connection has gone;
* **answer lost**: the target takes it, and the connection ends; **half answer**: in the middle of the answer;
* **garbage**: an answer that is no HTTP, or no JSON; **wrong body**: 200 with what somebody else would say.

What is drawn goes by the seed; what it meets goes by the order in which requests come.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Self

from tests.servers.http_parts import Part, answer, hand_over, read_body, read_head

FAULTS = (
    "cut before", "cut request", "reset", "delay", "500", "502", "503", "503 later", "twice", "again later",
    "reordered", "answer lost", "half answer", "garbage", "wrong body",
)  # fmt: skip
EVENLY = dict.fromkeys(FAULTS, 0.02)
"""Three in ten requests meet something."""
_HOLD_S = 1.5
_WRONG = (
    b'{"taken": []}', b"[]", b"null", b'"taken"', b'{"taken": 7}', b'{"ok": true}', b"{}",
    b'{"taken": [{"message_id": "00000000-0000-7000-8000-000000000000", "state": "received"}]}',
    b"<html><body>Please log in to the guests' network</body></html>",
)  # fmt: skip


class FaultProxy:
    """A running proxy, on a thread of its own.

    Args:
        target: (host, port).
        seed: the same draws the same faults in the same order of requests.
        rates: the share of requests that meets each fault; what is not named does not happen.
        server: TLS towards the desk; None: in the clear.
        towards: TLS towards the target; None: in the clear.
        beyond_s: a delay that a desk does not wait for.
        beyond: the share of delays that are so long.

    Attributes:
        done: faults that were really done, by name; `clean`: requests that met none; `broken`: the target failed.
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        seed: int = 0,
        rates: Mapping[str, float] = EVENLY,
        server: ssl.SSLContext | None = None,
        towards: ssl.SSLContext | None = None,
        beyond_s: float = 40.0,
        beyond: float = 0.1,
    ) -> None:
        if unknown := set(rates) - set(FAULTS):
            raise ValueError(f"no such faults: {', '.join(sorted(unknown))}")
        self.done: Counter[str] = Counter()
        self.rates = dict(rates)
        self._target, self._server, self._towards = target, server, towards
        self._beyond_s, self._beyond = beyond_s, beyond
        self._chance = random.Random(seed)
        self._begun = self._gone = 0
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passed = asyncio.Condition()
        self._listening = self._loop.run_until_complete(
            asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=server, limit=1 << 20)
        )
        self.port: int = self._listening.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy")
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the desk reaches it."""
        return f"{'https' if self._server else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        """End all connections; what is still held back is never handed over."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _end(self) -> None:
        self._listening.close()
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # transports that were aborted are closed by the loop's next turns

    def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(self._serve(reader, writer))

    def _keep(self, work: object) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work)  # type: ignore[arg-type]  # a coroutine
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._request(reader, writer):
                pass
        except (OSError, EOFError, asyncio.LimitOverrunError, ssl.SSLError):
            pass  # the desk is gone, or was killed in the middle
        finally:
            writer.transport.abort()

    def _draw(self) -> str:
        at = self._chance.random()
        for fault, rate in self.rates.items():
            if at < rate:
                return fault
            at -= rate
        return ""

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False: the connection is at its end."""
        head = await read_head(reader)
        self._begun += 1
        number, fault, chance = self._begun, self._draw(), random.Random(self._chance.random())
        if fault in {"cut before", "cut request"} or (fault == "reset" and chance.random() < 0.5):
            if fault != "cut before":
                await reader.read(chance.randrange(1, 4000))
            await self._cut(writer, fault, reset=fault == "reset")
            return False
        request = Part(head, await read_body(reader, head))
        if fault[:1] == "5":
            return await self._refuse(writer, request, fault, chance)
        if fault in {"garbage", "wrong body"}:
            return await self._lie(writer, request, fault, chance)
        return await self._pass_on(writer, request, fault, chance, number)

    async def _pass_on(
        self, writer: asyncio.StreamWriter, request: Part, fault: str, chance: random.Random, number: int
    ) -> bool:
        if fault == "delay":
            late = chance.random() < self._beyond
            await asyncio.sleep(self._beyond_s * chance.uniform(1, 1.2) if late else chance.uniform(0.02, 0.6))
            self.done["delay beyond the time-out" if late else "delay"] += 1
        elif fault == "reordered":
            await self._hold_back(number)
        try:
            got = await self._hand_over(request, number)
            if fault == "twice":
                again = await self._hand_over(request, number)
                got = again if chance.random() < 0.5 else got
                self.done[fault] += 1
        except (OSError, EOFError):
            self.done["broken"] += 1
            await self._write(writer, answer("502 Bad Gateway", b"{}"))
            return not request.last
        if fault == "again later":
            self._keep(self._again(request, number, chance.uniform(0.05, 1.0)))
        elif fault in {"answer lost", "reset"}:
            await self._cut(writer, fault, reset=fault == "reset")
            return False
        elif fault == "half answer":
            await self._write(writer, got.raw[: chance.randrange(1, len(got.raw))])
            await self._cut(writer, fault, reset=False)
            return False
        elif not fault:
            self.done["clean"] += 1
        await self._write(writer, got.raw)
        return not (request.last or got.last)

    async def _hand_over(self, request: Part, number: int) -> Part:
        got = await hand_over(request.raw, *self._target, self._towards)
        async with self._passed:
            self._gone = max(self._gone, number)
            self._passed.notify_all()
        return got

    async def _hold_back(self, number: int) -> None:
        async def overtaken() -> None:
            async with self._passed:
                await self._passed.wait_for(lambda: self._gone > number)

        with suppress(TimeoutError):
            await asyncio.wait_for(overtaken(), _HOLD_S)
            self.done["reordered"] += 1

    async def _again(self, request: Part, number: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        with suppress(OSError, EOFError):
            await self._hand_over(request, number)
            self.done["again later"] += 1

    async def _refuse(self, writer: asyncio.StreamWriter, request: Part, fault: str, chance: random.Random) -> bool:
        self.done[fault] += 1
        words = {"500": "Internal Server Error", "502": "Bad Gateway", "503": "Service Unavailable"}[fault[:3]]
        later = {}
        if fault == "503 later":
            date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
            later["Retry_After"] = chance.choice(("1", date))
        await self._write(writer, answer(f"{fault[:3]} {words}", b"<html>no</html>", "text/html", **later))
        return not request.last

    async def _lie(self, writer: asyncio.StreamWriter, request: Part, fault: str, chance: random.Random) -> bool:
        self.done[fault] += 1
        if fault == "wrong body":
            await self._write(writer, answer("200 OK", chance.choice(_WRONG)))
            return not request.last
        noise = chance.randbytes(chance.randrange(1, 400))
        await self._write(writer, noise if chance.random() < 0.5 else answer("202 Accepted", noise))
        return False

    @staticmethod
    async def _write(writer: asyncio.StreamWriter, content: bytes) -> None:
        writer.write(content)
        await writer.drain()

    async def _cut(self, writer: asyncio.StreamWriter, fault: str, *, reset: bool) -> None:
        self.done[fault] += 1
        if reset:
            plain = writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
