"""A worker: batches of what is ready go through the models of their tasks, and what came of each is settled.

A picture that a model fails on is tried again, alone, as often as its task says. A model that answers nothing any more,
not even about a grey picture, is out of order: nothing more is claimed for its tasks, and it is asked again now and
then. So an outage costs an attempt only those whose batch it met, and one of them that brings it about again and again
has failed in the end, instead of ending the model for ever.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

from backends.base import BackendError
from console.cloud.errors import CloudError
from console.cloud.jobs.values import Outcome
from console.cloud.working.answers import Ran, body
from console.cloud.working.batching import Pool
from console.cloud.working.cascade import Found, Plan, run
from console.cloud.working.figures import Figures
from console.cloud.working.leases import Leases
from console.cloud.working.looking import Abandoned, Hung, Model, Patience, trouble_of
from console.cloud.working.manner import Manner, Source
from console.cloud.working.opening import Opened
from console.cloud.working.outcomes import again
from console.cloud.working.reading import Reader
from console.cloud.working.retrying import Standing
from console.cloud.working.settling import Settled, Settler
from models.words import _

log = logging.getLogger(__name__)

GRACE_S = 10.0
"""What is under way may still take so long when the worker is to end."""
SETTLE_S = 5.0
"""And then writing down what was done."""
_IDLE_S = 60.0


class Worker:
    """Works from `run` until its stop is set.

    Args:
        plans: the tasks, by name.
        source: where jobs and their files are.
        manner: see there.
        figures: where it is counted.
        stop: set to end it.
    """

    def __init__(
        self, plans: Mapping[str, Plan], source: Source, manner: Manner, figures: Figures, stop: threading.Event
    ) -> None:
        self._plans, self._source, self._manner, self._figures, self._stop = plans, source, manner, figures, stop
        self._patience = Patience(stop, GRACE_S)
        self._sick: dict[int, tuple[Model, Standing, float]] = {}

    def run(self) -> None:
        """Work. What is under way at the stop is finished where it can be soon, what is not begun is given back.

        Raises:
            Hung: a model answers nothing any more, and this process is of no more use.
        """
        name, lease_s = self._manner.name, self._manner.lease_s
        pool = Pool(self._manner.batch, self._manner.wait_s, self._stop)
        leases = Leases(self._source.repository, name, lease_s)
        settler = Settler(self._source.repository, name, leases, self._figures)
        reader = Reader(self._source, self._manner, pool, settler, self._well_tasks)
        reader.start()
        try:
            while not self._stop.is_set():
                batch = pool.take(min((due for _model, _standing, due in self._sick.values()), default=_later()))
                self._work(batch, settler)
                if not self._stop.is_set():  # between batches, too: tasks of other models may keep this one busy
                    self._ask_sick()
        finally:
            settler.put([Settled(one.job, None) for one in pool.close()], lambda: True)
            reader.close(SETTLE_S)
            if left := settler.close(SETTLE_S):
                log.warning("%s", _("{n} jobs could not be settled; others begin them when leases end.").format(n=left))
            leases.close()

    def _well_tasks(self) -> list[str]:
        sick = set(self._sick)
        return [name for name, plan in self._plans.items() if sick.isdisjoint(map(id, plan.models))]

    def _work(self, batch: Sequence[Opened], settler: Settler) -> None:
        """Put a batch through, task by task. Raises Hung."""
        now = time.monotonic()
        left: dict[str, list[Opened]] = defaultdict(list)
        for one in batch:
            self._figures.took("wait", now - one.ready_s)
            left[one.job.task].append(one)
        try:
            while left:
                task = next(iter(left))
                pictures = left.pop(task)
                mine = self._still_ours(pictures, settler.leases)
                if mine:
                    settler.put(self._settled(self._plans[task], mine, settler), self._stop.is_set)
        finally:  # where a model hangs
            settler.put([Settled(one.job, None) for pictures in left.values() for one in pictures], lambda: True)

    def _still_ours(self, pictures: Sequence[Opened], leases: Leases) -> list[Opened]:
        lost = [one.job for one in pictures if leases.lost(one.job)]
        self._figures.count(lost, "dropped")
        return [one for one in pictures if one.job not in lost]

    def _settled(self, plan: Plan, batch: Sequence[Opened], settler: Settler) -> list[Settled]:
        """What the jobs of a task came to. Raises Hung; those it hung over are settled then."""
        if self._stop.is_set() or plan.task.name not in self._well_tasks():
            return [Settled(one.job, None) for one in batch]
        begin = time.monotonic()
        try:
            found = self._found(plan, batch)
            took_s = time.monotonic() - begin
            if any(one.trouble for one in found):
                self._look_after(plan)
        except Abandoned as error:  # begun, but broken off by us: that says nothing about the job
            return [Settled(one.job, _broken_off(one, error)) for one in batch]
        except Hung as error:  # one of them may be what it hangs over, so the attempt counts
            settler.put(
                [Settled(one.job, again(one.job, plan.task.attempts, error.what)) for one in batch], lambda: True
            )
            raise
        self._figures.batch(len(batch))
        self._figures.took("infer", took_s)
        how = Ran(took_s, len(batch), self._manner.name)
        return [Settled(one.job, _outcome(plan, one, its, how)) for one, its in zip(batch, found, strict=True)]

    def _found(self, plan: Plan, batch: Sequence[Opened]) -> list[Found]:
        """What is found; where a batch fails as a whole, each picture alone. Raises Abandoned, Hung."""
        try:
            return run(plan, [one.bgr for one in batch], self._patience)
        except (Abandoned, Hung):
            raise
        except Exception as error:  # the outermost frame of a batch: MemoryError is one of them
            log.warning("a batch of %d failed", len(batch), extra={"task": plan.task.name}, exc_info=error)
            if len(batch) > 1:
                return [found for one in batch for found in self._found(plan, [one])]
            return [Found(trouble=BackendError(_failed(error)))]

    def _look_after(self, plan: Plan) -> None:
        """See which of a task's models answer nothing at all; nothing more is claimed for those."""
        for model in plan.models:
            if id(model) not in self._sick and (trouble := trouble_of(model, self._patience)) is not None:
                standing = Standing(_("{model} answers again.").format(model=model.name))
                pause_s = standing.bad(_out_of_order(model, trouble.what))
                self._sick[id(model)] = model, standing, time.monotonic() + pause_s

    def _ask_sick(self) -> None:
        """Ask models that are out of order whether they are well again, those whose time has come."""
        now = time.monotonic()
        for key, (model, standing, due) in list(self._sick.items()):
            if due > now:
                continue
            try:
                trouble = trouble_of(model, self._patience)
            except Abandoned:
                return
            if trouble is None:
                standing.good()
                del self._sick[key]
            else:
                self._sick[key] = model, standing, time.monotonic() + standing.bad(_out_of_order(model, trouble.what))


def _outcome(plan: Plan, opened: Opened, found: Found, how: Ran) -> Outcome:
    """What a job came to."""
    job, attempts = opened.job, plan.task.attempts
    if found.trouble is not None:
        return again(job, attempts, str(found.trouble))
    try:
        return Outcome(job.job_id, job.attempt, "done", answer=body(plan, opened, found, how))
    except Exception as error:  # the outermost frame of an answer
        log.warning("an answer could not be made", extra={"job": job.job_id}, exc_info=error)
        return again(job, attempts, _failed(error))


def _broken_off(opened: Opened, error: CloudError) -> Outcome:
    return Outcome(opened.job.job_id, opened.job.attempt, "queued", error.what, begun=False)


def _failed(error: Exception) -> str:
    return _("The worker failed at it: {error}.").format(error=type(error).__name__)


def _out_of_order(model: Model, what: str) -> str:
    return _("{model} is out of order, and jobs of its tasks wait: {what}").format(model=model.name, what=what)


def _later() -> float:
    return time.monotonic() + _IDLE_S
