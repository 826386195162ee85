"""Where things are at an object store, so that training tools read it as it is.

Below {prefix}/{site}/:

- images/ID.jpg, labels/ID.txt (YOLO): pictures of which all is known. Only what is in there is for training.
- partial/images, partial/labels: pictures of which one box was judged. What else is in them may have no box, so a
  trainer would take it for background; whoever uses them has to mask the rest.
- pending/ID.jpg: pictures that nobody has judged, or whose verdict was taken back.
- event_pictures/ID.jpg: what events looked like. They have no truth.
- records/DAY/ID/MESSAGE.KIND.json: every message that carries no file; sealed/DAY/ID/MESSAGE.sealed: sealed crops.
- data.yaml (YOLO), annotations/instances_DAY.json (COCO), the same in partial/; manifest/DAY.jsonl with the sha256 of
  every object of a day and the message that brought a file, manifest/index.jsonl with the sha256 of the lists.

ID is the tracking ID, and DAY the day in UTC that it was made: both can be told without the ledger, so that what is
erased is found whatever happened.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from models.words import N_

Spot = Literal["images", "partial", "pending", "event"]
TRAINING: tuple[Spot, ...] = ("images", "partial")
ITEMS: tuple[Spot, ...] = ("images", "partial", "pending")
SPOTS: tuple[Spot, ...] = (*ITEMS, "event")
_FOLDERS: dict[Spot, str] = {
    "images": "images", "partial": "partial/images", "pending": "pending", "event": "event_pictures"
}  # fmt: skip
_LABELS: dict[Spot, str] = {"images": "labels", "partial": "partial/labels"}
_UNSAFE = re.compile(r"[^a-z0-9]+")
UNDATED = "undated"
README = N_(
    "What Sightdesk's outbox puts here. It keeps a ledger of it: do not change or add anything.\n\n"
    "images, labels, data.yaml, annotations: pictures of which everything is known, for training.\n"
    "partial: pictures of which one box was judged. Other objects in them may have no box: trained on as they are,\n"
    "they teach that such objects are background. Leave them out, or mask what is outside of their boxes.\n"
    "pending: pictures without a verdict. event_pictures: what events looked like. Neither is for training.\n"
    "records: messages as JSON. sealed: crops that only the holder of a key can open. erased: what has to go;\n"
    "whoever copied any of it has to delete it, too.\n"
    "manifest: path, sha256 and bytes of every object, and what was said of it, a file a day;\n"
    "manifest/index.jsonl: the same of the lists.\n"
)


def slug(site: str) -> str:
    """A site's name as a folder's; without a name: desk."""
    plain = unicodedata.normalize("NFKD", site).encode("ascii", "ignore").decode().lower()
    name = _UNSAFE.sub("-", plain).strip("-")[:64]
    if name or not site.strip():
        return name or "desk"
    return f"site-{hashlib.sha256(site.encode()).hexdigest()[:8]}"  # nothing of it is ASCII


def day_of(tracking_id: str) -> str:
    """The day in UTC that a UUIDv7 was made; `UNDATED`: it is none."""
    try:
        own = UUID(tracking_id)
    except ValueError:
        return UNDATED
    return f"{datetime.fromtimestamp((own.int >> 80) / 1000, UTC):%Y-%m-%d}" if own.version == 7 else UNDATED


class Layout:
    """Paths of one site.

    Attributes:
        root: the site's folder, with a slash behind it.
    """

    def __init__(self, site: str) -> None:
        self.root = f"{slug(site)}/"

    @classmethod
    def of_shard(cls, shard: str) -> tuple[Layout, str]:
        """The layout a shard belongs to, and its day. A site may have had another name when it was put."""
        root, _slash, day = shard.rpartition("/")
        return cls(root), day

    def shard(self, tracking_id: str) -> str:
        """The name of the lists that something of this ID stands in."""
        return self.root + day_of(tracking_id)

    def picture(self, spot: Spot, tracking_id: str) -> str:
        """Of a picture."""
        return f"{self.root}{_FOLDERS[spot]}/{tracking_id}.jpg"

    def label(self, spot: Spot, tracking_id: str) -> str:
        """Of a picture's boxes, in YOLO."""
        return f"{self.root}{_LABELS[spot]}/{tracking_id}.txt"

    def record(self, kind: str, tracking_id: str, message_id: str) -> str:
        """Of a message's JSON."""
        folder = kind if kind in {"erased", "audit"} else "records"
        return f"{self.root}{folder}/{day_of(tracking_id)}/{tracking_id}/{message_id}.{kind}.json"

    def sealed(self, tracking_id: str, message_id: str) -> str:
        """Of a sealed crop."""
        return f"{self.root}sealed/{day_of(tracking_id)}/{tracking_id}/{message_id}.sealed"

    def of_id(self, tracking_id: str) -> list[str]:
        """Every path that can be told from a tracking ID alone; pictures before their boxes."""
        pictures = [self.picture(spot, tracking_id) for spot in SPOTS]
        return pictures + [self.label(spot, tracking_id) for spot in TRAINING]

    def folders_of_id(self, tracking_id: str) -> list[str]:
        """Every folder of a tracking ID."""
        return [f"{self.root}{name}/{day_of(tracking_id)}/{tracking_id}" for name in ("records", "sealed")]

    def annotations(self, spot: Spot, day: str) -> str:
        """Of a day's boxes, in COCO."""
        return f"{self.root}{self._of(spot)}annotations/instances_{day}.json"

    def data_yaml(self, spot: Spot) -> str:
        """Of the names of the classes, in YOLO."""
        return f"{self.root}{self._of(spot)}data.yaml"

    def manifest(self, day: str) -> str:
        """Of a day's list of objects."""
        return f"{self.root}manifest/{day}.jsonl"

    @property
    def index(self) -> str:
        """Of the list of lists."""
        return f"{self.root}manifest/index.jsonl"

    @property
    def readme(self) -> str:
        """Of the words for whoever finds it; it is put first, and tells an empty drive from the right one."""
        return f"{self.root}README.txt"

    @staticmethod
    def _of(spot: Spot) -> str:
        return "partial/" if spot == "partial" else ""
