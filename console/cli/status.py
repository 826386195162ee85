"""Cameras as a table: live while a run goes on, and in words at its end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from console.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_EVERY_S = 0.5


class StatusTable:
    """A table on standard error that follows the cameras; nothing where standard error is no terminal."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._live: Live | None = None
        self._next = 0.0
        self._before: dict[str, tuple[float, int, int]] = {}

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def tick(self) -> None:
        """Redraw when it is time."""
        now = time.monotonic()
        if self._live is None or now < self._next:
            return
        self._next = now + _EVERY_S
        self._live.update(self._table(now), refresh=True)

    def _table(self, now: float) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        table.add_column("camera")
        table.add_column("state")
        for heading in ("fps in", "inferred", "p95 ms", "dropped"):
            table.add_column(heading, justify="right")
        for camera_id in self._pipeline.cameras:
            meter = self._pipeline.meter(camera_id).summary()
            frames, inferred = int(str(meter["frames"])), int(str(meter["inferred"]))
            since, frames_then, inferred_then = self._before.get(camera_id, (now - _EVERY_S, frames, inferred))
            self._before[camera_id] = now, frames, inferred
            span = max(now - since, 1e-3)
            table.add_row(
                camera_id,
                str(self._pipeline.status(camera_id)),
                f"{(frames - frames_then) / span:.1f}",
                f"{(inferred - inferred_then) / span:.1f}",
                _ms(meter["latency"]),
                str(sum(dict(meter["dropped"]).values())),  # type: ignore[call-overload]
            )
        return table

    @staticmethod
    def in_words(summary: dict[str, Any]) -> str:
        """The summary of a run as lines for a person."""
        total = summary["total"]
        lines = [_line(camera_id, camera) for camera_id, camera in summary["cameras"].items()]
        if len(lines) > 1:
            lines.append(_line("all", total))
        if ran := total.get("ran"):
            lines.append(
                f"{ran['model']} ran on {ran['runtime']} {ran['version']}, {ran['device']}, {ran['precision']}"
                f", {summary['seconds']:.1f} s"
            )
        return "\n".join(lines)


def _line(name: str, figures: dict[str, Any]) -> str:
    dropped = ", ".join(f"{count} {cause}" for cause, count in figures["dropped"].items()) or "none"
    errors = f"; errors: {'; '.join(figures['errors'])}" if figures["errors"] else ""
    return (
        f"{name}: {figures['frames']} frames, {figures['inferred']} inferred ({figures['fps']['inferred']:.1f}/s),"
        f" dropped: {dropped}; {figures['detections']} boxes, {figures['tracks']} tracks;"
        f" p50/p95/p99 {_percentiles(figures['latency'])}{errors}"
    )


def _percentiles(latency: dict[str, Any]) -> str:
    whole = latency.get("end to end")
    return "/".join(f"{whole[p] * 1e3:.0f}" for p in ("p50", "p95", "p99")) + " ms" if whole else "-"


def _ms(latency: Any) -> str:
    whole = latency.get("end to end")
    return f"{whole['p95'] * 1e3:.0f}" if whole else "-"
