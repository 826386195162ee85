"""How long the cloud lets a desk wait: so many requests a second, sent when they are due whatever became of others.

Each request's time counts from the moment at which it was due: a server that stands still for a second is not asked
less meanwhile.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

from console.sync import wire

ACCEPTED = 202
_CONNECTIONS = 32


@dataclass
class Asked:
    """What came of it: seconds of those that were taken, and the answers by status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def milliseconds(self) -> dict[str, float]:
        """Percentiles."""
        found = np.percentile(self.seconds or [0.0], (50, 95, 99, 100)) * 1000
        return {name: round(float(each), 1) for name, each in zip(("p50", "p95", "p99", "max"), found, strict=True)}


def ask(url: str, bodies: Sequence[bytes], per_second: float) -> Asked:
    """Send these, one after the other, at a steady rate; returns when all are answered.

    Raises:
        OSError: the server can't be reached, or broke off.
    """
    place = urlsplit(url)
    due: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
    asked, lock, errors = Asked(), threading.Lock(), list[OSError]()

    def work() -> None:
        connection = http.client.HTTPConnection(str(place.hostname), int(place.port or 80), timeout=60)
        try:
            while (one := due.get()) is not None:
                at, body = one
                connection.request("POST", wire.MESSAGES_PATH, body, {"Content-Type": wire.CONTENT_TYPE})
                answer = connection.getresponse()
                answer.read()
                took = time.monotonic() - at
                with lock:
                    asked.statuses[answer.status] += 1
                    if answer.status == ACCEPTED:
                        asked.seconds.append(took)
        except OSError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, name=f"desk {number}") for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    for number, body in enumerate(bodies):
        at = begun + number / per_second
        time.sleep(max(at - time.monotonic(), 0.0))
        due.put((at, body))
    for _thread in threads:
        due.put(None)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return asked
