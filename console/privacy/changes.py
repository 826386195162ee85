"""Which settings are a supervisor's to change, and what of them changed: old to new, for the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console.settings.schema import Settings

_WHOLE = ("privacy", "keep", "audit", "remote", "sync")
_OF_EVENTS = ("keep_days", "keep_events")
_OF_CAMERA = ("privacy", "keep", "published_as")


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that changed.

    Attributes:
        what: its path: ``privacy.faces``, ``cameras.gate.privacy.style``.
        old: its value before; None: it had none.
        new: its value now; None: it has none.
    """

    what: str
    old: Any
    new: Any

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return {"what": self.what, "from": self.old, "to": self.new}


def guarded(settings: Settings) -> dict[str, Any]:
    """Every setting that is a supervisor's, by path, as JSON.

    They say what is covered, kept, recorded and sent to whom, and what a model must pass. A camera that has nothing of
    its own here is not in it: it may come and go.
    """
    values: dict[str, Any] = {}
    for name in _WHOLE:
        values.update(_flat(name, getattr(settings, name).model_dump(mode="json")))
    values.update(_flat("inference.gate", settings.inference.gate.model_dump(mode="json")))
    events = settings.events.model_dump(mode="json")
    values.update({f"events.{name}": events[name] for name in _OF_EVENTS})
    for camera in settings.cameras:
        own = camera.model_dump(mode="json", include=set(_OF_CAMERA), exclude_defaults=True)
        values.update(_flat(f"cameras.{camera.id}", own))
    return values


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two outcomes of `guarded`, in the order of the paths."""
    paths = sorted(before.keys() | after.keys())
    return [Change(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Values by path; lists stay whole."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{path}.{name}", item)
    else:
        yield path, value
