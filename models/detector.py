"""A detector as the pipeline sees it: picture in, boxes in source pixels out, whatever runs the network between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.boxes import clip
from models.decoders import FAMILIES, Family
from models.decoders.family import Outputs, Thresholds
from models.detections import Detections
from models.frames import Picture
from models.letterbox import Letterbox, Scaling
from models.manifest import ModelManifest, PictureInput
from models.nms import nms


@dataclass(frozen=True, slots=True)
class Detector:
    """The two pure halves around a network.

    Attributes:
        manifest: what the weights are.
        family: how they are fed and read.
        picture: the input.
        scaling: fast or exact, see `Letterbox.draw`.
    """

    manifest: ModelManifest
    family: Family
    picture: PictureInput
    scaling: Scaling = "fast"

    @classmethod
    def of(cls, manifest: ModelManifest, picture: PictureInput, scaling: Scaling = "fast") -> Detector:
        """The detector of a manifest.

        Raises:
            KeyError: no decoder knows the manifest's family.
        """
        return cls(manifest, FAMILIES[manifest.family], picture, scaling)

    def buffer(self, pictures: int = 1) -> NDArray[np.uint8]:
        """A new input for so many pictures, (pictures, H, W, 3) uint8."""
        return np.empty((pictures, self.picture.height, self.picture.width, 3), np.uint8)

    def draw(self, picture: Picture, buffer: NDArray[np.uint8]) -> Letterbox:
        """Draw a picture into a buffer's first place; the letterbox is needed to read the answer.

        For another place, give its part of the buffer: ``buffer[place : place + 1]``, and read its part of the outputs.
        """
        box = Letterbox.fit((picture.width, picture.height), (self.picture.width, self.picture.height), self.family.fit)
        box.draw(picture, buffer[0], self.family.pad, self.scaling)
        return box

    def read(self, outputs: Outputs, box: Letterbox, size: tuple[int, int], thresholds: Thresholds) -> Detections:
        """The boxes of a picture of `size` (width, height), clipped to it, best first.

        Raises:
            KeyError, IndexError, ValueError: the outputs are not those of the family.
        """
        with np.errstate(all="ignore"):  # a broken network's NaN and infinity are dropped here, not warned about
            found = self.family.decode(outputs, (self.picture.width, self.picture.height), thresholds)
            if self.family.suppress:
                found = nms(found, self.manifest.nms_iou)
            else:
                found = found.select(np.argsort(-found.score, kind="stable"))
            finite = np.logical_and.reduce(np.isfinite(found.xyxy), axis=1)
            found = found.select(finite)
            xyxy = clip(box.undo(found.xyxy), *size).astype(np.float32, copy=False)
        return Detections(xyxy, found.score, found.class_id, found.track_id)

    def is_broken(self, outputs: Outputs, found: Detections) -> bool:
        """Whether an answer that says "nothing there" is not to be believed: NaN or infinity where scores should be.

        `read` drops such boxes, so a network that writes nothing else looks like an empty picture. Only an answer
        without any box is looked at: 20 us for the 300,000 numbers of a YOLOX. The largest number of an output is NaN
        where any is; -inf beside finite numbers is sound, some networks mask with it.
        """
        if len(found):
            return False
        with np.errstate(all="ignore"):
            return any(
                array.size and np.issubdtype(array.dtype, np.floating) and not np.isfinite(array.max())
                for array in outputs.values()
            )
