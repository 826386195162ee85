"""An RTSP server on loopback that sends prepared H.264. Run by the system's Python, which has GStreamer's bindings.

Nothing is encoded here: access units come ready from files, so sixteen 720p30 mounts cost a fraction of one core.
Prints READY once it listens. Each mount /0, /1, ... sends one clip for ever; --switch-to sends another clip (another
size) from the given second on, as a camera does whose resolution is changed while it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

DELIMITER = b"\x00\x00\x00\x01\x09"
LAUNCH = (
    "( appsrc name=clip is-live=true format=time max-bytes=0 block=false "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au "
    "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def access_units(path: Path) -> list[bytes]:
    """Split an Annex B file at its access unit delimiters."""
    data = path.read_bytes()
    starts = []
    at = data.find(DELIMITER)
    while at >= 0:
        starts.append(at)
        at = data.find(DELIMITER, at + 1)
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


class Mount(GstRtspServer.RTSPMediaFactory):
    """One mount point, shared by its clients."""

    def __init__(self, clips: list[list[bytes]], fps: int, switch_s: float) -> None:
        super().__init__()
        self.clips, self.fps, self.switch_s = clips, fps, switch_s
        self.set_launch(LAUNCH)
        self.set_shared(True)
        self.set_latency(0)

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        """Called when a first client comes."""
        source = media.get_element().get_child_by_name("clip")
        state = {"frame": 0, "at": 0, "clip": 0}

        def need_data(_source: object, _length: int) -> None:
            seconds = state["frame"] / self.fps
            clip = 1 if len(self.clips) > 1 and seconds >= self.switch_s else 0
            if clip != state["clip"]:
                state["clip"], state["at"] = clip, 0
            units = self.clips[clip]
            buffer = Gst.Buffer.new_wrapped(units[state["at"] % len(units)])
            buffer.pts = buffer.dts = int(seconds * Gst.SECOND)
            buffer.duration = Gst.SECOND // self.fps
            source.emit("push-buffer", buffer)
            state["frame"] += 1
            state["at"] += 1

        source.connect("need-data", need_data)


def protect(server: GstRtspServer.RTSPServer, mounts: list[Mount], options: argparse.Namespace) -> None:
    """Ask every client for a login, or speak TLS (rtsps://), or both."""
    user, password = options.user, options.password
    auth = GstRtspServer.RTSPAuth()
    server.set_auth(auth)
    if options.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(str(options.tls)))
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if not user:
        auth.set_default_token(token)
    elif options.auth == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    allowed = GstRtspServer.RTSPPermissions()
    allowed.add_permission_for_role("viewer", "media.factory.access", True)
    allowed.add_permission_for_role("viewer", "media.factory.construct", True)
    for mount in mounts:
        mount.set_permissions(allowed)


def main() -> int:
    """Serve until killed."""
    parent = os.getppid()
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mounts", type=int, default=1)
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--switch-to", type=Path)
    parser.add_argument("--switch-s", type=float, default=2.0)
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--tls", type=Path)
    parser.add_argument("--auth", choices=("basic", "digest"), default="basic")
    options = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    clips = [access_units(path) for path in (options.clip, options.switch_to) if path]
    mounts = [Mount(clips, options.fps, options.switch_s) for _ in range(options.mounts)]
    for number, mount in enumerate(mounts):
        server.get_mount_points().add_factory(f"/{number}", mount)
    if options.user or options.tls:
        protect(server, mounts, options)
    if not server.attach(None):
        return 1
    sys.stdout.write(f"READY {server.get_bound_port()}\n")
    sys.stdout.flush()
    loop = GLib.MainLoop()
    GLib.timeout_add_seconds(1, lambda: os.getppid() == parent or loop.quit())  # never outlives a test that was killed
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
