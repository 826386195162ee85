"""Memory: what pictures give back is kept for the next ones, and a second model needs room beside the first."""

from __future__ import annotations

import ctypes
import logging
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from console.errors import ModelError
from models.words import _

log = logging.getLogger(__name__)

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # glibc's malloc.h
_MOST = 32 * 2**20
_KEPT = 256 * 2**20


def keep_freed_memory() -> None:
    """Have the allocator hold on to freed pictures instead of giving each back to the system.

    A decoded 720p picture is 1.4 MB, and sixteen cameras make a thousand such blocks a second; where each comes fresh
    from the system, its pages are cleared one fault at a time, half of it under Python's lock. A wall of 16 x 720p30
    took 1.04 cores with this and 1.19 without, with a third of the page faults. Only glibc has this knob.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(_MMAP_THRESHOLD, _MOST)
            libc.mallopt(_TRIM_THRESHOLD, _KEPT)


_TIMES_FILE = 3
_BESIDES = 64 * 2**20


def check_room(model: Path, *, beside: bool) -> None:
    """See that a model can be loaded without the machine running out of memory.

    A rule of thumb, on the safe side: three times the weights (as read, as compiled, as worked with) and 64 MB must be
    free. It is about the machine's memory alone; an accelerator's own is its driver's to refuse.

    Args:
        model: its file; OpenVINO's weights are beside it, in a .bin.
        beside: another one goes on serving meanwhile. Nothing serves otherwise, so a tight fit is tried and logged.

    Raises:
        ModelError: there is no room for two.
    """
    size = 0
    for path in (model, model.with_suffix(".bin")):
        with suppress(OSError):
            size += path.stat().st_size
    needed, free = _TIMES_FILE * size + _BESIDES, psutil.virtual_memory().available
    if needed <= free:
        return
    what = _("{model} needs about {needed} MB of memory, and {free} MB are free.").format(
        model=model.stem, needed=needed // 2**20, free=free // 2**20
    )
    if beside:
        raise ModelError(
            _("There is no room for a second model while the first one runs: {what}").format(what=what),
            _("Close other programs, choose a smaller variant, or switch the cameras off while the model changes."),
        )
    log.warning("%s", what)
