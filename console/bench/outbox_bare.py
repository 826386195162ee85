"""Bare loops: what posting the same pictures costs without a database, an order, a cap or a second try.

Every body is in memory before the clock runs; threads take the next one from a list until none is left.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from console.bench.outbox_papers import Papers
from console.errors import SightdeskError
from console.sync.wire import CONTENT_TYPE, MESSAGES_PATH

Post = Callable[[bytes], int]
"""Posts a body over a connection that stays open; returns the status."""
_HEADERS = {"Content-Type": CONTENT_TYPE}
_TAKEN = (200, 202)


def loop(name: str, port: int, papers: Papers, bodies: Sequence[bytes], concurrency: int) -> float:
    """Post all bodies from so many threads, with connections of their own; seconds, connecting included.

    Args:
        name: see `clients`.
        port: of the receiver on loopback.
        papers: certificates.
        bodies: what is posted.
        concurrency: threads.

    Raises:
        SightdeskError: something was not taken.
    """
    rest, lock, failed = iter(bodies), threading.Lock(), []
    made = clients()[name](port, papers)

    def work() -> None:
        post, close = made()
        try:
            while True:
                with lock:
                    body = next(rest, None)
                if body is None:
                    return
                if (status := post(body)) not in _TAKEN:
                    failed.append(f"status {status}")
                    return
        except Exception as error:  # the thread's outermost frame; it ends the bench
            failed.append(repr(error))
        finally:
            close()

    threads = [threading.Thread(target=work, name=f"bare {n}") for n in range(concurrency)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SightdeskError(f"The bare loop with {name} failed: {failed[0]}.")
    return time.perf_counter() - begin


Made = Callable[[], tuple[Post, Callable[[], object]]]


def clients() -> dict[str, Callable[[int, Papers], Made]]:
    """The sync clients that are installed here, by name."""
    found: dict[str, Callable[[int, Papers], Made]] = {"http.client": _plain, "httpx": _httpx}
    if find_spec("urllib3") is not None:
        found["urllib3"] = _urllib3
    return found


def _plain(port: int, papers: Papers) -> Made:
    context = papers.context()

    def made() -> tuple[Post, Callable[[], object]]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)

        def post(body: bytes) -> int:
            connection.request("POST", MESSAGES_PATH, body, _HEADERS)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        return post, connection.close

    return made


def _httpx(port: int, papers: Papers) -> Made:
    import httpx  # noqa: PLC0415  # 65 ms

    context, url = papers.context(), f"https://127.0.0.1:{port}{MESSAGES_PATH}"

    def made() -> tuple[Post, Callable[[], object]]:
        client = httpx.Client(verify=context, timeout=30, trust_env=False)
        return (lambda body: client.post(url, content=body, headers=_HEADERS).status_code), client.close

    return made


def _urllib3(port: int, papers: Papers) -> Made:
    import urllib3  # noqa: PLC0415  # only where it is installed

    context = papers.context()

    def made() -> tuple[Post, Callable[[], object]]:
        pool: Any = urllib3.HTTPSConnectionPool("127.0.0.1", port, ssl_context=context, maxsize=1, timeout=30)

        def post(body: bytes) -> int:
            return int(pool.urlopen("POST", MESSAGES_PATH, body=body, headers=_HEADERS, retries=False).status)

        return post, pool.close

    return made
