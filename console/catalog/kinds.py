"""Which kind of source serves which line of the catalogue."""

from __future__ import annotations

from console.catalog.debian import DebianSource
from console.catalog.entries import DebSpec, UrlSpec, WheelSpec
from console.catalog.source import Source
from console.catalog.wheel import WheelSource


def source_for(spec: UrlSpec | WheelSpec | DebSpec) -> Source:
    """The source that a line describes."""
    if isinstance(spec, WheelSpec):
        return WheelSource(spec)
    if isinstance(spec, DebSpec):
        return DebianSource(spec)
    from console.catalog.url import UrlSource  # noqa: PLC0415 - httpx costs 65 ms, and a start fetches nothing

    return UrlSource(spec)
