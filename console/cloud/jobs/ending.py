"""What becomes of a job that was begun as often as it may be, and that nobody ever said anything of."""

from __future__ import annotations

from console.cloud.jobs.values import Claimed, Outcome
from models.words import _


def worn_out(job: Claimed, attempts: int) -> Outcome | None:
    """What a job comes to that is not to be begun any more; None: it may be.

    Whoever claimed it settles it so: whatever it is, each that began it was gone before it could say anything.

    Args:
        job: as it was claimed.
        attempts: so often one of its task may be begun.
    """
    begun = job.attempt - 1
    if begun < attempts:
        return None
    why = _("It was begun {n} times and never ended; the last worker that had it was gone.").format(n=begun)
    return Outcome(job.job_id, job.attempt, "failed", why, begun=False)
