"""Several sources of one file: the first that answers wins, and nothing is downloaded twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.catalog import fetch as fetching
from console.catalog.entries import CatalogFile
from console.catalog.fetch import Fetched, NotHad, PullCancelled, fetch
from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from console.errors import CatalogError
from tests.console.catalog_server import file_of

CONTENT = b"0123456789" * 1000
FILE = CatalogFile.model_validate(file_of("thing.bin", CONTENT, {"url": "http://h/x"}))


class Fake:
    """A source that answers after a while, then gives `content`, slowly, failing after `fails_at` bytes."""

    def __init__(
        self,
        words: str,
        *,
        after_s: float = 0.0,
        content: bytes = CONTENT,
        fails_at: int | None = None,
        dead: bool = False,
        pace_s: float = 0.005,
    ) -> None:
        self.words = self.channel = words
        self.after_s, self.content, self.fails_at, self.dead = after_s, content, fails_at, dead
        self.pace_s = pace_s
        self.asked = 0
        self.gave = 0

    def fetch(self, transfer: Transfer) -> None:
        self.asked += 1
        transfer.pause(self.after_s)
        if self.dead:
            raise SourceFailed("it did not answer")
        transfer.claim()
        landing = transfer.landing()
        for at in range(0, len(self.content), 1000):
            if self.fails_at is not None and at >= self.fails_at:
                raise SourceFailed("it broke off")
            transfer.pause(self.pace_s)
            landing.write(self.content[at : at + 1000])
            self.gave += 1000
            transfer.report(landing.done, FILE.size)


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fetched]:
    monkeypatch.setattr(fetching, "HEAD_START_S", 0.15)
    (tmp_path / "scratch").mkdir()

    def run(
        *sources: Fake,
        report: Callable[[int, int], None] = lambda *_: None,
        cancel: threading.Event | None = None,
        unheard: set[str] | None = None,
    ) -> Fetched:
        try:
            return fetch(
                FILE,
                sources,
                scratch=tmp_path / "scratch",
                target=tmp_path / "thing.bin",
                report=report,
                cancel=cancel or threading.Event(),
                unheard=set() if unheard is None else unheard,
            )
        finally:
            assert list((tmp_path / "scratch").iterdir()) == []

    return run


def test_the_first_in_order_wins_when_it_answers(go: Callable[..., Fetched], tmp_path: Path):
    one, two = Fake("one"), Fake("two")
    assert go(one, two) == Fetched("one", ())
    assert (two.asked, two.gave) == (0, 0)
    assert (tmp_path / "thing.bin").read_bytes() == CONTENT


def test_a_slow_one_loses_and_gives_nothing(go: Callable[..., Fetched]):
    one, two = Fake("one", after_s=5), Fake("two")
    began = time.monotonic()
    assert go(one, two).source == "two"
    assert time.monotonic() - began < 1
    assert (one.asked, one.gave) == (1, 0)


def test_a_dead_one_hands_over_at_once(go: Callable[..., Fetched]):
    began = time.monotonic()
    assert go(Fake("one", dead=True), Fake("two")) == Fetched("two", ("one: it did not answer",))
    assert time.monotonic() - began < 0.4


def test_those_that_were_stopped_get_their_turn_when_the_winner_fails(go: Callable[..., Fetched]):
    one, two = Fake("one", after_s=0.3), Fake("two", fails_at=5000)
    assert go(one, two) == Fetched("one", ("two: it broke off",))
    assert (one.asked, two.asked) == (2, 1)


def test_wrong_content_is_a_failure_like_others(go: Callable[..., Fetched], tmp_path: Path):
    fetched = go(Fake("one", content=CONTENT[::-1]), Fake("two"))
    assert fetched.source == "two"
    assert "expected 10,000 bytes with sha256" in fetched.notes[0]
    assert (tmp_path / "thing.bin").read_bytes() == CONTENT


def test_nobody_has_it(go: Callable[..., Fetched], tmp_path: Path):
    with pytest.raises(NotHad) as caught:
        go(Fake("one", dead=True), Fake("two", fails_at=0), Fake("three", content=b""))
    for reason in ("one: it did not answer", "two: it broke off", "three: expected 10,000 bytes"):
        assert reason in caught.value.reasons
    assert not (tmp_path / "thing.bin").exists()


def test_a_silent_channel_is_not_waited_for_twice(go: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching, "_LONG_S", 0.1)
    unheard: set[str] = set()
    one = Fake("one", dead=True, after_s=0.12)
    go(one, Fake("two"), unheard=unheard)
    assert unheard == {"one"}
    assert go(one, Fake("two"), unheard=unheard).notes == ("one: no answer a moment ago",)
    assert one.asked == 1


def test_one_that_answered_and_then_failed_is_not_silent(go: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching, "_LONG_S", 0.0)
    unheard: set[str] = set()
    go(Fake("one", fails_at=3000), Fake("two"), unheard=unheard)
    assert unheard == set()


def test_cancelling_ends_everything(go: Callable[..., Fetched], tmp_path: Path):
    cancel = threading.Event()
    began = time.monotonic()
    with pytest.raises(PullCancelled):
        go(Fake("one", after_s=5), Fake("two", pace_s=0.1), cancel=cancel, report=lambda *_: cancel.set())
    assert time.monotonic() - began < 1
    assert not (tmp_path / "thing.bin").exists()


def test_an_interrupt_ends_everything(go: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch):
    """Ctrl+C arrives on the thread that waits."""
    waits = iter([None, None])
    real = fetching.wait

    def interrupted(*args: object) -> object:
        if next(waits, "over") == "over":
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(fetching, "wait", interrupted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        go(Fake("one", after_s=5))
    assert time.monotonic() - began < 1


def test_a_full_disk_is_no_reason_to_ask_others(go: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch):
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    two = Fake("two")
    with pytest.raises(CatalogError, match="No space left on device") as caught:
        go(Fake("one"), two)
    assert not isinstance(caught.value, NotHad)
    assert "space" in caught.value.hint
    assert two.asked == 0


def test_progress_is_the_winners_alone(go: Callable[..., Fetched]):
    seen: list[int] = []
    go(Fake("one", after_s=5), Fake("two"), report=lambda done, _: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == FILE.size
