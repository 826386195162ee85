"""The contract of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from models.frames import Frame


class Source(Protocol):
    """One connection to one camera, stream, file or folder. Used once: a reconnect makes a new one.

    `frames` and everything it touches belongs to one thread, the camera's. `close` may come from any thread, at any
    time, more than once: a blocked `frames` then ends by itself within the source's read limit (5 s at most; FFmpeg
    can't cancel a read, only time out), and a source that can do better does.
    """

    live: bool
    """True: frames come in real time and may be dropped. False: the source waits for its reader, every frame counts."""

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """Connect, then yield frames numbered from `first_seq`; ends normally where the source ends (end of a file).

        Raises:
            SourceLost: it can't be opened, or it gave out; in words, without secrets.
        """

    def close(self) -> None:
        """Stop, release the device or connection; never raises, never blocks for longer than a moment."""
