"""Keeps the system from writing this process's memory to disk when native code kills it: plain pictures are in it."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

_NONE = 1
"""A core of one byte at most is none. Not 0: Linux hands that one to a program all the same where it has one for it."""


def refuse_core_dumps() -> None:
    """Have the system leave no core dump of this process and of what it starts; harmless when done already.

    Where there is no such limit (Windows), nothing is done: what Windows keeps of a crash is set up on the machine.
    Source: core(5), and `do_coredump` in Linux's fs/coredump.c for the limit of 1.
    """
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    least = _NONE if hard == resource.RLIM_INFINITY or hard >= _NONE else 0
    if soft == least:
        return
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (least, hard))
    except (OSError, ValueError) as error:
        log.warning("the system may write a core dump if this process crashes: %s", error)
