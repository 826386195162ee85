"""The cloud for the contract suite, over HTTPS with mutual TLS: a receiver of the tests, and the cloud side itself."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from console.cloud.api.app import create_app
from console.cloud.keeping.keeper import Keeper
from console.cloud.pki.identity import Revoked
from console.cloud.pki.minting import Subject
from console.cloud.serving.server import Server
from console.cloud.serving.tls import TlsFiles
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Parcel, Target
from console.sync.targets.https.cloud import CloudTarget
from console.sync.wire import canonical, head_of
from tests.contract.target_case import TargetCase
from tests.servers.authority import Authority
from tests.servers.cloud_server import made_authority
from tests.servers.receiver import Receiver

_SITE = "plant-1"


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


class SightdeskPeer:
    """See `tests.contract.target_case.Peer`; what runs is what `sightdesk cloud serve` runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, 0
        self._authority, other = made_authority(folder / "ca"), made_authority(folder / "other")
        self._good, self._wrong = (one.issue(Subject("desk-1", _SITE)) for one in (self._authority, other))
        own = self._authority.issue(Subject("cloud", hosts=("localhost",)))
        self._tls = TlsFiles(own.certificate, own.key, self._authority.certificate)
        self.start()

    def target(self, *, wrong_key: bool = False) -> Target:
        made = self._wrong if wrong_key else self._good
        settings = TargetSettings(
            name="cloud", kind="cloud", url=f"https://localhost:{self._port}", ca=str(self._authority.certificate),
            certificate=str(made.certificate), key=str(made.key),
        )  # fmt: skip
        return CloudTarget(settings, no_secret)

    def copies(self, parcel: Parcel) -> int:
        digest = hashlib.sha256(canonical(head_of(parcel))).hexdigest()
        with closing(sqlite3.connect(self._folder / "cloud.db", timeout=10)) as db:
            found = db.execute("SELECT file_sha256 FROM messages WHERE head_sha256 = ?", (digest,)).fetchall()
        if parcel.file is None:
            return sum(sha256 is None for (sha256,) in found)
        files = [self._keeper.file(_SITE, sha256) for (sha256,) in found]
        return sum(path is not None and path.read_bytes() == parcel.file.content for path in files)

    def start(self) -> None:
        ready = threading.Event()

        def began(address: str) -> None:
            self._port = int(address.rpartition(":")[2])
            ready.set()

        self._keeper = Keeper(f"sqlite:///{self._folder / 'cloud.db'}", self._folder / "kept")
        app = create_app(self._keeper, revoked=Revoked(self._authority.crl, self._authority.certificate))
        self._server = Server(app, f"127.0.0.1:{self._port}", self._tls)
        self._thread = threading.Thread(target=self._server.run, args=(began,))
        self._thread.start()
        assert ready.wait(20)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join(20)
            self._keeper.close()
        assert not self._thread.is_alive()

    def erased(self, tracking_id: str) -> bool:
        found = self._keeper.trace(_SITE, tracking_id)
        return found is not None and found["state"] == "erased" and not found["messages"]


@contextmanager
def running_sightdesk(folder: Path, _store: Store) -> Iterator[SightdeskPeer]:
    """The cloud side with a CA that `sightdesk pki` would make."""
    peer = SightdeskPeer(folder)
    try:
        yield peer
    finally:
        peer.stop()


CASES = [TargetCase("cloud", lambda: "", running), TargetCase("sightdesk cloud", lambda: "", running_sightdesk)]
