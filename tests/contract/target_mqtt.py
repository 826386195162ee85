"""MQTT for the contract suite: to a Mosquitto of its own with TLS, passwords and rights, and a subscriber beside it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.settings.section import SecretRef
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Parcel, Target
from console.sync.targets.mqtt.target import MqttTarget
from tests.contract.target_case import Peer, TargetCase
from tests.servers.mosquitto import DESK, Mosquitto, why_not
from tests.servers.mqtt_watcher import Heard, Watcher, retained


class MqttPeer:
    """See `tests.contract.target_case.Peer`."""

    def __init__(self, broker: Mosquitto, watcher: Watcher) -> None:
        self.broker, self.watcher = broker, watcher
        self._sites = itertools.count()

    def target(self, *, wrong_key: bool = False) -> Target:
        settings = TargetSettings(
            name="broker", kind="mqtt", url=f"mqtts://localhost:{self.broker.port}/sightdesk", user=DESK[0],
            secret=SecretRef(secret="broker"), ca=str(self.broker.authority.ca),
        )  # fmt: skip
        password = "not this one" if wrong_key else DESK[1]
        return MqttTarget(settings, {"broker": password}.__getitem__, f"site {next(self._sites)}")

    def copies(self, parcel: Parcel) -> int:
        heard = self.watcher.all()
        told = {one.said["message_id"] for one in heard if one.content_type == "application/json" and same(one, parcel)}
        if parcel.file is None:
            return len(told)
        files = {
            one.about["message_id"]
            for one in heard
            if one.payload == parcel.file.content and one.about["sha256"] == parcel.file.sha256
            and one.content_type == parcel.file.content_type and one.about["tracking_id"] == parcel.tracking_id
        }  # fmt: skip
        return len(told & files)

    def stop(self) -> None:
        self.broker.stop()

    def start(self) -> None:
        self.broker.start()

    def erased(self, tracking_id: str) -> bool:
        told = any(
            tracking_id in one.said["body"]["tracking_ids"]
            for one in self.watcher.all()
            if one.topic == "sightdesk/erased"
        )
        return told and all(one.about.get("tracking_id") != tracking_id for one in retained(self.broker).values())


def same(heard: Heard, parcel: Parcel) -> bool:
    """Whether a message says what a parcel says."""
    said = heard.said
    names = ("message_id", "tracking_id", "number", "kind", "camera_id", "written_at")
    return all(said[name] == getattr(parcel, name) for name in names) and said["body"] == json.loads(
        json.dumps(dict(parcel.body))
    )


@contextmanager
def running(folder: Path, _store: Store) -> Iterator[Peer]:
    """A broker that lets in who has a password, and a subscriber."""
    with Mosquitto(folder) as broker, Watcher(broker) as watcher:
        yield MqttPeer(broker, watcher)


CASES = [TargetCase("mqtt", why_not, running)]
