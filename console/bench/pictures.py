"""Pictures decoded before the clock runs, so that a bench measures what runs the model and no decoder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from time import monotonic_ns

from console.datasets.accuracy import read_picture
from console.errors import SightdeskError, SourceLost
from console.settings.schema import CameraSettings
from console.sources.factory import open_source
from models.frames import Frame, Picture

MOST = 48
"""A clip of 768 x 576 takes 32 MB in so many pictures."""


def of_clip(clip: Path | str, most: int = MOST) -> list[Picture]:
    """Pictures spread over the beginning of a clip or a drawn scene, every fifth, as the decoder gives them.

    Raises:
        SightdeskError: it can't be read, or holds no picture.
    """
    camera = CameraSettings(id="bench", source=str(clip), paced=False)
    try:
        with closing(open_source(camera)) as source:
            frames = islice(source.frames(), 0, most * 5, 5)
            found = [frame.picture for frame in frames]
    except SourceLost as error:
        raise SightdeskError(error.what, error.hint) from error
    if not found:
        raise SightdeskError(f"{clip} has no picture in it.")
    return found


def of_dataset(annotations: Path, folder: Path | None, most: int = MOST) -> tuple[list[Picture], Path]:
    """The first pictures of a COCO dataset, and the folder they are in.

    Args:
        annotations: COCO JSON.
        folder: where the pictures are; None: beside the JSON, or in a folder `images` there.
        most: so many.

    Raises:
        SightdeskError: it can't be read, names no picture, or a picture is not where it should be.
    """
    try:
        names = [str(image["file_name"]) for image in json.loads(annotations.read_text(encoding="utf-8"))["images"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightdeskError(f"{annotations} can't be read as COCO annotations: {error}") from error
    if not names:
        raise SightdeskError(f"{annotations} names no picture.")
    folders = [folder] if folder else [annotations.parent, annotations.parent / "images"]
    for where in folders:
        if (where / names[0]).is_file():
            return [read_picture(where / name) for name in names[:most]], where
    looked = " and ".join(str(where) for where in folders)
    raise SightdeskError(f"The picture {names[0]} is not in {looked}.", "Say where they are: --pictures DIR.")


class PictureSource:
    """A camera that has its pictures in memory and gives them over and over, as fast as they are taken."""

    live = False

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures
        self._closed = False

    def frames(self, first_seq: int = 0) -> Iterator[Frame]:
        """See `console.sources.base.Source.frames`."""
        for number, picture in enumerate(cycle(self._pictures)):
            if self._closed:
                return
            now, seq = datetime.now(UTC), first_seq + number
            yield Frame("bench", seq, monotonic_ns(), now, number / 25, picture)

    def close(self) -> None:
        """See `console.sources.base.Source.close`."""
        self._closed = True
