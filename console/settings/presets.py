"""The forms camera makers give their addresses, so that an operator types a host instead of a path.

Each form is a fact of the maker's own documents or of what its cameras answer to; `source` says where it comes from.
Models differ: a form is where to begin, and the live picture in the dialog is the proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """One maker's form.

    Attributes:
        name: the maker, as on the camera.
        form: the address, with {host}, and {channel} where one device has several cameras; {code} is a part the maker's
            own program shows.
        streams: (what is in the place {stream}, main or second) pairs; empty where the form has none.
        port: written after the host; 0: the scheme's own.
        source: where the form comes from.
    """

    name: str
    form: str
    streams: tuple[tuple[str, str], ...] = ()
    port: int = 0
    source: str = ""

    @property
    def has_channel(self) -> bool:
        """Whether one device has several cameras."""
        return "{channel" in self.form

    @property
    def has_code(self) -> bool:
        """Whether a part has to be looked up in the maker's own program."""
        return "{code}" in self.form

    def address(self, host: str, channel: int = 1, stream: int = 0, code: str = "") -> str:
        """The address of a camera.

        Args:
            host: name or IP address, with :PORT where it is not the usual one.
            channel: from 1.
            stream: index into `streams`.
            code: what the maker's program shows.
        """
        host = host.strip()
        if self.port and ":" not in re.sub(r"^\[.*\]", "", host):
            host = f"{host}:{self.port}"
        chosen = self.streams[min(stream, len(self.streams) - 1)][0] if self.streams else ""
        return self.form.format(host=host, channel=channel, stream=chosen, code=code)


_MAIN, _SECOND = "main", "second"

PRESETS: tuple[Preset, ...] = (
    Preset("Amcrest", "rtsp://{host}/cam/realmonitor?channel={channel}&subtype={stream}",
           (("0", _MAIN), ("1", _SECOND)), source="as Dahua, which makes them"),
    Preset("Axis", "rtsp://{host}/axis-media/media.amp?camera={channel}&videocodec=h264", source="VAPIX"),
    Preset("Axis (MJPEG)", "http://{host}/axis-cgi/mjpg/video.cgi?camera={channel}", source="VAPIX, Video streaming"),
    Preset("Bosch", "rtsp://{host}/?line={channel}&inst={stream}&h26x=4", (("1", _MAIN), ("2", _SECOND)),
           source="Bosch, RTSP usage with Bosch video IP devices"),
    Preset("Dahua", "rtsp://{host}/cam/realmonitor?channel={channel}&subtype={stream}",
           (("0", _MAIN), ("1", _SECOND)), source="Dahua HTTP API, Get RTSP stream"),
    Preset("Foscam", "rtsp://{host}/{stream}", (("videoMain", _MAIN), ("videoSub", _SECOND)), 88,
           "Foscam HD camera CGI guide"),
    Preset("Hanwha (Wisenet)", "rtsp://{host}/{stream}/media.smp", (("profile2", _MAIN), ("profile3", _SECOND)),
           source="Wisenet SUNAPI, RTSP URL"),
    Preset("Hikvision", "rtsp://{host}/Streaming/Channels/{channel}{stream}", (("01", _MAIN), ("02", _SECOND)),
           source="Hikvision ISAPI, Streaming/channels"),
    Preset("i-PRO, Panasonic", "rtsp://{host}/MediaInput/h264/stream_{stream}", (("1", _MAIN), ("2", _SECOND)),
           source="Panasonic network camera CGI command guide"),
    Preset("IP Webcam (phone)", "http://{host}/video", port=8080, source="the app's own page"),
    Preset("MediaMTX, go2rtc", "rtsp://{host}/{code}", port=8554, source="their README: port 8554, the path's name"),
    Preset("Pelco", "rtsp://{host}/stream{stream}", (("1", _MAIN), ("2", _SECOND)), source="Pelco Sarix"),
    Preset("Reolink", "rtsp://{host}/h264Preview_{channel:02d}_{stream}", (("main", _MAIN), ("sub", _SECOND)),
           source="Reolink support, live view over RTSP"),
    Preset("Sony", "rtsp://{host}/media/video{stream}", (("1", _MAIN), ("2", _SECOND)), source="Sony CGI guide"),
    Preset("Tapo, VIGI (TP-Link)", "rtsp://{host}/stream{stream}", (("1", _MAIN), ("2", _SECOND)),
           source="TP-Link FAQ 2680: stream1 high quality, stream2 low"),
    Preset("Ubiquiti UniFi Protect", "rtsps://{host}/{code}", port=7441,
           source="UniFi Protect shows the whole address, the code is its last part"),
    Preset("Uniview (camera)", "rtsp://{host}/media/video{stream}", (("1", _MAIN), ("2", _SECOND)),
           source="Uniview support, RTSP of IP cameras"),
    Preset("Uniview (recorder)", "rtsp://{host}/unicast/c{channel}/s{stream}/live", (("0", _MAIN), ("1", _SECOND)),
           source="Uniview support, RTSP of recorders"),
    Preset("Vivotek", "rtsp://{host}/{stream}", (("live.sdp", _MAIN), ("live2.sdp", _SECOND)),
           source="Vivotek user's manual, RTSP streaming"),
    Preset("ONVIF, other makers", "rtsp://{host}/onvif{stream}", (("1", _MAIN), ("2", _SECOND)),
           source="what many unbranded cameras answer to"),
)  # fmt: skip


def preset(name: str) -> Preset | None:
    """The form of that name."""
    return next((form for form in PRESETS if form.name == name), None)
