"""A subscriber that collects all that a broker hands out, in its order, and misses nothing while the broker is away."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.servers.mosquitto import WATCHER, Mosquitto

WAIT_S = 10.0
_names = itertools.count()


@dataclass(frozen=True)
class Heard:
    """One message."""

    topic: str
    payload: bytes
    retained: bool
    about: dict[str, str]
    content_type: str

    @property
    def said(self) -> Any:
        """The payload's JSON."""
        return json.loads(self.payload)


class Watcher:
    """Hears everything; what comes while it is not connected, the broker keeps for it.

    Attributes:
        heard: in order.
    """

    def __init__(self, broker: Mosquitto) -> None:
        self._broker, self._changed, self._granted = broker, threading.Condition(), False
        self.heard: list[Heard] = []
        self._marks = itertools.count()
        name = f"watcher-{next(_names)}"
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(*WATCHER)
        self._client.tls_set(str(broker.authority.ca))
        self._client.reconnect_delay_set(0.05, 0.2)  # type: ignore[arg-type]  # seconds, whole ones or not
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        staying = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        staying.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", self._broker.port, clean_start=False, properties=staying)
        self._client.loop_start()
        self.wait(lambda: self._granted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, done: Callable[[], bool]) -> None:
        """Until something is so."""
        with self._changed:
            assert self._changed.wait_for(done, WAIT_S), [(one.topic, one.payload[:80]) for one in self.heard]

    def all(self) -> list[Heard]:
        """All that the broker had taken before this was asked: once a mark comes back, what was before it has come."""
        self.wait(lambda: self._granted)
        mark = f"mark/{next(self._marks)}"
        self._client.publish(mark, b"", 1)
        self.wait(lambda: any(one.topic == mark for one in self.heard))
        with self._changed:
            return [one for one in self.heard if not one.topic.startswith("mark/")]

    def _on_subscribe(self, *_: Any) -> None:
        with self._changed:
            self._granted = True
            self._changed.notify_all()

    def _on_disconnect(self, *_: Any) -> None:
        with self._changed:
            self._granted = False

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        about = dict(getattr(message.properties, "UserProperty", ()))
        kind = getattr(message.properties, "ContentType", "")
        with self._changed:
            self.heard.append(Heard(message.topic, bytes(message.payload), message.retain, about, kind))
            self._changed.notify_all()


def retained(broker: Mosquitto) -> dict[str, Heard]:
    """What stands at a broker for whoever comes, by topic."""
    with Watcher(broker) as watcher:
        return {one.topic: one for one in watcher.all() if one.retained}
