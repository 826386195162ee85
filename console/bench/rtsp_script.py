"""An RTSP server on loopback that sends prepared H.264. Run as a script by the system's Python, which has GStreamer.

Nothing is encoded here: access units come ready from a file, so sixteen 720p30 mounts cost a fraction of one core.
Prints READY and its port once it listens; mounts are /0, /1, ... It ends when whoever started it ends.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

DELIMITER = b"\x00\x00\x00\x01\x09"
LAUNCH = (
    "( appsrc name=clip is-live=true format=time max-bytes=0 block=false "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au "
    "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def access_units(path: Path) -> list[bytes]:
    """Split an Annex B file at its access unit delimiters."""
    data = path.read_bytes()
    starts, at = [], data.find(DELIMITER)
    while at >= 0:
        starts.append(at)
        at = data.find(DELIMITER, at + 1)
    return [data[begin:end] for begin, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def factory(gst: Any, rtsp: Any, units: list[bytes], fps: int, first: int) -> Any:
    """One mount point that sends the clip for ever, beginning with picture `first`."""

    def configure(_factory: Any, media: Any) -> None:
        source = media.get_element().get_child_by_name("clip")
        state = {"sent": 0}

        def need_data(_source: Any, _length: int) -> None:
            sent = state["sent"]
            buffer = gst.Buffer.new_wrapped(units[(first + sent) % len(units)])
            buffer.pts = buffer.dts = sent * gst.SECOND // fps
            buffer.duration = gst.SECOND // fps
            source.emit("push-buffer", buffer)
            state["sent"] = sent + 1

        source.connect("need-data", need_data)

    made = rtsp.RTSPMediaFactory()
    made.set_launch(LAUNCH)
    made.set_shared(True)
    made.set_latency(0)
    made.connect("media-configure", configure)
    return made


def main() -> int:
    """Serve until killed."""
    parent = os.getppid()
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--mounts", type=int, default=1)
    parser.add_argument("--fps", type=int, default=30)
    options = parser.parse_args()
    gi = import_module("gi")
    for name in ("Gst", "GstRtspServer"):
        gi.require_version(name, "1.0")
    gst, rtsp, glib = (import_module(f"gi.repository.{name}") for name in ("Gst", "GstRtspServer", "GLib"))
    gst.init(None)
    server = rtsp.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    units = access_units(options.clip)
    for number in range(options.mounts):
        first = number * len(units) // options.mounts // options.fps * options.fps  # each begins at a key frame
        server.get_mount_points().add_factory(f"/{number}", factory(gst, rtsp, units, options.fps, first))
    if not units or not server.attach(None):
        return 1
    sys.stdout.write(f"READY {server.get_bound_port()}\n")
    sys.stdout.flush()
    loop = glib.MainLoop()
    glib.timeout_add_seconds(1, lambda: os.getppid() == parent or loop.quit())
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
