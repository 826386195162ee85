"""Opening one video with FFmpeg and decoding it packet by packet, whatever its bytes are."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from console.errors import SourceLost
from console.sources import limits
from console.sources.av_picture import AvPicture
from console.sources.av_words import lost, silent
from console.sources.encoded import Coding, Tap
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool, drawable
from console.sources.turns import TURNS
from models.traces import Trace
from models.words import N_, _

_FAILURES = (FFmpegError, OSError, ValueError, MemoryError)
_BAD_IN_A_ROW = 300
_PICTURELESS_S = 30.0
_CLOCKS_AGREE_S = 5.0
_LARGE = 1920 * 1080


class Readable(Protocol):
    """What FFmpeg can read bytes from: a file object without seeking."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end."""


@dataclass(frozen=True, slots=True)
class VideoInput:
    """What FFmpeg opens, and how.

    Attributes:
        target: URL, or an object to read bytes from.
        place: what it is called in messages; nothing secret.
        network: a camera, where trying again may help, else a file.
        open_timeout_s: seconds for each of connecting and finding out what it is.
        read_timeout_s: seconds without data after which reading gives up.
        container: FFmpeg's name of the format, or None to find out.
        options: FFmpeg's options besides the limits every source has.
    """

    target: str | Readable
    place: str
    network: bool
    open_timeout_s: float
    read_timeout_s: float
    container: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture as it left the decoder.

    Attributes:
        picture: the picture.
        pts: the stream's time in seconds, or None.
        lasts_s: how long the stream shows it, in seconds; from its frame rate where it does not say.
        taken_at: UTC by the camera's clock where it is known and agrees with this machine's within 5 s, else None.
        trace: with the decoder's work in it.
    """

    picture: AvPicture
    pts: float | None
    lasts_s: float
    taken_at: datetime | None
    trace: Trace


class AvReader:
    """One opening of one video. Belongs to one thread; `closed` may be set from any.

    Attributes:
        skipped: packets and pictures that were thrown away because they were damaged.
    """

    def __init__(
        self, source: VideoInput, orientation: Orientation, scalers: ScalerPool, closed: threading.Event
    ) -> None:
        self._source = source
        self._orientation = orientation
        self._scalers = scalers
        self._closed = closed
        self._bad_in_a_row = 0
        self._seen = 0
        self._last_picture = 0.0
        self._tap: Tap | None = None
        self.skipped = 0

    def pictures(self) -> Generator[Decoded]:
        """Open, yield every whole picture, close. Ends at the end of the data or once `closed` is set.

        Raises:
            SourceLost: it can't be opened, is no video, broke off, or nothing of it could be decoded.
        """
        container = self._open()
        try:
            stream = self._video_of(container)
            self._last_picture = time.monotonic()
            for packet in self._packets(container, stream):
                for begin_ns, end_ns, frame in self._decode(packet):
                    yield self._decoded(container, stream, frame, begin_ns, end_ns)
                    if self._closed.is_set():
                        return
                if self._closed.is_set():
                    return
        finally:
            container.close()
        if not self._seen:
            raise SourceLost(
                _("No picture of {place} could be decoded.").format(place=self._source.place),
                _("It is damaged, or holds no video."),
                retry=self._source.network,
            )

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
        """The stream's packets, the last one empty; gives up on a camera that falls silent or never shows a picture."""
        source = self._source
        packets = container.demux(stream)
        while True:
            asked = time.monotonic()
            try:
                packet = next(packets, None)
            except BlockingIOError:  # a demuxer lost its place and asks to be called again
                self._bad(N_("packets"))
                packets = container.demux(stream)
                continue
            except IndexError:  # at the end PyAV stumbles over streams that appeared late; ours is flushed by then
                return
            except _FAILURES as failure:
                raise self._lost(failure, asked, opening=False) from None
            if packet is None:
                return
            waited_s = time.monotonic() - asked
            yield packet
            if source.network and waited_s > source.read_timeout_s:
                # FFmpeg's parser gave out the picture it held back instead of the time-out; the next would wait anew.
                raise silent(source.place, network=True, opening=False, limit_s=source.read_timeout_s)
            self._check_patience()

    def _open(self) -> InputContainer:
        source = self._source
        asked = time.monotonic()
        try:
            return av.open(
                source.target,
                mode="r",
                format=source.container,
                options={**limits.PROBING, **limits.DECODING, **source.options},
                metadata_errors="replace",
                timeout=(source.open_timeout_s, source.read_timeout_s),
            )
        except _FAILURES as failure:
            raise self._lost(failure, asked, opening=True) from None

    def _lost(self, failure: BaseException, asked: float, *, opening: bool) -> SourceLost:
        source = self._source
        return lost(
            failure,
            source.place,
            network=source.network,
            opening=opening,
            limit_s=source.open_timeout_s if opening else source.read_timeout_s,
            waited_s=time.monotonic() - asked,
        )

    def _video_of(self, container: InputContainer) -> VideoStream:
        """The stream to decode, set up; the demuxer throws the others away."""
        place = self._source.place
        videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not videos:
            raise SourceLost(
                _("There is no video in {place}.").format(place=place), _("It may be sound only."), retry=False
            )
        stream = videos[0]
        if stream.codec_context is None:
            raise SourceLost(
                _("{place} uses a video format that can't be decoded here.").format(place=place),
                _("Use H.264."),
                retry=False,
            )
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        context = stream.codec_context
        limits.check_size(context.width, context.height, place)
        context.options = {**context.options, **limits.DECODING}
        context.thread_type, context.thread_count = _threads(context.width, context.height, live=self._source.network)
        if self._source.network:
            context.flags |= Flags.low_delay  # a frame leaves the decoder at once; those with B-frames stay in order
        coding = Coding.of(stream)
        self._tap = Tap(coding) if coding else None
        return stream

    def _decode(self, packet: av.Packet[VideoStream]) -> Iterator[tuple[int, int, av.VideoFrame]]:
        """The whole pictures that `packet` completes, each with its share of the decoder's time.

        What comes from a camera is handed on within the same turn, since nothing there waits for anything: its picture
        is drawn while it is still warm, and the next camera comes sooner than if this one had to queue up again.
        """
        with TURNS.turn():
            begin = time.monotonic_ns()
            frames = self._decoded_frames(packet)
            share = (time.monotonic_ns() - begin) // max(len(frames), 1)
            if self._source.network:
                yield from self._whole(frames, begin, share)
                return
        yield from self._whole(frames, begin, share)

    def _decoded_frames(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """What the decoder makes of `packet`; nothing, and counted, where it is damaged."""
        frames: list[av.VideoFrame] | None = None
        try:
            frames = packet.decode()
        except MemoryError as failure:
            raise self._lost(failure, time.monotonic(), opening=False) from None
        except (FFmpegError, ValueError):
            pass
        if self._tap is not None:
            self._tap.add(packet)
        if frames is None:
            self._bad(N_("packets"))
        return frames or []

    def _whole(self, frames: list[av.VideoFrame], begin: int, share: int) -> Iterator[tuple[int, int, av.VideoFrame]]:
        """Those that can be drawn, each with when its decoding began and ended."""
        for i, frame in enumerate(frames):
            limits.check_size(frame.width, frame.height, self._source.place)
            if frame.is_corrupt or not drawable(frame):
                self._bad(N_("pictures"))
                continue
            self._bad_in_a_row = 0
            self._seen += 1
            self._last_picture = time.monotonic()
            yield begin + i * share, begin + (i + 1) * share, frame

    def _check_patience(self) -> None:
        """A camera may send data for ever that never becomes a picture: no key frame, an empty stream."""
        if self._source.network and time.monotonic() - self._last_picture > _PICTURELESS_S:
            raise SourceLost(
                _("{place} sends data, but no picture came of it for {pictureless_s:g} s.").format(
                    place=self._source.place, pictureless_s=_PICTURELESS_S
                ),
                _("Check the video settings of the camera: a key frame every 1 to 5 s."),
            )

    def _bad(self, what: str) -> None:
        self.skipped += 1
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= _BAD_IN_A_ROW:
            raise SourceLost(
                _("{place}: {bad_in_a_row} damaged {what} in a row.").format(
                    place=self._source.place, bad_in_a_row=self._bad_in_a_row, what=_(what)
                ),
                _("Check the network and the camera.") if self._source.network else _("The file is damaged."),
                retry=self._source.network,
            )

    def _decoded(
        self, container: InputContainer, stream: VideoStream, frame: av.VideoFrame, begin_ns: int, end_ns: int
    ) -> Decoded:
        trace = Trace()
        trace.add("decode", begin_ns, end_ns)
        orientation = self._seen_through(stream, frame)
        encoded = self._tap.take(frame, orientation) if self._tap is not None else None
        picture = AvPicture(frame, orientation, self._scalers, encoded)
        pts = _seconds(frame)
        return Decoded(picture, pts, _lasts(stream, frame), _camera_time(container, pts), trace)

    def _seen_through(self, stream: VideoStream, frame: av.VideoFrame) -> Orientation:
        """The camera's orientation on top of the stream's own."""
        aspect = stream.codec_context.sample_aspect_ratio or stream.sample_aspect_ratio
        turned = -round(frame.rotation / 90) * 90 % 360
        return self._orientation.with_stream(float(aspect) if aspect else None, turned)


def _threads(width: int, height: int, *, live: bool) -> tuple[str, int]:
    """How the decoder may spread its work, as (thread_type, thread_count).

    Up to HD one core decodes several cameras and threads cost more than they bring (768x576 MPEG-4: 0.6 ms either
    way). Large pictures: a file may decode several frames at once, a camera only the slices of one, since every
    further frame in work would be a frame of delay.
    """
    if width * height < _LARGE:
        return "NONE", 1
    return ("SLICE" if live else "AUTO"), min(os.cpu_count() or 1, 4)


def _seconds(frame: av.VideoFrame) -> float | None:
    """The frame's time in the stream in seconds; by its decoding order where the container keeps only that (AVI)."""
    if frame.pts is not None:
        return frame.time
    base = frame.time_base
    return float(frame.dts * base) if frame.dts is not None and base else None


def _lasts(stream: VideoStream, frame: av.VideoFrame) -> float:
    """How long a frame is shown, in seconds; 1/25 where nobody says."""
    base = frame.time_base
    if frame.duration and frame.duration > 0 and base:
        return float(frame.duration * base)
    rate = stream.average_rate or stream.guessed_rate
    return 1 / float(rate) if rate else 0.04


def _camera_time(container: InputContainer, pts: float | None) -> datetime | None:
    """UTC at which the camera says it took the frame (RTCP sender reports), if its clock can be believed."""
    start_us = container.start_time_realtime
    if start_us is None or pts is None:
        return None
    said = start_us / 1e6 + pts
    return datetime.fromtimestamp(said, UTC) if abs(said - time.time()) <= _CLOCKS_AGREE_S else None
