"""What pages and tiles ask a running site about its models: what runs, what is being loaded, why there are no boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from console.pipeline.loading import Loading


@runtime_checkable
class RunsModels(Protocol):
    """A site that runs models."""

    @property
    def loading(self) -> tuple[Loading, ...]:
        """Models that are being loaded now."""

    def cancel_loading(self) -> None:
        """Give that up; what ran goes on."""

    def trouble(self, camera_id: str) -> str:
        """Why a camera has no boxes now, in words; empty when all is well."""

    def ran(self, camera_id: str) -> list[dict[str, Any]]:
        """What really runs for a camera, stage by stage."""


class _NoModels:
    """Of a site that runs none."""

    loading: tuple[Loading, ...] = ()

    def cancel_loading(self) -> None:
        """Nothing is being loaded."""

    def trouble(self, _camera_id: str) -> str:
        """None."""
        return ""

    def ran(self, _camera_id: str) -> list[dict[str, Any]]:
        """Nothing."""
        return []


_NONE = _NoModels()


def models_of(site: object) -> RunsModels:
    """The models' side of a site; an empty one where it has none."""
    return site if isinstance(site, RunsModels) else _NONE


@dataclass(frozen=True, slots=True)
class Standing:
    """How a camera's models stand.

    Attributes:
        trouble: why there are no boxes now; empty when all is well.
        astray: nodes that a CPU executes though an accelerator was asked for.
        nodes: in all.
        fell_back: what was asked for instead of what runs, and why it does not; empty when it was got.
    """

    trouble: str = ""
    astray: int = 0
    nodes: int = 0
    fell_back: str = ""


WELL = Standing()


def standing_of(site: object, camera_id: str) -> Standing:
    """How a camera's models stand."""
    models = models_of(site)
    ran = models.ran(camera_id)
    return Standing(
        models.trouble(camera_id),
        sum(stage.get("astray", 0) for stage in ran),
        sum(sum(stage.get("nodes", {}).values()) for stage in ran),
        next((stage["fell_back"] for stage in ran if stage.get("fell_back")), ""),
    )
