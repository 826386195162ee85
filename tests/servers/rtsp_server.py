"""Starts and stops the RTSP server of `gst_rtsp.py` for a test."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.conftest import missing

_SCRIPT = Path(__file__).with_name("gst_rtsp.py")
_SYSTEM_PYTHON = "/usr/bin/python3"
_PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def need_gstreamer() -> None:
    """Skip, or fail where services are required, without the system's GStreamer RTSP server."""
    if sys.platform != "linux" or not Path(_SYSTEM_PYTHON).exists():
        missing("services", "GStreamer's RTSP server is only looked for on Linux")
    if subprocess.run([_SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, check=False).returncode:
        missing("services", "GStreamer's RTSP server is not here (apt install gir1.2-gst-rtsp-server-1.0 ...)")


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RtspServer:
    """One server process, in a process group of its own; a context manager that always kills it.

    Args:
        clip: raw H.264 with access unit delimiters (`tests.servers.clips.h264_stream`).
        options: further command-line options of `gst_rtsp.py`, such as mounts=16, user="...", switch_to=PATH.
    """

    def __init__(self, clip: Path, **options: object) -> None:
        self.port = free_port()
        self._arguments = [str(clip), "--port", str(self.port)]
        for name, value in options.items():
            self._arguments += [f"--{name.replace('_', '-')}", str(value)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until it listens, 15 s at most."""
        assert self._process is None
        self._process = subprocess.Popen(
            [_SYSTEM_PYTHON, str(_SCRIPT), *self._arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": "", "GST_DEBUG": "0"},
        )
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], 15)[0] or "READY" not in self._process.stdout.readline():
            self.stop()
            raise RuntimeError("the RTSP server did not start")

    def stop(self) -> None:
        """Kill it; harmless when it isn't running."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def restart(self) -> None:
        """Kill it and start it again on the same port."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop it in its tracks (SIGSTOP): connections stay, nothing is answered."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def cpu_s(self) -> float:
        """CPU seconds the server has used."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def url(self, mount: int = 0) -> str:
        """The URL of a mount."""
        return f"rtsp://127.0.0.1:{self.port}/{mount}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def wait_until(condition, timeout_s: float = 5.0) -> bool:
    """Whether `condition()` came true within `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
