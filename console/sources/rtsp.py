"""A camera over RTSP, its video carried by TCP or UDP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Literal

from console.errors import SourceLost
from console.sources.address import Address, look_up
from console.sources.av_reader import AvReader, VideoInput
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool
from console.sources.stamp import FrameCounter
from models.frames import Frame
from models.words import _

_LONGEST_LOGIN = 127  # FFmpeg cuts "user:password", percent-encoded, at this length without a word


class RtspSource:
    """Receives one RTSP stream, video only, with as little delay as its frames allow.

    rtsps:// is encrypted, but FFmpeg does not check who the camera is: their certificates are self-signed as a rule.

    A blocked `frames` ends within `open_timeout_s` while connecting (twice that where a camera connects slowly and
    then sends nothing) and within `read_timeout_s` afterwards: FFmpeg can't cancel a read, only time out.

    Attributes:
        skipped: packets and pictures that were lost or damaged on the way.
    """

    live = True

    def __init__(
        self,
        camera_id: str,
        address: Address,
        *,
        transport: Literal["tcp", "udp"] = "tcp",
        orientation: Orientation | None = None,
        open_timeout_s: float = 5.0,
        read_timeout_s: float = 2.5,
    ) -> None:
        self.skipped = 0
        self._camera_id = camera_id
        self._address = address
        self._orientation = orientation or Orientation()
        self._closed = threading.Event()
        self._input = VideoInput(
            address.with_login(),
            address.place,
            network=True,
            open_timeout_s=open_timeout_s,
            read_timeout_s=read_timeout_s,
            container="rtsp",
            options=_options(transport, open_timeout_s),
        )

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `Source.frames`. `pts` are the camera's RTP times in seconds.

        Raises:
            SourceLost: it can't be reached, refuses the login (`retry` is False), sends no video, or broke off.
        """
        self._check_login()
        look_up(self._address, self._input.open_timeout_s)
        counter = FrameCounter(self._camera_id, first_seq)
        reader = AvReader(self._input, self._orientation, ScalerPool(), self._closed)
        if self._closed.is_set():
            return
        with closing(reader.pictures()) as pictures:
            for decoded in pictures:
                self.skipped = reader.skipped
                yield counter.frame(decoded.picture, decoded.pts, decoded.trace, decoded.taken_at)
        if not self._closed.is_set():
            raise SourceLost(
                _("{place} ended the stream.").format(place=self._address.place), _("The camera may be restarting.")
            )

    def close(self) -> None:
        """See `Source.close`."""
        self._closed.set()

    def _check_login(self) -> None:
        if len(self._address.userinfo) > _LONGEST_LOGIN:
            raise SourceLost(
                _("The user and password for {place} are too long for RTSP.").format(place=self._address.place),
                _("Together at most {longest_login} characters, where a special one counts as three.").format(
                    longest_login=_LONGEST_LOGIN
                ),
                retry=False,
            )


def _options(transport: str, open_timeout_s: float) -> dict[str, str]:
    """FFmpeg's options for a live stream.

    Frames leave the decoder at once (low_delay), probing is short since the session description names the codec, and
    over UDP packets wait 0.2 s at most for one that comes late; a large receive buffer takes a key frame's burst.
    """
    return {
        "rtsp_transport": transport,
        "allowed_media_types": "video",
        "timeout": str(int(open_timeout_s * 1e6)),
        "protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
        "analyzeduration": "1000000",
        "fpsprobesize": "0",
        "max_delay": "200000",
        "buffer_size": "2097152",
        "flags": "low_delay",
    }
