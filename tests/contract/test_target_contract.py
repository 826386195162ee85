"""What every target keeps, each against a real peer: all arrives once and whole, and no wait is without an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.errors import SightdeskError
from console.settings.home import Home
from console.store.outbox import Kind
from console.store.store import Store
from console.sync.targets.base import Denied, Parcel, Receipt, Refused, Target, TargetError, Unreachable
from tests.conftest import missing
from tests.contract.parcels import KINDS, erased, parcels
from tests.contract.target_case import Peer, TargetCase
from tests.contract.target_mqtt import MqttPeer

pytestmark = pytest.mark.services
_MODULES = ("cloud", "webhook", "objects", "mqtt")
CASES: list[TargetCase] = [
    case
    for name in _MODULES
    for case in import_module(f"tests.contract.target_{name}").CASES
]  # fmt: skip
_LIMIT_S = 12.0  # no target may take longer to say that its peer is gone
# a broker knows only the last of each topic: that nothing comes late is up to the order in which a desk sends
_FORGETFUL = (MqttPeer,)
Make = Callable[..., list[Parcel]]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def peer(request: pytest.FixtureRequest, tmp_path: Path, store: Store) -> Iterator[Peer]:
    """A running peer of each kind."""
    case: TargetCase = request.param
    why = case.missing()
    if why:
        missing("services", why)
    folder = tmp_path / "peer"
    folder.mkdir()
    with case.running(folder, store) as running:
        yield running


@pytest.fixture
def home(own_home: Path) -> Iterator[Home]:
    with Home.open(own_home) as home:
        yield home


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home) as store:
        yield store


@pytest.fixture
def make(home: Home, store: Store) -> Make:
    """Makes parcels: how many, and of which kinds."""

    def made(n: int, *kinds: Kind, size: tuple[int, int] = (320, 240)) -> list[Parcel]:
        return parcels(home, store, n, 7, kinds or KINDS, size=size)

    return made


@contextmanager
def opened(peer: Peer, *, wrong_key: bool = False) -> Iterator[Target]:
    with closing(peer.target(wrong_key=wrong_key)) as target:
        yield target


def deliver(target: Target, some: Sequence[Parcel]) -> list[Receipt | Refused]:
    """As an uploader does: as much at once as the target takes, then what sums up."""
    answers: list[Receipt | Refused] = []
    for batch in batches(target, some):
        got = target.send(batch)
        assert len(got) == len(batch)
        answers += got
    target.settle()
    return answers


def batches(target: Target, some: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    batch: list[Parcel] = []
    for parcel in some:
        more = sum(one.size for one in batch) + parcel.size
        if batch and (len(batch) >= target.at_once or more > target.at_once_bytes):
            yield batch
            batch = []
        batch.append(parcel)
    if batch:
        yield batch


def all_there(peer: Peer, some: Sequence[Parcel]) -> bool:
    return [peer.copies(parcel) for parcel in some] == [1] * len(some)


def test_every_kind_arrives_once_and_whole(peer: Peer, make: Make) -> None:
    some = make(30)
    with opened(peer) as target:
        answers = deliver(target, some)
    assert [one.message_id for one in answers if isinstance(one, Receipt)] == [parcel.message_id for parcel in some]
    assert all_there(peer, some)


def test_sending_again_changes_nothing(peer: Peer, make: Make) -> None:
    some = make(12)
    with opened(peer) as target:
        deliver(target, some)
        deliver(target, some[::-1])
    with opened(peer) as another:  # after a restart nothing is known of what was sent
        assert all(isinstance(one, Receipt) for one in deliver(another, some))
    assert all_there(peer, some)


def test_several_threads_at_once(peer: Peer, make: Make) -> None:
    some = make(24, "event", "item", "picture")
    with opened(peer) as target, ThreadPoolExecutor(4) as threads:
        begin = threading.Barrier(4)

        def send(mine: list[Parcel]) -> int:
            begin.wait(10)
            # some of it twice, by two threads at the same time
            return sum(len(target.send(batch)) for batch in batches(target, mine))

        parts = [some[:8], some[:8], some[8:16], some[16:]]
        assert sum(threads.map(send, parts)) == 32
        target.settle()
    assert all_there(peer, some)


def test_a_wrong_key_is_denied_and_brings_nothing(peer: Peer, make: Make) -> None:
    some = make(6)
    with opened(peer, wrong_key=True) as target, pytest.raises(Denied) as error:
        deliver(target, some)
    assert error.value.what
    assert error.value.hint
    assert [peer.copies(parcel) for parcel in some] == [0] * 6
    with opened(peer) as target:
        deliver(target, some)
    assert all_there(peer, some)


def test_a_stopped_peer_is_unreachable_soon_and_gets_all_later(peer: Peer, make: Make) -> None:
    some = make(12)
    with opened(peer) as target:
        deliver(target, some[:6])
        peer.stop()
        for _twice in range(2):
            begun = time.monotonic()
            with pytest.raises(Unreachable) as error:
                deliver(target, some[6:])
            assert time.monotonic() - begun < _LIMIT_S
            assert error.value.what
            assert error.value.hint
        peer.start()
        until_it_answers(target)
        deliver(target, some)
    assert all_there(peer, some)


def until_it_answers(target: Target) -> None:
    """A target may take a moment to see that its peer is there again."""
    deadline = time.monotonic() + _LIMIT_S
    while True:
        try:
            target.check()
        except TargetError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_what_is_to_be_erased_is_erased_and_stays_so(peer: Peer, make: Make) -> None:
    some = make(12, "event", "picture", "item", "verdict")
    gone = some[0].tracking_id
    about = [parcel for parcel in some if parcel.tracking_id == gone]
    others = [parcel for parcel in some if parcel.tracking_id != gone]
    assert len(about) > 1
    notice = erased(some[-1].number + 1, gone)
    with opened(peer) as target:
        deliver(target, some)
        deliver(target, [notice])
        assert peer.erased(gone)
        deliver(target, [notice])
        assert peer.erased(gone)
    if isinstance(peer, _FORGETFUL):
        return
    with opened(peer) as another:  # what was held up on the way comes late
        deliver(another, about)
    assert peer.erased(gone)
    assert all_there(peer, others)


def test_erasing_what_never_came_is_taken(peer: Peer) -> None:
    notice = erased(5, "01890a5d-ac96-774b-bcce-b302099a8057")
    with opened(peer) as target:
        assert [type(one) for one in deliver(target, [notice])] == [Receipt]
    assert peer.erased("01890a5d-ac96-774b-bcce-b302099a8057")


def test_check_says_who_answers_and_changes_nothing(peer: Peer, make: Make) -> None:
    some = make(3)
    with opened(peer) as target:
        deliver(target, some)
        words = target.check()
    assert len(words.split()) > 3
    assert all_there(peer, some)


def test_check_fails_where_nobody_answers(peer: Peer) -> None:
    peer.stop()
    with opened(peer) as target:
        begun = time.monotonic()
        with pytest.raises(Unreachable):
            target.check()
        assert time.monotonic() - begun < _LIMIT_S


def test_check_fails_with_a_wrong_key_or_says_that_it_can_not_tell(peer: Peer) -> None:
    with opened(peer, wrong_key=True) as target:
        try:
            words = target.check()
        except Denied:
            return
    assert "shows with the first message" in words


def test_closing_twice_is_harmless_and_ends_it(peer: Peer, make: Make) -> None:
    some = make(1)
    unused, used = peer.target(), peer.target()
    deliver(used, some)
    for target in (unused, used):
        target.close()
        target.close()
        with pytest.raises(SightdeskError):
            deliver(target, some)


def test_a_large_file_arrives_whole(peer: Peer, make: Make) -> None:
    some = make(1, "picture", size=(4300, 2900))
    assert some[0].size > 10_000_000
    with opened(peer) as target:
        deliver(target, some)
        deliver(target, some)
    assert all_there(peer, some)


def test_nothing_but_what_may_leave_is_a_file(make: Make) -> None:
    (parcel,) = make(1, "picture")
    file = parcel.file
    assert file is not None
    alike: Any = SimpleNamespace(
        content=file.content, content_type=file.content_type, sha256=file.sha256, what=file.what, policy=file.policy
    )
    content: Any = file.content
    for other in (content, alike):
        with pytest.raises(TypeError, match="Stored"):
            replace(parcel, file=other)


def test_nothing_to_send_is_nothing(peer: Peer) -> None:
    with opened(peer) as target:
        assert list(target.send([])) == []
        target.settle()
