"""Datasets into the home: their pictures redacted as a camera's are, their boxes as verdicts that came from elsewhere.

A picture becomes a review item of the camera `import-NAME`. Where all its boxes are known the item is done, by an
edit in the role `import`; where not (predictions, tasks nobody annotated) it is an open question. Its tracking ID
follows from the set's name and the picture's content: asked for again, an import goes on where it was stopped and
adds nothing twice.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from console.datasets.formats.notes import FormatError, Notes
from console.datasets.formats.place import opened
from console.datasets.formats.sizes import size_of
from console.datasets.formats.values import Dataset, Sample
from console.errors import UsageError
from console.privacy.redactor import Redactor
from console.privacy.writer import PictureWriter
from console.review import rows
from console.review.items import Box, NewItem
from console.review.pictures import PURPOSE
from console.review.verdict_job import decide
from console.review.verdict_rules import Decision, Given, person
from console.store.removal import OF_REVIEW
from console.store.store import Store
from models.coverage import Unanswered
from models.detections import Detections
from models.frames import ArrayPicture, Picture
from models.policy import Cover, PublishedFootage
from models.results import Gap
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

Told = Callable[[int, int, str], None]
Look = Callable[[Picture], tuple[Detections, Sequence[str]]]
"""Finds persons and vehicles in a picture: boxes, and the names behind their class numbers."""
CAMERA = "import-{name}"
BATCH = 10
BYTES_MOST, PIXELS_MOST = 200 << 20, 200_000_000
WAIT_S = 60.0
"""Time is no matter here: face and plate models are waited for while they load."""
_NAME = re.compile(r"[0-9a-z][0-9a-z_-]{0,39}")
_SPACE = uuid.UUID("6f0cf7c8-6f0e-5d0c-9f0a-0f3f2d1a7b11")


@dataclass(frozen=True, slots=True)
class Terms:
    """How pictures are taken in.

    Attributes:
        name: of the set here: small letters, figures, - and _.
        policy: what is covered in its pictures.
        width: pictures are kept no wider.
        who: in whose name its boxes stand.
        look: finds persons and vehicles beside those that are annotated; None: nothing does.

    Raises:
        UsageError: the name can't be one.
    """

    name: str
    policy: Cover | PublishedFootage
    width: int = 1920
    who: str = "import"
    look: Look | None = None

    def __post_init__(self) -> None:
        """Refuse a name that can't be part of a camera's."""
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                _("{name} can't be the name of a set here.").format(name=repr(self.name)),
                _("Use small letters, figures, - and _; 40 of them at most."),
            )

    @property
    def camera_id(self) -> str:
        """The camera its items belong to."""
        return CAMERA.format(name=self.name)


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        pictures: of the set.
        added: became items now; of them `open` are questions, since not all of their boxes are known.
        there: were items already.
        boxes: of those that were added.
        left_out: could not be taken in; the notes say why.
        weakened: why more was covered than the policy names, and in how many pictures.
        stopped: it did not come to its end.
    """

    pictures: int
    added: int = 0
    open: int = 0
    there: int = 0
    boxes: int = 0
    left_out: int = 0
    weakened: Counter[str] = field(default_factory=Counter)
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """A picture that is written, and its sample."""

    tracking_id: str
    path: str
    sample: Sample


