"""A broker as a target: what leaves is published and confirmed one by one, and it says whether this desk is there."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.errors import SecretError
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied, Parcel, Receipt, Refused, Secret, TargetError, Unreachable
from console.sync.targets.mqtt.line import ANSWER_S, CONNECT_S, Line
from console.sync.targets.mqtt.parts import Login
from console.sync.targets.mqtt.topics import OFFLINE, ONLINE, Publication, prefix_of, publications, safe
from console.sync.targets.mqtt.words import GOOD, failure, refusal
from console.sync.targets.tls import Tls, describe
from models.words import _

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

log = logging.getLogger(__name__)

AT_ONCE, AT_ONCE_BYTES = 50, 8 << 20
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
_TOO_LARGE = 0x95
_FAREWELL_S = 2.0
_HOLD_OFF_S = 30.0
_LASTING_S = 10.0


class MqttTarget:
    """A broker. It is connected to when something is sent first, and stays so: presence is shown all the time.

    Args:
        settings: its own.
        secret: gives the password.
        site: this site's name; with the target's it is the session's. Empty: this machine's goes for it.
    """

    def __init__(self, settings: TargetSettings, secret: Secret, site: str) -> None:
        self.name = settings.name
        self.at_once, self.at_once_bytes = AT_ONCE, AT_ONCE_BYTES
        self._settings, self._secret = settings, secret
        self._client_id = f"sightdesk-{safe(site or socket.gethostname())}-{settings.name}"
        self._tls = Tls(settings) if urlsplit(settings.url).scheme == "mqtts" else None
        self._changed = threading.Condition()
        self._line: Line | None = None
        self._problem: TargetError | None = None
        self._tries = self._asked = 0
        self._closed = self._held_off = False
        self._keeper: threading.Thread | None = None
        self._erasing = threading.Lock()
        self._newest: dict[str, int] = {}  # of each retained topic: which message's picture stands there

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Receipt | Refused]:
        """See `Target`."""
        line, prefix = self._connected(), prefix_of(self._settings.url)
        erased = [parcel for parcel in parcels if parcel.kind == "erased"]
        found = self._erase(line, prefix, erased) if erased else {}
        found |= self._publish(line, prefix, [parcel for parcel in parcels if parcel.kind != "erased"])
        return [found[parcel.message_id] for parcel in parcels]

    def settle(self) -> None:
        """See `Target`: presence is shown by being connected."""
        self._connected()

    def check(self) -> str:
        """See `Target`: a connection beside the one there may be, which publishes nothing."""
        login, begun = self._login(will=None, client_id=f"{self._client_id}-check"), time.monotonic()
        line = Line(login)
        try:
            took, (version, certificate) = time.monotonic() - begun, line.peer()
        finally:
            line.close()
        said = _("A broker answers at {place} in {ms:.0f} ms").format(place=self._place, ms=took * 1000)
        if certificate is None:
            return _("{said}, in the clear.").format(said=said)
        name, ends = describe(certificate)
        return _("{said}, over {version}; its certificate is that of {name} and ends on {day}.").format(
            said=said, version=version, name=name, day=f"{ends:%Y-%m-%d}"
        )

    def close(self) -> None:
        """See `Target`: the broker is told that this desk is offline, unless it can't be."""
        with self._changed:
            self._closed, keeper = True, self._keeper
            self._changed.notify_all()
        if keeper is not None:
            keeper.join(_FAREWELL_S + 1.0)

    @property
    def _place(self) -> str:
        return urlsplit(self._settings.url).netloc

    def _publish(self, line: Line, prefix: str, parcels: Sequence[Parcel]) -> dict[str, Receipt | Refused]:
        planned = {parcel.message_id: self._in_turn(publications(prefix, parcel), parcel.number) for parcel in parcels}
        found: dict[str, Receipt | Refused] = {}
        for message_id, ones in planned.items():
            large = next((one for one in ones if line.too_large(one)), None)
            if large is not None and (no := refusal(_TOO_LARGE, large.topic, len(large.payload))) is not None:
                found[message_id] = no
        while going := [(name, one) for name, ones in planned.items() if name not in found for one in ones]:
            codes = line.publish([one for _name, one in going])
            found |= self._answers(going, codes)
            if None not in codes:
                break
            line = self._connected()  # those that nothing was said of, once more, without the one that broke it
        return found

    def _answers(
        self, going: Sequence[tuple[str, Publication]], codes: Sequence[int | None]
    ) -> dict[str, Receipt | Refused]:
        """What the codes mean for each message of which all was said, or that is refused."""
        found: dict[str, Receipt | Refused] = {}
        open_ones = {name for (name, _one), code in zip(going, codes, strict=True) if code is None}
        for (name, one), code in zip(going, codes, strict=True):
            if code is None:
                continue
            no = refusal(code, one.topic, len(one.payload))
            if code >= GOOD and no is None:
                raise failure(code, self._place)
            if no is not None:
                found[name] = no
            elif name not in open_ones:
                found.setdefault(name, Receipt(name, {"topic": one.topic}))
        return found

    def _in_turn(self, ones: list[Publication], number: int) -> list[Publication]:
        """An older picture that is sent again does not take the place of a newer one that is retained."""
        with self._changed:
            for at, one in enumerate(ones):
                if one.retain and self._newest.setdefault(one.topic, number) > number:
                    ones[at] = Publication(one.topic, one.payload, content_type=one.content_type, about=one.about)
                elif one.retain:
                    self._newest[one.topic] = number
        return ones

    def _erase(self, line: Line, prefix: str, parcels: Sequence[Parcel]) -> dict[str, Receipt | Refused]:
        """Say what has to go, and clear the retained pictures of it: the broker itself is asked which stand there.

        It delivers what is retained before what is published later, so once the word of the erasure itself comes back,
        every retained picture has come.
        """
        gone = {str(one) for parcel in parcels for one in parcel.body.get("tracking_ids", ())}
        wanted, stand, back = {parcel.message_id for parcel in parcels}, set[str](), set[str]()

        def hear(message: MQTTMessage) -> None:
            about: Mapping[str, str] = dict(getattr(message.properties, "UserProperty", ()))
            if message.topic.endswith("/snapshot") and about.get("tracking_id") in gone:
                stand.add(message.topic)
            back.add(about.get("message_id", ""))

        with self._erasing, line.listening([f"{prefix}/+/+/snapshot", f"{prefix}/erased"], hear):
            found = self._publish(line, prefix, parcels)
            if not line.wait_for(lambda: wanted <= back, ANSWER_S):
                raise Denied(
                    _(
                        "{place} does not let this desk read under {prefix}: erased pictures may still stand there."
                    ).format(place=self._place, prefix=prefix),
                    _("Whoever runs the broker must let this user read {prefix}/#.").format(prefix=prefix),
                )
            codes = line.publish([Publication(topic, b"", retain=True) for topic in sorted(stand)])
        self._need_good(codes)
        answer = {"topic": f"{prefix}/erased", "cleared": len(stand)}
        return {one: Receipt(one, answer) if isinstance(said, Receipt) else said for one, said in found.items()}

    def _available(self, said: bytes) -> Publication:
        return Publication(f"{prefix_of(self._settings.url)}/available", said, retain=True)

    def _login(self, will: Publication | None, client_id: str) -> Login:
        parts, user, password = urlsplit(self._settings.url), self._settings.user or None, None
        if self._settings.secret is not None:
            try:
                password = self._secret(self._settings.secret.secret)
            except SecretError as error:
                raise Denied(error.what, error.hint) from None
        port = parts.port or _PORTS[parts.scheme]
        return Login(parts.hostname or "", port, client_id, user, password, self._tls, will)

    def _connected(self) -> Line:
        """The connection; made, or waited for, where there is none.

        Raises:
            TargetError: it can't be made.
        """
        with self._changed:
            if self._keeper is None and not self._closed:
                self._keeper = threading.Thread(target=self._keep, name=f"mqtt {self.name}", daemon=True)
                self._keeper.start()
            self._asked += 1
            tries = self._tries
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._closed or self._held_off or self._standing() is not None or self._tries > tries,
                CONNECT_S + 2 * ANSWER_S,
            )
            line = self._standing()
            if line is None or self._closed:
                closed = _("The connection to {place} was closed.").format(place=self._place)
                raise self._problem or Unreachable(closed)
            return line

    def _standing(self) -> Line | None:
        return self._line if self._line is not None and self._line.broken is None else None

    def _keep(self) -> None:
        """Until the target is closed: connect, say that this desk is online, wait for it to break, and again."""
        failed = 0
        while not self._closed:
            try:
                line = self._opened()
            except TargetError as error:
                self._note(None, error)
            except Exception as error:  # the thread's outermost frame: without it nothing would ever be sent again
                log.exception("The connection to %s failed in a way nobody foresaw", self._place)
                self._note(None, _unforeseen(error))
            else:
                made = time.monotonic()
                self._note(line, None)
                self._stay(line)
                self._note(None, line.broken)
                failed = 0 if time.monotonic() - made > _LASTING_S else failed  # a desk of the same name may be there
                if isinstance(line.broken, Denied):  # put out: two of one name would put out each other without end
                    self._hold_off()
            with self._changed:
                asked, pause = self._asked, _PAUSES_S[min(failed, len(_PAUSES_S) - 1)]
                self._changed.wait_for(partial(self._wanted, asked), pause)
            failed += 1

    def _hold_off(self) -> None:
        with self._changed:
            self._held_off = True
            self._changed.wait_for(lambda: self._closed, _HOLD_OFF_S)
            self._held_off = False

    def _wanted(self, asked: int) -> bool:
        """Whether somebody wants to send, or the target was closed: then there is no pause."""
        return self._closed or self._asked > asked

    def _opened(self) -> Line:
        line = Line(self._login(self._available(OFFLINE), self._client_id), self._notify)
        try:
            self._need_good(line.publish([self._available(ONLINE)]))
        except TargetError:
            line.close()
            raise
        return line

    def _need_good(self, codes: Sequence[int | None]) -> None:
        bad = next((code for code in codes if code is not None and code >= GOOD), None)
        if bad is not None:
            raise failure(bad, self._place)

    def _stay(self, line: Line) -> None:
        """Until it breaks, or the target is closed; then the broker is told that this desk is offline."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or line.broken is not None)
        if line.broken is None:
            with suppress(TargetError):  # then the last will says it
                line.publish([self._available(OFFLINE)], _FAREWELL_S)
        line.close()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _note(self, line: Line | None, problem: TargetError | None) -> None:
        with self._changed:
            self._line, self._problem = line, problem
            self._tries += 1
            self._changed.notify_all()


def _unforeseen(error: Exception) -> TargetError:
    what = _("It failed in a way nobody foresaw: {error}.").format(error=type(error).__name__)
    return TargetError(what, _("It is tried again; the log says more. Report it if it stays so."))
