"""Webhooks for the contract suite: to a receiver in this process that checks signatures, over TLS and plain."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from console.settings.section import SecretRef
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Parcel, Target
from console.sync.targets.https.webhook import WebhookTarget
from tests.contract.target_case import Peer, TargetCase
from tests.servers.authority import Authority
from tests.servers.hook import Hook

_GOOD = "whsec_" + base64.b64encode(b"what both sides know, 32 letters").decode()
_WRONG = "whsec_" + base64.b64encode(b"what nobody knows, of 32 letters").decode()


class WebhookPeer:
    """See `tests.contract.target_case.Peer`."""

    def __init__(self, hook: Hook, ca: Path | None) -> None:
        self.hook, self._ca = hook, ca

    def target(self, *, wrong_key: bool = False) -> Target:
        settings = TargetSettings(
            name="hook", kind="webhook", url=self.hook.url, secret=SecretRef(secret="hook"),
            ca=str(self._ca) if self._ca else "",
        )  # fmt: skip
        return WebhookTarget(settings, {"hook": _WRONG if wrong_key else _GOOD}.__getitem__)

    def copies(self, parcel: Parcel) -> int:
        found = self.hook.taken.get(parcel.message_id)
        if found is None:
            return 0
        data = dict(found["data"])
        file = data.pop("file", None)
        same = (found["type"], found["timestamp"]) == (parcel.kind, parcel.written_at) and data == {
            "tracking_id": parcel.tracking_id, "camera_id": parcel.camera_id, "number": parcel.number,
            "body": json.loads(json.dumps(dict(parcel.body))),
        }  # fmt: skip
        if file is None or parcel.file is None:
            return int(same and file is None and parcel.file is None)
        content = base64.b64decode(file["base64"], validate=True)
        same = same and content == parcel.file.content and file["content_type"] == parcel.file.content_type
        return int(same and hashlib.sha256(content).hexdigest() == file["sha256"])

    def stop(self) -> None:
        self.hook.stop()

    def start(self) -> None:
        self.hook.start()

    def erased(self, tracking_id: str) -> bool:
        return self.hook.is_erased(tracking_id)


def running(*, tls: bool) -> Callable[[Path, Store], AbstractContextManager[Peer]]:
    """A receiver, with a CA of its own where it speaks TLS."""

    @contextmanager
    def run(folder: Path, _store: Store) -> Iterator[Peer]:
        authority = Authority(folder / "ca") if tls else None
        with Hook(_GOOD, authority.server_context(clients=False) if authority else None) as hook:
            yield WebhookPeer(hook, authority.ca if authority else None)

    return run


CASES = [
    TargetCase("webhook", lambda: "", running(tls=True)),
    TargetCase("webhook without tls", lambda: "", running(tls=False)),
]