def bring_in(
    dataset: Dataset,
    store: Store,
    writer: PictureWriter,
    redactor: Redactor,
    terms: Terms,
    *,
    notes: Notes,
    told: Told = lambda _done, _of, _words: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Imported:
    """Take a dataset in.

    Args:
        dataset: its `folder` holds the pictures; nothing outside of it is opened.
        store: where items go.
        writer: the one writer of pictures.
        redactor: covers them.
        terms: name, policy and the like.
        notes: what was left out, and why.
        told: how many pictures are done, of how many, and what comes next.
        stopped: asked before each picture; what is done stays.

    Raises:
        SightdeskError: the disk or the database refused; what was done before stays.
    """
    work = _Work(dataset, store, writer, redactor, terms, notes)
    for done, sample in enumerate(dataset.samples):
        if stopped():
            work.done.stopped = True
            break
        told(done, len(dataset.samples), sample.picture)
        work.take(sample)
    work.flush()
    return work.done


class _Work:
    def __init__(  # noqa: PLR0917  # as `bring_in`
        self, dataset: Dataset, store: Store, writer: PictureWriter, redactor: Redactor, terms: Terms, notes: Notes
    ) -> None:
        self._dataset, self._store, self._writer, self._redactor = dataset, store, writer, redactor
        self._terms, self._notes = terms, notes
        self._ready: list[_Ready] = []
        self._seen: set[str] = set()
        self.done = Imported(len(dataset.samples))

    def take(self, sample: Sample) -> None:
        """Take a picture in, or say why not."""
        try:
            self._take(sample)
        except FormatError as error:
            self.done.left_out += 1
            self._notes.add(error.what, sample.picture)
        except Unanswered as error:
            self.done.left_out += 1
            self._notes.add(
                _("it is not certain that everything would be covered: {why}").format(why=error), sample.picture
            )

    def _take(self, sample: Sample) -> None:
        path = opened(self._dataset.folder or Path(), sample.picture)
        if path.stat().st_size > BYTES_MOST:
            raise FormatError(_("a picture's file is too large"))
        content = path.read_bytes()
        own = str(uuid.uuid5(_SPACE, f"{self._terms.name}\n{hashlib.sha256(content).hexdigest()}"))
        if own in self._seen:
            raise FormatError(_("a picture has the same content as another one of the set"))
        self._seen.add(own)
        if self._is_there(own):
            self.done.there += 1
            return
        written = self._written_before(own) or self._write(sample, own, _decoded(content, path, sample))
        self._ready.append(_Ready(own, written, sample))
        if len(self._ready) >= BATCH:
            self.flush()

    def _is_there(self, tracking_id: str) -> bool:
        with self._store.read() as db:
            found = db.execute("SELECT 1 FROM review_items WHERE tracking_id = ?", (tracking_id,)).fetchone()
        return found is not None

    def _written_before(self, tracking_id: str) -> str:
        """A picture that an import wrote before it was cut off, under the same policy; empty: there is none."""
        policy = self._policy(tracking_id).model_dump_json()
        with self._store.read() as db:
            found = db.execute(
                f"SELECT path FROM pictures WHERE {OF_REVIEW} = ? AND json(policy_json) = json(?)",  # noqa: S608
                (tracking_id, policy),
            ).fetchone()
        return str(found[0]) if found is not None and (self._writer.home.path / found[0]).is_file() else ""

    def _policy(self, tracking_id: str) -> Cover | PublishedFootage:
        policy = self._terms.policy
        return policy.model_copy(update={"purpose": PURPOSE.format(tracking_id=tracking_id, purpose=policy.purpose)})

    def _write(self, sample: Sample, tracking_id: str, picture: Picture) -> str:
        policy = self._policy(tracking_id)
        seen, labels, gaps = self._seen_in(sample, picture)
        scale = min(1.0, self._terms.width / picture.width)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        redacted = self._redactor.redact(picture, seen, labels, gaps, policy, size=size, within_s=WAIT_S)
        self.done.weakened.update(redacted.weakened)
        now = datetime.now(UTC)  # how long a picture is kept counts from here, not from when it was taken elsewhere
        written = self._writer.write(redacted, camera_id=self._terms.camera_id, taken_at=now)
        return written.path.relative_to(self._writer.home.path).as_posix()

    def _seen_in(self, sample: Sample, picture: Picture) -> tuple[Detections, list[str], list[Gap]]:
        """All that is known to be in a picture: what is annotated, and what is found besides.

        Without anything that finds, a class that is not annotated in every picture is a gap: more is covered, or the
        picture is refused.
        """
        labels = list(self._dataset.labels)
        boxes = [box for box in sample.annotations if box.label in labels]
        marked = Detections.of(
            [box.xyxy for box in boxes], [1.0] * len(boxes), [labels.index(box.label) for box in boxes]
        )
        if isinstance(self._terms.policy, PublishedFootage):
            return marked, labels, []
        if self._terms.look is None:
            why = _("not everything in it is annotated")
            return marked, labels, [] if sample.exhaustive else [Gap(_("annotations"), why)]
        found, names = self._terms.look(picture)
        both = Detections.of(
            np.concatenate([marked.xyxy, found.xyxy]),
            np.concatenate([marked.score, found.score]),
            np.concatenate([marked.class_id, found.class_id + len(labels)]),
        )
        return both, [*labels, *names], []

    def flush(self) -> None:
        """Make items of what is written, in one transaction."""
        if not self._ready:
            return
        batch, self._ready = self._ready, []
        boot_id = self._store.boot_id
        added = self._store.write(lambda db: [self._insert(db, one, boot_id) for one in batch], wait_s=5.0).result()
        for one, state in zip(batch, added, strict=True):
            self.done.added += state in {"done", "open"}
            self.done.there += state == "there"
            self.done.left_out += state == "gone"
            if state == "gone":
                self._notes.add(_("a picture was removed again; import once more"), one.sample.picture)
            self.done.open += state == "open"
            self.done.boxes += len(one.sample.annotations) if state in {"done", "open"} else 0

    def _insert(self, db: Database, ready: _Ready, boot_id: str) -> str:
        """Make an item; its state, "there" where another import was faster, "gone" where somebody tidied up."""
        if db.execute("SELECT 1 FROM review_items WHERE tracking_id = ?", (ready.tracking_id,)).fetchone():
            return "there"
        picture = db.execute("SELECT id FROM pictures WHERE path = ?", (ready.path,)).fetchone()
        if picture is None:
            return "gone"
        number = int(picture[0])
        own = rows.insert(db, self._item(ready), boot_id, picture=number, crop=None)
        if not ready.sample.exhaustive:
            return "open"
        verdict = Decision(
            "edit",
            boxes=_boxes(ready.sample, scored=False),
            key=str(uuid.uuid5(_SPACE, f"verdict\n{ready.tracking_id}")),
        )
        who = person(self._terms.who)
        decide(
            db,
            own,
            verdict,
            Given(who, supervisor=False, at=datetime.now(UTC), seconds=0, boot_id=boot_id, share=0, imported=True),
        )
        return "done"

    def _item(self, ready: _Ready) -> NewItem:
        sample = ready.sample
        why = {"set": self._dataset.name, "picture": sample.picture, "id": sample.id}
        if sample.split:
            why["split"] = sample.split
        if sample.taken_at is None:
            why["untimed"] = "yes"
        return NewItem(
            tracking_id=ready.tracking_id,
            camera_id=self._terms.camera_id,
            camera_name=self._dataset.name,
            label="",
            box=None,
            reason="import",
            boxes=_boxes(sample, scored=True),
            size=sample.size,
            model="",
            ran=(),
            taken_at=sample.taken_at or datetime.now(UTC),
            why=why,
        )


def _boxes(sample: Sample, *, scored: bool) -> tuple[Box, ...]:
    return tuple(Box(a.xyxy, a.label, a.score if scored else None, a.track) for a in sample.annotations)


def _decoded(content: bytes, path: Path, sample: Sample) -> Picture:
    size = size_of(path)
    if size is not None and size[0] * size[1] > PIXELS_MOST:
        raise FormatError(_("a picture has too many pixels"))
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise FormatError(_("a file is no picture, or damaged"))
    if (pixels.shape[1], pixels.shape[0]) != sample.size:
        raise FormatError(_("a picture is of another size than its boxes are for"))
    return ArrayPicture(np.asarray(pixels, np.uint8))
