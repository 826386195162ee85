"""Pictures as they came over the wire: what has to be kept so that a picture can be decoded again.

Thirty seconds of 720p are 15 MB encoded and 1.2 GB decoded. So a picture that FFmpeg decoded carries the packets it was
made of; whoever wants to see it again later keeps those (`console.sources.recent`), and nobody else pays for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import av
from av.codec.context import Flags
from av.error import FFmpegError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from console.sources import limits
from console.sources.orientation import Orientation
from console.sources.scaler import drawable
from console.sources.turns import TURNS

AGAIN = frozenset(
    {"h264", "hevc", "mjpeg", "mpeg4", "msmpeg4", "msmpeg4v2", "mpeg1video", "mpeg2video", "vp8", "vp9", "av1"}
)
"""Codecs whose packets say all that is needed, from a key frame on; tried with a fresh decoder. Others keep side data
elsewhere (palettes, tables in the container), or know no key frames."""
_MOST_WAITING = 16 * 1024 * 1024
_REORDERED, _DELAYED = 32, 64
"""How many pictures earlier or later than its packet a frame may stand: B-frames; frames that the first decoder, with
several threads, gave out later than one with a single thread does."""


class Packet(NamedTuple):
    """One encoded packet.

    Attributes:
        data: its bytes.
        pts, dts: times in the stream's own ticks, or None; they only serve to tell pictures apart.
        key: decoding may begin here.
    """

    data: bytes
    pts: int | None
    dts: int | None
    key: bool


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """How the packets of one connection are decoded. Two connections never share one, though they look alike.

    Attributes:
        codec: FFmpeg's name of it.
        tag: the container's name of it; some decoders go by that.
        extradata: headers that stand outside the packets.
        size: (width, height) as announced, in pixels; the packets have the last word.
        bits: per coded sample, 0 where nobody says.
        low_delay: the decoder gives pictures out at once.
    """

    codec: str
    tag: str = ""
    extradata: bytes | None = None
    size: tuple[int, int] = (0, 0)
    bits: int = 0
    low_delay: bool = False

    @classmethod
    def of(cls, stream: VideoStream) -> Coding | None:
        """The coding of a stream that is about to be decoded; None where its packets alone would not do."""
        context = stream.codec_context
        if context.name not in AGAIN:
            return None
        return cls(
            context.name,
            context.codec_tag,
            context.extradata,
            (context.width, context.height),
            context.bits_per_coded_sample,
            bool(context.flags & Flags.low_delay),
        )

    def decoder(self) -> VideoCodecContext:
        """A fresh decoder, one thread, with the limits of every source."""
        context = cast("VideoCodecContext", av.CodecContext.create(self.codec, "r"))
        if self.extradata:
            context.extradata = self.extradata
        if all(self.size):
            context.width, context.height = self.size
        if self.tag.strip("\0"):
            context.codec_tag = self.tag
        if self.bits:
            context.bits_per_coded_sample = self.bits
        if self.low_delay:
            context.flags |= Flags.low_delay
        context.thread_type, context.thread_count = "NONE", 1
        context.options = dict(limits.DECODING)
        return context


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What a decoded picture was made of.

    Attributes:
        coding: how to decode it.
        key: what tells the picture from its neighbours when it is decoded again: its pts, else its dts, else None.
        packets: those the decoder was given since the picture before; a decoder that reorders has had this picture's
            own packet earlier. May be empty: one packet may hold several pictures.
        orientation: how it is seen.
    """

    coding: Coding
    key: int | None
    packets: tuple[Packet, ...]
    orientation: Orientation

    @property
    def starts(self) -> bool:
        """Decoding may begin with these packets."""
        return any(packet.key for packet in self.packets)


class Tap:
    """Collects the packets of one connection on their way into the decoder, and hands them out with its pictures.

    Nothing is kept before the first key frame; nor where so many packets go by without a picture that they would only
    take memory: then it waits for the next key frame.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._waiting: list[Packet] = []
        self._bytes = 0
        self._open = False

    def add(self, packet: av.Packet[VideoStream]) -> None:
        """A packet that goes into the decoder now."""
        key = packet.is_keyframe
        if not packet.size or not (self._open or key):
            return
        if self._bytes + packet.size > _MOST_WAITING:
            self._waiting.clear()
            self._bytes, self._open = 0, key
            if not key:
                return
        self._open = True
        self._bytes += packet.size
        self._waiting.append(Packet(bytes(packet), packet.pts, packet.dts, key))

    def take(self, frame: av.VideoFrame, orientation: Orientation) -> Encoded | None:
        """What `frame`, which just left the decoder, was made of; None while there is no key frame."""
        if not self._open:
            return None
        packets = tuple(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return Encoded(self._coding, key_of(frame), packets, orientation)


def key_of(frame: av.VideoFrame) -> int | None:
    """What tells a frame from its neighbours, each time it is decoded anew."""
    return frame.pts if frame.pts is not None else frame.dts


def padded(data: bytes) -> av.Packet[Stream]:
    """A packet with these bytes for a decoder.

    `av.Packet(data)` would stand on the bytes themselves, without the padding that decoders read into: MPEG-4 gave
    wrong pictures now and then, with whatever happened to lie behind.
    """
    packet = av.Packet(len(data))
    packet.update(data)
    return packet


def decode_again(pictures: Sequence[Encoded]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode pictures of one coding once more, from the first key frame among their packets.

    Yields:
        (index into `pictures`, frame) in order. Those that can't be had are left out: before the key frame, damaged,
        or never seen the first time.
    """
    if not pictures:
        return
    decoder = pictures[0].coding.decoder()
    at, begun = 0, False
    for fed, packet in _packets(pictures):
        begun = begun or packet is None or packet.key
        if not begun:
            continue
        for frame in _frames(decoder, packet):
            # In order and near the packet, so that stamps that repeat or are missing fall to the right picture.
            found = _found(pictures, key_of(frame), at, fed)
            if found is not None:
                at = found + 1
                if not frame.is_corrupt and drawable(frame):
                    yield found, frame


def _found(pictures: Sequence[Encoded], key: int | None, at: int, fed: int) -> int | None:
    """Which picture, from `at` on, a frame is that left the decoder when it was fed the packets of picture `fed`."""
    if key is None:
        number = max(at, fed)
        return number if number < len(pictures) and pictures[number].key is None else None
    candidates = range(max(at, fed - _REORDERED), min(fed + _DELAYED, len(pictures)))
    return next((number for number in candidates if pictures[number].key == key), None)


def _packets(pictures: Sequence[Encoded]) -> Iterator[tuple[int, Packet | None]]:
    """Every packet with the number of the picture it came with; at last None, which flushes the decoder."""
    for number, picture in enumerate(pictures):
        for packet in picture.packets:
            yield number, packet
    yield len(pictures) - 1, None


def _frames(decoder: VideoCodecContext, packet: Packet | None) -> list[av.VideoFrame]:
    """The frames a packet completes; None flushes. Damage is passed over, as it was the first time."""
    again = None
    if packet is not None:
        again = padded(packet.data)
        again.pts, again.dts = packet.pts, packet.dts
    try:
        with TURNS.turn():
            return decoder.decode(again)
    except (FFmpegError, ValueError, MemoryError):
        return []
