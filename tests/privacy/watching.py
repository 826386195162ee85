"""A watched folder: every version of every file that was ever in it, also of those that were replaced or removed.

Two eyes. Python tells before it renames, removes or overwrites a file (`sys.addaudithook`), so what is about to go is
read first, however short it lived. The system tells of every change by whomever (inotify): SQLite's own writes, the
codecs', a child process's.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

_MODIFY, _CLOSE, _MOVED_TO, _CREATE, _ISDIR = 0x2, 0x8, 0x80, 0x100, 0x40000000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FRAME = 24


@dataclass
class Versions:
    """What was seen.

    Attributes:
        kept: by path, the contents it had, without those that a later one begins with.
        strays: files outside of the folder that Python opened for writing.
    """

    kept: dict[Path, list[bytes]] = field(default_factory=dict)
    strays: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: Path) -> None:
        """Keep what a file holds now."""
        if path.name.endswith("-shm"):
            return
        try:
            content = path.read_bytes()
        except OSError:
            return
        if content:
            self.add(path, content)

    def add(self, path: Path, content: bytes) -> None:
        """Keep a content of a file."""
        with self._lock:
            if path.name.endswith("-wal"):
                content = _of_one_round(content)
            known = self.kept.setdefault(path, [])
            if known and content.startswith(known[-1]):
                known[-1] = content
            elif content not in known:
                known.append(content)

    def all(self) -> Iterator[tuple[Path, bytes]]:
        """Every version."""
        with self._lock:
            yield from [(path, content) for path, known in self.kept.items() for content in known]

    def database_states(self) -> Iterator[tuple[Path, bytes]]:
        """Every database as it was after each commit that stood in its write-ahead log, as a file."""
        with self._lock:
            logs = [(path, content) for path, known in self.kept.items() for content in known]
        for path, content in logs:
            if path.name.endswith("-wal"):
                for base in self.kept.get(path.with_name(path.name.removesuffix("-wal")), [])[-1:]:
                    yield from ((path, state) for state in _states(base, content))

    def names(self) -> set[str]:
        """The names of all files that ever held something."""
        return {path.name for path in self.kept}


def _of_one_round(log: bytes) -> bytes:
    """A write-ahead log without what is left over from before it was begun anew: frames with another salt."""
    size = int.from_bytes(log[8:12], "big") or 4096
    end = 32
    while log[end + 8 : end + 16] == log[16:24] and len(log) >= end + _FRAME + size:
        end += _FRAME + size
    return log[:end]


def _states(base: bytes, log: bytes) -> Iterator[bytes]:
    """A database file with a write-ahead log's pages written into it, after each of its commits."""
    size = int.from_bytes(log[8:12], "big") or 4096
    pages = {number: base[number * size : (number + 1) * size] for number in range(len(base) // size)}
    for at in range(32, len(log), _FRAME + size):
        number, commit = struct.unpack(">II", log[at : at + 8])
        pages[number - 1] = log[at + _FRAME : at + _FRAME + size]
        if commit:
            whole = b"".join(pages.get(page, bytes(size)) for page in range(commit))
            yield whole[:18] + b"\x01\x01" + whole[20:]  # no log any more, so that it can be opened alone


class _Hook:
    """Python's hook can't be taken away again, so there is one, and it does nothing while nobody watches."""

    watching: ClassVar[list[tuple[Path, Versions]]] = []
    installed: ClassVar[bool] = False
    inside: ClassVar[threading.local] = threading.local()

    @classmethod
    def install(cls) -> None:
        if not cls.installed:
            cls.installed = True
            sys.addaudithook(cls.told)

    @classmethod
    def told(cls, event: str, arguments: tuple[Any, ...]) -> None:
        if not cls.watching or event not in {"open", "os.rename", "os.remove", "os.truncate", "os.link"}:
            return
        if getattr(cls.inside, "busy", False):
            return
        cls.inside.busy = True
        try:
            with suppress(OSError, ValueError, TypeError):
                cls._note(event, arguments)
        finally:
            cls.inside.busy = False

    @classmethod
    def _note(cls, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = arguments
            if isinstance(path, int) or not flags & _WRITES:
                return
            paths = [_path(path, -1)]
        elif event in {"os.rename", "os.link"}:
            paths = [_path(arguments[0], arguments[2]), _path(arguments[1], arguments[3])]
        else:
            paths = [_path(arguments[0], arguments[1] if event == "os.remove" else -1)]
        for root, versions in cls.watching:
            for path in paths:
                if path.is_relative_to(root):
                    versions.note(path)
                elif event == "open":
                    versions.strays.add(str(path))


def _path(name: Any, folder: int) -> Path:
    if isinstance(name, int):
        return Path(f"/proc/self/fd/{name}").readlink()
    path = Path(os.fsdecode(name))
    if folder >= 0 and not path.is_absolute():
        return Path(f"/proc/self/fd/{folder}").readlink() / path
    return path.absolute()


@contextmanager
def watched(root: Path) -> Iterator[Versions]:
    """Watch a folder and all below it; at the end what is there is looked at once more."""
    versions, over = Versions(), threading.Event()
    _Hook.install()
    entry = (root, versions)
    _Hook.watching.append(entry)
    ready = threading.Event()
    thread = threading.Thread(target=_listen, args=(root, versions, ready, over), name="inotify")
    thread.start()
    ready.wait(5)
    try:
        yield versions
    finally:
        over.set()
        thread.join(10)
        _Hook.watching.remove(entry)
        for path in root.rglob("*"):
            if path.is_file():
                versions.note(path)


def _listen(root: Path, versions: Versions, ready: threading.Event, over: threading.Event) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    folders: dict[int, Path] = {}

    def add(folder: Path) -> None:
        number = libc.inotify_add_watch(handle, os.fsencode(folder), _MODIFY | _CLOSE | _MOVED_TO | _CREATE)
        folders[number] = folder
        with suppress(OSError):
            for path in folder.iterdir():  # what came before it was watched
                if path.is_dir() and not path.is_symlink():
                    add(path)
                elif path.is_file():
                    versions.note(path)

    add(root)
    ready.set()
    while True:
        last = over.is_set()
        if not select.select([handle], [], [], 0 if last else 0.05)[0]:
            if last:
                break
            continue
        changed: dict[Path, None] = {}
        events, at = os.read(handle, 1 << 16), 0
        while at < len(events):
            number, mask, _cookie, length = struct.unpack_from("iIII", events, at)
            name = events[at + 16 : at + 16 + length].rstrip(b"\x00")
            at += 16 + length
            path = folders.get(number, root) / os.fsdecode(name)
            if mask & _ISDIR:
                if mask & (_CREATE | _MOVED_TO):
                    add(path)
            else:
                changed[path] = None
        for path in changed:
            versions.note(path)
    os.close(handle)
