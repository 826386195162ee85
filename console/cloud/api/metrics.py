"""What is counted, for Prometheus: totals of this machine, of no site and no desk in particular."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.sync.wire import Said

if TYPE_CHECKING:
    from console.cloud.jobs.values import JobFigures
    from console.cloud.keeping.said import Figures
    from console.cloud.serving.limits import Figures as Served

_METHODS = {"GET", "POST"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meters:
    """The counts of one application.

    Args:
        served: what the server counts of connections; None: it does not.
    """

    def __init__(self, served: Served | None = None) -> None:
        self._registry = CollectorRegistry()
        self._served = served
        ProcessCollector(registry=self._registry)
        own: dict[str, Any] = {"namespace": "sightdesk_cloud", "registry": self._registry}
        self.requests = Counter("requests", "Requests answered.", ["route", "method", "status"], **own)
        self.seconds = Histogram(
            "request_seconds", "From a request's head to its answer's end.", ["route"], buckets=_SECONDS, **own
        )  # fmt: skip
        self.bytes = Counter("body_bytes", "Bytes of bodies that were read whole.", **own)
        self.messages = Counter("messages", "Messages by what became of them.", ["state"], **own)
        self.bodies = Gauge("bodies", "Requests with a body that are under way.", **own)
        self.up = Gauge("database_up", "Whether the database and the folder answered when last asked.", **own)

    def say(self, said: Sequence[Said]) -> None:
        """Count what became of messages."""
        for one in said:
            self.messages.labels(one.state).inc()

    def page(self, figures: tuple[Figures, JobFigures] | None) -> bytes:
        """The text for Prometheus; without figures of what is kept and queued where there are none."""
        self.up.set(figures is not None)
        found = _Found()
        found.metrics += [] if figures is None else [*_kept(figures[0]), *_jobs(figures[1])]
        found.metrics += [] if self._served is None else _connections(self._served)
        return generate_latest(self._registry) + generate_latest(found)


class _Found(CollectorRegistry):
    """Figures that others count, as they were found."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """See the base class."""
        return self.metrics


def _kept(found: Figures) -> Iterator[Metric]:
    name = "sightdesk_cloud_kept_"
    messages = GaugeMetricFamily(f"{name}messages", "Messages that are kept.", labels=["kind"])
    for kind, n in sorted(found["messages"].items()):
        messages.add_metric([kind], n)
    yield messages
    yield GaugeMetricFamily(f"{name}files", "Files that are kept.", found["files"])
    yield GaugeMetricFamily(f"{name}bytes", "Bytes of files that are kept.", found["bytes"])
    yield GaugeMetricFamily(f"{name}erased", "Tracking IDs that were erased.", found["erased"])
    if found["oldest"] is not None:
        at = datetime.fromisoformat(found["oldest"]).timestamp()
        yield GaugeMetricFamily(f"{name}oldest_timestamp_seconds", "When the oldest came.", at)


def _jobs(found: JobFigures) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("sightdesk_cloud_jobs", "Jobs by how they stand.", labels=["state"])
    for state, n in found.number.items():
        jobs.add_metric([state], n)
    yield jobs
    if found.oldest_queued_at is not None:
        at = datetime.fromisoformat(found.oldest_queued_at).timestamp()
        name = "sightdesk_cloud_jobs_oldest_queued_timestamp_seconds"
        yield GaugeMetricFamily(name, "When the oldest job was queued that is not being worked on.", at)


def _connections(served: Served) -> Iterator[Metric]:
    yield GaugeMetricFamily("sightdesk_cloud_connections", "Connections that are open.", served.open)
    refused = CounterMetricFamily(
        "sightdesk_cloud_connections_refused", "Connections that were turned away or cut.", labels=["why"]
    )
    for why, n in sorted(served.refused.items()):
        refused.add_metric([why], n)
    yield refused


class Measured:
    """Counts and times the requests of an application.

    Args:
        app: the application.
        meters: where.
    """

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 500, time.monotonic()

        async def say(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, say)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._meters.requests.labels(route, method, str(status)).inc()
            self._meters.seconds.labels(route).observe(time.monotonic() - begun)
