"""The object-store target against real stores: Swift's S3 and Azurite lay out what a folder does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from uuid_utils import uuid7

from console.settings.home import Home
from console.store.store import Store
from console.sync.targets.base import Denied, Full, Unreachable
from tests.conftest import missing
from tests.console.objects_cases import Expected, Failing, picture, shown, verdict
from tests.console.test_sync_objects import messages
from tests.contract.target_objects import ObjectsPeer, server
from tests.servers import azurite, swift

pytestmark = pytest.mark.services


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    with Home.open(own_home) as home, Store.open(home) as opened:
        yield opened


@pytest.fixture(params=["swift", "azurite"])
def kind(request: pytest.FixtureRequest) -> str:
    if why := {"swift": swift.why_not, "azurite": azurite.why_not}[request.param]():
        missing("services", why)
    return str(request.param)


@pytest.mark.parametrize("layout", ["yolo", "coco"])
def test_what_stands_there_is_what_the_messages_mean(kind, layout: str, store: Store, tmp_path: Path) -> None:
    chance = random.Random(5)
    peer = ObjectsPeer(kind, tmp_path, store, layout)
    parcels = messages(chance, tmp_path / "files")
    queue = parcels + parcels[:5]
    chance.shuffle(queue)
    expected = Expected()
    expected.took(parcels)
    with closing(peer.target()) as broken:
        Failing(broken, 9, done=True, kill=True)
        with pytest.raises(Exception, match=r"broken|dead"):
            broken.send(queue)
    with closing(peer.target()) as target:
        for first in range(0, len(queue), 4):
            target.send(queue[first : first + 4])
        target.settle()
    for path, content in peer.content().items():
        (tmp_path / "there" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / path).write_bytes(content)
    expected.check(tmp_path / "there" / "test-site", layout)


def test_a_quota_that_is_reached_is_told_and_nothing_is_lost(store: Store, tmp_path: Path) -> None:
    if why := swift.why_not():
        missing("services", why)
    peer = ObjectsPeer("swift", tmp_path, store, "yolo")
    parcels = [shown(n, str(uuid7()), picture(tmp_path / "files", n)) for n in range(1, 9)]
    with closing(peer.target(concurrency=1)) as target:
        target.send(parcels[:1])
        server("swift").make(peer.bucket, quota=sum(map(len, peer.content().values())) + 3000)
        with pytest.raises(Full, match="no room left"):
            target.send(parcels)
        server("swift").make(peer.bucket)
        target.send(parcels)
        target.settle()
        assert [peer.copies(parcel) for parcel in parcels] == [1] * 8


def test_a_bucket_that_is_not_there_is_told(kind, store: Store, tmp_path: Path) -> None:
    peer = ObjectsPeer(kind, tmp_path, store, "yolo")
    peer.bucket = "no-such-bucket"
    with closing(peer.target()) as target:
        for act in (target.check, lambda: target.send([verdict(1, str(uuid7()), None)])):
            with pytest.raises(Denied, match="no bucket or container no-such-bucket"):
                act()


def test_a_server_that_is_gone_is_unreachable_to_all_that_is_asked(kind, store: Store, tmp_path: Path) -> None:
    peer = ObjectsPeer(kind, tmp_path, store, "yolo")
    with closing(peer.target()) as target:
        target.send([verdict(1, str(uuid7()), None)])
        peer.stop()
        try:
            for act in (target.check, target.settle, lambda: target.send([verdict(1, str(uuid7()), None)])):
                with pytest.raises(Unreachable, match="can't be reached"):
                    act()
        finally:
            peer.start()
        target.settle()
    assert any(path.endswith(".jsonl") for path in peer.content())
