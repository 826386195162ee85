"""A camera over HTTP: MJPEG, or any video that FFmpeg can read as it comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from console.errors import SourceLost
from console.sources import limits
from console.sources.address import Address, look_up
from console.sources.av_picture import AvPicture
from console.sources.av_reader import AvReader, VideoInput
from console.sources.encoded import Coding, Encoded, Packet, padded
from console.sources.http_stream import HttpStream
from console.sources.jpeg_stream import JpegScanner
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool, drawable
from console.sources.stamp import FrameCounter, Pace
from models.frames import Frame
from models.traces import Trace
from models.words import _

_PICTURELESS_S = 10.0
_BAD_IN_A_ROW = 100
_BODY_OPTIONS = {"format_whitelist": limits.VIDEO_FORMATS, "protocol_whitelist": "none", "analyzeduration": "2000000"}


class HttpSource:
    """Reads one HTTP stream: MJPEG (multipart or bare JPEGs), else what FFmpeg finds in the bytes.

    A stored file (the server names its length) plays at its own speed; a stream comes as it comes. `close` cuts the
    connection, so a blocked `frames` ends in a moment.

    Attributes:
        skipped: pictures that were cut short, damaged or absurdly large.
    """

    live = True

    def __init__(
        self,
        camera_id: str,
        address: Address,
        *,
        orientation: Orientation | None = None,
        open_timeout_s: float = 5.0,
        read_timeout_s: float = 2.5,
    ) -> None:
        self.skipped = 0
        self._camera_id = camera_id
        self._address = address
        self._orientation = orientation or Orientation()
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._closed = threading.Event()
        self._stream = HttpStream(address, open_timeout_s, read_timeout_s)

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `Source.frames`. `pts` is None for MJPEG, whose pictures carry no time.

        Raises:
            SourceLost: it can't be reached, refuses the login (`retry` is False), sends no video, or broke off.
        """
        look_up(self._address, self._open_timeout_s)
        if self._closed.is_set():
            return
        counter = FrameCounter(self._camera_id, first_seq)
        try:
            with self._stream.opened() as headers:
                kind = headers.get("content-type", "").lower()
                jpegs = kind.startswith(("multipart/", "image/jpeg", "image/jpg", "video/x-motion-jpeg"))
                self._refuse_page(kind)
                yield from self._jpegs(counter) if jpegs else self._video(counter, headers)
                stored = not jpegs and "content-length" in headers
        except SourceLost:
            if self._closed.is_set():
                return
            raise
        if not self._closed.is_set() and not stored:
            raise self._stream.failure or SourceLost(
                _("{place} ended the stream.").format(place=self._address.place), _("The camera may be restarting.")
            )

    def close(self) -> None:
        """See `Source.close`; the connection is cut at once."""
        self._closed.set()
        self._stream.hang_up()

    def _refuse_page(self, kind: str) -> None:
        if kind.startswith("text/html"):
            raise SourceLost(
                _("{place} answers with a web page, not with video.").format(place=self._address.place),
                _("Look up the camera's address for MJPEG video."),
            )

    def _jpegs(self, counter: FrameCounter) -> Iterator[Frame]:
        scanner, decoder = JpegScanner(), _JpegDecoder(self._orientation)
        last = time.monotonic()
        bad_in_a_row = undecoded = 0
        while data := self._stream.read():
            for jpeg in scanner.feed(data):
                trace = Trace()
                picture = decoder.decode(jpeg, trace)
                if picture is None:
                    undecoded += 1
                    bad_in_a_row += 1
                    continue
                last, bad_in_a_row = time.monotonic(), 0
                yield counter.frame(picture, None, trace)
            self.skipped = scanner.broken + undecoded
            if self._closed.is_set():
                return
            if time.monotonic() - last > _PICTURELESS_S or bad_in_a_row > _BAD_IN_A_ROW:
                raise SourceLost(
                    _("{place} sends data, but no picture came of it for {silent_s:.0f} s.").format(
                        place=self._address.place, silent_s=time.monotonic() - last
                    ),
                    _("Look up the camera's address for MJPEG video."),
                )

    def _video(self, counter: FrameCounter, headers: Mapping[str, str]) -> Iterator[Frame]:
        body = _Body(self._stream)
        video = VideoInput(
            body,
            self._address.place,
            network=True,
            open_timeout_s=self._open_timeout_s,
            read_timeout_s=self._read_timeout_s,
            options=_BODY_OPTIONS,
        )
        pace = Pace(self._closed) if "content-length" in headers else None
        reader = AvReader(video, self._orientation, ScalerPool(), self._closed)
        with closing(reader.pictures()) as pictures:
            for decoded in pictures:
                self.skipped = reader.skipped
                body.last_picture = time.monotonic()
                if pace is not None and not pace.wait(decoded.pts, decoded.lasts_s):
                    return
                yield counter.frame(decoded.picture, decoded.pts, decoded.trace)


class _Body:
    """An HTTP body as the file object FFmpeg reads from; it can't seek.

    It ends where bytes come but no picture does, or FFmpeg would look for the video's beginning for ever.
    """

    name = "stream"

    def __init__(self, stream: HttpStream) -> None:
        self._stream = stream
        self.last_picture = time.monotonic()

    def read(self, size: int) -> bytes:
        if time.monotonic() - self.last_picture > _PICTURELESS_S:
            return b""
        return self._stream.read(size)


class _JpegDecoder:
    """Decodes single JPEGs into pictures that stay YUV until they are drawn."""

    def __init__(self, orientation: Orientation) -> None:
        self._orientation = orientation
        self._scalers = ScalerPool()
        context = av.CodecContext.create("mjpeg", "r")
        assert isinstance(context, VideoCodecContext)  # noqa: S101  # for the type checker
        context.thread_type, context.thread_count = "NONE", 1
        context.options = dict(limits.DECODING)
        self._context = context
        self._coding = Coding("mjpeg")

    def decode(self, jpeg: bytes, trace: Trace) -> AvPicture | None:
        """The picture, or None where it can't be decoded."""
        begin = time.monotonic_ns()
        try:
            frames = self._context.decode(padded(jpeg))
        except FFmpegError:
            return None
        trace.add("decode", begin, time.monotonic_ns())
        whole = [frame for frame in frames if not frame.is_corrupt and drawable(frame)]
        if not whole:
            return None
        orientation = self._orientation.with_stream(None, 0)
        encoded = Encoded(self._coding, None, (Packet(jpeg, None, None, key=True),), orientation)
        return AvPicture(whole[-1], orientation, self._scalers, encoded)
