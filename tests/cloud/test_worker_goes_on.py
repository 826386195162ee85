"""A worker never stands still: not over one answer, not over one thread, not for one task beside another."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from backends.base import BackendError
from console.cloud.keeping.keeper import Keeper
from console.cloud.working import answers as answering
from console.cloud.working import batching, opening, reading, worker
from console.cloud.working.batching import Pool
from console.cloud.working.opening import Opened
from tests.cloud.keeping_cases import DESK
from tests.cloud.worker_cases import (
    answers,
    jpeg_of,
    picture,
    planned,
    sealed,
    settled,
    square,
    squares_of,
    states,
    until,
    whys,
    working,
)
from tests.cloud.worker_store import keeper, soon

__all__ = ["keeper", "soon"]


def test_a_model_that_is_well_again_is_asked_while_others_are_busy(keeper: Keeper, tmp_path: Path) -> None:
    with planned() as plans:
        first, second = squares_of(plans["whole"]), squares_of(plans["crops"], 1)

        def out(_pixels: object) -> None:
            raise BackendError("The server is away.")

        second.before = out
        first.before = lambda _pixels: time.sleep(0.05)
        keeper.take(DESK, [sealed()])
        with working(keeper.repository, tmp_path, plans, batch=2) as worked:
            until(lambda: worked.totals.get("again") == 1)  # from now on it stands before what comes
            keeper.take(DESK, [picture(jpeg_of(square(at=n % 60))) for n in range(200)])  # 5 s of work
            until(lambda: worked.totals.get("done"))
            second.before = lambda _pixels: None
            until(lambda: any(one["task"] == "crops" for one in answers(keeper)))
            assert "queued" in states(keeper).values()
            first.before = lambda _pixels: None


def test_an_answer_that_can_t_be_written_fails_alone(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    def poisoned(*given: Any) -> Any:
        made.append(answering.body(*given))
        return made[-1] | ({"took_s": float("nan")} if len(made) == 2 else {})

    monkeypatch.setattr(worker, "body", poisoned)
    with planned() as plans:
        keeper.take(DESK, [picture(jpeg_of(square(at=n))) for n in range(4)])
        with working(keeper.repository, tmp_path, plans, wait_s=0.5) as worked:
            until(settled(keeper, 4), 5)
        assert worked.totals == {"done": 3, "failed": 1}
        assert any("ValueError" in why for why in whys(keeper))


def test_a_mishap_while_reading_ends_no_worker(keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, failed = ThreadPoolExecutor.submit, list[int]()

    def fails_first(self: ThreadPoolExecutor, *given: Any, **named: Any) -> Any:
        if self._thread_name_prefix == "opening" and len(failed) < 2:
            failed.append(1)
            raise RuntimeError("can't start new thread")
        return submit(self, *given, **named)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", fails_first)
    with planned() as plans:
        keeper.take(DESK, [picture(jpeg_of(square(at=n))) for n in range(6)])
        with working(keeper.repository, tmp_path, plans) as worked:
            until(settled(keeper, 6), 8)
        assert worked.totals["done"] == 6
        assert failed == [1, 1]


def test_large_pictures_are_not_all_opened_at_once(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MOST_PIXELS", 1)  # each is as much as may wait
    opened: list[int] = []

    def counted(*given: Any) -> Any:
        opened.append(1)
        return opening.open_file(*given)

    monkeypatch.setattr(reading, "open_file", counted)
    with planned() as plans:
        go, begun = threading.Event(), threading.Event()

        def hold(_pixels: object) -> None:
            begun.set()
            go.wait(10)

        squares_of(plans["whole"]).before = hold
        keeper.take(DESK, [picture(jpeg_of(square(at=n))) for n in range(40)])
        with working(keeper.repository, tmp_path, plans, batch=40):
            assert begun.wait(10)
            time.sleep(0.5)
            most = 1 + 1 + 1 + reading.AT_ONCE  # the models have one, one is ready, one waits to be, others are opened
            assert len(opened) <= most
            go.set()
            until(settled(keeper, 40), 15)


def test_a_time_that_has_passed_keeps_no_core_busy_while_a_batch_gathers() -> None:
    pool = Pool(4, 0.3, threading.Event())
    one = SimpleNamespace(job=SimpleNamespace(attempt=1), bgr=np.zeros((1, 1, 3), np.uint8), pixels=1)
    one.ready_s = time.monotonic()
    pool.put(cast("Opened", one))
    begin = time.thread_time()
    assert len(pool.take(time.monotonic() - 1)) == 1
    assert time.thread_time() - begin < 0.05
