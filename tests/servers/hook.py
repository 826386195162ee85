"""A receiver of webhooks as its owner would write it from the Standard Webhooks specification, without this project."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from typing import Any, Self

from tests.servers.serving import QuietHandler, Serving


class Hook:
    """On loopback; checks every signature, keeps each webhook-id once, and erases what it is told to.

    Args:
        secret: ``whsec_`` and base64.
        tls: None: plain HTTP.

    Attributes:
        taken: JSON by webhook-id.
        repeats: how many came again.
        answers: statuses and headers for the next requests instead of 204, last one first.
    """

    def __init__(self, secret: str, tls: ssl.SSLContext | None = None) -> None:
        self._key, self._tls, self._port = base64.b64decode(secret.removeprefix("whsec_")), tls, 0
        self._server: Serving | None = None
        self._lock = threading.Lock()
        self._erased: set[str] = set()
        self.taken: dict[str, dict[str, Any]] = {}
        self.repeats = 0
        self.answers: list[tuple[int, dict[str, str]]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._tls else 'http'}://localhost:{self._port}/hooks/sightdesk?site=3"

    def start(self) -> None:
        """Serve, at the address it had."""
        self._server = Serving(self._port, self._tls, _Handler, self)
        self._port = self._server.server_address[1]

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.end()
            self._server = None

    def is_erased(self, tracking_id: str) -> bool:
        """Whether it was told to erase this, and nothing of it is left."""
        left = any(one["type"] != "erased" and one["data"]["tracking_id"] == tracking_id for one in self.taken.values())
        return tracking_id in self._erased and not left

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer to a request."""
        if not self._signed(headers, body):
            return 401, {}
        with self._lock:
            if self.answers:
                return self.answers.pop()
            name, values = headers["webhook-id"], json.loads(body)
            if name in self.taken:
                self.repeats += 1
            elif values["data"]["tracking_id"] not in self._erased:
                self.taken[name] = values
            if values["type"] == "erased":
                self._erase(values["data"]["body"]["tracking_ids"])
        return 204, {}

    def _erase(self, tracking_ids: list[str]) -> None:
        self._erased |= set(tracking_ids)
        for name, values in list(self.taken.items()):
            if values["type"] != "erased" and values["data"]["tracking_id"] in self._erased:
                del self.taken[name]

    def _signed(self, headers: dict[str, str], body: bytes) -> bool:
        name, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not name or not sent.isdigit() or abs(time.time() - int(sent)) > 300:
            return False
        right = hmac.new(self._key, f"{name}.{sent}.".encode() + body, hashlib.sha256).digest()
        found = [one.removeprefix("v1,") for one in headers.get("webhook-signature", "").split(" ")]
        return any(hmac.compare_digest(base64.b64encode(right), one.encode()) for one in found)


class _Handler(QuietHandler):
    def do_HEAD(self) -> None:  # noqa: N802  # the base class calls it so
        self.say(405, {}, b"")

    def do_POST(self) -> None:  # noqa: N802  # the base class calls it so
        body = self.body()
        if self.path != "/hooks/sightdesk?site=3":
            self.say(404, {}, b"")
            return
        status, headers = self.server.owner.take({name.lower(): value for name, value in self.headers.items()}, body)
        self.say(status, headers, b"")
