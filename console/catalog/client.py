"""Running a package client (pip, apt-get) as a child: watched, stopped when told to, its failure put into words."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from console.catalog.landing import local_trouble
from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from models.words import _

QUIET_S = 6.0  # the clients' own limit is 4 s a connection
STALL_S = 15.0  # once content came: a network may hold its breath
_TICK_S = 0.05
_CONTENT = 1 << 16  # so many bytes on the disk are content, not an index
_SECRET = re.compile(r"//[^/@\s]*@")
_ERROR = re.compile(r"^(?:ERROR|E|error): *")


def run_client(argv: Sequence[str], folder: Path, download: int, transfer: Transfer, *, start_s: float) -> None:
    """Run a client whose download, temporary files included, grows in `folder`, which is also its working folder.

    It asks nothing and sees the user's own configuration of the client: which hosts it uses is not ours to say.

    Args:
        argv: the command line.
        folder: an empty folder.
        download: bytes it will fetch, about, for the progress.
        transfer: claimed once content comes.
        start_s: how long it may take to its first sign of life.

    Raises:
        SourceFailed: it failed, or went silent; says so in the client's own last words.
        Stopped: told to stop; the child is gone.
    """
    log = folder / "client.log"
    with local_trouble(_("Writing {log}").format(log=log)):
        out = log.open("wb")
    with out:
        try:
            # a session of its own: Ctrl+C at the terminal is for us, and we stop the child
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environment(folder),
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise SourceFailed(
                _("{name} could not be started: {reason}").format(
                    name=Path(argv[0]).name, reason=error.strerror or error
                )
            ) from error
        try:
            _watch(child, log, download, transfer, start_s)
        finally:
            _end(child)
    if child.returncode:
        raise SourceFailed(
            _last_words(log) or _("it ended with status {returncode}").format(returncode=child.returncode)
        )
    transfer.claim()  # a small package may be there before anybody saw it grow


def _environment(folder: Path) -> dict[str, str]:
    """Ours, with temporary files where they are counted and swept, and words we can read."""
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    return environment | {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _watch(child: subprocess.Popen[bytes], log: Path, download: int, transfer: Transfer, limit: float) -> None:
    """Until the child ends. Silence counts from its last sign of life, in the log or on the disk."""
    seen, seen_at = (0, 0), time.monotonic()
    while child.poll() is None:
        transfer.pause(_TICK_S)
        now = _bytes_beside(log)
        if now != seen:
            seen, seen_at, limit = now, time.monotonic(), STALL_S if now[0] >= _CONTENT else QUIET_S
        if time.monotonic() - seen_at > limit:
            raise SourceFailed(_("it was silent for {limit:.0f} s").format(limit=limit))
        if now[0] >= _CONTENT:
            transfer.claim()
            transfer.report(now[0], max(download, now[0]))


def _bytes_beside(log: Path) -> tuple[int, int]:
    """Bytes of content in the log's folder, bytes of talk in the log."""
    content = 0
    for where, _folders, names in os.walk(log.parent):
        for name in names:
            path = Path(where, name)
            if path != log:
                content += _size(path)
    return content, _size(log)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # temporary files come and go
        return 0


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _last_words(log: Path) -> str:
    lines = [_SECRET.sub("//", line.strip()) for line in log.read_text("utf-8", "replace").splitlines()]
    errors = [_ERROR.sub("", line) for line in lines if _ERROR.match(line)]
    return (errors or [line for line in lines if line] or [""])[0][:300].rstrip(".")
