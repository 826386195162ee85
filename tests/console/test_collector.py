"""While a desk runs, Python's garbage is collected on the GUI thread and nowhere else."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from console.desk.collector import Collector


class Knot:
    """A cycle that says on which thread it was taken away."""

    taken: list[str]

    def __init__(self, taken: list[str]) -> None:
        self.taken, self.itself = taken, self

    def __del__(self) -> None:
        self.taken.append(threading.current_thread().name)


@pytest.fixture
def owner(qapp: object) -> Iterator[QObject]:
    made = QObject()
    yield made
    made.deleteLater()


def busy(taken: list[str]) -> None:
    """Many objects in cycles, made on another thread."""

    def tie() -> None:
        for _ in range(20_000):
            Knot(taken)

    thread = threading.Thread(target=tie, name="another")
    thread.start()
    thread.join()


def test_what_another_thread_leaves_behind_is_taken_away_here(qtbot: QtBot, owner: QObject) -> None:
    taken: list[str] = []
    gc.enable()
    busy(taken)
    assert "another" in taken  # as Python does it by itself
    gc.collect()
    taken.clear()
    collector = Collector(owner)
    busy(taken)
    assert taken == []
    qtbot.waitUntil(lambda: len(taken) == 20_000, timeout=5000)
    assert set(taken) == {threading.main_thread().name}
    collector.close()
    assert gc.isenabled()


def test_what_has_grown_old_is_looked_through_now_and_then(owner: QObject) -> None:
    taken: list[str] = []
    collector = Collector(owner)
    old = [Knot(taken)]
    collector.settle()
    later = [Knot(taken)]
    gc.collect(1)
    old.clear()
    later.clear()
    for _ in range(2000):
        gc.collect(1)
        collector.look()
    assert len(taken) == 1  # what was there when it settled stays
    collector.close()
    gc.collect()
    assert len(taken) == 2
