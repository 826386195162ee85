"""Inference runs below everything an operator touches, and below those who answer others."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
NICE = 19
"""Measured with 16 x 720p30 and yolox_nano on two cores: at 10, 18 pictures a second and 53 inferences; at 19, 20.5 and
50; as idle work, 21 and 44."""

_PROCESS = 10


def lower_this_thread() -> None:
    """Put the calling thread below those that capture, draw and answer clicks; it is never raised.

    On Linux threads have a nice value of their own, and those they start inherit it. Elsewhere nothing changes: macOS
    has no such call, and on Windows a thread's children would not inherit it.
    """
    if sys.platform == "linux":
        me = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it; then inference competes with the rest
            os.setpriority(os.PRIO_PROCESS, me, max(NICE, os.getpriority(os.PRIO_PROCESS, me)))


def lower_this_process() -> None:
    """Put a process that works for nobody who waits below those that answer; harmless when it is there already.

    Measured with a cloud server and two workers on two cores, 50 requests a second: half of them were answered within
    34 ms beside workers of equal rank, within 11 ms beside lowered ones.
    """
    import psutil  # noqa: PLC0415  # 20 ms that --help can do without

    me = psutil.Process()
    with suppress(OSError, psutil.Error):  # a sandbox may forbid it
        me.nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 0) or max(_PROCESS, int(me.nice())))


def run_below(job: Callable[[], T]) -> T:
    """Run `job` on a lowered thread and wait for it: the worker threads a runtime starts meanwhile are lowered too.

    Raises:
        whatever `job` raises.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            lower_this_thread()
            outcome.set_result(job())
        except BaseException as error:  # handed to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=work, name="model loader", daemon=True).start()
    return outcome.result()
