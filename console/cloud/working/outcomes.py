"""What a job comes to that went wrong this time: tried again after a while, as often as its task says, then failed."""

from __future__ import annotations

from console.cloud.jobs.values import Claimed, Outcome
from console.cloud.working.retrying import pause_s

FIRST_S, LONGEST_S = 2.0, 300.0
"""Seconds until a job is tried again, after its first attempt and at most; half more or less by chance."""


def again(job: Claimed, attempts: int, why: str) -> Outcome:
    """To be tried again, or failed where this was the last attempt.

    Args:
        job: as it was claimed.
        attempts: so often one of its task may be begun.
        why: in words.
    """
    if job.attempt >= attempts:
        return Outcome(job.job_id, job.attempt, "failed", why)
    return Outcome(job.job_id, job.attempt, "queued", why, wait_s=pause_s(job.attempt, FIRST_S, LONGEST_S))
