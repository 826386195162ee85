"""One connection to an MQTT broker. Once it breaks it is thrown away, with all that the library had in its queue."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from console.sync.targets.base import TargetError, Unreachable
from console.sync.targets.https.failures import of_network
from console.sync.targets.mqtt.parts import Login, Socket, Trouble, properties_of
from console.sync.targets.mqtt.topics import Publication
from console.sync.targets.mqtt.words import GOOD, LOGIN_REFUSED, NOT_ALLOWED, failure
from models.words import _

CONNECT_S = ANSWER_S = 10.0
_SLOWEST = 5_000
"""Bytes per second; who is slower has lost the connection."""
_KEEPALIVE_S = 30
"""A broker that hears nothing for one and a half of this says that the desk is offline."""
_AROUND = 512
"""Bytes of a packet beside topic and payload, at most."""


class Line:
    """A connection; `publish` may be called from several threads at once.

    MQTT 5 and not 3.1.1: only there the broker says why it does not take something, and what is published can carry
    names beside it, so that a JPEG is known again.

    Args:
        login: where to and who.
        broke: called when it is over, on any thread.

    Raises:
        TargetError: it could not be made.
    """

    def __init__(self, login: Login, broke: Callable[[], None] = lambda: None) -> None:
        self._login, self._broke = login, broke
        self._changed = threading.Condition()
        self._acks: dict[int, int] = {}
        self._granted: dict[int, list[int]] = {}
        self._up = False
        self._largest = 0
        self._broken: TargetError | None = None
        self._ears: list[Callable[[MQTTMessage], None]] = []
        self._trouble = Trouble()
        self._client = self._made()
        try:
            self._client.connect(login.host, login.port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise self._in_words(error) from None
        self._client.loop_start()
        try:
            self._wait(lambda: self._up, time.monotonic() + ANSWER_S)
        except TargetError:
            self.close()
            raise

    @property
    def broken(self) -> TargetError | None:
        """Why it is over; None: it stands."""
        return self._broken

    def too_large(self, publication: Publication) -> bool:
        """Whether the broker has said that it takes nothing of this size."""
        around = _AROUND + len(publication.topic.encode())
        return bool(self._largest) and len(publication.payload) + around > self._largest

    def publish(self, publications: Sequence[Publication], within_s: float = ANSWER_S) -> list[int | None]:
        """Publish with QoS 1; the broker's reason code for each, once it has said one for all of them.

        Some brokers end the connection with the first that they don't take: then what was said so far is the answer,
        and None for the others.

        Args:
            publications: what.
            within_s: so long it may take, beside the time its size needs.

        Raises:
            TargetError: the connection broke, or no answer came; some of it may have been taken.
        """
        size, numbers = sum(len(one.payload) for one in publications), list[int]()
        for one in publications:
            if self._broken is not None:
                break
            info = self._client.publish(one.topic, one.payload, 1, one.retain, properties_of(one))
            if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_QUEUE_SIZE):
                self._over(self._in_words(None))
            numbers.append(info.mid)
        until = time.monotonic() + within_s + size / _SLOWEST
        try:
            self._wait(lambda: all(number in self._acks for number in numbers), until)
            if len(numbers) < len(publications) and self._broken is not None:
                raise self._broken
        except TargetError:
            with self._changed:
                said = [self._acks.get(number) for number in numbers]
            if all(code is None or code < GOOD for code in said):
                raise
            return [*said, *(None for _rest in publications[len(said) :])]
        with self._changed:
            return [self._acks.pop(number) for number in numbers]

    @contextmanager
    def listening(self, topics: Sequence[str], hear: Callable[[MQTTMessage], None]) -> Iterator[None]:
        """Hear what is published to these topics and what is retained there, on the connection's own thread.

        Raises:
            TargetError: the broker does not allow it, or the connection broke.
        """
        self._ears.append(hear)
        try:
            _rc, number = self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
            self._wait(lambda: number in self._granted, time.monotonic() + ANSWER_S)
            denied = [code for code in self._granted.pop(number or 0) if code >= GOOD]
            if denied:
                raise failure(denied[0], self._login.place)
            yield
            self._client.unsubscribe(list(topics))
        finally:
            self._ears.remove(hear)

    def wait_for(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something heard makes `done` true; False: it did not within that time.

        Raises:
            TargetError: the connection broke.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._broken is not None or done(), timeout_s)
            if self._broken is not None and not done():
                raise self._broken
            return done()

    def peer(self) -> tuple[str, bytes | None]:
        """The version of TLS and the broker's certificate (DER); empty and None in the clear."""
        socket = self._client.socket()
        if not isinstance(socket, ssl.SSLSocket):
            return "", None
        return socket.version() or "", socket.getpeercert(binary_form=True)

    def close(self) -> None:
        """Say goodbye, without the last will, and let go; harmless when done already."""
        self._over(Unreachable(_("The connection to {place} was closed.").format(place=self._login.place)))
        with suppress(OSError, ValueError):
            self._client.disconnect()
        self._client.loop_stop()

    def _made(self) -> Client:
        login = self._login
        client = Client(
            CallbackAPIVersion.VERSION2,
            login.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.enable_logger(self._trouble)
        client.suppress_exceptions = True
        if login.user is not None:
            client.username_pw_set(login.user, login.password)
        if login.tls is not None:
            context = login.tls.context()
            context.sslsocket_class = Socket
            client.tls_set_context(context)
        if login.will is not None:
            client.will_set(login.will.topic, login.will.payload, 1, login.will.retain)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_socket_close = self._on_close
        client.on_publish, client.on_subscribe, client.on_message = (
            self._on_publish,
            self._on_subscribe,
            self._on_message,
        )
        return client

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, said: Properties | None) -> None:
        if code.is_failure:
            self._over(failure(LOGIN_REFUSED if code.value == NOT_ALLOWED else code.value, self._login.place))
            return
        if getattr(said, "MaximumQoS", 1) < 1:
            self._over(failure(0x9B, self._login.place))
            return
        with self._changed:
            self._largest = int(getattr(said, "MaximumPacketSize", 0))
            self._up = True
            self._changed.notify_all()

    def _on_disconnect(self, _client: Client, _data: Any, flags: Any, code: ReasonCode, _said: Any) -> None:
        told = flags.is_disconnect_packet_from_server and code.value >= GOOD
        self._over(failure(code.value, self._login.place) if told else self._in_words(None))

    def _on_close(self, _client: Client, _data: Any, socket: Any) -> None:
        """A write that failed may have been answered already, by an alert that nobody has read yet: it says why."""
        if not self._up and isinstance(socket, ssl.SSLSocket) and isinstance(self._trouble.last, ssl.SSLError):
            try:
                socket.recv(1)
            except ssl.SSLError as error:
                if error.reason is not None:
                    self._trouble.last = error
            except OSError:
                pass  # then there is nothing to be read

    def _on_publish(self, _client: Client, _data: Any, number: int, code: ReasonCode, _said: Any) -> None:
        with self._changed:
            self._acks[number] = code.value
            self._changed.notify_all()

    def _on_subscribe(self, _client: Client, _data: Any, number: int, codes: list[ReasonCode], _said: Any) -> None:
        with self._changed:
            self._granted[number] = [code.value for code in codes]
            self._changed.notify_all()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._changed:
            for hear in self._ears:
                hear(message)
            self._changed.notify_all()

    def _over(self, why: TargetError) -> None:
        with self._changed:
            self._broken = self._broken or why
            self._changed.notify_all()
        self._broke()

    def _wait(self, done: Callable[[], bool], until: float) -> None:
        if not self.wait_for(done, max(until - time.monotonic(), 0.0)):
            what = _("{place} did not answer in time.").format(place=self._login.place)
            self._over(Unreachable(what, _("It is tried again by itself.")))
            raise self._broken or AssertionError

    def _in_words(self, error: Exception | None) -> TargetError:
        """What a failure of the connection means; None: the last one that the library met."""
        met, place = error or self._trouble.last or ConnectionError(), self._login.place
        if isinstance(met, TimeoutError):
            what = _("{place} did not answer within {seconds:g} s: it can't be reached from here.")
            hint = _("It is tried again by itself. Should it stay so, check the network and the target's address.")
            return Unreachable(what.format(place=place, seconds=CONNECT_S), hint)
        of_tls = self._login.tls.in_words(met, place) if self._login.tls is not None else None
        return of_tls or of_network(met, place, CONNECT_S, ANSWER_S)
