"""The cloud for the contract suite: HTTPS with mutual TLS to a receiver in this process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Parcel, Target
from console.sync.targets.https.cloud import CloudTarget
from console.sync.wire import canonical, head_of
from tests.contract.target_case import TargetCase
from tests.servers.authority import Authority
from tests.servers.receiver import Receiver


def no_secret(name: str) -> str:
    """There is none."""
    raise AssertionError(name)


class CloudPeer:
    """See `tests.contract.target_case.Peer`."""

    def __init__(self, receiver: Receiver, authority: Authority) -> None:
        self.receiver, self.authority = receiver, authority
        self._good, self._wrong = authority.client(), authority.other().client()

    def target(self, *, wrong_key: bool = False) -> Target:
        certificate, key = self._wrong if wrong_key else self._good
        settings = TargetSettings(
            name="cloud", kind="cloud", url=self.receiver.url, ca=str(self.authority.ca),
            certificate=str(certificate), key=str(key),
        )  # fmt: skip
        return CloudTarget(settings, no_secret)

    def copies(self, parcel: Parcel) -> int:
        digest = hashlib.sha256(canonical(head_of(parcel))).hexdigest()
        found = [row for row in self.receiver.look.rows() if row.head_sha256 == digest]
        if parcel.file is None:
            return sum(row.file_sha256 is None for row in found)
        return sum(self.receiver.look.file(row.message_id) == parcel.file.content for row in found)

    def stop(self) -> None:
        self.receiver.stop()

    def start(self) -> None:
        self.receiver.start()

    def erased(self, tracking_id: str) -> bool:
        rows = self.receiver.look.rows()
        return tracking_id in self.receiver.look.erased() and all(row.tracking_id != tracking_id for row in rows)


@contextmanager
def running(folder: Path, _store: Store) -> Iterator[CloudPeer]:
    """A receiver with a CA of its own."""
    authority = Authority(folder / "ca")
    with Receiver(folder / "receiver", authority.server_context()) as receiver:
        yield CloudPeer(receiver, authority)


CASES = [TargetCase("cloud", lambda: "", running)]
