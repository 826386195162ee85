"""Workers that claim, settle, vanish, give back and are late at random, and what must be so when they are through."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from console.cloud.database.base import CLAIMING, Repository
from console.cloud.errors import DatabaseAway
from console.cloud.jobs.values import STATES, Outcome
from console.cloud.keeping.keeper import Keeper
from tests.cloud.jobs_cases import BODY
from tests.cloud.keeping_cases import DESK, OTHER, jpeg, message

JOBS, CLAIMERS, LEASE_S, MOST = 2000, 4, 0.4, 32
SITES = (DESK, OTHER)


def work_all(database: Repository, name: str, seed: int, told: Callable[..., object] = lambda *_: None) -> None:
    """Claim and settle until all is done, as a worker would that sometimes vanishes, gives back, fails or is late."""
    chance = random.Random(seed)
    while True:
        try:
            with database.writing(CLAIMING) as db:
                held = db.claim(["cars"], chance.randint(1, MOST), name, LEASE_S)
            if not held:
                with database.reading() as db:
                    figures = db.job_figures().number
                if not figures["queued"] and not figures["processing"]:
                    return
                time.sleep(0.02)
                continue
            what = chance.random()
            if what < 0.02:
                continue  # it is gone; somebody else takes it over
            if what < 0.04:
                time.sleep(LEASE_S * 1.5)  # too late: whoever has it by then counts
            with database.writing(CLAIMING) as db:
                if what > 0.95:
                    db.give_back(name, [one.job_id for one in held])
                elif what > 0.9:
                    db.renew(name, [one.job_id for one in held], LEASE_S)
            again = "queued" if 0.04 < what < 0.06 else "done"
            for site in {one.site for one in held}:
                said = [Outcome(one.job_id, one.attempt, again, answer=BODY) for one in held if one.site == site]  # type: ignore[arg-type]
                with database.writing(site) as db:
                    settled = db.settle(site, name, said)
                if again == "done":
                    told(*settled)
        except DatabaseAway:
            time.sleep(0.05)


def filled(keeper: Keeper, number: int = JOBS) -> list[str]:
    """Queue so many; their tracking IDs."""
    tracking: list[str] = []
    for who in SITES:
        batch = [message(jpeg("the same"), number=n) for n in range(number // len(SITES))]
        keeper.take(who, batch)
        tracking += [str(one.head["tracking_id"]) for one in batch]
    return tracking


def check(keeper: Keeper, told: Counter[str], number: int) -> None:
    """All are done, and each has one answer of a number of its own; nobody was told twice that it settled one."""
    with keeper.repository.reading() as db:
        jobs = db.jobs(None, STATES, JOBS * 2)
    assert Counter(job["state"] for job in jobs) == {"done": number}
    assert keeper.job_figures().number["done"] == number
    assert max(told.values(), default=0) <= 1
    assert set(told) <= {job["job_id"] for job in jobs}
    for who in SITES:
        after, seen = 0, []
        while page := keeper.answers(who, after, 500)["answers"]:
            seen += page
            after = page[-1]["number"]
        assert len({one["message_id"] for one in seen}) == len(seen)
        assert {one["message_id"] for one in seen} == {job["message_id"] for job in jobs if job["site"] == who.site}
        assert [one["number"] for one in seen] == list(range(1, len(seen) + 1)), "none was given to nobody"
