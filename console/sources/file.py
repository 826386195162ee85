"""A video file: at its own speed like a camera, or as fast as its reader takes it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from console.sources.av_reader import AvReader, Decoded, VideoInput
from console.sources.limits import VIDEO_FORMATS
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool
from console.sources.stamp import FrameCounter, Pace
from models.frames import Frame

_FILE_OPTIONS = {"format_whitelist": VIDEO_FORMATS, "protocol_whitelist": "file"}


class FileSource:
    """Reads a video file once, or for ever.

    Paced, frames come at their time on the wall clock (live: True, some may be dropped); else as fast as they are
    taken (live: False, every frame). A loop goes on counting: seq without holes, pts growing by the clip's length.

    Attributes:
        skipped: packets and pictures of the file that could not be decoded.
    """

    def __init__(
        self,
        camera_id: str,
        path: Path,
        *,
        paced: bool = True,
        loop: bool = False,
        orientation: Orientation | None = None,
        open_timeout_s: float = 5.0,
        read_timeout_s: float = 2.5,
    ) -> None:
        self.live = paced
        self.skipped = 0
        self._skipped_before = 0
        self._camera_id = camera_id
        self._loop = loop
        self._orientation = orientation or Orientation()
        self._closed = threading.Event()
        # "file:" keeps FFmpeg from reading a name such as "concat:a|b" or "C:clip" as a protocol.
        self._input = VideoInput(
            f"file:{path.absolute()}", path.name, network=False, open_timeout_s=open_timeout_s,
            read_timeout_s=read_timeout_s, options=_FILE_OPTIONS,
        )  # fmt: skip

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `Source.frames`. `pts` counts from what the file says, seconds.

        Raises:
            SourceLost: no such file, not a video, no picture in it, or damaged beyond reading; `retry` is False.
        """
        counter = FrameCounter(self._camera_id, first_seq)
        pace = Pace(self._closed) if self.live else None
        scalers = ScalerPool()
        offset = 0.0
        while not self._closed.is_set():
            clip = _Clip(AvReader(self._input, self._orientation, scalers, self._closed), offset)
            with closing(clip.pictures()) as pictures:
                for decoded, pts in pictures:
                    self.skipped = self._skipped_before + clip.reader.skipped
                    if pace is not None and not pace.wait(pts, decoded.lasts_s):
                        return
                    yield counter.frame(decoded.picture, pts, decoded.trace)
            self._skipped_before += clip.reader.skipped
            if not self._loop:
                return
            offset = clip.end

    def close(self) -> None:
        """See `Source.close`; a paced wait ends at once."""
        self._closed.set()


class _Clip:
    """One pass through the file, its times shifted so that it starts where the pass before ended."""

    def __init__(self, reader: AvReader, offset: float) -> None:
        self.reader = reader
        self.end = offset
        self._offset = offset

    def pictures(self) -> Generator[tuple[Decoded, float | None]]:
        """Every picture with its time in seconds; the first pass keeps the file's own times."""
        shift = 0.0 if self._offset == 0 else None
        with closing(self.reader.pictures()) as pictures:
            for decoded in pictures:
                if decoded.pts is None:
                    yield decoded, None
                    continue
                if shift is None:
                    shift = self._offset - decoded.pts
                pts = decoded.pts + shift
                self.end = max(self.end, pts + decoded.lasts_s)
                yield decoded, pts
