"""A batch within its transaction: judged by what is known at that moment, its rows and jobs written; which files go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from uuid_utils import uuid7

from console.cloud.database.base import Changes, Session
from console.cloud.errors import Collided
from console.cloud.jobs.values import NewJob
from console.cloud.keeping.arrivals import Arrival
from console.cloud.keeping.deciding import decide
from console.cloud.pki.identity import Identity
from console.cloud.tasks import CloudTasks
from console.sync.wire import Said
from models.words import _


@dataclass(frozen=True)
class OnDisk:
    """What was seen of the files of a batch before its transaction.

    Attributes:
        fresh: names of those that were written for it, by their SHA-256.
        lost: names that rows have, though no such file is there.
    """

    fresh: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Written:
    """What was done.

    Attributes:
        said: of every message, in order.
        left_over: names of files that no row names once this is committed.
        erased: whether something was erased.
        queued: how many jobs were queued.
    """

    said: list[Said]
    left_over: list[str]
    erased: bool
    queued: int = 0


def write(
    db: Session, who: Identity, batch: Sequence[Arrival | Said], disk: OnDisk, now: str, *, tasks: CloudTasks
) -> Written:
    """Judge a batch and write its rows, with a job for each file that is kept and task that takes it.

    Args:
        db: in a transaction for the site.
        who: sent it.
        batch: its messages; one that is never taken is there as what is said of it.
        disk: its files.
        now: UTC text.
        tasks: what is done with files.

    Raises:
        Collided: a file went since it was looked for; write it, and begin again.
        Exception: whatever the database raises.
    """
    site, changes = who.site, Changes()
    arrivals = [one for one in batch if isinstance(one, Arrival)]
    decision = decide(site, batch, db.known_of(site, arrivals))
    keep = list(decision.keep.values())
    sizes = {one.file_sha256: len(one.file or b"") for one in keep if one.file_sha256 is not None}
    names = db.names_of(site, [*sizes, *disk.fresh])
    if any(sha256 not in names and sha256 not in disk.fresh for sha256 in sizes):
        raise Collided(_("A file was erased at the moment at which it came again."))
    back = {sha256: name for sha256, name in disk.fresh.items() if names.get(sha256) in disk.lost}
    new = {sha256: disk.fresh[sha256] for sha256 in sizes if sha256 not in names}
    db.rename_files(site, back)
    db.add_files(site, new, sizes, changes)
    db.add_messages(who, keep, now, changes)
    jobs = list(_jobs(site, keep, tasks))
    db.add_jobs(who, jobs)
    gone = db.erase(site, decision.erase, now, changes)
    db.count(site, changes)
    used = {*back.values(), *new.values()}
    unused = [name for name in disk.fresh.values() if name not in used]
    return Written(decision.said, [*unused, *gone], erased=bool(decision.erase), queued=len(jobs))


def _jobs(site: str, keep: Iterable[Arrival], tasks: CloudTasks) -> Iterable[NewJob]:
    for one in keep:
        for task in tasks.for_message(site, one.kind, one.camera_id) if one.file is not None else ():
            yield NewJob(str(uuid7()), one.message_id, one.tracking_id, one.camera_id, task)
