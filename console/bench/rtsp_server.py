"""Starts GStreamer's RTSP server on loopback: cameras for a bench, as real as they come without one."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

from console.errors import SightdeskError

_SYSTEM_PYTHON = Path("/usr/bin/python3")
_SCRIPT = Path(__file__).with_name("rtsp_script.py")
_STARTS_WITHIN_S = 15.0
_HINT = (
    "Needed on Linux: apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad. Or name cameras of your own with --source."
)


class RtspServer:
    """One server process with a mount for each camera; a context manager that always kills it.

    Args:
        clip: raw H.264 with access unit delimiters (`console.bench.clip`).
        mounts: how many cameras.
        fps: pictures a second.
    """

    def __init__(self, clip: Path, mounts: int, fps: int = 30) -> None:
        self._arguments = [str(clip), "--mounts", str(mounts), "--fps", str(fps)]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        """Start it, and wait until it listens.

        Raises:
            SightdeskError: GStreamer's server is not here, or does not start.
        """
        if sys.platform != "linux" or not _SYSTEM_PYTHON.exists():
            raise SightdeskError("GStreamer's RTSP server is only looked for on Linux.", _HINT)
        self._process = subprocess.Popen(
            [str(_SYSTEM_PYTHON), str(_SCRIPT), *self._arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": "", "GST_DEBUG": "0"},
        )
        out = self._process.stdout
        ready = out is not None and select.select([out], [], [], _STARTS_WITHIN_S)[0]
        word, _, port = (out.readline() if out is not None and ready else "").partition(" ")
        if word != "READY":
            self.__exit__()
            raise SightdeskError("GStreamer's RTSP server did not start.", _HINT)
        self.port = int(port)
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it; harmless when it isn't running."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()

    def url(self, mount: int) -> str:
        """The address of a mount."""
        return f"rtsp://127.0.0.1:{self.port}/{mount}"

    def cpu_s(self) -> float:
        """CPU seconds it has used."""
        if self._process is None:
            return 0.0
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)
