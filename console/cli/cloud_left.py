"""Jobs of tasks that are not in the tasks file any more: that they are there is said, and they can be ended."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from console.cloud.database.base import CLAIMING
from console.cloud.jobs.values import Claimed, Outcome
from models.words import _, ngettext

if TYPE_CHECKING:
    from console.cloud.database.base import Repository
    from console.cloud.tasks import CloudTasks

log = logging.getLogger(__name__)
_AT_ONCE = 100
_LEASE_S = 60.0


def warn_of_left(repository: Repository, tasks: CloudTasks | None) -> None:
    """Say which queued jobs nobody will ever begin with these tasks.

    Raises:
        CloudError: the database can't be asked.
    """
    with repository.reading() as db:
        queued = db.queued_tasks()
    known = {task.name for task in tasks.tasks} if tasks is not None else set()
    for name, number in sorted(queued.items()):
        if name not in known:
            words = ngettext(
                "{n} job waits for the task {task}, which is not in the tasks of this server: name that task again, or "
                "end what waits for it (sightdesk cloud jobs end --task {task}).",
                "{n} jobs wait for the task {task}, which is not in the tasks of this server: name that task again, or "
                "end what waits for it (sightdesk cloud jobs end --task {task}).",
                number,
            )
            log.warning("%s", words.format(n=number, task=name))


def end_queued(repository: Repository, task: str, worker: str) -> int:
    """Have the queued jobs of a task fail, as if no attempt had been made; they can be replayed. How many.

    Those that a worker has, or that wait for a further attempt just now, stay.

    Args:
        repository: open.
        task: its name.
        worker: a name that no worker has.

    Raises:
        CloudError: the database refused.
    """
    why = _("Nobody works on the task {task} any more: it was ended by hand.").format(task=task)
    ended = 0
    while True:
        with repository.writing(CLAIMING) as db:
            held = db.claim([task], _AT_ONCE, worker, _LEASE_S)
        if not held:
            return ended
        by_site: dict[str, list[Claimed]] = defaultdict(list)
        for one in held:
            by_site[one.site].append(one)
        for site, jobs in by_site.items():
            outcomes = [Outcome(one.job_id, one.attempt, "failed", why, begun=False) for one in jobs]
            with repository.writing(site) as db:
                ended += len(db.settle(site, worker, outcomes))
