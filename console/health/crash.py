"""What nobody caught is logged once, with its thread's name; what kills the process leaves a trace in a file."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from console.settings.disk import in_words

FILE = "faults.log"
PREVIOUS = "faults.previous.log"
_log = logging.getLogger(__name__)


class CrashHooks:
    """Python's hooks for uncaught exceptions, and faulthandler, set for this process until `uninstall`.

    The hooks that were there are not called: they would print a trace with secrets in it to the terminal.

    Args:
        folder: where the trace of a native crash goes; None: none is kept.

    Raises:
        HomeError: the file for it can't be opened.
    """

    def __init__(self, folder: Path | None) -> None:
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._faults_before = faulthandler.is_enabled()
        self._file: TextIO | None = None
        if folder is not None:
            self._catch_faults(folder)
        sys.excepthook = _main_hook
        threading.excepthook = _thread_hook
        sys.unraisablehook = _unraisable_hook

    def _catch_faults(self, folder: Path) -> None:
        path = folder / FILE
        try:
            if path.exists() and path.stat().st_size:
                path.replace(folder / PREVIOUS)
                _log.error("The last run ended in a crash of native code; its trace is in %s.", folder / PREVIOUS)
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise in_words(error, path) from error
        faulthandler.enable(self._file, all_threads=True)

    def uninstall(self) -> None:
        """Put back what was there; harmless when done already."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        file, self._file = self._file, None
        if file is None:
            return
        faulthandler.disable()
        if self._faults_before and sys.__stderr__ is not None:
            faulthandler.enable(sys.__stderr__)
        file.close()
        path = Path(file.name)
        with suppress(OSError):
            if not path.stat().st_size:
                path.unlink()


def _main_hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        _log.info("Stopped from the keyboard.")
        return
    _log.critical(
        "Nobody caught an error in the thread %s.", threading.current_thread().name, exc_info=(kind, error, trace)
    )


def _thread_hook(hook: threading.ExceptHookArgs) -> None:
    if issubclass(hook.exc_type, SystemExit):
        return
    name = hook.thread.name if hook.thread is not None else "unknown"
    error = hook.exc_value or hook.exc_type()
    _log.critical(
        "Nobody caught an error; the thread %s has ended.", name, exc_info=(hook.exc_type, error, hook.exc_traceback)
    )


def _unraisable_hook(hook: sys.UnraisableHookArgs) -> None:
    """Errors in destructors and callbacks, which Python can raise to nobody."""
    what = f"{hook.err_msg or 'Exception ignored in'} {type(hook.object).__name__}"
    error = hook.exc_value or hook.exc_type()
    name = threading.current_thread().name
    _log.error("%s, in the thread %s.", what, name, exc_info=(hook.exc_type, error, hook.exc_traceback))


def asyncio_handler(_loop: Any, context: Mapping[str, Any]) -> None:
    """For ``loop.set_exception_handler``: errors of tasks and callbacks that nobody awaited."""
    error = context.get("exception")
    task: Any = context.get("task") or context.get("future") or context.get("handle")
    name = task.get_name() if hasattr(task, "get_name") else type(task).__name__ if task is not None else "event loop"
    _log.error(
        "%s (%s, in the thread %s).",
        context.get("message", "Nobody caught an error"),
        name,
        threading.current_thread().name,
        exc_info=(type(error), error, error.__traceback__) if isinstance(error, BaseException) else None,
    )
