"""What a worker counts, for Prometheus and for its last line."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client import Counter as Count
from prometheus_client.process_collector import ProcessCollector

from console.cloud.errors import CloudError
from console.cloud.jobs.values import Claimed
from models.words import _

OUTCOMES = ("done", "failed", "again", "given_back", "dropped")
"""again: queued once more; dropped: another attempt has it, or it was erased, so what came of this one counts not."""
Part = Literal["wait", "read", "infer", "settle"]
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Figures:
    """Counts; any thread may call it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"namespace": "sightdesk_cloud_worker", "registry": self.registry}
        ProcessCollector(registry=self.registry)
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._jobs = Count("jobs", "Jobs by what they came to.", ["task", "outcome"], **own)
        self._batches = Histogram("batch_pictures", "Pictures given to models together.", buckets=_SIZES, **own)
        self._seconds = Histogram(
            "seconds",
            "read and wait: of a picture, until it was open, and from then until its batch began; infer: of a batch; "
            "settle: of what was written together.",
            ["part"],
            buckets=_SECONDS,
            **own,
        )

    def count(self, jobs: Sequence[Claimed], outcome: str) -> None:
        """So many came to this."""
        with self._lock:
            self._outcomes[outcome] += len(jobs)
        for job in jobs:
            self._jobs.labels(job.task, outcome).inc()

    def batch(self, pictures: int) -> None:
        """A batch was made."""
        self._batches.observe(pictures)

    def took(self, part: Part, seconds: float) -> None:
        """So long it took."""
        self._seconds.labels(part).observe(seconds)

    def totals(self) -> dict[str, int]:
        """How many jobs came to what."""
        with self._lock:
            return {outcome: self._outcomes[outcome] for outcome in OUTCOMES}


class Shown:
    """The figures at an address, until `close`.

    Args:
        figures: what is shown.
        address: HOST:PORT, or the port alone for this machine.

    Raises:
        CloudError: it is none, or is taken.
    """

    def __init__(self, figures: Figures, address: str) -> None:
        host, _colon, port = address.rpartition(":")
        host = host.strip("[]") or "127.0.0.1"
        hint = _("Name another port, with --metrics 127.0.0.1:9464 for instance.")
        try:
            self._server, self._thread = start_http_server(int(port), host, figures.registry)
        except OSError as error:
            why = error.strerror or error
            raise CloudError(
                _("The figures can't be shown at {address}: {why}.").format(address=address, why=why), hint
            ) from error
        except (OverflowError, ValueError) as error:
            raise CloudError(
                _("The figures can't be shown at {address}: that is no HOST:PORT.").format(address=address), hint
            ) from error

    @property
    def url(self) -> str:
        """Where they are."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/metrics"

    def close(self) -> None:
        """Show them no longer."""
        with suppress(OSError):
            self._server.shutdown()
            self._server.server_close()
        self._thread.join(1.0)
