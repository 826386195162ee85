"""From the settings of a target to the target."""

from __future__ import annotations

from importlib.util import find_spec

from console.settings.sync import TargetKind, TargetSettings
from console.store.store import Store
from console.sync.targets.base import Denied, Secret, Target
from models.words import _

_NEEDS: dict[TargetKind, str] = {"objects": "obstore", "mqtt": "paho"}


def make_target(settings: TargetSettings, secret: Secret, store: Store, site: str) -> Target:
    """A target, ready to be sent to; nothing is connected to yet, and files and secrets are read when it is.

    Args:
        settings: of this target.
        secret: from a secret's name to the secret.
        store: where an object store's ledger is kept.
        site: the site's name, as others see it.

    Raises:
        Denied: a library that this kind of target needs is not installed.
        SecretError: its secret is missing.
    """
    needed = _NEEDS.get(settings.kind)
    if needed is not None and find_spec(needed) is None:
        raise Denied(
            _("Nothing can be sent to {name}: the library for this kind of target is not installed here.").format(
                name=settings.name
            ),
            _("Install it: uv sync --extra targets. Then start Sightdesk again."),
        )
    # each kind brings its own library, and none of them is needed until there is such a target
    if settings.kind == "cloud":
        from console.sync.targets.https.cloud import CloudTarget  # noqa: PLC0415  # see above

        return CloudTarget(settings, secret)
    if settings.kind == "webhook":
        from console.sync.targets.https.webhook import WebhookTarget  # noqa: PLC0415  # see above

        return WebhookTarget(settings, secret)
    if settings.kind == "objects":
        from console.sync.targets.objects.target import ObjectsTarget  # noqa: PLC0415  # see above

        return ObjectsTarget(settings, secret, store, site)
    from console.sync.targets.mqtt.target import MqttTarget  # noqa: PLC0415  # see above

    return MqttTarget(settings, secret, site)
